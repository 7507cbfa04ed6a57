//! What each limit does when it is reached, and that it is told.

use std::collections::BTreeMap;

use hsmstream_window::{
    ConfigError, Contribution, Event, EventTime, Limits, Measure, MeasureInput, Operator, Output, Plain,
    Rollup, RollupSpec, Span, Threshold, ThresholdSpec, ThresholdWhat, WindowKind, enforce_bytes_max,
};

const LATENESS: Span = Span::from_secs(100);
const SLIDING: WindowKind = WindowKind::Sliding { within: Span::from_secs(60) };

fn secs(seconds: u64) -> EventTime {
    EventTime(seconds * 1_000_000)
}

fn event<'a>(key: &'a [u8], time: EventTime, measures: &'a [MeasureInput<'a>]) -> Event<'a> {
    let contribution = Contribution { time, ..Contribution::default() };
    Event { key, contribution, value: None, number: None, measures }
}

fn threshold(what: ThresholdWhat, window: WindowKind, limits: Limits) -> Result<Operator, ConfigError> {
    let spec = ThresholdSpec { what, window, suppress: Span::ZERO, allowed_lateness: LATENESS };
    Threshold::new(spec, limits).map(Operator::Threshold)
}

fn rollup(window: WindowKind, measures: Vec<Measure>, limits: Limits) -> Result<Operator, ConfigError> {
    Rollup::new(RollupSpec { window, measures, allowed_lateness: LATENESS }, limits).map(Operator::Rollup)
}

#[test]
fn rules_that_cannot_be() {
    let limits = Limits::default();
    let count = |window| threshold(ThresholdWhat::Count(1), window, limits).unwrap_err();
    let second = Span::from_secs(1);
    assert_eq!(count(WindowKind::Sliding { within: Span::ZERO }), ConfigError::ZeroWindow);
    assert_eq!(count(WindowKind::Tumbling { size: Span::ZERO }), ConfigError::ZeroWindow);
    assert_eq!(count(WindowKind::Session { gap: Span::ZERO }), ConfigError::ZeroWindow);
    assert_eq!(count(WindowKind::Hopping { size: second, every: Span::ZERO }), ConfigError::ZeroWindow);
    assert_eq!(
        count(WindowKind::Hopping { size: second, every: Span(2_000_000) }),
        ConfigError::EveryExceedsSize
    );
    let panes = ConfigError::TooManyPanes { panes: 1_000_000, panes_max: 1_440 };
    assert_eq!(count(WindowKind::Hopping { size: second, every: Span(1) }), panes);
    let zero = threshold(ThresholdWhat::Sum { reaches: 0 }, SLIDING, limits).unwrap_err();
    assert_eq!(zero, ConfigError::ZeroThreshold);
    let unreachable = ConfigError::Unreachable { reaches: 10_001, events_per_key_max: 10_000 };
    assert_eq!(threshold(ThresholdWhat::Count(10_001), SLIDING, limits).unwrap_err(), unreachable);
    assert_eq!(rollup(SLIDING, vec![], limits).unwrap_err(), ConfigError::SlidingRollup);
}

#[test]
fn events_per_key_drop_the_oldest_and_say_so() {
    let limits = Limits { events_per_key_max: 3, ..Limits::default() };
    let mut operator = threshold(ThresholdWhat::Count(3), SLIDING, limits).unwrap();
    let mut told = Vec::new();
    for time in [1_000, 1_001, 1_002, 1_003, 1_100] {
        operator.apply(&event(b"k", secs(time), &[]), secs(990), &mut |output| {
            if let Output::Firing(firing) = output {
                told.push((firing.observed, firing.first.time, firing.capped));
            }
        });
    }
    assert_eq!(told, [(3, secs(1_000), false), (4, secs(1_000), false)]);
    operator.apply(&event(b"k", secs(1_004), &[]), secs(990), &mut |output| {
        if let Output::Firing(firing) = output {
            told.push((firing.observed, firing.first.time, firing.capped));
        }
    });
    assert_eq!(told.last(), Some(&(3, secs(1_002), true)), "1001 was dropped and would count");
    assert_eq!(operator.counters().capped_events, 3);
}

#[test]
fn too_many_keys_evict_the_oldest_and_tell_what_it_hid() {
    let limits = Limits { keys_max: 2, ..Limits::default() };
    let mut operator = Operator::Plain(Plain::new(Span::from_secs(60), LATENESS, limits));
    let mut closings = Vec::new();
    for (key, time) in [(b"a", 1_001), (b"b", 1_000), (b"b", 1_002), (b"c", 1_003)] {
        operator.apply(&event(key, secs(time), &[]), secs(990), &mut |output| {
            if let Output::Closing(closing) = output {
                closings.push((closing.key.to_vec(), closing.suppressed));
            }
        });
    }
    assert_eq!(closings, [(b"b".to_vec(), 1)], "b's last alert is oldest");
    assert_eq!((operator.keys(), operator.counters().evicted), (2, 1));
}

