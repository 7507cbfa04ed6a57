//! The plain operator: every match alerts, unless its group key is silent.
//!
//! In → out: a matched record, late ones included → a [`Firing`] of one record, or a count for the
//! closing update. With `suppress` 0 it holds no state.

use crate::changes::Changes;
use crate::codec::{Reader, VERSION};
use crate::error::RestoreError;
use crate::event::Event;
use crate::keyed::{Keyed, Restored};
use crate::limits::{Counters, Limits};
use crate::output::{Firing, Output};
use crate::silence::{Fired, Silence};
use crate::time::{EventTime, Span};

/// The plain operator of one rule.
#[derive(Debug)]
pub struct Plain {
    silence: Silence,
    limits: Limits,
    keyed: Keyed<()>,
    encoded: Vec<u8>,
    due: Vec<u32>,
    idle_seen: EventTime,
    counters: Counters,
}

impl Plain {
    /// Builds the operator without state; `suppress` is 0 unless the rule says otherwise.
    #[must_use]
    pub fn new(suppress: Span, allowed_lateness: Span, limits: Limits) -> Self {
        Self {
            silence: Silence {
                suppress,
                lateness: allowed_lateness,
                memory: limits.suppressed_memory,
                sees_late: true,
            },
            limits,
            keyed: Keyed::new(limits.seeds),
            encoded: Vec::new(),
            due: Vec::new(),
            idle_seen: EventTime::ZERO,
            counters: Counters::default(),
        }
    }

    /// Takes a matched event in, late or not, at `watermark`. Runs due timers first.
    pub fn apply(&mut self, event: &Event<'_>, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        self.counters.events += 1;
        if self.silence.suppress == Span::ZERO {
            return self.fire(event, 0, out);
        }
        self.idle_seen = EventTime::ZERO;
        let time = event.contribution.time;
        let slot = self.keyed.entry(event.key);
        let fired = match self.fired(slot) {
            Some(mut last) if self.silence.covers(&last, time) => {
                self.silence.suppress(&mut last, watermark);
                self.counters.suppressed += 1;
                last
            }
            mut last => {
                let mut suppressed_before = 0;
                if let Some(last) = &mut last {
                    suppressed_before = self.silence.suppressed_before(last, watermark);
                    self.counters.closings += u64::from(last.close(event.key, out));
                }
                self.fire(event, suppressed_before, out);
                let record = event.contribution;
                self.silence.begin(record, record, time, watermark)
            }
        };
        self.store(slot, &fired);
        self.shrink(self.limits.keys_max, self.limits.state_bytes_max, out);
    }

    /// The key's last alert; `None` for a new key.
    fn fired(&self, slot: u32) -> Option<Fired> {
        let encoded = self.keyed.encoded(slot);
        if encoded.is_empty() {
            return None;
        }
        let fired = Fired::decode(&mut Reader::new(encoded));
        debug_assert!(fired.is_ok(), "own encoding is unreadable: {fired:?}");
        fired.ok()
    }

    fn store(&mut self, slot: u32, fired: &Fired) {
        self.encoded.clear();
        fired.encode(&mut self.encoded);
        self.keyed.update(slot, &self.encoded, self.silence.next_deadline(fired));
    }

    fn fire(&mut self, event: &Event<'_>, suppressed_before: u64, out: &mut dyn FnMut(Output<'_>)) {
        self.counters.firings += 1;
        out(Output::Firing(Firing {
            key: event.key,
            fire_time: event.contribution.time,
            observed: 1,
            threshold: 1,
            first: event.contribution,
            last: event.contribution,
            suppressed_before,
            evidence: std::slice::from_ref(&event.contribution),
            evidence_total: 1,
            capped: false,
        }));
    }

    /// Publishes closing updates that are due and forgets silences that are over.
    pub fn advance(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        if self.keyed.next_deadline().is_none_or(|deadline| watermark < deadline) {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.keyed.take_due(watermark, &mut due);
        self.close_due(&due, watermark, out);
        for slot in due.drain(..) {
            let deadline =
                self.fired(slot).map_or(EventTime::ZERO, |fired| self.silence.next_deadline(&fired));
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
        self.idle_seen = self.close_due(&live, horizon, out).unwrap_or(EventTime::MAX);
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
            let Some(fired) = self.fired(slot).filter(Fired::unreported) else { continue };
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
        if let Some(mut fired) = self.fired(slot)
            && fired.close(self.keyed.key(slot), out)
        {
            self.counters.closings += 1;
            self.store(slot, &fired);
        }
    }

    /// End of finite input: all silences are closed at once, and everything is forgotten.
    pub fn finish(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        let live: Vec<u32> = self.keyed.live().collect();
        self.close_due(&live, EventTime::MAX, out);
        self.keyed.clear();
    }

    /// The earliest watermark at which [`Plain::advance`] has something to do.
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
        self.keyed.drain_dirty(encode, f);
    }

    /// Gives the entries of all keys.
    pub fn export(&self, f: &mut Changes<'_>) {
        self.keyed.export(encode, f);
    }

    /// Takes a changelog entry; [`Plain::finish_restore`] must follow the last one.
    ///
    /// # Errors
    /// The entry is none of this operator's, damaged or of a newer version; it is then left out.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), RestoreError> {
        let silence = self.silence;
        self.keyed.restore(key, value, &mut |_, bytes| decode(silence, bytes))
    }

    /// Ends a restore.
    ///
    /// # Errors
    /// A state of several entries lacks one, or is damaged.
    pub fn finish_restore(&mut self) -> Result<(), RestoreError> {
        let silence = self.silence;
        self.keyed.finish_restore(&mut |_, bytes| decode(silence, bytes))
    }

    /// Live keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keyed.len()
    }

    /// Estimated bytes of all keys: per key 48, the key and some 40 of the last alert, in steps of 32.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.keyed.bytes()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

fn encode(_: Option<&()>, encoded: &[u8], out: &mut Vec<u8>) {
    out.push(VERSION);
    out.extend_from_slice(encoded);
}

fn decode(silence: Silence, bytes: &[u8]) -> Result<Restored<'_, ()>, RestoreError> {
    let mut reader = Reader::versioned(bytes)?;
    let encoded = reader.rest();
    let fired = Fired::decode(&mut reader)?;
    reader.end()?;
    Ok(Restored { state: None, encoded, bytes: 0, deadline: silence.next_deadline(&fired) })
}
