//! Inputs read by several threads, with the output that one thread would give.
//!
//! ```text
//!  inputs ─► lanes: one open input each; whoever is free takes the earliest, reads a chunk, puts it back
//!             └─► the records of the chunk ─► parsed and printed into a block by that thread
//!                                               └─► blocks in order of inputs and chunks ─► standard output
//! ```
//!
//! With a lane for every thread, each parses where the bytes lie. With less (a single input, or others too far
//! ahead of the writing), a chunk is only split under the lane, and its items wait in batches for any thread. A
//! text of records is not even split there, only cut ([`hsmstream_frame::last_beginning`]).
//!
//! The thread that writes is one of them, if no input is a pipe: it works when there is nothing to be written.
//!
//! Limits: as many lanes as threads, and [`SLOTS_PER_THREAD`] times as many inputs that were begun. A lane is left alone
//! while [`AHEAD_BYTES`] of its lines or [`AHEAD_BLOCKS`] blocks wait to be written; a chunk that was begun is finished,
//! and may hold what a framer has held back of a compressed file until its checksum was seen, at most
//! `inflated_bytes_max`.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context;
use hsmstream_frame::{Format, Item, Reject, StreamFramer};
use hsmstream_record::{Limits, Origin, Record};

use super::batch::Batch;
use super::lane::{Desk, Lane, Way};
use super::{Feed, Input, Progress};

/// Bytes of lines of one lane that wait to be written.
const AHEAD_BYTES: usize = 8 << 20;
/// Blocks of one lane that are in work or wait to be written: chunks without a line to print.
const AHEAD_BLOCKS: usize = 4096;
/// Inputs begun and not written to their ends, for each thread: one that ended may wait for those before it.
const SLOTS_PER_THREAD: usize = 2;
/// Written blocks that are kept to be used again, and how large each may be.
const SPARE_MAX: usize = 16;
const SPARE_BYTES: usize = 4 << 20;
/// Bytes of lines that make a block full.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes of items that make a batch full, and full batches that wait at most, for each thread.
const BATCH_BYTES: usize = 128 << 10;
const BATCHES_MAX: usize = 2;

/// What is done with each item. The same for all threads.
pub(crate) trait Work: Sync {
    /// What a thread keeps from item to item.
    type Scratch: Default;

    /// Takes an item and writes what it gives to the block.
    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, scratch: &mut Self::Scratch, block: &mut Block);
}

/// What some items gave.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Lines, each with its end.
    pub(crate) lines: Vec<u8>,
    /// Items that counted.
    pub(crate) count: u64,
}

impl Block {
    fn clear(&mut self) {
        self.lines.clear();
        self.count = 0;
    }
}

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'r> {
    pub(crate) format: Format,
    pub(crate) limits: Limits,
    pub(crate) fixed: &'r Origin<'r>,
    /// Threads that read; at least 1.
    pub(crate) threads: usize,
}

/// Reads inputs one behind the other and gives out the blocks in that order. The blocks' bytes in a row, and the
/// sum of their counts, do not depend on the number of threads.
///
/// # Errors
/// What the file system says, with the input's name; what stands before that was given out.
pub(crate) fn read<W: Work>(
    inputs: &[Input],
    reading: Reading<'_>,
    work: &W,
    write: &mut dyn FnMut(&Block),
) -> anyhow::Result<()> {
    if reading.threads <= 1 {
        return read_alone(inputs, reading, work, write);
    }
    let progress = Progress::new(inputs);
    let hall = Hall {
        inputs,
        reading,
        work,
        progress: &progress,
        board: Mutex::new(Board::default()),
        changed: Condvar::new(),
    };
    let outcome = thread::scope(|scope| {
        let hall = &hall;
        // Also if writing panics: else the threads would wait for ever.
        let _stop = Stop(hall);
        // Who writes has time for other work, unless that might make him wait for input while there is output.
        let writer_helps = inputs.iter().all(Input::is_regular);
        for _ in usize::from(writer_helps)..reading.threads {
            scope.spawn(|| hall.help());
        }
        hall.write_all(writer_helps, write)
    });
    progress.finish();
    outcome
}

