//! A closed window's aggregate.

use crate::alert::push_group;
use crate::{GroupField, Id, RuleInfo, Timestamp};

/// One revision of a window's row.
#[derive(Clone, Copy, Debug)]
pub struct Rollup<'a> {
    /// See [`rollup_id`](crate::rollup_id); the same for all revisions.
    pub id: Id,
    /// The rule.
    pub rule: &'a RuleInfo,
    /// The group key.
    pub group: &'a [GroupField<'a>],
    /// Start of the window, inclusive; of a session its first event.
    pub window_start: Timestamp,
    /// End of the window, exclusive; of a session its last event + gap, inclusive.
    pub window_end: Timestamp,
    /// The measures in the order of the rule.
    pub measures: &'a [Measure<'a>],
    /// Whether the watermark had passed the window's end.
    pub complete: bool,
    /// Counts the publications of this id, from 0.
    pub revision: u32,
    /// The window merged into another session: forget this row.
    pub retracted: bool,
    /// The window had been final and forgotten: this row of its own holds only what came after.
    pub reopened: bool,
    /// A limit was reached, so the measures are lower bounds.
    pub capped: bool,
}

/// One measure of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure<'a> {
    /// Name by the rule.
    pub name: &'a str,
    /// Value in this window.
    pub value: MeasureValue,
}

/// The value of a measure. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureValue {
    /// Count, distinct count, sum, minimum or maximum.
    Number(u64),
    /// Minimum or maximum of nothing. The measure is then left out of the document.
    Absent,
}

/// What kind of window a rollup rule has; lengths in microseconds. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Aligned to the epoch, one after the other.
    Tumbling {
        /// Length.
        size_usecs: u64,
    },
    /// Aligned to the epoch, overlapping.
    Hopping {
        /// Length.
        size_usecs: u64,
        /// Distance of starts.
        every_usecs: u64,
    },
    /// Bounded by silence.
    Session {
        /// Longest silence within.
        gap_usecs: u64,
    },
}

impl Rollup<'_> {
    /// Tells the row in one line, at most 1 KiB, with hostile text as in [`Alert::summary`](crate::Alert::summary).
    #[must_use]
    pub fn summary(&self) -> String {
        let mut line = format!("{} {} to {}:", self.rule.id, self.window_start, self.window_end);
        for measure in self.measures {
            if let MeasureValue::Number(number) = measure.value {
                line.push_str(&format!(" {}={number}", measure.name));
            }
        }
        push_group(&mut line, self.group);
        line
    }
}
