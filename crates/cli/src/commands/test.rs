//! `test`: the tests that stand beside the rules, through the same engine that runs them.

use std::sync::Arc;

use hsmstream_engine::core::Core;
use hsmstream_engine::emit::Emitter;
use hsmstream_engine::evidence::Position;
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::Shared;
use hsmstream_frame::Reject;
use hsmstream_output::{GroupField, GroupValue, MeasureValue, Output};
use hsmstream_record::{Audit, Body, Document, Kind, Limits, Record, escape, parse};
use hsmstream_rules::{Named, ObservedAlert, ObservedRow, Rule, RuleSet, Test as Case, TestRecord};

use crate::args::{Test, When};
use crate::commands::rules::RuleFiles;
use crate::commands::run::{load_rules, settings};
use crate::config::Config;
use crate::exit::Exit;
use crate::terminal::{Out, Paint, counted, escape as shown};
use crate::{Failure, complain};

/// Runs all tests; ends with [`Exit::Negative`] if one fails.
///
/// # Errors
/// Rules that cannot be read.
pub(crate) fn run(args: &Test, config: &Config, color: When) -> Result<Exit, Failure> {
    let paths = if args.rules.is_empty() { &config.rule_paths } else { &args.rules };
    let Some(rules) = load_rules(&RuleFiles::read(paths)?, color) else { return Ok(Exit::Usage) };
    let rules = Arc::new(rules);
    let shared = Shared::new(settings(config, vec!["tests".to_owned()])?, Metrics::new());
    let paint = Paint::stdout(color);
    let mut out = Out::new();
    let (mut passed, mut failed, mut untested) = (0_usize, 0_usize, 0_usize);
    for rule in rules.rules() {
        untested += usize::from(rule.tests.is_empty());
        for case in &rule.tests {
            let mismatches = judge(rule, case, &rules, &shared);
            if mismatches.is_empty() {
                passed += 1;
                if args.verbose {
                    out.line(format!("ok    {}: {}", rule.id, shown(case.name.as_bytes())).as_bytes());
                }
                continue;
            }
            failed += 1;
            let head = format!("FAIL  {}: {}", rule.id, shown(case.name.as_bytes()));
            out.line(paint.bold(&head).as_bytes());
            for mismatch in mismatches {
                out.line(format!("      {mismatch}").as_bytes());
            }
        }
    }
    out.line(
        format!(
            "{}: {} passed, {failed} failed, {} without tests",
            counted(rules.len(), "rule"),
            counted(passed, "test"),
            counted(untested, "rule")
        )
        .as_bytes(),
    );
    out.flush();
    if passed + failed == 0 {
        complain("there are no tests; write some under `tests:` of a rule");
    }
    Ok(if failed == 0 { Exit::Success } else { Exit::Negative })
}

/// What is wrong with the outcome of a test; empty if it passed.
fn judge(rule: &Rule, case: &Case, rules: &Arc<RuleSet>, shared: &Arc<Shared>) -> Vec<String> {
    let mut core = Core::new(TaskId { topic: 0, partition: 0 }, shared, rules);
    let mut seen = Observed { rule: &rule.id, alerts: Vec::new(), rows: Vec::new() };
    let mut wrong = Vec::new();
    for (number, record) in (0_i64..).zip(&case.records) {
        core.begin(Position { source: 0, offset: number, index: 0 }, None, 0);
        match body(record) {
            Ok(body) => {
                core.item(&Ok::<_, Reject<'_>>(Record { origin: record.origin.borrowed(), body }), &mut seen)
            }
            Err(why) => wrong.push(format!("record {} of the test is rejected: {why}", number + 1)),
        }
    }
    core.flush_revisions(&mut seen);
    core.finish(&mut seen);
    let rows = seen.last_revisions();
    let mismatches = case.judge(&seen.alerts, &rows);
    wrong.extend(
        mismatches
            .iter()
            .map(|mismatch| format!("{}: {}", mismatch.place, shown(mismatch.message.as_bytes()))),
    );
    wrong
}

fn body(record: &TestRecord) -> Result<Body<'_>, String> {
    if record.kind == Kind::Audit {
        let parsed: Result<Audit<'_>, _> = parse(&record.text, &Limits::default());
        return parsed.map(Body::Audit).map_err(|malformed| malformed.reason.as_str().to_owned());
    }
    Ok(Body::Document(Document::new(record.kind, &record.text)))
}

/// Collects what one rule emits.
struct Observed<'r> {
    rule: &'r str,
    alerts: Vec<ObservedAlert>,
    rows: Vec<(String, ObservedRow, bool)>,
}

impl Observed<'_> {
    /// The rows that stand at the end: of each id the last revision, unless it was retracted.
    fn last_revisions(&mut self) -> Vec<ObservedRow> {
        let mut last: Vec<(String, ObservedRow, bool)> = Vec::new();
        for row in self.rows.drain(..) {
            last.retain(|(id, ..)| *id != row.0);
            last.push(row);
        }
        last.into_iter().filter(|(.., retracted)| !retracted).map(|(_, row, _)| row).collect()
    }
}

impl Emitter for Observed<'_> {
    fn emit(&mut self, output: &Output<'_>, _arrived_ms: Option<i64>) {
        match output {
            Output::Alert(alert) if alert.rule.id == self.rule => self.alerts.push(ObservedAlert {
                fire_time: alert.fire_time.micros(),
                group: named(alert.group),
                count: alert.count,
                first: alert.first.micros(),
                last: alert.last.micros(),
                suppressed: alert.suppressed_before,
            }),
            Output::Rollup(row) if row.rule.id == self.rule => {
                let measures = row.measures.iter().filter_map(|measure| match measure.value {
                    MeasureValue::Number(number) => Some((measure.name.to_owned(), number.to_string())),
                    MeasureValue::Absent => None,
                });
                let observed = ObservedRow {
                    start: row.window_start.micros(),
                    end: row.window_end.micros(),
                    group: named(row.group),
                    measures: measures.collect(),
                    complete: row.complete,
                };
                self.rows.push((row.id.to_string(), observed, row.retracted));
            }
            _ => {}
        }
    }

    fn state(&mut self, _task: TaskId, _key: &[u8], _value: Option<&[u8]>) {}
}

fn named(group: &[GroupField<'_>]) -> Named {
    let json = |value: &GroupValue<'_>| match value {
        GroupValue::Missing => "null".to_owned(),
        GroupValue::Number(number) => number.to_string(),
        GroupValue::Lexeme(text) => String::from_utf8_lossy(text).into_owned(),
        GroupValue::Text(text) => {
            let mut quoted = Vec::new();
            let _shown = escape::json_string(text, &mut quoted);
            String::from_utf8_lossy(&quoted).into_owned()
        }
    };
    group.iter().map(|field| (field.name.to_owned(), json(&field.value))).collect()
}
