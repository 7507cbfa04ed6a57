//! A record: what was parsed, and where it came from.

use crate::actor::Actor;
use crate::audit::Audit;
use crate::document::Document;
use crate::field::Field;
use crate::origin::{Kind, Origin};
use crate::value::Value;
use crate::view;

/// A parsed frame and its origin. Borrows both.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Where the frame came from.
    pub origin: Origin<'a>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a record says, by its sort.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "borrowed data on the stack; boxing would allocate per record")]
pub enum Body<'a> {
    /// An audit record.
    Audit(Audit<'a>),
    /// A JSON document.
    Document(Document<'a>),
}

impl<'a> Record<'a> {
    /// An audit record of an origin that says nothing yet: [`Self::audit_mut`] is the place for what it says.
    #[inline]
    #[must_use]
    pub fn of(origin: Origin<'a>) -> Self {
        Self { origin, body: Body::Audit(Audit::default()) }
    }

    /// The sort of record.
    #[inline]
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.body {
            Body::Audit(_) => Kind::Audit,
            Body::Document(document) => document.kind,
        }
    }

    /// Event time in microseconds since the epoch. An audit record always has one, a document may not.
    #[must_use]
    pub const fn time_usecs(&self) -> Option<u64> {
        match &self.body {
            Body::Audit(audit) => Some(audit.usecs),
            Body::Document(document) => document.time_usecs,
        }
    }

    /// The text that patterns see: the record as logged, without transport prefix and last line end.
    #[inline]
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        match &self.body {
            Body::Audit(audit) => audit.raw.bytes(),
            Body::Document(document) => document.json,
        }
    }

    /// The audit record, if it is one.
    #[inline]
    #[must_use]
    pub const fn audit(&self) -> Option<&Audit<'a>> {
        match &self.body {
            Body::Audit(audit) => Some(audit),
            Body::Document(_) => None,
        }
    }

    /// The same, to be parsed to.
    #[inline]
    #[must_use]
    pub const fn audit_mut(&mut self) -> Option<&mut Audit<'a>> {
        match &mut self.body {
            Body::Audit(audit) => Some(audit),
            Body::Document(_) => None,
        }
    }

    /// Reboot counter of an audit record.
    #[must_use]
    pub fn reboot(&self) -> Option<u32> {
        self.audit().and_then(|audit| audit.reboot)
    }

    /// Sequence number of an audit record.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.audit().map(|audit| audit.sequence)
    }

    /// The value of a field; `None` if the view does not have it. `actor.*` is not the record's to know:
    /// ask [`Actor::value`].
    ///
    /// Allocates nothing, except for member names of a document that are written with escapes. A field of
    /// a document is looked up by reading its JSON, one of `extra` by walking the text.
    #[must_use]
    pub fn value(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::Kind => Some(Value::Text(self.kind().as_str().as_bytes())),
            Field::Account => self.origin.account.map(Value::Text),
            Field::LogGroup => self.origin.log_group.map(Value::Text),
            Field::LogStream => self.origin.log_stream.map(Value::Text),
            Field::Cluster => self.origin.cluster.map(Value::Text),
            Field::Hsm => self.origin.hsm.map(Value::Text),
            Field::EventId => self.origin.event_id.map(Value::Text),
            Field::EventTimestamp => self
                .origin
                .event_timestamp_ms
                .map(|ms| u64::try_from(ms).map_or(Value::Signed(ms), Value::Number)),
            _ => match &self.body {
                Body::Audit(audit) => audit.value(field),
                Body::Document(document) => document.value(field),
            },
        }
    }

    /// Appends the canonical JSON view, one object on one line, without a line end.
    pub fn write_view(&self, out: &mut Vec<u8>) {
        view::write(self, None, out);
    }

    /// As [`Self::write_view`], with the actor that sessions were joined to.
    pub fn write_view_with(&self, actor: &Actor<'_>, out: &mut Vec<u8>) {
        view::write(self, Some(actor), out);
    }
}
