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
//! Borrowed: an item, and the record parsed from it, borrow from the message, from the configured origin and from
//! the framer's buffers, all until the sink returns. What is to stay has to be copied.
//!
//! Cost, beside the parser's 50 ns for a record of 310 bytes (one core of an AMD EPYC, 2026-11, release profile;
//! `hsmstream bench --stage transport` has the ratios): a message that is one record, 12 ns; an event of an envelope, 15 ns,
//! parsed while still escaped; an event that is a message by itself, 530; gzip, what inflating takes and 10 ns more; Kinesis
//! and Firehose, what base64 and inflating take, here some 700 in all; a record of a raw file 40 ns, of an export 170, of
//! output of the command line 280 as text and 340 as JSON. Odd forms (white space inside events, other escapes than line
//! ends, odd records) are read a second time, carefully. Memory: a message inflated; of a file, one event, and what was
//! inflated of a member whose checksum is not known yet, at most `inflated_bytes_max`.
//!
//! Limits: [`hsmstream_record::Limits`]; a reject's raw bytes: [`RAW_BYTES_MAX`]; compressions inside each other: 8;
//! wrappers inside each other: 2. UTF-8 is not checked: bytes are data, and who prints them shows what they are.
//!
//! Sources: the AWS documentation of CloudWatch Logs subscriptions, export tasks and `filter-log-events`, of Lambda,
//! Kinesis and Firehose events, of CloudTrail files and metric streams; RFC 1952, RFC 4648, RFC 8259; published
//! samples, as named beside each form.
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
mod held;
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
