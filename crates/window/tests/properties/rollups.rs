//! Rollups: every published row is what its window holds at that moment, is published when it must be,
//! and at the end the rows are those of a computation that knows no order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use hsmstream_window::{
    Event, EventTime, Limits, Measure, MeasureInput, Operator, Output, Rollup, RollupSpec, WindowKind,
};
use proptest::prelude::*;

use crate::input::{Input, LATENESS, Step, Streams, input, window};

pub(crate) const MEASURES: [Measure; 5] =
    [Measure::Count, Measure::Distinct, Measure::Sum, Measure::Min, Measure::Max];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) key: Vec<u8>,
    pub(crate) start: EventTime,
    pub(crate) end: EventTime,
    pub(crate) values: Vec<Option<u64>>,
    pub(crate) complete: bool,
    pub(crate) revision: u32,
    pub(crate) retracted: bool,
    pub(crate) reopened_at: Option<EventTime>,
}

pub(crate) fn publish(output: Output<'_>) -> Published {
    let Output::Row(row) = output else { unreachable!("rollups have rows only") };
    assert_eq!(row.reopened, row.reopened_at.is_some());
    assert!(!row.capped);
    Published {
        key: row.key.to_vec(),
        start: row.start,
        end: row.end,
        values: row.measures.to_vec(),
        complete: row.complete,
        revision: row.revision,
        retracted: row.retracted,
        reopened_at: row.reopened_at,
    }
}

pub(crate) fn operator(window: WindowKind) -> Operator {
    let spec = RollupSpec { window, measures: MEASURES.to_vec(), allowed_lateness: LATENESS };
    Operator::Rollup(Rollup::new(spec, Limits::default()).unwrap())
}

pub(crate) fn apply(operator: &mut Operator, step: &Step, rows: &mut Vec<Published>) {
    let bytes = step.value.as_deref().map_or(MeasureInput::Missing, MeasureInput::Bytes);
    let number = step.number.map_or(MeasureInput::Missing, MeasureInput::Number);
    let measures = [MeasureInput::Missing, bytes, number, number, number];
    let event = Event {
        key: &step.key,
        contribution: step.contribution,
        value: None,
        number: None,
        measures: &measures,
    };
    operator.apply(&event, step.watermark, &mut |output| rows.push(publish(output)));
}

fn rollup_window() -> impl Strategy<Value = WindowKind> {
    window().prop_filter("no sliding rollups", |window| !matches!(window, WindowKind::Sliding { .. }))
}

/// Runs with a commit after every `every` steps.
fn run(window: WindowKind, input: &Input, every: usize) -> Vec<Published> {
    let mut operator = operator(window);
    let mut rows = Vec::new();
    for (index, step) in input.steps.iter().enumerate() {
        apply(&mut operator, step, &mut rows);
        if index % every == 0 {
            operator.flush_revisions(&mut |output| rows.push(publish(output)));
        }
    }
    operator.finish(input.end, &mut |output| rows.push(publish(output)));
    assert_eq!((operator.keys(), operator.state_bytes()), (0, 0));
    rows
}

type Identity = (Vec<u8>, EventTime, Option<EventTime>);

fn identity(row: &Published) -> Identity {
    (row.key.clone(), row.start, row.reopened_at)
}

/// What a consumer holds that keeps the last revision of each row; checks that revisions count up by one.
pub(crate) fn latest(rows: &[Published]) -> BTreeMap<Identity, Published> {
    let mut seen: BTreeMap<Identity, Published> = BTreeMap::new();
    for row in rows {
        let revision = seen.get(&identity(row)).map_or(0, |before| before.revision + 1);
        assert_eq!(row.revision, revision, "{row:?}");
        seen.insert(identity(row), row.clone());
    }
    seen.retain(|_, row| !row.retracted);
    seen
}

fn values(steps: &[&Step]) -> Vec<Option<u64>> {
    let numbers = || steps.iter().filter_map(|step| step.number);
    let distinct: BTreeSet<_> = steps.iter().filter_map(|step| step.value.as_ref()).collect();
    vec![
        Some(steps.len() as u64),
        Some(distinct.len() as u64),
        Some(numbers().sum()),
        numbers().min(),
        numbers().max(),
    ]
}

