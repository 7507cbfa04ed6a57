//! The canonical JSON view of a record, by a writer of its own: no tree, no copies, fields in the order of
//! the contract.
//!
//! The closed fields come from the same table and the same look-up that rules use, so what a rule compares
//! is what the view shows. A field that is absent is not printed, an object without members neither.

use crate::actor::Actor;
use crate::anomaly::{Anomalies, Anomaly};
use crate::audit::Audit;
use crate::escape::{Shown, json_string};
use crate::field;
use crate::record::{Body, Record};

/// Appends the view of a record.
pub(crate) fn write(record: &Record<'_>, actor: Option<&Actor<'_>>, out: &mut Vec<u8>) {
    let mut view = View { out, shown: Shown::Exactly };
    view.out.push(b'{');
    view.closed_fields(record, actor);
    match &record.body {
        Body::Audit(audit) => {
            view.extra(audit);
            view.anomalies(audit.anomalies);
        }
        Body::Document(document) => {
            view.known_key("event");
            document.write_compact(view.out);
        }
    }
    view.out.push(b'}');
}

struct View<'o> {
    out: &'o mut Vec<u8>,
    /// Whether all text so far could be shown as it is.
    shown: Shown,
}

impl View<'_> {
    /// Writes the fields of the table; the dotted ones stand together and become an object.
    fn closed_fields(&mut self, record: &Record<'_>, actor: Option<&Actor<'_>>) {
        let mut open = None;
        for (place, field) in field::closed() {
            let value = record.value(field).or_else(|| actor.and_then(|actor| actor.value(field)));
            let Some(value) = value else { continue };
            if place.object != open {
                if open.is_some() {
                    self.out.push(b'}');
                }
                if let Some(object) = place.object {
                    self.known_key(object);
                    self.out.push(b'{');
                }
                open = place.object;
            }
            self.known_key(place.member);
            if value.write_json(self.out) == Shown::Replaced {
                self.shown = Shown::Replaced;
            }
        }
        if open.is_some() {
            self.out.push(b'}');
        }
    }

    fn extra(&mut self, audit: &Audit<'_>) {
        let mut extra = audit.extra().peekable();
        if extra.peek().is_none() {
            return;
        }
        self.known_key("extra");
        self.out.push(b'{');
        for (label, value) in extra {
            self.key(label);
            self.text(value);
        }
        self.out.push(b'}');
    }

    fn anomalies(&mut self, mut anomalies: Anomalies) {
        if self.shown == Shown::Replaced {
            anomalies.insert(Anomaly::InvalidUtf8);
        }
        if anomalies.is_empty() {
            return;
        }
        self.known_key("anomalies");
        self.out.push(b'[');
        for anomaly in anomalies.iter() {
            self.separate();
            self.text(anomaly.as_str().as_bytes());
        }
        self.out.push(b']');
    }

    /// As [`Self::key`], of a name that needs no escapes.
    fn known_key(&mut self, name: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Begins a member of the object at hand.
    fn key(&mut self, name: &[u8]) {
        self.separate();
        self.text(name);
        self.out.push(b':');
    }

    /// Sets a comma unless this is the first of an object or a list.
    fn separate(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    fn text(&mut self, text: &[u8]) {
        if json_string(text, self.out) == Shown::Replaced {
            self.shown = Shown::Replaced;
        }
    }
}
