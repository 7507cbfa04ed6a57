//! The vectors, through the binary and through the library: every record format to its JSON view, every worked rule
//! case to the alerts and rows that it owes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::{Order, Settings, Shared};
use hsmstream_frame::{Format, Framer};
use hsmstream_json::{Node, NodeKind, Tape};
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder};
use hsmstream_record::{Limits, Origin};
use hsmstream_rules::{RuleFile, RuleSet, load};
use hsmstream_tests::command::{Folder, run};
use hsmstream_tests::oracle::Times;
use hsmstream_tests::reference::{engine, facts, naive};
use hsmstream_window::Span;
use serde_json::Value;

/// Vectors that `records.jsonl` holds; fewer would be a file read badly.
const VECTORS: usize = 269;
/// Worked cases under `rules/`.
const CASES: usize = 10;
/// Reasons of the transport: the offset of these rejects is not part of the contract.
const TRANSPORT: [&str; 8] = [
    "unknown_format",
    "wrong_format",
    "broken_json",
    "broken_base64",
    "broken_gzip",
    "nested_too_deep",
    "inflated_too_large",
    "too_many_events",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// JSON as canonical text: members sorted, numbers as printed (a large integer must not be rounded).
fn canonical(text: &[u8]) -> String {
    let mut tape = Tape::new();
    let root = tape.parse(text, 64).unwrap_or_else(|error| panic!("{error}: {}", text.escape_ascii()));
    show(root)
}

fn show(node: Node<'_, '_>) -> String {
    let quoted = |text: hsmstream_json::Text<'_>| {
        let bytes = text.to_cow().into_owned();
        Value::String(String::from_utf8(bytes).expect("views are UTF-8")).to_string()
    };
    match node.kind() {
        NodeKind::Object => {
            let members: BTreeMap<_, _> =
                node.members().map(|(key, value)| (quoted(key), show(value))).collect();
            let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", members.join(","))
        }
        NodeKind::Array => format!("[{}]", node.elements().map(show).collect::<Vec<_>>().join(",")),
        NodeKind::String => quoted(node.text().expect("a string")),
        _ => String::from_utf8_lossy(node.raw()).into_owned(),
    }
}

/// What a message became.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    records: Vec<String>,
    /// Reason and offset, the offset of transport reasons as 0.
    rejects: Vec<(String, u64)>,
}

impl Outcome {
    fn reject(&mut self, reason: &str, offset: u64) {
        let offset = if TRANSPORT.contains(&reason) { 0 } else { offset };
        self.rejects.push((reason.to_owned(), offset));
    }
}

struct Vector {
    id: String,
    format: String,
    origin: BTreeMap<String, String>,
    input: Vec<u8>,
    expect: Outcome,
    control: u64,
    empty: u64,
}

fn vectors() -> Vec<Vector> {
    let text =
        std::fs::read_to_string(folder("records.jsonl")).expect("the vectors are part of the repository");
    let vectors: Vec<_> = text.lines().map(vector).collect();
    assert_eq!(vectors.len(), VECTORS);
    vectors
}

fn vector(line: &str) -> Vector {
    let json: Value = serde_json::from_str(line).expect("a vector is JSON");
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    let mut expect = Outcome::default();
    let mut tape = Tape::new();
    let root = tape.parse(line.as_bytes(), 64).expect("a vector is JSON");
    let expected = root.get(b"expect").expect("a complete vector");
    if let Some(records) = expected.get(b"records") {
        expect.records = records.elements().map(show).collect();
    }
    for reject in json["expect"]["rejects"].as_array().into_iter().flatten() {
        expect.reject(reject["reason"].as_str().expect("a reason"), reject["offset"].as_u64().unwrap_or(0));
    }
    let origin = json["origin"].as_object().into_iter().flatten();
    Vector {
        id: text("id"),
        format: text("format"),
        origin: origin
            .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
            .collect(),
        input: STANDARD.decode(text("input_b64")).expect("base64"),
        expect,
        control: json["expect"]["control"].as_u64().unwrap_or(0),
        empty: json["expect"]["empty"].as_u64().unwrap_or(0),
    }
}

