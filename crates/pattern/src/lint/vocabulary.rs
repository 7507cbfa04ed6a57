//! Findings that need to know what the events hold.
//!
//! In: a pattern and a [`Vocabulary`]. Out: words and selectors that meet nothing in such events, with the
//! nearest that do. Terms and texts are looked at word by word: a word is what stands between blanks and
//! punctuation, so `"Opcode : CN_LOGIN (0xd)"` is `Opcode`, `CN_LOGIN` and `0xd`.

use core::ops::Range;

use super::{Lint, warn};
use crate::ast::{Body, Comparison, Condition, Field, Needle, Operand, Pattern, Test};
use crate::diagnostic::Diagnostic;
use crate::interpret::glob_matches;
use crate::parse::quote;
use crate::selector::Selector;

/// What is known of the events that a pattern is meant for. Their view, which JSON patterns see, has texts,
/// numbers, objects and lists, but no `null` and no truth values.
pub trait Vocabulary {
    /// One of the events, for messages: `audit record`.
    fn event(&self) -> &str;

    /// Where in the text of an event this word (letters, digits, `_`) may stand.
    fn word(&self, word: &str) -> Word;

    /// What a selector reaches in the view that JSON patterns see.
    fn reached(&self, selector: &Selector) -> Reached<'_>;

    /// The name most like `word`, if one is alike enough to be meant.
    fn nearest<'n>(&self, word: &str, names: &[&'n str]) -> Option<&'n str>;
}

/// Where a word may stand. Complete by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// In what the events are known to print, or it looks like a number.
    Printed,
    /// Nowhere as written; the events write it like this.
    OtherCase(String),
    /// It looks like a name of this sort (`opcode`), and none of the known ones holds it.
    Unknown {
        /// The sort.
        what: &'static str,
        /// The nearest name that is known.
        nearest: Option<String>,
    },
    /// Only in a text that somebody else chose, such as a user name.
    FreeText,
}

/// What a selector reaches. Complete by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached<'v> {
    /// Nothing; the nearest selector that reaches something.
    Nothing(Option<String>),
    /// Nothing yet.
    Later,
    /// An object or a list, which no comparison holds for; a selector of what is inside.
    Container(Option<String>),
    /// A value.
    Value(Value<'v>),
    /// What it reaches is not known.
    Open,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'v> {
    /// Whether it is a number; else it is a text.
    pub is_number: bool,
    /// Whether every event has it.
    pub is_always_there: bool,
    /// Whether its letters are small ones.
    pub is_lower_case: bool,
    /// Which texts it may be, if they are known.
    pub names: Option<Names<'v>>,
}

/// Known names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'v> {
    /// What they are names of, in the singular: `opcode`.
    pub what: &'static str,
    /// The names.
    pub list: &'v [&'v str],
    /// Whether there can be no others.
    pub is_closed: bool,
}

/// The findings of `pattern` for events of that vocabulary, in the order of their places; none of them is
/// in [`Pattern::warnings`]; 16 at most. Linear in the pattern times the size of the vocabulary.
#[must_use]
pub fn against(pattern: &Pattern, vocabulary: &dyn Vocabulary) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    match &pattern.body {
        Body::Terms(terms) => {
            for term in terms {
                if let Needle::Text(text) = &term.needle {
                    words(text, &term.span, vocabulary, &mut warnings);
                }
            }
        }
        Body::Space(fields) => {
            let conditions = fields.iter().filter_map(|field| match field {
                Field::Slot(slot) => slot.condition.as_ref(),
                Field::Rest(_) => None,
            });
            for condition in conditions {
                condition.each(&mut |check| {
                    if let Comparison::Equal(Operand::Text(text)) = &check.comparison {
                        words(text, &check.span, vocabulary, &mut warnings);
                    }
                });
            }
        }
        Body::Json(expr) => expr.each(&mut |condition| {
            if let Some(selector) = pattern.selectors.get(condition.selector)
                && warnings.len() < FINDINGS_MAX
            {
                Asked { condition, selector, vocabulary, warnings: &mut warnings }.check();
            }
        }),
    }
    warnings.sort_by_key(|warning| warning.span.start);
    warnings
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Looks at the words of a text; the first that is odd is reported.
fn words(text: &str, span: &Range<usize>, vocabulary: &dyn Vocabulary, warnings: &mut Vec<Diagnostic>) {
    if warnings.len() >= FINDINGS_MAX {
        return;
    }
    let event = vocabulary.event();
    for word in text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()) {
        match vocabulary.word(word) {
            Word::Printed => continue,
            Word::OtherCase(written) => {
                let message = format!("case counts: an {event} holds `{written}`, not `{word}`");
                warn(warnings, Lint::WrongCase, span, message, format!("write `{written}`"));
            }
            Word::Unknown { what, nearest } => {
                let hint = nearest.map_or_else(
                    || "look it up: an unknown name never matches".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                let message = format!("no known {what} holds `{word}`");
                warn(warnings, Lint::UnknownWord, span, message, hint);
            }
            Word::FreeText => {
                let message = format!(
                    "of all that an {event} is known to hold, only a name that somebody chose can hold `{word}`"
                );
                let hint = format!("to ask for the user, write `{{ $.user.name = {} }}`", quote(word));
                warn(warnings, Lint::FreeTextOnly, span, message, hint);
            }
        }
        return;
    }
}

