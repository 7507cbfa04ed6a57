//! Warnings: what the language allows and its author probably did not mean.
//!
//! Checked: `?` beside other terms; quoted blanks; empty texts; `AND`/`OR` as terms; terms that every audit
//! record holds; terms that also find another opcode; regular expressions that match everything; `*` inside
//! a text; `!=` that says nothing of an absent field; `= true`. *Not* checked: whether a selector exists in
//! the events (rules do that), whether conditions contradict each other.

use core::ops::Range;
use std::collections::BTreeSet;

use crate::ast::{Body, Comparison, Condition, Expr, Field, Needle, Operand, Pattern, Role, Term, Test};
use crate::diagnostic::Diagnostic;
use crate::parse::quote;
use crate::regex::Regex;

/// Words of the labels of audit records: each stands in (nearly) every record.
pub(crate) const LABEL_WORDS: &[&str] = &[
    "Time", "usecs", "Version", "No", "Sequence", "Reboot", "counter", "Command", "Type", "hex", "Opcode",
    "Session", "Handle", "Response", "HSM", "Return", "Log", "type", "User", "Name",
];

/// Opcodes whose names are contained in that of another.
const PREFIX_OPCODES: &[(&str, &str, &str)] =
    &[("CN_GENERATE_KEY", "CN_GENERATE_KEY_PAIR", "CN_GENERATE_KEY (0x17)")];

/// Adds the warnings to the pattern.
pub(crate) fn check(pattern: &mut Pattern) {
    let mut warnings = core::mem::take(&mut pattern.warnings);
    match &pattern.body {
        Body::Terms(items) => terms(items, &mut warnings),
        Body::Space(fields) => {
            for field in fields {
                if let Field::Slot(slot) = field
                    && let Some(condition) = &slot.condition
                {
                    condition.each(&mut |check| comparison(&check.comparison, &check.span, &mut warnings));
                }
            }
        }
        Body::Json(expr) => json(expr, pattern, &mut warnings),
    }
    warnings.sort_by_key(|warning| warning.span.start);
    pattern.warnings = warnings;
}

fn warn(
    warnings: &mut Vec<Diagnostic>,
    span: &Range<usize>,
    message: impl Into<String>,
    suggestion: impl Into<String>,
) {
    let mut warning = Diagnostic::new(span.clone(), message);
    warning.suggest(suggestion);
    warnings.push(warning);
}

fn terms(terms: &[Term], warnings: &mut Vec<Diagnostic>) {
    let is_mixed = terms.iter().any(|term| term.role != Role::Optional);
    for term in terms {
        if is_mixed && term.role == Role::Optional {
            let hint = "a pattern of `?` terms only asks for one of them; split the pattern";
            warn(warnings, &term.span, "this term is ignored: `?` counts only where every term has it", hint);
        }
        match &term.needle {
            Needle::Text(text) => needle(term, text, warnings),
            Needle::Regex(regex) => regular(regex, &term.span, warnings),
        }
    }
    let is_label = |term: &Term| matches!(&term.needle, Needle::Text(text) if LABEL_WORDS.contains(&&**text));
    let mut asked = terms.iter().filter(|term| term.role == Role::Plain || !is_mixed).peekable();
    if asked.peek().is_some() && asked.all(is_label) {
        let span =
            terms.first().map_or(0, |term| term.span.start)..terms.last().map_or(0, |term| term.span.end);
        let message = "every audit record holds these terms: they are words of its labels";
        warn(warnings, &span, message, "add the value that is looked for, such as `CN_LOGIN`");
    }
}

fn needle(term: &Term, text: &str, warnings: &mut Vec<Diagnostic>) {
    let span = &term.span;
    if text.is_empty() {
        warn(warnings, span, "the empty text is in every event", "leave it out");
    } else if text.chars().all(char::is_whitespace) {
        let hint = "to match everything, leave the pattern empty";
        warn(warnings, span, "quoted blanks are looked for as they are", hint);
    }
    if matches!(text, "AND" | "OR" | "NOT") {
        let hint = "terms side by side must all occur; `?` before each asks for one, `-` excludes";
        warn(warnings, span, format!("`{text}` is looked for like any other word"), hint);
    }
    for (opcode, longer, exact) in PREFIX_OPCODES {
        if text == *opcode {
            let hint = format!("for the one alone write `{}`", quote(exact));
            warn(warnings, span, format!("`{opcode}` is also found in `{longer}`"), hint);
        }
    }
}

fn regular(regex: &Regex, span: &Range<usize>, warnings: &mut Vec<Diagnostic>) {
    if regex.matches_empty() {
        let hint = "ask for at least one character";
        warn(warnings, span, "this regular expression matches the empty text, so every text", hint);
    }
}

fn comparison(comparison: &Comparison, span: &Range<usize>, warnings: &mut Vec<Diagnostic>) {
    match comparison {
        Comparison::Equal(Operand::Regex(regex)) | Comparison::NotEqual(Operand::Regex(regex)) => {
            regular(regex, span, warnings);
        }
        Comparison::Equal(Operand::Text(text)) | Comparison::NotEqual(Operand::Text(text))
            if text.trim_matches('*').contains('*') =>
        {
            let message =
                "a `*` inside a text: each part must be found at its first place, the last one at the end";
            warn(warnings, span, message, "a regular expression says it without doubt");
        }
        _ => {}
    }
}

fn json(expr: &Expr<Condition>, pattern: &Pattern, warnings: &mut Vec<Diagnostic>) {
    let mut cared = BTreeSet::new();
    expr.each(&mut |condition| {
        if condition.test == Test::NotExists {
            cared.insert(condition.selector);
        }
    });
    expr.each(&mut |condition| {
        let Test::Compare(test) = &condition.test else { return };
        comparison(test, &condition.span, warnings);
        let Some(selector) = pattern.selectors.get(condition.selector) else { return };
        let is_wildcard = selector.is_wildcard();
        match test {
            Comparison::NotEqual(_) if is_wildcard => {
                let hint = "there is no condition on all values";
                warn(warnings, &condition.span, "holds as soon as one of the values differs", hint);
            }
            Comparison::NotEqual(_) if !cared.contains(&condition.selector) => {
                let message = format!(
                    "does not hold where `{selector}` is absent, null, true, false, an array or an object"
                );
                let hint = format!("add `|| {selector} NOT EXISTS` if absence counts");
                warn(warnings, &condition.span, message, hint);
            }
            Comparison::Equal(Operand::Text(text)) if matches!(&**text, "true" | "false") => {
                let hint =
                    format!("for JSON's own value write `{selector} IS {}`", text.to_ascii_uppercase());
                warn(warnings, &condition.span, format!("compares with the text \"{text}\""), hint);
            }
            _ => {}
        }
    });
}
