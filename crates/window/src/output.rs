//! What comes out of an operator, borrowed for the length of one call of the sink.

use crate::event::Contribution;
use crate::time::EventTime;

/// One output. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// A condition held: an alert.
    Firing(Firing<'a>),
    /// An alert's silence is over and hid something: an update of that alert.
    Closing(Closing<'a>),
    /// A rollup's row.
    Row(Row<'a>),
}

/// A rule fired for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing<'a> {
    /// Encoded group key.
    pub key: &'a [u8],
    /// Time of the event that fired.
    pub fire_time: EventTime,
    /// Observed value: events, distinct values or sum of the fullest window that contains the event.
    pub observed: u64,
    /// The value from which on the rule fires.
    pub threshold: u64,
    /// First record of the reported window.
    pub first: Contribution,
    /// Last record of the reported window.
    pub last: Contribution,
    /// Would-be firings inside the silence of the key's previous alert.
    pub suppressed_before: u64,
    /// The first records of the window and the last one, at most [`Limits::evidence_max`](crate::Limits).
    pub evidence: &'a [Contribution],
    /// How many records the window holds.
    pub evidence_total: u64,
    /// Older records of the window were dropped by a limit, so `observed` is a lower bound.
    pub capped: bool,
}

/// The closing update of an alert; its identity is the alert's: key, first and last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing<'a> {
    /// Encoded group key.
    pub key: &'a [u8],
    /// Fire time of the alert.
    pub fire_time: EventTime,
    /// First record of the alert's window.
    pub first: Contribution,
    /// Last record of the alert's window.
    pub last: Contribution,
    /// Would-be firings inside the silence, all of them, also if an earlier update told of some.
    pub suppressed: u64,
}

/// A row of a rollup. Its identity is (key, start, reopened_at); a later revision replaces an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Encoded group key.
    pub key: &'a [u8],
    /// Start of the window; of a session, its first event.
    pub start: EventTime,
    /// End of the window, exclusive; of a session, its last event + gap, inclusive.
    pub end: EventTime,
    /// One value per measure: counts and sums are always there, `min` and `max` of nothing are `None`.
    pub measures: &'a [Option<u64>],
    /// The window's end was passed, by the watermark or, with all input idle, by the wall clock.
    pub complete: bool,
    /// 0 for the first publication of this identity, then counted up.
    pub revision: u32,
    /// The window was merged into an earlier session: this row is void.
    pub retracted: bool,
    /// The window had been final and forgotten, then a record of a stream that lags behind the task came:
    /// this row counts only what came since. It is a row of its own and never replaces the earlier one.
    pub reopened: bool,
    /// The watermark at which the window was reopened: it tells reopened rows of one window apart.
    pub reopened_at: Option<EventTime>,
    /// A limit on distinct values was reached, so these counts are lower bounds; or the row was evicted.
    pub capped: bool,
}
