//! The keyed store below all operators: index, slab, timers, change list.
//!
//! In → out: bytes of a key → slot number → state; watermark → slots whose deadline has come; changes
//! since the last drain → changelog entries.
//!
//! Invariants:
//! * every live key has one current timer (`Slot::deadline`); heap entries that differ from it are stale
//!   and skipped. A deadline that moved later keeps its early entry: popping it finds nothing due and sets
//!   the real one, so a busy key costs one heap operation per retention, not per event;
//! * no method iterates over the index, so the hash and its seeds reach no output;
//! * the accounted bytes are a function of what the keys hold, not of capacities or history.
//!
//! A key and the encoded part of its state lie in one allocation, the *cell*, in steps of 32 bytes: one cache
//! line or two hold all that most keys need. The part of the state that is not encoded is `S`.
//!
//! Memory per key: 12 (index) + 16 (timer) + slot (40 + `S`) + cell.
//!
//! Changelog entries: key = varint part number, then the key; value of part 0 = varint number of parts,
//! then the (first piece of the) state, of the others the next pieces. Only states above
//! [`PART_BYTES`] have more than one part, so that no entry exceeds a broker's message limit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;

use ahash::RandomState;

use crate::changes::Changes;
use crate::codec::{Reader, len_u64, put_u64};
use crate::error::RestoreError;
use crate::index::Index;
use crate::time::EventTime;

/// Largest piece of a state in one changelog entry.
pub(crate) const PART_BYTES: usize = 256 << 10;
const CHUNK_BITS: u32 = 12;
const CHUNK_SLOTS: usize = 1 << CHUNK_BITS;
/// Index entry, timer, and the allocator's share of the cell.
const OVERHEAD_BYTES: usize = 12 + 16 + 8;
const CELL_STEP: usize = 32;

pub(crate) struct Keyed<S> {
    index: Index,
    chunks: Vec<Vec<Slot<S>>>,
    free: Vec<u32>,
    slots: u32,
    timers: BinaryHeap<Reverse<Timer>>,
    dirty: Vec<u32>,
    tombstones: Vec<Box<[u8]>>,
    parts: BTreeMap<u32, u64>,
    /// States of several parts, while they are being restored.
    pending: BTreeMap<Box<[u8]>, Pieces>,
    hasher: RandomState,
    bytes: usize,
}

/// Reads the state of a key from the changelog.
pub(crate) type Decode<'f, S> =
    dyn for<'a> FnMut(&[u8], &'a [u8]) -> Result<Restored<'a, S>, RestoreError> + 'f;
type Pieces = BTreeMap<u64, Box<[u8]>>;

/// A state read from the changelog, with its bytes beyond slot and cell and its next deadline.
#[derive(Debug)]
pub(crate) struct Restored<'a, S> {
    pub(crate) state: S,
    pub(crate) encoded: &'a [u8],
    pub(crate) bytes: usize,
    pub(crate) deadline: EventTime,
}

struct Slot<S> {
    /// Key, then the encoded state, then slack.
    cell: Box<[u8]>,
    key_len: u32,
    len: u32,
    state: S,
    deadline: EventTime,
    /// Accounted bytes beyond what every key has.
    bytes: u32,
    live: bool,
    /// A timer with `deadline` is in the heap.
    armed: bool,
    dirty: bool,
    /// The changelog has an entry of this key, so its removal needs a tombstone.
    logged: bool,
}

/// Ordered by deadline; the rest only makes the order total and independent of insertion order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    deadline: EventTime,
    tie: u32,
    slot: u32,
}

