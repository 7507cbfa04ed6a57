//! Operators for the fuzz targets: one of each shape, with limits small enough to be reached.

use std::collections::BTreeMap;

use hsmstream_window::{
    Contribution, Event, EventTime, Limits, Measure, MeasureInput, Operator, Output, Plain, Rollup,
    RollupSpec, Span, StreamId, Threshold, ThresholdSpec, ThresholdWhat, WindowKind,
};

/// The entries of a compacted changelog.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

const LATENESS: Span = Span(40);
const MEASURES: [Measure; 5] = [Measure::Count, Measure::Distinct, Measure::Sum, Measure::Min, Measure::Max];

fn limits() -> Limits {
    Limits {
        keys_max: 6,
        events_per_key_max: 24,
        values_max: 5,
        values_bytes_max: 64,
        sessions_per_key_max: 3,
        evidence_max: 3,
        suppressed_memory: Span(200),
        ..Limits::default()
    }
}

/// The operator of that number.
pub fn build(choice: u8) -> Operator {
    let window = match choice / 4 % 4 {
        0 => WindowKind::Sliding { within: Span(30) },
        1 => WindowKind::Tumbling { size: Span(25) },
        2 => WindowKind::Hopping { size: Span(30), every: Span(10) },
        _ => WindowKind::Session { gap: Span(15) },
    };
    let suppress = if choice & 0x10 == 0 { Span::ZERO } else { Span(35) };
    let threshold = |what| {
        let spec = ThresholdSpec { what, window, suppress, allowed_lateness: LATENESS };
        Operator::Threshold(Threshold::new(spec, limits()).expect("a valid threshold"))
    };
    match choice % 4 {
        0 if choice & 0x20 != 0 => Operator::Plain(Plain::new(suppress, LATENESS, limits())),
        0 => threshold(ThresholdWhat::Count(3)),
        1 => threshold(ThresholdWhat::Distinct { reaches: 3 }),
        2 => threshold(ThresholdWhat::Sum { reaches: 500 }),
        _ => {
            let window = match window {
                WindowKind::Sliding { within } => WindowKind::Tumbling { size: within },
                other => other,
            };
            let spec = RollupSpec { window, measures: MEASURES.to_vec(), allowed_lateness: LATENESS };
            Operator::Rollup(Rollup::new(spec, limits()).expect("a valid rollup"))
        }
    }
}

/// All state, by key.
pub fn export(operator: &Operator) -> Entries {
    let mut entries = Entries::new();
    operator.export(&mut |key, value| {
        let value = value.expect("a full export deletes nothing").to_vec();
        assert!(entries.insert(key.to_vec(), value).is_none(), "one entry a key");
    });
    entries
}

/// Applies an event made of four bytes and its number.
pub fn apply(
    operator: &mut Operator,
    time: EventTime,
    watermark: EventTime,
    byte: u8,
    number: u64,
    log: &mut Vec<String>,
) {
    let value = [byte >> 4];
    let measure = match byte >> 5 {
        0 => MeasureInput::Missing,
        1 | 2 => MeasureInput::Bytes(&value),
        _ => MeasureInput::Number(u64::from(byte)),
    };
    let event = Event {
        key: &[b'k', byte & 7],
        contribution: Contribution {
            time,
            stream: StreamId(u32::from(byte & 1)),
            reboot: 1,
            sequence: number,
            offset: i64::try_from(number).expect("small"),
            index: 0,
            source: 0,
        },
        value: (byte != 0xff).then_some(&value),
        number: (byte != 0xfe).then_some(u64::from(byte)),
        measures: &[measure; MEASURES.len()],
    };
    operator.apply(&event, watermark, &mut |output| log.push(show(&output)));
}

/// An output as text, to be compared.
pub fn show(output: &Output<'_>) -> String {
    format!("{output:?}")
}
