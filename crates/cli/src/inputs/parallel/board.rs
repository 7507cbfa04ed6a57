//! What threads that read look at and change together: the inputs that were begun, and the work that waits.
//!
//! Limits: as many lanes as threads, and [`SLOTS_PER_THREAD`] times as many inputs that were begun. A lane is left alone
//! while [`AHEAD_BYTES`] of its lines or [`AHEAD_BLOCKS`] blocks wait to be written. A chunk that was begun may give more than
//! that: it holds what a framer has held back of a compressed file until its checksum was seen, at most
//! `inflated_bytes_max`. So when [`WAITING_BYTES`] of lines wait, of all lanes together, no input is opened, and a thread
//! stops in the middle of a chunk, but for those whose lines are the next to be written, and for the thread that writes.

use std::collections::VecDeque;

use super::Block;
use crate::inputs::batch::Batch;
use crate::inputs::lane::Lane;

/// Bytes of lines of one lane that wait to be written.
const AHEAD_BYTES: usize = 8 << 20;
/// Bytes of lines of all lanes that wait to be written. Tests have the least: one block is too much.
const WAITING_BYTES: usize = if cfg!(test) { 1 } else { 256 << 20 };
/// Blocks of one lane that are in work or wait to be written: chunks without a line to print.
const AHEAD_BLOCKS: usize = 4096;
/// Inputs begun and not written to their ends, for each thread: one that ended may wait for those before it.
const SLOTS_PER_THREAD: usize = 2;
/// Written blocks that are kept to be used again, and how large each may be.
const SPARE_MAX: usize = 16;
const SPARE_BYTES: usize = 4 << 20;
/// Full batches that wait at most, for each thread.
const BATCHES_MAX: usize = 2;
/// Bytes of lines that an item gives, on average, from which on it is worth a copy that another thread prints it: that
/// costs about as much as to print so many.
const PRINTED_BYTES: u64 = 100;

#[derive(Default)]
pub(super) struct Board {
    /// Threads that read.
    threads: usize,
    /// Of each input, whether to read it never waits for somebody else.
    regular: Vec<bool>,
    /// Inputs begun and not written to their ends, in order.
    pub(super) slots: VecDeque<Slot>,
    /// Inputs begun.
    pub(super) begun: usize,
    pub(super) stopped: bool,
    /// Threads that wait until something has changed.
    pub(super) asleep: usize,
    /// Threads that wait in the middle of a chunk until some lines are written.
    pub(super) held_up: usize,
    /// Full batches, in order.
    pub(super) waiting: VecDeque<Waiting>,
    /// Blocks and batches to be used again.
    pub(super) spare: Vec<Block>,
    pub(super) spare_batches: Vec<Batch>,
    /// What is assumed of an input that gave no item yet: that its items give lines.
    prints_all: bool,
}

/// An input that was begun.
#[derive(Default)]
pub(super) struct Slot {
    /// Absent while a thread has it, and at the end.
    pub(super) lane: Option<Lane>,
    pub(super) ended: bool,
    /// Why it ended too early.
    pub(super) failure: Option<anyhow::Error>,
    /// Blocks in order; absent while a thread is at work on it.
    blocks: VecDeque<Option<Block>>,
    /// Blocks that were written: the number of the first that is left.
    written: usize,
    /// Bytes of lines in `blocks`.
    waiting_bytes: usize,
    /// Items so far, and bytes of lines that they gave.
    items: u64,
    printed: u64,
}

/// A thread's next piece of work.
pub(super) enum Claim {
    /// A lane's next chunk.
    Chunk {
        input: usize,
        /// Absent: the input is to be opened.
        lane: Option<Lane>,
        /// No other thread needs it.
        alone: bool,
    },
    /// Items to be parsed into a block.
    Batch(Waiting),
}

/// A full batch, and the place of its block.
pub(super) struct Waiting {
    pub(super) input: usize,
    pub(super) block: usize,
    pub(super) batch: Batch,
}

impl Board {
    pub(super) fn new(threads: usize, regular: Vec<bool>, prints_all: bool) -> Self {
        Self { threads, regular, prints_all, ..Self::default() }
    }

    /// The slot of an input; none if it was given up.
    pub(super) fn slot(&mut self, input: usize) -> Option<&mut Slot> {
        let first = self.begun - self.slots.len();
        self.slots.get_mut(input.checked_sub(first)?)
    }

