//! Hours in a minute: a task under steady traffic must not grow.
//!
//! * Input: subscription envelopes of 20 records, 100 records a second of event time from 12 HSMs, disorder,
//!   attacks and reboots included ([`Config::new`]); sessions come and go, as many each minute, so group keys are
//!   born and die all the time. (Handles of keys would not do: the corpus has ever more of them.)
//! * Job: thresholds per session and per connection, a distinct count per HSM, a rollup per minute and a plain rule with
//!   silence: about a hundred thousand live keys. State is drained to a changelog every simulated second, as a
//!   commit would, and the changelog is reduced to what compaction would leave.
//! * Printed every ten simulated minutes: resident memory, keys and bytes of state, entries of the
//!   changelog, bytes written to it per record so far.
//! * Expected: as many records as were generated, no reject, nothing late or evicted; and from the 30th minute on
//!   neither resident memory nor keys nor changelog more than a tenth above what they were then. The test runs for
//!   50 minutes at a fifth of the rate and leaves resident memory alone.
//!
//! Bias: one thread and no Kafka client; wall-clock time stands still, so the idle rule never acts. The allocator
//! is the service's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::RandomState;
use hashbrown::HashSet;
use hsmstream_benches::mode::Mode;
use hsmstream_benches::process::resident_bytes;
use hsmstream_corpus::{Config, Corpus, Form, Messages};
use hsmstream_engine::emit::{Emitter, Wire};
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::ports::{Message, NoHeaders, TaskId};
use hsmstream_engine::shared::{Order, Settings, Shared};
use hsmstream_engine::task::Task;
use hsmstream_frame::Format;
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder, Output};
use hsmstream_record::Limits;
use hsmstream_rules::{RuleFile, load};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RULES: &str = r#"
id: commands-per-session
pattern: '{ $.session = "0x*" }'
suppress: 15m
detect: { threshold: { count: 50, within: 10m, group_by: [cluster, hsm, reboot, session] } }
---
id: key-commands-per-connection
pattern: '{ $.key.handle > 0 }'
suppress: 15m
detect: { threshold: { count: 50, within: 10m, group_by: [hsm, connection] } }
---
id: users-per-hsm
pattern: '{ $.opcode = "CN_LOGIN" }'
detect: { threshold: { distinct: user.name, reaches: 1000, within: 5m, group_by: [hsm] } }
---
id: commands-per-minute
rollup:
  window: { tumbling: 1m }
  group_by: [cluster, hsm, opcode, outcome]
  measures: { events: count, users: { distinct: user.name } }
---
id: failed-logins
pattern: '{ $.opcode = "CN_LOGIN" && $.response.code = 163 }'
suppress: 10m
group_by: [cluster, user.name]
"#;

const MINUTE: u64 = 60_000_000;
const SECOND: u64 = 1_000_000;
const PRINT_EVERY: u64 = 10 * MINUTE;
const WARM_UP: u64 = 30 * MINUTE;
const RECORDS_PER_MESSAGE: usize = 20;
const TASK: TaskId = TaskId { topic: 0, partition: 0 };
/// How much above the end of the warm-up is growth.
const GROWTH_MAX: f64 = 1.10;

fn main() {
    let mode = Mode::of_arguments();
    let config = Config { rate_per_second: mode.pick(100, 20), ..Config::new(1) };
    let minutes = mode.pick(180, 50);
    let until = config.start_usecs + minutes * MINUTE;
    let mut messages = Messages::new(Corpus::new(config), Form::Envelope, RECORDS_PER_MESSAGE);
    let mut soak = Soak::new();
    let mut text = Vec::new();
    let (mut next_commit, mut next_print) = (config.start_usecs + SECOND, config.start_usecs + PRINT_EVERY);
    println!(
        "{:>6} {:>10} {:>9} {:>9} {:>9} {:>10} {:>9} {:>9}",
        "min", "records", "RSS MiB", "keys", "state MiB", "changelog", "k rec/s", "log B/rec"
    );
    loop {
        text.clear();
        let message = messages.next_into(&mut text);
        let Some(last) = message.records.last() else { continue };
        let now = last.usecs;
        soak.records += message.records.len() as u64;
        if until <= now {
            break;
        }
        soak.process(&text, now);
        if next_commit <= now {
            next_commit += SECOND;
            soak.commit();
        }
        if next_print <= now {
            soak.look((next_print - config.start_usecs) / MINUTE);
            next_print += PRINT_EVERY;
        }
    }
    soak.commit();
    soak.look(minutes);
    soak.check(mode);
}

/// The task and what was seen of it.
struct Soak {
    task: Task,
    shared: Arc<Shared>,
    out: Out,
    offset: i64,
    records: u64,
    start: Instant,
    looks: Vec<Look>,
}

/// What was seen at a moment.
#[derive(Debug, Clone, Copy)]
struct Look {
    minute: u64,
    resident: usize,
    keys: f64,
    changelog: usize,
}

/// Encodes everything as the service would, and throws it away.
struct Out {
    wire: Wire,
    /// Hashes of the keys that a compacted changelog would hold.
    changelog: HashSet<u64, RandomState>,
    hasher: RandomState,
    /// All that was written to the changelog.
    changelog_bytes: usize,
    alerts: u64,
}

