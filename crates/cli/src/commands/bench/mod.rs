//! `bench`: what each stage costs on this machine, beside its rivals and bounds, in one run.
//!
//! The jobs are those of the crate `bench`, which the Criterion benchmarks measure too. Counts are checked on every
//! run of every job: a wrong one ends it, because figures of a wrong result mean nothing.

pub(crate) mod args;
mod corpus;
mod json;
mod stop;
mod table;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::bail;
use hsmstream_bench::machine::{BUILD, Machine, warm_cache};
use hsmstream_bench::stages::parallel::count;
use hsmstream_bench::stages::{Error, Measured, Stage};
use hsmstream_frame::{Format, Reject};
use hsmstream_record::{Limits, Origin, Record};
use indicatif::ProgressBar;

use crate::complain;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::Input;
use crate::inputs::parallel::{self, Block, Reading, Work};
use crate::terminal::{Out, escape};
use args::Bench;
use corpus::Records;
use stop::Stop;

/// Measures the stages; ends with [`Exit::Negative`] if a job finds something else than it must.
///
/// # Errors
/// A corpus that cannot be read, or has no audit record; files that cannot be written.
pub(crate) fn run(args: &Bench, config: &Config) -> anyhow::Result<Exit> {
    let machine = Machine::this();
    let records = if args.corpus.is_empty() {
        Records::generate(args.seed, args.records)
    } else {
        Records::read(args, config)
    };
    let records = records?;
    let notes = notes(&machine, &records);
    let mut out = Out::new();
    if !args.json {
        table::head(&machine, &records, &notes, &mut out);
    }
    let spinner = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let stop = Stop::listen()?;
    let read = |files: &[PathBuf], format, threads| {
        if stop.has_come() { 0 } else { read_files(files, format, threads) }
    };
    let mut all: Vec<Measured> = Vec::new();
    for stage in args.stages() {
        spinner.set_message(format!("measuring {stage}"));
        spinner.tick();
        // Its files go with it.
        stop.wait_for_end(stage == Stage::Parallel);
        let measured = stage.measure(&records.corpus, rounds(args), &read);
        stop.end_if_come()?;
        match measured {
            Ok(mut measured) => {
                measured.iter_mut().for_each(|group| group.notes.extend(warm(&machine, &records, group)));
                spinner.set_message("");
                if !args.json {
                    measured.iter().for_each(|group| table::group(group, &mut out));
                }
                all.extend(measured);
            }
            Err(error) => {
                spinner.finish_and_clear();
                out.flush();
                if matches!(error, Error::Files(_)) {
                    bail!("{error}");
                }
                complain(&format!(
                    "error: {}; no figure of this run means anything",
                    escape(error.to_string().as_bytes())
                ));
                return Ok(Exit::Negative);
            }
        }
    }
    spinner.finish_and_clear();
    if args.json {
        out.line(json::document(args, &machine, &records, &notes, &all).to_string().as_bytes());
    }
    out.flush();
    Ok(Exit::Success)
}

/// Reads files as `parse` does, but prints nothing.
fn read_files(files: &[PathBuf], format: Format, threads: usize) -> u64 {
    let inputs: Vec<Input> = files.iter().cloned().map(Input::File).collect();
    let reading = Reading { format, limits: Limits::default(), fixed: &Origin::default(), threads };
    let mut records = 0;
    let read = parallel::read(&inputs, reading, &Counted, &mut |block| records += block.count);
    read.map_or(0, |()| records)
}

struct Counted;

impl Work for Counted {
    type Scratch = ();
    const PRINTS_ALL: bool = false;

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, (): &mut (), block: &mut Block) {
        block.count += count(item);
    }
}

fn rounds(args: &Bench) -> usize {
    usize::try_from(args.rounds).unwrap_or(usize::MAX)
}

/// What a reader has to know about a group that has fewer records than the corpus.
fn warm(machine: &Machine, records: &Records, group: &Measured) -> Option<String> {
    let is_less = group.size.records < records.corpus.buffer.len();
    machine.last_cache_bytes.filter(|_| is_less).and_then(|cache| warm_cache(group.size.bytes, cache))
}

/// What a reader has to know about all figures.
fn notes(machine: &Machine, records: &Records) -> Vec<String> {
    let mut notes = Vec::new();
    if BUILD.debug_assertions {
        notes.push("this is a build with debug assertions: its figures mean nothing".to_owned());
    } else if BUILD.profile != "release" {
        notes.push(format!("this is the profile \"{}\"; what ships is \"release\"", BUILD.profile));
    }
    let bytes = records.corpus.buffer.bytes.len();
    match machine.last_cache_bytes {
        Some(cache) => notes.extend(warm_cache(bytes, cache)),
        None => notes.push("the size of the last cache is unknown".to_owned()),
    }
    if let Some(load) = machine.load.filter(|load| *load > 0.5) {
        notes.push(format!("the machine does something else, too: load {load:.1}"));
    }
    notes
}
