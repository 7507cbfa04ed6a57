//! What is said of patterns for audit records, and that sensible ones stay clean.

use hsmstream_pattern::{Lint, parse};
use hsmstream_record::Kind;

use super::lint;

/// Pattern, the lint, and words of the message or the suggestion.
const FOUND: [(&str, Lint, &str); 40] = [
    ("CN_LOGN", Lint::UnknownWord, "`CN_LOGIN`"),
    ("\"CN_LOGN (0xd)\"", Lint::UnknownWord, "`CN_LOGIN`"),
    ("CN_SESSION_CLOSE", Lint::UnknownWord, "`CN_CLOSE_SESSION`"),
    ("CN_CRYPTO_USR", Lint::UnknownWord, "`CN_CRYPTO_USER`"),
    ("CN_TELEPORT_ALL_THE_KEYS", Lint::UnknownWord, "no known opcode"),
    ("RET_USER_LOGIN_FAILED", Lint::UnknownWord, "`RET_USER_LOGIN_FAILURE`"),
    ("SUCESS", Lint::UnknownWord, "`SUCCESS`"),
    ("-SUCESS", Lint::UnknownWord, "`SUCCESS`"),
    ("cn_login", Lint::WrongCase, "`CN_LOGIN`"),
    ("login", Lint::WrongCase, "`LOGIN`"),
    ("opcode", Lint::WrongCase, "`Opcode`"),
    ("ERROR", Lint::WrongCase, "`Error`"),
    ("bob", Lint::FreeTextOnly, "$.user.name = \"bob\""),
    ("\"User Name : bob\"", Lint::FreeTextOnly, "`bob`"),
    ("[t, op = CN_LOGN, ...]", Lint::UnknownWord, "`CN_LOGIN`"),
    ("{ $.opcod = CN_LOGIN }", Lint::UnknownField, "`$.opcode`"),
    ("{ $.userr.name = x }", Lint::UnknownField, "`$.user.name`"),
    ("{ $.name = x }", Lint::UnknownField, "no field"),
    ("{ $.opcode.x = x }", Lint::UnknownField, "no field"),
    ("{ $[0] = x }", Lint::UnknownField, "no field"),
    ("{ $.actor.name = x }", Lint::LaterField, "not supported yet"),
    ("{ $.opcode = CN_LOGN }", Lint::UnknownWord, "`CN_LOGIN`"),
    ("{ $.opcode = \"CN_LOGIN (0xd)\" }", Lint::UnknownWord, "`CN_LOGIN`"),
    ("{ $.opcode = \"CN_LOGN*\" }", Lint::UnknownWord, "`CN_LOGIN`"),
    ("{ $.opcode != CN_LOGN }", Lint::UnknownWord, "`CN_LOGIN`"),
    ("{ $.opcode = cn_login }", Lint::WrongCase, "`CN_LOGIN`"),
    ("{ $.user.type = CRYPTO_USER }", Lint::UnknownWord, "no known user type"),
    ("{ $.outcome = fail }", Lint::Never, "success, failure"),
    ("{ $.outcome = SUCCESS }", Lint::WrongCase, "\"success\""),
    ("{ $.session = \"0xC008002\" }", Lint::WrongCase, "\"0xc008002\""),
    ("{ $.anomalies[*] = \"repeated\" }", Lint::Never, "no anomaly"),
    ("{ $.anomalies = \"folded\" }", Lint::Never, "`$.anomalies[*]`"),
    ("{ $.user = bob }", Lint::Never, "`$.user.name`"),
    ("{ $.user.name IS NULL }", Lint::Never, "no null"),
    ("{ $.extra.x IS TRUE }", Lint::Never, "no truth values"),
    ("{ $.user.name > 5 }", Lint::Never, "is text"),
    ("{ $.sequence = abc }", Lint::Never, "whole number"),
    ("{ $.usecs NOT EXISTS }", Lint::Never, "every audit record"),
    ("{ $.kind = audit }", Lint::Always, "always"),
    ("{ $.time = * }", Lint::Always, "always"),
];

/// What is meant.
const CLEAN: [&str; 32] = [
    "",
    "Opcode CN_LOGIN User Type CN_CRYPTO_USER Response SUCCESS",
    "Opcode CN_LOGIN User Type CN_CRYPTO_USER Response RET_USER_LOGIN_FAILURE",
    "Opcode CN_DESTROY_OBJECT Response SUCCESS",
    "CN_LOGIN -SUCCESS",
    "\"HSM Error\"",
    "\"CN_GENERATE_KEY (0x17)\"",
    "CN_",
    "CLONE",
    "KEY_PAIR",
    "\"163:HSM Error\"",
    "0x1004001",
    "c008",
    "\"Session Handle : 0xC008\"",
    "2017",
    "\"12/19/17 21:01\"",
    "\"user isn't initialized\"",
    "%RET_[A-Z]+%",
    "?CN_CREATE_USER ?CN_CREATE_CO",
    "[date, ..., x = *LOGIN*]",
    "{ $.opcode = \"CN_*\" && $.response.code = 163 }",
    "{ $.opcode = \"*LOGIN\" }",
    "{ $.response.code = \"16*\" }",
    "{ $.response.text = \"RET_*\" }",
    "{ $.user.name = \"Admin\" }",
    "{ $.user.id = 9 }",
    "{ $.user NOT EXISTS }",
    "{ $.key.handle = 463180677312929947 }",
    "{ $.extra.['Number of Widgets'] = Four }",
    "{ $.anomalies[*] = \"label_*\" }",
    "{ $.session = \"0xc008*\" }",
    "{ $.* = x }",
];

#[test]
fn what_records_do_not_have_is_found() {
    let limits = hsmstream_pattern::Limits::default();
    let mut problems = Vec::new();
    for (text, kind, words) in FOUND {
        let findings = lint(&parse(text, &limits).expect("a pattern"), Kind::Audit);
        let is_told = findings.iter().any(|finding| {
            let hint = finding.suggestion.as_deref().unwrap_or_default();
            finding.lint == Some(kind) && (finding.message.contains(words) || hint.contains(words))
        });
        if !is_told || findings.len() != 1 {
            problems.push(format!("{text}: {kind:?} {words}: {findings:#?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn sensible_patterns_stay_clean() {
    let limits = hsmstream_pattern::Limits::default();
    for text in CLEAN {
        assert_eq!(lint(&parse(text, &limits).expect("a pattern"), Kind::Audit), [], "{text}");
    }
}

#[test]
fn every_known_name_is_known() {
    use hsmstream_record::vocabulary;
    let limits = hsmstream_pattern::Limits::default();
    let opcodes = vocabulary::OPCODES.iter().map(|opcode| ("opcode", opcode.name));
    let responses = vocabulary::RESPONSES.iter().map(|answer| ("response.text", answer.text));
    let types = vocabulary::USER_TYPES.iter().map(|named| ("user.type", named.name));
    for (field, name) in opcodes.chain(responses).chain(types) {
        for text in [format!("\"{name}\""), format!("{{ $.{field} = \"{name}\" }}")] {
            assert_eq!(lint(&parse(&text, &limits).expect("a pattern"), Kind::Audit), [], "{text}");
        }
    }
}

#[test]
fn nothing_is_said_of_documents() {
    let limits = hsmstream_pattern::Limits::default();
    for kind in [Kind::CloudTrail, Kind::Metric, Kind::Certificate] {
        for (text, ..) in FOUND {
            assert_eq!(lint(&parse(text, &limits).expect("a pattern"), kind), [], "{text}");
        }
    }
}
