//! Term patterns: items that count for nothing, that exclude each other, or that every event holds.

use super::{LABEL_WORDS, Lint, regular, warn};
use crate::ast::{Needle, Role, Term};
use crate::diagnostic::Diagnostic;
use crate::interpret::regex_matches;
use crate::parse::quote;
use crate::print;
use crate::regex::Regex;

/// Opcodes whose names are contained in that of another.
const PREFIX_OPCODES: &[(&str, &str, &str)] =
    &[("CN_GENERATE_KEY", "CN_GENERATE_KEY_PAIR", "CN_GENERATE_KEY (0x17)")];

/// The longest term that regular expressions are tried on: the plain way to match takes the square of it.
const TRIED_BYTES_MAX: usize = 64;

/// The most excluded terms and plain terms that are compared with each other.
const COMPARED_MAX: usize = 64;

pub(super) fn check(terms: &[Term], warnings: &mut Vec<Diagnostic>) {
    let is_mixed = terms.iter().any(|term| term.role != Role::Optional);
    for term in terms {
        if is_mixed && term.role == Role::Optional {
            let message = "this term is ignored: `?` counts only where every term has it";
            let hint = "a pattern of `?` terms only asks for one of them; split the pattern";
            warn(warnings, Lint::Ignored, &term.span, message, hint);
        }
        match (&term.needle, term.role) {
            (_, Role::Excluded) if is_always_found(term) => {
                let message = "nothing matches: every event holds what this excludes";
                warn(warnings, Lint::Never, &term.span, message, "leave it out");
            }
            (Needle::Text(text), _) => needle(term, text, warnings),
            (Needle::Regex(regex), _) => regular(regex, &term.span, warnings),
        }
    }
    let of = |role: Role| terms.iter().filter(move |term| term.role == role).take(COMPARED_MAX);
    for excluded in of(Role::Excluded).filter(|term| !is_always_found(term)) {
        if let Some(plain) = of(Role::Plain).find(|plain| implies(plain, excluded)) {
            let message =
                format!("nothing matches: whatever holds `{}` is excluded by this", print::term(plain));
            warn(warnings, Lint::Contradiction, &excluded.span, message, "take one of them away");
        }
    }
    labels_only(terms, is_mixed, warnings);
}

/// Whether every event holds it.
fn is_always_found(term: &Term) -> bool {
    match &term.needle {
        Needle::Text(text) => text.is_empty(),
        Needle::Regex(regex) => regex.matches_every_text(),
    }
}

/// Whether each event that holds `one` holds `other` too, as far as their texts tell.
fn implies(one: &Term, other: &Term) -> bool {
    match (&one.needle, &other.needle) {
        (Needle::Text(one), Needle::Text(other)) => one.contains(&**other),
        (Needle::Text(one), Needle::Regex(other)) => {
            one.len() <= TRIED_BYTES_MAX && !other.is_anchored() && regex_matches(other, one.as_bytes())
        }
        (Needle::Regex(one), Needle::Regex(other)) => same(one, other),
        (Needle::Regex(_), Needle::Text(_)) => false,
    }
}

fn same(one: &Regex, other: &Regex) -> bool {
    one.branches == other.branches
}

fn labels_only(terms: &[Term], is_mixed: bool, warnings: &mut Vec<Diagnostic>) {
    let is_label = |term: &Term| matches!(&term.needle, Needle::Text(text) if LABEL_WORDS.contains(&&**text));
    let mut asked = terms.iter().filter(|term| term.role == Role::Plain || !is_mixed).peekable();
    let has_excluded = terms.iter().any(|term| term.role == Role::Excluded);
    if asked.peek().is_some() && !has_excluded && asked.all(is_label) {
        let span =
            terms.first().map_or(0, |term| term.span.start)..terms.last().map_or(0, |term| term.span.end);
        let message = "every audit record holds these terms: they are words of its labels";
        let hint = "add the value that is looked for, such as `CN_LOGIN`";
        warn(warnings, Lint::Always, &span, message, hint);
    }
}

fn needle(term: &Term, text: &str, warnings: &mut Vec<Diagnostic>) {
    let span = &term.span;
    if text.is_empty() {
        warn(warnings, Lint::Always, span, "the empty text is in every event", "leave it out");
    } else if text.chars().all(char::is_whitespace) {
        let hint = "to match everything, leave the pattern empty";
        warn(warnings, Lint::Literal, span, "quoted blanks are looked for as they are", hint);
    }
    if matches!(text, "AND" | "OR" | "NOT") {
        let hint = "terms side by side must all occur; `?` before each asks for one, `-` excludes";
        warn(warnings, Lint::Literal, span, format!("`{text}` is looked for like any other word"), hint);
    }
    for (opcode, longer, exact) in PREFIX_OPCODES {
        if text == *opcode {
            let hint = format!("for the one alone write `{}`", quote(exact));
            let message = format!("`{opcode}` is also found in `{longer}`");
            warn(warnings, Lint::PartOfAnother, span, message, hint);
        }
    }
}
