//! Watermarks: edges of late and skew, the minimum over streams, idleness, limits, snapshots.

use std::collections::BTreeMap;

use hsmstream_window::{EventTime, Settings, Span, StreamId, WatermarkCounters, Watermarks};
use proptest::prelude::*;

const SEEDS: [u64; 4] = [1, 2, 3, 4];

fn secs(seconds: u64) -> EventTime {
    EventTime(seconds * 1_000_000)
}

fn settings() -> Settings {
    Settings {
        out_of_orderness: Span::from_secs(10),
        allowed_lateness: Span::from_secs(60),
        max_skew: Span::from_secs(100),
        idle_timeout: Span::from_secs(30),
    }
}

fn watermarks() -> Watermarks {
    Watermarks::new(settings(), 100, SEEDS)
}

#[test]
fn late_is_strict_and_per_stream() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(300), None, 0);
    let judge = |watermarks: &mut Watermarks, name: &[u8], time| watermarks.observe(name, time, None, 0).late;
    assert!(!judge(&mut watermarks, b"a", secs(230)), "exactly highest - disorder - lateness");
    assert!(judge(&mut watermarks, b"a", EventTime(229_999_999)));
    assert!(!judge(&mut watermarks, b"b", secs(1)), "another stream has its own time");
    assert!(!judge(&mut watermarks, b"a", secs(300)), "a late record moved nothing");
    assert_eq!(watermarks.counters(), WatermarkCounters { late: 1, skewed: 0, evicted: 0 });
}

#[test]
fn times_near_both_ends_do_not_overflow() {
    let mut watermarks = watermarks();
    assert!(!watermarks.observe(b"a", EventTime::ZERO, Some(EventTime::MAX), i64::MIN).late);
    assert_eq!(watermarks.watermark(), Some(EventTime::ZERO));
    assert!(!watermarks.observe(b"a", EventTime::MAX, Some(EventTime::MAX), i64::MAX).skewed);
    watermarks.tick(i64::MAX);
    assert_eq!(watermarks.idle_horizon(i64::MIN), None, "a record came just now");
    assert_eq!(watermarks.end_of_input(), Some(EventTime::MAX));
}

#[test]
fn a_record_from_the_future_moves_nothing() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(1_000), Some(secs(1_000)), 0);
    let edge = watermarks.observe(b"a", secs(1_100), Some(secs(1_000)), 0);
    assert!(!edge.skewed, "exactly max_skew ahead");
    let ahead = watermarks.observe(b"a", secs(90_000), Some(secs(1_000)), 0);
    assert!(ahead.skewed && !ahead.late);
    assert_eq!(watermarks.watermark(), Some(secs(1_090)));
    assert!(!watermarks.observe(b"a", secs(1_030), None, 0).late, "late is judged against unskewed time");
    assert_eq!(watermarks.end_of_input(), Some(secs(1_100)));
}

#[test]
fn only_skewed_records_give_no_watermark() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(90_000), Some(secs(1)), 0);
    assert_eq!(watermarks.watermark(), None);
    watermarks.tick(1_000_000);
    assert_eq!((watermarks.watermark(), watermarks.idle_horizon(1_000_000)), (None, None));
    assert_eq!(watermarks.end_of_input(), None);
}

#[test]
fn the_slowest_stream_holds_and_nothing_goes_back() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(1_000), None, 0);
    assert_eq!(watermarks.watermark(), Some(secs(990)));
    watermarks.observe(b"b", secs(500), None, 0);
    assert_eq!(watermarks.watermark(), Some(secs(990)), "an older stream appears");
    watermarks.observe(b"a", secs(2_000), None, 0);
    assert_eq!(watermarks.watermark(), Some(secs(990)), "held by b");
    watermarks.observe(b"b", secs(1_500), None, 0);
    assert_eq!(watermarks.watermark(), Some(secs(1_490)));
}

