//! Thresholds and plain rules equal the naive ones, on time and behind, whatever calls come in between.

use hsmstream_window::{
    Event, EventTime, Limits, Operator, Plain, Span, Threshold, ThresholdSpec, ThresholdWhat, WindowKind,
};
use proptest::prelude::*;

use crate::input::{Input, LATENESS, Step, Streams, input, what, window};
use crate::naive::{Memory, Naive, Told, tell};

pub(crate) fn limits() -> Limits {
    Limits { evidence_max: 3, suppressed_memory: Span::from_secs(30), ..Limits::default() }
}

pub(crate) fn spec() -> impl Strategy<Value = ThresholdSpec> {
    (what(), window(), prop_oneof![Just(0u64), 1u64..60]).prop_map(|(what, window, suppress)| ThresholdSpec {
        what,
        window,
        suppress: Span::from_secs(suppress),
        allowed_lateness: LATENESS,
    })
}

pub(crate) fn event(step: &Step) -> Event<'_> {
    Event {
        key: &step.key,
        contribution: step.contribution,
        value: step.value.as_deref(),
        number: step.number,
        measures: &[],
    }
}

fn run(operator: &mut Operator, input: &Input) -> Vec<Told> {
    let mut told = Vec::new();
    for step in &input.steps {
        operator.apply(&event(step), step.watermark, &mut |output| told.push(tell(output)));
    }
    operator.finish(input.end, &mut |output| told.push(tell(output)));
    told
}

fn run_naive(mut naive: Naive, input: &Input) -> Vec<Told> {
    let mut told = Vec::new();
    for step in &input.steps {
        naive.apply(step, &mut told);
    }
    naive.close(input.end, &mut told);
    naive.finish(&mut told);
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn on_time_equals_a_naive_one_that_forgets_nothing(spec in spec(), input in input(Streams::OnTime)) {
        let limits = Limits { suppressed_memory: Span(u64::MAX), ..limits() };
        let mut operator = Operator::Threshold(Threshold::new(spec, limits).unwrap());
        let naive = Naive::new(spec, Memory::Endless, limits.evidence_max, limits.suppressed_memory);
        prop_assert_eq!(run(&mut operator, &input), run_naive(naive, &input));
        prop_assert_eq!((operator.keys(), operator.state_bytes()), (0, 0));
    }

    #[test]
    fn lagging_equals_a_naive_one_that_forgets_as_documented(spec in spec(), input in input(Streams::Lagging)) {
        let limits = limits();
        let mut operator = Operator::Threshold(Threshold::new(spec, limits).unwrap());
        let naive = Naive::new(spec, Memory::Documented, limits.evidence_max, limits.suppressed_memory);
        prop_assert_eq!(run(&mut operator, &input), run_naive(naive, &input));
    }

    #[test]
    fn plain_is_a_threshold_of_one_event_by_itself(suppress in 0u64..40, input in input(Streams::Lagging)) {
        let suppress = Span::from_secs(suppress);
        let mut plain = Operator::Plain(Plain::new(suppress, LATENESS, limits()));
        let told = run(&mut plain, &input);
        let window = WindowKind::Sliding { within: Span(1) };
        let spec = ThresholdSpec { what: ThresholdWhat::Count(1), window, suppress, allowed_lateness: LATENESS };
        let mut naive = Naive::new(spec, Memory::Documented, 3, limits().suppressed_memory);
        naive.is_plain = true;
        prop_assert_eq!(alone(told), alone(run_naive(naive, &input)));
    }

    #[test]
    fn calls_of_advance_in_between_change_nothing(
        spec in spec(), input in input(Streams::Lagging), every in 1usize..5,
    ) {
        let mut operator = Operator::Threshold(Threshold::new(spec, limits()).unwrap());
        let expected = run(&mut operator, &input);
        let mut operator = Operator::Threshold(Threshold::new(spec, limits()).unwrap());
        let mut told = Vec::new();
        for (index, step) in input.steps.iter().enumerate() {
            if index % every == 0 {
                operator.advance(step.watermark, &mut |output| told.push(tell(output)));
            }
            operator.apply(&event(step), step.watermark, &mut |output| told.push(tell(output)));
        }
        operator.finish(input.end, &mut |output| told.push(tell(output)));
        prop_assert_eq!(told, expected);
    }
}

/// What a plain rule tells: nothing of neighbours that a window of 1 µs would hold.
fn alone(told: Vec<Told>) -> Vec<(Vec<u8>, EventTime, u64)> {
    told.into_iter()
        .map(|told| match told {
            Told::Firing { key, time, before, .. } => (key, time, before),
            Told::Closing { key, time, suppressed, .. } => (key, time, suppressed),
        })
        .collect()
}
