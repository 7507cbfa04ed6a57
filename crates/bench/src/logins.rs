//! Failed logins as an operator sees them: group key, identity, time; many connections, in order of time.
//!
//! Keys are what rules with `group_by: [cluster, hsm, reboot, connection]` make, 46 bytes each. Each event is of a
//! connection drawn at random, so an operator finds nothing in the cache but what it keeps there. Events come in
//! batches, made before they are measured.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    reason = "all numbers are made here, far below the bounds of their types"
)]

use ahash::RandomState;
use hashbrown::HashMap;
use hsmstream_corpus::{Config, Corpus};
use hsmstream_window::{Contribution, Event, EventTime, Span, StreamId};
use std::collections::VecDeque;

/// The rule: five failed logins within two minutes, then silence for a quarter of an hour.
pub const COUNT: u64 = 5;
/// See [`COUNT`].
pub const WITHIN: Span = Span::from_secs(120);
/// See [`COUNT`].
pub const SUPPRESS: Span = Span::from_secs(900);
/// What the engine's defaults say.
pub const OUT_OF_ORDERNESS: Span = Span::from_secs(30);

/// Events of one batch.
const BATCH: usize = 50_000;
const CLUSTERS: u32 = 64;
const HSMS_PER_CLUSTER: u32 = 4;
const START_USECS: u64 = 1_767_600_000_000_000;

/// A stream of failed logins.
#[derive(Debug, Clone)]
pub struct Logins {
    keys: Vec<Box<[u8]>>,
    random: u64,
    now: u64,
    step_usecs: u64,
    count: u64,
}

/// Some events, their keys in one piece of memory.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    keys: Vec<u8>,
    events: Vec<(usize, Contribution)>,
}

impl Logins {
    /// Logins of so many connections, one every `step_usecs` of event time.
    #[must_use]
    pub fn new(connections: usize, step_usecs: u64) -> Self {
        let corpus =
            Corpus::new(Config { clusters: CLUSTERS, hsms_per_cluster: HSMS_PER_CLUSTER, ..Config::new(1) });
        let keys = (0..connections).map(|connection| key(&corpus, connection)).collect();
        Self { keys, random: 1, now: START_USECS, step_usecs, count: 0 }
    }

    /// The next events: first of each connection one, in order, then of random ones.
    pub fn next_batch(&mut self, events: usize, batch: &mut Batch) {
        batch.keys.clear();
        batch.events.clear();
        for _ in 0..events {
            let count = self.count as usize;
            let connection = if count < self.keys.len() { count } else { self.draw() };
            self.now += self.step_usecs;
            batch.keys.extend_from_slice(&self.keys[connection]);
            let hsm = hsm_of(connection);
            let contribution = Contribution {
                time: EventTime(self.now),
                stream: StreamId(hsm),
                reboot: REBOOT,
                sequence: self.count / u64::from(CLUSTERS * HSMS_PER_CLUSTER),
                offset: self.count as i64,
                index: 0,
                source: 0,
            };
            batch.events.push((batch.keys.len(), contribution));
            self.count += 1;
        }
    }

    /// Calls `work` with all batches of so many events; in between nothing is measured.
    pub fn batches(&mut self, events: usize, work: &mut dyn FnMut(&Batch)) {
        let mut batch = Batch::default();
        let mut left = events;
        while left > 0 {
            let size = left.min(BATCH);
            self.next_batch(size, &mut batch);
            work(&batch);
            left -= size;
        }
    }

    /// Mean length of a key.
    #[must_use]
    pub fn key_bytes(&self) -> f64 {
        self.keys.iter().map(|key| key.len()).sum::<usize>() as f64 / self.keys.len() as f64
    }

    /// `splitmix64`.
    fn draw(&mut self) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(bits ^ (bits >> 31)) * self.keys.len() as u128) >> 64) as usize
    }
}

impl Batch {
    /// The events with the watermark at each.
    pub fn events(&self) -> impl Iterator<Item = (Event<'_>, EventTime)> {
        let mut start = 0;
        self.events.iter().map(move |&(end, contribution)| {
            let key = &self.keys[start..end];
            start = end;
            let event = Event { key, contribution, value: None, number: None, measures: &[] };
            (event, contribution.time.minus(OUT_OF_ORDERNESS))
        })
    }
}

const REBOOT: u32 = 107;

fn hsm_of(connection: usize) -> u32 {
    connection as u32 % (CLUSTERS * HSMS_PER_CLUSTER)
}

/// The group key of a record of that connection.
fn key(corpus: &Corpus, connection: usize) -> Box<[u8]> {
    let hsm = hsm_of(connection);
    let mut key = Vec::new();
    for text in [corpus.cluster_name(hsm / HSMS_PER_CLUSTER), corpus.hsm_name(hsm)] {
        key.push(0x40 + text.len() as u8);
        key.extend_from_slice(text.as_bytes());
    }
    key.extend_from_slice(&[0x11, REBOOT as u8]);
    let connection = format!("{:#x}", 0x2010 + connection / 256);
    key.push(0x40 + connection.len() as u8);
    key.extend_from_slice(connection.as_bytes());
    key.into_boxed_slice()
}

/// The same rule in the simplest way that is right for events in order: a map of keys to the times of the window.
///
/// It tells what must be found, and what a hash map alone costs: it keeps no identities, notices no late events,
/// forgets no key, and writes no changelog.
#[derive(Debug)]
pub struct Naive {
    keys: HashMap<Vec<u8>, Key, RandomState>,
    /// Alerts.
    pub firings: u64,
    /// Alerts that a silence hid.
    pub suppressed: u64,
}

#[derive(Debug, Default)]
struct Key {
    times: VecDeque<u64>,
    fired: Option<u64>,
}

impl Default for Naive {
    fn default() -> Self {
        Self::new()
    }
}

impl Naive {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self { keys: HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)), firings: 0, suppressed: 0 }
    }

    /// Takes an event of `key` in, `time` in µs, not before that of the event before.
    pub fn apply(&mut self, key: &[u8], time: u64) {
        let key = self.keys.entry_ref(key).or_default();
        while key.times.front().is_some_and(|&first| first + WITHIN.0 < time) {
            key.times.pop_front();
        }
        key.times.push_back(time);
        if (key.times.len() as u64) < COUNT {
            return;
        }
        if key.fired.is_some_and(|fired| time < fired + SUPPRESS.0) {
            self.suppressed += 1;
        } else {
            self.firings += 1;
            key.fired = Some(time);
        }
    }
}
