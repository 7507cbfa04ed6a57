//! The production engine against the naive oracle, in one thread: every alert, closing update and final row.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::{Order, Settings, Shared};
use hsmstream_frame::Format;
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder};
use hsmstream_record::Limits;
use hsmstream_rules::{RuleFile, load};
use hsmstream_tests::oracle::Times;
use hsmstream_tests::reference::{engine, facts, naive};
use hsmstream_tests::traffic::Traffic;
use hsmstream_window::Span;

const RULES: &str = r#"
id: sliding-count
pattern: RET_USER_LOGIN_FAILURE
detect: { threshold: { count: 4, within: 90s, group_by: [hsm, connection] } }
---
id: sliding-every
pattern: RET_USER_LOGIN_FAILURE
suppress: 0s
detect: { threshold: { count: 6, within: 60s, group_by: [hsm] } }
---
id: sliding-sum
pattern: CN_TOMBSTONE_OBJECT
detect: { threshold: { sum: key.handle, reaches: 12, within: 5m, group_by: [cluster] } }
---
id: tumbling-distinct
pattern: CN_LOGIN
detect: { threshold: { distinct: [user.name, connection], reaches: 5, window: { tumbling: 1m }, group_by: [hsm] } }
---
id: hopping-count
pattern: CN_LOGIN
suppress: 3m
detect: { threshold: { count: 9, window: { hopping: { size: 2m, every: 30s } }, group_by: [hsm] } }
---
id: session-count
pattern: CN_CREATE_CO
detect: { threshold: { count: 3, window: { session: { gap: 40s } }, group_by: [user.name] } }
---
id: plain
pattern: CN_CREATE_CO
---
id: plain-quiet
pattern: CN_CREATE_CO
suppress: 4m
group_by: [cluster]
---
id: rollup-tumbling
rollup: { window: { tumbling: 1m }, group_by: [hsm, opcode, outcome], measures: { n: count, u: { distinct: user.name }, s: { sum: key.handle }, lo: { min: sequence }, hi: { max: sequence } } }
---
id: rollup-hopping
pattern: CN_LOGIN
rollup: { window: { hopping: { size: 5m, every: 2m } }, group_by: [cluster], measures: { n: count } }
---
id: rollup-session
pattern: CN_LOGIN
rollup: { window: { session: { gap: 8s } }, group_by: [hsm, user.name], measures: { n: count } }
"#;

fn shared(out_of_orderness: u64, allowed_lateness: u64) -> Arc<Shared> {
    let settings = Settings {
        topics: vec!["audit".to_owned()],
        format: Format::Auto,
        limits: Limits::default(),
        origin: OriginTemplates::default(),
        time: hsmstream_window::Settings {
            out_of_orderness: Span(out_of_orderness),
            allowed_lateness: Span(allowed_lateness),
            ..hsmstream_window::Settings::default()
        },
        state_bytes_max: 512 << 20,
        evidence_bytes_max: 64 << 20,
        order: Order::Arrival,
        order_bytes_max: 64 << 20,
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

#[test]
fn the_engine_owes_what_the_oracle_says() {
    let loaded = load(
        [RuleFile { name: "oracle.yaml", bytes: RULES.as_bytes() }],
        &hsmstream_rules::Limits::default(),
    );
    assert!(loaded.is_clean(), "{:?}", loaded.diagnostics);
    let rules = Arc::new(loaded.set);
    let second = 1_000_000;
    for (seed, ooo, lateness) in [(1, 30, 600), (2, 0, 0), (3, 10, 60), (4, 30, 600), (5, 5, 0), (6, 0, 300)]
    {
        let times = Times { out_of_orderness: ooo * second, allowed_lateness: lateness * second };
        let mut traffic = Traffic::new(seed, 3, 1);
        let mut messages: Vec<Vec<u8>> = (0..700).map(|_| traffic.message().value).collect();
        if seed % 2 == 0 {
            messages.extend(traffic.last_messages().into_iter().map(|sent| sent.value));
        }
        let owed = naive(&rules, times, &messages, true);
        let numbered: Vec<(i64, Vec<u8>)> = (0..).zip(messages).collect();
        let shared = shared(times.out_of_orderness, times.allowed_lateness);
        let emitted = engine(&shared, &rules, TaskId { topic: 0, partition: 0 }, &numbered, true);
        let emitted = emitted.iter().filter(|document| !document.starts_with(b"{\"type\":\"reject\""));
        let emitted = facts(emitted.map(Vec::as_slice));
        compare(seed, &owed, &emitted);
        assert!(owed.len() > 100, "seed {seed} owes only {}", owed.len());
    }
}

fn compare(seed: u64, owed: &BTreeMap<String, usize>, emitted: &BTreeMap<String, usize>) {
    let missing: Vec<_> =
        owed.iter().filter(|(fact, count)| emitted.get(*fact) != Some(*count)).take(4).collect();
    let extra: Vec<_> =
        emitted.iter().filter(|(fact, count)| owed.get(*fact) != Some(*count)).take(4).collect();
    assert!(missing.is_empty() && extra.is_empty(), "seed {seed}\nowed: {missing:#?}\nemitted: {extra:#?}");
}
