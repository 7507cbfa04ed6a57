//! Timers: a heap of the near ones, and lists by time of the far ones.
//!
//! Most timers are set anew before they come, so a far timer is four bytes in the list of its 4 s, and only
//! when its list is opened does the heap, which stays small and in the cache, put it in its exact place.
//!
//! The wheel knows slots, not keys: who calls tells for a slot when it was queued for and what is due now.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::time::EventTime;

/// Far timers are listed by this many low bits of µs less: 4.2 s.
const LIST_BITS: u32 = 22;

#[derive(Debug, Default)]
pub(crate) struct Wheel {
    near: BinaryHeap<Reverse<Timer>>,
    far: BTreeMap<u64, Vec<u32>>,
    /// Lists with numbers below this have been opened.
    opened: u64,
}

/// Ordered by deadline; the rest only makes the order total and independent of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) deadline: EventTime,
    pub(crate) tie: u32,
    pub(crate) slot: u32,
}

impl Wheel {
    /// Queues `slot` for `deadline`; `tie` orders it among equal ones, once it is near.
    pub(crate) fn push(&mut self, deadline: EventTime, slot: u32, tie: impl FnOnce() -> u32) {
        let number = list_of(deadline);
        if number < self.opened {
            self.near.push(Reverse(Timer { deadline, tie: tie(), slot }));
        } else {
            self.far.entry(number).or_default().push(slot);
        }
    }

    /// No timer comes before this.
    pub(crate) fn next(&self) -> Option<EventTime> {
        match self.near.peek() {
            Some(Reverse(timer)) => Some(timer.deadline),
            None => self.far.first_key_value().map(|(&number, _)| EventTime(number << LIST_BITS)),
        }
    }

    /// Takes the nearest timer that has come by `watermark`, if it is near.
    pub(crate) fn pop(&mut self, watermark: EventTime) -> Option<Timer> {
        let Reverse(timer) = *self.near.peek()?;
        if timer.deadline > watermark {
            return None;
        }
        self.near.pop();
        Some(timer)
    }

    /// Takes the next list of slots if it begins by `watermark` and nothing near remains before it.
    pub(crate) fn open(&mut self, watermark: EventTime) -> Option<Opened> {
        if !self.near.is_empty() {
            return None;
        }
        let entry = self.far.first_entry()?;
        let number = *entry.key();
        if EventTime(number << LIST_BITS) > watermark {
            return None;
        }
        self.opened = number + 1;
        Some(Opened { number, slots: entry.remove() })
    }

    pub(crate) fn clear(&mut self) {
        self.near.clear();
        self.far.clear();
    }
}

/// A list of far timers that has come near.
#[derive(Debug)]
pub(crate) struct Opened {
    number: u64,
    pub(crate) slots: Vec<u32>,
}

impl Opened {
    /// Whether a slot that was queued for `deadline` belongs to this list still.
    pub(crate) fn holds(&self, deadline: EventTime) -> bool {
        list_of(deadline) == self.number
    }
}

fn list_of(deadline: EventTime) -> u64 {
    deadline.0 >> LIST_BITS
}
