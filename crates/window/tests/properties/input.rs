//! Random inputs: streams that run at their own pace, disorder, edges at whole seconds and 1 µs beside.

use hsmstream_window::{Contribution, EventTime, Settings, Span, ThresholdWhat, Watermarks, WindowKind};
use proptest::prelude::*;

pub(crate) const OUT_OF_ORDERNESS: Span = Span::from_secs(5);
pub(crate) const LATENESS: Span = Span::from_secs(20);

/// An accepted event and the task's watermark after it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) key: Vec<u8>,
    pub(crate) contribution: Contribution,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) number: Option<u64>,
    pub(crate) watermark: EventTime,
}

#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) steps: Vec<Step>,
    /// The watermark at the end of the input.
    pub(crate) end: EventTime,
}

/// Whether streams may be further behind the task than the lateness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    OnTime,
    Lagging,
}

#[derive(Clone, Debug)]
struct Draw {
    stream: usize,
    key: u8,
    step: i64,
    micros: i64,
    value: u8,
}

fn draw() -> impl Strategy<Value = Draw> {
    let step = prop_oneof![6 => 0i64..4, 3 => -12i64..12, 1 => -25i64..60];
    let micros = prop_oneof![6 => Just(0i64), 1 => Just(1), 1 => Just(-1)];
    (0usize..4, 0u8..3, step, micros, 0u8..6).prop_map(|(stream, key, step, micros, value)| Draw {
        stream,
        key,
        step,
        micros,
        value,
    })
}

pub(crate) fn input(streams: Streams) -> impl Strategy<Value = Input> {
    prop::collection::vec(draw(), 0..120).prop_map(move |draws| play(&draws, streams))
}

fn play(draws: &[Draw], streams: Streams) -> Input {
    let settings =
        Settings { out_of_orderness: OUT_OF_ORDERNESS, allowed_lateness: LATENESS, ..Settings::default() };
    let mut watermarks = Watermarks::new(settings, 10, [1, 2, 3, 4]);
    let mut clocks = [10_000i64, 9_997, 9_990, 9_300];
    let mut steps = Vec::new();
    for (sequence, draw) in (0u64..).zip(draws) {
        let clock = &mut clocks[draw.stream];
        let seconds = *clock + draw.step;
        *clock = seconds.max(*clock);
        let time = EventTime((seconds * 1_000_000 + draw.micros).unsigned_abs());
        let before = watermarks.watermark().unwrap_or_default();
        if streams == Streams::OnTime && time < before.minus(LATENESS) {
            continue;
        }
        let admission =
            watermarks.observe(&[draw.key / 3, u8::try_from(draw.stream).unwrap()], time, None, 0);
        let watermark = watermarks.watermark().unwrap();
        if admission.late || (streams == Streams::OnTime && time < watermark.minus(LATENESS)) {
            continue;
        }
        steps.push(Step {
            key: vec![b'k'; usize::from(draw.key)],
            contribution: Contribution {
                time,
                stream: admission.stream,
                sequence,
                ..Contribution::default()
            },
            value: (draw.value > 0).then(|| vec![b'v'; usize::from(draw.value) - 1]),
            number: (draw.value > 0).then(|| u64::from(draw.value) - 1),
            watermark,
        });
    }
    Input { steps, end: watermarks.end_of_input().unwrap_or_default() }
}

pub(crate) fn window() -> impl Strategy<Value = WindowKind> {
    let span = |secs: u64| Span::from_secs(secs);
    prop_oneof![
        (1u64..40).prop_map(move |s| WindowKind::Sliding { within: span(s) }),
        (1u64..40).prop_map(move |s| WindowKind::Tumbling { size: span(s) }),
        (1u64..40, 1u64..20).prop_map(move |(size, every)| WindowKind::Hopping {
            size: span(size),
            every: span(every.min(size))
        }),
        (1u64..15).prop_map(move |s| WindowKind::Session { gap: span(s) }),
    ]
}

pub(crate) fn what() -> impl Strategy<Value = ThresholdWhat> {
    prop_oneof![
        (1u64..7).prop_map(ThresholdWhat::Count),
        (1u64..5).prop_map(|reaches| ThresholdWhat::Distinct { reaches }),
        (1u64..15).prop_map(|reaches| ThresholdWhat::Sum { reaches }),
    ]
}
