//! Thresholds as the contract says them, in the dumbest way: all events in a list, all windows tried.

use std::collections::{BTreeMap, BTreeSet};

use hsmstream_window::{Contribution, EventTime, Output, Span, ThresholdSpec, ThresholdWhat, WindowKind};

use crate::input::Step;

/// An output, owned. Rows are compared elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Firing {
        key: Vec<u8>,
        time: EventTime,
        observed: u64,
        first: Contribution,
        last: Contribution,
        before: u64,
        total: u64,
        evidence: Vec<Contribution>,
    },
    Closing {
        key: Vec<u8>,
        time: EventTime,
        first: Contribution,
        last: Contribution,
        suppressed: u64,
    },
}

pub(crate) fn tell(output: Output<'_>) -> Told {
    match output {
        Output::Firing(firing) => Told::Firing {
            key: firing.key.to_vec(),
            time: firing.fire_time,
            observed: firing.observed,
            first: firing.first,
            last: firing.last,
            before: firing.suppressed_before,
            total: firing.evidence_total,
            evidence: firing.evidence.to_vec(),
        },
        Output::Closing(closing) => Told::Closing {
            key: closing.key.to_vec(),
            time: closing.fire_time,
            first: closing.first,
            last: closing.last,
            suppressed: closing.suppressed,
        },
        Output::Row(_) => unreachable!("thresholds have no rows"),
    }
}

/// Whether the naive threshold forgets as the crate documents, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Documented,
    Endless,
}

pub(crate) struct Naive {
    pub(crate) spec: ThresholdSpec,
    pub(crate) memory: Memory,
    pub(crate) evidence_max: usize,
    pub(crate) suppressed_memory: Span,
    /// Stands for a plain rule: it keeps no events, and its silences although they hid nothing.
    pub(crate) is_plain: bool,
    keys: BTreeMap<Vec<u8>, Key>,
}

#[derive(Default)]
struct Key {
    /// Sorted by (time, arrival).
    kept: Vec<(Step, EventTime)>,
    fired: Option<Fired>,
}

struct Fired {
    time: EventTime,
    base: EventTime,
    suppressed: u64,
    is_told: bool,
    first: Contribution,
    last: Contribution,
}

impl Naive {
    pub(crate) fn new(
        spec: ThresholdSpec,
        memory: Memory,
        evidence_max: usize,
        suppressed_memory: Span,
    ) -> Self {
        Self { spec, memory, evidence_max, suppressed_memory, is_plain: false, keys: BTreeMap::new() }
    }

    pub(crate) fn apply(&mut self, step: &Step, told: &mut Vec<Told>) {
        self.close(step.watermark, told);
        let (spec, memory) = (self.spec, self.memory);
        let is_event = match spec.what {
            ThresholdWhat::Count(_) => true,
            ThresholdWhat::Distinct { .. } => step.value.is_some(),
            ThresholdWhat::Sum { .. } => step.number.is_some(),
        };
        if !is_event {
            return;
        }
        let key = self.keys.entry(step.key.clone()).or_default();
        if memory == Memory::Documented {
            forget(&mut key.kept, &spec, step.watermark);
        }
        let time = step.contribution.time;
        let kept_from = match step.watermark.minus(spec.allowed_lateness) {
            oldest if oldest <= time => time,
            oldest => EventTime(time.0 + (oldest.0 - time.0).div_ceil(1_000_000) * 1_000_000),
        };
        let at = key.kept.iter().filter(|(other, _)| other.contribution.time <= time).count();
        key.kept.insert(at, (step.clone(), kept_from));
        let Some((window, observed)) = fullest(&key.kept, &spec, time) else { return };
        if observed < spec.what.reaches() {
            return;
        }
        if let Some(fired) = &mut key.fired
            && time < fired.time.plus(spec.suppress)
        {
            fired.suppressed += 1;
            return;
        }
        let mut before = 0;
        if let Some(fired) = &mut key.fired {
            let is_kept =
                memory == Memory::Endless || step.watermark < forgotten(&spec, fired, self.suppressed_memory);
            before = if is_kept { fired.suppressed } else { 0 };
            close(&step.key, fired, told);
        }
        let (first, last) = (*window.first().unwrap(), *window.last().unwrap());
        let mut evidence: Vec<Contribution> = window.iter().copied().take(self.evidence_max).collect();
        *evidence.last_mut().unwrap() = last;
        if window.len() <= self.evidence_max {
            evidence.clone_from(&window);
        }
        let total = u64::try_from(window.len()).unwrap();
        told.push(Told::Firing {
            key: step.key.clone(),
            time,
            observed,
            first,
            last,
            before,
            total,
            evidence,
        });
        let base = time.max(step.watermark.minus(spec.allowed_lateness));
        key.fired = (spec.suppress > Span::ZERO).then_some(Fired {
            time,
            base,
            suppressed: 0,
            is_told: false,
            first,
            last,
        });
    }

    pub(crate) fn close(&mut self, watermark: EventTime, told: &mut Vec<Told>) {
        let spec = self.spec;
        let mut order: Vec<(EventTime, &Vec<u8>, &mut Fired)> = self
            .keys
            .iter_mut()
            .filter_map(|(key, state)| state.fired.as_mut().map(|fired| (due(&spec, fired), key, fired)))
            .filter(|(due, _, _)| *due <= watermark)
            .collect();
        order.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        for (_, key, fired) in order {
            close(key, fired, told);
        }
        if self.memory == Memory::Documented {
            let (memory, is_plain) = (self.suppressed_memory, self.is_plain);
            self.keys.retain(|_, key| watermark < end_of_key(&spec, key, memory, is_plain));
        }
    }

