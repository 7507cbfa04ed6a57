//! Golden diagnostics: files full of mistakes, and what is said about each, to the column.

use hsmstream_rules::{Level, Limits, Loaded, RuleFile, load, render_all};

fn load_text(text: &str) -> Loaded {
    load([RuleFile { name: "r.yaml", bytes: text.as_bytes() }], &Limits::default())
}

fn said(text: &str) -> Vec<String> {
    load_text(text).diagnostics.iter().map(ToString::to_string).collect()
}

const TEN: &str = r#"id: Login Failures
serverity: high
severity: hihg
attack: [T1110.1]
on: audits
pattern: CN_LOGIN
detect:
  threshold: { count: 0, within: 120, group_by: [hsm, usr.name] }
suppress: 5 minutes
tests:
  - name: none
    records: [{ opcode: CN_LOGIN, repaet: 3 }]
    expect: []
"#;

#[test]
fn ten_mistakes_give_ten_diagnostics() {
    let loaded = load_text(TEN);
    let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "r.yaml:1:5: error: `Login Failures` is no rule id; letters, digits, `-`, `_` and `.`, at most 100",
            "r.yaml:2:1: error: unknown key `serverity`; did you mean `severity`?",
            "r.yaml:3:11: error: `hihg` is no severity; did you mean `high`?",
            "r.yaml:4:10: error: `T1110.1` is no ATT&CK id; for example `T1110.001` or `TA0006`",
            "r.yaml:5:5: error: `audits` is no kind of record; did you mean `audit`?",
            "r.yaml:8:23: error: `count` has to be between 1 and 10000",
            "r.yaml:8:34: error: duration `120` has a number without a unit; write `120s` for seconds; the units are us, ms, s, m, h and d",
            "r.yaml:8:55: error: unknown field `usr.name`; did you mean `user.name`?",
            "r.yaml:9:11: error: duration `5 minutes` has a number without a unit; the units are us, ms, s, m, h and d, largest first: `1h30m`",
            "r.yaml:12:35: error: unknown key `repaet`; did you mean `repeat`?",
        ]
    );
    assert!(loaded.set.is_empty());
    assert_eq!(loaded.left_out.len(), 1);
}

