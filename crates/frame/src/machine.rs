//! How a machine ends a step: with progress, or for good.

use crate::text::{Step, Window};
use hsmstream_json::{Error, ErrorKind};
use hsmstream_record::Reason;

/// From `at` on nothing of the text can be used: it becomes one reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) reason: Reason,
    pub(crate) at: usize,
}

/// What a step of a machine came to.
pub(crate) type Outcome = Result<Step, Halt>;

/// A unit could not be read: more bytes may help, or nothing will. Then it is rejected from `start` on, with
/// all that follows. A unit that waits is read again from the window's start: a comma before it counts.
pub(crate) fn unread(window: Window<'_>, start: usize, error: Error) -> Outcome {
    if window.more() && error.kind == ErrorKind::Eof {
        return Ok(Step::Wait(0));
    }
    Err(Halt { reason: reason_of(error), at: start })
}

/// The reject reason of a JSON error.
pub(crate) const fn reason_of(error: Error) -> Reason {
    match error.kind {
        ErrorKind::TooDeep => Reason::NestedTooDeep,
        ErrorKind::Syntax | ErrorKind::Eof => Reason::BrokenJson,
    }
}
