//! The service on Apache Kafka, as an operator meets it: admin server, reload, drain, missing topics and brokers,
//! refused rules, rejects, `tail`, and that every message it publishes is what its schema and headers say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_rules::{RuleFile, RuleSet, load};
use hsmstream_tests::broker::{Cluster, Isolation, Message, Outgoing};
use hsmstream_tests::command::{Folder, Said, run};
use hsmstream_tests::instance::{self, Instance};
use hsmstream_tests::oracle::Times;
use hsmstream_tests::reference::{facts, naive};
use hsmstream_tests::traffic::{Sent, T0, Traffic};
use hsmstream_tests::wait;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(120);

/// A deployment: its configuration and rules in a folder, its topics on the shared broker.
struct Deployment<'k> {
    kafka: &'k Cluster,
    folder: Folder,
    name: String,
    partitions: u32,
    sent: BTreeMap<i32, Vec<Vec<u8>>>,
}

impl<'k> Deployment<'k> {
    fn new(kafka: &'k Cluster, name: &str, partitions: u32, rules: &str) -> Self {
        let folder = Folder::new();
        folder.write("rules/rules.yaml", rules);
        let topics: String = ["alerts", "staging", "rollups", "rejects"]
            .map(|what| format!("{what} = \"{name}-{what}\"\n"))
            .concat();
        let config = format!(
            "application = \"{name}\"\n[input]\ntopics = [\"{name}-in\"]\n[rules]\npaths = [\"{}\"]\nwatch = false\n\
             [time]\nidle_timeout = \"1h\"\n[delivery]\ncommit_interval = \"20ms\"\ntransaction_timeout = \"2s\"\n\
             [output]\nformat = \"flat\"\n{topics}[kafka]\nbrokers = [\"{}\"]\npartitions = 2\n\
             session_timeout = \"3s\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
            folder.path().join("rules").display(),
            kafka.bootstrap(),
        );
        folder.write("hsmstream.toml", config);
        Self { kafka, folder, name: name.to_owned(), partitions, sent: BTreeMap::new() }
    }

    /// The same with its input topic.
    fn with_input(kafka: &'k Cluster, name: &str, partitions: u32, rules: &str) -> Self {
        kafka.create_topic(&format!("{name}-in"), partitions as i32);
        Self::new(kafka, name, partitions, rules)
    }

    fn topic(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    fn rules(&self, text: &str) {
        self.folder.write("rules/rules.yaml", text);
    }

    fn start(&self, arguments: &[&str]) -> Instance {
        Instance::start_with(&self.folder.path().join("hsmstream.toml"), "a", arguments)
    }

    /// Runs another command with this deployment's configuration.
    fn run(&self, arguments: &[&str]) -> Said {
        run(self.folder.path(), &[arguments, &["--config", "hsmstream.toml"]].concat(), b"")
    }

    fn send(&mut self, messages: &[Sent]) {
        let outgoing: Vec<Outgoing<'_>> = messages.iter().map(Sent::outgoing).collect();
        self.kafka.produce_all(&self.topic("in"), &outgoing);
        for sent in messages {
            self.sent.entry(sent.partition).or_default().push(sent.value.clone());
        }
    }

    fn committed(&self) -> BTreeMap<i32, i64> {
        let committed = self.kafka.committed(&self.name, &self.topic("in"));
        committed.into_iter().map(|(partition, offset)| (partition, offset.unwrap_or(0))).collect()
    }

    fn committed_total(&self) -> i64 {
        self.committed().values().sum()
    }

    /// Waits until everything sent is committed.
    fn wait_committed(&self, instance: &Instance) {
        let total: i64 = self.sent.values().map(|messages| messages.len() as i64).sum();
        let done = wait::within(LIMIT, || (self.committed_total() == total).then_some(()));
        assert!(done.is_some(), "{} of {total} are committed:\n{}", self.committed_total(), instance.log());
    }

    fn read(&self, what: &str) -> Vec<Message> {
        self.kafka.read_committed_all(&self.topic(what))
    }

    fn documents(&self, what: &str) -> Vec<Value> {
        let parse = |message: &Message| serde_json::from_str(&message.text()).expect("outputs are JSON");
        self.read(what).iter().map(parse).collect()
    }

    /// The `rule` of each alert, sorted.
    fn alerts(&self) -> Vec<String> {
        let rule = |alert: &Value| alert["rule"].as_str().expect("a rule").to_owned();
        let mut rules: Vec<String> =
            self.documents("alerts").iter().filter(|it| it["type"] == "alert").map(rule).collect();
        rules.sort();
        rules
    }

    fn traffic(&self, seed: u64) -> Traffic {
        Traffic::new(seed, 8, self.partitions)
    }
}

/// A failed login as a message of partition 0, `seconds` after T0.
fn failure(sequence: u64, seconds: u64) -> Sent {
    login(sequence, seconds, "163:HSM Error: RET_USER_LOGIN_FAILURE", "bob")
}

fn login(sequence: u64, seconds: u64, response: &str, user: &str) -> Sent {
    let usecs = T0 + seconds * 1_000_000;
    let text = format!(
        "Time: 03/02/26 10:00:00.000000, usecs:{usecs}\nSequence No : {sequence:#x}\nReboot counter : 0x1\n\
         Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0x2014005\n\
         Response : {response}\nLog type : MGMT_USER_DETAILS_LOG (2)\nUser Name : {user}\n\
         User Type : CN_CRYPTO_USER (1)\n"
    );
    let value = json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/cloudhsm/cluster-0",
        "logStream": "hsm-0", "subscriptionFilters": ["to-kafka"],
        "logEvents": [{"id": format!("{sequence:056}"), "timestamp": usecs / 1000, "message": text}],
    });
    Sent { partition: 0, hsm: "hsm-0".to_owned(), value: value.to_string().into_bytes() }
}

