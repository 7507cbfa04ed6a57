//! The shipped rules and the worked cases: they load without a word, and the tests beside the shipped
//! rules hold against a naive reading of the contract (quadratic, arrival order, no lateness).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hsmstream_pattern::{PatternKind, Program, Scratch};
use hsmstream_record::{Body, Document, Field, Kind, Record, Value};
use hsmstream_rules::{
    Limits, Loaded, MatchScratch, MeasureKind, Named, ObservedAlert, ObservedRow, Operator, Query, Rollup,
    Rule, RuleFile, Test, TestRecord, Threshold, What, key, load, render_all,
};
use hsmstream_window::WindowKind;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn load_files(paths: &[PathBuf]) -> Loaded {
    let files: Vec<(String, Vec<u8>)> = paths
        .iter()
        .map(|path| (path.display().to_string(), fs::read(path).expect("a readable rule file")))
        .collect();
    load(files.iter().map(|(name, bytes)| RuleFile { name, bytes }), &Limits::default())
}

fn shipped() -> Loaded {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder("deploy/rules"))
        .expect("the shipped rules")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    load_files(&paths)
}

#[test]
fn worked_cases_load_without_a_word() {
    let mut count = 0;
    for entry in fs::read_dir(folder("tests/vectors/rules")).expect("the worked cases") {
        let path = entry.expect("an entry").path().join("rules.yaml");
        if path.exists() {
            let loaded = load_files(std::slice::from_ref(&path));
            assert!(loaded.diagnostics.is_empty(), "{}", render_all(&loaded.diagnostics, false));
            assert!(!loaded.set.is_empty());
            count += 1;
        }
    }
    assert_eq!(count, 10);
}

#[test]
fn shipped_rules_load_without_a_word_and_are_complete() {
    let loaded = shipped();
    assert!(loaded.diagnostics.is_empty(), "{}", render_all(&loaded.diagnostics, false));
    assert!(loaded.set.len() >= 40, "{}", loaded.set.len());
    for rule in loaded.set.rules() {
        assert_ne!(rule.title, rule.id, "{}: title", rule.id);
        assert!(rule.description.is_some(), "{}: description", rule.id);
        assert!(!rule.tests.is_empty(), "{}: tests", rule.id);
        let alerts = !matches!(rule.operator, Operator::Rollup(_));
        assert!(!alerts || !rule.falsepositives.is_empty(), "{}: false positives", rule.id);
        assert!(!alerts || !rule.attack.is_empty(), "{}: ATT&CK", rule.id);
        let fires = rule.tests.iter().any(|test| !test.expect.is_empty() || !test.rollups.is_empty());
        assert!(fires, "{}: a test that fires", rule.id);
    }
}

#[test]
fn tests_of_shipped_rules_pass() {
    let loaded = shipped();
    for rule in loaded.set.rules() {
        for test in &rule.tests {
            let (alerts, rows) = run(&loaded, rule, test);
            let wrong = test.judge(&alerts, &rows);
            assert!(wrong.is_empty(), "{}, {:?}: {wrong:#?}", rule.id, test.name);
        }
    }
}

/// The same record under all rules at once and under each alone: the same matches.
#[test]
fn rules_do_not_disturb_each_other() {
    let loaded = shipped();
    let (mut scratch, mut matched) = (MatchScratch::default(), Vec::new());
    for rule in loaded.set.rules() {
        for (index, given) in rule.tests.iter().flat_map(|test| &test.records).enumerate() {
            let record = record(given);
            loaded.set.matches(&record, &mut scratch, &mut matched);
            for other in loaded.set.rules().iter().filter(|other| other.kind == record.kind()) {
                let alone = matches_alone(other, &record);
                let together = matched
                    .iter()
                    .any(|index| loaded.set.rule(*index).map(|rule| &rule.id) == Some(&other.id));
                assert_eq!(alone, together, "{} on record {index} of {}", other.id, rule.id);
            }
        }
    }
}

/// The pattern on the rendered view, and as a query: both without the set and its fast paths.
fn matches_alone(rule: &Rule, record: &Record<'_>) -> bool {
    let Some(pattern) = &rule.pattern else { return true };
    let mut text = record.raw().to_vec();
    if record.kind() == Kind::Audit && pattern.kind() == PatternKind::Json {
        text.clear();
        record.write_view(&mut text);
    }
    let matches = Program::compile(pattern).matches_text(&text, &mut Scratch::new());
    assert_eq!(Query::compile(pattern).matches(record, &mut MatchScratch::default()), matches, "{}", rule.id);
    matches
}

fn record(given: &TestRecord) -> Record<'_> {
    let body = match given.kind {
        Kind::Audit => Body::Audit(
            hsmstream_record::parse(&given.text, &hsmstream_record::Limits::default())
                .expect("the loader checked it"),
        ),
        kind => {
            let time_usecs =
                given.origin.event_timestamp_ms.and_then(|ms| u64::try_from(ms).ok()).map(|ms| ms * 1_000);
            Body::Document(Document { kind, time_usecs, json: &given.text })
        }
    };
    Record { origin: given.origin.borrowed(), body }
}

/// An event of a rule: time, key, and the fields' encoded values.
struct Event<'t> {
    time: u64,
    key: Vec<u8>,
    record: Record<'t>,
}

