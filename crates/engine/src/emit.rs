//! From outputs to messages: the emitter port and its form for Kafka.
//!
//! A task emits what arises; who runs it decides what becomes of that: [`Wire`] encodes it into the outbox
//! of a worker, the file runner prints it, tests collect it.

use std::sync::{Mutex, PoisonError};

use hdrhistogram::Histogram;
use hsmstream_output::cloudevents::{EventSource, headers};
use hsmstream_output::{Channel as Role, Cut, Encoder, Output};

use crate::outbox::Outbox;
use crate::ports::{Channel, CommitFigures, TaskId};
use crate::shared::Shared;

/// Where a task's outputs go.
pub trait Emitter {
    /// Something to publish. `arrived_ms` is the Kafka timestamp of the message that caused it, if one did.
    fn emit(&mut self, output: &Output<'_>, arrived_ms: Option<i64>);
    /// A change of state, for the changelog.
    fn state(&mut self, task: TaskId, key: &[u8], value: Option<&[u8]>);
}

/// Encodes outputs into an outbox.
#[derive(Debug)]
pub struct Wire {
    encoder: Encoder,
    source: EventSource,
    outbox: Outbox,
    value: Vec<u8>,
    arrivals: Vec<i64>,
    truncated: u64,
}

impl Wire {
    /// An emitter in the form that the settings ask for.
    #[must_use]
    pub fn new(shared: &Shared) -> Self {
        Self {
            encoder: shared.settings.encoder,
            source: shared.settings.source.clone(),
            outbox: Outbox::default(),
            value: Vec::new(),
            arrivals: Vec::new(),
            truncated: 0,
        }
    }

    /// What waits to be published.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What waits to be published.
    pub fn outbox_mut(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Forgets everything that was not committed.
    pub fn discard(&mut self) {
        self.outbox.clear();
        self.arrivals.clear();
    }

    /// A commit took effect: records how long its alerts were under way.
    pub fn committed(&mut self, wall_ms: i64, shared: &Shared, figures: CommitFigures) {
        let mut observed = shared.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        for arrived in self.arrivals.drain(..) {
            observed.alert(wall_ms - arrived);
        }
        observed.commit(figures);
        drop(observed);
        for _ in 0..std::mem::take(&mut self.truncated) {
            shared.metrics.limit("output_truncated");
        }
    }
}

impl Emitter for Wire {
    fn emit(&mut self, output: &Output<'_>, arrived_ms: Option<i64>) {
        self.value.clear();
        if self.encoder.output(output, &mut self.value) != Cut::Nothing {
            self.truncated += 1;
        }
        let owned = headers(output, self.encoder.format(), &self.source);
        let views: Vec<(&'static str, &[u8])> =
            owned.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let channel = match output.channel() {
            Role::Alerts => Channel::Alerts,
            Role::Staging => Channel::Staging,
            Role::Rollups => Channel::Rollups,
            Role::Rejects => Channel::Rejects,
        };
        let key = output.message_key();
        self.outbox.push(channel, key.as_bytes(), Some(&self.value), &views, None);
        if matches!(output, Output::Alert(_)) {
            self.arrivals.extend(arrived_ms);
        }
    }

    fn state(&mut self, task: TaskId, key: &[u8], value: Option<&[u8]>) {
        self.outbox.push(Channel::Changelog(task), key, value, &[], None);
    }
}

/// Latencies as percentiles can be read from: one histogram per process, filled once per commit.
#[derive(Debug)]
pub struct Latencies {
    alert_ms: Histogram<u64>,
    commit_us: Histogram<u64>,
}

/// Largest latency told apart, in the unit of the histogram.
const LATENCY_MAX: u64 = 3_600_000_000;

impl Latencies {
    /// Empty histograms with three significant digits.
    ///
    /// # Panics
    /// Never: the bounds are constants that the histogram takes.
    #[must_use]
    pub fn new() -> Mutex<Self> {
        let empty = || Histogram::new_with_max(LATENCY_MAX, 3).expect("constant bounds");
        Mutex::new(Self { alert_ms: empty(), commit_us: empty() })
    }

    fn alert(&mut self, ms: i64) {
        self.alert_ms.saturating_record(u64::try_from(ms).unwrap_or(0));
    }

    fn commit(&mut self, figures: CommitFigures) {
        self.commit_us.saturating_record(u64::try_from(figures.took.as_micros()).unwrap_or(LATENCY_MAX));
    }

    /// Time from the Kafka timestamp of the triggering message to the commit of its alert, in ms.
    #[must_use]
    pub fn alert_ms(&self) -> &Histogram<u64> {
        &self.alert_ms
    }

    /// Time of commits in µs.
    #[must_use]
    pub fn commit_us(&self) -> &Histogram<u64> {
        &self.commit_us
    }
}
