//! Records as JSON patterns see them.
//!
//! In: a record and the selectors of a compiled pattern set. Out: the values each selector reaches,
//! exactly those of the canonical JSON view (audit) or of the document's own JSON (the other kinds).
//!
//! What a selector means is decided once, at load ([`Reach`]). Selectors that name a field of the audit
//! view are answered from the parsed record without rendering anything. The anomaly list is answered
//! from its bit set. Everything else reads JSON: the view, rendered once per record at most, or the
//! document.

use core::ops::Range;

use hsmstream_json::{NESTING_MAX, Tape};
use hsmstream_pattern::{
    Document, FreePart, Gist, Glance, Outline, PathScratch, Paths, SKETCHES, Scalar, Shaped, Step, walk,
};
use hsmstream_record::{Body, Field, Kind, Record, Value};

use crate::shape;

/// How the values of a selector are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One scalar field of an audit record.
    Field(Field),
    /// `$.anomalies[*]`.
    Anomalies,
    /// By walking JSON: the rendered view, or the document.
    Walk(Vec<Step>),
}

impl Reach {
    /// Decides how the selector with these steps is answered on records of `kind`.
    pub(crate) fn resolve(steps: &[Step], kind: Kind) -> Self {
        if kind == Kind::Audit {
            if let Some(field) = plain_field(steps) {
                return Self::Field(field);
            }
            if let [Step::Name(name), Step::AnyElement] = steps
                && &**name == b"anomalies"
            {
                return Self::Anomalies;
            }
        }
        Self::Walk(steps.to_vec())
    }
}

/// The field that a path of plain names selects.
fn plain_field(steps: &[Step]) -> Option<Field> {
    let names: Option<Vec<&str>> = steps
        .iter()
        .map(|step| match step {
            Step::Name(name) => str::from_utf8(name).ok(),
            _ => None,
        })
        .collect();
    match names?.as_slice() {
        // A label that is shown with U+FFFD may stand for other bytes: only the rendered view knows.
        ["extra", label] if !label.contains('\u{fffd}') => Some(Field::Extra(label.as_bytes().into())),
        ["extra", ..] => None,
        [name] if !name.contains('.') => closed(name),
        [object, name] if !object.contains('.') && !name.contains('.') => closed(&format!("{object}.{name}")),
        _ => None,
    }
}

/// The field of a closed name (`event…` is none of the audit view).
fn closed(name: &str) -> Option<Field> {
    Field::NAMES.contains(&name).then(|| Field::parse(name).ok()).flatten()
}

/// Buffers that are used again for every record.
#[derive(Debug, Default)]
pub(crate) struct ViewScratch {
    /// The value at hand, where it has to be formatted or unescaped.
    value: Vec<u8>,
    /// The rendered view of an audit record.
    view: Vec<u8>,
    /// The view or the document, taken apart.
    tape: Tape,
    paths: PathScratch,
    /// Whether `view` and `tape` belong to the record at hand.
    is_ready: bool,
}

/// One record under the selectors of its kind.
pub(crate) struct View<'a, 'r> {
    record: &'a Record<'r>,
    reaches: &'a [Reach],
    scratch: &'a mut ViewScratch,
}

impl<'a, 'r> View<'a, 'r> {
    #[inline]
    pub(crate) fn new(record: &'a Record<'r>, reaches: &'a [Reach], scratch: &'a mut ViewScratch) -> Self {
        scratch.is_ready = false;
        Self { record, reaches, scratch }
    }

    /// Visits what `steps` reach in the view or document.
    fn walk(&mut self, steps: &[Step], visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
        let is_audit = self.record.kind() == Kind::Audit;
        let ViewScratch { view, tape, paths, is_ready, .. } = &mut *self.scratch;
        if is_audit && !*is_ready {
            view.clear();
            self.record.write_view(view);
        }
        let json = if is_audit { view.as_slice() } else { self.record.raw() };
        if !*is_ready {
            *is_ready = true;
            // A document that cannot be read has an empty tape: nothing is reached.
            if tape.parse(json, NESTING_MAX).is_err() {
                return false;
            }
        }
        tape.root(json).is_some_and(|root| walk(root, steps, paths, visit))
    }
}

impl Document for View<'_, '_> {
    fn visit(&mut self, selector: usize, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
        let reaches = self.reaches;
        match reaches.get(selector) {
            Some(Reach::Field(field)) => match self.record.value(field) {
                Some(value) => scalar(&value, &mut self.scratch.value, visit),
                None => false,
            },
            Some(Reach::Anomalies) => match known_anomalies(self.record) {
                Some(anomalies) => {
                    anomalies.iter().any(|anomaly| visit(Scalar::String(anomaly.as_str().as_bytes())))
                }
                None => self.walk(&[Step::Name(b"anomalies".as_slice().into()), Step::AnyElement], visit),
            },
            Some(Reach::Walk(steps)) => self.walk(steps, visit),
            None => false,
        }
    }

