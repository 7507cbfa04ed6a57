//! Event-time order: records that rules want wait here until nothing older is to come.
//!
//! In: matched records of a task in order of arrival, none of them late. Out: the same records in the order of
//! (event time, HSM, reboot counter, sequence number, arrival), each once it is older than the release point,
//! which is the watermark minus the allowed lateness. So any interleaving of streams within that lateness gives
//! the same outputs, at the price of that much latency.
//!
//! What waits is state: it is committed behind the offsets of the input, so it goes to the changelog, entry by
//! entry. Cost per matched record: a copy, a tree insertion and removal, and a second parse. Limit: bytes; over
//! it the oldest are released before their time.

use std::collections::BTreeMap;

use hsmstream_record::{Body, Document, Kind, Limits, Origin, Record, parse};
use hsmstream_window::{Changes, Contribution, EventTime};

use crate::codec::{Reader, put_bytes, put_u64};
use crate::core::{Core, stream_name};
use crate::emit::Emitter;
use crate::evidence::Position;

/// What waits, in the order of its release.
#[derive(Debug)]
pub(crate) struct OrderBuffer {
    waiting: BTreeMap<Place, Waiting>,
    bytes: usize,
    bytes_max: usize,
    /// Came since the last drain; some may have been released since.
    fresh: Vec<Place>,
    /// Released, and in the changelog.
    gone: Vec<Position>,
}

/// The place of a record in event-time order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    time: EventTime,
    hsm: Box<[u8]>,
    reboot: u32,
    sequence: u64,
    position: Position,
}

#[derive(Debug)]
struct Waiting {
    bytes: Box<[u8]>,
    is_logged: bool,
}

/// A record that was released.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) time: EventTime,
    /// Where it stood in the input.
    pub(crate) position: Position,
    bytes: Box<[u8]>,
}

/// Bytes that an entry costs beside its text: its place twice, its allocation, the tree.
const ENTRY_OVERHEAD: usize = 2 * size_of::<Place>() + size_of::<Waiting>() + 32;

impl OrderBuffer {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { waiting: BTreeMap::new(), bytes: 0, bytes_max, fresh: Vec::new(), gone: Vec::new() }
    }

    /// Takes a record in; `false` if one of this place waits already, as after a repeated delivery.
    pub(crate) fn push(
        &mut self,
        time: EventTime,
        position: Position,
        kafka_ms: Option<i64>,
        record: &Record<'_>,
    ) -> bool {
        let mut bytes = Vec::with_capacity(record.raw().len() + 128);
        encode(kafka_ms, record, &mut bytes);
        let place = Place::of(time, position, record);
        let is_new = self.insert(place.clone(), Waiting { bytes: bytes.into(), is_logged: false });
        if is_new {
            self.fresh.push(place);
        }
        is_new
    }

    fn insert(&mut self, place: Place, waiting: Waiting) -> bool {
        let bytes = cost(&place, &waiting);
        if self.waiting.contains_key(&place) {
            return false;
        }
        self.bytes += bytes;
        self.waiting.insert(place, waiting);
        true
    }

    /// The next record, if it is older than `point` or the buffer is over its limit.
    pub(crate) fn pop(&mut self, point: EventTime) -> Option<Released> {
        let (place, _) = self.waiting.first_key_value()?;
        if point <= place.time && !self.is_over() {
            return None;
        }
        let (place, waiting) = self.waiting.pop_first()?;
        self.bytes -= cost(&place, &waiting);
        if waiting.is_logged {
            self.gone.push(place.position);
        }
        Some(Released { time: place.time, position: place.position, bytes: waiting.bytes })
    }

    /// Whether it holds more than its limit.
    pub(crate) fn is_over(&self) -> bool {
        self.bytes_max < self.bytes
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Records that wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives the changes since the last drain: tombstones of what left, then what came and still waits.
    pub(crate) fn drain(&mut self, visit: &mut Changes<'_>) {
        for position in self.gone.drain(..) {
            visit(&position.to_key(), None);
        }
        for place in self.fresh.drain(..) {
            if let Some(waiting) = self.waiting.get_mut(&place) {
                waiting.is_logged = true;
                visit(&place.position.to_key(), Some(&waiting.bytes));
            }
        }
    }

    /// Takes back an entry. Gives false if its bytes make no sense.
    #[must_use]
    pub(crate) fn restore(&mut self, key: &[u8], value: &[u8], limits: &Limits) -> bool {
        let Some(position) = Position::from_key(key) else { return false };
        let place = decode(value, limits)
            .and_then(|(_, record)| Some(Place::of(EventTime(record.time_usecs()?), position, &record)));
        place.is_some_and(|place| self.insert(place, Waiting { bytes: value.into(), is_logged: true }))
    }
}

impl Place {
    fn of(time: EventTime, position: Position, record: &Record<'_>) -> Self {
        Self {
            time,
            hsm: record.origin.hsm.unwrap_or_default().into(),
            reboot: record.reboot().unwrap_or(0),
            sequence: record.sequence().unwrap_or(0),
            position,
        }
    }
}

