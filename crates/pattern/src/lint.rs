//! Warnings: what the language allows and its author probably did not mean.
//!
//! Two kinds. [`check`] needs the pattern alone and runs with every parse: its findings are
//! [`Pattern::warnings`]. [`against`] also needs to know what the events hold ([`Vocabulary`], given by the
//! caller: this crate knows no records).
//!
//! *Not* found: contradictions of more than two conditions, or between a text with `*` or a regular
//! expression and another one, beyond what their fixed ends tell. A finding is never a guess about
//! meaning: what is said to match nothing matches nothing.

mod sense;
mod terms;
mod values;
mod vocabulary;

use core::ops::Range;

use crate::ast::{Body, Comparison, Condition, Expr, Field, Operand, Pattern, Test};
use crate::diagnostic::Diagnostic;
use crate::regex::Regex;

pub use vocabulary::{Names, Reached, Value, Vocabulary, Word, against};

/// Words of the labels of audit records: each stands in (nearly) every record.
pub(crate) const LABEL_WORDS: &[&str] = &[
    "Time", "usecs", "Version", "No", "Sequence", "Reboot", "counter", "Command", "Type", "hex", "Opcode",
    "Session", "Handle", "Response", "HSM", "Return", "Log", "type", "User", "Name",
];

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lint {
    /// Nothing can match, or one condition can never hold.
    Never,
    /// Everything matches, or one item excludes nothing.
    Always,
    /// Two items exclude each other.
    Contradiction,
    /// An item counts for nothing.
    Ignored,
    /// Blanks or a connective where they are looked for as text.
    Literal,
    /// A text where a JSON value was probably meant.
    TextForValue,
    /// A word that the events are not known to hold.
    UnknownWord,
    /// A word that the events write with other letter case.
    WrongCase,
    /// A term that only a text chosen by somebody else can hold.
    FreeTextOnly,
    /// A selector that reaches nothing in the events.
    UnknownField,
    /// A selector that is planned, and reaches nothing yet.
    LaterField,
    /// `!=` and the values it does not see.
    Absent,
    /// A word that is part of another one.
    PartOfAnother,
    /// `*` inside a text.
    InnerWildcard,
    /// What the service does not document.
    Undocumented,
}

impl Lint {
    /// As scripts see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Contradiction => "contradiction",
            Self::Ignored => "ignored",
            Self::Literal => "literal",
            Self::TextForValue => "text-for-value",
            Self::UnknownWord => "unknown-word",
            Self::WrongCase => "wrong-case",
            Self::FreeTextOnly => "free-text-only",
            Self::UnknownField => "unknown-field",
            Self::LaterField => "later-field",
            Self::Absent => "absent",
            Self::PartOfAnother => "part-of-another",
            Self::InnerWildcard => "inner-wildcard",
            Self::Undocumented => "undocumented",
        }
    }

    /// Whether the pattern may well mean what it says, so that this is only good to know.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Absent | Self::PartOfAnother | Self::InnerWildcard | Self::Undocumented)
    }
}

/// Adds the warnings to the pattern.
pub(crate) fn check(pattern: &mut Pattern) {
    let mut warnings = core::mem::take(&mut pattern.warnings);
    match &pattern.body {
        Body::Terms(items) => terms::check(items, &mut warnings),
        Body::Space(fields) => {
            for field in fields {
                if let Field::Slot(slot) = field
                    && let Some(condition) = &slot.condition
                {
                    condition.each(&mut |check| comparison(&check.comparison, &check.span, &mut warnings));
                    sense::slot(slot, condition, &mut warnings);
                }
            }
        }
        Body::Json(expr) => {
            json(expr, pattern, &mut warnings);
            sense::json(expr, pattern, &mut warnings);
        }
    }
    warnings.sort_by_key(|warning| warning.span.start);
    pattern.warnings = warnings;
}

/// The finding that the pattern asks nothing: meant in a rule, odd for one who has a pattern checked.
#[must_use]
pub fn everything(pattern: &Pattern) -> Option<Diagnostic> {
    let mut warnings = Vec::new();
    if pattern.asks_nothing() {
        let hint = "say what has to be there";
        warn(&mut warnings, Lint::Always, &(0..pattern.text.len()), "this matches every event", hint);
    }
    warnings.pop()
}

fn warn(
    warnings: &mut Vec<Diagnostic>,
    lint: Lint,
    span: &Range<usize>,
    message: impl Into<String>,
    suggestion: impl Into<String>,
) {
    let mut warning = Diagnostic::new(span.clone(), message);
    warning.suggest(suggestion);
    warning.lint = Some(lint);
    warnings.push(warning);
}

fn regular(regex: &Regex, span: &Range<usize>, warnings: &mut Vec<Diagnostic>) {
    if regex.matches_every_text() {
        let message = "this regular expression matches the empty text, so every text";
        warn(warnings, Lint::Always, span, message, "ask for at least one character");
    }
}

fn comparison(comparison: &Comparison, span: &Range<usize>, warnings: &mut Vec<Diagnostic>) {
    match comparison {
        Comparison::Equal(Operand::Regex(regex)) => regular(regex, span, warnings),
        Comparison::NotEqual(Operand::Regex(regex)) if regex.matches_every_text() => {
            let message = "this never holds: the regular expression matches every text";
            warn(warnings, Lint::Never, span, message, "ask for at least one character");
        }
        Comparison::NotEqual(Operand::Text(text))
            if !text.is_empty() && text.bytes().all(|byte| byte == b'*') =>
        {
            let message = "this never holds: `*` is every text and number";
            warn(warnings, Lint::Never, span, message, "`NOT EXISTS` asks for absence");
        }
        Comparison::Equal(Operand::Text(text)) | Comparison::NotEqual(Operand::Text(text))
            if text.trim_matches('*').contains('*') =>
        {
            let message =
                "a `*` inside a text: each part must be found at its first place, the last one at the end";
            let hint = "a regular expression says it without doubt";
            warn(warnings, Lint::InnerWildcard, span, message, hint);
        }
        _ => {}
    }
}

fn json(expr: &Expr<Condition>, pattern: &Pattern, warnings: &mut Vec<Diagnostic>) {
    let mut cared = vec![false; pattern.selectors.len()];
    expr.each(&mut |condition| {
        if condition.test == Test::NotExists
            && let Some(cared) = cared.get_mut(condition.selector)
        {
            *cared = true;
        }
    });
    expr.each(&mut |condition| {
        let Test::Compare(test) = &condition.test else { return };
        comparison(test, &condition.span, warnings);
        let Some(selector) = pattern.selectors.get(condition.selector) else { return };
        let span = &condition.span;
        match test {
            Comparison::NotEqual(_) if selector.is_wildcard() => {
                let hint = "there is no condition on all values";
                warn(warnings, Lint::Absent, span, "holds as soon as one of the values differs", hint);
            }
            Comparison::NotEqual(_) if cared.get(condition.selector) == Some(&false) => {
                let message = format!(
                    "does not hold where `{selector}` is absent, null, true, false, an array or an object"
                );
                let hint = format!("add `|| {selector} NOT EXISTS` if absence counts");
                warn(warnings, Lint::Absent, span, message, hint);
            }
            Comparison::Equal(Operand::Text(text)) if matches!(&**text, "true" | "false") => {
                let hint =
                    format!("for JSON's own value write `{selector} IS {}`", text.to_ascii_uppercase());
                warn(warnings, Lint::TextForValue, span, format!("compares with the text \"{text}\""), hint);
            }
            _ => {}
        }
    });
}
