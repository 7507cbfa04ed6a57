//! The keyed store below all operators: index, cells, timers, change list.
//!
//! In → out: bytes of a key → slot number → state; watermark → slots whose deadline has come; changes
//! since the last drain → changelog entries.
//!
//! A slot's header, its key and the encoded part of its state lie together in one cell, so that most events
//! touch one line of the index and two of a cell. The part of the state that is not encoded is an `S` in a
//! map of its own; few or all keys have one, as the operator wants.
//!
//! Invariants:
//! * every live key has one current timer: a wheel entry that is not of its `queued` time is stale and
//!   skipped. A deadline that moves later keeps its early entry, which then finds the real one; so a busy
//!   key costs one wheel operation per retention, not per event;
//! * no method iterates over the index, so the hash and its seeds reach no output;
//! * the accounted bytes are a function of what the keys hold, not of capacities or history.
//!
//! Memory per key: 12 (index) + 4 (slot) + 8 (timer) + cell: 24 of header, key, encoded state, in steps of 32,
//! and at most one step more than accounted.
//!
//! Changelog entries: see [`crate::changes`].

mod changelog;

use std::collections::BTreeMap;
use std::fmt;
use std::hint::black_box;

use ahash::RandomState;
use hashbrown::HashMap;

use crate::cells::{Cells, Handle};
use crate::changes::{Parts, Pending};
use crate::error::RestoreError;
use crate::header::{ARMED, DIRTY, FLAGS_SHIFT, HEADER_BYTES, Header, LOGGED, as_usize, low_u32};
use crate::index::Index;
use crate::time::EventTime;
use crate::wheel::{Timer, Wheel};

/// A cell that is too large by this is kept: the state of a busy key grows and shrinks by one event all the time.
const SLACK_BYTES: usize = 32;

/// Slots whose cells are fetched together.
const NEAR_SLOTS: usize = 32;

/// Index entry, slot number, timer.
const OVERHEAD_BYTES: usize = 12 + 4 + 8;

pub(crate) struct Keyed<S> {
    index: Index,
    /// By slot number.
    handles: Vec<Handle>,
    free: Vec<u32>,
    cells: Cells,
    states: HashMap<u32, Side<S>, RandomState>,
    wheel: Wheel,
    dirty: Vec<u32>,
    tombstones: Vec<Box<[u8]>>,
    /// How many entries the changelog has of a key, where it is not one.
    parts: BTreeMap<u32, Parts>,
    pending: Pending,
    hasher: RandomState,
    bytes: usize,
}

struct Side<S> {
    state: S,
    bytes: usize,
}

/// A state read from the changelog, with its bytes beyond the cell and its next deadline.
#[derive(Debug)]
pub(crate) struct Restored<'a, S> {
    pub(crate) state: Option<S>,
    pub(crate) encoded: &'a [u8],
    pub(crate) bytes: usize,
    pub(crate) deadline: EventTime,
}

/// Reads the state of a key from the changelog.
pub(crate) type Decode<'f, S> =
    dyn for<'a> FnMut(&[u8], &'a [u8]) -> Result<Restored<'a, S>, RestoreError> + 'f;

