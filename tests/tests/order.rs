//! Event-time order: however the streams of a task overtake one another within the lateness, the outputs are the
//! same to the byte, and they are those of the sorted input.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::{Order, Settings, Shared};
use hsmstream_frame::{Format, Framer};
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder};
use hsmstream_record::{Limits, Origin};
use hsmstream_rules::{RuleFile, RuleSet, load};
use hsmstream_tests::reference::engine;
use hsmstream_tests::traffic::Traffic;
use hsmstream_window::Span;

/// Groups that span HSMs, so that the order between streams matters.
const RULES: &str = r#"
id: failures-of-a-cluster
pattern: RET_USER_LOGIN_FAILURE
detect: { threshold: { count: 6, within: 60s, group_by: [cluster] } }
---
id: every-failure-from-the-third-on
pattern: RET_USER_LOGIN_FAILURE
suppress: 0s
detect: { threshold: { count: 3, within: 30s, group_by: [user.name] } }
---
id: sessions
pattern: CN_CREATE_CO
detect: { threshold: { count: 3, window: { session: { gap: 40s } }, group_by: [user.name] } }
---
id: quiet
pattern: CN_CREATE_CO
suppress: 4m
group_by: [cluster]
---
id: per-minute
rollup: { window: { tumbling: 1m }, group_by: [cluster, opcode], measures: { n: count, u: { distinct: user.name } } }
---
id: logins-in-sessions
pattern: CN_LOGIN
rollup: { window: { session: { gap: 8s } }, group_by: [user.name], measures: { n: count } }
"#;

const SECOND: u64 = 1_000_000;
const LATENESS: u64 = 120 * SECOND;

fn rules() -> Arc<RuleSet> {
    let loaded =
        load([RuleFile { name: "order.yaml", bytes: RULES.as_bytes() }], &hsmstream_rules::Limits::default());
    assert!(loaded.is_clean(), "{:?}", loaded.diagnostics);
    Arc::new(loaded.set)
}

fn shared(order: Order, order_bytes_max: usize) -> Arc<Shared> {
    let settings = Settings {
        topics: vec!["audit".to_owned()],
        format: Format::Auto,
        limits: Limits::default(),
        origin: OriginTemplates::default(),
        time: hsmstream_window::Settings {
            out_of_orderness: Span(10 * SECOND),
            allowed_lateness: Span(LATENESS),
            ..hsmstream_window::Settings::default()
        },
        order,
        order_bytes_max,
        state_bytes_max: 512 << 20,
        evidence_bytes_max: 64 << 20,
        evidence_max: 3,
        encoder: Encoder::new(AlertFormat::Flat),
        source: EventSource::new("test"),
        commit_interval: Duration::from_millis(100),
        exactly_once: true,
        transaction_timeout: Duration::from_secs(15),
        shutdown_deadline: Duration::from_secs(1),
    };
    Shared::new(settings, Metrics::new())
}

/// A message with its stream and the times of its records.
#[derive(Clone)]
struct Timed {
    hsm: String,
    times: Vec<u64>,
    value: Vec<u8>,
}

/// Messages none of whose records is late in its own stream, however the streams are mixed.
fn messages(seed: u64) -> Vec<Timed> {
    let mut traffic = Traffic::new(seed, 4, 1);
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let mut highest: BTreeMap<String, u64> = BTreeMap::new();
    let mut kept = Vec::new();
    for _ in 0..900 {
        let sent = traffic.message();
        let mut times = Vec::new();
        framer.records(&sent.value, &Origin::default(), &mut |item| {
            if let Ok(record) = item {
                times.push(record.time_usecs().expect("audit records have a time"));
            }
        });
        let highest = highest.entry(sent.hsm.clone()).or_insert(0);
        let is_late = times.iter().any(|time| time + LATENESS / 2 < *highest);
        if times.is_empty() || is_late {
            continue;
        }
        *highest = times.iter().fold(*highest, |highest, time| highest.max(*time));
        kept.push(Timed { hsm: sent.hsm, times, value: sent.value });
    }
    kept
}

