//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hsmstream_frame::Format;

use crate::commands::bench::args::Bench;
use crate::commands::generate::args::Generate;
use crate::commands::help::Help;
use crate::commands::pattern::args::Pattern;

/// A stream processor for AWS CloudHSM audit logs.
///
/// Reads audit records from Kafka (or files), matches them against rules written in the CloudWatch Logs
/// filter-pattern language, counts them in windows per key, and publishes alerts, rollups and rejects,
/// exactly once.
#[derive(Debug, Parser)]
#[command(name = "hsmstream", version, after_help = AFTER, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

const AFTER: &str = "\
Start here:  hsmstream demo                         everything in one process, no set-up
             hsmstream run --input 'export/**/*.gz' --rules deploy/rules
                                                    rules over exported logs, no Kafka
             hsmstream run -c hsmstream.toml        the service

Exit codes:  0 done (query: found)
             1 query: nothing found; test: one failed; parse --strict: rejects;
               pattern check: warnings; bench: a job finds something else than it must
             2 mistakes in arguments, configuration or rules; nothing was started
             3 a file, the broker or a permission failed
             4 another instance took over";

/// The most threads that read: each may hold a compressed file's text until its checksum is seen, 64 MiB by default.
pub(crate) const THREADS_MAX: i64 = 256;

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file [default: hsmstream.toml if it exists].
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override one configuration key, e.g. --set time.allowed_lateness=5m (may be repeated).
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Colours: auto means only on a terminal.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    // `on` and `off` are the words of the AWS command.
    #[value(alias = "on")]
    Always,
    #[value(alias = "off")]
    Never,
}

// A doc comment on a variant hides all but the first line of its arguments' own from `--help`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Run(Run),
    /// Print the JSON view of each record, one a line.
    Parse(Parse),
    Query(Query),
    /// Check configuration and rules; print every mistake with its place.
    Check(Check),
    /// Run the tests that stand beside the rules.
    Test(Test),
    /// Print the JSON Schema of what is published.
    Schema(Schema),
    /// Print the effective configuration and where each value is from.
    Config(ShowConfig),
    /// Follow a topic: alerts, rollups, rejects or records.
    Tail(Tail),
    Pattern(Pattern),
    Help(Help),
    /// Make audit traffic with labelled attacks, to files or Kafka.
    Generate(Generate),
    /// Measure each stage on this machine, beside its rivals and bounds.
    Bench(Bench),
}

/// Show everything in one process: an embedded Kafka, generated traffic with attacks, live alerts.
///
/// Starts librdkafka's mock cluster inside the process, generates the audit traffic of two clusters with a
/// brute-force attack, a mass deletion of keys and an officer created at night in it, runs the shipped
/// rules, and prints alerts as they arrive. Nothing is written outside the process.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after this long, e.g. 30s [default: until Ctrl-C].
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) duration: Option<String>,
    /// Records per second.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u64).range(10..=200_000))]
    pub(crate) rate: u64,
    /// Seed of the generated traffic.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Rules to run instead of the shipped ones.
    #[arg(long, value_name = "PATH")]
    pub(crate) rules: Vec<PathBuf>,
}

/// Run the service from Kafka to Kafka, or the same rules over files.
///
/// Without --input: joins the consumer group, restores state, and processes until SIGTERM or Ctrl-C, then
/// drains. SIGHUP, or a change of a rule file, reloads the rules; an invalid set leaves the old one running.
///
/// With --input: reads files (or - for standard input) to their end, several merged by event time. Alerts and
/// rollups go to standard output, as a table on a terminal, as JSON lines otherwise.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Files or glob patterns (quote them); - for standard input.
    #[arg(long, value_name = "FILES", num_args = 1..)]
    pub(crate) input: Vec<String>,
    /// Rule files and directories [default: rules.paths of the configuration].
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) rules: Vec<PathBuf>,
    /// Form of the output with --input [default: table on a terminal, else flat].
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<OutputForm>,
    /// Form of the input with --input, as input.format.
    #[arg(long, value_name = "NAME")]
    pub(crate) input_format: Option<Format>,
    #[command(flatten)]
    pub(crate) origin: FixedOrigin,
    /// Create missing topics with the right settings.
    #[arg(long)]
    pub(crate) create_topics: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    Table,
    Flat,
    Ocsf,
}

