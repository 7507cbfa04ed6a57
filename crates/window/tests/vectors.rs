//! The worked cases of `tests/vectors/rules`: their inputs and expectations, read from the files; their
//! rules, written here by hand, because reading rules and records is the business of other crates.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's own functions: a panic is a failure"
)]

use std::collections::BTreeMap;

use hsmstream_window::{
    Contribution, Event, EventTime, Limits, Measure, MeasureInput, Operator, Output, Plain, Rollup,
    RollupSpec, Settings, Span, Threshold, ThresholdSpec, ThresholdWhat, Watermarks, WindowKind,
};
use serde_json::{Map, Value, json};

const MEASURES: &[(&str, Measure, &str)] = &[("events", Measure::Count, "")];

#[test]
fn sliding_boundary() {
    check("sliding-boundary", vec![guess()]);
}

#[test]
fn two_keys() {
    check("two-keys", vec![guess()]);
}

#[test]
fn suppress_default_is_within() {
    check("suppress-default-is-within", vec![guess()]);
}

#[test]
fn distinct_with_repeats() {
    let what = ThresholdWhat::Distinct { reaches: 3 };
    let operator = threshold(what, WindowKind::Sliding { within: Span::from_secs(600) }, None);
    check(
        "distinct-with-repeats",
        vec![Rule {
            distinct: Some("user.name"),
            ..rule("spray", "RET_USER_LOGIN_FAILURE", &["hsm"], operator)
        }],
    );
}

#[test]
fn late_edges() {
    let failure = "RET_USER_LOGIN_FAILURE";
    let pair = threshold(
        ThresholdWhat::Count(2),
        WindowKind::Sliding { within: Span::from_secs(120) },
        Some(Span::ZERO),
    );
    check(
        "late-edges",
        vec![
            rule("pair", failure, &["hsm"], pair),
            rule("each", failure, &["hsm"], |_| {
                Operator::Plain(Plain::new(Span::ZERO, Span::ZERO, Limits::default()))
            }),
            rollup_rule(
                "minutes",
                failure,
                &["hsm"],
                WindowKind::Tumbling { size: Span::from_secs(60) },
                MEASURES,
            ),
        ],
    );
}

#[test]
fn plain_suppress() {
    let operator = |settings: &Settings| {
        Operator::Plain(Plain::new(Span::from_secs(60), settings.allowed_lateness, Limits::default()))
    };
    check("plain-suppress", vec![rule("new-co", "CN_CREATE_CO", &["cluster", "user.name"], operator)]);
}

#[test]
fn rollup_measures() {
    let measures: &[(&str, Measure, &str)] = &[
        ("events", Measure::Count, ""),
        ("users", Measure::Distinct, "user.name"),
        ("handles", Measure::Distinct, "key.handle"),
        ("codes", Measure::Sum, "response.code"),
        ("low", Measure::Min, "response.code"),
        ("high", Measure::Max, "response.code"),
        ("none", Measure::Max, "key.handle"),
    ];
    let window = WindowKind::Tumbling { size: Span::from_secs(600) };
    check("rollup-measures", vec![rollup_rule("ten", "", &["hsm", "opcode"], window, measures)]);
}

#[test]
fn session_gap() {
    let window = WindowKind::Session { gap: Span::from_secs(60) };
    let busy = threshold(ThresholdWhat::Count(3), window, None);
    check(
        "session-gap",
        vec![
            rollup_rule("visits", "CN_LOGIN", &["user.name"], window, MEASURES),
            rule("busy", "CN_LOGIN", &["user.name"], busy),
        ],
    );
}

#[test]
fn tumbling_edges() {
    let failure = "RET_USER_LOGIN_FAILURE";
    let window = WindowKind::Tumbling { size: Span::from_secs(60) };
    check(
        "tumbling-edges",
        vec![
            rule("minute", failure, &["hsm"], threshold(ThresholdWhat::Count(3), window, None)),
            rollup_rule("minutes", failure, &["hsm"], window, MEASURES),
        ],
    );
}