    pub(crate) fn finish(&mut self, told: &mut Vec<Told>) {
        self.close(EventTime::MAX, told);
    }
}

fn due(spec: &ThresholdSpec, fired: &Fired) -> EventTime {
    fired.base.plus(spec.suppress).plus(spec.allowed_lateness)
}

/// When the number of suppressed firings is forgotten.
fn forgotten(spec: &ThresholdSpec, fired: &Fired, memory: Span) -> EventTime {
    due(spec, fired).plus(memory)
}

/// The watermark at which nothing is left of a key.
fn end_of_key(spec: &ThresholdSpec, key: &Key, memory: Span, is_plain: bool) -> EventTime {
    let silence = key.fired.as_ref().map_or(EventTime::ZERO, |fired| {
        if fired.suppressed > 0 || is_plain { forgotten(spec, fired, memory) } else { due(spec, fired) }
    });
    let newest = key.kept.iter().map(|(_, kept_from)| *kept_from).max().filter(|_| !is_plain);
    let counted = newest.map_or(EventTime::ZERO, |newest| {
        newest.plus(spec.window.length()).plus(spec.allowed_lateness).plus(Span(1))
    });
    silence.max(counted)
}

fn close(key: &[u8], fired: &mut Fired, told: &mut Vec<Told>) {
    if fired.suppressed > 0 && !fired.is_told {
        fired.is_told = true;
        told.push(Told::Closing {
            key: key.to_vec(),
            time: fired.time,
            first: fired.first,
            last: fired.last,
            suppressed: fired.suppressed,
        });
    }
}

fn forget(kept: &mut Vec<(Step, EventTime)>, spec: &ThresholdSpec, watermark: EventTime) {
    let is_due =
        |kept_from: EventTime| kept_from.plus(spec.window.length()).plus(spec.allowed_lateness) < watermark;
    while !kept.is_empty() {
        let first = match spec.window {
            WindowKind::Session { gap } => session(kept, 0, gap).1 + 1,
            _ => 1,
        };
        if !is_due(kept[..first].iter().map(|(_, kept_from)| *kept_from).max().unwrap()) {
            return;
        }
        kept.drain(..first);
    }
}

/// First and last index of the session around `at`.
fn session(kept: &[(Step, EventTime)], at: usize, gap: Span) -> (usize, usize) {
    let time = |index: usize| kept[index].0.contribution.time;
    let (mut first, mut last) = (at, at);
    while first > 0 && time(first) <= time(first - 1).plus(gap) {
        first -= 1;
    }
    while last + 1 < kept.len() && time(last + 1) <= time(last).plus(gap) {
        last += 1;
    }
    (first, last)
}

/// All windows that contain `time`, inclusive bounds, by their start.
fn windows(kept: &[(Step, EventTime)], spec: &ThresholdSpec, time: EventTime) -> Vec<(u64, u64)> {
    let aligned = |size: Span, every: Span| {
        let starts = (0..=time.0 / every.0).rev().map(|n| n * every.0);
        let mut all: Vec<(u64, u64)> = starts
            .take_while(|start| time.0 < start + size.0)
            .map(|start| (start, start + size.0 - 1))
            .collect();
        all.reverse();
        all
    };
    match spec.window {
        WindowKind::Sliding { within } => kept
            .iter()
            .map(|(step, _)| step.contribution.time)
            .filter(|start| *start <= time && time <= start.plus(within))
            .map(|start| (start.0, start.plus(within).0))
            .collect(),
        WindowKind::Tumbling { size } => aligned(size, size),
        WindowKind::Hopping { size, every } => aligned(size, every),
        WindowKind::Session { gap } => {
            let at = kept.iter().position(|(step, _)| step.contribution.time == time).unwrap();
            let (first, last) = session(kept, at, gap);
            vec![(kept[first].0.contribution.time.0, kept[last].0.contribution.time.0)]
        }
    }
}

fn fullest(
    kept: &[(Step, EventTime)],
    spec: &ThresholdSpec,
    time: EventTime,
) -> Option<(Vec<Contribution>, u64)> {
    let mut best: Option<(Vec<Contribution>, u64)> = None;
    for (from, to) in windows(kept, spec, time) {
        let inside: Vec<&Step> = kept
            .iter()
            .map(|(step, _)| step)
            .filter(|step| from <= step.contribution.time.0 && step.contribution.time.0 <= to)
            .collect();
        let observed = match spec.what {
            ThresholdWhat::Count(_) => inside.len() as u64,
            ThresholdWhat::Distinct { .. } => {
                inside.iter().map(|step| &step.value).collect::<BTreeSet<_>>().len() as u64
            }
            ThresholdWhat::Sum { .. } => inside.iter().filter_map(|step| step.number).sum(),
        };
        if best.as_ref().is_none_or(|(_, most)| *most < observed) {
            best = Some((inside.iter().map(|step| step.contribution).collect(), observed));
        }
    }
    best
}
