//! Matches to firings: the threshold operator from empty, beside a hash map that does the bare minimum.
//!
//! The events are failed logins of random connections ([`crate::logins`]), as many keys as records were asked for and
//! four events of each on average: five within two minutes fire, then the key is silent for a quarter of an hour.
//! They do not depend on the records. Keys are encoded beforehand.

use super::{Corpus, Error, Group, Take};
use crate::logins::{Batch, COUNT, Logins, Naive, SUPPRESS, WITHIN};
use crate::rounds::{Job, Size};
use core::hint::black_box;
use hsmstream_window::{
    Limits, Operator, Output, Settings, Threshold, ThresholdSpec, ThresholdWhat, WindowKind,
};

/// Events of each key on average.
const EVENTS_PER_KEY: usize = 4;
/// The most keys: what is measured is larger than caches then.
const KEYS_MAX: usize = 250_000;
/// Event time in which each key has one event on average: few keys fire then.
const USECS_PER_KEY_AND_EVENT: u64 = 75_000_000;

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let keys = corpus.buffer.len().clamp(1, KEYS_MAX);
    let events = EVENTS_PER_KEY * keys;
    let mut logins = Logins::new(keys, (USECS_PER_KEY_AND_EVENT / keys as u64).max(1));
    let mut batches = Vec::new();
    logins.batches(events, &mut |batch| batches.push(batch.clone()));
    let found = naive(&batches);
    let jobs = vec![
        Job::new("threshold operator", found, || operate(&batches)),
        Job::new("hash map, bare minimum", found, || naive(&batches)),
    ];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean length times a count"
    )]
    let bytes = (logins.key_bytes() * events as f64) as usize;
    take(Group {
        title: format!("threshold, {keys} keys"),
        size: Size { records: events, bytes },
        unit: "event",
        jobs,
        rounds: 1,
        notes: vec![format!("{found} firings and suppressed firings; bytes are those of the keys")],
        judge: |_| None,
    })
}

/// Firings and suppressed firings.
fn operate(batches: &[Batch]) -> u64 {
    let spec = ThresholdSpec {
        what: ThresholdWhat::Count(COUNT),
        window: WindowKind::Sliding { within: WITHIN },
        suppress: SUPPRESS,
        allowed_lateness: Settings::default().allowed_lateness,
    };
    let Ok(threshold) = Threshold::new(spec, Limits::default()) else { return 0 };
    let mut operator = Operator::Threshold(threshold);
    for (event, watermark) in batches.iter().flat_map(Batch::events) {
        operator.apply(&event, watermark, &mut |output: Output<'_>| {
            black_box(output);
        });
    }
    let counters = operator.counters();
    counters.firings + counters.suppressed
}

fn naive(batches: &[Batch]) -> u64 {
    let mut naive = Naive::new();
    for (event, _) in batches.iter().flat_map(Batch::events) {
        naive.apply(event.key, event.contribution.time.0);
    }
    naive.firings + naive.suppressed
}
