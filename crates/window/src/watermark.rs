//! Event time per HSM stream: who is late, who runs ahead, and up to where the task has seen everything.
//!
//! In → out: name and time of every record → [`Admission`]; the task's watermark for the operators.
//!
//! * **Late** is judged against the record's own stream: `time < highest − out_of_orderness −
//!   allowed_lateness`. A late record moves nothing.
//! * **Skewed**: `time > reference + max_skew`. The record is processed but moves nothing.
//! * The **task watermark** is the minimum over non-idle streams of `highest − out_of_orderness`, and never
//!   goes back when an older stream appears or returns. A stream without an unskewed record has no part.
//! * **Idle** is a stream of which no record moved or could have moved the watermark for `idle_timeout` of wall clock. So
//!   a stream that sends only late or skewed records does not hold the others back.
//! * **All idle**: nothing more is to come within `out_of_orderness` either, so the watermark becomes the
//!   highest time of all streams. It goes no further, because it also decides what operators forget: a key
//!   that pauses for minutes must still reach its threshold, in a test as in production. What wall clock
//!   may do beyond that, publishing windows, is told apart as the [idle horizon](Watermarks::idle_horizon).
//! * **End of input** (finite): the watermark is the largest unskewed time. Callers with finite input never
//!   call [`Watermarks::tick`], so no stream is idle before the end.
//!
//! Limits: `streams_max`; beyond it the sixteenth part of streams that has been silent longest is evicted,
//! counted, and known as new if it returns. Numbers are never given twice.
//!
//! Cost: one hash lookup per record, none if the stream is that of the record before; a heap operation only
//! when the stream that is furthest behind moves.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;

use ahash::RandomState;
use hashbrown::HashTable;

use crate::changes::Changes;
use crate::codec::{Reader, VERSION, put_u64};
use crate::error::RestoreError;
use crate::time::{EventTime, Settings, Span, StreamId};

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The record's stream.
    pub stream: StreamId,
    /// Later than its stream allows: operators skip it, plain matches do not.
    pub late: bool,
    /// Ahead of its transport's time: processed, but it moved no watermark.
    pub skewed: bool,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatermarkCounters {
    /// Late records.
    pub late: u64,
    /// Skewed records.
    pub skewed: u64,
    /// Streams evicted by the limit.
    pub evicted: u64,
}

/// The streams of one task and its watermark.
pub struct Watermarks {
    settings: Settings,
    streams_max: usize,
    table: HashTable<u32>,
    hasher: RandomState,
    streams: Vec<Stream>,
    by_id: BTreeMap<StreamId, u32>,
    next_id: u32,
    /// The stream of the record before: records come in runs.
    recent: u32,
    /// One entry per stream that is not idle, by a highest time it had; the minimum is kept exact.
    slowest: BinaryHeap<Reverse<(EventTime, u32)>>,
    watermark: Option<EventTime>,
    largest: Option<EventTime>,
    active_ms: i64,
    dirty: Vec<u32>,
    task_dirty: bool,
    tombstones: Vec<Box<[u8]>>,
    counters: WatermarkCounters,
}

#[derive(Debug)]
struct Stream {
    name: Box<[u8]>,
    id: StreamId,
    highest: Option<EventTime>,
    active_ms: i64,
    in_heap: bool,
    dirty: bool,
    logged: bool,
}

impl fmt::Debug for Watermarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watermarks")
            .field("streams", &self.streams.len())
            .field("watermark", &self.watermark)
            .field("largest", &self.largest)
            .finish_non_exhaustive()
    }
}

impl Watermarks {
    /// The default of `streams_max`.
    pub const STREAMS_MAX: usize = 100_000;

    /// Builds the watermarks of a task that has seen nothing.
    #[must_use]
    pub fn new(settings: Settings, streams_max: usize, seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self {
            settings,
            streams_max: streams_max.max(1),
            table: HashTable::new(),
            hasher: RandomState::with_seeds(a, b, c, d),
            streams: Vec::new(),
            by_id: BTreeMap::new(),
            next_id: 0,
            recent: u32::MAX,
            slowest: BinaryHeap::new(),
            watermark: None,
            largest: None,
            active_ms: i64::MIN,
            dirty: Vec::new(),
            task_dirty: false,
            tombstones: Vec::new(),
            counters: WatermarkCounters::default(),
        }
    }