fn run(loaded: &Loaded, rule: &Rule, test: &Test) -> (Vec<ObservedAlert>, Vec<ObservedRow>) {
    let (mut scratch, mut matched) = (MatchScratch::default(), Vec::new());
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut end = 0;
    for given in &test.records {
        let record = record(given);
        let time = record.time_usecs().expect("a time");
        end = end.max(time);
        loaded.set.matches(&record, &mut scratch, &mut matched);
        if matched.iter().any(|index| loaded.set.rule(*index).map(|found| &found.id) == Some(&rule.id)) {
            let mut key = Vec::new();
            key::encode(&record, &rule.group_by, &mut key);
            events.push(Event { time, key, record });
        }
    }
    match &rule.operator {
        Operator::Plain => (
            silenced(
                rule,
                events.iter().map(|event| alert(rule, &event.key, event.time, 1, event.time, event.time)),
            ),
            Vec::new(),
        ),
        Operator::Threshold(threshold) => {
            (silenced(rule, firings(rule, threshold, &events).into_iter()), Vec::new())
        }
        Operator::Rollup(rollup) => (Vec::new(), rows(rule, rollup, &events, end)),
    }
}

fn alert(rule: &Rule, key: &[u8], fire_time: u64, count: u64, first: u64, last: u64) -> ObservedAlert {
    ObservedAlert { fire_time, group: group(rule, key), count, first, last, suppressed: 0 }
}

fn group(rule: &Rule, key: &[u8]) -> Named {
    let values = key::decode(key).map(|value| {
        let mut json = Vec::new();
        value.expect("a key").write_json(&mut json);
        String::from_utf8(json).expect("JSON")
    });
    rule.group_by.iter().map(Field::name).zip(values).collect()
}

/// Would-be firings → alerts.
fn silenced(rule: &Rule, firings: impl Iterator<Item = ObservedAlert>) -> Vec<ObservedAlert> {
    let mut until: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut alerts = Vec::new();
    for mut firing in firings {
        let (end, count) = until.entry(format!("{:?}", firing.group)).or_default();
        if firing.fire_time < *end {
            *count += 1;
            continue;
        }
        firing.suppressed = std::mem::take(count);
        *end = firing.fire_time + rule.suppress.0;
        alerts.push(firing);
    }
    alerts
}

/// Sliding thresholds over events in order of time, the only ones the shipped rules have.
fn firings(rule: &Rule, threshold: &Threshold, events: &[Event<'_>]) -> Vec<ObservedAlert> {
    let WindowKind::Sliding { within } = threshold.window else { panic!("{}: not sliding", rule.id) };
    let mut found = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let window: Vec<&Event<'_>> = events
            .iter()
            .take(index + 1)
            .filter(|other| other.key == event.key && other.time + within.0 >= event.time)
            .filter(|other| value(&threshold.what, other).is_some())
            .collect();
        if value(&threshold.what, event).is_none() {
            continue;
        }
        let observed = match &threshold.what {
            What::Count { .. } => window.len() as u64,
            What::Distinct { .. } => {
                let values: BTreeSet<_> =
                    window.iter().filter_map(|other| value(&threshold.what, other)).collect();
                values.len() as u64
            }
            What::Sum { .. } => panic!("{}: no shipped rule sums", rule.id),
        };
        if observed >= threshold.what.reaches() {
            let (first, last) = (window.first().map_or(0, |event| event.time), event.time);
            found.push(alert(rule, &event.key, event.time, observed, first, last));
        }
    }
    found
}

fn value(what: &What, event: &Event<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match what {
        What::Distinct { fields, .. } => {
            key::encode_present(&event.record, fields, &mut bytes).then_some(bytes)
        }
        _ => Some(bytes),
    }
}

/// Rows of tumbling rollups.
fn rows(rule: &Rule, rollup: &Rollup, events: &[Event<'_>], watermark: u64) -> Vec<ObservedRow> {
    let WindowKind::Tumbling { size } = rollup.window else { panic!("{}: not tumbling", rule.id) };
    let mut windows: BTreeMap<(u64, &[u8]), Vec<&Event<'_>>> = BTreeMap::new();
    for event in events {
        windows.entry((event.time - event.time % size.0, &event.key)).or_default().push(event);
    }
    windows
        .into_iter()
        .map(|((start, key), events)| ObservedRow {
            start,
            end: start + size.0,
            group: group(rule, key),
            measures: rollup
                .measures
                .iter()
                .filter_map(|measure| {
                    Some((measure.name.clone(), computed(&measure.kind, &events)?.to_string()))
                })
                .collect(),
            complete: start + size.0 <= watermark,
        })
        .collect()
}

fn computed(kind: &MeasureKind, events: &[&Event<'_>]) -> Option<u64> {
    let numbers = |field: &Field| -> Vec<u64> {
        let values = events.iter().filter_map(|event| event.record.value(field));
        values.filter_map(|value: Value<'_>| key::whole_number(&value)).collect()
    };
    match kind {
        MeasureKind::Count => Some(events.len() as u64),
        MeasureKind::Distinct(fields) => {
            let values: BTreeSet<Vec<u8>> = events
                .iter()
                .filter_map(|event| {
                    let mut bytes = Vec::new();
                    key::encode_present(&event.record, fields, &mut bytes).then_some(bytes)
                })
                .collect();
            Some(values.len() as u64)
        }
        MeasureKind::Sum(field) => Some(numbers(field).iter().sum()),
        MeasureKind::Min(field) => numbers(field).into_iter().min(),
        MeasureKind::Max(field) => numbers(field).into_iter().max(),
    }
}