/// Fails with all that differ, each with its id.
fn all_equal(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_record_vector_in_process() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let format: Format = vector.format.parse().expect("a format");
        let part = |name: &str| vector.origin.get(name).map(String::as_bytes);
        let fixed = Origin {
            account: part("account"),
            cluster: part("cluster"),
            hsm: part("hsm"),
            ..Origin::default()
        };
        let mut outcome = Outcome::default();
        let mut framer = Framer::new(format, Limits::default());
        let counts = framer.records(&vector.input, &fixed, &mut |item| match item {
            Ok(record) => {
                let mut view = Vec::new();
                record.write_view(&mut view);
                outcome.records.push(canonical(&view));
            }
            Err(reject) => outcome.reject(reject.reason.as_str(), u64::from(reject.offset)),
        });
        if outcome != vector.expect || (counts.control, counts.empty) != (vector.control, vector.empty) {
            wrong.push(format!("{}: {outcome:#?} {counts:?}, expected {:#?}", vector.id, vector.expect));
        }
    }
    all_equal(&wrong);
}

#[test]
fn every_record_vector_through_the_binary() {
    let home = Folder::new();
    let mut wrong = Vec::new();
    for vector in vectors() {
        let mut arguments = vec!["parse", "-", "--rejects", "--format", &vector.format];
        let flags: Vec<_> = vector.origin.iter().map(|(name, value)| format!("--{name}={value}")).collect();
        arguments.extend(flags.iter().map(String::as_str));
        let said = run(home.path(), &arguments, &vector.input).expect(0);
        assert_eq!(said.err(), "", "{} is parsed without complaints", vector.id);
        let mut outcome = Outcome::default();
        for (line, json) in said.stdout.split(|byte| *byte == b'\n').zip(said.json_lines()) {
            if json["kind"] == "reject" {
                outcome.reject(
                    json["reason"].as_str().expect("a reason"),
                    json["offset"].as_u64().expect("a number"),
                );
            } else {
                outcome.records.push(canonical(line));
            }
        }
        if outcome != vector.expect {
            wrong.push(format!("{}: {outcome:#?}, expected {:#?}", vector.id, vector.expect));
        }
    }
    all_equal(&wrong);
}

/// One worked case of `vectors/rules`.
struct Case {
    name: String,
    folder: PathBuf,
    rules: String,
    settings: Value,
    expect: Vec<String>,
}

fn cases() -> Vec<Case> {
    let entries = std::fs::read_dir(folder("rules")).expect("the cases are part of the repository");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert_eq!(folders.len(), CASES);
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("a file of a case");
    let case = |folder: PathBuf| Case {
        name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
        rules: read(folder.join("rules.yaml")),
        settings: serde_json::from_str(&read(folder.join("settings.json"))).expect("settings are JSON"),
        expect: sorted(read(folder.join("expect.jsonl")).lines().map(|line| canonical(line.as_bytes()))),
        folder,
    };
    folders.into_iter().map(case).collect()
}

fn sorted(facts: impl Iterator<Item = String>) -> Vec<String> {
    let mut facts: Vec<_> = facts.collect();
    facts.sort();
    facts
}

impl Case {
    fn time(&self, name: &str) -> Option<&str> {
        self.settings[name].as_str()
    }

    /// µs of a setting that is written as whole seconds or minutes.
    fn micros(&self, name: &str, default: u64) -> u64 {
        let Some(text) = self.time(name) else { return default };
        let number: u64 = text[..text.len() - 1].parse().expect("a whole number");
        match text.as_bytes().last() {
            Some(b's') => number * 1_000_000,
            Some(b'm') => number * 60_000_000,
            _ => panic!("{}: {text} is in an unexpected unit", self.name),
        }
    }