    /// Judges a record of the stream `name` and moves the watermarks.
    ///
    /// `reference` is the log event's timestamp, else the message's, if there is one; `now_ms` the wall clock.
    pub fn observe(
        &mut self,
        name: &[u8],
        time: EventTime,
        reference: Option<EventTime>,
        now_ms: i64,
    ) -> Admission {
        let index = self.find_or_add(name, now_ms);
        let Settings { out_of_orderness, allowed_lateness, max_skew, .. } = self.settings;
        let skewed = reference.is_some_and(|reference| reference.plus(max_skew) < time);
        let stream = stream_mut(&mut self.streams, index);
        let late = stream
            .highest
            .is_some_and(|highest| time < highest.minus(out_of_orderness).minus(allowed_lateness));
        let admission = Admission { stream: stream.id, late, skewed };
        self.counters.late += u64::from(late);
        self.counters.skewed += u64::from(skewed);
        if late || skewed {
            return admission;
        }
        stream.active_ms = stream.active_ms.max(now_ms);
        self.active_ms = self.active_ms.max(now_ms);
        if stream.highest.is_none_or(|highest| highest < time) {
            stream.highest = Some(time);
            self.largest = self.largest.max(Some(time));
            self.mark_dirty(index);
        }
        self.enter(index);
        self.update();
        admission
    }

    /// The number of the stream `name`, without observing anything; for records whose time another task judged.
    pub fn intern(&mut self, name: &[u8], now_ms: i64) -> StreamId {
        let index = self.find_or_add(name, now_ms);
        stream_mut(&mut self.streams, index).id
    }

    /// The name of a stream, unless it was evicted.
    #[must_use]
    pub fn name(&self, id: StreamId) -> Option<&[u8]> {
        let index = *self.by_id.get(&id)?;
        self.streams.get(at(index)).map(|stream| &*stream.name)
    }

    /// The task watermark: no record with a lesser time is to be expected; `None` before the first record.
    /// Never goes back.
    #[must_use]
    pub fn watermark(&self) -> Option<EventTime> {
        self.watermark
    }

