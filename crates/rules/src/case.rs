//! Tests that stand beside a rule: records in, alerts and rollup rows out.
//!
//! ```yaml
//! tests:
//!   - name: the fifth failure inside two minutes fires once
//!     records:
//!       - { opcode: CN_LOGIN, response: 163, user: bob, hsm: hsm-1, session: "0xc008002", repeat: 5, every: 10s }
//!     expect: [ { alerts: 1, at: 5, group: { hsm: hsm-1, connection: "0xc008" } } ]
//! ```
//!
//! `records` (in order of arrival) are raw text, `{ raw: …, hsm: … }`, or the compact form that
//! [`expand`](crate::expand) describes; all are raw text by the time a test leaves this crate. `expect`
//! lists alerts, `rollups` rows. Running a test is the engine's part; [`Test::judge`] compares.
//!
//! A test passes if every expectation is met and every alert belongs to one: an empty `expect` says that
//! nothing alerts. Rules of `expect`:
//!
//! | key | means |
//! |---|---|
//! | `alerts` | number of alerts that have all of the following; default 1 |
//! | `at` | fire time: a whole number is the n-th record (after expansion, from 1), a duration is counted from the test's start |
//! | `group` | values of the group key, all or some; `null` for a missing one |
//! | `count` | observed value |
//! | `first`, `last` | like `at`, of the first and last contributing record |
//! | `suppressed` | would-be firings inside the silence before |
//!
//! `rollups` lists every row at the end of the input: `{ start: 0s, end: 1m, group: {…}, measures: {…},
//! complete: true }`; what a row leaves out is not compared. A measure that is absent from the output is
//! `null`. The test's input is finite, the global settings are the defaults.

use hsmstream_record::{Kind, Origin};

use crate::diagnostic::Place;

/// One test of a rule.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The input in order of arrival.
    pub records: Vec<TestRecord>,
    /// The alerts, if the rule alerts.
    pub expect: Vec<Expectation>,
    /// The rows, if the rule is a rollup.
    pub rollups: Vec<ExpectedRow>,
}

/// One record of a test's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRecord {
    /// The kind of `text`.
    pub kind: Kind,
    /// Where it is said to come from.
    pub origin: TestOrigin,
    /// An audit entry as logged, or the JSON of a document.
    pub text: Vec<u8>,
}

/// The origin of a test's record, owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestOrigin {
    /// Account id.
    pub account: String,
    /// Log group, `/aws/cloudhsm/<cluster>`.
    pub log_group: String,
    /// Log stream, the HSM id.
    pub log_stream: String,
    /// Cluster id.
    pub cluster: String,
    /// HSM id.
    pub hsm: String,
    /// Timestamp of the log event in ms.
    pub event_timestamp_ms: Option<i64>,
}

impl TestOrigin {
    /// The origin as the engine takes it; what is empty is absent.
    #[must_use]
    pub fn borrowed(&self) -> Origin<'_> {
        fn known(text: &str) -> Option<&[u8]> {
            Some(text.as_bytes()).filter(|text| !text.is_empty())
        }
        Origin {
            account: known(&self.account),
            log_group: known(&self.log_group),
            log_stream: known(&self.log_stream),
            cluster: known(&self.cluster),
            hsm: known(&self.hsm),
            event_id: None,
            event_timestamp_ms: self.event_timestamp_ms,
        }
    }
}

/// An expected group or measures: names with values as JSON text.
pub type Named = Vec<(String, String)>;

/// Alerts that are expected.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Where it stands.
    pub place: Place,
    /// How many.
    pub alerts: u64,
    /// Fire time, µs.
    pub at: Option<u64>,
    /// Values of the group key.
    pub group: Named,
    /// Observed value.
    pub count: Option<u64>,
    /// Time of the first contributing record, µs.
    pub first: Option<u64>,
    /// Time of the last contributing record, µs.
    pub last: Option<u64>,
    /// Suppressed before.
    pub suppressed: Option<u64>,
}

/// A rollup row that is expected.
#[derive(Clone, Debug)]
pub struct ExpectedRow {
    /// Where it stands.
    pub place: Place,
    /// Start of the window, µs.
    pub start: Option<u64>,
    /// End of the window, µs.
    pub end: Option<u64>,
    /// Values of the group key.
    pub group: Named,
    /// Values of measures.
    pub measures: Named,
    /// Whether the window closed before the input ended.
    pub complete: Option<bool>,
}