/// A rule's lines behind `id` and `pattern`, and what is said about them.
const RULES: &[(&str, &str)] = &[
    (
        "rollup: { window: { tumbling: 1m }, measures: { n: count } }\ndetect: { threshold: { count: 2, within: 1m } }",
        "r.yaml:3:1: error: `rollup` and `detect` exclude each other; write a second rule",
    ),
    (
        "detect: { threshold: { count: 2, within: 1m }, absence: {} }",
        "r.yaml:3:48: error: `absence` is not supported yet",
    ),
    (
        "detect: { threshold: { count: 2 } }",
        "r.yaml:3:22: error: `threshold` needs `within` or `window`; write `within: 2m`, or `window: { tumbling: 1m }`",
    ),
    (
        "detect: { threshold: { count: 2, within: 1m, window: { tumbling: 1m } } }",
        "r.yaml:3:46: error: `within` and `window` exclude each other",
    ),
    (
        "detect: { threshold: { count: 2, reaches: 3, within: 1m } }",
        "r.yaml:3:34: error: `reaches` does not go with `count`; `count: 5` alone says it; `reaches` belongs to `distinct` and `sum`",
    ),
    (
        "detect: { threshold: { distinct: user.name, within: 1m } }",
        "r.yaml:3:24: error: `distinct` needs `reaches`",
    ),
    (
        "detect: { threshold: { distinct: user.name, count: 2, within: 1m } }",
        "r.yaml:3:24: error: `count`, `distinct` and `sum` exclude each other",
    ),
    (
        "detect: { threshold: { sum: user.name, reaches: 2, within: 1m } }",
        "r.yaml:3:29: error: `sum` needs a number, `user.name` is text",
    ),
    (
        "detect: { threshold: { count: 2, window: { hopping: { size: 1m, every: 2m } } } }",
        "r.yaml:3:72: error: `every` is longer than `size`: events between windows would be lost",
    ),
    (
        "detect: { threshold: { count: 2, window: { hopping: { size: 1d, every: 1s } } } }",
        "r.yaml:3:72: error: every event would be in 86400 windows, at most 1440 are possible; make `every` longer",
    ),
    (
        "detect: { threshold: { count: 2, within: 0s } }",
        "r.yaml:3:42: error: `within` has to be longer than nothing",
    ),
    ("detect: { threshold: { count: 2, within: 401d } }", "r.yaml:3:42: error: `within` is longer than 400d"),
    ("detect: { sequence: { steps: [] } }", "r.yaml:3:11: error: `sequence` is not supported yet"),
    (
        "detect: { thresold: { count: 2 } }",
        "r.yaml:3:11: error: unknown key `thresold`; did you mean `threshold`?",
    ),
    ("detect: {}", "r.yaml:3:9: error: `detect` names no operator; for example `threshold`"),
    ("fold: { echo: 5s }", "r.yaml:3:1: error: `fold` is not supported yet"),
    ("when: { inside: x }", "r.yaml:3:1: error: `when` is not supported yet"),
    ("order: event-time", "r.yaml:3:1: error: `order` is not supported yet"),
    (
        "suppress: 5m",
        "r.yaml:3:1: error: `suppress` on a plain rule needs `group_by`; add for example `group_by: [cluster]`; one firing would hide all other clusters",
    ),
    ("group_by: [actor.name]", "r.yaml:3:12: error: field `actor.name` is not supported yet"),
    (
        "group_by: [$.user.name]",
        "r.yaml:3:12: error: `$.user.name` is a selector, not a field path; write `user.name`; selectors belong into patterns",
    ),
    ("group_by: [hsm, hsm]", "r.yaml:3:17: error: `hsm` stands twice in `group_by`"),
    (
        "group_by: [event.eventName]",
        "r.yaml:3:12: error: audit records have no field `event.eventName`; fields of `event` belong to cloudtrail, metric and certificate records",
    ),
    (
        "on: cloudtrail\ngroup_by: [opcode]",
        "r.yaml:4:12: error: cloudtrail records have no field `opcode`; fields of the record itself are named `event.…`, for example `event.opcode`",
    ),
    ("group_by: [user]", "r.yaml:3:12: error: `user` is an object, not a field; name one of its members"),
    ("title: 2024", "r.yaml:3:8: error: `title` has to be text, not a number; quote it: \"2024\""),
    (
        "references: { a: b }",
        "r.yaml:3:13: error: `references` has to be a list, not a mapping; write it in brackets: […]",
    ),
    (
        "rollup: { window: { tumbling: 1m }, measures: { n: count } }\nsuppress: 5m",
        "r.yaml:4:1: error: `suppress` does not go with `rollup`: a rollup does not alert",
    ),
    ("evidence: 1000", "r.yaml:3:11: error: `evidence` has to be between 0 and 100"),
    (
        "rollup: { window: { sliding: 1m }, measures: { n: count } }",
        "r.yaml:3:21: error: unknown key `sliding`; `window` takes tumbling, hopping or session",
    ),
    (
        "rollup: { window: { tumbling: 1m }, measures: { n: { distinct: a.b } } }",
        "r.yaml:3:64: error: unknown field `a.b`",
    ),
    (
        "rollup: { window: { tumbling: 1m }, measures: {} }",
        "r.yaml:3:47: error: a rollup has 1 to 32 measures",
    ),
];

#[test]
fn every_mistake_of_a_rule_is_named() {
    for (text, message) in RULES {
        let text = format!("id: r\npattern: CN_LOGIN\n{text}\n");
        let said = said(&text);
        assert!(said.contains(&(*message).to_owned()), "{text}\n{said:#?}\nwanted {message}");
        assert!(load_text(&text).set.is_empty(), "{text}");
    }
}

