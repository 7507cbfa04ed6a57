//! The naive oracle: what a rule set owes for an input, computed in the dumbest way that is right.
//!
//! Input: events in order of arrival, each with what the rules made of it (group key, values). Output: all
//! alerts, closing updates and final rollup rows. It keeps every event for ever and recomputes each window
//! from scratch, so it shares no idea with the operators but the contract. Not checked here: parsing and
//! pattern matching (they have oracles of their own), idle streams, limits.

use std::collections::{BTreeMap, BTreeSet};

use hsmstream_rules::{MeasureKind, Operator, Rule, What};
use hsmstream_window::{Span, WindowKind as Window};

/// Identity of a record within a task: time first, so that the order of identities is the order of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Event time in µs.
    pub time: u64,
    /// Stream name.
    pub stream: Vec<u8>,
    /// Reboot counter.
    pub reboot: u32,
    /// Sequence number.
    pub sequence: u64,
}

/// One record as it arrived.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who it is.
    pub identity: Identity,
    /// Whether it is from the future and moves no watermark.
    pub skewed: bool,
    /// The rules that it matches.
    pub matched: Vec<Match>,
}

/// What one rule made of a record.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// Number of the rule.
    pub rule: usize,
    /// Encoded group key.
    pub key: Vec<u8>,
    /// Encoded tuple for `distinct`; absent if a part is missing.
    pub value: Option<Vec<u8>>,
    /// Number for `sum`.
    pub number: Option<u64>,
    /// Per measure of a rollup: encoded value, and the number it is, if any.
    pub measures: Vec<(Option<Vec<u8>>, Option<u64>)>,
}

/// Something owed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owed {
    /// An alert.
    Alert {
        /// Number of the rule.
        rule: usize,
        /// Encoded group key.
        key: Vec<u8>,
        /// Fire time.
        fire_time: u64,
        /// Observed value.
        count: u64,
        /// First contributing record.
        first: Identity,
        /// Last contributing record.
        last: Identity,
        /// Would-be firings inside the silence before.
        suppressed_before: u64,
    },
    /// A closing update.
    Closing {
        /// Number of the rule.
        rule: usize,
        /// Encoded group key.
        key: Vec<u8>,
        /// Fire time of the alert.
        fire_time: u64,
        /// Would-be firings inside its silence.
        suppressed: u64,
    },
    /// The last revision of a row.
    Row {
        /// Number of the rule.
        rule: usize,
        /// Encoded group key.
        key: Vec<u8>,
        /// Start of the window.
        start: u64,
        /// End of the window.
        end: u64,
        /// Measures; absent ones are `None`.
        measures: Vec<Option<u64>>,
        /// Whether the window closed before the input ended.
        complete: bool,
    },
}

/// Time settings in µs.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Disorder within a stream.
    pub out_of_orderness: u64,
    /// Lateness that still counts.
    pub allowed_lateness: u64,
}

/// Rule and encoded group key.
type Key<'e> = (usize, &'e [u8]);
/// An event with what the rule made of it.
type Kept<'e> = (&'e Event, &'e Match);

/// A silence: when it began, and the would-be firings inside it.
#[derive(Clone, Debug)]
struct Silence {
    fire_time: u64,
    suppressed: u64,
    told: bool,
}