impl<S> fmt::Debug for Keyed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("keys", &self.index.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl<S: Default> Keyed<S> {
    pub(crate) fn new(seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self {
            index: Index::default(),
            chunks: Vec::new(),
            free: Vec::new(),
            slots: 0,
            timers: BinaryHeap::new(),
            dirty: Vec::new(),
            tombstones: Vec::new(),
            parts: BTreeMap::new(),
            pending: BTreeMap::new(),
            hasher: RandomState::with_seeds(a, b, c, d),
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The slot of `key`, made with the default state if there is none; the caller must then set a timer.
    pub(crate) fn entry(&mut self, key: &[u8]) -> u32 {
        let hash = self.hash(key);
        if let Some(slot) = self.find_hashed(hash, key) {
            return slot;
        }
        let slot = self.place(key);
        self.index.insert(hash, slot);
        slot
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        self.find_hashed(self.hash(key), key)
    }

    fn find_hashed(&self, hash: u32, key: &[u8]) -> Option<u32> {
        self.index.find(hash, |slot| slot_of(&self.chunks, slot).key() == key)
    }

    fn hash(&self, key: &[u8]) -> u32 {
        u32::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0)
    }

    fn place(&mut self, key: &[u8]) -> u32 {
        let len =
            u32::try_from(key.len()).expect("a group key is a piece of a message, which is below 4 GiB");
        let new = Slot {
            cell: cell(key, &[]),
            key_len: len,
            len,
            state: S::default(),
            deadline: EventTime::MAX,
            bytes: 0,
            live: true,
            armed: false,
            dirty: false,
            logged: false,
        };
        self.bytes += fixed_bytes::<S>(&new.cell);
        if let Some(slot) = self.free.pop() {
            *slot_mut(&mut self.chunks, slot) = new;
            return slot;
        }
        let slot = self.slots;
        self.slots = slot.checked_add(1).expect("keys_max is below 2^32");
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_SLOTS => chunk.push(new),
            None => self.chunks.push(vec![new]),
            Some(_) => {
                // All but the first chunk are allocated whole: a small rule stays small, and a large one
                // never holds twice what it needs, as a doubling vector would.
                let mut chunk = Vec::with_capacity(CHUNK_SLOTS);
                chunk.push(new);
                self.chunks.push(chunk);
            }
        }
        slot
    }

    pub(crate) fn key(&self, slot: u32) -> &[u8] {
        slot_of(&self.chunks, slot).key()
    }

    pub(crate) fn state(&self, slot: u32) -> &S {
        &slot_of(&self.chunks, slot).state
    }

    /// The encoded part of the state.
    pub(crate) fn encoded(&self, slot: u32) -> &[u8] {
        slot_of(&self.chunks, slot).encoded()
    }

    /// Replaces the encoded part; the caller then calls [`Keyed::touch`].
    pub(crate) fn set_encoded(&mut self, slot: u32, encoded: &[u8]) {
        let slot = slot_mut(&mut self.chunks, slot);
        let before = slot.cell.len();
        slot.set_encoded(encoded);
        self.bytes = self.bytes - before + slot.cell.len();
    }

    /// The key and the state, which the caller may change without a changelog entry.
    pub(crate) fn parts_mut(&mut self, slot: u32) -> (&[u8], &mut S) {
        let Slot { cell, key_len, state, .. } = slot_mut(&mut self.chunks, slot);
        (cell.get(..as_usize(*key_len)).unwrap_or_default(), state)
    }

    /// Notes that the state of `slot` changed and now takes `bytes` beyond the slot and the cell.
    pub(crate) fn touch(&mut self, slot: u32, bytes: usize) {
        let number = slot;
        let slot = slot_mut(&mut self.chunks, slot);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bytes = self.bytes - as_usize(slot.bytes) + as_usize(bytes);
        slot.bytes = bytes;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(number);
        }
    }

    /// Makes sure that a timer of `slot` comes at `deadline` or earlier; no heap operation if one does.
    pub(crate) fn advance_timer(&mut self, slot: u32, deadline: EventTime) {
        let current = slot_of(&self.chunks, slot).deadline;
        if !slot_of(&self.chunks, slot).armed || deadline < current {
            self.schedule(slot, deadline);
        }
    }

    /// Sets the timer of a slot that has none or whose timer came.
    pub(crate) fn schedule(&mut self, slot: u32, deadline: EventTime) {
        let number = slot;
        let slot = slot_mut(&mut self.chunks, slot);
        slot.armed = true;
        slot.deadline = deadline;
        let tie = fnv_fold(slot.key());
        self.timers.push(Reverse(Timer { deadline, tie, slot: number }));
    }

    /// The earliest time at which a timer may be due; `None` without any.
    pub(crate) fn next_deadline(&self) -> Option<EventTime> {
        self.timers.peek().map(|Reverse(timer)| timer.deadline)
    }

    /// Collects the slots whose timers have come by `watermark`; the caller must then schedule each anew
    /// or remove it.
    pub(crate) fn take_due(&mut self, watermark: EventTime, due: &mut Vec<u32>) {
        while let Some(slot) = self.pop_due(watermark) {
            due.push(slot);
        }
    }

    fn pop_due(&mut self, watermark: EventTime) -> Option<u32> {
        while let Some(&Reverse(timer)) = self.timers.peek() {
            if timer.deadline > watermark {
                return None;
            }
            self.timers.pop();
            if self.is_current(timer) {
                slot_mut(&mut self.chunks, timer.slot).armed = false;
                return Some(timer.slot);
            }
        }
        None
    }

    /// Whether the entry is the slot's timer, and not one of an earlier deadline or of an earlier key there.
    fn is_current(&self, timer: Timer) -> bool {
        let slot = slot_of(&self.chunks, timer.slot);
        slot.live && slot.armed && slot.deadline == timer.deadline && fnv_fold(slot.key()) == timer.tie
    }

    /// The slot with the earliest real deadline, as told by `actual`: the one to evict.
    pub(crate) fn victim(&mut self, mut actual: impl FnMut(&S, &[u8]) -> EventTime) -> Option<u32> {
        while let Some(&Reverse(timer)) = self.timers.peek() {
            let current = self.is_current(timer);
            let deadline = actual(self.state(timer.slot), self.encoded(timer.slot));
            if current && deadline <= timer.deadline {
                return Some(timer.slot);
            }
            self.timers.pop();
            if current {
                self.schedule(timer.slot, deadline);
            }
        }
        None
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let number = slot;
        let hash = self.hash(self.key(slot));
        self.index.remove(hash, slot);
        let slot = slot_mut(&mut self.chunks, slot);
        self.bytes -= fixed_bytes::<S>(&slot.cell) + as_usize(slot.bytes);
        if slot.logged {
            self.tombstones.extend(part_keys(slot.key(), self.parts.remove(&number).unwrap_or(1)));
        }
        *slot = Slot {
            cell: Box::default(),
            key_len: 0,
            len: 0,
            state: S::default(),
            deadline: EventTime::MAX,
            bytes: 0,
            live: false,
            armed: false,
            dirty: false,
            logged: false,
        };
        self.free.push(number);
    }

    /// All live slots, in slot order.
    pub(crate) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.slots).filter(|&slot| slot_of(&self.chunks, slot).live)
    }

    /// Removes every key.
    pub(crate) fn clear(&mut self) {
        for slot in 0..self.slots {
            if slot_of(&self.chunks, slot).live {
                self.remove(slot);
            }
        }
        self.timers.clear();
    }

    /// Gives what changed since the last call: tombstones first, then entries in the order in which they
    /// first changed.
    pub(crate) fn drain_dirty(&mut self, encode: impl Fn(&S, &[u8], &mut Vec<u8>), f: &mut Changes<'_>) {
        for key in self.tombstones.drain(..) {
            f(&key, None);
        }
        let mut value = Vec::new();
        for slot in std::mem::take(&mut self.dirty) {
            let number = slot;
            let slot = slot_mut(&mut self.chunks, slot);
            if !slot.dirty {
                continue;
            }
            slot.dirty = false;
            slot.logged = true;
            value.clear();
            encode(&slot.state, slot.encoded(), &mut value);
            let parts = emit_parts(slot.key(), &value, f);
            let before =
                if parts > 1 { self.parts.insert(number, parts) } else { self.parts.remove(&number) };
            for key in part_keys(slot.key(), before.unwrap_or(1)).skip(usize::try_from(parts).unwrap_or(0)) {
                f(&key, None);
            }
        }
    }

    /// Gives all entries, in slot order, and leaves the list of changes alone.
    pub(crate) fn export(&self, encode: impl Fn(&S, &[u8], &mut Vec<u8>), f: &mut Changes<'_>) {
        let mut value = Vec::new();
        for slot in self.live() {
            value.clear();
            encode(self.state(slot), self.encoded(slot), &mut value);
            emit_parts(self.key(slot), &value, f);
        }
    }

    /// Takes one changelog entry. Entries may repeat, the last counts.
    pub(crate) fn restore(
        &mut self,
        entry: &[u8],
        value: Option<&[u8]>,
        decode: &mut Decode<'_, S>,
    ) -> Result<(), RestoreError> {
        let mut reader = Reader::new(entry);
        let part = reader.u64()?;
        let key = reader.rest();
        if let (0, Some(value)) = (part, value) {
            let mut reader = Reader::new(value);
            if reader.u64()? == 1 {
                self.pending.remove(key);
                let restored = decode(key, reader.rest());
                return self.install(key, restored, 1);
            }
        }
        if part == 0 {
            self.forget(key);
        }
        match value {
            Some(value) => {
                self.pending.entry(key.into()).or_default().insert(part, value.into());
            }
            None => {
                if let Some(pieces) = self.pending.get_mut(key) {
                    pieces.remove(&part);
                }
            }
        }
        Ok(())
    }

    /// Puts states of several parts together, once all entries have been read.
    pub(crate) fn finish_restore(&mut self, decode: &mut Decode<'_, S>) -> Result<(), RestoreError> {
        for (key, pieces) in std::mem::take(&mut self.pending) {
            let Some(first) = pieces.get(&0) else { continue };
            let mut reader = Reader::new(first);
            let parts = reader.u64()?;
            let mut value = reader.rest().to_vec();
            if parts > len_u64(pieces.len()) {
                return Err(reader.malformed());
            }
            for part in 1..parts {
                value.extend_from_slice(pieces.get(&part).ok_or_else(|| reader.malformed())?);
            }
            let restored = decode(&key, &value);
            self.install(&key, restored, parts)?;
        }
        Ok(())
    }

    fn install(
        &mut self,
        key: &[u8],
        restored: Result<Restored<'_, S>, RestoreError>,
        parts: u64,
    ) -> Result<(), RestoreError> {
        let Restored { state, encoded, bytes, deadline } = restored.inspect_err(|_| self.forget(key))?;
        let slot = self.entry(key);
        self.set_encoded(slot, encoded);
        *self.parts_mut(slot).1 = state;
        self.schedule(slot, deadline);
        if parts > 1 {
            self.parts.insert(slot, parts);
        } else {
            self.parts.remove(&slot);
        }
        let slot = slot_mut(&mut self.chunks, slot);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bytes = self.bytes - as_usize(slot.bytes) + as_usize(bytes);
        slot.bytes = bytes;
        slot.logged = true;
        slot.dirty = false;
        Ok(())
    }

    /// Removes a key without a tombstone: the changelog already says so.
    fn forget(&mut self, key: &[u8]) {
        if let Some(slot) = self.find(key) {
            slot_mut(&mut self.chunks, slot).logged = false;
            self.parts.remove(&slot);
            self.remove(slot);
        }
    }
}