/// What the input lacks.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct FixedOrigin {
    /// Account id of records whose transport does not tell it.
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Cluster of records whose transport does not tell it.
    #[arg(long, value_name = "ID")]
    pub(crate) cluster: Option<String>,
    /// HSM of records whose transport does not tell it (query: only records of this HSM).
    #[arg(long, value_name = "ID")]
    pub(crate) hsm: Option<String>,
}

/// Print the JSON view of each record, one a line.
#[derive(Debug, Args)]
pub(crate) struct Parse {
    /// Files or glob patterns; - for standard input.
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<String>,
    /// Form of the input: auto, raw, event, envelope, lambda, kinesis, firehose, cli-json, cli-text,
    /// s3-export, cloudtrail, metric-stream, certificate.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) origin: FixedOrigin,
    /// Print rejects too, in input order.
    #[arg(long)]
    pub(crate) rejects: bool,
    /// Exit with 1 if anything was rejected.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Threads that read and parse [default: one for each core]; the output is the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    pub(crate) threads: Option<u16>,
}

/// Search records with a filter pattern: filter-log-events, locally.
///
/// The pattern is in the CloudWatch Logs filter-pattern language: terms (Opcode CN_LOGIN -SUCCESS), JSON
/// over the record's view ({ $.response.code = 163 && $.user.name = "admin*" }), or space-delimited.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Filter pattern; "" matches every record.
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    /// Files or glob patterns; - for standard input.
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<String>,
    /// First event time, RFC 3339 or epoch milliseconds.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) start_time: Option<u64>,
    /// Event time before which to end, RFC 3339 or epoch milliseconds.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) end_time: Option<u64>,
    /// Only records of this HSM (also names it where the input does not).
    #[arg(long, value_name = "ID")]
    pub(crate) hsm: Option<String>,
    /// Print only the number of matching records.
    #[arg(long)]
    pub(crate) count: bool,
    /// text: one line a record; raw: the record as logged; json: its view.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: QueryForm,
    /// Form of the input.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(crate) format: Format,
    /// Threads that read and search [default: one for each core]; the output is the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    pub(crate) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryForm {
    Text,
    Raw,
    Json,
}

/// Check configuration and rules.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Rule files and directories [default: rules.paths of the configuration].
    #[arg(value_name = "PATH")]
    pub(crate) rules: Vec<PathBuf>,
    /// Number of partitions of the input topic: also report rules that would not be exact on it.
    #[arg(long, value_name = "N")]
    pub(crate) partitions: Option<u32>,
}

/// Run the tests that stand beside the rules.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Rule files and directories [default: rules.paths of the configuration].
    #[arg(value_name = "PATH")]
    pub(crate) rules: Vec<PathBuf>,
    /// Print every test, not only failures.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// Print the JSON Schema of what is published.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Name of the schema; without one, the list of names.
    #[arg(value_name = "NAME", value_parser = hsmstream_output::schema::SCHEMA_NAMES)]
    pub(crate) name: Option<String>,
}

/// Print the effective configuration.
#[derive(Debug, Args)]
pub(crate) struct ShowConfig {
    /// Print the commented reference instead.
    #[arg(long)]
    pub(crate) reference: bool,
}

/// Follow a topic.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// What to follow.
    #[arg(value_name = "WHAT")]
    pub(crate) what: TailWhat,
    /// Only messages (for records: records) that this filter pattern matches.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) pattern: Option<String>,
    /// Begin this many messages before the end of each partition.
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
    pub(crate) last: u32,
    /// Begin at the start of the topic.
    #[arg(long, conflicts_with = "last")]
    pub(crate) from_start: bool,
    /// End when the end of the topic is reached, instead of waiting for more.
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Print messages as they are, one a line.
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TailWhat {
    Alerts,
    Staging,
    Rollups,
    Rejects,
    Records,
}

/// A moment on the command line: RFC 3339 or epoch milliseconds, as µs.
pub(crate) fn moment(text: &str) -> Result<u64, String> {
    if let Ok(ms) = text.parse::<u64>() {
        return Ok(ms.saturating_mul(1_000));
    }
    let stamp: jiff::Timestamp =
        text.parse().map_err(|error| format!("no time (RFC 3339 or epoch ms): {error}"))?;
    u64::try_from(stamp.as_microsecond()).map_err(|_| "before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
