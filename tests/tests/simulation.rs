//! The production worker on a fake broker, through faults drawn from seeds: crashes, lost answers, expulsions,
//! rebalances, failed commits. What is committed must equal what the engine owes without any fault, to the byte.
//!
//! A failure prints its seed; `SIM_SEED=<n> cargo test -p hsmstream-tests --test simulation` replays it alone.
//! `SIM_SEEDS=<n>` runs n fresh seeds more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::ports::{Channel, TaskId};
use hsmstream_engine::rules_handle::RulesHandle;
use hsmstream_engine::shared::{Order, Settings, Shared};
use hsmstream_engine::worker::{Ended, Worker};
use hsmstream_frame::Format;
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder};
use hsmstream_record::Limits;
use hsmstream_rules::{RuleFile, RuleSet, load};
use hsmstream_sim::{Cluster, Faults, Rng, SimClock, SimTransport, StoredMessage};
use hsmstream_tests::reference::{engine, facts};
use hsmstream_tests::traffic::Traffic;

const RULES: &str = r#"
id: guess
pattern: RET_USER_LOGIN_FAILURE
suppress: 5m
detect: { threshold: { count: 4, within: 2m, group_by: [hsm, connection] } }
---
id: names
pattern: CN_LOGIN
detect: { threshold: { distinct: user.name, reaches: 3, window: { session: { gap: 40s } }, group_by: [hsm] } }
---
id: officer
pattern: CN_CREATE_CO
suppress: 60s
group_by: [hsm, user.name]
---
id: minutes
rollup: { window: { tumbling: 1m }, group_by: [hsm, opcode], measures: { events: count, users: { distinct: user.name } } }
---
id: visits
pattern: CN_LOGIN
rollup: { window: { session: { gap: 10s } }, group_by: [hsm, user.name], measures: { events: count, top: { max: sequence } } }
"#;

const PARTITIONS: u32 = 3;

fn rules() -> Arc<RuleSet> {
    let loaded =
        load([RuleFile { name: "sim.yaml", bytes: RULES.as_bytes() }], &hsmstream_rules::Limits::default());
    assert!(loaded.is_clean(), "{:?}", loaded.diagnostics);
    Arc::new(loaded.set)
}

/// Every other seed processes in event-time order, so that what waits is state, too.
fn settings(seed: u64) -> Settings {
    Settings {
        topics: vec!["audit".to_owned()],
        format: Format::Auto,
        limits: Limits::default(),
        origin: OriginTemplates::default(),
        time: hsmstream_window::Settings {
            idle_timeout: hsmstream_window::Span::from_secs(1_000_000_000),
            ..hsmstream_window::Settings::default()
        },
        state_bytes_max: 512 << 20,
        evidence_bytes_max: 64 << 20,
        order: if seed.is_multiple_of(2) { Order::Arrival } else { Order::EventTime },
        order_bytes_max: 64 << 20,
        evidence_max: 5,
        encoder: Encoder::new(AlertFormat::Flat),
        source: EventSource::new("sim"),
        commit_interval: Duration::from_millis(100),
        exactly_once: true,
        transaction_timeout: Duration::from_secs(15),
        shutdown_deadline: Duration::from_secs(1),
    }
}

/// Input as the broker stores it, and as offset and value.
struct Input {
    stored: BTreeMap<TaskId, Vec<StoredMessage>>,
    plain: BTreeMap<TaskId, Vec<(i64, Vec<u8>)>>,
}

/// Messages per partition, with holes between offsets as transaction markers make them.
fn input(seed: u64, count: usize) -> Input {
    let mut traffic = Traffic::new(seed, 6, PARTITIONS);
    let mut rng = Rng::new(seed ^ 0x5eed);
    let mut sent: Vec<_> = (0..count).map(|_| traffic.message()).collect();
    sent.extend(traffic.last_messages());
    let mut stored: BTreeMap<TaskId, Vec<StoredMessage>> = BTreeMap::new();
    let mut plain: BTreeMap<TaskId, Vec<(i64, Vec<u8>)>> = BTreeMap::new();
    let mut next: BTreeMap<TaskId, i64> = BTreeMap::new();
    for message in sent {
        let task = TaskId { topic: 0, partition: message.partition as u32 };
        let offset = next.entry(task).or_insert(0);
        *offset += 1 + rng.below(3) as i64 / 2;
        plain.entry(task).or_default().push((*offset, message.value.clone()));
        let message = StoredMessage { offset: *offset, timestamp_ms: 0, value: message.value };
        stored.entry(task).or_default().push(message);
    }
    Input { stored, plain }
}