/// A JSON condition under examination.
struct Asked<'a> {
    condition: &'a Condition,
    selector: &'a Selector,
    vocabulary: &'a dyn Vocabulary,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Asked<'_> {
    fn warn(&mut self, lint: Lint, message: String, hint: impl Into<String>) {
        warn(self.warnings, lint, &self.condition.span, message, hint);
    }

    fn never(&mut self, why: &str, hint: impl Into<String>) {
        self.warn(Lint::Never, format!("this never holds: {why}"), hint);
    }

    fn check(&mut self) {
        let selector = self.selector;
        let event = self.vocabulary.event();
        let reached = self.vocabulary.reached(selector);
        let is_constant = matches!(self.condition.test, Test::IsNull | Test::IsTrue | Test::IsFalse);
        match reached {
            Reached::Open | Reached::Container(_) | Reached::Value(_) if is_constant => {
                let why = format!("the view of an {event} has no null and no truth values");
                self.never(&why, "compare with the text or number, or ask for `NOT EXISTS`");
            }
            Reached::Open => {}
            Reached::Later => {
                let hint = "leave it out";
                self.warn(Lint::LaterField, format!("`{selector}` is not supported yet"), hint);
            }
            Reached::Nothing(nearest) => {
                let hint = nearest.map_or_else(
                    || "`hsmstream parse` shows the fields of records".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                self.warn(Lint::UnknownField, format!("`{selector}` is no field of an {event}"), hint);
            }
            Reached::Container(inside) => {
                if self.condition.test != Test::NotExists {
                    let hint = inside.map_or_else(
                        || "name one of its members".to_owned(),
                        |inside| format!("write `{inside}`"),
                    );
                    self.never(&format!("`{selector}` is an object or a list, no value"), hint);
                }
            }
            Reached::Value(value) => self.value(&value),
        }
    }

    fn value(&mut self, value: &Value<'_>) {
        let (selector, event) = (self.selector, self.vocabulary.event());
        match &self.condition.test {
            Test::NotExists if value.is_always_there => {
                self.never(&format!("every {event} has `{selector}`"), "leave it out");
            }
            Test::Compare(Comparison::Ordered(..)) if !value.is_number => {
                let why = format!("`{selector}` is text, and only numbers have an order");
                self.never(&why, "compare with `=` and a text");
            }
            Test::Compare(Comparison::Equal(Operand::Text(text))) => self.text(text, value, false),
            Test::Compare(Comparison::NotEqual(Operand::Text(text))) => self.text(text, value, true),
            _ => {}
        }
    }

    /// A value compared with a text: `=`, or `!=` if it is denied.
    fn text(&mut self, text: &str, value: &Value<'_>, is_denied: bool) {
        let selector = self.selector;
        if value.is_always_there && text.bytes().all(|byte| byte == b'*') && !text.is_empty() {
            if !is_denied {
                let message =
                    format!("this always holds: every {} has `{selector}`", self.vocabulary.event());
                self.warn(Lint::Always, message, "leave it out");
            }
            return;
        }
        if value.is_number {
            let is_possible = text.bytes().all(|byte| byte.is_ascii_digit() || b"*-".contains(&byte));
            if !is_possible && !is_denied {
                self.never(&format!("`{selector}` is a whole number"), "write the number");
            }
            return;
        }
        if value.is_lower_case && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = format!("case counts: the letters of `{selector}` are small ones");
            self.warn(Lint::WrongCase, message, format!("write `{}`", quote(&text.to_ascii_lowercase())));
            return;
        }
        let Some(names) = value.names else { return };
        match known(text, names.list) {
            Known::All if !is_denied && names.is_closed => {
                let there = if value.is_always_there { "every" } else { "if there is one, every" };
                let message = format!("this always holds: {there} {} is like that", names.what);
                self.warn(Lint::Always, message, "leave it out");
            }
            Known::All | Known::Some => {}
            Known::OtherCase(name) => {
                let message = format!("case counts: the {} is written `{name}`", names.what);
                self.warn(Lint::WrongCase, message, format!("write `{}`", quote(name)));
            }
            Known::None => {
                // Behind a name its number may have been written: `CN_LOGIN (0xd)`.
                let bare = text.split([' ', '(']).next().unwrap_or(text).trim_matches('*');
                let hint = self.vocabulary.nearest(bare, names.list).map_or_else(
                    || format!("known are {}", shown(names.list)),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                match names.is_closed {
                    true if !is_denied => {
                        self.never(&format!("there is no {} {}", names.what, quote(text)), hint);
                    }
                    true => {
                        let message = format!("there is no {} {}", names.what, quote(text));
                        self.warn(Lint::UnknownWord, message, hint);
                    }
                    false => {
                        let message = format!("no known {} is like {}", names.what, quote(text));
                        self.warn(Lint::UnknownWord, message, hint);
                    }
                }
            }
        }
    }
}

/// How many of the names a text with `*` meets.
enum Known<'n> {
    All,
    Some,
    /// None as written; this one in other letter case.
    OtherCase(&'n str),
    None,
}

fn known<'n>(text: &str, names: &[&'n str]) -> Known<'n> {
    let met = names.iter().filter(|name| glob_matches(text, name.as_bytes())).count();
    if met > 0 {
        return if met == names.len() { Known::All } else { Known::Some };
    }
    let upper = text.to_ascii_uppercase();
    if let Some(name) = names.iter().find(|name| glob_matches(&upper, name.to_ascii_uppercase().as_bytes())) {
        return Known::OtherCase(name);
    }
    Known::None
}

/// A few names.
fn shown(names: &[&str]) -> String {
    let mut shown: Vec<&str> = names.iter().take(SHOWN_MAX).copied().collect();
    if names.len() > SHOWN_MAX {
        shown.push("…");
    }
    shown.join(", ")
}

/// The most findings of one pattern: the search for near names takes its time.
const FINDINGS_MAX: usize = 16;

/// Names shown where none is near.
const SHOWN_MAX: usize = 8;
