//! The fullest of several windows of a history: two cursors whose places only grow, so that all windows
//! together cost as much as the events they span.

use crate::codec::len_u64;
use crate::history::{Found, History, Shape, clamp};
use crate::time::ThresholdWhat;

/// Two cursors over windows whose begins and ends only grow.
pub(crate) struct Scan {
    low: usize,
    high: usize,
    sum: u128,
    best: Option<Found>,
}

impl Scan {
    pub(crate) fn new(first: usize) -> Self {
        Self { low: first, high: first, sum: 0, best: None }
    }

    /// Looks at the window of the items from `low` on up to time `last`, inclusive.
    pub(crate) fn look(&mut self, history: &mut History, shape: Shape, low: usize, last: u64) {
        while let Some(item) = history.items.get(self.high).filter(|item| item.time() <= last) {
            match shape.what {
                ThresholdWhat::Count(_) => {}
                ThresholdWhat::Distinct { .. } => history.values.enter_scan(item.value),
                ThresholdWhat::Sum { .. } => self.sum += u128::from(item.value),
            }
            self.high += 1;
        }
        self.leave_until(history, shape, low);
        let observed = match shape.what {
            ThresholdWhat::Count(_) => len_u64(self.high.saturating_sub(low)),
            ThresholdWhat::Distinct { .. } => history.values.scanned(),
            ThresholdWhat::Sum { .. } => clamp(self.sum),
        };
        if self.best.is_none_or(|best| best.observed < observed) {
            self.best = Some(Found { low, high: self.high, observed });
        }
    }

    fn leave_until(&mut self, history: &mut History, shape: Shape, low: usize) {
        if matches!(shape.what, ThresholdWhat::Count(_)) {
            self.low = low;
            return;
        }
        while self.low < low.min(self.high) {
            let value = history.value_at(self.low);
            if matches!(shape.what, ThresholdWhat::Distinct { .. }) {
                history.values.leave_scan(value);
            } else {
                self.sum -= u128::from(value);
            }
            self.low += 1;
        }
    }

    /// The fullest window looked at, of equals the first.
    pub(crate) fn finish(mut self, history: &mut History, shape: Shape) -> Option<Found> {
        self.leave_until(history, shape, self.high);
        self.best
    }
}