/// Runs `workers` until everything is committed; failed ones are replaced. Gives the number of times that a fault
/// undid work: aborts and deaths.
fn run(seed: u64, workers: usize, faults: Faults, cluster: &Rc<RefCell<Cluster>>) -> u64 {
    let shared = Shared::new(settings(seed), Metrics::new());
    let handle = RulesHandle::new(rules());
    let clock = Arc::new(SimClock::at(1_772_445_600_000));
    let stop = Arc::new(AtomicBool::new(false));
    let mut rng = Rng::new(seed);
    let open = |rng: &mut Rng| {
        let transport = SimTransport::join(cluster, rng.next_u64(), faults);
        Worker::new(
            transport,
            Arc::clone(&shared),
            handle.clone(),
            Arc::clone(&clock) as _,
            Arc::clone(&stop),
        )
    };
    let mut deaths = 0;
    let mut live: Vec<_> = (0..workers).map(|_| open(&mut rng)).collect();
    for turn in 0.. {
        assert!(turn < 400_000, "no progress with seed {seed}");
        if cluster.borrow().all_committed() {
            return deaths + shared.metrics.aborts.get();
        }
        clock.advance(Duration::from_millis(rng.below(60) as u64));
        let index = rng.below(live.len());
        let worker = &mut live[index];
        let ended = match worker.step() {
            Ok(()) => None,
            Err(error) => worker.handle(error).err(),
        };
        if let Some(ended) = ended {
            assert!(matches!(ended, Ended::Failed(_)), "seed {seed}: {ended:?}");
            live[index] = open(&mut rng);
            deaths += 1;
        }
    }
    unreachable!("the loop ends by its bound")
}

fn check(seed: u64, workers: usize, faults: Faults) -> u64 {
    let Input { stored, plain } = input(seed, 600);
    let cluster = Rc::new(RefCell::new(Cluster::new(stored)));
    let undone = run(seed, workers, faults, &cluster);
    let shared = Shared::new(settings(seed), Metrics::new());
    let rules = rules();
    let mut owed: Vec<Vec<u8>> = Vec::new();
    for (task, messages) in &plain {
        owed.extend(engine(&shared, &rules, *task, messages, false));
    }
    let cluster = cluster.borrow();
    let published: Vec<Vec<u8>> = cluster
        .outputs()
        .iter()
        .filter(|output| output.channel != Channel::Rejects)
        .map(|output| output.value.clone().expect("outputs have values"))
        .collect();
    let not_reject = |document: &&Vec<u8>| !document.starts_with(b"{\"type\":\"reject\"");
    assert_eq!(
        facts(published.iter().map(Vec::as_slice)),
        facts(owed.iter().filter(not_reject).map(Vec::as_slice)),
        "seed {seed}"
    );
    let exact = |documents: &[Vec<u8>]| {
        let mut kept: Vec<String> = documents
            .iter()
            .filter(|document| {
                document.starts_with(b"{\"type\":\"alert\"") || document.starts_with(b"{\"type\":\"closing\"")
            })
            .map(|document| String::from_utf8_lossy(document).into_owned())
            .collect();
        kept.sort();
        kept
    };
    assert_eq!(exact(&published), exact(&owed), "seed {seed}: alerts differ in some byte");
    let ids: Vec<&[u8]> = cluster.outputs().iter().map(|output| output.id.as_slice()).collect();
    let distinct: std::collections::BTreeSet<&[u8]> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "seed {seed}: a ce_id was published twice");
    assert!(published.len() > 50, "seed {seed}: the input owes too little to mean something");
    undone
}

const ROUGH: Faults = Faults {
    poll_fails: 40,
    expelled: 120,
    publish_fails: 400,
    commit_fails: 12,
    commit_answer_lost: 15,
    passing: 60,
    restore_fails: 10,
    crash: 90,
    batch_max: 40,
};

#[expect(clippy::disallowed_methods, reason = "seeds for replays and longer runs come from the environment")]
fn environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn without_faults() {
    assert_eq!(check(1, 1, Faults { batch_max: 100, ..Faults::default() }), 0);
    assert_eq!(check(2, 3, Faults { batch_max: 1, ..Faults::default() }), 0);
}

#[test]
fn with_faults() {
    if let Some(seed) = environment("SIM_SEED") {
        check(seed, 1 + seed as usize % 3, ROUGH);
        return;
    }
    let more = environment("SIM_SEEDS").unwrap_or(0);
    let undone: u64 = (100..140 + more).map(|seed| check(seed, 1 + seed as usize % 3, ROUGH)).sum();
    assert!(undone > 400, "faults undid work only {undone} times");
}

/// The canary: a transport that commits offsets but loses outputs must be noticed by the same check.
#[test]
fn a_broken_broker_is_noticed() {
    let caught = std::panic::catch_unwind(|| {
        let Input { stored, plain } = input(7, 600);
        let cluster = Rc::new(RefCell::new(Cluster::new(stored)));
        cluster.borrow_mut().lose_every(9);
        run(7, 2, ROUGH, &cluster);
        let shared = Shared::new(settings(0), Metrics::new());
        let rules = rules();
        let owed: Vec<Vec<u8>> = plain
            .iter()
            .flat_map(|(task, messages)| engine(&shared, &rules, *task, messages, false))
            .collect();
        let published: Vec<Vec<u8>> =
            cluster.borrow().outputs().iter().filter_map(|output| output.value.clone()).collect();
        assert_eq!(facts(published.iter().map(Vec::as_slice)), facts(owed.iter().map(Vec::as_slice)));
    });
    assert!(caught.is_err(), "lost outputs went unnoticed");
}