    /// The earliest work that may be done now, if there is any.
    pub(super) fn claim(&mut self) -> Option<Claim> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(Claim::Batch(waiting));
        }
        let first = self.begun - self.slots.len();
        let (threads, to_open) = (self.threads, self.may_open());
        let lanes = self.slots.iter().filter(|slot| slot.may_run_ahead()).count() + to_open;
        let (prints_all, nothing) = (self.prints_all, Block::default());
        let is_alone = |slot: &Slot| lanes >= threads || !slot.prints(&nothing, prints_all);
        let free = |slot: &Slot| slot.lane.is_some() && slot.may_run_ahead();
        if let Some((at, slot)) = self.slots.iter_mut().enumerate().find(|(_, slot)| free(slot)) {
            let alone = is_alone(slot);
            return Some(Claim::Chunk { input: first + at, lane: slot.lane.take(), alone });
        }
        if to_open > 0 {
            let slot = Slot::default();
            let alone = is_alone(&slot);
            self.slots.push_back(slot);
            self.begun += 1;
            return Some(Claim::Chunk { input: self.begun - 1, lane: None, alone });
        }
        None
    }

    /// How many inputs may be opened now.
    fn may_open(&self) -> usize {
        if self.is_full() {
            return 0;
        }
        let next = self.regular.iter().skip(self.begun).take(self.threads);
        // Those before the next pipe, whose turn comes when they are written.
        let regular = next.clone().take_while(|regular| **regular).count();
        let ready = if self.slots.is_empty() { regular.max(next.len().min(1)) } else { regular };
        let open = self.slots.iter().filter(|slot| !slot.ended).count();
        let room = SLOTS_PER_THREAD.saturating_mul(self.threads).saturating_sub(self.slots.len());
        ready.min(self.threads.saturating_sub(open)).min(room)
    }

    fn is_full(&self) -> bool {
        let waiting: usize = self.slots.iter().map(|slot| slot.waiting_bytes).sum();
        waiting >= WAITING_BYTES
    }

    /// Whether an input has to give no more now: too much waits, and not for its lines.
    pub(super) fn is_full_for(&self, input: usize) -> bool {
        !self.stopped && self.begun - self.slots.len() < input && self.is_full()
    }

    /// Whether a thread goes on with the input that it has for itself: not if writing needs it, or if others are free to help
    /// with its items. `block` is what was not delivered yet.
    pub(super) fn is_kept(&mut self, input: usize, block: &Block, writes: bool) -> bool {
        let has_next = self.slots.front().is_some_and(|slot| slot.has_next() || slot.is_written());
        let (others_are_free, prints_all) = (self.asleep > 0, self.prints_all);
        let is_needed = self.stopped || writes && has_next;
        !is_needed
            && self.slot(input).is_some_and(|slot| {
                slot.may_run_ahead() && !(others_are_free && slot.prints(block, prints_all))
            })
    }

    /// Whether the threads have enough to do with the batches that wait.
    pub(super) fn has_enough_batches(&self) -> bool {
        self.waiting.len() >= BATCHES_MAX.saturating_mul(self.threads)
    }

    /// Keeps an empty block to be used again.
    pub(super) fn keep_block(&mut self, block: Block) {
        if self.spare.len() < SPARE_MAX && block.lines.capacity() <= SPARE_BYTES {
            self.spare.push(block);
        }
    }

    /// Keeps an empty batch to be used again, if it has room.
    pub(super) fn keep_batch(&mut self, batch: Batch) {
        if self.spare_batches.len() < SPARE_MAX && batch.capacity() > 0 {
            self.spare_batches.push(batch);
        }
    }
}

impl Slot {
    fn may_run_ahead(&self) -> bool {
        !self.ended && self.waiting_bytes < AHEAD_BYTES && self.blocks.len() < AHEAD_BLOCKS
    }

    /// Whether the items so far, those of a block that was not delivered included, gave much to be printed.
    fn prints(&self, block: &Block, assumed: bool) -> bool {
        let printed = self.printed.saturating_add(block.lines.len() as u64);
        let items = self.items.saturating_add(block.items);
        if items == 0 { assumed } else { printed >= items.saturating_mul(PRINTED_BYTES) }
    }

    /// Makes a place for the next block; returns its number.
    pub(super) fn reserve(&mut self) -> usize {
        self.blocks.push_back(None);
        self.written + self.blocks.len() - 1
    }

    /// Puts a block in its place.
    pub(super) fn fill(&mut self, number: usize, block: Block) {
        let place = number.checked_sub(self.written).and_then(|at| self.blocks.get_mut(at));
        if let Some(place) = place {
            self.waiting_bytes += block.lines.len();
            self.printed = self.printed.saturating_add(block.lines.len() as u64);
            self.items = self.items.saturating_add(block.items);
            *place = Some(block);
        }
    }

    fn has_next(&self) -> bool {
        self.blocks.front().is_some_and(Option::is_some)
    }

    /// The next block to be written, if it is there.
    pub(super) fn take_next(&mut self) -> Option<Block> {
        let block = self.blocks.front_mut().and_then(Option::take)?;
        self.blocks.pop_front();
        self.written += 1;
        self.waiting_bytes -= block.lines.len();
        Some(block)
    }

    /// Whether there will be no more to be written.
    pub(super) fn is_written(&self) -> bool {
        self.ended && self.blocks.is_empty()
    }
}
