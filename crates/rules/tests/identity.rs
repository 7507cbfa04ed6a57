//! What a rule's hashes depend on: alert ids and kept state hang on them.

use hsmstream_rules::{Limits, Rule, RuleFile, Severity, Stage, load, render_all};
use hsmstream_window::{Span, WindowKind};

fn rule(text: &str) -> Rule {
    let loaded = load([RuleFile { name: "r.yaml", bytes: text.as_bytes() }], &Limits::default());
    assert!(loaded.diagnostics.is_empty(), "{}", render_all(&loaded.diagnostics, false));
    loaded.set.rules().first().cloned().expect("one rule")
}

const BASE: &str = "id: r\npattern: CN_LOGIN\ndetect: { threshold: { count: 5, within: 2m, group_by: [hsm, connection] } }\n";

#[test]
fn formatting_order_defaults_and_tests_change_nothing() {
    let base = rule(BASE);
    for same in [
        "detect:\n  threshold:\n    group_by: [hsm, connection] # keys\n    within: 120s\n    count: 0x5\npattern: 'CN_LOGIN'\nid: \"r\"\n",
        "id: r\non: audit\nseverity: medium\nstage: production\ntitle: r\npattern: CN_LOGIN\nsuppress: 2m\nevidence: 10\ndetect: { threshold: { count: 5, within: 2m, group_by: [hsm, connection] } }\n",
        "id: r\npattern: CN_LOGIN\ndetect: { threshold: { count: 5, within: 2m, group_by: [hsm, connection] } }\ntests: [{ name: t, records: [{ user: a }], expect: [] }]\n",
    ] {
        assert_eq!(rule(same).content_hash, base.content_hash, "{same}");
        assert_eq!(rule(same).state_fingerprint, base.state_fingerprint, "{same}");
    }
}

#[test]
fn words_and_thresholds_change_the_content_only() {
    let base = rule(BASE);
    for (from, to) in [
        ("id: r\n", "id: r\ntitle: x\n"),
        ("id: r\n", "id: r\nseverity: low\n"),
        ("id: r\n", "id: r\nstage: staging\n"),
        ("id: r\n", "id: r\nattack: [T1110]\n"),
        ("id: r\n", "id: r\nauthor: x\n"),
        ("id: r\n", "id: r\nlicense: x\n"),
        ("id: r\n", "id: r\nreferences: [x]\n"),
        ("id: r\n", "id: r\nfalsepositives: [x]\n"),
        ("id: r\n", "id: r\ndescription: x\n"),
        ("id: r\n", "id: r\nsuppress: 0s\n"),
        ("id: r\n", "id: r\nevidence: 3\n"),
        ("count: 5", "count: 6"),
    ] {
        let changed = rule(&BASE.replace(from, to));
        assert_ne!(changed.content_hash, base.content_hash, "{to}");
        assert_eq!(changed.state_fingerprint, base.state_fingerprint, "{to}");
    }
}

#[test]
fn matching_and_keying_change_both() {
    let base = rule(BASE);
    for (from, to) in [
        ("id: r\n", "id: s\n"),
        ("pattern: CN_LOGIN", "pattern: CN_LOGOUT"),
        ("within: 2m", "within: 3m"),
        ("within: 2m", "window: { tumbling: 2m }"),
        ("[hsm, connection]", "[hsm]"),
        ("[hsm, connection]", "[connection, hsm]"),
        ("count: 5", "distinct: user.name, reaches: 5"),
        ("count: 5", "sum: response.code, reaches: 5"),
    ] {
        let changed = rule(&BASE.replace(from, to));
        assert_ne!(changed.content_hash, base.content_hash, "{to}");
        assert_ne!(changed.state_fingerprint, base.state_fingerprint, "{to}");
    }
}

#[test]
fn hashes_are_stable() {
    // A change of these breaks alert ids and kept state of every installation.
    let base = rule(BASE);
    assert_eq!(base.content_hash.short().len(), 16);
    assert!(base.content_hash.to_string().starts_with(&base.content_hash.short()));
    assert_eq!(base.content_hash.short(), "50b472830f3c29d6");
    assert_eq!(base.state_fingerprint.to_string(), "d6e9c0e6f53fa756a47f91379f03834d");
}

#[test]
fn defaults() {
    let base = rule(BASE);
    assert_eq!((base.severity, base.stage, base.evidence), (Severity::Medium, Stage::Production, 10));
    assert_eq!(base.suppress, Span::from_secs(120));
    assert_eq!(base.title, "r");
    for (window, suppress) in [
        ("window: { tumbling: 1m }", 60),
        ("window: { hopping: { size: 10m, every: 1m } }", 600),
        ("window: { session: { gap: 5m } }", 300),
    ] {
        assert_eq!(rule(&BASE.replace("within: 2m", window)).suppress, Span::from_secs(suppress), "{window}");
    }
    assert_eq!(rule("id: p\npattern: x\n").suppress, Span::ZERO);
    let hopping = rule(
        &BASE
            .replace("within: 2m", "window: { hopping: { size: 1h30m, every: 250ms } }")
            .replace("250ms", "10s"),
    );
    let hsmstream_rules::Operator::Threshold(threshold) = hopping.operator else { panic!("a threshold") };
    assert_eq!(
        threshold.window,
        WindowKind::Hopping { size: Span::from_secs(5400), every: Span::from_secs(10) }
    );
}

#[test]
fn the_order_of_files_does_not_matter() {
    let file = |name, bytes| RuleFile { name, bytes };
    let (a, b) = (file("a", &b"id: b\npattern: x\n"[..]), file("b", &b"id: a\npattern: x\n"[..]));
    let ids = |files: [RuleFile<'_>; 2]| -> Vec<String> {
        load(files, &Limits::default()).set.rules().iter().map(|rule| rule.id.clone()).collect()
    };
    assert_eq!(ids([a, b]), ["a", "b"]);
    assert_eq!(ids([b, a]), ["a", "b"]);
}
