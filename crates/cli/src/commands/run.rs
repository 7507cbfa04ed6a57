//! `run`: the choice between service and files, and the settings that both share.

use hsmstream_engine::origin::OriginTemplates;
use hsmstream_engine::shared::{Order, Settings};
use hsmstream_output::cloudevents::EventSource;
use hsmstream_output::{AlertFormat, Encoder, OcsfVersion, SizeCap};
use hsmstream_record::{Field, Limits};
use hsmstream_rules::{Loaded, Rule, RuleSet, render_all};
use hsmstream_window::Span;
use std::time::Duration;

use crate::args::{Run, When};
use crate::commands::files::{self, input_format};
use crate::commands::rules::RuleFiles;
use crate::commands::service;
use crate::config::Config;
use crate::exit::Exit;
use crate::terminal::Paint;
use crate::{Failure, complain};

/// Runs the service, or the rules over files.
///
/// # Errors
/// See [`files::run`] and [`service::run`].
pub(crate) fn run(args: &Run, config: &Config, color: When) -> Result<Exit, Failure> {
    if args.input.is_empty() { service::run(args, config, color) } else { files::run(args, config, color) }
}

/// Loads rules and prints every mistake. Rules with mistakes are left out, the others run; without a single
/// rule there is nothing to run, and `None`.
pub(crate) fn load_rules(files: &RuleFiles, color: When) -> Option<RuleSet> {
    load_some(files, color).map(|loaded| loaded.set)
}

/// The same, with what was left out.
pub(crate) fn load_some(files: &RuleFiles, color: When) -> Option<Loaded> {
    let loaded = files.load();
    let shown = render_all(&loaded.diagnostics, Paint::stderr(color).is_on());
    if !shown.is_empty() {
        complain(shown.trim_end());
    }
    for left_out in &loaded.left_out {
        let id = left_out.id.as_deref().unwrap_or("(no id)");
        complain(&format!("rule {} at {} is left out", id.escape_debug(), left_out.place));
    }
    if loaded.set.is_empty() {
        complain("no rule loads; nothing was started");
        return None;
    }
    Some(loaded)
}

/// Rules that ask for more evidence than the configuration lets alerts carry, for people.
pub(crate) fn cut_evidence(rules: &RuleSet, config: &Config) -> Vec<String> {
    let most = config.evidence_max;
    let is_cut = |rule: &&Rule| usize::try_from(rule.evidence).unwrap_or(usize::MAX) > most;
    let told = |rule: &Rule| {
        let (id, asked) = (&rule.id, rule.evidence);
        format!("rule `{id}` asks for {asked} records of evidence; output.evidence_max keeps {most}")
    };
    rules.rules().iter().filter(is_cut).map(told).collect()
}

/// The engine's settings.
///
/// # Errors
/// Mistakes that only show when values are put together.
pub(crate) fn settings(config: &Config, topics: Vec<String>) -> Result<Settings, Failure> {
    let origin = OriginTemplates::parse(&config.origin)?;
    let format = match (config.output_format.as_str(), config.ocsf_version.as_str()) {
        ("flat", _) => AlertFormat::Flat,
        (_, "1.1.0") => AlertFormat::Ocsf { version: OcsfVersion::V1_1_0 },
        _ => AlertFormat::Ocsf { version: OcsfVersion::V1_8_0 },
    };
    let encoder =
        Encoder::new(format).with_cap(SizeCap::new(config.limits.output).unwrap_or(SizeCap::DEFAULT));
    Ok(Settings {
        topics,
        format: input_format(&config.format)?,
        limits: limits(config),
        origin,
        time: hsmstream_window::Settings {
            out_of_orderness: span(config.out_of_orderness),
            allowed_lateness: span(config.allowed_lateness),
            max_skew: span(config.max_skew),
            idle_timeout: span(config.idle_timeout),
        },
        order: if config.in_event_order { Order::EventTime } else { Order::Arrival },
        order_bytes_max: config.limits.order,
        state_bytes_max: config.limits.state,
        evidence_bytes_max: config.limits.evidence,
        evidence_max: config.evidence_max,
        encoder,
        source: EventSource::new(&config.application),
        commit_interval: config.commit_interval,
        exactly_once: config.exactly_once,
        transaction_timeout: config.transaction_timeout,
        shutdown_deadline: config.shutdown_deadline,
    })
}

/// The limits of messages and frames.
pub(crate) fn limits(config: &Config) -> Limits {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Limits {
        message_bytes_max: config.limits.message,
        inflated_bytes_max: config.limits.inflated,
        frame_bytes_max: config.limits.frame,
        frame_lines_max: number(config.limits.lines_per_frame),
        events_max: number(config.limits.events_per_message),
        json_nesting_max: number(config.limits.json_nesting),
        ..Limits::default()
    }
}

/// `input.partitioned_by` as fields.
///
/// # Errors
/// Names that are no fields, each with the nearest one.
pub(crate) fn partition_fields(config: &Config) -> Result<Vec<Field>, Failure> {
    let mut fields = Vec::new();
    let mut mistakes = Vec::new();
    for name in &config.partitioned_by {
        match Field::parse(name) {
            Ok(field) => fields.push(field),
            Err(error) => {
                mistakes.push(format!("input.partitioned_by: \"{}\": {error}", name.escape_debug()))
            }
        }
    }
    if mistakes.is_empty() { Ok(fields) } else { Err(mistakes.into()) }
}

fn span(duration: Duration) -> Span {
    Span(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
