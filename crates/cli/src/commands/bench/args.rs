//! The command line of `bench`.

use clap::Args;
use hsmstream_bench::stages::Stage;
use hsmstream_frame::Format;

use crate::config::nearest;

/// Measure each stage on this machine.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Bench {
    /// Own records instead of generated ones: files or glob patterns, - for standard input.
    #[arg(long, value_name = "FILES", num_args = 1..)]
    pub(crate) corpus: Vec<String>,
    /// Form of the own records, as of parse.
    #[arg(long, value_name = "NAME", default_value = "auto", requires = "corpus")]
    pub(crate) format: Format,
    /// Stages to measure: scan, parse, transport, parallel, match, windows, encode [default: all].
    #[arg(long = "stage", value_name = "NAMES", value_delimiter = ',', value_parser = stage)]
    pub(crate) chosen: Vec<Stage>,
    /// Records to generate, or the most to take of one's own.
    #[arg(long, default_value_t = 400_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub(crate) records: u32,
    /// Rounds; each runs every job of a group once, in turns. Short ones are run more often: the tables say how often.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
    /// Seed of the generated records.
    #[arg(long, default_value_t = 1, value_name = "N", conflicts_with = "corpus")]
    pub(crate) seed: u64,
    /// Print JSON instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
}

const AFTER: &str = "\
Figures are medians over rounds. speed is how much faster a job is than the first of its group:
the median of the ratios inside each round, which survives a restless machine. budget is what
speed should be; a missed one is shown and fails nothing. Counts are checked: a job that finds
something else than it must is an error, exit code 1.

  hsmstream bench --stage parse
  hsmstream bench --corpus 'exports/**/*.gz' --json > figures.json

What to mind when figures are compared stands in benches/README.md.";

impl Bench {
    /// The stages to measure, each once, in the order of the pipeline.
    pub(crate) fn stages(&self) -> impl Iterator<Item = Stage> {
        Stage::ALL.into_iter().filter(|stage| self.chosen.is_empty() || self.chosen.contains(stage))
    }
}

fn stage(name: &str) -> Result<Stage, String> {
    let names = || Stage::ALL.iter().map(|stage| stage.as_str());
    name.parse().map_err(|_| match nearest(name, names()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
    })
}
