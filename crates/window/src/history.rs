//! The events that one key of a threshold keeps, and the fullest window around one of them.
//!
//! In → out: events in order of arrival → the window that contains the newest arrival and holds most.
//!
//! `items` is sorted by (time, arrival). Events mostly come in order of time; for them the answer is the
//! *front*: the events from `low` on, which are those of the earliest window that contains the last event
//! (all windows that contain the last event end behind everything, so the earliest start is the fullest).
//! The front's total is kept up to date, so an event in order costs amortised O(1) whatever the window
//! holds, distinct counts included. An event out of order is answered by two cursors over the windows
//! that contain it, O(events in reach), after cheap bounds say that the threshold may be reached.
//!
//! Events leave from the front of `items` only, see the crate's documentation on retention.

use std::collections::VecDeque;

use ahash::RandomState;

use crate::codec::len_u64;
use crate::event::Contribution;
use crate::scan::Scan;
use crate::silence::Fired;
use crate::time::{EventTime, Span, ThresholdWhat, WindowKind};
use crate::values::Values;

/// One kept event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) contribution: Contribution,
    /// Number of a sum, id of a distinct value, else 0.
    pub(crate) value: u64,
    /// By how many seconds, rounded up, the event was older than watermark − lateness when it came.
    pub(crate) lag_secs: u32,
}

impl Item {
    pub(crate) fn time(&self) -> u64 {
        self.contribution.time.0
    }

    /// The time from which the retention of the event counts.
    fn kept_from(&self) -> EventTime {
        self.contribution.time.plus(Span::from_secs(self.lag_secs.into()))
    }
}

/// A window of the history: items `low..high` and what they amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) low: usize,
    pub(crate) high: usize,
    pub(crate) observed: u64,
}

/// How to count; constant per rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) what: ThresholdWhat,
    pub(crate) window: WindowKind,
    pub(crate) lateness: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) items: VecDeque<Item>,
    pub(crate) values: Values,
    /// Sum of all kept numbers.
    sum: u128,
    /// First item of the front.
    low: usize,
    front_sum: u128,
    /// Greatest `kept_from`: when the key as a whole can be forgotten.
    newest: EventTime,
    /// No event of the first session can be due before this.
    session_due: EventTime,
    /// Time of the newest event that the limit per key has dropped.
    pub(crate) dropped: Option<EventTime>,
    pub(crate) fired: Option<Fired>,
}