    fn visit_all(&mut self, paths: &Paths, visit: &mut dyn FnMut(usize, Scalar<'_>)) -> bool {
        if self.record.kind() == Kind::Audit {
            return false;
        }
        let json = self.record.raw();
        let ViewScratch { tape, paths: storage, is_ready, .. } = &mut *self.scratch;
        // A document that cannot be read has an empty tape: nothing is reached.
        let root = if *is_ready { tape.root(json) } else { tape.parse(json, NESTING_MAX).ok() };
        *is_ready = true;
        if let Some(root) = root {
            paths.follow(root, storage, visit);
        }
        true
    }
}

impl<'r> Shaped<'r> for View<'_, 'r> {
    #[inline]
    fn form(&self) -> (&'r [u8], bool) {
        match &self.record.body {
            Body::Audit(audit) => audit.raw.parsed(),
            Body::Document(document) => (document.json, false),
        }
    }

    #[inline]
    fn text(&self) -> &'r [u8] {
        self.record.raw()
    }

    #[inline]
    fn gist(&self) -> Gist {
        self.record.audit().map_or(Gist::NONE, shape::gist)
    }

    #[inline]
    fn length_max(&self, slot: usize) -> Option<usize> {
        shape::length_max(slot, self.record.audit()?)
    }

    #[inline]
    fn part(&self, slot: usize) -> Option<Range<usize>> {
        shape::part(slot, self.record.audit()?)
    }

    #[inline]
    fn set_outline(&self, outline: &mut Outline) -> bool {
        self.record.audit().is_some_and(|audit| shape::set_outline(outline, audit))
    }

    fn free_parts(&self, parts: &mut Vec<FreePart>) -> bool {
        self.record.audit().is_some() && shape::free_parts(self.text(), parts)
    }

    fn is_of_shape(&self, selector: usize) -> bool {
        match (self.record.audit(), self.reaches.get(selector)) {
            (Some(audit), Some(Reach::Field(field))) => shape::is_of_shape(field, audit),
            _ => false,
        }
    }

    #[inline]
    fn sketches(&self) -> [u64; SKETCHES] {
        self.record.audit().map_or([0; SKETCHES], shape::sketches)
    }

    fn sketch_of(&self, selector: usize) -> Option<usize> {
        match (self.record.audit(), self.reaches.get(selector)) {
            (Some(_), Some(Reach::Field(field))) => shape::sketch_of(field),
            _ => None,
        }
    }

    #[inline]
    fn glance(&self, selector: usize) -> Glance<'r> {
        match (self.record.audit(), self.reaches.get(selector)) {
            (Some(audit), Some(Reach::Field(field))) => shape::glance(field, audit),
            _ => Glance::Unknown,
        }
    }
}

/// The anomalies of the view; `None` if they show only when the view is written, because some text may
/// not be UTF-8.
fn known_anomalies(record: &Record<'_>) -> Option<hsmstream_record::Anomalies> {
    let audit = record.audit()?;
    let origin = &record.origin;
    let texts =
        [origin.account, origin.log_group, origin.log_stream, origin.cluster, origin.hsm, origin.event_id];
    let is_utf8 =
        texts.into_iter().flatten().chain([audit.raw.bytes()]).all(|text| str::from_utf8(text).is_ok());
    is_utf8.then_some(audit.anomalies)
}

/// Visits a field's value as the view shows it.
fn scalar(value: &Value<'_>, buffer: &mut Vec<u8>, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
    match *value {
        Value::Bool(truth) => visit(if truth { Scalar::True } else { Scalar::False }),
        Value::Lexeme(lexeme) => visit(Scalar::Number(lexeme)),
        Value::Text(text) if str::from_utf8(text).is_ok() => visit(Scalar::String(text)),
        Value::Number(_) | Value::Signed(_) => {
            buffer.clear();
            value.write_text(buffer);
            visit(Scalar::Number(buffer))
        }
        Value::Text(_) | Value::Lower(_) | Value::Hex(_) | Value::Time(_) | Value::JsonText(_) => {
            buffer.clear();
            value.write_text(buffer);
            if str::from_utf8(buffer).is_err() {
                *buffer = String::from_utf8_lossy(buffer).into_owned().into_bytes();
            }
            visit(Scalar::String(buffer))
        }
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
