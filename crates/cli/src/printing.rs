//! Emitters for people and pipes: alerts and rollups as a table, as JSON lines, or nowhere.

use std::collections::BTreeMap;

use hsmstream_engine::emit::Emitter;
use hsmstream_engine::ports::TaskId;
use hsmstream_output::{
    Alert, AlertFormat, Closing, Cut, Encoder, MeasureValue, OcsfVersion, Output, Rollup, group_text,
};

use crate::args::OutputForm;
use crate::terminal::{Out, Paint, escape};

/// Prints outputs in the asked form and counts them.
pub(crate) struct Printer {
    out: Out,
    form: OutputForm,
    encoder: Encoder,
    paint: Paint,
    line: Vec<u8>,
    /// Alerts by rule.
    pub(crate) alerts: BTreeMap<String, u64>,
    /// Rollup rows, revisions included.
    pub(crate) rows: u64,
    /// Rejects.
    pub(crate) rejects: u64,
}

impl Printer {
    /// A printer to standard output.
    pub(crate) fn new(form: OutputForm, paint: Paint) -> Self {
        let format = match form {
            OutputForm::Ocsf => AlertFormat::Ocsf { version: OcsfVersion::V1_8_0 },
            OutputForm::Flat | OutputForm::Table => AlertFormat::Flat,
        };
        let encoder = Encoder::new(format);
        let (alerts, line) = (BTreeMap::new(), Vec::new());
        Self { out: Out::new(), form, encoder, paint, line, alerts, rows: 0, rejects: 0 }
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) {
        self.out.flush();
    }

    fn table(&mut self, output: &Output<'_>) {
        let line = match output {
            Output::Alert(alert) => alert_line(alert, self.paint),
            Output::Closing(closing) => closing_line(closing, self.paint),
            Output::Rollup(rollup) => rollup_line(rollup, self.paint),
            Output::Reject(reject) => format!(
                "{}  reject    {} at byte {} of {}:{}",
                self.paint.dim(&pad_time(output)),
                reject.reason.as_str(),
                reject.offset,
                escape(reject.position.topic.as_bytes()),
                reject.message_offset,
            ),
            Output::Operational(told) => {
                format!("{}  {}", self.paint.bold("hsmstream"), escape(told.message.as_bytes()))
            }
        };
        self.out.line(line.as_bytes());
    }
}

impl Emitter for Printer {
    fn emit(&mut self, output: &Output<'_>, _arrived_ms: Option<i64>) {
        match output {
            Output::Alert(alert) => *self.alerts.entry(alert.rule.id.clone()).or_default() += 1,
            Output::Rollup(_) => self.rows += 1,
            Output::Reject(_) => self.rejects += 1,
            Output::Closing(_) | Output::Operational(_) => {}
        }
        if self.form == OutputForm::Table {
            self.table(output);
            return;
        }
        self.line.clear();
        if self.encoder.output(output, &mut self.line) != Cut::Nothing {
            tracing::warn!(id = %output.id(), "an output was cut to its size limit");
        }
        self.out.line(&self.line);
    }

    fn state(&mut self, _task: TaskId, _key: &[u8], _value: Option<&[u8]>) {}
}

fn pad_time(output: &Output<'_>) -> String {
    output.time().map_or_else(|| " ".repeat(19), |time| short_time(&time.to_string()))
}

/// RFC 3339 to the second, without the `T`.
fn short_time(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}

/// One line for an alert.
pub(crate) fn alert_line(alert: &Alert<'_>, paint: Paint) -> String {
    let time = short_time(&alert.fire_time.to_string());
    let observed = match alert.threshold {
        Some(threshold) => format!("{} (threshold {threshold})", alert.count),
        None => String::new(),
    };
    let group = escape(group_text(alert.group).as_bytes());
    let severity = paint.severity(alert.rule.severity.as_str());
    let title = paint.bold(&escape(alert.rule.title.as_bytes()));
    let mut line = format!("{time}  {severity}  {title}");
    for part in [observed, group] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&part);
        }
    }
    if alert.suppressed_before > 0 {
        line.push_str(&format!("  (+{} suppressed before)", alert.suppressed_before));
    }
    line
}

fn closing_line(closing: &Closing<'_>, paint: Paint) -> String {
    let time = short_time(&closing.fire_time.to_string());
    let group = escape(group_text(closing.group).as_bytes());
    let title = escape(closing.rule.title.as_bytes());
    paint.dim(&format!("{time}  update    {title}  {} more suppressed  {group}", closing.suppressed))
}

/// One line for a row.
pub(crate) fn rollup_line(rollup: &Rollup<'_>, paint: Paint) -> String {
    let start = short_time(&rollup.window_start.to_string());
    let end = rollup.window_end.to_string();
    let end = end.get(11..19).unwrap_or(&end).to_owned();
    let mut line = format!("{start}–{end}  {}", escape(rollup.rule.id.as_bytes()));
    for measure in rollup.measures {
        if let MeasureValue::Number(number) = measure.value {
            line.push_str(&format!("  {}={number}", escape(measure.name.as_bytes())));
        }
    }
    line.push_str("  ");
    line.push_str(&escape(group_text(rollup.group).as_bytes()));
    for (on, mark) in
        [(!rollup.complete, " (open)"), (rollup.revision > 0, " (revised)"), (rollup.retracted, " (void)")]
    {
        if on {
            line.push_str(mark);
        }
    }
    paint.dim(&line)
}
