//! Hashes of rules over a canonical form.
//!
//! Every part is written as its name, its length and its bytes, so no two rules share a form; the form
//! has a version, and a change of it changes every hash. Formatting, comments, key order, defaults
//! written out and tests do not count.

use std::fmt;

use hsmstream_record::Field;
use hsmstream_window::WindowKind;
use sha2::{Digest, Sha256};

use crate::rule::{Measure, MeasureKind, Operator, Rule, What};

/// SHA-256 of everything that changes what a rule means or says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Stands in a rule until its hash is computed.
    pub(crate) const NONE: Self = Self([0; 32]);

    /// The whole hash.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hexadecimal digits, as used in alert ids.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.0, 8)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0, 32))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// Hash of what decides whether kept state still fits: kind, pattern, operator, window, what is added
/// up, group key. Thresholds, silence, texts and tests do not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateFingerprint([u8; 16]);

impl StateFingerprint {
    /// Stands in a rule until its fingerprint is computed.
    pub(crate) const NONE: Self = Self([0; 16]);

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for StateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0, 16))
    }
}

impl fmt::Debug for StateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateFingerprint({self})")
    }
}

/// The content hash of `rule`.
pub(crate) fn content(rule: &Rule) -> ContentHash {
    let mut form = Form::new("hsmstream rule 1");
    form.part("id", &rule.id);
    form.part("title", &rule.title);
    form.part("description", rule.description.as_deref().unwrap_or(""));
    form.part("severity", rule.severity.as_str());
    form.parts("attack", &rule.attack);
    form.parts("references", &rule.references);
    form.parts("falsepositives", &rule.falsepositives);
    form.part("author", rule.author.as_deref().unwrap_or(""));
    form.part("license", rule.license.as_deref().unwrap_or(""));
    form.part("stage", rule.stage.as_str());
    meaning(rule, &mut form);
    if let Operator::Threshold(threshold) = &rule.operator {
        form.number("reaches", threshold.what.reaches());
    }
    form.number("suppress", rule.suppress.0);
    form.number("evidence", rule.evidence.into());
    ContentHash(form.hash.finalize().into())
}

/// The state fingerprint of `rule`.
pub(crate) fn state(rule: &Rule) -> StateFingerprint {
    let mut form = Form::new("hsmstream state 1");
    form.part("id", &rule.id);
    meaning(rule, &mut form);
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(form.hash.finalize()) {
        *to = from;
    }
    StateFingerprint(short)
}

/// What the rule matches and how it keys and adds up.
fn meaning(rule: &Rule, form: &mut Form) {
    form.part("on", rule.kind.as_str());
    match &rule.pattern {
        Some(pattern) => form.part("pattern", pattern.text()),
        None => form.part("no pattern", ""),
    }
    form.fields("group_by", &rule.group_by);
    form.part("operator", rule.operator.name());
    match &rule.operator {
        Operator::Plain => {}
        Operator::Threshold(threshold) => {
            match &threshold.what {
                What::Count { .. } => form.part("count", ""),
                What::Distinct { fields, .. } => form.fields("distinct", fields),
                What::Sum { field, .. } => form.fields("sum", std::slice::from_ref(field)),
            }
            form.window(&threshold.window);
        }
        Operator::Rollup(rollup) => {
            form.window(&rollup.window);
            form.number("measures", rollup.measures.len() as u64);
            for measure in &rollup.measures {
                form.measure(measure);
            }
        }
    }
}

/// The canonical form, hashed as it is written.
struct Form {
    hash: Sha256,
}

impl Form {
    fn new(version: &str) -> Self {
        let mut form = Self { hash: Sha256::new() };
        form.part("form", version);
        form
    }

    fn part(&mut self, name: &str, text: &str) {
        self.hash.update((name.len() as u64).to_le_bytes());
        self.hash.update(name);
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.part(name, &number.to_string());
    }

    fn parts(&mut self, name: &str, texts: &[String]) {
        self.number(name, texts.len() as u64);
        for text in texts {
            self.part("item", text);
        }
    }

    fn fields(&mut self, name: &str, fields: &[Field]) {
        self.number(name, fields.len() as u64);
        for field in fields {
            self.part("field", &field.name());
        }
    }

    fn window(&mut self, window: &WindowKind) {
        match *window {
            WindowKind::Sliding { within } => self.number("sliding", within.0),
            WindowKind::Tumbling { size } => self.number("tumbling", size.0),
            WindowKind::Hopping { size, every } => {
                self.number("hopping", size.0);
                self.number("every", every.0);
            }
            WindowKind::Session { gap } => self.number("session", gap.0),
        }
    }

    fn measure(&mut self, measure: &Measure) {
        self.part("measure", &measure.name);
        match &measure.kind {
            MeasureKind::Count => self.part("count", ""),
            MeasureKind::Distinct(fields) => self.fields("distinct", fields),
            MeasureKind::Sum(field) => self.fields("sum", std::slice::from_ref(field)),
            MeasureKind::Min(field) => self.fields("min", std::slice::from_ref(field)),
            MeasureKind::Max(field) => self.fields("max", std::slice::from_ref(field)),
        }
    }
}

/// The first `count` bytes in hexadecimal.
fn hex(bytes: &[u8], count: usize) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().take(count).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