    /// Known streams.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.by_id.len()
    }

    /// Streams that hold the watermark now.
    #[must_use]
    pub fn active_streams(&self) -> usize {
        self.slowest.len()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> WatermarkCounters {
        self.counters
    }

    /// Applies the idle rule. To be called about once a second, never with finite input.
    pub fn tick(&mut self, now_ms: i64) {
        let timeout_ms = i64::try_from(self.settings.idle_timeout.0.div_ceil(1_000)).unwrap_or(i64::MAX);
        let Self { streams, slowest, .. } = self;
        slowest.retain(|&Reverse((_, index))| {
            let stream = stream_mut(streams, index);
            stream.in_heap = now_ms.saturating_sub(stream.active_ms) < timeout_ms;
            stream.in_heap
        });
        if self.slowest.is_empty() {
            self.raise(self.largest);
        } else {
            self.update();
        }
    }

    /// While all streams are idle: the event time up to which the wall clock lets windows be published; `None` else.
    ///
    /// It is the wall clock itself, or, where event time is ahead of it, the highest event time plus the
    /// silence. For old records read from a backlog the wall clock has passed every window's end.
    #[must_use]
    pub fn idle_horizon(&self, now_ms: i64) -> Option<EventTime> {
        let largest = self.largest.filter(|_| self.slowest.is_empty())?;
        let millis = |ms: i64| Span::from_millis(u64::try_from(ms).unwrap_or(0));
        let silence = millis(now_ms.saturating_sub(self.active_ms));
        Some(largest.plus(silence).max(EventTime::ZERO.plus(millis(now_ms))))
    }

    /// End of finite input: the watermark becomes the largest unskewed time.
    pub fn end_of_input(&mut self) -> Option<EventTime> {
        self.raise(self.largest);
        self.watermark
    }

    fn find_or_add(&mut self, name: &[u8], now_ms: i64) -> u32 {
        if self.streams.get(at(self.recent)).is_some_and(|stream| *stream.name == *name) {
            return self.recent;
        }
        let hash = self.hasher.hash_one(name);
        let is_equal = |&index: &u32| *stream_of(&self.streams, index).name == *name;
        let found = self.table.find(hash, is_equal).copied();
        self.recent = found.unwrap_or_else(|| {
            if self.streams_max <= self.by_id.len() {
                self.evict();
            }
            let id = StreamId(self.next_id);
            self.next_id = self.next_id.checked_add(1).expect("fewer than 2^32 streams in a task's life");
            self.task_dirty = true;
            let index = self.add(name, id, now_ms);
            self.mark_dirty(index);
            index
        });
        self.recent
    }

    fn add(&mut self, name: &[u8], id: StreamId, now_ms: i64) -> u32 {
        let index = u32::try_from(self.streams.len()).expect("streams_max fits 32 bits");
        self.streams.push(Stream {
            name: name.into(),
            id,
            highest: None,
            active_ms: now_ms,
            in_heap: false,
            dirty: false,
            logged: false,
        });
        self.by_id.insert(id, index);
        let Self { table, streams, hasher, .. } = self;
        let hash_of = |&index: &u32| hasher.hash_one(&*stream_of(streams, index).name);
        table.insert_unique(hasher.hash_one(name), index, hash_of);
        index
    }

    /// Evicts the longest silent sixteenth, and numbers the rest anew.
    fn evict(&mut self) {
        let live = self.by_id.values().map(|&index| stream_of(&self.streams, index));
        let mut order: Vec<(i64, StreamId)> = live.map(|stream| (stream.active_ms, stream.id)).collect();
        order.sort_unstable();
        let count = order.len().div_ceil(16);
        self.counters.evicted += u64::try_from(count).unwrap_or(0);
        let bound = order.get(count).copied();
        let streams = std::mem::take(&mut self.streams);
        let live = std::mem::take(&mut self.by_id);
        self.table.clear();
        self.slowest.clear();
        self.dirty.clear();
        for stream in streams.into_iter().filter(|stream| live.contains_key(&stream.id)) {
            if bound.is_none_or(|bound| (stream.active_ms, stream.id) < bound) {
                if stream.logged {
                    self.tombstones.push(entry_key(&stream.name));
                }
                continue;
            }
            let index = self.add(&stream.name, stream.id, stream.active_ms);
            let (in_heap, dirty) = (stream.in_heap, stream.dirty);
            *stream_mut(&mut self.streams, index) = Stream { in_heap: false, dirty: false, ..stream };
            if in_heap {
                self.enter(index);
            }
            if dirty {
                self.mark_dirty(index);
            }
        }
    }

    /// Lets a stream hold the watermark.
    fn enter(&mut self, index: u32) {
        let stream = stream_mut(&mut self.streams, index);
        if let (false, Some(highest)) = (stream.in_heap, stream.highest) {
            stream.in_heap = true;
            self.slowest.push(Reverse((highest, index)));
        }
    }

    fn update(&mut self) {
        let minimum = exact_minimum(&mut self.slowest, &self.streams);
        self.raise(minimum.map(|highest| highest.minus(self.settings.out_of_orderness)));
    }

    fn raise(&mut self, watermark: Option<EventTime>) {
        if self.watermark < watermark {
            self.watermark = watermark;
            self.task_dirty = true;
        }
    }

    fn mark_dirty(&mut self, index: u32) {
        let stream = stream_mut(&mut self.streams, index);
        if !stream.dirty {
            stream.dirty = true;
            self.dirty.push(index);
        }
    }

    /// Gives the changelog entries of what changed since the last call; `None` = delete the entry.
    pub fn drain_dirty(&mut self, f: &mut Changes<'_>) {
        for key in self.tombstones.drain(..) {
            f(&key, None);
        }
        let mut value = Vec::new();
        if std::mem::take(&mut self.task_dirty) {
            value.push(VERSION);
            put_u64(&mut value, self.next_id.into());
            put_time(&mut value, self.watermark);
            put_time(&mut value, self.largest);
            f(&[TASK], Some(&value));
        }
        for index in self.dirty.drain(..) {
            let stream = stream_mut(&mut self.streams, index);
            stream.dirty = false;
            stream.logged = true;
            value.clear();
            value.push(VERSION);
            put_u64(&mut value, stream.id.0.into());
            put_time(&mut value, stream.highest);
            f(&entry_key(&stream.name), Some(&value));
        }
    }

    /// Takes one entry of the changelog, in its order. Streams count as active at `now_ms`: a restart does
    /// not make them idle at once.
    ///
    /// # Errors
    /// The entry is damaged or of a newer version.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>, now_ms: i64) -> Result<(), RestoreError> {
        match (key.split_first(), value) {
            (Some((&TASK, [])), Some(value)) => self.restore_task(value),
            (Some((&STREAM, name)), Some(value)) => self.restore_stream(name, value, now_ms),
            (Some((&STREAM, name)), None) => {
                self.forget(name);
                Ok(())
            }
            _ => Err(Reader::new(key).malformed()),
        }
    }

    fn restore_task(&mut self, value: &[u8]) -> Result<(), RestoreError> {
        let mut reader = Reader::versioned(value)?;
        let next_id = read_id(&mut reader)?;
        let watermark = read_time(&mut reader)?;
        let largest = read_time(&mut reader)?;
        reader.end()?;
        self.next_id = self.next_id.max(next_id);
        self.watermark = self.watermark.max(watermark);
        self.largest = self.largest.max(largest);
        Ok(())
    }

    fn restore_stream(&mut self, name: &[u8], value: &[u8], now_ms: i64) -> Result<(), RestoreError> {
        let mut reader = Reader::versioned(value)?;
        let id = StreamId(read_id(&mut reader)?);
        let highest = read_time(&mut reader)?;
        reader.end()?;
        let next_id = id.0 + 1;
        let hash = self.hasher.hash_one(name);
        let known = self.table.find(hash, |&index| *stream_of(&self.streams, index).name == *name).copied();
        let index = match known {
            Some(index) if stream_of(&self.streams, index).id == id => index,
            _ if self.by_id.contains_key(&id) => return Err(reader.malformed()),
            Some(_) => {
                self.forget(name);
                self.add(name, id, now_ms)
            }
            None => self.add(name, id, now_ms),
        };
        self.next_id = self.next_id.max(next_id);
        let stream = stream_mut(&mut self.streams, index);
        stream.highest = highest;
        stream.logged = true;
        self.largest = self.largest.max(highest);
        self.active_ms = self.active_ms.max(now_ms);
        // The watermark is what the task's own entry says: the streams restored so far are not all of them.
        self.enter(index);
        Ok(())
    }

    /// Takes a stream out. Its place stays empty until the next eviction.
    fn forget(&mut self, name: &[u8]) {
        let hash = self.hasher.hash_one(name);
        let Self { table, streams, by_id, recent, .. } = self;
        if let Ok(found) = table.find_entry(hash, |&index| *stream_of(streams, index).name == *name) {
            let (index, _) = found.remove();
            let stream = stream_mut(streams, index);
            by_id.remove(&stream.id);
            stream.highest = None;
            stream.active_ms = i64::MIN;
            stream.in_heap = false;
            stream.name = Box::default();
            *recent = u32::MAX;
        }
    }
}

