//! The threshold operator with a million live keys.
//!
//! * Input: failed logins of random connections ([`logins`]), keys of 46 bytes; five within two minutes fire,
//!   then silence for a quarter of an hour. At one event per key in four minutes few keys fire, each key keeps
//!   about three events, and as many keys die as are born.
//! * Measured, on one thread: events per second with every key new, then in the steady state; the same with the
//!   changelog drained as often as the engine commits; a hash map that does the bare minimum, as the bound.
//!   Memory per live key, by the operator's own account, by the bytes it asked the allocator for, and by what the
//!   process has resident.
//! * Expected: firings and suppressed firings of the naive operator.
//!
//! Bias: keys are encoded, and the batch's events read, from memory that was just written; in production the
//! encoding of the key (some 50 ns) is part of the matching stage.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use hsmstream_benches::heap::Counting;
use hsmstream_benches::logins::{COUNT, Logins, Naive, SUPPRESS, WITHIN};
use hsmstream_benches::mode::Mode;
use hsmstream_benches::process;
use hsmstream_window::{
    Limits, Operator, Output, Settings, Threshold, ThresholdSpec, ThresholdWhat, WindowKind,
};

#[global_allocator]
static HEAP: Counting = Counting::new();

/// What to run.
#[derive(Clone, Copy)]
struct Scenario {
    /// Connections; about 5 % of them are not live at a moment of the steady state.
    connections: usize,
    /// Event time between events.
    step_usecs: u64,
    /// Events until keys die as often as they are born.
    warm_up: usize,
    /// Events measured then.
    events: usize,
    /// Events between two drains of the changelog.
    commit_events: usize,
}

/// A million live keys.
const MILLION: Scenario = Scenario {
    connections: 1_060_000,
    step_usecs: 226,
    warm_up: 3_500_000,
    events: 2_000_000,
    commit_events: 500_000,
};
/// The same, a hundred times smaller.
const SMALL: Scenario = Scenario {
    connections: 10_600,
    step_usecs: 22_600,
    warm_up: 35_000,
    events: 20_000,
    commit_events: 5_000,
};

fn main() {
    let mode = Mode::of_arguments();
    let scenario = mode.pick(MILLION, SMALL);
    memory(scenario);
    let expected = naive(scenario);
    steady(scenario, false, expected);
    steady(scenario, true, expected);
    criterion(scenario);
}

fn operator() -> Operator {
    let spec = ThresholdSpec {
        what: ThresholdWhat::Count(COUNT),
        window: WindowKind::Sliding { within: WITHIN },
        suppress: SUPPRESS,
        allowed_lateness: Settings::default().allowed_lateness,
    };
    Operator::Threshold(Threshold::new(spec, Limits::default()).expect("a valid rule"))
}

/// One event for each key: the price of a live key with one kept event.
fn memory(scenario: Scenario) {
    let mut logins = Logins::new(scenario.connections, 1);
    let mut operator = operator();
    HEAP.switch(true);
    let (resident, heap) = (process::resident_bytes(), HEAP.live());
    let mut time = Duration::ZERO;
    logins.batches(scenario.connections, &mut |batch| {
        let start = Instant::now();
        for (event, watermark) in batch.events() {
            operator.apply(&event, watermark, &mut |_| unreachable!("one event of a key fires nothing"));
        }
        time += start.elapsed();
    });
    let peak = HEAP.live();
    operator.drain_dirty(&mut |_, _| {});
    assert_eq!(operator.keys(), scenario.connections);
    let keys = scenario.connections as f64;
    let now = HEAP.live();
    HEAP.switch(false);
    println!("\none event of each of {keys} keys of {:.1} B", logins.key_bytes());
    println!("{:<44} {:>8.0} k/s", "new keys", keys / time.as_secs_f64() / 1e3);
    let per_key = |bytes: isize| bytes as f64 / keys;
    println!("{:<44} {:>8.1} B", "per key: state_bytes()", operator.state_bytes() as f64 / keys);
    println!("{:<44} {:>8.1} B", "per key: asked of the allocator", per_key(now.bytes - heap.bytes));
    println!(
        "{:<44} {:>8.1} B",
        "per key: the same before the first drain",
        per_key(peak.bytes - heap.bytes)
    );
    println!("{:<44} {:>8.2}", "per key: blocks", per_key(now.blocks - heap.blocks));
    let resident = process::resident_bytes().cast_signed() - resident.cast_signed();
    println!("{:<44} {:>8.1} B", "per key: resident, batch buffers included", per_key(resident));
    black_box(operator);
}