impl Emitter for Out {
    fn emit(&mut self, output: &Output<'_>, arrived_ms: Option<i64>) {
        assert!(!matches!(output, Output::Reject(_) | Output::Operational(_)), "not expected: {output:?}");
        self.alerts += u64::from(matches!(output, Output::Alert(_)));
        self.wire.emit(output, arrived_ms);
    }

    fn state(&mut self, task: TaskId, key: &[u8], value: Option<&[u8]>) {
        self.changelog_bytes += key.len() + value.map_or(0, <[u8]>::len);
        let hash = self.hasher.hash_one(key);
        if value.is_some() {
            self.changelog.insert(hash);
        } else {
            self.changelog.remove(&hash);
        }
        self.wire.state(task, key, value);
    }
}

impl Soak {
    fn new() -> Self {
        let loaded = load(
            [RuleFile { name: "soak.yaml", bytes: RULES.as_bytes() }],
            &hsmstream_rules::Limits::default(),
        );
        assert!(loaded.is_clean(), "{:?}", loaded.diagnostics);
        let shared = Shared::new(settings(), Metrics::new());
        let task = Task::new(TASK, &shared, &Arc::new(loaded.set));
        let out = Out {
            wire: Wire::new(&shared),
            changelog: HashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            hasher: RandomState::with_seeds(5, 6, 7, 8),
            changelog_bytes: 0,
            alerts: 0,
        };
        Self { task, shared, out, offset: 0, records: 0, start: Instant::now(), looks: Vec::new() }
    }

    fn process(&mut self, text: &[u8], now: u64) {
        let timestamp_ms = i64::try_from(now / 1_000).ok();
        let message = Message {
            task: TASK,
            offset: self.offset,
            timestamp_ms,
            key: None,
            value: Some(text),
            headers: &NoHeaders,
        };
        self.offset += 1;
        self.task.process(&message, 0, &mut self.out);
    }

    fn commit(&mut self) {
        self.task.before_commit(&mut self.out);
        self.task.progress.publish_all();
        self.task.progress.commit_all();
        self.task.flush_tally();
        self.out.wire.discard();
    }

    fn look(&mut self, minute: u64) {
        self.task.show_state();
        let look = Look {
            minute,
            resident: resident_bytes(),
            keys: self.metric("state_keys"),
            changelog: self.out.changelog.len(),
        };
        let rate = self.records as f64 / self.start.elapsed().as_secs_f64() / 1e3;
        let mib = f64::from(1 << 20);
        println!(
            "{minute:>6} {:>10} {:>9.1} {:>9} {:>9.1} {:>10} {rate:>9.0} {:>9.0}",
            self.records,
            look.resident as f64 / mib,
            look.keys,
            self.metric("state_bytes") / mib,
            look.changelog,
            self.out.changelog_bytes as f64 / self.records as f64
        );
        self.looks.push(look);
    }

    /// The sum of a metric over its labels.
    fn metric(&self, name: &str) -> f64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, self.shared.metrics.registry()).expect("text");
        let name = format!("hsmstream_{name}");
        let of_name = |line: &&str| line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let values =
            text.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum()
    }

    fn check(&self, mode: Mode) {
        let all = self.metric("records_total");
        let behind = self.records as f64 - all;
        assert!(
            0.0 <= behind && behind <= RECORDS_PER_MESSAGE as f64,
            "{all} of {} records arrived",
            self.records
        );
        for none in
            ["rejects_total", "late_records_total", "state_evicted_keys_total", "limits_reached_total"]
        {
            assert_eq!(self.metric(none), 0.0, "{none}");
        }
        assert!(self.out.alerts > 0, "no alert in hours of attacks");
        let warm = self
            .looks
            .iter()
            .find(|look| WARM_UP <= look.minute * MINUTE)
            .copied()
            .expect("it ran that long");
        assert!(1_000.0 < warm.keys, "hardly any state: {warm:?}");
        for look in self.looks.iter().filter(|look| warm.minute < look.minute) {
            let grown = |now: f64, then: f64, what: &str| {
                assert!(
                    now <= then * GROWTH_MAX,
                    "{what} grew from {then} to {now} in minute {}",
                    look.minute
                );
            };
            grown(look.keys, warm.keys, "the number of keys");
            grown(look.changelog as f64, warm.changelog as f64, "the changelog");
            if mode == Mode::Measure {
                grown(look.resident as f64, warm.resident as f64, "resident memory");
            }
        }
        println!("{} alerts; no growth after minute {}", self.out.alerts, warm.minute);
    }
}

fn settings() -> Settings {
    Settings {
        topics: vec!["soak".to_owned()],
        format: Format::Envelope,
        limits: Limits::default(),
        origin: OriginTemplates::default(),
        time: hsmstream_window::Settings::default(),
        state_bytes_max: 512 << 20,
        evidence_bytes_max: 64 << 20,
        evidence_max: 10,
        order: Order::Arrival,
        order_bytes_max: 256 << 20,
        encoder: Encoder::new(AlertFormat::Flat),
        source: EventSource::new("soak"),
        commit_interval: Duration::from_millis(100),
        exactly_once: true,
        transaction_timeout: Duration::from_secs(15),
        shutdown_deadline: Duration::from_secs(1),
    }
}