impl<S> fmt::Debug for Keyed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("keys", &self.index.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl<S> Keyed<S> {
    pub(crate) fn new(seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        let hasher = RandomState::with_seeds(a, b, c, d);
        Self {
            index: Index::default(),
            handles: Vec::new(),
            free: Vec::new(),
            cells: Cells::new(),
            states: HashMap::with_hasher(hasher.clone()),
            wheel: Wheel::default(),
            dirty: Vec::new(),
            tombstones: Vec::new(),
            parts: BTreeMap::new(),
            pending: Pending::default(),
            hasher,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The slot of `key`, made without state if there is none; the caller must then set a deadline.
    pub(crate) fn entry(&mut self, key: &[u8]) -> u32 {
        let hash = self.hash(key);
        if let Some(slot) = self.find_hashed(hash, key) {
            return slot;
        }
        let key_len = u32::try_from(key.len()).ok().filter(|len| len >> FLAGS_SHIFT == 0);
        let key_len = key_len.expect("a group key is a piece of a record, which is far below 256 MiB");
        let handle = self.cells.take(HEADER_BYTES + key.len());
        self.bytes += OVERHEAD_BYTES + Cells::size(HEADER_BYTES + key.len());
        let slot = self.free.pop().unwrap_or_else(|| {
            self.handles.push(Handle::NONE);
            u32::try_from(self.handles.len() - 1).expect("keys_max is below 2^32")
        });
        self.set_handle(slot, handle);
        let cell = self.cells.get_mut(handle);
        Header { key_len, ..Header::default() }.write(cell);
        if let Some(place) = cell.get_mut(HEADER_BYTES..HEADER_BYTES + key.len()) {
            place.copy_from_slice(key);
        }
        self.index.insert(hash, slot);
        slot
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        self.find_hashed(self.hash(key), key)
    }

    fn find_hashed(&self, hash: u32, key: &[u8]) -> Option<u32> {
        self.index.find(hash, |slot| self.key(slot) == key)
    }

    fn hash(&self, key: &[u8]) -> u32 {
        low_u32(self.hasher.hash_one(key) >> 32)
    }

    fn handle(&self, slot: u32) -> Handle {
        self.handles.get(as_usize(slot)).copied().unwrap_or(Handle::NONE)
    }

    fn set_handle(&mut self, slot: u32, handle: Handle) {
        if let Some(place) = self.handles.get_mut(as_usize(slot)) {
            *place = handle;
        }
    }

    fn cell(&self, slot: u32) -> &[u8] {
        self.cells.get(self.handle(slot))
    }

    fn header(&self, slot: u32) -> Header {
        Header::read(self.cell(slot))
    }

    fn set_header(&mut self, slot: u32, header: Header) {
        let handle = self.handle(slot);
        header.write(self.cells.get_mut(handle));
    }

    pub(crate) fn key(&self, slot: u32) -> &[u8] {
        let cell = self.cell(slot);
        Header::read(cell).key(cell)
    }

    /// The encoded part of the state.
    pub(crate) fn encoded(&self, slot: u32) -> &[u8] {
        let cell = self.cell(slot);
        Header::read(cell).encoded(cell)
    }

    /// The part of the state that is not encoded, if there is one.
    pub(crate) fn state(&self, slot: u32) -> Option<&S> {
        if self.states.is_empty() {
            return None;
        }
        self.states.get(&slot).map(|side| &side.state)
    }

    /// The key and the state, which is made if there is none.
    pub(crate) fn key_and_state(&mut self, slot: u32) -> (&[u8], &mut S)
    where
        S: Default,
    {
        let cell = self.cells.get(self.handles.get(as_usize(slot)).copied().unwrap_or(Handle::NONE));
        let side = self.states.entry(slot).or_insert_with(|| Side { state: S::default(), bytes: 0 });
        (Header::read(cell).key(cell), &mut side.state)
    }

    pub(crate) fn take_state(&mut self, slot: u32) -> Option<S> {
        if self.states.is_empty() {
            return None;
        }
        let side = self.states.remove(&slot)?;
        self.bytes -= side.bytes;
        Some(side.state)
    }

    pub(crate) fn set_state(&mut self, slot: u32, state: S, bytes: usize) {
        self.take_state(slot);
        self.bytes += bytes;
        self.states.insert(slot, Side { state, bytes });
    }

    /// Accounts for the bytes of a state that was changed in place.
    pub(crate) fn set_bytes(&mut self, slot: u32, bytes: usize) {
        if let Some(side) = self.states.get_mut(&slot) {
            self.bytes = self.bytes - side.bytes + bytes;
            side.bytes = bytes;
        }
    }

    /// Replaces the encoded part of the state; notes the change; sets the next deadline.
    pub(crate) fn update(&mut self, slot: u32, encoded: &[u8], deadline: EventTime) {
        let handle = self.handle(slot);
        let cell = self.cells.get(handle);
        let (mut header, len) = (Header::read(cell), cell.len());
        let size = Cells::size(header.end());
        header.encoded_len = u32::try_from(encoded.len()).expect("only short states are kept encoded");
        let new_size = Cells::size(header.end());
        self.bytes = self.bytes - size + new_size;
        let mut place = handle;
        if len < new_size || new_size + SLACK_BYTES < len {
            place = self.cells.resize(handle, header.end(), header.key_end());
            self.set_handle(slot, place);
        }
        let cell = self.cells.get_mut(place);
        copy_to(cell, header.key_end(), encoded);
        self.note(slot, header, deadline);
    }

    /// The deadline that was set last.
    pub(crate) fn deadline(&self, slot: u32) -> EventTime {
        self.header(slot).deadline
    }

    /// Notes a change of the state; sets the next deadline.
    pub(crate) fn touch(&mut self, slot: u32, deadline: EventTime) {
        let header = self.header(slot);
        self.note(slot, header, deadline);
    }

    /// Notes a change of the state that moves no deadline.
    pub(crate) fn mark_changed(&mut self, slot: u32) {
        let mut header = self.header(slot);
        if !header.has(DIRTY) {
            header.flags |= DIRTY;
            self.dirty.push(slot);
            self.set_header(slot, header);
        }
    }

    fn note(&mut self, slot: u32, mut header: Header, deadline: EventTime) {
        if !header.has(DIRTY) {
            header.flags |= DIRTY;
            self.dirty.push(slot);
        }
        self.arm(slot, header, deadline);
    }

    /// Sets the next deadline.
    pub(crate) fn schedule(&mut self, slot: u32, deadline: EventTime) {
        let header = self.header(slot);
        self.arm(slot, header, deadline);
    }

    fn arm(&mut self, slot: u32, mut header: Header, deadline: EventTime) {
        header.deadline = deadline;
        if !header.has(ARMED) || deadline < header.queued {
            header.flags |= ARMED;
            header.queued = deadline;
            let cell = self.cells.get(self.handle(slot));
            self.wheel.push(deadline, slot, || fnv_fold(header.key(cell)));
        }
        self.set_header(slot, header);
    }

    /// No timer comes before this; `None` without any.
    pub(crate) fn next_deadline(&self) -> Option<EventTime> {
        self.wheel.next()
    }

    /// Collects the slots whose deadlines have come by `watermark`; the caller must then schedule each anew
    /// or remove it.
    pub(crate) fn take_due(&mut self, watermark: EventTime, due: &mut Vec<u32>) {
        loop {
            while let Some(timer) = self.wheel.pop(watermark) {
                if self.settle(timer) {
                    due.push(timer.slot);
                }
            }
            if !self.open(watermark) {
                return;
            }
        }
    }

    /// Whether the deadline of a timer that was taken is the slot's; if it has moved, queues the slot anew.
    fn settle(&mut self, timer: Timer) -> bool {
        if self.handle(timer.slot) == Handle::NONE {
            return false;
        }
        let mut header = self.header(timer.slot);
        if !header.has(ARMED)
            || header.queued != timer.deadline
            || fnv_fold(self.key(timer.slot)) != timer.tie
        {
            return false;
        }
        header.flags &= !ARMED;
        if header.deadline > timer.deadline {
            self.arm(timer.slot, header, header.deadline);
            return false;
        }
        self.set_header(timer.slot, header);
        true
    }

    /// Brings the next list of timers near, if it begins by `watermark`.
    fn open(&mut self, watermark: EventTime) -> bool {
        let Some(opened) = self.wheel.open(watermark) else { return false };
        for slots in opened.slots.chunks(NEAR_SLOTS) {
            self.bring_near(slots);
            for &slot in slots {
                if self.handle(slot) == Handle::NONE {
                    continue;
                }
                let mut header = self.header(slot);
                if header.has(ARMED) && opened.holds(header.queued) {
                    header.flags &= !ARMED;
                    self.arm(slot, header, header.deadline);
                }
            }
        }
        true
    }

    /// The slot with the earliest deadline: the one to evict. The caller must remove it.
    pub(crate) fn victim(&mut self) -> Option<u32> {
        loop {
            while let Some(timer) = self.wheel.pop(EventTime::MAX) {
                if self.settle(timer) {
                    return Some(timer.slot);
                }
            }
            if !self.open(EventTime::MAX) {
                return None;
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.take_state(slot);
        let (handle, header) = (self.handle(slot), self.header(slot));
        let cell = self.cells.get(handle);
        let hash = self.hash(header.key(cell));
        self.bytes -= OVERHEAD_BYTES + Cells::size(header.end());
        let parts = self.parts.remove(&slot).unwrap_or_default();
        if header.has(LOGGED) {
            self.tombstones.extend(parts.keys(header.key(cell)));
        }
        self.index.remove(hash, slot);
        self.cells.give_back(handle);
        self.set_handle(slot, Handle::NONE);
        self.free.push(slot);
    }

    /// Looks once at the cells of slots that are about to be worked on: the processor then fetches their lines
    /// side by side, where the work itself would wait for one after the other.
    fn bring_near(&self, slots: &[u32]) {
        let touched = slots.iter().fold(0_u8, |touched, &slot| {
            let cell = self.cell(slot);
            touched ^ cell.first().copied().unwrap_or(0) ^ cell.last().copied().unwrap_or(0)
        });
        black_box(touched);
    }

    /// All live slots, in slot order.
    pub(crate) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.handles).filter(|&(_, &handle)| handle != Handle::NONE).map(|(slot, _)| slot)
    }

    /// Removes every key.
    pub(crate) fn clear(&mut self) {
        let live: Vec<u32> = self.live().collect();
        for slot in live {
            self.remove(slot);
        }
        self.wheel.clear();
    }
}

fn copy_to(cell: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = cell.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// FNV-1a by words, folded: orders equal deadlines by content, not by slot.
fn fnv_fold(key: &[u8]) -> u32 {
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x100_0000_01b3).rotate_left(23);
    let (words, bytes) = key.as_chunks();
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    low_u32(bytes.iter().fold(hash, |hash, &byte| step(hash, byte.into())) >> 32)
}
