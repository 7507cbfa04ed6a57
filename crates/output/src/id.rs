//! Deterministic ids: what is published twice has the same id twice.
//!
//! An id is a prefix that tells its kind and the first 128 bits, in hex, of
//! `SHA-256(field(domain) field(x1) field(x2) …)` with `field(x) = length of x (u64, little endian) x`;
//! numbers are fields of 8 little-endian bytes. No two lists of fields give the same bytes, and the domain
//! keeps kinds apart even where their fields agree.
//!
//! | prefix | domain | fields |
//! |---|---|---|
//! | `hsa-` | `hsmstream alert 1` | rule id, rule content hash, group, first record, last record, fire time |
//! | `hsr-` | `hsmstream rollup 1` | rule id, group, window kind and lengths, window start; of a reopened row the watermark at which |
//! | `hsx-` | `hsmstream reject 1` | topic, partition, offset, message offset, index in message |
//! | `hso-` | `hsmstream operational 1` | kind, rule, topic, partition, offset, index in message |
//!
//! A group is the number of its fields, then each one's name, a byte for its type, and its value's bytes as
//! logged (never their U+FFFD form). A record is its stream, reboot counter and sequence number; not its time.
//! Changing any of this changes every id: it is a new major version of the schemas.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{GroupField, GroupValue, OperationalKind, Position, RuleInfo, Timestamp, Window};

const PREFIX_BYTES: usize = 4;
const ID_BYTES: usize = PREFIX_BYTES + 32;

/// The id of something published: `hsa-`, `hsr-`, `hsx-` or `hso-` and 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; ID_BYTES]);

impl Id {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Id({})", self.as_str())
    }
}

/// What tells one record from all others. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordIdentity<'a> {
    /// An audit record. It keeps its identity when it is delivered again, from wherever.
    Sequenced {
        /// Name of the HSM's stream.
        stream: &'a [u8],
        /// Reboot counter; 0 if not printed.
        reboot: u32,
        /// Sequence number.
        sequence: u64,
    },
    /// A document with an id of its own, such as CloudTrail's `eventID`.
    Named {
        /// Name of the log stream or source.
        stream: &'a [u8],
        /// The document's id.
        name: &'a [u8],
    },
    /// A document without one: where it was read.
    Positioned(Position<'a>),
}

/// The id of an alert and of its closing update.
///
/// The fire time is part of it because first and last alone do not tell two firings apart when a rule
/// without silence fires again for an event that arrived late between them.
#[must_use]
pub fn alert_id(
    rule: &RuleInfo,
    group: &[GroupField<'_>],
    first: &RecordIdentity<'_>,
    last: &RecordIdentity<'_>,
    fire_time: Timestamp,
) -> Id {
    let mut fields = Fields::new("hsmstream alert 1");
    fields.bytes(rule.id.as_bytes());
    fields.bytes(&rule.content_hash);
    fields.group(group);
    fields.record(first);
    fields.record(last);
    fields.number(fire_time.micros());
    fields.id(*b"hsa-")
}

/// The id of a rollup's row, the same for all its revisions. The rule's content is no part of it; of a
/// session, `start` is that of the earliest session merged into it. A row for a window that had been final
/// and forgotten has `reopened_at`, the watermark at that moment, so that it never replaces the first row.
#[must_use]
pub fn rollup_id(
    rule_id: &str,
    group: &[GroupField<'_>],
    window: Window,
    start: Timestamp,
    reopened_at: Option<Timestamp>,
) -> Id {
    let mut fields = Fields::new("hsmstream rollup 1");
    fields.bytes(rule_id.as_bytes());
    fields.group(group);
    let (kind, length, every) = match window {
        Window::Tumbling { size_usecs } => (0, size_usecs, 0),
        Window::Hopping { size_usecs, every_usecs } => (1, size_usecs, every_usecs),
        Window::Session { gap_usecs } => (2, gap_usecs, 0),
    };
    fields.number(kind);
    fields.number(length);
    fields.number(every);
    fields.number(start.micros());
    if let Some(reopened_at) = reopened_at {
        fields.number(reopened_at.micros());
    }
    fields.id(*b"hsr-")
}

/// The id of a reject. The index is a field because parts of a message that were inflated on their own each
/// count their bytes from 0.
#[must_use]
pub fn reject_id(position: &Position<'_>, message_offset: u64) -> Id {
    let mut fields = Fields::new("hsmstream reject 1");
    fields.position(position);
    fields.number(message_offset);
    fields.id(*b"hsx-")
}

/// The id of an operational alert.
#[must_use]
pub fn operational_id(kind: OperationalKind, rule: Option<&str>, position: Option<&Position<'_>>) -> Id {
    let mut fields = Fields::new("hsmstream operational 1");
    fields.bytes(kind.as_str().as_bytes());
    fields.number(rule.is_some().into());
    fields.bytes(rule.unwrap_or_default().as_bytes());
    fields.number(position.is_some().into());
    if let Some(position) = position {
        fields.position(position);
    }
    fields.id(*b"hso-")
}

/// Length-prefixed fields on their way into the hash.
struct Fields(Sha256);

impl Fields {
    fn new(domain: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.bytes(domain.as_bytes());
        fields
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_le_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn group(&mut self, group: &[GroupField<'_>]) {
        self.number(u64::try_from(group.len()).unwrap_or(u64::MAX));
        for field in group {
            self.bytes(field.name.as_bytes());
            match field.value {
                GroupValue::Missing => self.typed(b"-", &[]),
                GroupValue::Number(number) => self.typed(b"n", &number.to_le_bytes()),
                GroupValue::Text(text) => self.typed(b"t", text),
                GroupValue::Lexeme(text) => self.typed(b"l", text),
            }
        }
    }

    fn typed(&mut self, kind: &[u8; 1], value: &[u8]) {
        self.bytes(kind);
        self.bytes(value);
    }

    fn record(&mut self, record: &RecordIdentity<'_>) {
        match record {
            RecordIdentity::Sequenced { stream, reboot, sequence } => {
                self.typed(b"s", stream);
                self.number(u64::from(*reboot));
                self.number(*sequence);
            }
            RecordIdentity::Named { stream, name } => {
                self.typed(b"n", stream);
                self.bytes(name);
            }
            RecordIdentity::Positioned(position) => {
                self.bytes(b"p");
                self.position(position);
            }
        }
    }

    fn position(&mut self, position: &Position<'_>) {
        self.bytes(position.topic.as_bytes());
        self.bytes(&i64::from(position.partition).to_le_bytes());
        self.bytes(&position.offset.to_le_bytes());
        self.number(u64::from(position.index));
    }

    fn id(self, prefix: [u8; PREFIX_BYTES]) -> Id {
        let mut text = [0; ID_BYTES];
        let hash = self.0.finalize();
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(hex_digit);
        for (place, byte) in text.iter_mut().zip(prefix.into_iter().chain(digits)) {
            *place = byte;
        }
        Id(text)
    }
}

/// The lower-case hex digit of a number below 16.
pub(crate) fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) }
}
