//! Inputs read by several threads, with the output that one thread would give.
//!
//! ```text
//!  inputs ─► lanes: one open input each; whoever is free takes the earliest, reads a chunk, puts it back
//!             └─► the records of the chunk ─► parsed and printed into a block by that thread
//!                                               └─► blocks in order of inputs and chunks ─► standard output
//! ```
//!
//! With a lane for every thread, each parses where the bytes lie, and stays with its lane. With less (a single input, or
//! others too far ahead of the writing), a chunk is only split under the lane, and its items wait in batches for any
//! thread, if they print much: to copy them costs more than to parse them. A text of records is not even split there,
//! only cut ([`hsmstream_frame::last_beginning`]).
//!
//! The thread that writes is one of them, if no input is a pipe: it works when there is nothing to be written. A pipe is
//! opened when its turn comes: another input's failure does not wait for it, and who names it twice reads it once.
//!
//! What waits is limited: see [`board`].

mod board;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, ensure};
use hsmstream_frame::{Format, Item, Reject, StreamFramer};
use hsmstream_record::{Limits, Origin, Record};

use super::batch::Batch;
use super::lane::{Desk, Lane, Way};
use super::rejected::Rejected;
use super::{Feed, Input, Progress};
use board::{Board, Claim, Slot, Waiting};

/// Bytes of lines that make a block full.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes of items that make a batch full.
const BATCH_BYTES: usize = 128 << 10;

/// What is done with each item. The same for all threads.
pub(crate) trait Work: Sync {
    /// What a thread keeps from item to item.
    type Scratch: Default;
    /// Whether each item gives a line: what is assumed before it is seen.
    const PRINTS_ALL: bool;

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
    /// Rejects.
    pub(crate) rejected: Rejected,
    /// Items that it is of.
    items: u64,
}

impl Block {
    fn clear(&mut self) {
        self.lines.clear();
        (self.count, self.rejected, self.items) = (0, Rejected::default(), 0);
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
    let regular: Vec<bool> = inputs.iter().map(Input::is_regular).collect();
    let hall = Hall {
        inputs,
        reading,
        work,
        progress: &progress,
        never_waits: regular.iter().all(|regular| *regular),
        board: Mutex::new(Board::new(reading.threads, regular, W::PRINTS_ALL)),
        changed: Condvar::new(),
        written: Condvar::new(),
    };
    let outcome = thread::scope(|scope| {
        let hall = &hall;
        // Also if writing panics: else the threads would wait for ever.
        let _stop = Stop(hall);
        for number in usize::from(hall.never_waits)..reading.threads {
            let spawned = thread::Builder::new().spawn_scoped(scope, || hall.help());
            if let Err(error) = spawned {
                // Those that there are do all; without any, nobody reads.
                ensure!(hall.never_waits || number > 0, "cannot start a thread: {error}");
                break;
            }
        }
        hall.write_all(write)
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
    let mut sheet = Sheet { work, scratch: W::Scratch::default(), block: Block::default(), write };
    for input in inputs {
        // Who reads what a pipe gives does not wait for more of it.
        let is_live = !input.is_regular();
        let read = feed.read(input, &mut |chunk| {
            framer.feed_records(chunk, fixed, &mut |item| sheet.take(item));
            if is_live {
                sheet.write();
            }
        });
        if read.is_ok() {
            framer.finish_records(fixed, &mut |item| sheet.take(item));
        }
        sheet.write();
        read?;
    }
    feed.finish();
    Ok(())
}

/// What one thread writes to.
struct Sheet<'s, W: Work> {
    work: &'s W,
    scratch: W::Scratch,
    block: Block,
    write: &'s mut dyn FnMut(&Block),
}

impl<W: Work> Sheet<'_, W> {
    fn take(&mut self, item: &Result<Record<'_>, Reject<'_>>) {
        self.work.take(item, &mut self.scratch, &mut self.block);
        if self.block.lines.len() >= BLOCK_BYTES {
            self.write();
        }
    }

    fn write(&mut self) {
        (self.write)(&self.block);
        self.block.clear();
    }
}

/// Where the threads meet.
struct Hall<'h, W> {
    inputs: &'h [Input],
    reading: Reading<'h>,
    work: &'h W,
    progress: &'h Progress,
    /// No input makes who reads it wait for somebody else. Then who writes has time for other work.
    never_waits: bool,
    board: Mutex<Board>,
    changed: Condvar,
    /// Some lines were written.
    written: Condvar,
}

