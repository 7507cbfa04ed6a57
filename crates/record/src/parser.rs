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
    parse_into(frame, limits, core::convert::identity)
}

/// Parses a frame, and makes something of the record where it is written: a record is large, and who puts it into
/// something larger behind [`parse`] has it copied, and waits for the copy.
///
/// # Errors
/// As of [`parse`]; `make` was not called.
#[inline]
pub fn parse_into<'a, R>(
    frame: &'a [u8],
    limits: &Limits,
    make: impl FnOnce(Audit<'a>) -> R,
) -> Result<R, Malformed> {
    scan::dispatch(Plain { frame, limits, or_else: OrOdd { frame, limits, make } })
}

/// Another parser reads what is odd.
#[derive(Debug, Clone, Copy)]
struct OrOdd<'a, 'l, F> {
    frame: &'a [u8],
    limits: &'l Limits,
    make: F,
}

impl<'a, R, F: FnOnce(Audit<'a>) -> R> Sink<'a> for OrOdd<'a, '_, F> {
    type Output = Result<R, Malformed>;

    #[inline(always)]
    fn read(self, audit: Audit<'a>) -> Self::Output {
        Ok((self.make)(audit))
    }

    #[inline(always)]
    fn odd(self, index: Option<&mut Index>) -> Self::Output {
        odd::parse_with(self.frame, self.limits, index).map(self.make)
    }
}
