//! What hsmstream publishes, and its wire forms.
//!
//! In: plain borrowed values that the engine fills ([`Alert`], [`Closing`], [`Rollup`], [`Reject`],
//! [`Operational`]). Out: a Kafka message — value by [`Encoder`], headers by [`cloudevents`], key and
//! [`Channel`] by [`Output`] — and the JSON Schemas that describe it ([`schema`]).
//!
//! Invariants:
//! * The same value gives the same bytes, whenever and wherever it is encoded: no clock, no random id.
//!   [`Id`]s are hashes of what they name, so a retry repeats the id and a consumer can drop it.
//! * Every byte string may be hostile. What is not UTF-8 is shown as U+FFFD; nothing is cut or dropped
//!   without a mark in the document and a [`Cut`] in the answer.
//! * A value never exceeds its [`SizeCap`].
//! * What is emitted validates against the embedded schema of its form (`tests/suite/schemas.rs`).
//!
//! ```
//! use hsmstream_output::{AlertFormat, Cut, Encoder, Position, Reject, reject_id};
//! use hsmstream_record::{Origin, Reason};
//!
//! let position = Position { topic: "hsm.audit", partition: 3, offset: 1042, index: 0 };
//! let reject = Reject {
//!     id: reject_id(&position, 0),
//!     reason: Reason::NotARecord,
//!     offset: 0,
//!     message_offset: 0,
//!     raw: b"hello",
//!     length: 5,
//!     origin: Origin::default(),
//!     position,
//!     first_seen: None,
//! };
//! let mut value = Vec::new();
//! let cut = Encoder::new(AlertFormat::Flat).reject(&reject, &mut value);
//! assert_eq!(cut, Cut::Nothing);
//! assert!(value.starts_with(br#"{"type":"reject","id":"hsx-"#));
//! ```
//!
//! Sources: OCSF 1.8.0 and 1.1.0 schema files (class 2004), CloudEvents 1.0.2 with its Kafka binding,
//! JSON Schema draft-07.

pub mod cloudevents;
pub mod schema;

mod alert;
mod encode;
mod evidence;
mod flat;
mod id;
mod key;
mod ocsf;
mod operational;
mod output;
mod reject;
mod rollup;
mod rule;
mod time;
mod wire;

pub use alert::{Actor, Alert, Attribution, Closing, Flags};
pub use encode::{AlertFormat, Encoder, OcsfVersion, SizeCap};
pub use evidence::{Evidence, GroupField, GroupValue, Position, Raw};
pub use id::{Id, RecordIdentity, alert_id, operational_id, reject_id, rollup_id};
pub use key::{KEY_BYTES_MAX, group_text, reject_key, rule_key};
pub use operational::{Operational, OperationalKind};
pub use output::{Channel, Output};
pub use reject::{REJECT_RAW_BYTES_MAX, Reject};
pub use rollup::{Measure, MeasureValue, Rollup, Window};
pub use rule::{OperatorKind, RuleInfo, Severity, Stage};
pub use time::Timestamp;
pub use wire::Cut;
