//! The parser: the fast one where it answers, the one for odd records elsewhere.

use crate::audit::Audit;
use crate::boundary::trim_end;
use crate::fast;
use crate::limits::Limits;
use crate::odd;
use crate::reason::Malformed;
use crate::scan::{self, Index, Scanner, Task};
use crate::vacant::Vacant;

/// Parses a frame.
///
/// Allocates nothing. One pass over a frame of a usual layout, one more over any other.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of
/// [`Reason::ALL`](crate::Reason::ALL).
#[inline]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    Audit::filled(|vacant| parse_into(frame, limits, vacant).map(drop))
}

/// Parses a frame to a place where the record may stay, and gives it there.
///
/// # Errors
/// As of [`parse`].
#[inline]
pub fn parse_into<'r, 'a>(
    frame: &'a [u8],
    limits: &Limits,
    vacant: Vacant<'r, 'a>,
) -> Result<&'r mut Audit<'a>, Malformed> {
    let Vacant(audit) = vacant;
    scan::dispatch(Whole { frame, limits, audit: &mut *audit })?;
    Ok(audit)
}

/// A frame to be parsed by whoever can.
struct Whole<'a, 'l, 'r> {
    frame: &'a [u8],
    limits: &'l Limits,
    audit: &'r mut Audit<'a>,
}

impl Task for Whole<'_, '_, '_> {
    type Output = Result<(), Malformed>;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let Self { frame, limits, audit } = self;
        let text = trim_end(frame);
        let mut index = Index::EMPTY;
        let mut ends = None;
        if fast::fits(text, limits) && index.add_lines(scanner, text).is_some() {
            if fast::read_plain(scanner, text, &mut index, audit).is_some() {
                return Ok(());
            }
            ends = Some(&mut index);
        }
        *audit = odd::parse_with(frame, limits, ends)?;
        Ok(())
    }
}