/// Ends the threads when it goes.
struct Stop<'h, 'w, W: Work>(&'h Hall<'w, W>);

impl<W: Work> Drop for Stop<'_, '_, W> {
    fn drop(&mut self) {
        let mut board = self.0.board();
        board.stopped = true;
        self.0.tell_written(board);
    }
}

/// What a thread works with.
struct Hand<W: Work> {
    desk: Desk,
    scratch: W::Scratch,
    /// It is the thread that writes.
    writes: bool,
}

impl<W: Work> Hand<W> {
    fn new(limits: Limits, writes: bool) -> Self {
        Self { desk: Desk::new(limits), scratch: W::Scratch::default(), writes }
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

    /// The same, when less waits to be written.
    fn tell_written(&self, board: MutexGuard<'_, Board>) {
        let held_up = board.held_up > 0;
        self.tell(board);
        if held_up {
            self.written.notify_all();
        }
    }

    /// Works until nothing is left to be read. Should it panic, all end: what it had is lost, and the others would wait
    /// for that.
    fn help(&self) {
        let lost = Stop(self);
        self.help_on();
        std::mem::forget(lost);
    }

    fn help_on(&self) {
        let mut hand = Hand::<W>::new(self.reading.limits, false);
        let mut board = self.board();
        while !board.stopped {
            if let Some(claim) = board.claim() {
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
                self.chunk((input, lane, alone), hand);
            }
            Claim::Batch(waiting) => self.parse(waiting, &mut hand.scratch),
        }
    }

    /// Reads a lane's next chunk or some more, lets others have the lane, and parses what is left to be parsed.
    fn chunk(&self, (input, lane, alone): (usize, anyhow::Result<Lane>, bool), hand: &mut Hand<W>) {
        let mut block = self.board().spare.pop().unwrap_or_default();
        let mut batch = if alone { None } else { self.board().spare_batches.pop() }.unwrap_or_default();
        let step = lane.and_then(|lane| {
            if alone {
                self.parse_chunks(input, lane, &mut block, hand)
            } else {
                self.split_chunk(input, lane, &mut batch, hand)
            }
        });
        let number = self.reserve(input);
        self.put_back(input, step);
        let Hand { desk, scratch, .. } = hand;
        let mut take = |item: &Result<Record<'_>, Reject<'_>>| self.take(item, scratch, &mut block);
        if !desk.is_empty() {
            desk.parse(self.reading.fixed, &mut take);
        }
        batch.parse(&self.reading.limits, &mut take);
        self.keep_batch(batch);
        self.deliver(input, number, block);
    }

    /// Reads a lane that no other thread needs, and parses where the bytes lie. A text's part is left with the desk.
    fn parse_chunks(
        &self,
        input: usize,
        mut lane: Lane,
        block: &mut Block,
        Hand { desk, scratch, writes }: &mut Hand<W>,
    ) -> anyhow::Result<Option<Lane>> {
        loop {
            let mut take = |item: &Result<Record<'_>, Reject<'_>>| {
                self.take(item, scratch, block);
                if block.lines.len() >= BLOCK_BYTES {
                    let number = self.reserve(input);
                    self.deliver(input, number, std::mem::take(block));
                    self.wait_for_room(input, *writes, scratch);
                    *block = self.board().spare.pop().unwrap_or_default();
                }
            };
            let count = lane.step(&self.reading, desk, Way::Parse(&mut take))?;
            match self.behind(count, lane, desk) {
                Some(open) => lane = open,
                None => return Ok(None),
            }
            if !desk.is_empty() || !self.never_waits || !self.board().is_kept(input, block, *writes) {
                return Ok(Some(lane));
            }
        }
    }

    /// Reads a lane's next chunk and splits it, for all threads to parse.
    fn split_chunk(
        &self,
        input: usize,
        mut lane: Lane,
        batch: &mut Batch,
        Hand { desk, scratch, writes }: &mut Hand<W>,
    ) -> anyhow::Result<Option<Lane>> {
        let mut keep = |item: &Item<'_>, base| {
            batch.push(item, base);
            if batch.len() >= BATCH_BYTES {
                *batch = self.hand_over(input, std::mem::take(batch), scratch);
                self.wait_for_room(input, *writes, scratch);
            }
        };
        let count = lane.step(&self.reading, desk, Way::Keep(&mut keep))?;
        Ok(self.behind(count, lane, desk))
    }

