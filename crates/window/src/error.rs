//! Errors: a rule that cannot be, and state that cannot be read. Both are `Copy` and small.

use std::fmt;

/// Why an operator cannot be built. Complete by nature: every check of the constructors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// `within`, the size, the distance or the gap is zero.
    ZeroWindow,
    /// A hopping window's distance is longer than its size: events in between would be lost.
    EveryExceedsSize,
    /// An event would belong to more hopping windows than the limit allows.
    TooManyPanes {
        /// How many windows contain an event.
        panes: u64,
        /// The limit.
        panes_max: u64,
    },
    /// A threshold of zero would hold without any event.
    ZeroThreshold,
    /// A count or distinct threshold above the number of events kept per key could never be reached.
    Unreachable {
        /// The threshold.
        reaches: u64,
        /// The limit.
        events_per_key_max: u64,
    },
    /// A rollup cannot have sliding windows.
    SlidingRollup,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroWindow => write!(f, "a window's length is zero"),
            Self::EveryExceedsSize => write!(f, "\"every\" is longer than \"size\""),
            Self::TooManyPanes { panes, panes_max } => {
                write!(f, "each event would belong to {panes} windows, the limit is {panes_max}")
            }
            Self::ZeroThreshold => write!(f, "a threshold of 0 holds always"),
            Self::Unreachable { reaches, events_per_key_max } => {
                write!(f, "threshold {reaches} is above the {events_per_key_max} events kept per key")
            }
            Self::SlidingRollup => write!(f, "a rollup needs tumbling, hopping or session windows"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// A snapshot entry that is not one of ours, is cut short, or is of a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreError {
    pub(crate) kind: RestoreErrorKind,
    pub(crate) position: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestoreErrorKind {
    Truncated,
    Malformed,
    Version(u8),
}

impl RestoreError {
    pub(crate) fn new(kind: RestoreErrorKind, position: usize) -> Self {
        Self { kind, position: u32::try_from(position).unwrap_or(u32::MAX) }
    }

    /// Whether the entry was written by a version of this program that is not known here.
    #[must_use]
    pub fn is_unknown_version(&self) -> bool {
        matches!(self.kind, RestoreErrorKind::Version(_))
    }

    /// Byte of the entry's value at which reading failed.
    #[must_use]
    pub fn position(&self) -> u32 {
        self.position
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RestoreErrorKind::Truncated => write!(f, "state entry ends early at byte {}", self.position),
            RestoreErrorKind::Malformed => write!(f, "state entry is malformed at byte {}", self.position),
            RestoreErrorKind::Version(version) => write!(f, "state entry has unknown version {version}"),
        }
    }
}

impl std::error::Error for RestoreError {}