#[test]
fn patterns_have_the_caret_inside() {
    for (text, place) in [
        ("pattern: CN_LOGIN ERR*\n", "r.yaml:2:"),
        ("pattern: '{ $.opcode == \"x\" }'\n", "r.yaml:2:"),
        (
            "pattern: >-\n  { $.opcode = \"CN_LOGIN\"\n  && $.opcodee = 1 }\n",
            "r.yaml:4:6: error: `$.opcodee` is no field of an audit record; did you mean `$.opcode`?",
        ),
        (
            "pattern: '{ $.user.nam = \"a''b\" }'\n",
            "r.yaml:2:13: error: `$.user.nam` is no field of an audit record; did you mean `$.user.name`?",
        ),
        ("pattern: '{ $.actor.name = \"a\" }'\n", "r.yaml:2:13: error: `$.actor.name` is not supported yet"),
        ("pattern: 163\n", "r.yaml:2:10: error: a pattern has to be text, not a number; quote it: \"163\""),
    ] {
        let said = said(&format!("id: r\n{text}"));
        assert!(said.iter().any(|said| said.starts_with(place)), "{text}\n{said:#?}");
    }
    for good in [
        "{ $.anomalies[*] = \"folded\" }",
        "{ $.user NOT EXISTS }",
        "{ $.extra.['Number of Users'] = 3 }",
        "{ $.* = 163 }",
        "{ $.key.handle = 7 && $.response.code >= 1 }",
    ] {
        let text = format!("id: r\npattern: '{}'\n", good.replace('\'', "''"));
        assert_eq!(said(&text), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn conditions_that_never_hold_are_warned_of() {
    let text = "id: r\npattern: '{ $.user.name > 5 || $.response.code IS NULL }'\n";
    assert_eq!(
        said(text),
        [
            "r.yaml:2:13: warning: this never holds: `$.user.name` is text, and only numbers have an order; \
             compare with `=` and a text",
            "r.yaml:2:32: warning: this never holds: the view of an audit record has no null and no truth values; \
             compare with the text or number, or ask for `NOT EXISTS`",
        ]
    );
    assert_eq!(load_text(text).set.len(), 1);
}

#[test]
fn words_and_contradictions_are_warned_of() {
    let text = "id: r\npattern: CN_LOGN -SUCCESS\n---\nid: s\npattern: '{ $.opcode = a && $.opcode = b }'\n";
    let said = said(text);
    let starts = [
        "r.yaml:2:10: warning: no known opcode or user type holds `CN_LOGN`; did you mean `CN_LOGIN`?",
        "r.yaml:5:13: warning: no known opcode is like \"a\"",
        "r.yaml:5:29: warning: pattern: contradicts `$.opcode = \"a\"`; so nothing matches",
        "r.yaml:5:29: warning: no known opcode is like \"b\"",
    ];
    assert_eq!(said.len(), starts.len(), "{said:#?}");
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start), "{said}");
    }
    assert_eq!(load_text(text).set.len(), 2);
}

#[test]
fn limits_of_patterns_are_lifted_by_the_rule() {
    let regexes = "pattern: '%a% %b% %c%'\n";
    assert_eq!(
        said(&format!("id: r\n{regexes}")),
        [
            "r.yaml:2:19: error: pattern: more than 2 regular expressions; join them by `|`, or split the pattern, \
          or lift it for this rule by `pattern_limits: { regexes: … }`, at most 32"
        ]
    );
    for (lifted, is_taken) in [
        ("pattern_limits: { regexes: 3 }\n", true),
        ("pattern_limits: { regexes: 32, characters: 16384, nesting: 128, regex_size: 4000 }\n", true),
        ("pattern_limits: { characters: 3000 }\n", false),
        ("pattern_limits: { regexes: 3, characters: 10 }\n", false),
    ] {
        let loaded = load_text(&format!("id: r\n{regexes}{lifted}"));
        assert_eq!(loaded.set.len() == 1, is_taken, "{lifted}: {:?}", loaded.diagnostics);
        assert_eq!(loaded.is_clean(), is_taken, "{lifted}");
    }
    let long = format!("id: r\npattern: '\"{}\"'\n", "a".repeat(1100));
    assert!(
        said(&long)[0].contains("more than 1024 characters; split the pattern, or lift it"),
        "{:?}",
        said(&long)
    );
    assert_eq!(load_text(&format!("{long}pattern_limits: {{ characters: 1102 }}\n")).set.len(), 1);
    let wildcards = "id: r\non: metric\npattern: '{ $.a[*].b[*] = 1 }'\n";
    assert_eq!(load_text(wildcards).set.len(), 0);
    let lifted =
        format!("{wildcards}pattern_limits: {{ wildcards_per_selector: 2, wildcard_selectors: 4 }}\n");
    assert_eq!(load_text(&lifted).set.len(), 1);
}

#[test]
fn limits_of_patterns_end_somewhere() {
    for (setting, words) in [
        ("{ regexes: 33 }", "`regexes` has to be between 1 and 32"),
        ("{ characters: 16385 }", "`characters` has to be between 1 and 16384"),
        ("{ wildcard_selectors: 0 }", "`wildcard_selectors` has to be between 1 and 32"),
        ("{ wildcards_per_selector: 5 }", "`wildcards_per_selector` has to be between 1 and 4"),
        ("{ nesting: 129 }", "`nesting` has to be between 1 and 128"),
        ("{ regex_size: 99999999999999999999 }", "`regex_size` has to be between 1 and 4000"),
        ("{ regexs: 3 }", "unknown key `regexs`; did you mean `regexes`?"),
        ("lifted", "`pattern_limits` has to be a mapping, not text"),
        ("{ regexes: many }", "`regexes` has to be a whole number, not text"),
    ] {
        let text = format!("id: r\npattern: CN_LOGIN\npattern_limits: {setting}\n");
        let said = said(&text);
        assert!(said.iter().any(|said| said.contains(words)), "{setting}: {said:?}");
        assert_eq!(load_text(&text).set.len(), 0, "{setting}");
    }
}