fn message(value: &[u8]) -> Sent {
    Sent { partition: 0, hsm: "hsm-0".to_owned(), value: value.to_vec() }
}

/// A record beyond `limits.frame`.
fn oversized() -> Vec<u8> {
    let head = b"Time: 03/02/26 10:00:00.000000, usecs:1772445600000000\nSequence No : 0x0\nOpcode : CN_LOGIN (0xd)\n";
    [head.as_slice(), &b"User Name : ".repeat(8_000), b"\n"].concat()
}

/// A record a day ahead of the timestamp of its log event.
fn from_the_future() -> Sent {
    let mut sent = failure(8_000_000, 86_400);
    let mut json: Value = serde_json::from_slice(&sent.value).expect("an envelope");
    json["logEvents"][0]["timestamp"] = (T0 / 1000).into();
    sent.value = json.to_string().into_bytes();
    sent
}

/// A scrape: the sum of each sample's values over its labels.
fn scrape(address: &str) -> BTreeMap<String, f64> {
    let (status, text) = Instance::get(address, "/metrics").expect("the admin server answers");
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "OpenMetrics ends with EOF");
    let mut sums = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a sample");
        let name = name.split('{').next().expect("a name");
        *sums.entry(name.to_owned()).or_insert(0.0) += value.parse::<f64>().expect("a number");
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        sums.entry(line.split(' ').next().expect("a name").to_owned()).or_insert(0.0);
    }
    sums
}

fn wait_metric(address: &str, name: &str, value: f64) {
    wait::until(name, || (scrape(address).get(name) == Some(&value)).then_some(()));
}

const MIXED: &str = r#"
id: guess
pattern: Opcode CN_LOGIN Response RET_USER_LOGIN_FAILURE
suppress: 15m
detect: { threshold: { count: 5, within: 2m, group_by: [cluster, hsm, connection] } }
---
id: deletions
pattern: '{ $.opcode = "CN_TOMBSTONE_OBJECT" && $.outcome = "success" }'
suppress: 1m
detect: { threshold: { count: 3, window: { session: { gap: 30s } }, group_by: [hsm] } }
---
id: each-officer
pattern: CN_CREATE_CO SUCCESS
severity: high
attack: [T1136]
---
id: on-trial
stage: staging
pattern: CN_CREATE_CO
---
id: per-minute
rollup:
  window: { tumbling: 1m }
  group_by: [cluster, hsm, opcode, outcome, user.name]
  measures: { events: count, users: { distinct: user.name }, handles: { sum: key.handle }, highest: { max: sequence } }
