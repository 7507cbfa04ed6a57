//! How many rejects there were, for who prints no more of them.

use core::fmt;
use core::ops::AddAssign;

use hsmstream_frame::Reject;
use indicatif::DecimalBytes;

use crate::terminal::counted;

/// Rejects, and the bytes in them: one that breaks a file in its middle may be most of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    rejects: u64,
    bytes: u64,
}

impl Rejected {
    /// Counts one more.
    pub(crate) const fn add(&mut self, reject: &Reject<'_>) {
        self.rejects = self.rejects.saturating_add(1);
        self.bytes = self.bytes.saturating_add(reject.length);
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.rejects == 0
    }
}

impl AddAssign for Rejected {
    fn add_assign(&mut self, other: Self) {
        self.rejects = self.rejects.saturating_add(other.rejects);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// `3 rejects (2.50 MB)`.
impl fmt::Display for Rejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", counted(self.rejects, "reject"), DecimalBytes(self.bytes))
    }
}
