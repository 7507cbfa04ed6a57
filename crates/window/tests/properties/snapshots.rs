//! An operator restored from the changelog goes on as the original would, at any place of any input.

use std::collections::BTreeMap;

use hsmstream_window::{Limits, Operator, Plain, Span, Threshold};
use proptest::prelude::*;

use crate::input::{LATENESS, Streams, input, window};
use crate::naive::tell;
use crate::rollups;
use crate::thresholds::{event, limits, spec};

#[derive(Default)]
struct Log(BTreeMap<Vec<u8>, Vec<u8>>);

impl Log {
    fn write(&mut self, operator: &mut Operator) {
        operator.drain_dirty(&mut |key, value| match value {
            Some(value) => drop(self.0.insert(key.to_vec(), value.to_vec())),
            None => assert!(self.0.remove(key).is_some(), "a tombstone for an entry that is not there"),
        });
    }

    fn read(&self, mut operator: Operator) -> Operator {
        for (key, value) in &self.0 {
            operator.restore(key, Some(value)).unwrap();
        }
        operator.finish_restore().unwrap();
        operator
    }
}

fn export(operator: &Operator) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut all = BTreeMap::new();
    operator.export(&mut |key, value| drop(all.insert(key.to_vec(), value.unwrap().to_vec())));
    all
}

fn check_restored(log: &Log, restored: &Operator, original: &Operator) {
    assert_eq!(log.0, export(original), "the changelog holds what the operator holds");
    assert_eq!(export(restored), export(original));
    assert_eq!(restored.keys(), original.keys());
    assert_eq!(restored.state_bytes(), original.state_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn thresholds_go_on(
        spec in spec(), input in input(Streams::Lagging), every in 1usize..20,
        small in prop::option::of((1usize..4, 400usize..2000)), events_per_key_max in prop_oneof![Just(10_000usize), 7usize..20],
    ) {
        let (keys_max, state_bytes_max) = small.unwrap_or((usize::MAX, usize::MAX));
        let limits = Limits { keys_max, state_bytes_max, events_per_key_max, ..limits() };
        let new = || Operator::Threshold(Threshold::new(spec, limits).unwrap());
        let (mut original, mut restored, mut log) = (new(), new(), Log::default());
        let (mut expected, mut told) = (Vec::new(), Vec::new());
        for (index, step) in input.steps.iter().enumerate() {
            original.apply(&event(step), step.watermark, &mut |output| expected.push(tell(output)));
            restored.apply(&event(step), step.watermark, &mut |output| told.push(tell(output)));
            if index % every == 0 {
                log.write(&mut restored);
                restored = log.read(new());
                check_restored(&log, &restored, &original);
            }
        }
        original.finish(input.end, &mut |output| expected.push(tell(output)));
        restored.finish(input.end, &mut |output| told.push(tell(output)));
        prop_assert_eq!(told, expected);
        log.write(&mut restored);
        prop_assert!(log.0.is_empty());
    }

    #[test]
    fn plain_rules_go_on(suppress in 1u64..40, input in input(Streams::Lagging), every in 1usize..20) {
        let new = || Operator::Plain(Plain::new(Span::from_secs(suppress), LATENESS, limits()));
        let (mut original, mut restored, mut log) = (new(), new(), Log::default());
        let (mut expected, mut told) = (Vec::new(), Vec::new());
        for (index, step) in input.steps.iter().enumerate() {
            original.apply(&event(step), step.watermark, &mut |output| expected.push(tell(output)));
            restored.apply(&event(step), step.watermark, &mut |output| told.push(tell(output)));
            if index % every == 0 {
                log.write(&mut restored);
                restored = log.read(new());
                check_restored(&log, &restored, &original);
            }
        }
        original.finish(input.end, &mut |output| expected.push(tell(output)));
        restored.finish(input.end, &mut |output| told.push(tell(output)));
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn rollups_go_on(window in window(), input in input(Streams::Lagging), every in 1usize..20, flush in any::<bool>()) {
        prop_assume!(!matches!(window, hsmstream_window::WindowKind::Sliding { .. }));
        let new = || rollups::operator(window);
        let (mut original, mut restored, mut log) = (new(), new(), Log::default());
        let (mut expected, mut rows) = (Vec::new(), Vec::new());
        for (index, step) in input.steps.iter().enumerate() {
            rollups::apply(&mut original, step, &mut expected);
            rollups::apply(&mut restored, step, &mut rows);
            if index % every == 0 {
                if flush {
                    original.flush_revisions(&mut |output| expected.push(rollups::publish(output)));
                    restored.flush_revisions(&mut |output| rows.push(rollups::publish(output)));
                }
                log.write(&mut restored);
                restored = log.read(new());
                check_restored(&log, &restored, &original);
            }
        }
        original.finish(input.end, &mut |output| expected.push(rollups::publish(output)));
        restored.finish(input.end, &mut |output| rows.push(rollups::publish(output)));
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn hostile_entries_are_errors_or_harmless(
        spec in spec(), input in input(Streams::Lagging), key in any::<Vec<u8>>(), value in any::<Vec<u8>>(),
        cut in any::<prop::sample::Index>(), flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let mut operator = Operator::Threshold(Threshold::new(spec, limits()).unwrap());
        for step in &input.steps {
            operator.apply(&event(step), step.watermark, &mut |_| ());
        }
        let mut victims = [
            Operator::Threshold(Threshold::new(spec, limits()).unwrap()),
            Operator::Plain(Plain::new(Span(1), LATENESS, limits())),
            rollups::operator(hsmstream_window::WindowKind::Session { gap: Span::from_secs(3) }),
        ];
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> = vec![(key, value)];
        operator.export(&mut |key, value| entries.push((key.to_vec(), value.unwrap().to_vec())));
        for (key, value) in entries {
            let cut = value[..if value.is_empty() { 0 } else { cut.index(value.len()) }].to_vec();
            let mut flipped = value.clone();
            if !flipped.is_empty() {
                let at = flip.0.index(flipped.len());
                flipped[at] ^= flip.1;
            }
            for victim in &mut victims {
                for value in [&cut, &flipped, &value] {
                    let outcome = victim.restore(&key, Some(value));
                    prop_assert!(outcome.is_ok() || outcome.unwrap_err().to_string().contains("state entry"));
                }
            }
        }
        for victim in &mut victims {
            if let Err(error) = victim.finish_restore() {
                prop_assert!(error.to_string().contains("state entry"));
            }
            for step in &input.steps {
                victim.apply(&event(step), step.watermark, &mut |_| ());
            }
            victim.finish(input.end, &mut |_| ());
        }
    }
}