"#;

/// Metrics that are not 0 in the test below.
const COUNTED: &[&str] = &[
    "message_bytes_total",
    "records_total",
    "late_records_total",
    "skewed_records_total",
    "limits_reached_total",
    "control_messages_total",
    "empty_messages_total",
    "rejects_total",
    "matches_total",
    "alerts_total",
    "rollup_rows_total",
    "state_bytes",
    "state_keys",
    "watermark_lag_seconds",
    "commit_duration_seconds_count",
    "rules_loaded",
    "rules_left_out",
];

/// Metrics that are there before they count.
const THERE_ANYWAY: &[&str] = &[
    "suppressed_alerts",
    "matches_without_group",
    "matches_without_value",
    "capped_events",
    "released_late_records",
    "order_waiting_records",
    "state_evicted_keys",
    "state_restored_entries",
    "consumer_lag_messages",
    "aborted_transactions",
    "ownership_losses",
    "rule_reloads",
    "rule_reloads_refused",
];

#[test]
fn the_admin_server_tells_health_readiness_and_metrics() {
    let kafka = Cluster::shared();
    let broken = "---\nid: broken\npattern: '{ $.opcode = '\n";
    let mut trial = Deployment::with_input(&kafka, "admin", 2, &format!("{MIXED}{broken}"));
    let mut traffic = trial.traffic(5);
    let mut messages: Vec<Sent> = (0..1_200).map(|_| traffic.message()).collect();
    messages.push(message(b""));
    messages.push(message(br#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination"}]}"#));
    messages.push(message(&oversized()));
    messages.push(from_the_future());
    trial.send(&messages);
    let mut instance = trial.start(&[]);
    let address = instance.admin();
    assert_eq!(Instance::get(&address, "/healthz"), Some((200, "ok\n".to_owned())));
    let (status, why) = Instance::get(&address, "/readyz").expect("an answer");
    assert_eq!(status, 503, "not ready before the group is joined: {why}");
    assert!(why.contains("0 of 1 workers have joined"), "{why}");
    wait::until("readiness", || (Instance::get(&address, "/readyz")?.0 == 200).then_some(()));
    trial.wait_committed(&instance);
    assert_eq!(Instance::get(&address, "/nothing").map(|(status, _)| status), Some(404));

    let found = wait::until("the figures of all messages", || {
        let found = scrape(&address);
        (found.get("hsmstream_messages_total") == Some(&(messages.len() as f64))).then_some(found)
    });
    for name in COUNTED {
        let name = format!("hsmstream_{name}");
        assert!(found.get(&name).is_some_and(|value| *value > 0.0), "{name} is {:?}", found.get(&name));
    }
    for name in THERE_ANYWAY {
        assert!(found.contains_key(&format!("hsmstream_{name}")), "{name} is there before it counts");
    }
    let loaded = ["hsmstream_rules_loaded", "hsmstream_rules_left_out"].map(|name| found[name]);
    assert_eq!(loaded, [5.0, 1.0]);
    let published = trial.alerts().len() + trial.documents("staging").len();
    assert_eq!(found["hsmstream_alerts_total"], published as f64, "alerts are counted once each");
    assert_eq!(found["hsmstream_rejects_total"], trial.read("rejects").len() as f64);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());

    // After a restart the state comes from the changelog, and that shows.
    let instance = trial.start(&[]);
    let restored = wait::until("the restore", || {
        let address = instance.admin();
        (Instance::get(&address, "/readyz")?.0 == 200).then(|| scrape(&address))
    });
    assert!(restored["hsmstream_state_restored_entries_total"] > 0.0);
}

const RELOAD: &str = "id: three\npattern: RET_USER_LOGIN_FAILURE\ndetect: { threshold: { count: 3, within: 10m, group_by: [hsm] } }\n---\n";
const OLD: &str = "id: old\npattern: RET_USER_LOGIN_FAILURE\n";
const NEW: &str = "id: new\npattern: RET_USER_LOGIN_FAILURE\n";

#[test]
fn a_reload_takes_effect_keeps_state_and_refuses_an_invalid_set() {
    let kafka = Cluster::shared();
    let mut trial = Deployment::with_input(&kafka, "reload", 1, &format!("{RELOAD}{OLD}"));
    let mut instance = trial.start(&[]);
    let address = instance.admin();
    trial.send(&[failure(0, 0), failure(1, 1)]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts(), ["old", "old"]);

    trial.rules(&format!("{RELOAD}{NEW}"));
    instance.signal("HUP");
    wait_metric(&address, "hsmstream_rule_reloads_total", 1.0);
    trial.send(&[failure(2, 2)]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts(), ["new", "old", "old", "three"], "{}", instance.log());
    let three =
        trial.documents("alerts").into_iter().find(|alert| alert["rule"] == "three").expect("an alert");
    assert_eq!(three["count"], 3, "what was counted before the reload counts");

    trial.rules(&format!("{RELOAD}{NEW}---\nid: broken\npattern: '{{ $.opcode = '\n"));
    instance.signal("HUP");
    wait_metric(&address, "hsmstream_rule_reloads_refused_total", 1.0);
    let log = instance.log();
    assert!(log.contains("rules not reloaded; the old ones run on"), "{log}");
    assert!(log.contains("rules.yaml:9:"), "the place of the mistake is in the log: {log}");
    trial.send(&[failure(3, 3)]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts(), ["new", "new", "old", "old", "three"]);
    assert_eq!(scrape(&address)["hsmstream_rules_loaded"], 2.0);
    assert_eq!(scrape(&address)["hsmstream_rule_reloads_total"], 1.0);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

#[test]
fn a_changed_rule_file_is_noticed() {
    let kafka = Cluster::shared();
    let mut trial = Deployment::with_input(&kafka, "watch", 1, OLD);
    let mut instance = trial.start(&["--set=rules.watch=true"]);
    let address = instance.admin();
    wait::until("readiness", || (Instance::get(&address, "/readyz")?.0 == 200).then_some(()));
    trial.rules(NEW);
    wait_metric(&address, "hsmstream_rule_reloads_total", 1.0);
    trial.send(&[failure(0, 0)]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts(), ["new"]);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

/// A broker that hangs acknowledges no commit. The process leaves all the same; nothing of it is visible.
#[test]
fn sigterm_ends_within_the_deadline_although_the_broker_hangs() {
    // Not the shared cluster: its broker stops answering.
    let kafka = Cluster::start(1);
    let mut trial = Deployment::with_input(&kafka, "hang", 1, "id: each\npattern: CN_LOGIN\n");
    let messages: Vec<Sent> = (0..50).map(|sequence| failure(sequence, sequence)).collect();
    trial.send(&messages);
    let settings = [
        "delivery.commit_interval=30s",
        "delivery.transaction_timeout=35s",
        "delivery.shutdown_deadline=2s",
        "kafka.session_timeout=45s",
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let mut instance = trial.start(&arguments);
    wait_metric(&instance.admin(), "hsmstream_messages_total", 50.0);
    kafka.pause(0);
    let left = instance.drain();
    kafka.resume(0);
    assert_eq!(left, Some(3), "{}", instance.log());
    assert!(instance.log().contains("not drained within delivery.shutdown_deadline"), "{}", instance.log());
    assert_eq!(trial.committed_total(), 0);
    assert_eq!(trial.alerts().len(), 0);
}

#[test]
fn sigterm_commits_what_is_processed() {
    let kafka = Cluster::shared();
    let rules = "id: each\npattern: CN_LOGIN\n";
    let mut trial = Deployment::with_input(&kafka, "drain", 2, rules);
    let mut traffic = trial.traffic(3);
    let messages: Vec<Sent> = (0..6_000).map(|_| traffic.message()).collect();
    trial.send(&messages);
    let mut instance = trial.start(&[]);
    wait::until("the first commit", || (trial.committed_total() > 0).then_some(()));
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());

    // Every output of what is committed is visible, nothing else was published, no transaction is left open.
    let committed = trial.committed();
    for what in ["alerts", "rejects"] {
        let topic = trial.topic(what);
        let ends = [Isolation::ReadCommitted, Isolation::ReadUncommitted].map(|it| kafka.ends(&topic, it));
        assert_eq!(ends[0], ends[1], "{what} has no open transaction");
    }
    let until: Vec<&Vec<u8>> = trial
        .sent
        .iter()
        .flat_map(|(partition, messages)| messages.iter().take(committed[partition] as usize))
        .collect();
    let logins: usize =
        until.iter().map(|value| String::from_utf8_lossy(value).matches("CN_LOGIN (").count()).sum();
    assert_eq!(trial.alerts().len(), logins);
    let all = kafka.read_all(&trial.topic("alerts"), Isolation::ReadUncommitted);
    assert_eq!(all.len(), logins, "a drain aborts nothing");

    let mut instance = trial.start(&[]);
    trial.wait_committed(&instance);
    let logins: usize =
        messages.iter().map(|sent| String::from_utf8_lossy(&sent.value).matches("CN_LOGIN (").count()).sum();
    assert_eq!(trial.alerts().len(), logins);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

#[test]
fn missing_topics_are_named_with_what_to_do() {
    let kafka = Cluster::shared();
    let trial = Deployment::new(&kafka, "missing", 1, OLD);
    let err = trial.run(&["run"]).expect(3).err();
    assert!(err.contains("the input topic \"missing-in\" does not exist"), "{err}");
    assert!(err.contains("create it, or correct input.topics"), "{err}");
    kafka.create_topic("missing-in", 3);
    let err = trial.run(&["run"]).expect(3).err();
    for what in ["alerts", "staging", "rollups", "rejects"] {
        assert!(err.contains(&format!("the output topic \"missing-{what}\" does not exist")), "{err}");
    }
    assert!(err.contains("the changelog topic \"missing-changelog-missing-in\" does not exist"), "{err}");
    assert!(err.contains("start with --create-topics, or run: kafka-topics.sh --create --topic"), "{err}");
    assert!(err.contains("--partitions 3 --config cleanup.policy=compact"), "{err}");
    assert!(err.contains("5 problems with the topics"), "{err}");
}

#[test]
fn an_unreachable_broker_is_told_in_time() {
    let folder = Folder::new();
    folder.write("rules.yaml", OLD);
    let arguments = [
        "run",
        "--rules",
        "rules.yaml",
        "--set",
        "kafka.brokers=127.0.0.1:1",
        "--set",
        "kafka.start_deadline=5s",
    ];
    assert!(instance::binary().exists(), "built before the clock runs");
    let said = within(Duration::from_secs(60), move || run(folder.path(), &arguments, b"")).expect(3);
    assert!(said.err().contains("127.0.0.1:1"), "{}", said.err());
    assert!(said.err().contains("Connection refused"), "the cause is told: {}", said.err());
}

/// The result of `work`, which must come within `limit`.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> T {
    let worker = std::thread::spawn(work);
    let done = wait::within(limit, || worker.is_finished().then_some(()));
    assert!(done.is_some(), "not done within {} s", limit.as_secs());
    worker.join().expect("the work is done")
}

#[test]
fn a_rule_that_partitions_would_split_is_refused_by_name() {
    let kafka = Cluster::shared();
    let split = "---\nid: per-user\npattern: CN_LOGIN\n\
        detect: { threshold: { count: 1, within: 1m, group_by: [user.name] } }\n";
    let mut trial = Deployment::with_input(&kafka, "split", 4, &format!("{OLD}{split}"));
    let mut instance = trial.start(&[]);
    trial.send(&[failure(0, 0)]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts(), ["old"], "the others run");
    let log = instance.log();
    assert!(log.contains("rule `per-user` is exact only on a topic with one partition"), "{log}");
    assert!(log.contains("its group_by lacks hsm"), "{log}");
    assert_eq!(scrape(&instance.admin())["hsmstream_rules_loaded"], 1.0);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

#[test]
fn at_least_once_publishes_everything_in_spite_of_kills() {
    let kafka = Cluster::shared();
    let mut trial = Deployment::with_input(&kafka, "repeats", 2, MIXED);
    let mode = ["--set=delivery.mode=at-least-once"];
    let mut traffic = trial.traffic(17);
    let mut instance = trial.start(&mode);
    for _ in 0..4 {
        let goal = trial.committed_total() + 200;
        let messages: Vec<Sent> = (0..800).map(|_| traffic.message()).collect();
        trial.send(&messages);
        wait::until("progress", || (trial.committed_total() >= goal).then_some(()));
        instance.kill9();
        instance = trial.start(&mode);
    }
    trial.send(&traffic.last_messages());
    trial.wait_committed(&instance);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());

    // Repeats have the same source and id, so that readers can drop them.
    let mut documents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for what in ["alerts", "staging", "rollups"] {
        for message in trial.read(what) {
            let id = header(&message, "ce_id");
            documents.insert(format!("{what} {id}"), message.value.expect("a value"));
        }
    }
    let published: BTreeSet<String> = facts(documents.values().map(Vec::as_slice)).into_keys().collect();
    let rules = rule_set(MIXED);
    let times = Times { out_of_orderness: 30_000_000, allowed_lateness: 600_000_000 };
    let mut owed = BTreeSet::new();
    for messages in trial.sent.values() {
        owed.extend(naive(&rules, times, messages, false).into_keys());
    }
    assert!(owed.len() > 100, "the trial owes enough to mean something");
    let missing: Vec<_> = owed.difference(&published).take(5).collect();
    assert!(missing.is_empty(), "owed and not published: {missing:#?}");
    let malformed = |value: &&Vec<u8>| value.starts_with(b"Time: not");
    let malformed = trial.sent.values().flatten().filter(malformed).count();
    let rejects: BTreeSet<String> = trial.read("rejects").iter().map(|it| header(it, "ce_id")).collect();
    assert_eq!(rejects.len(), malformed);
}

fn rule_set(text: &str) -> RuleSet {
    let file = RuleFile { name: "rules.yaml", bytes: text.as_bytes() };
    let loaded = load([file], &hsmstream_rules::Limits::default());
    assert!(loaded.is_clean(), "{:?}", loaded.diagnostics);
    loaded.set
}

fn header(message: &Message, name: &str) -> String {
    let found = message.headers.iter().find(|(header, _)| header == name);
    let (_, value) = found.unwrap_or_else(|| panic!("no header {name}: {:?}", message.headers));
    String::from_utf8(value.clone().expect("headers have values")).expect("headers are UTF-8")
}

#[test]
fn malformed_messages_are_rejected_and_the_task_goes_on() {
    let kafka = Cluster::shared();
    let mut trial = Deployment::with_input(&kafka, "malformed", 1, OLD);
    // Broken inside its only event: the reject is the rest from the first byte of that event.
    let record = String::from_utf8(failure(0, 0).value).expect("text");
    let event = record.find("{\"id\"").expect("an event");
    let no_opcode = b"Time: 03/02/26 10:00:00.000000, usecs:1772445600000000\nSequence No : 0x0\nNothing\n";
    let cases: [(&[u8], &str, usize); 6] = [
        (b"Time: 03/02/26 10:00:00.000000, usecs:soon\nSequence No : 0x0\n", "bad_time", 0),
        (&record.as_bytes()[..event + 200], "broken_json", event),
        (b"Time: not a record\n", "unknown_format", 0),
        (b"\x1f\x8b\x08\x00garbage", "broken_gzip", 0),
        (b"\xff\xfe\x00binary\x1b]0;x\x07", "unknown_format", 0),
        (no_opcode, "missing_opcode", 0),
    ];
    let mut messages: Vec<Sent> = Vec::new();
    for (number, (bytes, ..)) in cases.iter().enumerate() {
        messages.push(message(bytes));
        messages.push(failure(number as u64, number as u64));
    }
    trial.send(&messages);
    let mut instance = trial.start(&[]);
    trial.wait_committed(&instance);
    assert_eq!(trial.alerts().len(), cases.len(), "the messages behind malformed ones are processed");
    let rejects = trial.documents("rejects");
    let by_offset = |offset: u64| rejects.iter().filter(move |it| it["position"]["offset"] == offset);
    for (number, (bytes, reason, message_offset)) in cases.iter().enumerate() {
        let offset = 2 * number as u64;
        let found: Vec<&Value> = by_offset(offset).collect();
        assert_eq!(found.len(), 1, "message {offset}: {found:?}");
        let reject = found[0];
        assert_eq!(reject["reason"], *reason, "{reject}");
        assert_eq!(reject["message_offset"], *message_offset, "{reject}");
        let raw = STANDARD.decode(reject["raw"].as_str().expect("text")).expect("base64");
        // A frame ends before its line end.
        assert_eq!(raw.trim_ascii_end(), bytes[*message_offset..].trim_ascii_end(), "{reject}");
        assert_eq!(reject["raw_truncated"], false);
        assert_eq!(reject["position"]["topic"], "malformed-in");
        assert_eq!(reject["position"]["partition"], 0);
    }
    assert_eq!(rejects.len(), cases.len());
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

#[test]
fn tail_prints_what_a_reader_sees() {
    let kafka = Cluster::shared();
    let mut trial =
        Deployment::with_input(&kafka, "tail", 1, "id: old\ngroup_by: [user.name]\npattern: CN_LOGIN\n");
    let hostile = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil";
    trial.send(&[
        failure(0, 0),
        login(1, 1, "0:HSM Return: SUCCESS", hostile),
        failure(2, 2),
        message(b"Time: x\x1b]\n"),
    ]);
    let mut instance = trial.start(&[]);
    trial.wait_committed(&instance);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let tail =
        |arguments: &[&str]| trial.run(&[&["tail"], arguments, &["--no-follow"]].concat()).expect(0).out();
    let raw = tail(&["alerts", "--from-start", "--raw"]);
    let seen = trial.read("alerts").iter().map(Message::text).collect();
    assert_eq!(sorted(raw.lines().map(str::to_owned).collect()), sorted(seen));
    assert_eq!(raw.lines().count(), 3);
    assert_eq!(tail(&["alerts", "--from-start", "--raw", "--pattern", "{ $.rule = nothing }"]), "");
    assert_eq!(
        tail(&["alerts", "--from-start", "--raw", "--pattern", "{ $.group.user.name = bob || $.count = 1 }"])
            .lines()
            .count(),
        3
    );
    assert_eq!(tail(&["records", "--from-start", "--pattern", "RET_USER_LOGIN_FAILURE"]).lines().count(), 2);
    for what in ["alerts", "rejects", "records", "rollups", "staging"] {
        let shown = tail(&[what, "--from-start"]);
        let hostile = shown.chars().find(|it| (it.is_control() && *it != '\n') || *it == '\u{202e}');
        assert_eq!(hostile, None, "{what}: {shown:?}");
        let lines = match what {
            "alerts" => 3,
            "rejects" => 1,
            "records" => 4,
            _ => 0,
        };
        assert_eq!(shown.lines().count(), lines, "{what}: {shown}");
    }
    let err = trial.run(&["tail", "alerts", "--no-follow", "--set=output.alerts=nowhere"]).expect(3).err();
    assert!(err.contains("nowhere"), "{err}");
}

/// The schemas as `hsmstream schema` prints them.
fn schemas(folder: &Folder) -> BTreeMap<String, jsonschema::Validator> {
    let names = run(folder.path(), &["schema"], b"").expect(0).out();
    let schema = |name: &str| {
        let text = run(folder.path(), &["schema", name], b"").expect(0).out();
        let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
        let id = schema["$id"].as_str().expect("an id").to_owned();
        (id, jsonschema::validator_for(&schema).expect("a valid schema"))
    };
    names.lines().map(schema).collect()
}

/// Checks one published message; gives its `ce_type`.
fn check_message(name: &str, message: &Message, schemas: &BTreeMap<String, jsonschema::Validator>) -> String {
    let text = str::from_utf8(message.value.as_deref().expect("a value")).expect("values are UTF-8");
    let json: Value = serde_json::from_str(text).expect("values are JSON");
    let schema = header(message, "ce_dataschema");
    let validator = schemas.get(&schema).unwrap_or_else(|| panic!("{schema} is not printed by `schema`"));
    let wrong: Vec<String> =
        validator.iter_errors(&json).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(wrong.is_empty(), "not as {schema} says: {wrong:#?}\n{json:#}");
    assert_eq!(header(message, "ce_specversion"), "1.0");
    assert_eq!(header(message, "ce_source"), format!("/hsmstream/{name}"));
    assert_eq!(header(message, "content-type"), "application/json");
    assert!(!header(message, "ce_subject").is_empty());
    assert!(message.key.as_ref().is_some_and(|key| !key.is_empty()), "outputs have keys");
    let (kind, id) = (header(message, "ce_type"), header(message, "ce_id"));
    let uid = json["id"].as_str().or(json["metadata"]["uid"].as_str()).expect("an id");
    match kind.as_str() {
        "io.hsmstream.alert.v1" | "io.hsmstream.reject.v1" | "io.hsmstream.operational.v1" => {
            assert_eq!(id, uid)
        }
        "io.hsmstream.closing.v1" => assert!(id.ends_with(".closing"), "{id} {uid}"),
        "io.hsmstream.rollup.v1" => assert_eq!(id, format!("{uid}.{}", json["revision"])),
        other => panic!("unknown ce_type {other}"),
    }
    if kind != "io.hsmstream.operational.v1" {
        let time: jiff::Timestamp = header(message, "ce_time").parse().expect("ce_time is RFC 3339");
        assert!(time.as_microsecond() > 0);
    }
    kind
}

fn everything_published_is_valid(name: &str, settings: &[&str], alert: &str, closing: &str) {
    let kafka = Cluster::shared();
    let mut trial = Deployment::with_input(&kafka, name, 2, MIXED);
    let mut traffic = trial.traffic(29);
    let mut messages: Vec<Sent> = (0..1_500).map(|_| traffic.message()).collect();
    messages.push(login(
        9_000_000,
        900,
        "163:HSM Error: RET_USER_LOGIN_FAILURE",
        "\u{1b}]0;x\u{7}\u{0}\u{202e}\"\\ é\u{fffd}",
    ));
    messages.push(message(b"\xff\x00\x1b raw bytes"));
    messages.push(message(&oversized()));
    trial.send(&messages);
    trial.send(&traffic.last_messages());
    let mut instance = trial.start(settings);
    trial.wait_committed(&instance);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
    let schemas = schemas(&trial.folder);
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for what in ["alerts", "staging", "rollups", "rejects"] {
        for message in trial.read(what) {
            let kind = check_message(name, &message, &schemas);
            let schema = header(&message, "ce_dataschema");
            *seen.entry((kind, schema)).or_default() += 1;
            let id = header(&message, "ce_id");
            assert!(ids.insert(id.clone()), "{id} is there twice");
        }
    }
    let schema = |name: &str| format!("urn:hsmstream:schema:{name}:1.0.0");
    for (kind, name) in [("alert", alert), ("closing", closing), ("rollup", "rollup"), ("reject", "reject")] {
        let key = (format!("io.hsmstream.{kind}.v1"), schema(name));
        assert!(seen.get(&key).is_some_and(|count| *count > 3), "{key:?} in {seen:#?}");
    }
    let told = (String::from("io.hsmstream.operational.v1"), schema("operational"));
    assert_eq!(seen.get(&told), Some(&1), "the oversized record is told once: {seen:#?}");
    assert!(!trial.read("staging").is_empty());
}

#[test]
fn everything_published_flat_is_valid() {
    everything_published_is_valid("flat", &[], "alert-flat", "closing-flat");
}

#[test]
fn everything_published_as_ocsf_is_valid() {
    everything_published_is_valid("ocsf", &["--set=output.format=ocsf"], "alert", "alert");
}

#[test]
fn everything_published_as_older_ocsf_is_valid() {
    let settings = ["--set=output.format=ocsf", "--set=output.ocsf_version=1.1.0"];
    everything_published_is_valid("ocsf-1-1-0", &settings, "alert", "alert");
}