impl History {
    pub(crate) fn new(hasher: RandomState) -> Self {
        Self {
            items: VecDeque::new(),
            values: Values::new(hasher),
            sum: 0,
            low: 0,
            front_sum: 0,
            newest: EventTime::ZERO,
            session_due: EventTime::ZERO,
            dropped: None,
            fired: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.values.clear();
        self.sum = 0;
        self.low = 0;
        self.front_sum = 0;
        self.newest = EventTime::ZERO;
        self.session_due = EventTime::ZERO;
        self.dropped = None;
        self.fired = None;
    }

    /// The watermark up to which some event counts; `None` without events.
    pub(crate) fn counts_until(&self, shape: Shape) -> Option<EventTime> {
        (!self.items.is_empty()).then(|| retained_until(self.newest, shape))
    }

    /// The records of a window, in order.
    pub(crate) fn records(&self, low: usize, high: usize) -> impl DoubleEndedIterator<Item = &Contribution> {
        self.items.range(low.min(high)..high.min(self.items.len())).map(|item| &item.contribution)
    }

    /// Forgets the events that no longer count at `watermark`.
    pub(crate) fn purge(&mut self, shape: Shape, watermark: EventTime) {
        if matches!(shape.window, WindowKind::Session { .. }) {
            return self.purge_sessions(shape, watermark);
        }
        while self.items.front().is_some_and(|item| retained_until(item.kept_from(), shape) < watermark) {
            self.pop_front(shape);
        }
    }

    fn purge_sessions(&mut self, shape: Shape, watermark: EventTime) {
        while !self.items.is_empty() && self.session_due < watermark {
            let (mut count, mut kept_from, mut before) = (0, EventTime::ZERO, None);
            for item in &self.items {
                if before.is_some_and(|before| item.time() - before > shape.window.length().0) {
                    break;
                }
                before = Some(item.time());
                kept_from = kept_from.max(item.kept_from());
                count += 1;
            }
            self.session_due = retained_until(kept_from, shape);
            if self.session_due >= watermark {
                return;
            }
            for _ in 0..count {
                self.pop_front(shape);
            }
            self.session_due = EventTime::ZERO;
        }
    }

    /// Drops the oldest events beyond `max`; says how many.
    pub(crate) fn trim(&mut self, shape: Shape, max: usize) -> u64 {
        let mut dropped = 0;
        while self.items.len() > max {
            self.dropped = self.dropped.max(self.items.front().map(|item| item.contribution.time));
            self.pop_front(shape);
            dropped += 1;
        }
        dropped
    }

    fn pop_front(&mut self, shape: Shape) {
        if self.low == 0 {
            self.leave_front(shape, 0);
        } else {
            self.low -= 1;
        }
        if let Some(item) = self.items.pop_front() {
            self.release(shape, item.value);
            // Only one that came behind time can have been kept longer than those after it.
            if item.lag_secs > 0 && item.kept_from() == self.newest {
                self.newest = self.items.iter().map(Item::kept_from).max().unwrap_or_default();
            }
        }
    }

    fn release(&mut self, shape: Shape, value: u64) {
        match shape.what {
            ThresholdWhat::Count(_) => {}
            ThresholdWhat::Distinct { .. } => self.values.release(value),
            ThresholdWhat::Sum { .. } => self.sum -= u128::from(value),
        }
    }

    fn enter_front(&mut self, shape: Shape, at: usize) {
        let value = self.value_at(at);
        match shape.what {
            ThresholdWhat::Count(_) => {}
            ThresholdWhat::Distinct { .. } => self.values.enter(value),
            ThresholdWhat::Sum { .. } => self.front_sum += u128::from(value),
        }
    }

    fn leave_front(&mut self, shape: Shape, at: usize) {
        let value = self.value_at(at);
        match shape.what {
            ThresholdWhat::Count(_) => {}
            ThresholdWhat::Distinct { .. } => self.values.leave(value),
            ThresholdWhat::Sum { .. } => self.front_sum -= u128::from(value),
        }
    }

    pub(crate) fn value_at(&self, at: usize) -> u64 {
        self.items.get(at).map_or(0, |item| item.value)
    }

    fn time_at(&self, at: usize) -> Option<u64> {
        self.items.get(at).map(Item::time)
    }

    /// Takes an event in; gives its place. `number` is that of a sum, `value` that of a distinct threshold.
    pub(crate) fn insert(
        &mut self,
        shape: Shape,
        contribution: Contribution,
        input: Input<'_>,
        watermark: EventTime,
    ) -> usize {
        let oldest_on_time = watermark.minus(shape.lateness);
        let lag = oldest_on_time.0.saturating_sub(contribution.time.0).div_ceil(1_000_000);
        let value = match input {
            Input::None => 0,
            Input::Number(number) => number,
            Input::Bytes(bytes) => self.values.admit(bytes),
        };
        let lag_secs = u32::try_from(lag).unwrap_or(u32::MAX);
        self.place(shape, Item { contribution, value, lag_secs })
    }

    /// Computes what follows from the items, which were put in place by themselves.
    pub(crate) fn recount(&mut self, shape: Shape) {
        for item in &self.items {
            self.newest = self.newest.max(item.kept_from());
            if matches!(shape.what, ThresholdWhat::Sum { .. }) {
                self.sum += u128::from(item.value);
            }
        }
        let Some(last) = self.items.len().checked_sub(1) else { return };
        self.low = match shape.window {
            WindowKind::Session { gap } => self.session_bounds(last, gap.0).0,
            _ => {
                let from = front_from(shape, self.time_at(last).unwrap_or(0));
                self.items.partition_point(|item| item.time() < from)
            }
        };
        for at in self.low..self.items.len() {
            self.enter_front(shape, at);
        }
    }

    fn place(&mut self, shape: Shape, item: Item) -> usize {
        if matches!(shape.what, ThresholdWhat::Sum { .. }) {
            self.sum += u128::from(item.value);
        }
        self.newest = self.newest.max(item.kept_from());
        let in_order = self.items.back().is_none_or(|last| last.time() <= item.time());
        if in_order {
            self.items.push_back(item);
            let at = self.items.len() - 1;
            self.enter_front(shape, at);
            self.advance_front(shape, at);
            return at;
        }
        let at = self.items.partition_point(|other| other.time() <= item.time());
        self.items.insert(at, item);
        if at == 0 {
            self.session_due = EventTime::ZERO;
        }
        self.widen_front(shape, at);
        at
    }

    /// Moves the front's begin up to what the last event, just appended at `last`, allows.
    fn advance_front(&mut self, shape: Shape, last: usize) {
        let time = self.time_at(last).unwrap_or(0);
        if let WindowKind::Session { gap } = shape.window {
            let before = last.checked_sub(1).and_then(|before| self.time_at(before));
            if before.is_none_or(|before| time - before <= gap.0) {
                return;
            }
        }
        let from = front_from(shape, time);
        while self.low < last && self.time_at(self.low).is_some_and(|time| time < from) {
            self.leave_front(shape, self.low);
            self.low += 1;
        }
    }

    /// Keeps the front right after an insertion at `at`, not at the end.
    fn widen_front(&mut self, shape: Shape, at: usize) {
        if at > self.low {
            return self.enter_front(shape, at);
        }
        // The item pushed the front's first one to `low + 1`.
        self.low += 1;
        if at + 1 < self.low {
            return;
        }
        let last = self.items.back().map_or(0, Item::time);
        match shape.window {
            WindowKind::Session { gap } => {
                while let Some(before) = self.low.checked_sub(1)
                    && let (Some(earlier), Some(later)) = (self.time_at(before), self.time_at(self.low))
                    && later - earlier <= gap.0
                {
                    self.low = before;
                    self.enter_front(shape, before);
                }
            }
            _ => {
                let from = front_from(shape, last);
                if self.time_at(at).is_some_and(|time| from <= time) {
                    self.low = at;
                    self.enter_front(shape, at);
                }
            }
        }
    }

    /// What the front amounts to.
    fn front(&self, shape: Shape) -> Found {
        let high = self.items.len();
        let observed = match shape.what {
            ThresholdWhat::Count(_) => len_u64(high - self.low),
            ThresholdWhat::Distinct { .. } => self.values.entered(),
            ThresholdWhat::Sum { .. } => clamp(self.front_sum),
        };
        Found { low: self.low, high, observed }
    }

    /// Whether no window can reach the threshold, by what is kept at all.
    fn out_of_reach(&self, shape: Shape) -> bool {
        match shape.what {
            ThresholdWhat::Count(reaches) => len_u64(self.items.len()) < reaches,
            ThresholdWhat::Distinct { reaches } => self.values.kept() < reaches,
            ThresholdWhat::Sum { reaches } => self.sum < u128::from(reaches),
        }
    }

    /// The fullest window that contains the item at `at` if it reaches the threshold; of equals the
    /// earliest. With `any_will_do` it may be another one that reaches it.
    pub(crate) fn evaluate(&mut self, shape: Shape, at: usize, any_will_do: bool) -> Option<Found> {
        if self.out_of_reach(shape) {
            return None;
        }
        let reaches = shape.what.reaches();
        let front = self.front(shape);
        if at + 1 == self.items.len() || (any_will_do && self.low <= at && reaches <= front.observed) {
            return (reaches <= front.observed).then_some(front);
        }
        let time = self.time_at(at)?;
        let best = match shape.window {
            WindowKind::Sliding { within } => self.fullest_sliding(shape, time, within.0),
            WindowKind::Session { gap } => self.session_around(shape, at, gap.0),
            WindowKind::Tumbling { .. } | WindowKind::Hopping { .. } => self.fullest_aligned(shape, time),
        };
        best.filter(|found| reaches <= found.observed)
    }

    fn fullest_sliding(&mut self, shape: Shape, time: u64, within: u64) -> Option<Found> {
        let first = self.items.partition_point(|item| item.time() < time.saturating_sub(within));
        let mut scan = Scan::new(first);
        let mut low = first;
        while let Some(start) = self.time_at(low).filter(|&start| start <= time) {
            scan.look(self, shape, low, start.saturating_add(within));
            while self.time_at(low) == Some(start) {
                low += 1;
            }
        }
        scan.finish(self, shape)
    }

    fn fullest_aligned(&mut self, shape: Shape, time: u64) -> Option<Found> {
        let aligned = shape.window.aligned()?;
        let mut starts = aligned.starts(time);
        let first = starts.clone().next()?;
        let mut low = self.items.partition_point(|item| item.time() < first);
        let mut scan = Scan::new(low);
        for start in &mut starts {
            while self.time_at(low).is_some_and(|time| time < start) {
                low += 1;
            }
            scan.look(self, shape, low, aligned.last(start));
        }
        scan.finish(self, shape)
    }

    fn session_around(&mut self, shape: Shape, at: usize, gap: u64) -> Option<Found> {
        let (low, last) = self.session_bounds(at, gap);
        let end = self.time_at(last)?;
        let mut scan = Scan::new(low);
        scan.look(self, shape, low, end);
        scan.finish(self, shape)
    }

    /// First and last item of the session around `at`.
    fn session_bounds(&self, at: usize, gap: u64) -> (usize, usize) {
        let joined = |earlier: usize| match (self.time_at(earlier), self.time_at(earlier + 1)) {
            (Some(earlier), Some(later)) => later - earlier <= gap,
            _ => false,
        };
        let (mut low, mut last) = (at, at);
        while low > 0 && joined(low - 1) {
            low -= 1;
        }
        while joined(last) {
            last += 1;
        }
        (low, last)
    }

    /// Whether events dropped by the limit would belong to the window that starts at the item `low`.
    pub(crate) fn is_capped(&self, shape: Shape, found: Found, fire_time: EventTime) -> bool {
        let Some(dropped) = self.dropped else { return false };
        let from = match shape.window {
            WindowKind::Session { gap } => self.time_at(found.low).unwrap_or(0).saturating_sub(gap.0),
            _ => front_from(shape, fire_time.0),
        };
        from <= dropped.0
    }

    /// Estimated bytes beyond the structure itself.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.items.len() * size_of::<Item>() + self.values.size()
    }
}

/// The value that a threshold looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    None,
    Number(u64),
    Bytes(&'a [u8]),
}

/// The begin of the earliest window that contains `time`; of a session, `time` itself.
pub(crate) fn front_from(shape: Shape, time: u64) -> u64 {
    match shape.window {
        WindowKind::Sliding { within } => time.saturating_sub(within.0),
        WindowKind::Session { .. } => time,
        WindowKind::Tumbling { .. } | WindowKind::Hopping { .. } => {
            shape.window.aligned().and_then(|aligned| aligned.starts(time).next()).unwrap_or(time)
        }
    }
}

/// The last watermark at which what is kept from `kept_from` on still counts.
pub(crate) fn retained_until(kept_from: EventTime, shape: Shape) -> EventTime {
    kept_from.plus(shape.window.length()).plus(shape.lateness)
}

pub(crate) fn clamp(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
