//! The parser: the fast one where it answers, the careful one elsewhere.

use crate::audit::Audit;
use crate::limits::Limits;
use crate::reason::Malformed;
use crate::{careful, fast};

/// Parses a frame.
///
/// Allocates nothing. One pass over a frame of a usual layout, one more over any other.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of
/// [`Reason::ALL`](crate::Reason::ALL).
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    match fast::parse(frame, limits) {
        Some(audit) => Ok(audit),
        None => careful::parse(frame, limits),
    }
}
