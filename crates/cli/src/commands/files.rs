//! `run --input`: the pipeline over files or standard input, to the end.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::anyhow;
use hsmstream_engine::core::Core;
use hsmstream_engine::evidence::Position;
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::ports::TaskId;
use hsmstream_engine::shared::{Settings, Shared};
use hsmstream_frame::Format;
use hsmstream_record::Origin;

use crate::args::{FixedOrigin, OutputForm, Run, When};
use crate::commands::rules::RuleFiles;
use crate::commands::run::{cut_evidence, load_rules, settings};
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::expand;
use crate::merge;
use crate::printing::Printer;
use crate::terminal::{Paint, counted};
use crate::{Failure, complain};

/// Runs the rules over the inputs, merged by event time, and prints what they owe.
///
/// # Errors
/// Inputs that cannot be read; mistakes in the rules when none loads.
pub(crate) fn run(args: &Run, config: &Config, color: When) -> Result<Exit, Failure> {
    let format = match args.input_format {
        Some(format) => format,
        None => input_format(&config.format)?,
    };
    let paths = if args.rules.is_empty() { &config.rule_paths } else { &args.rules };
    let Some(rules) = load_rules(&RuleFiles::read(paths)?, color) else { return Ok(Exit::Usage) };
    for told in cut_evidence(&rules, config) {
        complain(&format!("warning: {told}"));
    }
    let inputs = expand(&args.input)?;
    let form = args.format.unwrap_or(if std::io::stdout().is_terminal() {
        OutputForm::Table
    } else {
        OutputForm::Flat
    });
    let mut printer = Printer::new(form, Paint::stdout(color));
    let settings: Settings = settings(config, vec!["files".to_owned()])?;
    let limits = settings.limits;
    let shared = Shared::new(settings, Metrics::new());
    let mut core = Core::new(TaskId { topic: 0, partition: 0 }, &shared, &Arc::new(rules));
    let fixed = fixed_origin(&args.origin);
    let sources: Vec<u32> = inputs.iter().map(|input| core.name_source(input.name())).collect();
    merge::read(&inputs, format, limits, &fixed, &mut |input, number, item| {
        let source = sources.get(input).copied().unwrap_or(u32::MAX);
        core.begin(Position { source, offset: number, index: 0 }, None, 0);
        core.item(item, &mut printer);
    })?;
    let records = core.tally().records;
    core.flush_tally();
    core.flush_revisions(&mut printer);
    core.finish(&mut printer);
    printer.flush();
    if form == OutputForm::Table {
        summary(&printer, records, inputs.len());
    }
    Ok(Exit::Success)
}

fn summary(printer: &Printer, records: u64, files: usize) {
    let alerts: u64 = printer.alerts.values().sum();
    complain(&format!(
        "{} in {}: {}, {}, {}",
        counted(records, "record"),
        counted(files, "input"),
        counted(alerts, "alert"),
        counted(printer.rows, "rollup row"),
        counted(printer.rejects, "reject")
    ));
    for (rule, count) in &printer.alerts {
        complain(&format!("  {count:>6}  {rule}"));
    }
}

/// Reads a format's name.
///
/// # Errors
/// An unknown name, with the known ones.
pub(crate) fn input_format(name: &str) -> anyhow::Result<Format> {
    name.parse().map_err(|_| {
        anyhow!("\"{}\" is no input format; `hsmstream parse --help` lists them", name.escape_debug())
    })
}

/// The origin given on the command line.
pub(crate) fn fixed_origin(origin: &FixedOrigin) -> Origin<'_> {
    fn bytes(text: &Option<String>) -> Option<&[u8]> {
        text.as_ref().map(|text| text.as_bytes())
    }
    Origin {
        account: bytes(&origin.account),
        cluster: bytes(&origin.cluster),
        hsm: bytes(&origin.hsm),
        ..Origin::default()
    }
}
