//! The parser: the fast one where it answers, the one for odd records elsewhere.

use crate::audit::Audit;
use crate::fast::{Plain, Sink};
use crate::limits::Limits;
use crate::odd;
use crate::reason::Malformed;
use crate::scan::{self, Index};

/// Parses a frame.
///
/// Allocates nothing. One pass over a frame of a usual layout, one more over any other.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of
/// [`Reason::ALL`](crate::Reason::ALL).
#[inline]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    scan::dispatch(Plain { frame, limits, or_else: OrOdd { frame, limits } })
}

/// Another parser reads what is odd.
#[derive(Debug, Clone, Copy)]
struct OrOdd<'a, 'l> {
    frame: &'a [u8],
    limits: &'l Limits,
}

impl<'a> Sink<'a> for OrOdd<'a, '_> {
    type Output = Result<Audit<'a>, Malformed>;

    #[inline(always)]
    fn read(self, audit: Audit<'a>) -> Self::Output {
        Ok(audit)
    }

    #[inline(always)]
    fn odd(self, index: Option<&mut Index>) -> Self::Output {
        odd::parse_with(self.frame, self.limits, index)
    }
}