/// What the rules owe for one task's input, in no particular order. If `ended`, the input is finite and has
/// ended: open windows are given with `complete: false`, silences close.
#[must_use]
pub fn owed(rules: &[&Rule], times: Times, input: &[Event], ended: bool) -> Vec<Owed> {
    let mut highest: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut watermark = 0_u64;
    let mut kept: BTreeMap<Key<'_>, Vec<Kept<'_>>> = BTreeMap::new();
    let mut silences: BTreeMap<(usize, &[u8]), Silence> = BTreeMap::new();
    let mut out = Vec::new();
    for event in input {
        let time = event.identity.time;
        let stream = event.identity.stream.as_slice();
        let late = highest.get(stream).is_some_and(|&top| {
            time < top.saturating_sub(times.out_of_orderness).saturating_sub(times.allowed_lateness)
        });
        if !late && !event.skewed {
            let top = highest.entry(stream).or_insert(time);
            *top = (*top).max(time);
        }
        if let Some(low) = highest.values().min() {
            watermark = watermark.max(low.saturating_sub(times.out_of_orderness));
        }
        close_silences(rules, times, watermark, &mut silences, &mut out);
        for matched in &event.matched {
            let rule = rules[matched.rule];
            let at = (matched.rule, matched.key.as_slice());
            let fires = match &rule.operator {
                Operator::Plain => Some((1, event.identity.clone(), event.identity.clone())),
                _ if late => None,
                Operator::Rollup(_) => {
                    kept.entry(at).or_default().push((event, matched));
                    None
                }
                Operator::Threshold(threshold) => {
                    let events = kept.entry(at).or_default();
                    if counts(&threshold.what, matched) {
                        events.push((event, matched));
                        let reach = length(&threshold.window).saturating_add(times.allowed_lateness);
                        let visible: Vec<_> = events
                            .iter()
                            .copied()
                            .filter(|(event, _)| watermark <= event.identity.time.saturating_add(reach))
                            .collect();
                        fullest(&threshold.window, &threshold.what, &visible, time)
                            .filter(|(value, ..)| threshold.what.reaches() <= *value)
                    } else {
                        None
                    }
                }
            };
            if let Some((count, first, last)) = fires {
                fire(rule, at, time, (count, first, last), &mut silences, &mut out);
            }
        }
    }
    let end = input.iter().filter(|event| !event.skewed).map(|event| event.identity.time).max().unwrap_or(0);
    if ended {
        watermark = watermark.max(end);
        for ((rule, key), silence) in &silences {
            if silence.suppressed > 0 && !silence.told {
                out.push(closing(*rule, key, silence));
            }
        }
    }
    for ((index, key), events) in &kept {
        if let Operator::Rollup(rollup) = &rules[*index].operator {
            rows(*index, key, rollup, events, watermark, ended, &mut out);
        }
    }
    out.sort();
    out
}

