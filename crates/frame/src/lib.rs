//! Transports of audit records: cuts messages into frames and says where each came from.
//!
//! In: a *message*, the bytes of a Kafka record, or a file in pieces of any size. Out, in input order:
//! [`Frame`]s (the bytes of one audit entry or document with its origin) and [`Reject`]s (bytes that are
//! none, with the reason). Next stage: `record`, which [`Framer::records`] calls.
//!
//! ```text
//!  message ──► peel ──► split ──► frames, rejects
//!             base64     text or JSON machine, one for all formats
//!             gzip       └─ data in a wrapper ──► peel ──► split
//! ```
//!
//! [`Framer`] takes a whole message, [`StreamFramer`] a file piece by piece; both drive the same machines, and
//! give the same items however the bytes are cut.
//!
//! Invariants: every byte of a message belongs to exactly one frame, reject or separator; no input makes a
//! function panic; buffers are reused, so nothing is allocated per frame.
//!
//! Limits: [`hsmstream_record::Limits`]; a reject's raw bytes: [`RAW_BYTES_MAX`].
//!
//! ```
//! use hsmstream_frame::{Format, Framer};
//! use hsmstream_record::{Limits, Origin};
//!
//! let message = br#"{"logGroup":"/aws/cloudhsm/cluster-likphkxygsn","logStream":"hsm-nwbbiqbj4jk",
//!     "logEvents":[{"id":"1","timestamp":1516815865013,"message":
//!     "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nOpcode : CN_LOGIN (0xd)\n"}]}"#;
//! let mut framer = Framer::new(Format::Auto, Limits::default());
//! let counts = framer.records(message, &Origin::default(), &mut |record| {
//!     let record = record.expect("a complete record");
//!     assert_eq!(record.sequence(), Some(5));
//!     assert_eq!(record.origin.hsm, Some(&b"hsm-nwbbiqbj4jk"[..]));
//! });
//! assert_eq!(counts.frames, 1);
//! ```

mod base64;
mod classify;
mod document;
mod event;
mod format;
mod framer;
mod gzip;
mod head;
mod item;
mod lines;
mod machine;
mod origin;
mod out;
mod peel;
mod prefix;
mod quick;
mod sink;
mod splitter;
mod stream;
mod text;
mod values;
mod wrapped;

pub use format::{Format, UnknownFormat};
pub use framer::Framer;
pub use item::{Counts, Frame, Item, RAW_BYTES_MAX, Reject};
pub use lines::{is_text, last_beginning};
pub use stream::StreamFramer;
