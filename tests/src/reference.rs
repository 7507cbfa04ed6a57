//! What an input owes, two ways: the naive oracle, and the production engine in one thread.
//!
//! Both take the messages of one partition in order. The oracle gives comparable facts ([`Fact`]); the engine
//! gives the very bytes that must be published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hsmstream_engine::core::Core;
use hsmstream_engine::emit::Emitter;
use hsmstream_engine::evidence::Position;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::Shared;
use hsmstream_frame::{Format, Framer};
use hsmstream_output::{Encoder, Output};
use hsmstream_record::{Limits, Origin};
use hsmstream_rules::key::{decode, encode, encode_present, whole_number};
use hsmstream_rules::{MatchScratch, MeasureKind, Operator, Rule, RuleSet, What};

use crate::oracle::{Event, Identity, Match, Owed, Times, owed};

/// One published thing, as rule, group and numbers, without evidence and ids; `json` is canonical text.
pub type Fact = String;

/// The naive oracle's facts for one partition's messages.
#[must_use]
pub fn naive(rules: &RuleSet, times: Times, messages: &[Vec<u8>], ended: bool) -> BTreeMap<Fact, usize> {
    let all: Vec<&Rule> = rules.rules().iter().collect();
    let events = events(rules, messages);
    let mut facts = BTreeMap::new();
    for owed in owed(&all, times, &events, ended) {
        *facts.entry(fact(&all, &owed)).or_default() += 1;
    }
    facts
}

/// What the rules make of each record, in order of arrival.
#[must_use]
pub fn events(rules: &RuleSet, messages: &[Vec<u8>]) -> Vec<Event> {
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let mut scratch = MatchScratch::default();
    let mut events = Vec::new();
    for message in messages {
        framer.records(message, &Origin::default(), &mut |item| {
            let Ok(record) = item else { return };
            let mut indices = Vec::new();
            rules.matches(record, &mut scratch, &mut indices);
            let stream = [record.origin.account, record.origin.cluster, record.origin.hsm]
                .iter()
                .flat_map(|part| [part.unwrap_or_default(), b"/"].concat())
                .collect();
            let identity = Identity {
                time: record.time_usecs().expect("audit records have a time"),
                stream,
                reboot: record.reboot().unwrap_or(0),
                sequence: record.sequence().unwrap_or(0),
            };
            let matched = indices.iter().map(|index| {
                let rule = rules.rule(*index).expect("an index of this set");
                matched(index.get() as usize, rule, record)
            });
            events.push(Event { identity, skewed: false, matched: matched.collect() });
        });
    }
    events
}

fn matched(index: usize, rule: &Rule, record: &hsmstream_record::Record<'_>) -> Match {
    let tuple = |fields: &[hsmstream_record::Field]| {
        let mut bytes = Vec::new();
        encode_present(record, fields, &mut bytes).then_some(bytes)
    };
    let number = |field: &hsmstream_record::Field| record.value(field).as_ref().and_then(whole_number);
    let mut matched = Match { rule: index, ..Match::default() };
    encode(record, &rule.group_by, &mut matched.key);
    match &rule.operator {
        Operator::Plain => {}
        Operator::Threshold(threshold) => match &threshold.what {
            What::Count { .. } => {}
            What::Distinct { fields, .. } => matched.value = tuple(fields),
            What::Sum { field, .. } => matched.number = number(field),
        },
        Operator::Rollup(rollup) => {
            let measures = rollup.measures.iter().map(|measure| match &measure.kind {
                MeasureKind::Count => (None, None),
                MeasureKind::Distinct(fields) => (tuple(fields), None),
                MeasureKind::Sum(field) | MeasureKind::Min(field) | MeasureKind::Max(field) => {
                    (None, number(field))
                }
            });
            matched.measures = measures.collect();
        }
    }
    matched
}

fn fact(rules: &[&Rule], owed: &Owed) -> Fact {
    let group = |rule: usize, key: &[u8]| {
        let values = decode(key).map(|value| {
            let mut json = Vec::new();
            value.expect("a key that was just encoded").write_json(&mut json);
            serde_json::from_slice::<serde_json::Value>(&json).expect("a JSON scalar")
        });
        let names = rules[rule].group_by.iter().map(|field| field.name());
        serde_json::Value::Object(names.zip(values).collect())
    };
    match owed {
        Owed::Alert { rule, key, fire_time, count, first, last, suppressed_before } => serde_json::json!({
            "type": "alert", "rule": rules[*rule].id, "group": group(*rule, key), "fire_time": fire_time,
            "count": count, "first": first.time, "last": last.time, "suppressed_before": suppressed_before,
        }),
        Owed::Closing { rule, key, fire_time, suppressed } => serde_json::json!({
            "type": "closing", "rule": rules[*rule].id, "group": group(*rule, key), "fire_time": fire_time,
            "suppressed": suppressed,
        }),
        Owed::Row { rule, key, start, end, measures, complete } => {
            let Operator::Rollup(rollup) = &rules[*rule].operator else {
                unreachable!("rows are of rollups")
            };
            let names = rollup.measures.iter().map(|measure| measure.name.clone());
            let measures: serde_json::Map<_, _> =
                names.zip(measures).filter_map(|(name, value)| Some((name, (*value)?.into()))).collect();
            serde_json::json!({
                "type": "rollup", "rule": rules[*rule].id, "group": group(*rule, key), "window_start": start,
                "window_end": end, "measures": measures, "complete": complete,
            })
        }
    }
    .to_string()
}