    /// The lane behind a chunk of so many bytes; none behind the last.
    fn behind(&self, count: usize, lane: Lane, desk: &mut Desk) -> Option<Lane> {
        self.progress.add(count);
        if count == 0 {
            lane.close(desk);
            return None;
        }
        Some(lane)
    }

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, scratch: &mut W::Scratch, block: &mut Block) {
        block.items += 1;
        self.work.take(item, scratch, block);
    }

    /// Lets another thread parse a full batch, or does it if too many wait. Returns an empty one.
    fn hand_over(&self, input: usize, batch: Batch, scratch: &mut W::Scratch) -> Batch {
        let block = self.reserve(input);
        let waiting = Waiting { input, block, batch };
        let mut board = self.board();
        if board.has_enough_batches() {
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
        batch.parse(&self.reading.limits, &mut |item| self.take(item, scratch, &mut block));
        self.keep_batch(batch);
        self.deliver(input, number, block);
    }

    /// Waits in the middle of a chunk while too much waits to be written, unless that waits for this input, or for this
    /// thread. Parses batches meanwhile: they may be what is waited for.
    fn wait_for_room(&self, input: usize, writes: bool, scratch: &mut W::Scratch) {
        let mut board = self.board();
        while !writes && board.is_full_for(input) {
            if let Some(waiting) = board.waiting.pop_front() {
                drop(board);
                self.parse(waiting, scratch);
                board = self.board();
            } else {
                board.held_up += 1;
                board = self.written.wait(board).unwrap_or_else(PoisonError::into_inner);
                board.held_up -= 1;
            }
        }
    }

    fn reserve(&self, input: usize) -> usize {
        self.board().slot(input).map_or(0, Slot::reserve)
    }

    /// Puts a block in its place.
    fn deliver(&self, input: usize, number: usize, block: Block) {
        let mut board = self.board();
        if let Some(slot) = board.slot(input) {
            slot.fill(number, block);
        }
        self.tell(board);
    }

    fn keep_block(&self, mut block: Block) {
        block.clear();
        self.board().keep_block(block);
    }

    fn keep_batch(&self, mut batch: Batch) {
        batch.clear();
        self.board().keep_batch(batch);
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
    fn write_all(&self, write: &mut dyn FnMut(&Block)) -> anyhow::Result<()> {
        let mut hand = Hand::<W>::new(self.reading.limits, true);
        let mut board = self.board();
        while !board.stopped {
            if let Some(slot) = board.slots.front_mut() {
                if let Some(block) = slot.take_next() {
                    self.tell_written(board);
                    write(&block);
                    self.keep_block(block);
                    board = self.board();
                    continue;
                }
                if slot.is_written() {
                    let failure = slot.failure.take();
                    board.slots.pop_front();
                    if let Some(failure) = failure {
                        // Before anybody opens the next.
                        board.stopped = true;
                        return Err(failure);
                    }
                    self.tell_written(board);
                    board = self.board();
                    continue;
                }
            } else if board.begun == self.inputs.len() {
                return Ok(());
            }
            if let Some(claim) = self.never_waits.then(|| board.claim()).flatten() {
                drop(board);
                self.work(claim, &mut hand);
                board = self.board();
            } else {
                board = self.wait(board);
            }
        }
        // A thread has panicked, which the scope passes on.
        Ok(())
    }
}

#[cfg(test)]
mod tests;