struct Rule {
    id: &'static str,
    term: &'static str,
    group: &'static [&'static str],
    distinct: Option<&'static str>,
    measures: &'static [(&'static str, Measure, &'static str)],
    build: Box<dyn Fn(&Settings) -> Operator>,
}

fn rule(
    id: &'static str,
    term: &'static str,
    group: &'static [&'static str],
    build: impl Fn(&Settings) -> Operator + 'static,
) -> Rule {
    Rule { id, term, group, distinct: None, measures: &[], build: Box::new(build) }
}

fn guess() -> Rule {
    let window = WindowKind::Sliding { within: Span::from_secs(120) };
    rule(
        "guess",
        "RET_USER_LOGIN_FAILURE",
        &["hsm", "connection"],
        threshold(ThresholdWhat::Count(5), window, None),
    )
}

fn threshold(
    what: ThresholdWhat,
    window: WindowKind,
    suppress: Option<Span>,
) -> impl Fn(&Settings) -> Operator {
    move |settings| {
        let suppress = suppress.unwrap_or(window.length());
        let spec = ThresholdSpec { what, window, suppress, allowed_lateness: settings.allowed_lateness };
        Operator::Threshold(Threshold::new(spec, Limits::default()).unwrap())
    }
}

fn rollup_rule(
    id: &'static str,
    term: &'static str,
    group: &'static [&'static str],
    window: WindowKind,
    measures: &'static [(&'static str, Measure, &'static str)],
) -> Rule {
    let build = move |settings: &Settings| {
        let spec = RollupSpec {
            window,
            measures: measures.iter().map(|&(_, measure, _)| measure).collect(),
            allowed_lateness: settings.allowed_lateness,
        };
        Operator::Rollup(Rollup::new(spec, Limits::default()).unwrap())
    };
    Rule { measures, ..rule(id, term, group, build) }
}

fn check(case: &str, rules: Vec<Rule>) {
    let read = |file: &str| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rules");
        std::fs::read_to_string(format!("{root}/{case}/{file}")).unwrap()
    };
    let settings: Value = serde_json::from_str(&read("settings.json")).unwrap();
    let lines =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    let actual = run(&time_settings(&settings), &rules, &lines(&read("input.jsonl")));
    let listed = |value: &Value| settings["closings"] == true || value["type"] != "closing";
    let sorted = |values: Vec<Value>| {
        let mut lines: Vec<String> =
            values.iter().filter(|value| listed(value)).map(Value::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(actual), sorted(lines(&read("expect.jsonl"))), "case {case}");
}

fn time_settings(settings: &Value) -> Settings {
    let span = |name: &str, default: Span| match settings[name].as_str() {
        None => default,
        Some(text) if text.ends_with('s') => Span::from_secs(text.trim_end_matches('s').parse().unwrap()),
        Some(text) => Span::from_secs(60 * text.trim_end_matches('m').parse::<u64>().unwrap()),
    };
    let default = Settings::default();
    Settings {
        out_of_orderness: span("out_of_orderness", default.out_of_orderness),
        allowed_lateness: span("allowed_lateness", default.allowed_lateness),
        ..default
    }
}

fn run(settings: &Settings, rules: &[Rule], messages: &[Value]) -> Vec<Value> {
    let mut watermarks = Watermarks::new(*settings, 100, [1, 2, 3, 4]);
    let mut operators: Vec<Operator> = rules.iter().map(|rule| (rule.build)(settings)).collect();
    let mut found = Found::default();
    for message in messages {
        for event in message["logEvents"].as_array().unwrap() {
            let record = fields(message, event["message"].as_str().unwrap());
            let time = EventTime(record["usecs"].parse().unwrap());
            let reference = EventTime(event["timestamp"].as_u64().unwrap() * 1000);
            let admission = watermarks.observe(record["hsm"].as_bytes(), time, Some(reference), 0);
            let watermark = watermarks.watermark().unwrap_or_default();
            for (rule, operator) in rules.iter().zip(&mut operators) {
                let counts = !admission.late || matches!(operator, Operator::Plain(_));
                if counts && record["text"].contains(rule.term) {
                    let contribution =
                        Contribution { time, stream: admission.stream, ..Contribution::default() };
                    apply(rule, operator, &record, contribution, watermark, &mut found);
                }
            }
        }
    }
    let watermark = watermarks.end_of_input().unwrap_or_default();
    for (rule, operator) in rules.iter().zip(&mut operators) {
        operator.finish(watermark, &mut |output| found.add(rule, output));
    }
    found.values.into_iter().chain(found.rows.into_values()).collect()
}

