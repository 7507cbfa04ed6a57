//! The command line of `generate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hsmstream_corpus::{Form, Scenario, Scenarios, Share};
use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_frame::Format;

use crate::args::moment;
use crate::config::{nearest, parse_duration};

/// Make audit traffic with labelled attacks.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Generate {
    /// Records to make; 0: until Ctrl-C.
    #[arg(short = 'n', long, default_value_t = 100_000, value_name = "N")]
    pub(crate) records: u64,
    /// Seed from which all chance comes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Form of the messages: raw, event, envelope, gzip-envelope, lambda, kinesis, firehose, cli-json, cli-text,
    /// s3-export.
    #[arg(long, default_value = "raw", value_name = "NAME", value_parser = form)]
    pub(crate) form: Form,
    /// Records of one HSM to a message; event has always one.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) records_per_message: u32,
    /// Compress what is written: files as a whole, messages for Kafka one by one.
    #[arg(long, default_value = "none", value_name = "HOW")]
    pub(crate) compress: Compress,
    /// Print the scenarios of attacks, one a line, and end.
    #[arg(long)]
    pub(crate) list_scenarios: bool,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) traffic: Traffic,
}

const AFTER: &str = "\
Clusters of HSMs with gap-free sequence numbers, sessions, echoes of logins on every HSM,
reboots, two record layouts, disorder, and attacks in it whose records --labels names. The same
arguments give the same bytes. What is still late when the last record is written is left out:
so the ends of the sequences have gaps, unless --share-late is 0.

  hsmstream generate | hsmstream parse -
  hsmstream generate -n 1000000 --form envelope --compress gzip -o traffic.gz --labels labels.jsonl
  hsmstream generate --scenario brute-force,spray -o attacks.txt
  hsmstream run --input attacks.txt --rules deploy/rules
  hsmstream generate --to kafka --form envelope --rate 2000 -n 0";

/// Where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to")]
pub(crate) struct Target {
    /// file: --output or --output-dir; kafka: a topic of the configured brokers.
    #[arg(long, default_value = "file", value_name = "WHERE")]
    pub(crate) to: Where,
    /// File to write, made anew; - for standard output.
    #[arg(short, long, default_value = "-", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Directory to write a file for each HSM to, as an S3 export has it; must be empty or missing.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Topic of --to kafka [default: the first of input.topics]; the key of a message is its HSM.
    #[arg(long, value_name = "NAME")]
    pub(crate) topic: Option<String>,
    /// Records per second [default: as fast as possible].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) rate: Option<u64>,
    /// File for the labels of attacks: a JSON line for each of their records.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
}

/// What happens in the traffic.
#[derive(Debug, Args)]
#[command(next_help_heading = "Traffic")]
pub(crate) struct Traffic {
    /// Clusters.
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub(crate) clusters: u32,
    /// HSMs of each cluster.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=28))]
    pub(crate) hsms: u32,
    /// Event time of the first record: RFC 3339, epoch milliseconds, or now.
    #[arg(long, default_value = "2026-01-05T02:00:00Z", value_name = "TIME", value_parser = start)]
    pub(crate) start: u64,
    /// Records in a second of event time, all HSMs together, attacks not counted.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) density: u32,
    /// Records of layout v2, in percent.
    #[arg(long, default_value = "20", value_name = "PERCENT", value_parser = share)]
    pub(crate) share_v2: Share,
    /// Logins that fail by a wrong password, in percent of all records.
    #[arg(long, default_value = "1", value_name = "PERCENT", value_parser = share)]
    pub(crate) share_failures: Share,
    /// Records that come late, in percent.
    #[arg(long, default_value = "5", value_name = "PERCENT", value_parser = share)]
    pub(crate) share_late: Share,
    /// By how much event time at most; up to 1h.
    #[arg(long, default_value = "2s", value_name = "DURATION", value_parser = duration)]
    pub(crate) late_max: Duration,
    /// Attacks that take turns: names (--list-scenarios), all or none.
    #[arg(long, default_value = "all", value_name = "NAMES", value_parser = scenarios)]
    pub(crate) scenario: Scenarios,
    /// Event time between the beginnings of attacks.
    #[arg(long, default_value = "1m", value_name = "DURATION", value_parser = period)]
    pub(crate) attack_every: Duration,
    /// Event time between reboots of some HSM; 0s: none.
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = duration)]
    pub(crate) reboot_every: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compress {
    /// As it is.
    None,
    /// Gzip.
    Gzip,
    /// Base64 of gzip.
    Base64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Where {
    File,
    Kafka,
}

fn form(name: &str) -> Result<Form, String> {
    if let Ok(form) = name.parse() {
        return Ok(form);
    }
    let names = || Form::ALL.iter().map(|form| form.as_str());
    Err(match name.parse::<Format>() {
        Ok(Format::Auto) => "is for reading: say which form to write".to_owned(),
        Ok(_) => "carries no audit records".to_owned(),
        Err(_) => match nearest(name, names()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
        },
    })
}

fn scenarios(list: &str) -> Result<Scenarios, String> {
    let mut asked = Scenarios::NONE;
    for name in list.split(',').map(str::trim) {
        asked = match name {
            "all" | "none" if list.contains(',') => {
                return Err(format!("\"{name}\" stands alone"));
            }
            "all" => Scenarios::ALL,
            "none" => Scenarios::NONE,
            _ => asked.with(name.parse().map_err(|_| unknown_scenario(name))?),
        };
    }
    Ok(asked)
}

fn unknown_scenario(name: &str) -> String {
    let near = nearest(name, Scenario::ALL.iter().map(|scenario| scenario.as_str()));
    let hint =
        near.map_or("--list-scenarios prints them".to_owned(), |near| format!("did you mean \"{near}\"?"));
    format!("no scenario \"{}\"; {hint}", name.escape_debug())
}

/// A share in percent, to the millionth.
fn share(text: &str) -> Result<Share, String> {
    let wrong = || "expected a number from 0 to 100".to_owned();
    let percent: f64 = text.strip_suffix('%').unwrap_or(text).parse().map_err(|_| wrong())?;
    if !(0.0..=100.0).contains(&percent) {
        return Err(wrong());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a million, checked above"
    )]
    let parts = (percent * 10_000.0).round() as u32;
    Ok(Share::per_million(parts))
}

fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { parse_duration(text) }
}

/// A duration that is not 0.
fn period(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("must be more than 0; --scenario none makes no attacks".to_owned()),
        period => Ok(period),
    }
}

/// A moment of the years that a record's printed time can show.
fn start(text: &str) -> Result<u64, String> {
    let usecs = match text {
        "now" => u64::try_from(SystemClock::new().wall_ms()).unwrap_or(0).saturating_mul(1_000),
        _ => moment(text)?,
    };
    if (YEAR_2000_USECS..YEAR_2100_USECS).contains(&usecs) {
        Ok(usecs)
    } else {
        Err("records print years of two digits: 2000 to 2099".to_owned())
    }
}

const YEAR_2000_USECS: u64 = 946_684_800_000_000;
const YEAR_2100_USECS: u64 = 4_102_444_800_000_000;