/// The same messages with each stream delayed by a part of the lateness; the order within a stream stays.
fn mixed(messages: &[Timed], delays: [u64; 4]) -> Vec<Timed> {
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    let mut arrivals: Vec<(u64, Timed)> = Vec::new();
    for message in messages {
        let stream: usize = message.hsm.trim_start_matches("hsm-").parse().expect("hsm-N");
        let reached = reached.entry(&message.hsm).or_insert(0);
        *reached = (*reached).max(message.times[0] + delays[stream]);
        arrivals.push((*reached, message.clone()));
    }
    arrivals.sort_by_key(|(arrival, _)| *arrival);
    arrivals.into_iter().map(|(_, message)| message).collect()
}

fn emitted(shared: &Arc<Shared>, messages: &[Timed]) -> Vec<String> {
    let numbered: Vec<(i64, Vec<u8>)> =
        (0..).zip(messages).map(|(offset, message)| (offset, message.value.clone())).collect();
    let documents = engine(shared, &rules(), TaskId { topic: 0, partition: 0 }, &numbered, true);
    documents.iter().map(|document| without_position(document)).collect()
}

/// Where the records stood in the topic is the one thing that another interleaving changes.
fn without_position(document: &[u8]) -> String {
    let mut json: serde_json::Value = serde_json::from_slice(document).expect("published documents are JSON");
    if let Some(evidence) = json.get_mut("evidence").and_then(serde_json::Value::as_array_mut) {
        for record in evidence {
            let record = record.as_object_mut().expect("evidence is objects");
            for place in ["offset", "index"] {
                assert!(record.remove(place).is_some(), "evidence has its {place}");
            }
        }
    }
    json.to_string()
}

#[test]
fn any_interleaving_within_the_lateness_gives_the_same_bytes() {
    let second = SECOND;
    for seed in 1..=6 {
        let messages = messages(seed);
        let shared = shared(Order::EventTime, 64 << 20);
        let expected = emitted(&shared, &messages);
        assert!(expected.len() > 100, "seed {seed} owes only {}", expected.len());
        for delays in
            [[0, 20 * second, 45 * second, 3 * second], [50 * second, 0, 0, 50 * second], [7 * second; 4]]
        {
            let other = mixed(&messages, delays);
            let (expected, found) = (&expected, emitted(&shared, &other));
            let first = expected.iter().zip(&found).find(|(expected, found)| expected != found);
            assert_eq!(first, None, "seed {seed}, delays {delays:?}");
            assert_eq!(expected.len(), found.len(), "seed {seed}, delays {delays:?}");
        }
        // The test would notice: in order of arrival the same interleaving gives something else.
        let arrival = self::shared(Order::Arrival, 0);
        let other = mixed(&messages, [0, 20 * second, 45 * second, 3 * second]);
        assert_ne!(emitted(&arrival, &messages), emitted(&arrival, &other), "seed {seed}");
    }
}

#[test]
fn over_its_limit_the_oldest_are_processed_before_their_time_and_one_alert_says_so() {
    let shared = shared(Order::EventTime, 20_000);
    let messages = messages(1);
    let found = emitted(&shared, &messages);
    let said = found.iter().filter(|document| document.contains("limits.order")).count();
    assert_eq!(said, 1, "one operational alert");
    let whole = emitted(&self::shared(Order::EventTime, 64 << 20), &messages);
    let rows = |documents: &[String]| -> u64 {
        let rows = documents.iter().filter(|document| document.contains("\"rule\":\"per-minute\""));
        let rows: Vec<serde_json::Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
        let last: BTreeMap<&str, u64> = rows
            .iter()
            .map(|row| (row["id"].as_str().unwrap(), row["measures"]["n"].as_u64().unwrap()))
            .collect();
        last.values().sum()
    };
    assert_eq!(rows(&found), rows(&whole), "every record is counted once all the same");
}
