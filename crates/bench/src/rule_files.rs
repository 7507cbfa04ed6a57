//! Rule sets of any size, made from the vocabulary: many opcodes, users, keys and answers, few matches.
//!
//! The first rule is the failed login. The others are of the shapes that people write: equality on opcode and
//! answer, terms, one user or key or session watched, globs, exclusions, alternatives, now and then a regular
//! expression. No two patterns are equal. They hardly match the corpora of [`crate::buffer`], as most rules hardly
//! ever match, but most are about opcodes that do occur.

#![expect(clippy::indexing_slicing, reason = "each index is taken modulo the length of a constant table")]

use hsmstream_record::vocabulary::{OPCODES, RESPONSES, USER_TYPES};
use hsmstream_rules::{Level, Limits, RuleFile, RuleSet, load};
use std::fmt::Write as _;

/// Every so many rules one has a regular expression.
const REGEX_EVERY: usize = 25;

/// A set of `count` plain rules.
///
/// # Panics
/// If one does not load.
#[must_use]
pub fn rule_set(count: usize) -> RuleSet {
    let mut file = String::new();
    for number in 0..count {
        let separator = if number == 0 { "" } else { "---\n" };
        writeln!(file, "{separator}id: rule-{number:05}\nseverity: low\npattern: '{}'", pattern(number))
            .expect("a string takes any text");
    }
    // Warnings are welcome: patterns are what people write, not what they should write.
    let limits = Limits { diagnostics_max: 2 * count, ..Limits::default() };
    let loaded = load([RuleFile { name: "generated.yaml", bytes: file.as_bytes() }], &limits);
    let error = loaded.diagnostics.iter().find(|diagnostic| diagnostic.level == Level::Error);
    assert!(error.is_none(), "{}", error.map(ToString::to_string).unwrap_or_default());
    assert_eq!(loaded.set.len(), count);
    loaded.set
}

/// The pattern of a rule; of single-quoted YAML, so it has no quote of that kind.
fn pattern(number: usize) -> String {
    if number == 0 {
        return r#"{ $.opcode = "CN_LOGIN" && $.response.code = 163 }"#.to_owned();
    }
    let opcode = OPCODES[number % OPCODES.len()].name;
    let answer = RESPONSES[number % RESPONSES.len()];
    let user_type = USER_TYPES[number % USER_TYPES.len()].name;
    let code = answer.code.map_or(500 + number, |code| usize::from(code) + 1_000 * (1 + number / 61));
    if number % REGEX_EVERY == REGEX_EVERY - 1 {
        return format!(r#"{{ $.opcode = "{opcode}" && $.user.name = %^svc-{number}-[a-f0-9]{{4}}$% }}"#);
    }
    match number % 8 {
        0 => format!(r#"{{ $.opcode = "{opcode}" && $.response.code = {code} }}"#),
        1 => format!(r#"Opcode {opcode} "RET_ERROR_{number}""#),
        2 => format!(r#"{{ $.user.name = "svc-{number}*" && $.outcome = "failure" }}"#),
        3 => format!(
            r#"{{ $.opcode = "{opcode}" && $.user.type = "{user_type}" && $.user.name != "app-{number}" && $.response.code = {code} }}"#
        ),
        4 => format!(r#"{{ $.opcode = "{opcode}" && $.key.handle = {} }}"#, 900_000_000 + number),
        5 => format!(r#"?"RET_DENIED_{number}" ?"breakglass-{number}""#),
        6 => format!(r#"{{ $.session = "0x7fff{number:05x}" && $.opcode = "{opcode}" }}"#),
        _ => format!(
            r#"{{ $.target_user.name = "*name-{number}" && ($.opcode = "CN_DELETE_USER" || $.opcode = "CN_CHANGE_PSWD") }}"#
        ),
    }
}