/// All windows of all events with their contents, by key, start and end; no order of arrival in it.
fn expected(window: WindowKind, steps: &[Step]) -> BTreeMap<(Vec<u8>, u64, u64), Vec<&Step>> {
    let mut windows: BTreeMap<(Vec<u8>, u64, u64), Vec<&Step>> = BTreeMap::new();
    let mut sorted: Vec<&Step> = steps.iter().collect();
    sorted.sort_by_key(|step| (&step.key, step.contribution.time));
    for step in sorted {
        let time = step.contribution.time.0;
        match window {
            WindowKind::Session { gap } => {
                let open = windows.range(..=(step.key.clone(), u64::MAX, u64::MAX)).next_back();
                let open =
                    open.map(|(id, _)| id.clone()).filter(|(key, _, end)| *key == step.key && time <= *end);
                let (start, mut inside) =
                    open.map_or((time, Vec::new()), |id| (id.1, windows.remove(&id).unwrap()));
                inside.push(step);
                windows.insert((step.key.clone(), start, time + gap.0), inside);
            }
            WindowKind::Tumbling { size } => {
                let start = time / size.0 * size.0;
                windows.entry((step.key.clone(), start, start + size.0)).or_default().push(step);
            }
            WindowKind::Hopping { size, every } => {
                for start in (0..=time / every.0).map(|n| n * every.0).filter(|start| time < start + size.0) {
                    windows.entry((step.key.clone(), start, start + size.0)).or_default().push(step);
                }
            }
            WindowKind::Sliding { .. } => unreachable!(),
        }
    }
    windows
}

fn is_closed(window: WindowKind, end: u64, watermark: EventTime) -> bool {
    if matches!(window, WindowKind::Session { .. }) { end < watermark.0 } else { end <= watermark.0 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_end_knows_no_order(window in rollup_window(), input in input(Streams::OnTime), every in 1usize..30) {
        let rows: BTreeMap<_, _> = latest(&run(window, &input, every))
            .into_values()
            .map(|row| ((row.key, row.start.0, row.end.0), (row.values, row.complete, row.reopened_at)))
            .collect();
        let expected: BTreeMap<_, _> = expected(window, &input.steps)
            .into_iter()
            .map(|(id, steps)| {
                let complete = is_closed(window, id.2, input.end);
                (id, (values(&steps), complete, None))
            })
            .collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn rows_are_published_on_time_with_what_has_come(
        window in rollup_window(), input in input(Streams::OnTime), every in 1usize..30,
    ) {
        let mut operator = operator(window);
        let mut all = Vec::new();
        for (index, step) in input.steps.iter().enumerate() {
            let mut rows = Vec::new();
            operator.advance(step.watermark, &mut |output| rows.push(publish(output)));
            all.extend(rows.iter().cloned());
            // Windows of what came before, closed by now and not touched since they were: published as they are.
            let before = expected(window, &input.steps[..index]);
            for row in &rows {
                let id = (row.key.clone(), row.start.0, row.end.0);
                prop_assert!(row.complete && is_closed(window, row.end.0, step.watermark));
                prop_assert_eq!(&row.values, &values(&before[&id]));
            }
            let visible = latest(&all);
            for ((key, start, end), _) in before.iter().filter(|((_, _, end), _)| is_closed(window, *end, step.watermark)) {
                let row = visible.get(&(key.clone(), EventTime(*start), None));
                let was_late = input.steps[..index].iter().any(|other| {
                    other.key == *key && *start <= other.contribution.time.0 && other.contribution.time.0 <= *end
                        && is_closed(window, *end, other.watermark)
                });
                prop_assert!(row.is_some_and(|row| row.end.0 == *end) || was_late, "{start} {end} {:?}", row);
            }
            apply(&mut operator, step, &mut all);
            if index % every == 0 {
                operator.flush_revisions(&mut |output| all.push(publish(output)));
            }
        }
    }

    #[test]
    fn commits_change_revisions_only(window in rollup_window(), input in input(Streams::Lagging), every in 1usize..30) {
        let without_revision = |every| {
            let mut rows = latest(&run(window, &input, every));
            rows.values_mut().for_each(|row| row.revision = 0);
            rows
        };
        prop_assert_eq!(without_revision(every), without_revision(usize::MAX));
    }

    #[test]
    fn reopened_rows_lose_and_double_nothing(window in rollup_window(), input in input(Streams::Lagging), every in 1usize..30) {
        if !matches!(window, WindowKind::Session { .. }) {
            let mut counts: BTreeMap<(Vec<u8>, u64), u64> = BTreeMap::new();
            for row in latest(&run(window, &input, every)).into_values() {
                *counts.entry((row.key, row.start.0)).or_default() += row.values[0].unwrap();
            }
            let expected: BTreeMap<_, _> = expected(window, &input.steps)
                .into_iter()
                .map(|((key, start, _), steps)| ((key, start), steps.len() as u64))
                .collect();
            prop_assert_eq!(counts, expected);
        } else {
            let total: u64 = latest(&run(window, &input, every)).into_values().map(|row| row.values[0].unwrap()).sum();
            prop_assert_eq!(total, input.steps.len() as u64);
        }
    }
}
