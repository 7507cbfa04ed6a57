//! The compact form of test records → raw text.
//!
//! ```yaml
//! records:
//!   - { opcode: CN_LOGIN, response: 163, user: "bob{n}", repeat: 5, every: 10s }
//!   - { at: 2m, hsm: hsm-2, opcode: CN_TOMBSTONE_OBJECT, key_handle: 7 }
//!   - { raw: "Time: …", hsm: hsm-2 }
//!   - { cloudtrail: { eventName: DeleteHsm, requestParameters: { clusterId: cluster-1 } } }
//! ```
//!
//! | key | means | default |
//! |---|---|---|
//! | `at` | time since the test's start, 2026-03-02 10:00:00 UTC | 1 s after the record before |
//! | `repeat`, `every` | so many records, so far apart | 1, 1 s |
//! | `account`, `cluster`, `hsm` | origin | `111122223333`, `cluster-1`, `hsm-1` |
//! | `sequence` | number | counts up from 0 per cluster, HSM and reboot counter |
//! | `reboot`, `session` | number or `0x…` | `0x1`, `0x2014005` |
//! | `opcode` | name, with or without ` (0x…)` | `CN_LOGIN` |
//! | `command_type` | likewise | `CN_MGMT_CMD` |
//! | `response` | a code, a known text, or all of it: `163:HSM Error: RET_USER_LOGIN_FAILURE` | 0 |
//! | `log_type` | name, with or without ` (N)` | by what follows: user, key or minimal |
//! | `user`, `user_type` | `User Name`, `User Type` | no line; `CN_CRYPTO_USER` with a user |
//! | `private_handle`, `public_handle`, `key_handle` | the three key handle lines | no line |
//! | `version`, `user_id`, `mechanism`, `target_user`, `target_user_type`, `target_user_id` | lines of layout v2 | no line |
//! | `mfa_enabled`, `operation`, `user_count`, `user_ids` | lines of layout v2 | no line |
//! | `extra` | mapping of labels to values, put behind all | none |
//! | `raw` | the whole entry; then only the origin keys count | |
//! | `cloudtrail`, `metric`, `certificate` | the JSON of a document; what it must have is filled in | |
//!
//! `{n}` in a text is the number of the repetition, from 1. Text is taken as it is, line ends included,
//! so that a test can forge lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hsmstream_record::vocabulary::{self, Named};
use hsmstream_record::{Kind, time};

use crate::case::{TestOrigin, TestRecord};

/// Start of every test: 2026-03-02 10:00:00 UTC.
pub const TEST_START_USECS: u64 = 1_772_445_600_000_000;

/// Keys of the compact form that are values of the record, in any order.
pub(crate) const VALUES: [&str; 23] = [
    "sequence",
    "reboot",
    "session",
    "version",
    "command_type",
    "opcode",
    "response",
    "log_type",
    "user",
    "user_type",
    "user_id",
    "target_user",
    "target_user_type",
    "target_user_id",
    "private_handle",
    "public_handle",
    "key_handle",
    "mechanism",
    "mfa_enabled",
    "operation",
    "user_count",
    "user_ids",
    "raw",
];

/// A value as written: numbers keep their kind so that hex fields can be printed as hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Number(u64),
    Text(String),
}

/// One entry of `records`, read and checked, before repetition.
#[derive(Debug, Default)]
pub(crate) struct Compact {
    pub(crate) at: Option<u64>,
    pub(crate) repeat: u64,
    pub(crate) every: u64,
    pub(crate) account: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) hsm: Option<String>,
    pub(crate) values: BTreeMap<&'static str, Given>,
    pub(crate) extra: Vec<(String, String)>,
    /// A document's members as (name, JSON), and its kind.
    pub(crate) document: Option<(Kind, Vec<(String, String)>)>,
}

/// The records of a test as they are put together.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    pub(crate) records: Vec<TestRecord>,
    /// Event time of each record, µs, where known.
    pub(crate) times: Vec<Option<u64>>,
    pub(crate) bytes: usize,
    /// Time since the start that the next record has unless it says otherwise.
    next_at: u64,
    /// Next sequence number per cluster, HSM and reboot counter.
    sequences: BTreeMap<(String, String, u64), u64>,
}

impl Timeline {
    /// Adds a raw entry of known kind; `time` is its event time if it has one.
    pub(crate) fn push_raw(&mut self, kind: Kind, origin: TestOrigin, text: Vec<u8>, time: Option<u64>) {
        if let Some(since) = time.and_then(|time| time.checked_sub(TEST_START_USECS)) {
            self.next_at = since.saturating_add(SECOND);
        }
        self.push(kind, origin, text, time);
    }