    /// Comparable facts: closing updates only where the case lists them.
    fn facts(&self, facts: &BTreeMap<String, usize>) -> Vec<String> {
        let closings = self.settings["closings"] == true;
        let repeated = facts.iter().flat_map(|(fact, count)| std::iter::repeat_n(fact, *count));
        let canonical = repeated.map(|fact| canonical(fact.as_bytes()));
        sorted(canonical.filter(|fact| closings || !fact.contains(r#""type":"closing""#)))
    }

    fn rules(&self) -> Arc<RuleSet> {
        let file = RuleFile { name: "rules.yaml", bytes: self.rules.as_bytes() };
        let loaded = load([file], &hsmstream_rules::Limits::default());
        assert!(loaded.is_clean(), "{}: {:?}", self.name, loaded.diagnostics);
        Arc::new(loaded.set)
    }

    fn messages(&self) -> Vec<Vec<u8>> {
        let text = std::fs::read_to_string(self.folder.join("input.jsonl")).expect("an input");
        text.lines().map(|line| line.as_bytes().to_vec()).collect()
    }

    fn differs(&self, found: &[String]) -> Option<String> {
        (found != self.expect).then(|| {
            let lacks: Vec<_> = self.expect.iter().filter(|fact| !found.contains(fact)).collect();
            let extra: Vec<_> = found.iter().filter(|fact| !self.expect.contains(fact)).collect();
            format!("{}: lacks {lacks:#?}, has besides {extra:#?}", self.name)
        })
    }

    fn shared(&self) -> Arc<Shared> {
        let defaults = hsmstream_window::Settings::default();
        let time = hsmstream_window::Settings {
            out_of_orderness: Span(self.micros("out_of_orderness", defaults.out_of_orderness.0)),
            allowed_lateness: Span(self.micros("allowed_lateness", defaults.allowed_lateness.0)),
            ..defaults
        };
        let settings = Settings {
            topics: vec!["files".to_owned()],
            format: Format::Auto,
            limits: Limits::default(),
            origin: OriginTemplates::default(),
            time,
            state_bytes_max: 512 << 20,
            evidence_bytes_max: 64 << 20,
            order: Order::Arrival,
            order_bytes_max: 64 << 20,
            evidence_max: 10,
            encoder: Encoder::new(AlertFormat::Flat),
            source: EventSource::new("test"),
            commit_interval: Duration::from_millis(100),
            exactly_once: true,
            transaction_timeout: Duration::from_secs(15),
            shutdown_deadline: Duration::from_secs(1),
        };
        Shared::new(settings, Metrics::new())
    }
}

#[test]
fn every_rule_case_through_the_binary() {
    let home = Folder::new();
    let mut wrong = Vec::new();
    for case in cases() {
        let path = |name: &str| case.folder.join(name).display().to_string();
        let (input, rules) = (path("input.jsonl"), path("rules.yaml"));
        let mut arguments = vec!["run", "--input", &input, "--rules", &rules, "--format", "flat"];
        let names = ["out_of_orderness", "allowed_lateness"];
        let settings: Vec<_> =
            names.iter().filter_map(|name| Some(format!("--set=time.{name}={}", case.time(name)?))).collect();
        arguments.extend(settings.iter().map(String::as_str));
        let said = run(home.path(), &arguments, b"").expect(0);
        let documents = said.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        wrong.extend(case.differs(&case.facts(&facts(documents))));
    }
    all_equal(&wrong);
}

#[test]
fn every_rule_case_in_process() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (rules, messages) = (case.rules(), case.messages());
        let numbered: Vec<_> = (0..).zip(messages.iter().cloned()).collect();
        let task = TaskId { topic: 0, partition: 0 };
        let documents = engine(&case.shared(), &rules, task, &numbered, true);
        wrong.extend(case.differs(&case.facts(&facts(documents.iter().map(Vec::as_slice)))));
        let times = Times {
            out_of_orderness: case.micros("out_of_orderness", 30_000_000),
            allowed_lateness: case.micros("allowed_lateness", 600_000_000),
        };
        let owed = naive(&rules, times, &messages, true);
        wrong.extend(case.differs(&case.facts(&owed)).map(|what| format!("the oracle: {what}")));
    }
    all_equal(&wrong);
}
