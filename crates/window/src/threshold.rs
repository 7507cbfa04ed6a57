//! The threshold operator: enough events, distinct values or sum in a window of one group key.
//!
//! In → out: an accepted, matched record → at most one [`Firing`], and before it the closing update of the
//! key's previous alert if that hid something.
//!
//! Invariants: an event never changes another key's output; events are not consumed by a firing; the
//! decision depends on the key's history, the event and the watermark only.
//!
//! A history of up to [`SMALL_ITEMS`] events lies encoded, as in the changelog, beside its key: about 20
//! bytes for the first event and 10 for each further one. It is decoded into a scratch history for the
//! call. Larger ones stay decoded, so that a hot key costs O(1) per event. Which of the two applies
//! depends on the number of events alone.

use ahash::RandomState;

use crate::changes::Changes;
use crate::codec::{Reader, VERSION};
use crate::encoded::{append, has_fired};
use crate::error::{ConfigError, RestoreError};
use crate::event::{Contribution, Event};
use crate::history::{Found, History, Input, Shape, retained_until};
use crate::keyed::{Keyed, Restored};
use crate::limits::{Counters, Limits, check_threshold, check_window};
use crate::output::{Firing, Output};
use crate::silence::{Fired, Silence};
use crate::time::{EventTime, Span, ThresholdWhat, WindowKind};

const SMALL_ITEMS: usize = 16;

/// What a threshold rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThresholdSpec {
    /// What to count, and how much is enough.
    pub what: ThresholdWhat,
    /// Over which windows.
    pub window: WindowKind,
    /// Silence after a firing; 0 = every event at which the condition holds fires. The contract's default
    /// is [`WindowKind::length`].
    pub suppress: Span,
    /// The global `allowed_lateness`.
    pub allowed_lateness: Span,
}

/// The threshold operator of one rule.
#[derive(Debug)]
pub struct Threshold {
    shape: Shape,
    silence: Silence,
    limits: Limits,
    keyed: Keyed<Large>,
    /// There except while a call works on it.
    scratch: Option<Box<History>>,
    encoded: Vec<u8>,
    evidence: Vec<Contribution>,
    due: Vec<u32>,
    idle_seen: EventTime,
    counters: Counters,
}

/// A key's history if it is large; small ones are encoded beside the key.
type Large = Box<History>;

impl Threshold {
    /// Builds the operator without state.
    ///
    /// # Errors
    /// A [`ConfigError`] if the windows are empty or too many, or the threshold is 0 or unreachable.
    pub fn new(spec: ThresholdSpec, limits: Limits) -> Result<Self, ConfigError> {
        check_window(spec.window, &limits)?;
        check_threshold(spec.what, &limits)?;
        Ok(Self {
            shape: Shape { what: spec.what, window: spec.window, lateness: spec.allowed_lateness },
            silence: Silence {
                suppress: spec.suppress,
                lateness: spec.allowed_lateness,
                memory: limits.suppressed_memory,
                sees_late: false,
            },
            limits,
            keyed: Keyed::new(limits.seeds),
            scratch: None,
            encoded: Vec::new(),
            evidence: Vec::new(),
            due: Vec::new(),
            idle_seen: EventTime::ZERO,
            counters: Counters::default(),
        })
    }