    /// Adds the `n`-th repetition (from 0) of a compact entry.
    pub(crate) fn push_compact(&mut self, compact: &Compact, n: u64) {
        if n == 0 {
            self.next_at = compact.at.unwrap_or(self.next_at);
        }
        let at = self.next_at;
        let is_last = n + 1 >= compact.repeat;
        self.next_at = at.saturating_add(if is_last { SECOND } else { compact.every });
        let usecs = TEST_START_USECS.saturating_add(at).min(time::USECS_MAX);
        let mut origin = origin(compact);
        origin.event_timestamp_ms = i64::try_from(usecs / 1_000).ok();
        let (kind, text) = match &compact.document {
            Some((kind, members)) => (*kind, document(*kind, members, usecs, &origin.account, n)),
            None => (Kind::Audit, self.audit(compact, &origin, usecs, n)),
        };
        self.push(kind, origin, text.into_bytes(), Some(usecs));
    }

    fn push(&mut self, kind: Kind, origin: TestOrigin, text: Vec<u8>, time: Option<u64>) {
        self.bytes = self.bytes.saturating_add(text.len());
        self.records.push(TestRecord { kind, origin, text });
        self.times.push(time);
    }

    /// An audit entry in layout v1, with the lines of v2 that are given.
    fn audit(&mut self, compact: &Compact, origin: &TestOrigin, usecs: u64, n: u64) -> String {
        let values = Values { values: &compact.values, n };
        let reboot = values.number("reboot").unwrap_or(1);
        let stream = (origin.cluster.clone(), origin.hsm.clone(), reboot);
        let next = self.sequences.entry(stream).or_insert(0);
        let sequence = values.number("sequence").map_or(*next, |first| first.saturating_add(n));
        *next = sequence.saturating_add(1);

        let mut text = printed_time(usecs);
        let mut line = |label: &str, value: Option<String>| {
            if let Some(value) = value {
                push(&mut text, format_args!("{label} : {value}\n"));
            }
        };
        line("Version No", values.text("version"));
        line("Sequence No", Some(format!("{sequence:#x}")));
        line("Reboot counter", values.hex("reboot").or(Some("0x1".into())));
        line(
            "Command Type(hex)",
            Some(command_type(values.text("command_type").as_deref().unwrap_or("CN_MGMT_CMD"))),
        );
        line("Opcode", Some(opcode(values.text("opcode").as_deref().unwrap_or("CN_LOGIN"))));
        line("User id", values.text("user_id"));
        line("Session Handle", values.hex("session").or(Some("0x2014005".into())));
        line("Response", Some(response(compact.values.get("response"))));
        line("Log type", Some(decimal_coded(&values.log_type(), vocabulary::LOG_TYPES)));
        line("Priv/Secret Key Handle", values.text("private_handle"));
        line("Public Key Handle", values.text("public_handle"));
        line("Key Handle", values.text("key_handle"));
        line("User Name", values.text("user"));
        let user_type = values.text("user").map(|_| "CN_CRYPTO_USER".to_owned());
        line(
            "User Type",
            values.text("user_type").or(user_type).map(|name| decimal_coded(&name, vocabulary::USER_TYPES)),
        );
        line("Mechanism", values.text("mechanism"));
        line("Target User Name", values.text("target_user"));
        line(
            "Target User Type",
            values.text("target_user_type").map(|name| decimal_coded(&name, vocabulary::USER_TYPES)),
        );
        line("Target User id", values.text("target_user_id"));
        line("Mfa enabled", values.text("mfa_enabled"));
        line("Operation", values.text("operation"));
        line("Number of Users", values.text("user_count"));
        line("UserIDs", values.text("user_ids"));
        for (label, value) in &compact.extra {
            line(&numbered(label, n), Some(numbered(value, n)));
        }
        text.pop();
        text
    }
}

/// The origin of a compact entry, the defaults filled in.
pub(crate) fn origin(compact: &Compact) -> TestOrigin {
    let or = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    let cluster = or(&compact.cluster, "cluster-1");
    let hsm = or(&compact.hsm, "hsm-1");
    TestOrigin {
        account: or(&compact.account, "111122223333"),
        log_group: format!("/aws/cloudhsm/{cluster}"),
        log_stream: hsm.clone(),
        cluster,
        hsm,
        event_timestamp_ms: None,
    }
}

/// The `Response` value for what was given; `None` if a text is neither known nor complete.
pub(crate) fn known_response(text: &str) -> Option<String> {
    if text == "success" || text == "SUCCESS" {
        return Some(SUCCESS.to_owned());
    }
    if text.contains(':') {
        return Some(text.to_owned());
    }
    let answer = vocabulary::RESPONSES.iter().find(|answer| answer.text == text)?;
    Some(format!("{}:HSM Error: {text}", answer.code?))
}

fn response(given: Option<&Given>) -> String {
    match given {
        None | Some(Given::Number(0)) => SUCCESS.to_owned(),
        Some(Given::Number(code)) => {
            let known = vocabulary::RESPONSES.iter().find(|answer| answer.code.map(u64::from) == Some(*code));
            format!("{code}:HSM Error: {}", known.map_or("unknown error", |answer| answer.text))
        }
        Some(Given::Text(text)) => known_response(text).unwrap_or_else(|| text.clone()),
    }
}

/// An opcode with its code in parentheses, where one is published and none is given.
fn opcode(name: &str) -> String {
    match vocabulary::opcode_named(name).and_then(|opcode| opcode.code) {
        Some(code) => format!("{name} ({code:#x})"),
        None => name.to_owned(),
    }
}