#[test]
fn idle_streams_let_go_and_hold_again() {
    let mut watermarks = watermarks();
    watermarks.observe(b"slow", secs(100), None, 0);
    watermarks.observe(b"fast", secs(1_000), None, 20_000);
    watermarks.tick(29_999);
    assert_eq!(watermarks.watermark(), Some(secs(90)));
    watermarks.tick(30_000);
    assert_eq!((watermarks.watermark(), watermarks.active_streams()), (Some(secs(990)), 1));
    assert_eq!(watermarks.idle_horizon(30_000), None, "one stream is active");
    assert!(!watermarks.observe(b"slow", secs(101), None, 31_000).late);
    watermarks.observe(b"fast", secs(2_000), None, 31_000);
    assert_eq!(watermarks.watermark(), Some(secs(990)), "held again, not moved back");
}

#[test]
fn streams_of_late_and_skewed_records_only_are_silent() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(100), None, 0);
    watermarks.observe(b"b", secs(1_000), None, 40_000);
    assert!(watermarks.observe(b"a", secs(1), None, 40_000).late);
    assert!(watermarks.observe(b"a", secs(9_000), Some(secs(1)), 40_000).skewed);
    watermarks.tick(40_000);
    assert_eq!(watermarks.watermark(), Some(secs(990)));
}

#[test]
fn all_idle_moves_to_the_highest_time_and_gives_a_horizon() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(100), None, 5_000);
    watermarks.observe(b"b", secs(1_000), None, 6_000);
    watermarks.tick(35_000);
    assert_eq!((watermarks.watermark(), watermarks.idle_horizon(35_000)), (Some(secs(990)), None));
    watermarks.tick(36_000);
    assert_eq!(watermarks.watermark(), Some(secs(1_000)));
    assert_eq!(watermarks.idle_horizon(36_000), Some(secs(1_030)), "30 s of silence behind the highest time");
    assert_eq!(
        watermarks.idle_horizon(5_000_000),
        Some(secs(5_994)),
        "highest + silence is later than the clock"
    );
    watermarks.observe(b"a", secs(200), None, 36_001);
    assert_eq!(watermarks.idle_horizon(36_001), None);
}

#[test]
fn the_horizon_of_old_records_is_the_wall_clock() {
    let mut watermarks = watermarks();
    watermarks.observe(b"a", secs(100), None, 1_000_000_000);
    watermarks.tick(1_000_030_000);
    assert_eq!(watermarks.watermark(), Some(secs(100)), "what is forgotten stays a matter of event time");
    assert_eq!(watermarks.idle_horizon(1_000_030_000), Some(secs(1_000_030)));
}

#[test]
fn interned_names_have_numbers_but_no_part_in_the_watermark() {
    let mut watermarks = watermarks();
    let a = watermarks.intern(b"a", 0);
    watermarks.observe(b"b", secs(100), None, 0);
    assert_eq!(watermarks.watermark(), Some(secs(90)));
    assert_eq!(watermarks.intern(b"a", 0), a);
    assert_eq!((watermarks.name(a), watermarks.name(StreamId(7))), (Some(&b"a"[..]), None));
}

#[test]
fn the_limit_evicts_the_longest_silent_and_never_reuses_a_number() {
    let mut watermarks = Watermarks::new(settings(), 3, SEEDS);
    for (name, now_ms) in [(b"a", 3), (b"b", 1), (b"c", 2), (b"d", 4)] {
        watermarks.observe(name, secs(100 + u64::try_from(now_ms).unwrap()), None, now_ms);
    }
    assert_eq!((watermarks.streams(), watermarks.counters().evicted), (3, 1));
    assert_eq!(watermarks.name(StreamId(1)), None, "b was silent longest");
    assert_eq!(watermarks.name(StreamId(3)), Some(&b"d"[..]));
    assert_eq!(watermarks.observe(b"b", secs(1), None, 5).stream, StreamId(4));
}

#[test]
fn a_number_near_the_end_of_all_is_no_snapshot() {
    let mut watermarks = watermarks();
    let value = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0];
    assert!(watermarks.restore(&[0], Some(&value), 0).is_err());
    assert!(watermarks.restore(b"\x01a", value.get(..8), 0).is_err());
    watermarks.observe(b"a", secs(1), None, 0);
}

#[derive(Clone, Debug)]
enum Call {
    Observe { name: u8, time: u64, reference: Option<u64> },
    Tick,
}

