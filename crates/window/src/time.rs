//! Time, durations and the settings and window shapes made of them.
//!
//! All arithmetic saturates: a record may carry any 64-bit time, and neither the year 586,000 nor the
//! microsecond 0 may wrap around.

/// A point of event time: µs since the Unix epoch, UTC, as HSMs log it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(pub u64);

impl EventTime {
    /// The epoch; as a watermark it promises nothing.
    pub const ZERO: Self = Self(0);
    /// The end of time.
    pub const MAX: Self = Self(u64::MAX);

    /// This time and `span` later, at most [`EventTime::MAX`].
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This time and `span` earlier, at least the epoch.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A length of time in µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole seconds (saturating).
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A span of whole milliseconds (saturating).
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
}

/// An interned HSM stream of one task; [`Watermarks::name`](crate::Watermarks::name) gives its name.
///
/// Never reused within a task, also not across restarts, because kept contributions refer to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// The global time settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How far a stream's watermark stays behind its highest time.
    pub out_of_orderness: Span,
    /// How much later than the watermark a record may still come and count.
    pub allowed_lateness: Span,
    /// How far a record's time may be ahead of its transport's time and still move the watermark.
    pub max_skew: Span,
    /// After how much silence, by wall clock, a stream no longer holds the watermark back.
    pub idle_timeout: Span,
}

impl Default for Settings {
    /// The contract's defaults: 30 s, 10 m, 10 m, 1 m.
    fn default() -> Self {
        Self {
            out_of_orderness: Span::from_secs(30),
            allowed_lateness: Span::from_secs(600),
            max_skew: Span::from_secs(600),
            idle_timeout: Span::from_secs(60),
        }
    }
}

/// The shape of a rule's windows. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// Every window of this length that starts at an event; both ends inclusive. Thresholds only.
    Sliding {
        /// Length.
        within: Span,
    },
    /// `[n·size, (n+1)·size)` since the epoch.
    Tumbling {
        /// Length.
        size: Span,
    },
    /// `[n·every, n·every + size)` since the epoch, `every <= size`.
    Hopping {
        /// Length.
        size: Span,
        /// Distance of the starts.
        every: Span,
    },
    /// Events with steps of at most `gap`, from the first event to `gap` behind the last, inclusive.
    Session {
        /// The longest step that joins.
        gap: Span,
    },
}

impl WindowKind {
    /// The length that decides retention and the default of `suppress`: within, size or gap.
    #[must_use]
    pub const fn length(self) -> Span {
        match self {
            Self::Sliding { within } => within,
            Self::Tumbling { size } | Self::Hopping { size, .. } => size,
            Self::Session { gap } => gap,
        }
    }

    /// Size and distance of windows that are aligned to the epoch.
    pub(crate) const fn aligned(self) -> Option<Aligned> {
        match self {
            Self::Tumbling { size } => Some(Aligned { size: size.0, every: size.0 }),
            Self::Hopping { size, every } => Some(Aligned { size: size.0, every: every.0 }),
            Self::Sliding { .. } | Self::Session { .. } => None,
        }
    }
}

/// What a threshold counts, and how much of it is enough. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdWhat {
    /// At least this many events.
    Count(u64),
    /// At least this many distinct values.
    Distinct {
        /// How many.
        reaches: u64,
    },
    /// Numbers that add up to at least this.
    Sum {
        /// How much.
        reaches: u64,
    },
}

impl ThresholdWhat {
    /// The observed value from which on the condition holds.
    #[must_use]
    pub const fn reaches(self) -> u64 {
        match self {
            Self::Count(reaches) | Self::Distinct { reaches } | Self::Sum { reaches } => reaches,
        }
    }
}

/// Windows aligned to the epoch, in µs; `1 <= every <= size` holds by [`check_window`](crate::limits::check_window).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aligned {
    pub(crate) size: u64,
    pub(crate) every: u64,
}

impl Aligned {
    /// The starts of the windows that contain `time`, ascending. None starts before the epoch.
    pub(crate) fn starts(self, time: u64) -> impl Iterator<Item = u64> + Clone + use<> {
        let last = time - time % self.every;
        let first = match time.checked_sub(self.size) {
            None => 0,
            Some(before) => (before - before % self.every).saturating_add(self.every),
        };
        let count = if first <= last { (last - first) / self.every + 1 } else { 0 };
        let every = self.every;
        (0..count).map(move |n| first + n * every)
    }

    /// The last µs of the window that starts at `start`.
    pub(crate) fn last(self, start: u64) -> u64 {
        start.saturating_add(self.size - 1)
    }
}