#[test]
fn warnings_beyond_the_limit_are_no_mistake() {
    let warned = |count: usize| {
        let rule = |n: usize| format!("id: r{n}\npattern: CN_LOGN\n");
        (0..count).map(rule).collect::<Vec<_>>().join("---\n")
    };
    let loaded = load_text(&warned(202));
    assert_eq!((loaded.set.len(), loaded.diagnostics.len(), loaded.is_clean()), (202, 201, true));
    let last = loaded.diagnostics.last().expect("a last one").to_string();
    assert!(last.contains("warning: 2 more warnings in this file are not shown"), "{last}");
    let last = load_text(&warned(201)).diagnostics.last().expect("a last one").to_string();
    assert!(last.contains("warning: 1 more warning in this file is not shown"), "{last}");

    // An error behind all those warnings is shown, in place of one of them.
    let loaded = load_text(&format!("{}---\nid: bad\npattern: a*\n", warned(202)));
    assert!(!loaded.is_clean());
    let errors = loaded.diagnostics.iter().filter(|said| said.rule.as_deref() == Some("bad")).count();
    assert_eq!((errors, loaded.diagnostics.len()), (1, 201));
}

#[test]
fn missing_parts() {
    assert_eq!(
        said("title: x\n"),
        [
            "r.yaml:1:1: error: the rule has no `id`; add `id: …`",
            "r.yaml:1:1: error: the rule has no `pattern`; add `pattern: …`; the empty pattern '' matches every record",
        ]
    );
    assert_eq!(said("- a\n"), ["r.yaml:1:1: error: a rule has to be a mapping, not a list"]);
    assert_eq!(said(""), Vec::<String>::new());
    assert_eq!(said("# nothing\n---\n"), Vec::<String>::new());
}

#[test]
fn sigma_rules_are_refused_with_one_diagnostic() {
    let loaded = load_text(
        "title: x\nid: 5f1d\nlogsource: { product: aws }\ndetection: { a: b, condition: a }\nlevel: high\n",
    );
    let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["r.yaml:3:1: error: Sigma rules are not supported yet"]);
    assert_eq!(loaded.left_out[0].id.as_deref(), Some("5f1d"));
}

#[test]
fn a_bad_rule_stops_no_other() {
    let loaded = load_text(
        "id: a\npattern: x\n---\nid: b\npattern: [\n---\nid: c\npattern: x\nfoo: 1\n---\nid: d\npattern: x\n",
    );
    let ids: Vec<&str> = loaded.set.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["a", "d"]);
    let lost: Vec<Option<&str>> = loaded.left_out.iter().map(|lost| lost.id.as_deref()).collect();
    assert_eq!(lost, [Some("b"), Some("c")]);
    assert_eq!(loaded.diagnostics.last().and_then(|said| said.rule.as_deref()), Some("c"));
    assert!(!loaded.is_clean());
}

#[test]
fn duplicates_name_both_places() {
    let file = |name, bytes| RuleFile { name, bytes };
    let loaded = load(
        [
            file("a.yaml", &b"id: x\npattern: CN_LOGIN\n"[..]),
            file("b.yaml", b"# b\nid: x\npattern: CN_LOGOUT\n"),
        ],
        &Limits::default(),
    );
    assert_eq!(
        loaded.diagnostics[0].to_string(),
        "b.yaml:2:5: error: another rule has the id `x` (a.yaml:1:5: defined here first)"
    );
    assert_eq!(loaded.set.len(), 1);
    assert_eq!(loaded.set.find("x").map(|(_, rule)| &*rule.file), Some("a.yaml"));

    // The first one has a mistake: the second runs, and is still worth a word.
    let loaded = load(
        [
            file("a.yaml", &b"id: x\npattern: CN_LOGIN\nfoo: 1\n"[..]),
            file("b.yaml", b"id: x\npattern: CN_LOGOUT\n"),
        ],
        &Limits::default(),
    );
    assert_eq!(
        loaded.diagnostics.iter().map(|said| said.level).collect::<Vec<_>>(),
        [Level::Error, Level::Warning]
    );
    assert_eq!(loaded.set.find("x").map(|(_, rule)| &*rule.file), Some("b.yaml"));
}