/// The same for a command type.
fn command_type(name: &str) -> String {
    match code_of(name, vocabulary::COMMAND_TYPES) {
        Some(code) => format!("{name} ({code:#x})"),
        None => name.to_owned(),
    }
}

/// The same for a log type or a user type, whose codes are decimal.
fn decimal_coded(name: &str, known: &[Named]) -> String {
    match code_of(name, known) {
        Some(code) => format!("{name} ({code})"),
        None => name.to_owned(),
    }
}

fn code_of(name: &str, known: &[Named]) -> Option<u16> {
    known.iter().find(|known| known.name == name).and_then(|known| known.code)
}

/// The values of one repetition.
struct Values<'c> {
    values: &'c BTreeMap<&'static str, Given>,
    n: u64,
}

impl Values<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|given| match given {
            Given::Number(number) => number.to_string(),
            Given::Text(text) => numbered(text, self.n),
        })
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Given::Number(number) => Some(*number),
            Given::Text(text) => {
                let text = numbered(text, self.n);
                match text.strip_prefix("0x") {
                    Some(digits) => u64::from_str_radix(digits, 16).ok(),
                    None => text.parse().ok(),
                }
            }
        }
    }

    fn hex(&self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Given::Number(number) => Some(format!("{number:#x}")),
            Given::Text(text) => Some(numbered(text, self.n)),
        }
    }

    fn log_type(&self) -> String {
        let has = |key: &str| self.values.contains_key(key);
        if let Some(given) = self.text("log_type") {
            given
        } else if has("user") {
            "MGMT_USER_DETAILS_LOG".to_owned()
        } else if has("private_handle") || has("public_handle") || has("key_handle") {
            "MGMT_KEY_DETAILS_LOG".to_owned()
        } else {
            "MINIMAL_LOG_ENTRY".to_owned()
        }
    }
}

/// The `Time` line.
fn printed_time(usecs: u64) -> String {
    let mut rfc = Vec::new();
    time::rfc3339_micros(usecs, &mut rfc);
    let rfc = String::from_utf8_lossy(&rfc).into_owned();
    let part = |range: std::ops::Range<usize>| rfc.get(range).unwrap_or("");
    let (year, month, day, clock) = (part(2..4), part(5..7), part(8..10), part(11..26));
    format!("Time: {month}/{day}/{year} {clock}, usecs:{usecs}\n")
}

/// A document with the members every such document has, given ones first in their own order.
fn document(kind: Kind, members: &[(String, String)], usecs: u64, account: &str, n: u64) -> String {
    let mut rfc = Vec::new();
    time::rfc3339_micros(usecs, &mut rfc);
    let printed = format!("\"{}\"", String::from_utf8_lossy(&rfc));
    let millis = (usecs / 1_000).to_string();
    let quoted = |text: &str| format!("\"{text}\"");
    let defaults = match kind {
        Kind::CloudTrail => vec![
            ("eventVersion", quoted("1.08")),
            ("eventTime", printed),
            ("eventSource", quoted("cloudhsm.amazonaws.com")),
            ("eventType", quoted("AwsApiCall")),
            ("awsRegion", quoted("us-east-1")),
        ],
        Kind::Metric => vec![
            ("metric_stream_name", quoted("test")),
            ("account_id", json_text(account)),
            ("region", quoted("us-east-1")),
            ("namespace", quoted("AWS/CloudHSM")),
            ("timestamp", millis),
            ("unit", quoted("None")),
        ],
        Kind::Certificate | Kind::Audit => vec![
            ("object_handle", "1".to_owned()),
            ("op_code", quoted("CreateObject")),
            ("response", quoted("OK")),
            ("attributes", "null".to_owned()),
            ("timestamp", millis),
        ],
    };
    let mut text = String::from("{");
    let mut add = |name: &str, json: &str| {
        let comma = if text.len() > 1 { "," } else { "" };
        push(&mut text, format_args!("{comma}{}:{json}", json_text(name)));
    };
    for (name, json) in members {
        add(name, &numbered(json, n));
    }
    for (name, json) in &defaults {
        if members.iter().all(|(given, _)| given != name) {
            add(name, json);
        }
    }
    text.push('}');
    text
}

/// A JSON string.
pub(crate) fn json_text(text: &str) -> String {
    let mut json = Vec::new();
    let shown = hsmstream_record::escape::json_string(text.as_bytes(), &mut json);
    debug_assert_eq!(shown, hsmstream_record::escape::Shown::Exactly, "a str is UTF-8");
    String::from_utf8_lossy(&json).into_owned()
}

/// `{n}` replaced by the number of the repetition.
fn numbered(text: &str, n: u64) -> String {
    if text.contains("{n}") { text.replace("{n}", &(n + 1).to_string()) } else { text.to_owned() }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok(), "a String takes all text");
}

const SECOND: u64 = 1_000_000;
const SUCCESS: &str = "0:HSM Return: SUCCESS";