fn fire<'a>(
    rule: &Rule,
    at: (usize, &'a [u8]),
    time: u64,
    (count, first, last): (u64, Identity, Identity),
    silences: &mut BTreeMap<(usize, &'a [u8]), Silence>,
    out: &mut Vec<Owed>,
) {
    let mut suppressed_before = 0;
    if let Some(silence) = silences.get_mut(&at) {
        if rule.suppress.0 > 0 && time < silence.fire_time + rule.suppress.0 {
            silence.suppressed += 1;
            return;
        }
        suppressed_before = silence.suppressed;
        if silence.suppressed > 0 && !silence.told {
            out.push(closing(at.0, at.1, silence));
        }
    }
    silences.insert(at, Silence { fire_time: time, suppressed: 0, told: false });
    let (rule, key) = (at.0, at.1.to_vec());
    out.push(Owed::Alert { rule, key, fire_time: time, count, first, last, suppressed_before });
}

fn close_silences(
    rules: &[&Rule],
    times: Times,
    watermark: u64,
    silences: &mut BTreeMap<Key<'_>, Silence>,
    out: &mut Vec<Owed>,
) {
    for ((index, key), silence) in silences.iter_mut() {
        let over = silence.fire_time + rules[*index].suppress.0 + times.allowed_lateness;
        if over <= watermark && silence.suppressed > 0 && !silence.told {
            silence.told = true;
            out.push(closing(*index, key, silence));
        }
    }
}

fn closing(rule: usize, key: &[u8], silence: &Silence) -> Owed {
    Owed::Closing { rule, key: key.to_vec(), fire_time: silence.fire_time, suppressed: silence.suppressed }
}

fn counts(what: &What, matched: &Match) -> bool {
    match what {
        What::Count { .. } => true,
        What::Distinct { .. } => matched.value.is_some(),
        What::Sum { .. } => matched.number.is_some(),
    }
}

/// How long an event can be reached by later ones. A session lives on with its last event, so its older ones
/// stay; what is too far away does not connect anyway.
fn length(window: &Window) -> u64 {
    match window {
        Window::Session { .. } => u64::MAX,
        other => other.length().0,
    }
}

/// The windows of this kind that contain `time`, as closed intervals of event times.
fn windows(window: &Window, events: &[u64], time: u64) -> Vec<(u64, u64)> {
    match *window {
        Window::Sliding { within: Span(within) } => {
            let starts = events.iter().filter(|&&start| start <= time && time - start <= within);
            starts.map(|&start| (start, start + within)).collect()
        }
        Window::Tumbling { size: Span(size) } => {
            let start = time / size * size;
            vec![(start, start + size - 1)]
        }
        Window::Hopping { size: Span(size), every: Span(every) } => {
            let last = time / every;
            let all = (0..=last).rev().map(|number| number * every).take_while(|start| time < start + size);
            all.map(|start| (start, start + size - 1)).collect()
        }
        Window::Session { gap: Span(gap) } => {
            let (mut low, mut high) = (time, time);
            loop {
                let near = |t: &&u64| low.saturating_sub(gap) <= **t && **t <= high + gap;
                let inside: Vec<u64> = events.iter().filter(near).copied().collect();
                let next_low = inside.iter().copied().min().unwrap_or(low).min(low);
                let next_high = inside.iter().copied().max().unwrap_or(high).max(high);
                if (next_low, next_high) == (low, high) {
                    return vec![(low, high)];
                }
                (low, high) = (next_low, next_high);
            }
        }
    }
}

/// Value, first and last of the fullest window that contains `time`; of equals the earliest.
fn fullest(
    window: &Window,
    what: &What,
    events: &[(&Event, &Match)],
    time: u64,
) -> Option<(u64, Identity, Identity)> {
    let event_times: Vec<u64> = events.iter().map(|(event, _)| event.identity.time).collect();
    let mut bounds = windows(window, &event_times, time);
    bounds.sort_unstable();
    bounds.dedup();
    let mut best: Option<(u64, Identity, Identity)> = None;
    for (low, high) in bounds {
        let inside: Vec<_> = events
            .iter()
            .filter(|(event, _)| low <= event.identity.time && event.identity.time <= high)
            .collect();
        let value = match what {
            What::Count { .. } => inside.len() as u64,
            What::Distinct { .. } => {
                inside.iter().filter_map(|(_, matched)| matched.value.as_ref()).collect::<BTreeSet<_>>().len()
                    as u64
            }
            What::Sum { .. } => {
                inside.iter().filter_map(|(_, matched)| matched.number).fold(0, u64::saturating_add)
            }
        };
        let first = inside.iter().map(|(event, _)| &event.identity).min()?.clone();
        let last = inside.iter().map(|(event, _)| &event.identity).max()?.clone();
        if best.as_ref().is_none_or(|(most, ..)| *most < value) {
            best = Some((value, first, last));
        }
    }
    best
}

fn rows(
    rule: usize,
    key: &[u8],
    rollup: &hsmstream_rules::Rollup,
    events: &[(&Event, &Match)],
    watermark: u64,
    ended: bool,
    out: &mut Vec<Owed>,
) {
    let event_times: Vec<u64> = events.iter().map(|(event, _)| event.identity.time).collect();
    let mut bounds: BTreeSet<(u64, u64)> = BTreeSet::new();
    for &time in &event_times {
        bounds.extend(windows(&rollup.window, &event_times, time));
    }
    for (low, high) in bounds {
        let inside: Vec<&Match> = events
            .iter()
            .filter(|(event, _)| low <= event.identity.time && event.identity.time <= high)
            .map(|(_, matched)| *matched)
            .collect();
        let (end, complete) = match rollup.window {
            Window::Session { gap: Span(gap) } => (high + gap, high + gap < watermark),
            _ => (high + 1, high < watermark),
        };
        if !complete && !ended {
            continue;
        }
        let measures =
            rollup.measures.iter().enumerate().map(|(at, measure)| measured(&measure.kind, at, &inside));
        let measures = measures.collect();
        out.push(Owed::Row { rule, key: key.to_vec(), start: low, end, measures, complete });
    }
}

fn measured(kind: &MeasureKind, at: usize, events: &[&Match]) -> Option<u64> {
    let numbers = events.iter().filter_map(|matched| matched.measures.get(at)?.1);
    match kind {
        MeasureKind::Count => Some(events.len() as u64),
        MeasureKind::Distinct(_) => {
            let values = events.iter().filter_map(|matched| matched.measures.get(at)?.0.as_ref());
            Some(values.collect::<BTreeSet<_>>().len() as u64)
        }
        MeasureKind::Sum(_) => Some(numbers.fold(0, u64::saturating_add)),
        MeasureKind::Min(_) => numbers.min(),
        MeasureKind::Max(_) => numbers.max(),
    }
}