fn call() -> impl Strategy<Value = Call> {
    let observe = (0u8..5, 0u64..400, prop::option::weighted(0.3, 0u64..400))
        .prop_map(|(name, time, reference)| Call::Observe { name, time, reference });
    prop_oneof![8 => observe, 1 => Just(Call::Tick)]
}

#[derive(Default)]
struct Naive {
    streams: BTreeMap<u8, (u64, i64)>,
    watermark: Option<u64>,
}

impl Naive {
    fn raise(&mut self, watermark: Option<u64>) {
        self.watermark = self.watermark.max(watermark);
    }

    fn call(&mut self, call: &Call, idle: &mut Vec<u8>, now_ms: i64) -> (bool, bool) {
        let Call::Observe { name, time, reference } = *call else {
            *idle = self
                .streams
                .iter()
                .filter(|(_, at)| now_ms - at.1 >= 30_000)
                .map(|(name, _)| *name)
                .collect();
            let all_idle = idle.len() == self.streams.len();
            self.raise(if all_idle {
                self.streams.values().map(|at| at.0).max()
            } else {
                self.slowest(idle)
            });
            return (false, false);
        };
        let skewed = reference.is_some_and(|reference| time > reference + 100);
        let late = self.streams.get(&name).is_some_and(|at| time + 70 < at.0);
        if !skewed && !late {
            let at = self.streams.entry(name).or_default();
            *at = (at.0.max(time), now_ms);
            idle.retain(|other| *other != name);
            self.raise(self.slowest(idle));
        }
        (late, skewed)
    }

    fn slowest(&self, idle: &[u8]) -> Option<u64> {
        let active = self.streams.iter().filter(|(name, _)| !idle.contains(name));
        active.map(|(_, at)| at.0.saturating_sub(10)).min()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn equals_a_naive_one(calls in prop::collection::vec((call(), 0i64..20_000), 0..80)) {
        let (mut watermarks, mut naive, mut idle, mut now_ms) = (watermarks(), Naive::default(), Vec::new(), 0);
        for (call, wait_ms) in calls {
            now_ms += wait_ms;
            let expected = naive.call(&call, &mut idle, now_ms);
            match call {
                Call::Observe { name, time, reference } => {
                    let admission = watermarks.observe(&[name], secs(time), reference.map(secs), now_ms);
                    prop_assert_eq!((admission.late, admission.skewed), expected);
                }
                Call::Tick => watermarks.tick(now_ms),
            }
            prop_assert_eq!(watermarks.watermark(), naive.watermark.map(secs));
        }
    }

    #[test]
    fn goes_on_after_a_restore(
        calls in prop::collection::vec(call(), 0..80), every in 1usize..20, streams_max in 2usize..8,
    ) {
        // Without ticks: a restart makes idle streams active, which is said in `restore`.
        let new = || Watermarks::new(settings(), streams_max, SEEDS);
        let (mut original, mut restored, mut log) = (new(), new(), BTreeMap::new());
        for (index, call) in calls.iter().enumerate() {
            if let Call::Observe { name, time, reference } = *call {
                let expected = original.observe(&[name], secs(time), reference.map(secs), 0);
                prop_assert_eq!(restored.observe(&[name], secs(time), reference.map(secs), 0), expected);
            }
            prop_assert_eq!(restored.watermark(), original.watermark());
            if index % every == 0 {
                restored.drain_dirty(&mut |key, value| match value {
                    Some(value) => drop(log.insert(key.to_vec(), value.to_vec())),
                    None => assert!(log.remove(key).is_some()),
                });
                restored = new();
                for (key, value) in &log {
                    restored.restore(key, Some(value), 0).unwrap();
                }
            }
        }
        prop_assert_eq!(restored.end_of_input(), original.end_of_input());
    }

    #[test]
    fn hostile_entries_are_errors_or_harmless(key in any::<Vec<u8>>(), value in any::<Option<Vec<u8>>>(), tag in 0u8..3) {
        let mut watermarks = watermarks();
        for key in [key.clone(), [&[tag], &key[..]].concat()] {
            if let Err(error) = watermarks.restore(&key, value.as_deref(), 0) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
        watermarks.observe(b"a", secs(1), None, 0);
    }
}