/// Brings entries of streams that have moved up to date until the least one is true; drops forgotten ones.
fn exact_minimum(
    slowest: &mut BinaryHeap<Reverse<(EventTime, u32)>>,
    streams: &[Stream],
) -> Option<EventTime> {
    while let Some(mut least) = slowest.peek_mut() {
        let Reverse((known, index)) = *least;
        match stream_of(streams, index).highest {
            Some(highest) if highest == known => return Some(highest),
            Some(highest) => *least = Reverse((highest, index)),
            None => drop(PeekMut::pop(least)),
        }
    }
    None
}

const TASK: u8 = 0;
const STREAM: u8 = 1;

fn entry_key(name: &[u8]) -> Box<[u8]> {
    [&[STREAM], name].concat().into()
}

fn put_time(out: &mut Vec<u8>, time: Option<EventTime>) {
    put_u64(out, u64::from(time.is_some()));
    put_u64(out, time.unwrap_or_default().0);
}

/// A stream's number; half of all are out of reach in a task's life, so an entry that has one is none of ours.
fn read_id(reader: &mut Reader<'_>) -> Result<u32, RestoreError> {
    let id = reader.u32()?;
    if id < 1 << 31 { Ok(id) } else { Err(reader.malformed()) }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Option<EventTime>, RestoreError> {
    let is_some = reader.u64()?;
    let time = EventTime(reader.u64()?);
    match is_some {
        0 => Ok(None),
        1 => Ok(Some(time)),
        _ => Err(reader.malformed()),
    }
}

fn at(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

#[expect(
    clippy::indexing_slicing,
    reason = "indices come from the table or the heap, which follow the vector"
)]
fn stream_of(streams: &[Stream], index: u32) -> &Stream {
    &streams[at(index)]
}

#[expect(
    clippy::indexing_slicing,
    reason = "indices come from the table or the heap, which follow the vector"
)]
fn stream_mut(streams: &mut [Stream], index: u32) -> &mut Stream {
    &mut streams[at(index)]
}
