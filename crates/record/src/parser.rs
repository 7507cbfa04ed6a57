//! The parser: the fast one where it answers, the careful one elsewhere.

use crate::audit::Audit;
use crate::careful;
use crate::fast::Plain;
use crate::limits::Limits;
use crate::reason::Malformed;
use crate::scan::{self, Scanner, Task};

/// Parses a frame.
///
/// Allocates nothing. One pass over a frame of a usual layout, one more over any other.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of
/// [`Reason::ALL`](crate::Reason::ALL).
#[inline]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    scan::dispatch(Parse(Plain { frame, limits }))
}

struct Parse<'a, 'l>(Plain<'a, 'l>);

impl<'a> Task for Parse<'a, '_> {
    type Output = Result<Audit<'a>, Malformed>;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        match self.0.run(scanner) {
            Some(audit) => Ok(audit),
            None => careful::parse(self.0.frame, self.0.limits),
        }
    }
}