    /// Takes an accepted event in at `watermark`. Runs due timers first.
    pub fn apply(&mut self, event: &Event<'_>, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        let input = match (self.shape.what, event.value, event.number) {
            (ThresholdWhat::Count(_), _, _) => Input::None,
            (ThresholdWhat::Distinct { .. }, Some(value), _) => Input::Bytes(value),
            (ThresholdWhat::Sum { .. }, _, Some(number)) => Input::Number(number),
            _ => {
                self.counters.missing += 1;
                return;
            }
        };
        self.counters.events += 1;
        self.idle_seen = EventTime::ZERO;
        let slot = self.keyed.entry(event.key);
        if !self.append(slot, &event.contribution, input, watermark) {
            self.judge(slot, event, input, watermark, out);
        }
        self.shrink(self.limits.keys_max, self.limits.state_bytes_max, out);
    }

    /// The short way: the event goes to an encoded history and cannot make the threshold hold.
    fn append(&mut self, slot: u32, event: &Contribution, input: Input<'_>, watermark: EventTime) -> bool {
        if self.keyed.state(slot).is_some() {
            return false;
        }
        let encoded = self.keyed.encoded(slot);
        if !append(self.shape, encoded, event, input, watermark, &mut self.encoded) {
            return false;
        }
        // An event that came behind time may be kept longer than this one: the deadline never moves back.
        let deadline = retained_until(event.time, self.shape).plus(Span(1)).max(self.keyed.deadline(slot));
        self.keyed.update(slot, &self.encoded, deadline);
        true
    }

    /// The long way: the whole history is looked at.
    fn judge(
        &mut self,
        slot: u32,
        event: &Event<'_>,
        input: Input<'_>,
        watermark: EventTime,
        out: &mut dyn FnMut(Output<'_>),
    ) {
        let mut history = self.load(slot);
        history.purge(self.shape, watermark);
        let at = history.insert(self.shape, event.contribution, input, watermark);
        self.decide(&mut history, event, at, watermark, out);
        self.counters.capped_events += history.trim(self.shape, self.limits.events_per_key_max);
        self.store(slot, history);
    }

    fn decide(
        &mut self,
        history: &mut History,
        event: &Event<'_>,
        at: usize,
        watermark: EventTime,
        out: &mut dyn FnMut(Output<'_>),
    ) {
        let fire_time = event.contribution.time;
        let silent = history.fired.as_ref().is_some_and(|fired| self.silence.covers(fired, fire_time));
        let Some(found) = history.evaluate(self.shape, at, silent) else { return };
        if silent {
            if let Some(fired) = &mut history.fired {
                self.silence.suppress(fired, watermark);
                self.counters.suppressed += 1;
            }
            return;
        }
        self.fire(history, event, found, watermark, out);
    }

    fn fire(
        &mut self,
        history: &mut History,
        event: &Event<'_>,
        found: Found,
        watermark: EventTime,
        out: &mut dyn FnMut(Output<'_>),
    ) {
        let mut suppressed_before = 0;
        if let Some(fired) = &mut history.fired {
            suppressed_before = self.silence.suppressed_before(fired, watermark);
            self.counters.closings += u64::from(fired.close(event.key, out));
        }
        self.collect_evidence(history, found);
        let fire_time = event.contribution.time;
        let (first, last) = {
            let mut records = history.records(found.low, found.high);
            let first = records.next().copied().unwrap_or(event.contribution);
            (first, records.next_back().copied().unwrap_or(first))
        };
        self.counters.firings += 1;
        out(Output::Firing(Firing {
            key: event.key,
            fire_time,
            observed: found.observed,
            threshold: self.shape.what.reaches(),
            first,
            last,
            suppressed_before,
            evidence: &self.evidence,
            evidence_total: u64::try_from(found.high - found.low).unwrap_or(u64::MAX),
            capped: history.is_capped(self.shape, found, fire_time),
        }));
        history.fired = (self.silence.suppress > Span::ZERO)
            .then(|| self.silence.begin(first, last, fire_time, watermark));
    }

    /// The first records of the window, and the last one in the last place.
    fn collect_evidence(&mut self, history: &History, found: Found) {
        self.evidence.clear();
        let max = self.limits.evidence_max;
        let mut records = history.records(found.low, found.high);
        self.evidence.extend(records.by_ref().take(max).copied());
        if let (Some(last), Some(place)) = (records.next_back(), self.evidence.last_mut()) {
            *place = *last;
        }
    }

    /// Publishes closing updates that are due and forgets keys that no longer count.
    pub fn advance(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        if self.keyed.next_deadline().is_none_or(|deadline| watermark < deadline) {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.keyed.take_due(watermark, &mut due);
        self.close_due(&due, watermark, out);
        for slot in due.drain(..) {
            let deadline = self.deadline(slot);
            if deadline <= watermark {
                self.keyed.remove(slot);
            } else {
                self.keyed.schedule(slot, deadline);
            }
        }
        self.due = due;
    }

    /// Publishes closing updates that the wall clock makes due while all input is idle.
    pub fn advance_idle(&mut self, horizon: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        if horizon < self.idle_seen {
            return;
        }
        let live: Vec<u32> = self.keyed.live().collect();
        let next = self.close_due(&live, horizon, out);
        self.idle_seen = next.unwrap_or(EventTime::MAX);
    }

    /// Closes the silences of `slots` that end by `clock`, in the order of (deadline, key); gives the next.
    fn close_due(
        &mut self,
        slots: &[u32],
        clock: EventTime,
        out: &mut dyn FnMut(Output<'_>),
    ) -> Option<EventTime> {
        let mut next: Option<EventTime> = None;
        let mut closing = Vec::new();
        for &slot in slots {
            if self.keyed.state(slot).is_none() && !has_fired(self.keyed.encoded(slot)) {
                continue;
            }
            let fired = self.with_history(slot, |history, _, _| history.fired);
            let Some(fired) = fired.filter(Fired::unreported) else { continue };
            let due = self.silence.closing_due(&fired);
            if due <= clock {
                closing.push((due, slot));
            } else {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        closing.sort_by(|&(due, a), &(other, b)| {
            due.cmp(&other).then_with(|| self.keyed.key(a).cmp(self.keyed.key(b)))
        });
        for (_, slot) in closing {
            self.close(slot, out);
        }
        next
    }

    fn close(&mut self, slot: u32, out: &mut dyn FnMut(Output<'_>)) {
        let mut history = self.load(slot);
        if let Some(fired) = &mut history.fired {
            self.counters.closings += u64::from(fired.close(self.keyed.key(slot), out));
        }
        self.store(slot, history);
    }

    /// End of finite input: all silences are closed at once, and everything is forgotten.
    pub fn finish(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        let live: Vec<u32> = self.keyed.live().collect();
        self.close_due(&live, EventTime::MAX, out);
        self.keyed.clear();
    }

    /// The earliest watermark at which [`Threshold::advance`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<EventTime> {
        self.keyed.next_deadline()
    }

    /// Evicts keys until at most `keys_max` keys and `bytes_max` bytes remain.
    pub fn shrink(&mut self, keys_max: usize, bytes_max: usize, out: &mut dyn FnMut(Output<'_>)) {
        while keys_max < self.keyed.len() || bytes_max < self.keyed.bytes() {
            let Some(slot) = self.keyed.victim() else { return };
            self.close(slot, out);
            self.keyed.remove(slot);
            self.counters.evicted += 1;
        }
    }

    /// Gives the changelog entries of what changed since the last call; `None` = the key is gone.
    pub fn drain_dirty(&mut self, f: &mut Changes<'_>) {
        let shape = self.shape;
        self.keyed.drain_dirty(|large, encoded, out| encode(shape, large, encoded, out), f);
    }

    /// Gives the entries of all keys.
    pub fn export(&self, f: &mut Changes<'_>) {
        let shape = self.shape;
        self.keyed.export(|large, encoded, out| encode(shape, large, encoded, out), f);
    }

    /// Takes a changelog entry; [`Threshold::finish_restore`] must follow the last one.
    ///
    /// # Errors
    /// The entry is none of this operator's, damaged or of a newer version; it is then left out.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), RestoreError> {
        let Self { keyed, scratch, shape, silence, limits, .. } = self;
        let scratch = scratch.get_or_insert_with(|| new_history(limits));
        keyed.restore(key, value, &mut |_, bytes| restored(scratch, *shape, *silence, bytes))
    }

    /// Ends a restore.
    ///
    /// # Errors
    /// A state of several entries lacks one, or is damaged.
    pub fn finish_restore(&mut self) -> Result<(), RestoreError> {
        let Self { keyed, scratch, shape, silence, limits, .. } = self;
        let scratch = scratch.get_or_insert_with(|| new_history(limits));
        keyed.finish_restore(&mut |_, bytes| restored(scratch, *shape, *silence, bytes))
    }

    /// Live keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keyed.len()
    }

    /// Estimated bytes of all keys: per key 48, the key and the encoded history of up to 16 events, in steps
    /// of 32; of more events a constant, 56 for each and the values.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.keyed.bytes()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes a key's history out of its slot, or the scratch one filled with it.
    fn load(&mut self, slot: u32) -> Box<History> {
        if let Some(history) = self.keyed.take_state(slot) {
            return history;
        }
        let mut history = self.scratch.take().unwrap_or_else(|| new_history(&self.limits));
        decode(&mut history, self.shape, self.keyed.encoded(slot));
        history
    }

    fn store(&mut self, slot: u32, history: Box<History>) {
        let deadline = deadline(&history, self.shape, self.silence);
        self.encoded.clear();
        if history.len() > SMALL_ITEMS {
            let bytes = history.bytes();
            self.keyed.set_state(slot, history, bytes);
        } else {
            history.encode(self.shape, &mut self.encoded);
            self.scratch = Some(history);
        }
        self.keyed.update(slot, &self.encoded, deadline);
    }

    /// The slot's next deadline, after what was due was done: only an alert changes it then.
    fn deadline(&mut self, slot: u32) -> EventTime {
        if self.keyed.state(slot).is_none() && !has_fired(self.keyed.encoded(slot)) {
            return self.keyed.deadline(slot);
        }
        self.with_history(slot, deadline)
    }

    fn with_history<T>(&mut self, slot: u32, read: impl FnOnce(&History, Shape, Silence) -> T) -> T {
        if let Some(history) = self.keyed.state(slot) {
            return read(history, self.shape, self.silence);
        }
        let scratch = self.scratch.get_or_insert_with(|| new_history(&self.limits));
        decode(scratch, self.shape, self.keyed.encoded(slot));
        read(scratch, self.shape, self.silence)
    }
}

fn new_history(limits: &Limits) -> Box<History> {
    let [a, b, c, d] = limits.seeds;
    Box::new(History::new(RandomState::with_seeds(b, c, d, a)))
}

/// The watermark at which the key has to be looked at, or forgotten.
fn deadline(history: &History, shape: Shape, silence: Silence) -> EventTime {
    let counts_until = history.counts_until(shape).map_or(EventTime::ZERO, |until| until.plus(Span(1)));
    match &history.fired {
        Some(fired) if fired.unreported() => silence.closing_due(fired),
        Some(fired) => counts_until.max(silence.forgotten_at(fired)),
        None => counts_until,
    }
}

/// Fills `history` with what this operator itself encoded.
fn decode(history: &mut History, shape: Shape, bytes: &[u8]) {
    history.clear();
    if bytes.is_empty() {
        return;
    }
    let result = history.decode(shape, &mut Reader::new(bytes));
    debug_assert!(result.is_ok(), "own encoding is unreadable: {result:?}");
}

fn encode(shape: Shape, large: Option<&Large>, encoded: &[u8], out: &mut Vec<u8>) {
    out.push(VERSION);
    match large {
        None => out.extend_from_slice(encoded),
        Some(history) => history.encode(shape, out),
    }
}

fn restored<'a>(
    scratch: &mut History,
    shape: Shape,
    silence: Silence,
    bytes: &'a [u8],
) -> Result<Restored<'a, Large>, RestoreError> {
    let mut reader = Reader::versioned(bytes)?;
    let encoded = reader.rest();
    scratch.decode(shape, &mut reader)?;
    reader.end()?;
    let deadline = deadline(scratch, shape, silence);
    if scratch.len() > SMALL_ITEMS {
        let state = Some(Box::new(scratch.clone()));
        return Ok(Restored { state, encoded: &[], bytes: scratch.bytes(), deadline });
    }
    Ok(Restored { state: None, encoded, bytes: 0, deadline })
}