#[test]
fn too_many_bytes_evict_too() {
    let limits = Limits { state_bytes_max: 10_000, ..Limits::default() };
    let mut operator = threshold(ThresholdWhat::Count(5), SLIDING, limits).unwrap();
    for n in 0..1_000u64 {
        operator.apply(&event(&n.to_be_bytes(), secs(1_000 + n), &[]), secs(990), &mut |_| ());
        assert!(operator.state_bytes() <= 10_000);
    }
    assert!(50 < operator.keys());
    assert_eq!(operator.counters().evicted, 1_000 - u64::try_from(operator.keys()).unwrap());
}

#[test]
fn a_set_of_operators_shrinks_from_the_largest() {
    let limits = Limits::default();
    let mut operators = [10u64, 1_000, 990].map(|keys| {
        let mut operator = threshold(ThresholdWhat::Count(5), SLIDING, limits).unwrap();
        for n in 0..keys {
            operator.apply(&event(&n.to_be_bytes(), secs(1_000), &[]), secs(990), &mut |_| ());
        }
        operator
    });
    let each = operators.each_ref().map(Operator::state_bytes);
    enforce_bytes_max(&mut operators, 100_000, &mut |_, _| ());
    let sizes = operators.each_ref().map(Operator::state_bytes);
    assert!(sizes.iter().sum::<usize>() <= 100_000);
    assert_eq!(sizes.first(), each.first(), "the small one keeps all");
    enforce_bytes_max(&mut operators, 0, &mut |_, _| ());
    assert!(operators.iter().all(|operator| operator.keys() == 0));
}

#[test]
fn distinct_values_stop_counting_and_say_so() {
    let limits = Limits { values_max: 3, ..Limits::default() };
    let window = WindowKind::Tumbling { size: Span::from_secs(60) };
    let mut operator = rollup(window, vec![Measure::Distinct], limits).unwrap();
    for value in [b"a", b"b", b"a", b"c", b"d", b"e", b"d"] {
        operator.apply(&event(b"k", secs(1_000), &[MeasureInput::Bytes(value)]), secs(990), &mut |_| ());
    }
    let mut rows = Vec::new();
    operator.finish(secs(9_000), &mut |output| {
        if let Output::Row(row) = output {
            rows.push((row.measures.to_vec(), row.capped));
        }
    });
    assert_eq!(rows, [(vec![Some(3)], true)]);
    assert_eq!(operator.counters().capped_values, 3);
}

#[test]
fn too_many_sessions_of_a_key_end_the_oldest() {
    let limits = Limits { sessions_per_key_max: 2, ..Limits::default() };
    let mut operator = rollup(WindowKind::Session { gap: Span(1) }, vec![Measure::Count], limits).unwrap();
    let mut rows = Vec::new();
    for time in [1_000, 1_001, 1_002] {
        operator.apply(&event(b"k", secs(time), &[]), secs(990), &mut |output| {
            if let Output::Row(row) = output {
                rows.push((row.start, row.complete, row.capped));
            }
        });
    }
    assert_eq!(rows, [(secs(1_000), false, true)]);
    assert_eq!(operator.counters().evicted, 1);
}

#[test]
fn large_states_are_written_in_parts() {
    let window = WindowKind::Tumbling { size: Span::from_secs(60) };
    let new = || rollup(window, vec![Measure::Distinct], Limits::default()).unwrap();
    let mut operator = new();
    for n in 0..40_000u64 {
        let value = [&n.to_be_bytes()[..], b"-a-rather-long-value"].concat();
        operator.apply(&event(b"k", secs(1_000), &[MeasureInput::Bytes(&value)]), secs(990), &mut |_| ());
    }
    let mut log = BTreeMap::new();
    let mut write = |operator: &mut Operator| {
        operator.drain_dirty(&mut |key, value| match value {
            Some(value) => {
                assert!(value.len() < 300_000, "below a broker's message limit");
                log.insert(key.to_vec(), value.to_vec());
            }
            None => drop(log.remove(key)),
        });
        log.clone()
    };
    let entries = write(&mut operator);
    assert!(3 < entries.len());
    let mut restored = new();
    for (key, value) in entries.iter().rev() {
        restored.restore(key, Some(value)).unwrap();
    }
    restored.finish_restore().unwrap();
    assert_eq!(restored.state_bytes(), operator.state_bytes());
    let mut incomplete = new();
    for (key, value) in entries.iter().take(entries.len() - 1) {
        incomplete.restore(key, Some(value)).unwrap();
    }
    assert!(incomplete.finish_restore().is_err());
    restored.finish(secs(9_000), &mut |_| ());
    assert!(write(&mut restored).is_empty(), "every part has its tombstone");
}
