//! `check`: every mistake of configuration and rules, nothing started.

use std::path::Path;

use hsmstream_engine::locality::inexact;
use hsmstream_rules::{Level, render_all};

use crate::args::{Check, When};
use crate::commands::rules::RuleFiles;
use crate::commands::run::{cut_evidence, partition_fields};
use crate::config;
use crate::exit::Exit;
use crate::terminal::{Out, Paint, counted, escape_lines};
use crate::{Failure, complain};

/// Checks, prints what is wrong on standard error and a summary on standard output.
///
/// # Errors
/// Files that cannot be read. Mistakes end with [`Exit::Usage`].
pub(crate) fn run(args: &Check, file: Option<&Path>, sets: &[String], color: When) -> Result<Exit, Failure> {
    let mut mistakes = 0_usize;
    let config = config::load(file, sets);
    if let Err(found) = &config {
        for mistake in found {
            complain(&escape_lines(mistake));
        }
        mistakes += found.len();
    }
    let mut out = Out::new();
    let paths = match (&config, args.rules.is_empty()) {
        (_, false) => args.rules.clone(),
        (Ok(config), true) => config.rule_paths.clone(),
        (Err(_), true) => Vec::new(),
    };
    if paths.is_empty() {
        return Ok(Exit::Usage);
    }
    let files = RuleFiles::read(&paths)?;
    let loaded = files.load();
    let shown = render_all(&loaded.diagnostics, Paint::stderr(color).is_on());
    if !shown.is_empty() {
        complain(shown.trim_end());
    }
    let cut = config.as_ref().map_or_else(|_| Vec::new(), |config| cut_evidence(&loaded.set, config));
    for told in &cut {
        complain(&format!("warning: {told}"));
    }
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
    let warnings = loaded.diagnostics.len() - errors + cut.len();
    mistakes += errors;
    if let (Ok(config), Some(2..)) = (&config, args.partitions) {
        for rule in inexact(&loaded.set, &partition_fields(config)?) {
            complain(&format!("error: {rule}"));
            mistakes += 1;
        }
    }
    let summary = format!(
        "{} in {}: {}, {}, {} left out",
        counted(loaded.set.len(), "rule"),
        counted(files.len(), "file"),
        counted(mistakes, "mistake"),
        counted(warnings, "warning"),
        counted(loaded.left_out.len(), "rule")
    );
    out.line(summary.as_bytes());
    out.flush();
    Ok(if mistakes == 0 { Exit::Success } else { Exit::Usage })
}