/// One thread: parsed where the bytes lie, no copies.
fn read_alone<W: Work>(
    inputs: &[Input],
    reading: Reading<'_>,
    work: &W,
    write: &mut dyn FnMut(&Block),
) -> anyhow::Result<()> {
    let Reading { format, limits, fixed, threads: _ } = reading;
    let mut feed = Feed::new(inputs);
    let mut framer = StreamFramer::new(format, limits);
    let mut scratch = W::Scratch::default();
    let mut block = Block::default();
    for input in inputs {
        let mut take = |item: &Result<Record<'_>, Reject<'_>>| {
            work.take(item, &mut scratch, &mut block);
            if block.lines.len() >= BLOCK_BYTES {
                write(&block);
                block.clear();
            }
        };
        let read = feed.read(input, &mut |chunk| framer.feed_records(chunk, fixed, &mut take));
        if read.is_ok() {
            framer.finish_records(fixed, &mut take);
        }
        write(&block);
        block.clear();
        read?;
    }
    feed.finish();
    Ok(())
}

/// Where the threads meet.
struct Hall<'h, W> {
    inputs: &'h [Input],
    reading: Reading<'h>,
    work: &'h W,
    progress: &'h Progress,
    board: Mutex<Board>,
    changed: Condvar,
}

/// Ends the threads when it goes.
struct Stop<'h, 'w, W: Work>(&'h Hall<'w, W>);

impl<W: Work> Drop for Stop<'_, '_, W> {
    fn drop(&mut self) {
        let mut board = self.0.board();
        board.stopped = true;
        self.0.tell(board);
    }
}

/// What every thread may look at and change.
#[derive(Default)]
struct Board {
    /// Inputs begun and not written to their ends, in order.
    slots: VecDeque<Slot>,
    /// Inputs begun.
    begun: usize,
    stopped: bool,
    /// Threads that wait until something has changed.
    asleep: usize,
    /// Full batches, in order.
    waiting: VecDeque<Waiting>,
    /// Blocks and batches to be used again.
    spare: Vec<Block>,
    spare_batches: Vec<Batch>,
}

/// An input that was begun.
#[derive(Default)]
struct Slot {
    /// Absent while a thread has it, and at the end.
    lane: Option<Lane>,
    ended: bool,
    /// Why it ended too early.
    failure: Option<anyhow::Error>,
    /// Blocks in order; absent while a thread is at work on it.
    blocks: VecDeque<Option<Block>>,
    /// Blocks that were written: the number of the first that is left.
    written: usize,
    /// Bytes of lines in `blocks`.
    waiting_bytes: usize,
}

/// A thread's next piece of work.
enum Claim {
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

/// What a thread works with.
struct Hand<W: Work> {
    desk: Desk,
    scratch: W::Scratch,
}

impl<W: Work> Hand<W> {
    fn new(limits: Limits) -> Self {
        Self { desk: Desk::new(limits), scratch: W::Scratch::default() }
    }
}

/// A full batch, and the place of its block.
struct Waiting {
    input: usize,
    block: usize,
    batch: Batch,
}

impl Board {
    /// The slot of an input; none if it was given up.
    fn slot(&mut self, input: usize) -> Option<&mut Slot> {
        let first = self.begun - self.slots.len();
        self.slots.get_mut(input.checked_sub(first)?)
    }
}

impl Slot {
    fn may_run_ahead(&self) -> bool {
        !self.ended && self.waiting_bytes < AHEAD_BYTES && self.blocks.len() < AHEAD_BLOCKS
    }