fn apply(
    rule: &Rule,
    operator: &mut Operator,
    record: &BTreeMap<String, String>,
    contribution: Contribution,
    watermark: EventTime,
    found: &mut Found,
) {
    let group: Map<String, Value> = rule
        .group
        .iter()
        .map(|&name| (name.to_owned(), record.get(name).map_or(Value::Null, |text| json!(text))))
        .collect();
    let key = serde_json::to_vec(&group).unwrap();
    let measures: Vec<MeasureInput<'_>> = rule
        .measures
        .iter()
        .map(|&(_, _, field)| match record.get(field) {
            None => MeasureInput::Missing,
            Some(text) => text.parse().map_or(MeasureInput::Bytes(text.as_bytes()), MeasureInput::Number),
        })
        .collect();
    let value = rule.distinct.and_then(|field| record.get(field)).map(String::as_bytes);
    let event = Event { key: &key, contribution, value, number: None, measures: &measures };
    operator.apply(&event, watermark, &mut |output| found.add(rule, output));
}

fn fields(message: &Value, text: &str) -> BTreeMap<String, String> {
    let mut record = BTreeMap::new();
    let group = message["logGroup"].as_str().unwrap();
    record.insert("hsm".to_owned(), message["logStream"].as_str().unwrap().to_owned());
    record.insert("cluster".to_owned(), group.rsplit('/').next().unwrap().to_owned());
    record.insert(
        "usecs".to_owned(),
        text.split("usecs:").nth(1).unwrap().lines().next().unwrap().trim().to_owned(),
    );
    record.insert("text".to_owned(), text.to_owned());
    for line in text.lines() {
        let Some((label, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let (name, value) = match label.trim() {
            "User Name" => ("user.name", value.to_owned()),
            "Opcode" => ("opcode", value.split(' ').next().unwrap().to_owned()),
            "Session Handle" => {
                let handle = u64::from_str_radix(value.trim_start_matches("0x"), 16).unwrap();
                ("connection", format!("{:#x}", handle >> 12))
            }
            "Response" => ("response.code", value.split(':').next().unwrap().to_owned()),
            _ => continue,
        };
        record.entry(name.to_owned()).or_insert(value);
    }
    record
}

#[derive(Default)]
struct Found {
    values: Vec<Value>,
    rows: BTreeMap<(String, String, u64), Value>,
}

impl Found {
    fn add(&mut self, rule: &Rule, output: Output<'_>) {
        let group = |key: &[u8]| serde_json::from_slice::<Value>(key).unwrap();
        match output {
            Output::Firing(firing) => self.values.push(json!({
                "type": "alert", "rule": rule.id, "group": group(firing.key), "count": firing.observed,
                "fire_time": firing.fire_time.0, "first": firing.first.time.0, "last": firing.last.time.0,
                "suppressed_before": firing.suppressed_before,
            })),
            Output::Closing(closing) => self.values.push(json!({
                "type": "closing", "rule": rule.id, "group": group(closing.key),
                "fire_time": closing.fire_time.0, "suppressed": closing.suppressed,
            })),
            Output::Row(row) => {
                let measures: Map<String, Value> = rule
                    .measures
                    .iter()
                    .zip(row.measures)
                    .filter_map(|(&(name, _, _), value)| Some((name.to_owned(), json!((*value)?))))
                    .collect();
                let id = (rule.id.to_owned(), group(row.key).to_string(), row.start.0);
                if row.retracted {
                    self.rows.remove(&id);
                    return;
                }
                let value = json!({
                    "type": "rollup", "rule": rule.id, "group": group(row.key), "complete": row.complete,
                    "window_start": row.start.0, "window_end": row.end.0, "measures": measures,
                });
                self.rows.insert(id, value);
            }
        }
    }
}
