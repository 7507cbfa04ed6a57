//! The command line of `pattern`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hsmstream_record::Kind;

/// Try, explain and check filter patterns.
#[derive(Debug, Args)]
#[command(after_help = "`hsmstream help pattern` prints the language.")]
pub(crate) struct Pattern {
    #[command(subcommand)]
    pub(crate) command: PatternCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PatternCommand {
    Test(Box<PatternTest>),
    Explain(PatternExplain),
    Check(PatternCheck),
}

const TEST_HELP: &str = "\
Events:  Each argument is one event; a single one that begins like a JSON array of strings is that array.
         Standard input and files: a JSON array of strings, or one event per line (LF or CRLF; an empty line is
         an empty event). The array is told by its beginning: `[` and `\"`; --lines takes lines in any case.
         Lines are taken as they come; a line has at most 16 MiB, an array 64 MiB.
         Terms look at bytes. What is not UTF-8 matches like anything else and is printed as U+FFFD.
         file://NAME in place of the pattern or of the events reads them from there, as with the AWS command.

AWS:     The output is that of `aws logs test-metric-filter`. Its options for account, region, endpoint, pager,
         time-outs and certificates are taken and have no effect; --output knows json alone; --query is
         refused (use jq). There is no limit of 50 events.

Exit codes:  0 the pattern is one (whether something matched or not)
             2 the pattern is none, or there is no event        3 a file cannot be read";

/// Say which events a pattern matches and what it extracts: `aws logs test-metric-filter`, locally.
///
/// Prints what `aws logs test-metric-filter` prints, so that a script only has to change the command's name:
/// aws logs test-metric-filter → hsmstream pattern test.
#[derive(Debug, Args)]
#[command(after_help = TEST_HELP)]
pub(crate) struct PatternTest {
    /// Filter pattern; "" matches every event.
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        required_unless_present = "cli_input_json"
    )]
    pub(crate) filter_pattern: Option<String>,
    /// Events; - for standard input.
    #[arg(long, value_name = "EVENT", num_args = 1.., conflicts_with = "file")]
    pub(crate) log_event_messages: Vec<OsString>,
    /// Read events from this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Take standard input and files as lines, whatever they begin with.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Take patterns beyond the service's limits, as far as a rule may lift them.
    #[arg(long)]
    pub(crate) lift_limits: bool,
    /// Pattern and events as one JSON object: {"filterPattern": …, "logEventMessages": […]}.
    #[arg(long, value_name = "JSON")]
    pub(crate) cli_input_json: Option<String>,
    #[command(flatten)]
    pub(crate) ignored: Ignored,
}

/// Options of the AWS command that mean nothing here.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the AWS command")]
pub(crate) struct Ignored {
    #[arg(long, hide = true, value_parser = ["json"])]
    output: Option<String>,
    #[arg(long, hide = true, value_parser = no_query)]
    query: Option<String>,
    #[arg(long, hide = true)]
    region: Option<String>,
    #[arg(long, hide = true)]
    profile: Option<String>,
    #[arg(long, hide = true)]
    endpoint_url: Option<String>,
    #[arg(long, hide = true)]
    ca_bundle: Option<String>,
    #[arg(long, hide = true)]
    cli_read_timeout: Option<String>,
    #[arg(long, hide = true)]
    cli_connect_timeout: Option<String>,
    #[arg(long, hide = true)]
    cli_binary_format: Option<String>,
    #[arg(long, hide = true)]
    no_cli_pager: bool,
    #[arg(long, hide = true)]
    no_cli_auto_prompt: bool,
    #[arg(long, hide = true)]
    no_paginate: bool,
    #[arg(long, hide = true)]
    no_verify_ssl: bool,
    #[arg(long, hide = true)]
    no_sign_request: bool,
    #[arg(long, hide = true)]
    debug: bool,
}

fn no_query(_: &str) -> Result<String, String> {
    Err("there is no --query here; pipe the output to jq, for example `| jq '.matches | length'`".into())
}

/// Say what a pattern asks, item by item, and what decides on an event.
#[derive(Debug, Args)]
pub(crate) struct PatternExplain {
    /// Filter pattern.
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pub(crate) pattern: String,
    /// Event to explain the answer on; - for standard input, all of which is one event. JSON patterns see an
    /// audit record by its fields, as rules do.
    #[arg(long, value_name = "EVENT", allow_hyphen_values = true)]
    pub(crate) event: Option<OsString>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Take patterns beyond the service's limits, as far as a rule may lift them.
    #[arg(long)]
    pub(crate) lift_limits: bool,
}

const CHECK_HELP: &str = "\
Warnings:  never matches, always matches, contradicts itself, has an item that counts for nothing; names a field,
           opcode or response that audit records do not have (with the nearest that they do), or in letter case
           that they never have; has a term that only a user name can hold.
Notes:     good to know and often meant, such as `!=` where the field is absent.

Exit codes:  0 nothing, or notes only        1 warnings        2 a pattern is refused";

/// Look for patterns that cannot mean what they say.
///
/// `hsmstream check` reports the same for the patterns of rules, and `query` for the one it is given.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct PatternCheck {
    /// Filter patterns (behind -- if one begins with a dash).
    #[arg(value_name = "PATTERN", required = true)]
    pub(crate) patterns: Vec<String>,
    /// What the patterns are for: only audit records have a vocabulary to check against.
    #[arg(long, value_name = "KIND", default_value = "audit")]
    pub(crate) on: Target,
    /// Print one JSON object a pattern.
    #[arg(long)]
    pub(crate) json: bool,
    /// Take patterns beyond the service's limits, as far as a rule may lift them.
    #[arg(long)]
    pub(crate) lift_limits: bool,
}

/// The events that a pattern is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    Audit,
    Cloudtrail,
    Metric,
    Certificate,
    /// Logs of any sort.
    Any,
}

impl Target {
    /// The kind of records, if it is one.
    pub(crate) const fn kind(self) -> Option<Kind> {
        match self {
            Self::Audit => Some(Kind::Audit),
            Self::Cloudtrail => Some(Kind::CloudTrail),
            Self::Metric => Some(Kind::Metric),
            Self::Certificate => Some(Kind::Certificate),
            Self::Any => None,
        }
    }
}