/// An alert as it came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedAlert {
    /// Fire time, µs.
    pub fire_time: u64,
    /// Group key: field names with values as JSON text.
    pub group: Named,
    /// Observed value.
    pub count: u64,
    /// Time of the first contributing record, µs.
    pub first: u64,
    /// Time of the last contributing record, µs.
    pub last: u64,
    /// Suppressed before.
    pub suppressed: u64,
}

/// A rollup row as it came out, last revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedRow {
    /// Start of the window, µs.
    pub start: u64,
    /// End of the window, µs.
    pub end: u64,
    /// Group key: field names with values as JSON text.
    pub group: Named,
    /// Measures with values as JSON text; absent ones are left out.
    pub measures: Named,
    /// Whether the window closed before the input ended.
    pub complete: bool,
}

/// What a test did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The expectation, or the test if something came unexpectedly.
    pub place: Place,
    /// What is wrong, for people.
    pub message: String,
}

impl Test {
    /// Compares what came out with what is expected; empty = passed.
    #[must_use]
    pub fn judge(&self, alerts: &[ObservedAlert], rows: &[ObservedRow]) -> Vec<Mismatch> {
        let mut wrong = Vec::new();
        for expected in &self.expect {
            let count = alerts.iter().filter(|alert| expected.fits(alert)).count() as u64;
            if count != expected.alerts {
                let message = format!("{} expected, {count} came", alerts_named(expected.alerts));
                wrong.push(Mismatch { place: expected.place.clone(), message });
            }
        }
        for alert in alerts {
            if !self.expect.iter().any(|expected| expected.fits(alert)) {
                let message =
                    format!("unexpected alert at {} µs, group {}", alert.fire_time, shown(&alert.group));
                wrong.push(Mismatch { place: self.place.clone(), message });
            }
        }
        for expected in &self.rollups {
            if !rows.iter().any(|row| expected.fits(row)) {
                let message = "no such row came".to_owned();
                wrong.push(Mismatch { place: expected.place.clone(), message });
            }
        }
        if rows.len() != self.rollups.len() && wrong.is_empty() {
            let expected = match self.rollups.len() {
                1 => "1 row".to_owned(),
                count => format!("{count} rows"),
            };
            let message = format!("{expected} expected, {} came", rows.len());
            wrong.push(Mismatch { place: self.place.clone(), message });
        }
        for row in rows {
            if !self.rollups.iter().any(|expected| expected.fits(row)) {
                let bounds = format!("{}..{} µs", row.start, row.end);
                let (group, measures) = (shown(&row.group), shown(&row.measures));
                let message = format!("unexpected row {bounds}, group {group}, measures {measures}");
                wrong.push(Mismatch { place: self.place.clone(), message });
            }
        }
        wrong
    }
}

impl Expectation {
    /// Whether the alert has everything the expectation names.
    #[must_use]
    pub fn fits(&self, alert: &ObservedAlert) -> bool {
        self.at.is_none_or(|at| at == alert.fire_time)
            && self.count.is_none_or(|count| count == alert.count)
            && self.first.is_none_or(|first| first == alert.first)
            && self.last.is_none_or(|last| last == alert.last)
            && self.suppressed.is_none_or(|count| count == alert.suppressed)
            && has(&alert.group, &self.group)
    }
}

impl ExpectedRow {
    /// Whether the row has everything the expectation names.
    #[must_use]
    pub fn fits(&self, row: &ObservedRow) -> bool {
        self.start.is_none_or(|start| start == row.start)
            && self.end.is_none_or(|end| end == row.end)
            && self.complete.is_none_or(|complete| complete == row.complete)
            && has(&row.group, &self.group)
            && has(&row.measures, &self.measures)
    }
}

/// Whether `values` has everything of `wanted`; a name that is not there counts as `null`.
fn has(values: &Named, wanted: &Named) -> bool {
    wanted.iter().all(|(name, json)| {
        values.iter().find(|(known, _)| known == name).map_or("null", |(_, value)| value.as_str()) == json
    })
}

fn alerts_named(count: u64) -> String {
    if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") }
}

fn shown(values: &Named) -> String {
    let pairs: Vec<String> = values.iter().map(|(name, json)| format!("{name}: {json}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
