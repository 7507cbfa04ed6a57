//! `generate`: audit traffic with labelled attacks, to files or Kafka.
//!
//! One thread: the corpus makes a message, the sink takes it, the labels tell what in it was an attack. A signal, or
//! a reader that closes the pipe, ends it between two messages; what HSMs have gathered by then is written too.

pub(crate) mod args;
mod files;
mod labels;
mod pace;
mod sink;

use std::io;
use std::path::Path;

use hsmstream_corpus::{Config as Traffic, Corpus, Messages, Scenario, Scenarios};

use crate::config::Config;
use crate::exit::Exit;
use crate::terminal::{Out, counted};
use crate::{Failure, complain};
use args::{Compress, Generate, Where};
use labels::Labels;
use pace::Pace;
use sink::{Sent, Sink};

/// Generates until the number of records is reached, or a signal comes.
///
/// # Errors
/// Contradicting arguments; files that cannot be written; brokers or a topic that are missing.
pub(crate) fn run(args: &Generate, config: &Config) -> Result<Exit, Failure> {
    if args.list_scenarios {
        list_scenarios();
        return Ok(Exit::Success);
    }
    check(args)?;
    let traffic = traffic(args);
    let limit = if args.records == 0 { u64::MAX } else { args.records };
    let per_message = usize::try_from(args.records_per_message).unwrap_or(1);
    let corpus = Corpus::new(traffic);
    let mut labels = Labels::open(args.target.labels.as_deref())?;
    let mut sink = Sink::open(args, config)?;
    labels.begin()?;
    let mut pace = Pace::start(args.target.rate, limit, sink.is_on_terminal())?;
    let mut messages = Messages::new(corpus, args.form, per_message).take(limit);
    let names = messages.corpus().clone();
    let mut bytes = Vec::new();
    let mut written = Written::default();
    loop {
        if pace.is_stopped() {
            messages.stop();
        }
        bytes.clear();
        let Some(message) = messages.next_into(&mut bytes) else { break };
        let hsm = names.hsm_name(message.hsm);
        if sink.send(hsm, &bytes)? == Sent::ReaderGone {
            return Ok(Exit::Success);
        }
        for record in message.records {
            written.count(record.label.map(|label| label.scenario));
            labels.write(record, &names, written.records - 1, written.messages)?;
        }
        written.messages += 1;
        written.bytes += bytes.len() as u64;
        if let Some(pause) = pace.pause(written.records) {
            sink.flush()?;
            pace.wait(pause);
        }
    }
    labels.finish()?;
    if sink.finish()? == Sent::ReaderGone {
        return Ok(Exit::Success);
    }
    pace.finish();
    written.tell(args, pace.elapsed().as_secs_f64());
    Ok(Exit::Success)
}

/// What the arguments together must not be.
fn check(args: &Generate) -> Result<(), Failure> {
    let mut mistakes = Vec::new();
    let target = &args.target;
    match target.to {
        Where::File if target.topic.is_some() => mistakes.push("--topic needs --to kafka".to_owned()),
        Where::Kafka if target.output_dir.is_some() || target.output.as_os_str() != "-" => {
            mistakes.push("--output and --output-dir are for files, not for --to kafka".to_owned());
        }
        Where::File | Where::Kafka => {}
    }
    let hsms = args.traffic.clusters * args.traffic.hsms;
    if target.output_dir.is_some() && hsms > files::FILES_MAX {
        mistakes.push(format!(
            "--output-dir: {hsms} HSMs are more than the {} files that are written at a time",
            files::FILES_MAX
        ));
    }
    if target.labels.as_ref().is_some_and(|labels| labels.as_os_str() == "-") {
        mistakes.push("--labels: name a file, standard output is for records".to_owned());
    } else if target.labels.as_deref().is_some_and(|labels| is_same(labels, &target.output)) {
        mistakes.push("--labels and --output name the same file".to_owned());
    }
    if args.traffic.late_max.as_secs() > 3_600 {
        mistakes.push("--late-max: at most 1h".to_owned());
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.into()) }
}

/// Whether two paths name the same file, whether it is there yet or not.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let there = path.canonicalize();
        there.or_else(|_| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
            Ok::<_, io::Error>(folder.join(path.file_name().unwrap_or_default()))
        })
    };
    matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}

fn traffic(args: &Generate) -> Traffic {
    let asked = &args.traffic;
    let usecs = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Traffic {
        start_usecs: asked.start,
        clusters: asked.clusters,
        hsms_per_cluster: asked.hsms,
        rate_per_second: asked.density,
        second_layout: asked.share_v2,
        login_failures: asked.share_failures,
        disordered: asked.share_late,
        disorder_usecs_max: usecs(asked.late_max),
        attack_every_usecs: if asked.scenario.is_empty() { 0 } else { usecs(asked.attack_every) },
        scenarios: asked.scenario,
        reboot_every_usecs: usecs(asked.reboot_every),
        ..Traffic::new(args.seed)
    }
}

/// What was written so far.
#[derive(Default)]
struct Written {
    records: u64,
    messages: u64,
    bytes: u64,
    labelled: u64,
    played: Option<Scenarios>,
}

impl Written {
    fn count(&mut self, scenario: Option<Scenario>) {
        self.records += 1;
        if let Some(scenario) = scenario {
            self.labelled += 1;
            self.played = Some(self.played.unwrap_or(Scenarios::NONE).with(scenario));
        }
    }

    /// The summary, and the scenarios that were asked for by name and did not come.
    fn tell(&self, args: &Generate, seconds: f64) {
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let (rate, megabytes) = (self.records as f64 / seconds.max(1e-6), self.bytes as f64 / 1e6);
        let before = if args.compress == Compress::None { "" } else { " before compression" };
        complain(&format!(
            "{} in {}, {megabytes:.1} MB{before}, {seconds:.1} s, {rate:.0} records/s; {} of attacks",
            counted(self.records, "record"),
            counted(self.messages, "message"),
            counted(self.labelled, "record")
        ));
        let asked = args.traffic.scenario;
        let played = self.played.unwrap_or(Scenarios::NONE);
        let missing: Vec<&str> =
            asked.iter().filter(|it| !played.contains(*it)).map(Scenario::as_str).collect();
        if asked != Scenarios::ALL && !missing.is_empty() {
            complain(&format!(
                "note: no record of {}; more records, a lower --density or a shorter --attack-every bring more attacks",
                missing.join(", ")
            ));
        }
    }
}

fn list_scenarios() {
    let mut out = Out::new();
    for scenario in Scenario::ALL {
        let line = format!("{scenario:<18} {}; {}", scenario.summary(), scenario.attack().join(", "));
        out.line(line.as_bytes());
        out.line(format!("{:<18} rules: {}", "", scenario.rules().join(", ")).as_bytes());
    }
    out.flush();
}
