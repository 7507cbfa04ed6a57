//! Several inputs as one stream in event time: exports of one HSM each, read side by side.
//!
//! Read one after the other, the second HSM's records would come when the first one's windows are long closed.
//! So the inputs are merged by event time; each keeps its own order, disorder included. What waits is the
//! rest of one chunk per input.
//!
//! Limits: [`OPEN_MAX`] inputs are read side by side, further ones follow as others end, in the order given.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use hsmstream_frame::{Format, Frame, Item, Reject, StreamFramer};
use hsmstream_record::{Document, Kind, Limits, Origin, Reason, Record, parse};

use crate::inputs::{Feed, Input, Source};

/// Takes the input's number, the item's number in it, and the item.
pub(crate) type Visit<'v> = dyn FnMut(usize, i64, &Result<Record<'_>, Reject<'_>>) + 'v;

/// Inputs read side by side.
const OPEN_MAX: usize = 256;

/// Reads all inputs and visits what they hold: the input's number, the item's number in it, the item.
///
/// # Errors
/// What the file system says, with the input's name.
pub(crate) fn read(
    inputs: &[Input],
    format: Format,
    limits: Limits,
    fixed: &Origin<'_>,
    visit: &mut Visit<'_>,
) -> anyhow::Result<()> {
    let mut feed = Feed::new(inputs);
    if let [input] = inputs {
        return read_one(&mut feed, input, StreamFramer::new(format, limits), fixed, visit);
    }
    let mut waiting = inputs.iter().enumerate();
    let mut lanes: Vec<Option<Lane>> = Vec::new();
    let mut heads = BinaryHeap::new();
    loop {
        while heads.len() < OPEN_MAX
            && let Some((number, input)) = waiting.next()
        {
            let mut lane = Lane::open(input, number, format, limits)?;
            if lane.fill(&mut feed, fixed)? {
                heads.push(Reverse((lane.time(), lanes.len())));
                lanes.push(Some(lane));
            }
        }
        let Some(Reverse((_, at))) = heads.pop() else { break };
        let Some(slot) = lanes.get_mut(at) else { break };
        let Some(mut lane) = slot.take() else { break };
        lane.visit(&limits, visit);
        if lane.fill(&mut feed, fixed)? {
            heads.push(Reverse((lane.time(), at)));
            *slot = Some(lane);
        }
    }
    feed.finish();
    Ok(())
}

/// Reads a single input, which needs no merging and no copies.
fn read_one(
    feed: &mut Feed,
    input: &Input,
    mut framer: StreamFramer,
    fixed: &Origin<'_>,
    visit: &mut Visit<'_>,
) -> anyhow::Result<()> {
    let mut number = 0;
    let mut take = |item: &Result<Record<'_>, Reject<'_>>| {
        visit(0, number, item);
        number = number.saturating_add(1);
    };
    feed.read(input, &mut |chunk| framer.feed_records(chunk, fixed, &mut take))?;
    framer.finish_records(fixed, &mut take);
    feed.finish();
    Ok(())
}

/// One input that is being read.
struct Lane {
    input: usize,
    number: i64,
    source: Source,
    framer: Option<StreamFramer>,
    queue: VecDeque<Owned>,
    limits: Limits,
    latest: u64,
}

/// An item that waits for its turn.
struct Owned {
    /// Its place in the merge: its event time, or that of an earlier one of its input if that is later.
    time: u64,
    bytes: Vec<u8>,
    account: Option<Vec<u8>>,
    log_group: Option<Vec<u8>>,
    log_stream: Option<Vec<u8>>,
    cluster: Option<Vec<u8>>,
    hsm: Option<Vec<u8>>,
    event_id: Option<Vec<u8>>,
    event_timestamp_ms: Option<i64>,
    message_offset: u64,
    sort: Sort,
}

#[derive(Clone, Copy)]
enum Sort {
    Frame { kind: Kind, bad_escape: bool },
    Reject { reason: Reason, offset: u32, length: u64 },
}

impl Lane {
    fn open(input: &Input, number: usize, format: Format, limits: Limits) -> anyhow::Result<Self> {
        let source = Source::open(input)?;
        let framer = Some(StreamFramer::new(format, limits));
        Ok(Self { input: number, number: 0, source, framer, queue: VecDeque::new(), limits, latest: 0 })
    }

    /// Reads until something waits; false at the end of the input.
    fn fill(&mut self, feed: &mut Feed, fixed: &Origin<'_>) -> anyhow::Result<bool> {
        while self.queue.is_empty() {
            let Self { queue, latest, limits, .. } = self;
            let mut take = |item: Item<'_>| queue.push_back(Owned::of(item, limits, latest));
            let Some(framer) = &mut self.framer else { return Ok(false) };
            match feed.chunk(&mut self.source)? {
                Some(chunk) => framer.feed(chunk, fixed, &mut take),
                None => {
                    if let Some(mut framer) = self.framer.take() {
                        framer.finish(fixed, &mut take);
                    }
                }
            }
        }
        Ok(true)
    }

    fn time(&self) -> u64 {
        self.queue.front().map_or(u64::MAX, |owned| owned.time)
    }

    fn visit(&mut self, limits: &Limits, visit: &mut Visit<'_>) {
        if let Some(owned) = self.queue.pop_front() {
            owned.lend(limits, &mut |item| visit(self.input, self.number, item));
            self.number = self.number.saturating_add(1);
        }
    }
}

impl Owned {
    fn of(item: Item<'_>, limits: &Limits, latest: &mut u64) -> Self {
        let (bytes, origin, message_offset, sort) = match item {
            Item::Frame(frame) => {
                *latest = (*latest).max(time(&frame, limits));
                let sort = Sort::Frame { kind: frame.kind, bad_escape: frame.bad_escape };
                (frame.bytes, frame.origin, frame.message_offset, sort)
            }
            Item::Reject(reject) => {
                let sort =
                    Sort::Reject { reason: reject.reason, offset: reject.offset, length: reject.length };
                (reject.raw, reject.origin, reject.message_offset, sort)
            }
        };
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        Self {
            time: *latest,
            bytes: bytes.to_vec(),
            account: own(origin.account),
            log_group: own(origin.log_group),
            log_stream: own(origin.log_stream),
            cluster: own(origin.cluster),
            hsm: own(origin.hsm),
            event_id: own(origin.event_id),
            event_timestamp_ms: origin.event_timestamp_ms,
            message_offset,
            sort,
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            account: self.account.as_deref(),
            log_group: self.log_group.as_deref(),
            log_stream: self.log_stream.as_deref(),
            cluster: self.cluster.as_deref(),
            hsm: self.hsm.as_deref(),
            event_id: self.event_id.as_deref(),
            event_timestamp_ms: self.event_timestamp_ms,
        }
    }

    fn lend(&self, limits: &Limits, visit: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>)) {
        let (bytes, origin, message_offset) = (self.bytes.as_slice(), self.origin(), self.message_offset);
        let item = match self.sort {
            Sort::Reject { reason, offset, length } => {
                Item::Reject(Reject { reason, offset, message_offset, raw: bytes, length, origin })
            }
            Sort::Frame { kind, bad_escape } => {
                Item::Frame(Frame { bytes, origin, kind, message_offset, bad_escape })
            }
        };
        item.parse(limits, visit);
    }
}

/// Event time of a frame; 0 if it has none.
fn time(frame: &Frame<'_>, limits: &Limits) -> u64 {
    match frame.kind {
        Kind::Audit => parse(frame.bytes, limits).map_or(0, |audit| audit.usecs),
        kind => Document::new(kind, frame.bytes).time_usecs.unwrap_or(0),
    }
}