impl<S> Slot<S> {
    fn key(&self) -> &[u8] {
        self.cell.get(..as_usize(self.key_len)).unwrap_or_default()
    }

    fn encoded(&self) -> &[u8] {
        self.cell.get(as_usize(self.key_len)..as_usize(self.len)).unwrap_or_default()
    }

    fn set_encoded(&mut self, encoded: &[u8]) {
        let key_len = as_usize(self.key_len);
        let len = key_len + encoded.len();
        if cell_bytes(len) != self.cell.len() {
            self.cell = cell(self.key(), encoded);
        } else if let Some(place) = self.cell.get_mut(key_len..len) {
            place.copy_from_slice(encoded);
        }
        self.len = u32::try_from(len).expect("only short states are kept encoded");
    }
}

/// Bytes of a cell that holds `len`.
fn cell_bytes(len: usize) -> usize {
    len.next_multiple_of(CELL_STEP)
}

fn cell(key: &[u8], encoded: &[u8]) -> Box<[u8]> {
    let len = key.len() + encoded.len();
    let mut cell = Vec::with_capacity(cell_bytes(len));
    cell.extend_from_slice(key);
    cell.extend_from_slice(encoded);
    cell.resize(cell_bytes(len), 0);
    cell.into_boxed_slice()
}

fn fixed_bytes<S>(cell: &[u8]) -> usize {
    OVERHEAD_BYTES + size_of::<Slot<S>>() + cell.len()
}