impl Released {
    /// The message's timestamp and the record. `None` cannot be: it was written here, or checked on restore.
    pub(crate) fn read(&self, limits: &Limits) -> Option<(Option<i64>, Record<'_>)> {
        decode(&self.bytes, limits)
    }
}

impl Core {
    /// Releases what is older than the release point, and moves the operators' watermark there.
    pub(crate) fn release(&mut self, out: &mut dyn Emitter) {
        let watermark = self.context.watermarks.watermark().unwrap_or_default();
        let lateness = self.context.shared.settings.time.allowed_lateness;
        let point = if self.is_ordered { watermark.minus(lateness) } else { EventTime::MAX };
        self.release_older(point.max(self.released_up_to), out);
        if self.is_ordered {
            self.released_up_to = self.released_up_to.max(point);
            self.run_timers(out);
        }
    }

    /// While all input is idle the wall clock releases what waits; it moves the operators' watermark no further
    /// than what it released, since that also decides what they forget.
    pub(crate) fn release_idle(&mut self, now_ms: i64, out: &mut dyn Emitter) {
        self.release(out);
        if let Some(horizon) = self.context.watermarks.idle_horizon(now_ms) {
            self.release_older(horizon.minus(self.context.shared.settings.time.allowed_lateness), out);
        }
    }

    /// The input has ended: nothing older is to come.
    pub(crate) fn release_all(&mut self, out: &mut dyn Emitter) {
        self.release_older(EventTime::MAX, out);
        let watermark = self.context.watermarks.watermark().unwrap_or_default();
        self.released_up_to = self.released_up_to.max(watermark);
    }

    fn release_older(&mut self, point: EventTime, out: &mut dyn Emitter) {
        let current = (self.position, self.kafka_ms, self.context.arrived_ms);
        loop {
            let is_over = self.order.is_over();
            let Some(released) = self.order.pop(point) else { break };
            if is_over && point <= released.time {
                self.report_order_limit(out);
            }
            self.replay(&released, out);
        }
        (self.position, self.kafka_ms, self.context.arrived_ms) = current;
    }

    fn replay(&mut self, released: &Released, out: &mut dyn Emitter) {
        let limits = self.context.shared.settings.limits;
        let Some((kafka_ms, record)) = released.read(&limits) else {
            debug_assert!(false, "what waits was a record when it came");
            return;
        };
        (self.position, self.kafka_ms, self.context.arrived_ms) = (released.position, kafka_ms, kafka_ms);
        self.context.late = false;
        self.released_up_to = self.released_up_to.max(released.time);
        self.run_timers(out);
        stream_name(record.kind(), &record.origin, &mut self.stream_name);
        let contribution = Contribution {
            time: released.time,
            stream: self.context.watermarks.intern(&self.stream_name, self.now_ms),
            reboot: record.reboot().unwrap_or(0),
            sequence: record.sequence().unwrap_or(0),
            offset: self.position.offset,
            index: self.position.index,
            source: self.position.source,
        };
        let mut matched = std::mem::take(&mut self.matched);
        self.rule_set.matches(&record, &mut self.scratch, &mut matched);
        self.apply(&record, contribution, false, &matched, out);
        self.matched = matched;
    }
}

fn cost(place: &Place, waiting: &Waiting) -> usize {
    waiting.bytes.len() + 2 * place.hsm.len() + ENTRY_OVERHEAD
}

const KINDS: [Kind; 4] = [Kind::Audit, Kind::Certificate, Kind::CloudTrail, Kind::Metric];

/// Number of the kind · message timestamp · origin · text.
fn encode(kafka_ms: Option<i64>, record: &Record<'_>, out: &mut Vec<u8>) {
    let Origin { account, log_group, log_stream, cluster, hsm, event_id, event_timestamp_ms } = record.origin;
    let kind = KINDS.iter().position(|kind| *kind == record.kind()).unwrap_or(0);
    put_u64(out, kind as u64);
    for number in [kafka_ms, event_timestamp_ms] {
        put_bytes(out, number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }
    for part in [account, log_group, log_stream, cluster, hsm, event_id] {
        put_bytes(out, part);
    }
    out.extend_from_slice(record.raw());
}

fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(Option<i64>, Record<'a>)> {
    let mut reader = Reader::new(bytes);
    let kind = *KINDS.get(usize::try_from(reader.u64()?).ok()?)?;
    let mut numbers = [None; 2];
    for number in &mut numbers {
        *number = match reader.bytes()? {
            Some(bytes) => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
            None => None,
        };
    }
    let mut parts = [None; 6];
    for part in &mut parts {
        *part = reader.bytes()?;
    }
    let [account, log_group, log_stream, cluster, hsm, event_id] = parts;
    let [kafka_ms, event_timestamp_ms] = numbers;
    let raw = reader.rest();
    let body = match kind {
        Kind::Audit => Body::Audit(parse(raw, limits).ok()?),
        Kind::Certificate | Kind::CloudTrail | Kind::Metric => Body::Document(Document::new(kind, raw)),
    };
    let origin = Origin { account, log_group, log_stream, cluster, hsm, event_id, event_timestamp_ms };
    Some((kafka_ms, Record { origin, body }))
}
