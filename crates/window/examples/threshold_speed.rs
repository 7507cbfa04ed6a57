//! Speed and memory of thresholds over many live keys: `cargo run --profile fast -p hsmstream-window --example threshold_speed`.
//!
//! Definition: keys of 24 bytes, 20,000 records per second of event time, 30 s of disorder, 10 m of lateness,
//! `count` 5 within 20 m (so every key stays live and no timer comes), every key once per pass, one thread.
//! Printed: records/s of the first pass (every key new) and of three more (2 to 4 kept events per key), the
//! estimated and the resident bytes per key (the latter with the slack of table and heap), and entries/s of
//! a drain and of a restore. Rates are by CPU time of the process; beside them stands what a plain hash map
//! of the same keys does in the same run. Keys come in another order in each pass, as they do in life: what is
//! near in memory is not near in time.
//!
//! `hot`: one key, in order and with every second record out of order, count and distinct.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

use hsmstream_window::{
    Contribution, Event, EventTime, Limits, Span, StreamId, Threshold, ThresholdSpec, ThresholdWhat,
    WindowKind,
};

const START: u64 = 1_772_445_600_000_000;
const DISORDER: Span = Span::from_secs(30);

fn main() {
    for keys in [100_000, 1_000_000] {
        baseline(keys);
        live(keys);
    }
    for (name, what) in [
        ("count", ThresholdWhat::Count(5)),
        ("distinct", ThresholdWhat::Distinct { reaches: 50 }),
        ("sum", ThresholdWhat::Sum { reaches: 1_000_000_000 }),
    ] {
        for shuffle in [0, 1] {
            hot(name, what, shuffle);
        }
    }
}

fn operator(what: ThresholdWhat, within: Span) -> Threshold {
    let window = WindowKind::Sliding { within };
    let spec = ThresholdSpec { what, window, suppress: within, allowed_lateness: Span::from_secs(600) };
    Threshold::new(spec, Limits::default()).unwrap()
}

fn record(n: u64, time: EventTime) -> Contribution {
    let stream = StreamId(u32::try_from(n % 28).unwrap());
    let (sequence, offset) = (n / 28, i64::try_from(n).unwrap());
    Contribution { time, stream, reboot: 1, sequence, offset, index: 0, source: 3 }
}

/// CPU time of this process in ns: other work on the machine counts less than by wall clock.
fn now() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

fn rate(records: u64, since: u64) -> String {
    let micros = ((now() - since) / 1_000).max(1);
    format!("{:.2} M/s", f64::from(u32::try_from(records * 100 / micros).unwrap()) / 100.0)
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

/// The key of the n-th visit of a pass: each of `keys` once, in an order of the pass's own.
fn scattered_key(pass: u64, n: u64, keys: u64) -> [u8; 24] {
    const STRIDES: [u64; 5] = [982_451_653, 961_748_941, 941_083_987, 920_419_823, 899_809_363];
    let stride = STRIDES.iter().cycle().nth(usize::try_from(pass).unwrap()).unwrap();
    let mut key = *b"cluster-2a3b4c5d6e7-0000";
    if let Some((_, place)) = key.split_last_chunk_mut::<8>() {
        *place = (n * stride % keys).to_be_bytes();
    }
    key
}

/// What the machine gives now: increments of a plain hash map with the same keys.
fn baseline(keys: u64) {
    let mut map: hashbrown::HashMap<Box<[u8]>, u64, ahash::RandomState> =
        hashbrown::HashMap::with_hasher(ahash::RandomState::with_seeds(1, 2, 3, 4));
    for n in 0..keys {
        map.insert(scattered_key(0, n, keys).into(), 0);
    }
    let since = now();
    for n in 0..keys {
        if let Some(count) = map.get_mut(&scattered_key(1, n, keys)[..]) {
            *count += 1;
        }
    }
    println!("{keys} keys, increments of a hash map: {}", rate(keys, since));
}

fn live(keys: u64) {
    let mut operator = operator(ThresholdWhat::Count(5), Span::from_secs(1_200));
    let before = resident_bytes();
    let mut firings = 0u64;
    for pass in 0..4 {
        let since = now();
        for n in 0..keys {
            let key = scattered_key(pass, n, keys);
            let n = pass * keys + n;
            let time = EventTime(START + n * 50);
            let event =
                Event { key: &key, contribution: record(n, time), value: None, number: None, measures: &[] };
            operator.apply(&event, time.minus(DISORDER), &mut |_| firings += 1);
        }
        let live = u64::try_from(operator.keys()).unwrap();
        let estimate = u64::try_from(operator.state_bytes()).unwrap() / live;
        let resident = resident_bytes().saturating_sub(before) / live;
        println!(
            "{keys} keys, pass {pass}: {}, {live} live, {estimate} B/key estimated, {resident} resident",
            rate(keys, since)
        );
    }
    restore(operator);
    println!("  {firings} firings");
}

fn restore(mut from: Threshold) {
    let mut log: Vec<[Box<[u8]>; 2]> = Vec::new();
    let since = now();
    from.drain_dirty(&mut |key, value| log.push([key.into(), value.unwrap_or_default().into()]));
    let drained = u64::try_from(log.len()).unwrap();
    println!(
        "  drain: {}, {} B per entry",
        rate(drained, since),
        log.iter().map(|[key, value]| key.len() + value.len()).sum::<usize>() / log.len()
    );
    let keys = from.keys();
    drop(from);
    let mut to = operator(ThresholdWhat::Count(5), Span::from_secs(1_200));
    let since = now();
    for [key, value] in &log {
        to.restore(key, Some(value)).unwrap();
    }
    to.finish_restore().unwrap();
    println!("  restore: {}", rate(drained, since));
    assert_eq!(to.keys(), keys);
}

fn hot(name: &str, what: ThresholdWhat, shuffle: u64) {
    let mut operator = operator(what, Span::from_secs(120));
    let records = 200_000u64;
    let mut outputs = 0u64;
    let since = now();
    for n in 0..records {
        let time = EventTime(START + n * 10_000 - shuffle * (n % 2) * 25_000);
        let value = (n % 40).to_be_bytes();
        let event = Event {
            key: b"hot",
            contribution: record(n, time),
            value: Some(&value),
            number: Some(n % 40),
            measures: &[],
        };
        operator.apply(&event, EventTime(START + n * 10_000).minus(DISORDER), &mut |_| outputs += 1);
    }
    let order = if shuffle == 0 { "in order" } else { "half out of order" };
    println!(
        "hot {name}, {order}: {}, {outputs} outputs, {} B",
        rate(records, since),
        operator.state_bytes()
    );
}
