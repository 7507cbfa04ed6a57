//! All operators behind one set of methods.

use crate::changes::Changes;
use crate::error::RestoreError;
use crate::event::Event;
use crate::limits::Counters;
use crate::output::Output;
use crate::plain::Plain;
use crate::rollup::Rollup;
use crate::threshold::Threshold;
use crate::time::EventTime;

/// The operator of one rule in one task. Matched exhaustively by whoever builds one: complete by nature of
/// this version.
#[derive(Debug)]
pub enum Operator {
    /// Every match alerts.
    Plain(Plain),
    /// Enough of something in a window.
    Threshold(Threshold),
    /// Measures per window.
    Rollup(Rollup),
}

macro_rules! each {
    ($self:expr, $operator:ident => $body:expr) => {
        match $self {
            Self::Plain($operator) => $body,
            Self::Threshold($operator) => $body,
            Self::Rollup($operator) => $body,
        }
    };
}

impl Operator {
    /// Takes an event in at `watermark`, the task's after the event was observed. Due timers run first.
    pub fn apply(&mut self, event: &Event<'_>, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        each!(self, operator => operator.apply(event, watermark, out));
    }

    /// Runs the timers that are due at `watermark`; cheap if none is.
    pub fn advance(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        each!(self, operator => operator.advance(watermark, out));
    }

    /// Publishes what the wall clock makes due while all input is idle, see
    /// [`Watermarks::idle_horizon`](crate::Watermarks::idle_horizon).
    pub fn advance_idle(&mut self, horizon: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        each!(self, operator => operator.advance_idle(horizon, out));
    }

    /// Publishes revisions of rows that changed after their windows had closed; to be called right before
    /// each commit, and before [`Operator::drain_dirty`].
    pub fn flush_revisions(&mut self, out: &mut dyn FnMut(Output<'_>)) {
        if let Self::Rollup(rollup) = self {
            rollup.flush_revisions(out);
        }
    }

    /// End of finite input at `watermark`, the largest unskewed time: publishes what is open, closes
    /// silences, forgets everything.
    pub fn finish(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        each!(self, operator => operator.finish(watermark, out));
    }

    /// The earliest watermark at which [`Operator::advance`] may have something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<EventTime> {
        each!(self, operator => operator.next_deadline())
    }

    /// Gives the changelog entries of what changed since the last call; `None` = delete the entry.
    pub fn drain_dirty(&mut self, f: &mut Changes<'_>) {
        each!(self, operator => operator.drain_dirty(f));
    }

    /// Gives all entries, for a full snapshot or for an operator with changed settings.
    pub fn export(&self, f: &mut Changes<'_>) {
        each!(self, operator => operator.export(f));
    }

    /// Takes one entry of the changelog, in its order; a later one of the same key replaces the earlier.
    ///
    /// # Errors
    /// The entry is none of this operator's, damaged or of a newer version; the state of its key is then
    /// missing and the others are intact.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), RestoreError> {
        each!(self, operator => operator.restore(key, value))
    }

    /// Must follow the last [`Operator::restore`].
    ///
    /// # Errors
    /// A state of several entries lacks one, or is damaged.
    pub fn finish_restore(&mut self) -> Result<(), RestoreError> {
        each!(self, operator => operator.finish_restore())
    }

    /// Evicts keys, those with the nearest deadline first, until at most so many keys and bytes remain.
    /// What an evicted key has not told yet is published.
    pub fn shrink(&mut self, keys_max: usize, bytes_max: usize, out: &mut dyn FnMut(Output<'_>)) {
        each!(self, operator => operator.shrink(keys_max, bytes_max, out));
    }

    /// Live keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        each!(self, operator => operator.keys())
    }

    /// Estimated bytes of all live keys; a function of what they hold.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        each!(self, operator => operator.state_bytes())
    }

    /// What was counted since the operator was made.
    #[must_use]
    pub fn counters(&self) -> Counters {
        each!(self, operator => operator.counters())
    }
}

/// Brings a set of operators down to `bytes_max` bytes in all, by shrinking the largest (of equals the
/// first) to the size of the next, and so on. `out` gets the operator's index.
pub fn enforce_bytes_max(
    operators: &mut [Operator],
    bytes_max: usize,
    out: &mut dyn FnMut(usize, Output<'_>),
) {
    loop {
        let sizes: Vec<usize> = operators.iter().map(Operator::state_bytes).collect();
        let excess = sizes.iter().sum::<usize>().saturating_sub(bytes_max);
        let largest = sizes.iter().copied().max().unwrap_or(0);
        if excess == 0 || largest == 0 {
            return;
        }
        let next = sizes.iter().copied().filter(|&size| size < largest).max().unwrap_or(0);
        let target = next.min(largest - 1).max(largest.saturating_sub(excess));
        let Some(index) = sizes.iter().position(|&size| size == largest) else { return };
        if let Some(operator) = operators.get_mut(index) {
            operator.shrink(usize::MAX, target, &mut |output| out(index, output));
            if operator.state_bytes() >= largest {
                return;
            }
        }
    }
}
