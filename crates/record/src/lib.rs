//! The AWS CloudHSM audit record: parser, fields, vocabulary and JSON view.
//!
//! In: one *frame* (the bytes of one audit entry, as cut out by the crate `frame`) and its *origin*.
//! Out: a [`Record`] that borrows from the frame, or [`Malformed`], the reason why it is none. Rules ask
//! a record for single fields ([`Record::value`]), outputs print it ([`Record::write_view`]).
//!
//! Invariants: no input makes a function panic; parsing allocates nothing; every byte a user of the HSM
//! may have chosen (a user name and all behind it) is believed only as far as the grammar allows.
//!
//! ```
//! use hsmstream_record::{parse, Limits};
//!
//! let frame = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\n\
//!     Sequence No : 0x5\n\
//!     Opcode : CN_LOGIN (0xd)\n\
//!     Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\n\
//!     User Name : testuser";
//! let audit = parse(frame, &Limits::default()).expect("a complete record");
//! assert_eq!(audit.opcode, Some(&b"CN_LOGIN"[..]));
//! assert_eq!(audit.user.name, Some(&b"testuser"[..]));
//! ```
//!
//! # What to call
//! * [`parse`]: a frame's text to an [`Audit`], all fields.
//! * [`parse_brief`]: its front only (time, sequence, reboot, opcode, response), the rest when asked. Three quarters of the cost.
//! * [`parse_escaped`]: a log event's message where it lies in its JSON envelope, still escaped.
//! * [`parse_into`], [`parse_fast_into`] and [`parse_escaped_into`] write the record to where it is to stay. The others return
//!   it, which costs a copy of 600 bytes: a tenth of the time.
//! * [`run_batch`]: many messages, with one choice of vector instructions.
//!
//! # What is borrowed
//! All texts of a record lie in the bytes that were parsed, which have to outlive it. Of a record parsed while escaped
//! only the whole text ([`Raw`]) is made, when first asked for, in a [`TextBuffer`] that the caller keeps. A record is
//! 600 bytes and `Copy`.
//!
//! # Cost
//! One pass, 64 bytes at a time, finds the line ends: AVX-512 or AVX2 where the processor has it, NEON on 64-bit ARM, else
//! ordinary arithmetic ([`Vectors::in_use`]). The lines of a usual layout are then read at known places, and names of the
//! [`vocabulary`] recognised at once; others cost a little more. Whatever is odd (another
//! order, unknown labels, forged lines, damage) is read by a parser for odd records, from the same line ends, at about twice
//! the cost. What is right is defined by the careful parser ([`parse_carefully`]), which both are tested against. Nothing is
//! allocated, however odd the bytes are. Figures, and how to repeat them: `benches/README.md` in the repository.
//!
//! # Limits
//! Bytes and lines of a frame: [`Limits`]. The fast parser takes records of at most 19 line ends; only speed depends on it.
//!
//! # Sources
//! The AWS CloudHSM user guide, "Interpreting HSM audit logs", for the first layout; the log pattern of SIEM on Amazon
//! OpenSearch Service for the second; published records for the spacing. What neither says is decided where it is read.

mod actor;
mod anomaly;
mod audit;
mod batch;
mod boundary;
mod brief;
mod careful;
mod document;
mod extra;
mod fast;
mod field;
mod hint;
mod known;
mod label;
mod limits;
mod lines;
mod odd;
mod origin;
mod parser;
mod pieces;
mod print;
mod raw;
mod reading;
mod reason;
mod record;
mod scan;
mod swar;
mod value;
mod view;
mod walk;

pub mod escape;
pub mod time;
pub mod vocabulary;

pub use actor::{Actor, How};
pub use anomaly::{Anomalies, Anomaly};
pub use audit::{Audit, Details, Keys, Outcome, Response, Session, User};
pub use batch::{Batch, Parser, run_batch};
pub use boundary::{is_boundary, trim_end};
pub use brief::{Brief, parse_brief};
pub use careful::parse as parse_carefully;
pub use document::Document;
pub use extra::Extra;
pub use fast::{
    parse as parse_fast, parse_escaped, parse_escaped_into, parse_escaped_with,
    parse_into as parse_fast_into, parse_with as parse_fast_with,
};
pub use field::{Field, UnknownField, Why};
pub use limits::Limits;
pub use odd::parse as parse_odd;
pub use origin::{Kind, Origin};
pub use parser::{parse, parse_into};
pub use print::Print;
pub use raw::{Raw, TextBuffer};
pub use reason::{Malformed, Reason};
pub use record::{Body, Record};
pub use scan::Vectors;
pub use value::Value;
