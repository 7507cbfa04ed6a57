//! The AWS CloudHSM audit record: parser, fields, vocabulary and JSON view.
//!
//! In: one *frame* (the bytes of one audit entry, as cut out by the crate `frame`) and its *origin*.
//! Out: a [`Record`] that borrows from the frame, or [`Malformed`], the reason why it is none. Rules ask
//! a record for single fields ([`Record::value`]), outputs print it ([`Record::write_view`]).
//!
//! Invariants: no input makes a function panic; parsing allocates nothing; every byte a user of the HSM
//! may have chosen (a user name and all behind it) is believed only as far as the grammar allows.

mod anomaly;
mod boundary;
mod field;
mod limits;
mod origin;
mod reason;
mod value;

pub mod escape;
pub mod time;

pub use anomaly::{Anomalies, Anomaly};
pub use boundary::{is_boundary, trim_end};
pub use field::{Field, UnknownField, Why};
pub use limits::Limits;
pub use origin::{Kind, Origin};
pub use reason::{Malformed, Reason};
pub use value::Value;