fn emit_parts(key: &[u8], value: &[u8], f: &mut Changes<'_>) -> u64 {
    let parts = len_u64(value.len().div_ceil(PART_BYTES)).max(1);
    let mut pieces = value.chunks(PART_BYTES);
    let mut first = Vec::with_capacity(value.len().min(PART_BYTES) + 2);
    put_u64(&mut first, parts);
    first.extend_from_slice(pieces.next().unwrap_or_default());
    let mut keys = part_keys(key, parts);
    if let Some(key) = keys.next() {
        f(&key, Some(&first));
    }
    for (key, piece) in keys.zip(pieces) {
        f(&key, Some(piece));
    }
    parts
}

fn part_keys(key: &[u8], parts: u64) -> impl Iterator<Item = Box<[u8]>> + '_ {
    (0..parts).map(move |part| {
        let mut entry = Vec::with_capacity(key.len() + 1);
        put_u64(&mut entry, part);
        entry.extend_from_slice(key);
        entry.into_boxed_slice()
    })
}

/// FNV-1a, folded: orders equal deadlines by content, not by slot.
fn fnv_fold(key: &[u8]) -> u32 {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    u32::try_from(hash >> 32).unwrap_or(0)
}

fn as_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[expect(clippy::indexing_slicing, reason = "slot numbers come from this store, which never shrinks")]
fn slot_of<S>(chunks: &[Vec<Slot<S>>], slot: u32) -> &Slot<S> {
    &chunks[as_usize(slot >> CHUNK_BITS)][as_usize(slot) & (CHUNK_SLOTS - 1)]
}

#[expect(clippy::indexing_slicing, reason = "slot numbers come from this store, which never shrinks")]
fn slot_mut<S>(chunks: &mut [Vec<Slot<S>>], slot: u32) -> &mut Slot<S> {
    &mut chunks[as_usize(slot >> CHUNK_BITS)][as_usize(slot) & (CHUNK_SLOTS - 1)]
}