/// The facts of published flat documents: alerts and closings as they are, of each rollup row the last
/// revision unless it was retracted.
///
/// # Panics
/// If an alert, a closing update or a revision was published twice.
#[must_use]
pub fn facts<'d>(documents: impl Iterator<Item = &'d [u8]>) -> BTreeMap<Fact, usize> {
    let mut facts: BTreeMap<Fact, usize> = BTreeMap::new();
    let mut rows: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    let mut seen: BTreeSet<(String, String, u64)> = BTreeSet::new();
    for document in documents {
        let json: serde_json::Value = serde_json::from_slice(document).expect("published documents are JSON");
        let kind = json["type"].as_str().expect("flat documents have a type").to_owned();
        let id = json["id"].as_str().expect("everything published has an id").to_owned();
        let revision = json["revision"].as_u64().unwrap_or(0);
        assert!(seen.insert((kind.clone(), id.clone(), revision)), "published twice: {json}");
        match kind.as_str() {
            "rollup" => {
                let newer = rows.get(&id).is_none_or(|row| row["revision"].as_u64() < Some(revision));
                if newer {
                    rows.insert(id, json);
                }
            }
            "alert" | "closing" => *facts.entry(flat_fact(&json)).or_default() += 1,
            _ => {}
        }
    }
    for row in rows.values().filter(|row| row["retracted"] != true) {
        *facts.entry(flat_fact(row)).or_default() += 1;
    }
    facts
}

fn flat_fact(json: &serde_json::Value) -> Fact {
    let fields: &[&str] = match json["type"].as_str() {
        Some("alert") => {
            &["type", "rule", "group", "fire_time", "count", "first", "last", "suppressed_before"]
        }
        Some("closing") => &["type", "rule", "group", "fire_time", "suppressed"],
        _ => &["type", "rule", "group", "window_start", "window_end", "measures", "complete"],
    };
    let times = ["fire_time", "first", "last", "window_start", "window_end"];
    let picked = fields.iter().map(|&name| {
        let value = &json[name];
        let value = if times.contains(&name) { micros(value).into() } else { value.clone() };
        (name.to_owned(), value)
    });
    serde_json::Value::Object(picked.collect()).to_string()
}

/// RFC 3339 with microseconds, as µs since the epoch.
fn micros(value: &serde_json::Value) -> u64 {
    let text = value.as_str().expect("times are texts");
    let stamp: jiff::Timestamp = text.parse().expect("times are RFC 3339");
    stamp.as_microsecond() as u64
}

/// The documents that the production engine emits for one partition's messages (offset and value), in one
/// thread.
#[must_use]
pub fn engine(
    shared: &Arc<Shared>,
    rules: &Arc<RuleSet>,
    task: TaskId,
    messages: &[(i64, Vec<u8>)],
    ended: bool,
) -> Vec<Vec<u8>> {
    let mut core = Core::new(task, shared, rules);
    let mut collected = Collected { encoder: shared.settings.encoder, documents: Vec::new() };
    let mut framer = Framer::new(shared.settings.format, shared.settings.limits);
    for (offset, message) in messages {
        core.begin(Position { source: 0, offset: *offset, index: 0 }, None, 0);
        framer.records(message, &Origin::default(), &mut |item| core.item(item, &mut collected));
    }
    core.flush_revisions(&mut collected);
    if ended {
        core.finish(&mut collected);
    }
    collected.documents
}

struct Collected {
    encoder: Encoder,
    documents: Vec<Vec<u8>>,
}

impl Emitter for Collected {
    fn emit(&mut self, output: &Output<'_>, _arrived_ms: Option<i64>) {
        let mut document = Vec::new();
        let _cut = self.encoder.output(output, &mut document);
        self.documents.push(document);
    }

    fn state(&mut self, _task: TaskId, _key: &[u8], _value: Option<&[u8]>) {}
}