    /// Makes a place for the next block; returns its number.
    fn reserve(&mut self) -> usize {
        self.blocks.push_back(None);
        self.written + self.blocks.len() - 1
    }
}

impl<W: Work> Hall<'_, W> {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something has changed.
    fn wait<'b>(&self, mut board: MutexGuard<'b, Board>) -> MutexGuard<'b, Board> {
        board.asleep += 1;
        let mut board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        board.asleep -= 1;
        board
    }

    /// Lets the board go, and wakes those that wait, if any do: to ask the system to wake nobody costs as much.
    fn tell(&self, board: MutexGuard<'_, Board>) {
        let somebody = board.asleep > 0;
        drop(board);
        if somebody {
            self.changed.notify_all();
        }
    }

    /// Works until nothing is left to be read.
    fn help(&self) {
        let mut hand = Hand::<W>::new(self.reading.limits);
        let mut board = self.board();
        while !board.stopped {
            if let Some(claim) = self.claim(&mut board) {
                drop(board);
                self.work(claim, &mut hand);
                board = self.board();
            } else if board.begun == self.inputs.len() && board.slots.iter().all(|slot| slot.ended) {
                return;
            } else {
                board = self.wait(board);
            }
        }
    }

    fn work(&self, claim: Claim, hand: &mut Hand<W>) {
        match claim {
            Claim::Chunk { input, lane, alone } => {
                let lane = self.open(input, lane, &mut hand.desk);
                self.chunk((input, lane, alone), &mut hand.desk, &mut hand.scratch);
            }
            Claim::Batch(waiting) => self.parse(waiting, &mut hand.scratch),
        }
    }

    /// The earliest work that may be done now, if there is any.
    fn claim(&self, board: &mut Board) -> Option<Claim> {
        let threads = self.reading.threads;
        if let Some(waiting) = board.waiting.pop_front() {
            return Some(Claim::Batch(waiting));
        }
        let first = board.begun - board.slots.len();
        let open = board.slots.iter().filter(|slot| !slot.ended).count();
        let room = (SLOTS_PER_THREAD * threads).saturating_sub(board.slots.len());
        let to_open = (self.inputs.len() - board.begun).min(threads.saturating_sub(open)).min(room);
        let alone = board.slots.iter().filter(|slot| slot.may_run_ahead()).count() + to_open >= threads;
        let free = |slot: &Slot| slot.lane.is_some() && slot.may_run_ahead();
        if let Some((at, slot)) = board.slots.iter_mut().enumerate().find(|(_, slot)| free(slot)) {
            return Some(Claim::Chunk { input: first + at, lane: slot.lane.take(), alone });
        }
        if to_open > 0 {
            board.slots.push_back(Slot::default());
            board.begun += 1;
            return Some(Claim::Chunk { input: board.begun - 1, lane: None, alone });
        }
        None
    }

    /// Reads a lane's next chunk, lets others have the lane, and parses what is left to be parsed.
    fn chunk(
        &self,
        (input, lane, alone): (usize, anyhow::Result<Lane>, bool),
        desk: &mut Desk,
        scratch: &mut W::Scratch,
    ) {
        let mut block = self.board().spare.pop().unwrap_or_default();
        let mut batch = Batch::default();
        let step = lane.and_then(|mut lane| {
            let count = if alone {
                let mut take = |item: &Result<Record<'_>, Reject<'_>>| {
                    self.work.take(item, scratch, &mut block);
                    if block.lines.len() >= BLOCK_BYTES {
                        let number = self.reserve(input);
                        block = self.deliver(input, number, std::mem::take(&mut block));
                    }
                };
                lane.step(&self.reading, desk, Way::Parse(&mut take))?
            } else {
                let mut keep = |item: &Item<'_>, base| {
                    batch.push(item, base);
                    if batch.len() >= BATCH_BYTES {
                        batch = self.hand_over(input, std::mem::take(&mut batch), scratch);
                    }
                };
                lane.step(&self.reading, desk, Way::Keep(&mut keep))?
            };
            self.progress.add(count);
            if count > 0 {
                return Ok(Some(lane));
            }
            lane.close(desk);
            Ok(None)
        });
        let number = self.reserve(input);
        self.put_back(input, step);
        let mut take = |item: &Result<Record<'_>, Reject<'_>>| self.work.take(item, scratch, &mut block);
        if !desk.is_empty() {
            desk.parse(self.reading.fixed, &mut take);
        }
        batch.parse(&self.reading.limits, &mut take);
        self.keep_batch(batch);
        self.keep_block(self.deliver(input, number, block));
    }

    /// Lets another thread parse a full batch, or does it if too many wait. Returns an empty one.
    fn hand_over(&self, input: usize, batch: Batch, scratch: &mut W::Scratch) -> Batch {
        let block = self.reserve(input);
        let waiting = Waiting { input, block, batch };
        let mut board = self.board();
        if board.waiting.len() >= BATCHES_MAX * self.reading.threads {
            drop(board);
            self.parse(waiting, scratch);
            return self.board().spare_batches.pop().unwrap_or_default();
        }
        board.waiting.push_back(waiting);
        let empty = board.spare_batches.pop().unwrap_or_default();
        self.tell(board);
        empty
    }

    fn parse(&self, Waiting { input, block: number, batch }: Waiting, scratch: &mut W::Scratch) {
        let mut block = self.board().spare.pop().unwrap_or_default();
        batch.parse(&self.reading.limits, &mut |item| self.work.take(item, scratch, &mut block));
        self.keep_batch(batch);
        self.keep_block(self.deliver(input, number, block));
    }

    fn reserve(&self, input: usize) -> usize {
        self.board().slot(input).map_or(0, Slot::reserve)
    }

    /// Puts a block in its place. Returns an empty one.
    fn deliver(&self, input: usize, number: usize, block: Block) -> Block {
        let mut board = self.board();
        if let Some(slot) = board.slot(input)
            && let Some(place) = number.checked_sub(slot.written).and_then(|at| slot.blocks.get_mut(at))
        {
            slot.waiting_bytes += block.lines.len();
            *place = Some(block);
        }
        let empty = board.spare.pop().unwrap_or_default();
        self.tell(board);
        empty
    }

    fn keep_block(&self, mut block: Block) {
        block.clear();
        let mut board = self.board();
        if board.spare.len() < SPARE_MAX && block.lines.capacity() <= SPARE_BYTES {
            board.spare.push(block);
        }
    }

    fn keep_batch(&self, mut batch: Batch) {
        batch.clear();
        let mut board = self.board();
        if board.spare_batches.len() < SPARE_MAX {
            board.spare_batches.push(batch);
        }
    }

    fn open(&self, input: usize, lane: Option<Lane>, desk: &mut Desk) -> anyhow::Result<Lane> {
        match (lane, self.inputs.get(input)) {
            (None, Some(input)) => Lane::open(input, desk),
            (lane, _) => lane.context("an input that is not there"),
        }
    }

    /// Lets others have a lane, or ends it.
    fn put_back(&self, input: usize, step: anyhow::Result<Option<Lane>>) {
        let mut board = self.board();
        if let Some(slot) = board.slot(input) {
            match step {
                Ok(Some(lane)) => slot.lane = Some(lane),
                Ok(None) => slot.ended = true,
                Err(failure) => {
                    slot.ended = true;
                    slot.failure = Some(failure);
                }
            }
        }
        self.tell(board);
    }

    /// Gives out blocks as they come to be next, until all are written or an input fails. May help until one is there.
    fn write_all(&self, helps: bool, write: &mut dyn FnMut(&Block)) -> anyhow::Result<()> {
        let mut hand = Hand::<W>::new(self.reading.limits);
        let mut board = self.board();
        loop {
            if let Some(slot) = board.slots.front_mut() {
                if let Some(block) = slot.blocks.front_mut().and_then(Option::take) {
                    slot.blocks.pop_front();
                    slot.written += 1;
                    slot.waiting_bytes -= block.lines.len();
                    self.tell(board);
                    write(&block);
                    self.keep_block(block);
                    board = self.board();
                    continue;
                }
                if slot.ended && slot.blocks.is_empty() {
                    let failure = slot.failure.take();
                    board.slots.pop_front();
                    if let Some(failure) = failure {
                        return Err(failure);
                    }
                    self.tell(board);
                    board = self.board();
                    continue;
                }
            } else if board.begun == self.inputs.len() {
                return Ok(());
            }
            if let Some(claim) = helps.then(|| self.claim(&mut board)).flatten() {
                drop(board);
                self.work(claim, &mut hand);
                board = self.board();
            } else {
                board = self.wait(board);
            }
        }
    }
}

#[cfg(test)]
mod tests;
