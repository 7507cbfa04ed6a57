//! The parser: the fast one where it answers, the one for odd records elsewhere.

use crate::audit::Audit;
use crate::boundary::trim_end;
use crate::fast;
use crate::limits::Limits;
use crate::odd;
use crate::reason::Malformed;
use crate::scan::{self, Index, Scanner, Task};

/// Parses a frame.
///
/// Allocates nothing. One pass over a frame of a usual layout, one more over any other.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of
/// [`Reason::ALL`](crate::Reason::ALL).
#[inline]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    let mut audit = Audit::default();
    parse_into(frame, limits, &mut audit).map(|()| audit)
}

/// Parses a frame to where the record is to stay. What `audit` held is gone; on an error it holds anything.
///
/// # Errors
/// As of [`parse`].
#[inline]
pub fn parse_into<'a>(frame: &'a [u8], limits: &Limits, audit: &mut Audit<'a>) -> Result<(), Malformed> {
    scan::dispatch(Whole { frame, limits, audit })
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