#[test]
fn files_that_are_no_text() {
    let load_bytes = |bytes: &[u8]| load([RuleFile { name: "r.yaml", bytes }], &Limits::default());
    assert_eq!(
        load_bytes(b"id: x\n# \xff\n").diagnostics[0].to_string(),
        "r.yaml:2:3: error: the file is not UTF-8"
    );
    assert_eq!(
        load_bytes(b"id: x\npattern: a\x1b[31m\n").diagnostics[0].to_string(),
        "r.yaml:2:11: error: character U+001B is not allowed in YAML"
    );
    assert_eq!(load_bytes(b"\xef\xbb\xbfid: x\npattern: y\n").set.len(), 1);
    let limits = Limits { file_bytes_max: 10, ..Limits::default() };
    let loaded = load([RuleFile { name: "r.yaml", bytes: b"id: abc\npattern: y\n" }], &limits);
    assert_eq!(
        loaded.diagnostics[0].to_string(),
        "r.yaml:1:1: error: the file is larger than 10 bytes; split it into several files"
    );
    assert_eq!(loaded.left_out[0].id.as_deref(), Some("abc"));
}

#[test]
fn many_mistakes_are_counted_not_kept() {
    let mut text = String::from("id: r\npattern: x\n");
    for number in 0..150 {
        text.push_str(&format!("k{number}: 1\n"));
    }
    let limits = Limits { diagnostics_max: 10, ..Limits::default() };
    let loaded = load([RuleFile { name: "r.yaml", bytes: text.as_bytes() }], &limits);
    assert_eq!(loaded.diagnostics.len(), 11);
    assert_eq!(loaded.diagnostics[10].message, "140 more mistakes in this file are not shown");
}

#[test]
fn rendering_shows_line_and_caret_and_escapes() {
    let loaded = load_text("id: r\npattern: x\ntitel: \"\u{202e}\"\n");
    assert_eq!(
        render_all(&loaded.diagnostics, false),
        "error: unknown key `titel`\n  --> r.yaml:3:1\n   |\n 3 | titel: \"\\u{202e}\"\n   | ^^^^^ did you mean `title`?\n"
    );
    let coloured = render_all(&loaded.diagnostics, true);
    assert!(coloured.starts_with("\u{1b}[1;31merror"), "{coloured:?}");
    assert!(coloured.contains("\\u{202e}"));
}

#[test]
fn tests_of_rules_are_checked() {
    for (text, message) in [
        (
            "records: [{ at: 5 }]\n    expect: []",
            "r.yaml:6:21: error: duration `5` has a number without a unit; write `5s` for seconds; the units are us, ms, s, m, h and d",
        ),
        (
            "records: [{ response: nonsense }]\n    expect: []",
            "r.yaml:6:27: error: `nonsense` is no known response; write a code, or all of it: `163:HSM Error: RET_USER_LOGIN_FAILURE`",
        ),
        (
            "records: [\"no record\"]\n    expect: []",
            "r.yaml:6:15: error: the text is no audit record: not_a_record; at byte 0 of the text",
        ),
        (
            "records: [{ user: bob }]\n    expect: [{ at: 2 }]",
            "r.yaml:7:20: error: `at` names a record, and the test has 1; a time is written with a unit: `90s`",
        ),
        (
            "records: [{ user: bob }]\n    expect: [{ group: { hms: a } }]",
            "r.yaml:7:25: error: `hms` is not in the rule's group; did you mean `hsm`?",
        ),
        (
            "records: [{ user: bob }]\n    expect: [{ group: { hsm: 7 } }]",
            "r.yaml:7:30: error: `hsm` is text in the record view; quote the value",
        ),
        (
            "records: [{ user: bob }]\n    rollups: []",
            "r.yaml:7:5: error: `rollups` does not go with this rule; this rule gives alerts: write `expect`",
        ),
        (
            "records: [{ user: bob }]",
            "r.yaml:5:5: error: a test needs `expect`; `[]` says that nothing comes",
        ),
        (
            "records: [{ cloudtrail: {} }]\n    expect: []",
            "r.yaml:6:17: error: the rule looks at audit records; see the rule's `on`",
        ),
        (
            "records: [{ user: a, repeat: 10000 }, { user: b, repeat: 1 }]\n    expect: []",
            "r.yaml:6:43: error: a test has at most 10000 records and 4194304 bytes",
        ),
    ] {
        let text = format!("id: r\npattern: x\ngroup_by: [hsm]\ntests:\n  - name: t\n    {text}\n");
        let said = said(&text);
        assert_eq!(said, [message], "{text}");
    }
}