/// Firings and suppressed firings of the measured events.
type Found = (u64, u64);

fn naive(scenario: Scenario) -> Found {
    let mut logins = Logins::new(scenario.connections, scenario.step_usecs);
    let mut naive = Naive::new();
    let mut apply = |events: usize, naive: &mut Naive| {
        let mut time = Duration::ZERO;
        logins.batches(events, &mut |batch| {
            let start = Instant::now();
            batch.events().for_each(|(event, _)| naive.apply(event.key, event.contribution.time.0));
            time += start.elapsed();
        });
        time
    };
    apply(scenario.warm_up, &mut naive);
    let before = (naive.firings, naive.suppressed);
    let time = apply(scenario.events, &mut naive);
    print_rate("a hash map and the bare minimum", scenario.events, time, None);
    (naive.firings - before.0, naive.suppressed - before.1)
}

fn steady(scenario: Scenario, drained: bool, expected: Found) {
    let mut logins = Logins::new(scenario.connections, scenario.step_usecs);
    let mut operator = operator();
    let mut outputs = 0_u64;
    let mut changes = (0_u64, 0_usize);
    let mut since = 0;
    let mut apply = |events: usize, operator: &mut Operator| {
        let mut time = Duration::ZERO;
        logins.batches(events, &mut |batch| {
            let start = Instant::now();
            for (event, watermark) in batch.events() {
                operator.apply(&event, watermark, &mut |output| {
                    outputs += u64::from(matches!(black_box(output), Output::Firing(_)));
                });
                since += 1;
                if drained && since == scenario.commit_events {
                    since = 0;
                    operator.drain_dirty(&mut |key, value| {
                        changes.0 += 1;
                        changes.1 += key.len() + value.map_or(0, <[u8]>::len);
                    });
                }
            }
            time += start.elapsed();
        });
        time
    };
    apply(scenario.warm_up, &mut operator);
    let before = operator.counters();
    let time = apply(scenario.events, &mut operator);
    let counters = operator.counters();
    let found = (counters.firings - before.firings, counters.suppressed - before.suppressed);
    assert_eq!(found, expected, "the naive operator fires differently");
    let keys = operator.keys();
    assert!(scenario.connections * 9 < keys * 10, "only {keys} keys are live");
    let name = if drained { "threshold operator, changelog drained" } else { "threshold operator" };
    print_rate(name, scenario.events, time, Some(keys));
    if drained {
        let (count, bytes) = changes;
        println!(
            "{:<44} {:>8.1} B",
            "per change: bytes for the changelog",
            bytes as f64 / count.max(1) as f64
        );
    }
    println!("{:<44} {:>8.1} B", "per key: state_bytes()", operator.state_bytes() as f64 / keys as f64);
}

fn print_rate(name: &str, events: usize, time: Duration, keys: Option<usize>) {
    let seconds = time.as_secs_f64();
    let keys = keys.map_or(String::new(), |keys| format!("{keys} live keys"));
    let events = events as f64;
    println!("{name:<44} {:>8.0} k/s {:>8.1} ns {keys}", events / seconds / 1e3, seconds * 1e9 / events);
}

/// The steady state once more, for comparisons over time.
fn criterion(scenario: Scenario) {
    const EVENTS: usize = 10_000;
    let mut criterion = Criterion::default().configure_from_args();
    let mut logins = Logins::new(scenario.connections, scenario.step_usecs);
    let mut operator = operator();
    logins.batches(scenario.warm_up, &mut |batch| {
        for (event, watermark) in batch.events() {
            operator.apply(&event, watermark, &mut |output| _ = black_box(output));
        }
    });
    let mut group = criterion.benchmark_group("window");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(10);
    group.bench_function("threshold, steady", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut time = Duration::ZERO;
            for _ in 0..iterations {
                logins.batches(EVENTS, &mut |batch| {
                    let start = Instant::now();
                    for (event, watermark) in batch.events() {
                        operator.apply(&event, watermark, &mut |output| _ = black_box(output));
                    }
                    time += start.elapsed();
                });
            }
            time
        });
    });
    group.finish();
    criterion.final_summary();
}
