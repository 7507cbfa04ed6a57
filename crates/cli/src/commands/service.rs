//! The service: workers between Kafka and Kafka, signals, reload, supervision.
//!
//! Threads: one per worker (plain, each with its own transport), one for signals, one for the watch on rule
//! files, one for the admin server. A worker that fails is built anew with growing waits and goes on from
//! the last commit; a fenced one ends the process, because somebody else does its work.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::locality::inexact;
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::rules_handle::RulesHandle;
use hsmstream_engine::shared::Shared;
use hsmstream_engine::worker::{Ended, Worker};
use hsmstream_kafka::{KafkaConfig, KafkaTransport, Role, TopicSettings, check_topics};
use hsmstream_rules::{Level, RuleSet};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::admin::{self, Readiness};
use crate::args::{Run, When};
use crate::commands::rules::RuleFiles;
use crate::commands::run::{cut_evidence, load_some, partition_fields, settings};
use crate::commands::watch;
use crate::config::Config;
use crate::exit::Exit;
use crate::kafka_config::kafka_config;
use crate::terminal::{Paint, counted};
use crate::{Failure, complain, logging};

/// How long a worker may take to connect, once the start has seen the brokers.
const OPEN_DEADLINE: Duration = Duration::from_secs(60);
/// First and longest wait before a failed worker is built anew.
const RESTART_WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// A worker that ran this long without failing begins again with the shortest wait.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// What wakes the supervisor.
#[derive(Debug)]
enum Event {
    Stop,
    Reload,
    Ended(usize, Ended),
}

/// Runs until a signal, fencing, or an error that no retry mends.
///
/// # Errors
/// Mistakes in the configuration; brokers, topics or permissions that are missing.
pub(crate) fn run(args: &Run, config: &Config, color: When) -> Result<Exit, Failure> {
    logging::init(config.log_json, &config.log_level, Paint::stderr(color).is_on())
        .map_err(|why| vec![why])?;
    let kafka = kafka_config(config)?;
    let settings = settings(config, kafka.input_topics.clone())?;
    let paths = if args.rules.is_empty() { config.rule_paths.clone() } else { args.rules.clone() };
    let Some(loaded) = load_some(&RuleFiles::read(&paths)?, color) else { return Ok(Exit::Usage) };
    warn_of_cut_evidence(&loaded.set, config);
    let partitions = topics(&kafka, args.create_topics, config)?;
    let Some(rules) = exact_only(loaded.set, config, partitions)? else { return Ok(Exit::Usage) };
    let shared = Shared::new(settings, Metrics::new());
    shared.metrics.rules_loaded.set(i64::try_from(rules.len()).unwrap_or(i64::MAX));
    shared.metrics.rules_left_out.set(i64::try_from(loaded.left_out.len()).unwrap_or(i64::MAX));
    let readiness = Readiness::new(Arc::clone(&shared), config.workers);
    if !config.admin_listen.is_empty() {
        let address = admin::serve(&config.admin_listen, shared.metrics.clone(), readiness.clone())?;
        tracing::info!(%address, "admin server listens");
    }
    let service = Service {
        kafka,
        shared,
        rules: RulesHandle::new(Arc::new(rules)),
        clock: Arc::new(SystemClock::new()),
        stop: Arc::new(AtomicBool::new(false)),
        readiness,
    };
    service.supervise(config, &paths, partitions)
}

fn warn_of_cut_evidence(rules: &RuleSet, config: &Config) {
    for told in cut_evidence(rules, config) {
        tracing::warn!("{told}");
    }
}

/// Checks (and creates) topics; gives the largest partition count of the input topics.
fn topics(kafka: &KafkaConfig, create: bool, config: &Config) -> Result<u32, Failure> {
    let wanted = TopicSettings {
        partitions: config.partitions,
        replication: u16::try_from(config.replication).unwrap_or(u16::MAX),
        retention: None,
        message_bytes_max: config.limits.output as u64,
        deadline: config.start_deadline,
    };
    let report = check_topics(kafka, create, &wanted).map_err(|problems| {
        for problem in &problems {
            complain(&problem.to_string());
        }
        anyhow!("{} with the topics at {}", counted(problems.len(), "problem"), kafka.brokers.join(","))
    })?;
    for unchecked in &report.unchecked {
        tracing::warn!(%unchecked, "not checked");
    }
    for topic in report.topics.iter().filter(|topic| topic.created) {
        tracing::info!(topic = %topic.name, partitions = topic.partitions, "topic created");
    }
    let inputs = report.topics.iter().filter(|topic| topic.role == Role::Input);
    Ok(inputs.map(|topic| topic.partitions).max().unwrap_or(1))
}

/// Leaves out rules that would not be exact on several partitions, by name.
fn exact_only(rules: RuleSet, config: &Config, partitions: u32) -> Result<Option<RuleSet>, Failure> {
    if partitions <= 1 {
        return Ok(Some(rules));
    }
    let refused = inexact(&rules, &partition_fields(config)?);
    for rule in &refused {
        complain(&format!("error: {rule}"));
        tracing::error!(rule = %rule.id, lacks = ?rule.lacks, partitions, "rule refused: not exact on this topic");
    }
    let kept = rules.retain(|rule| refused.iter().all(|refused| refused.id != rule.id));
    if kept.is_empty() {
        complain("no rule is left; nothing was started");
        return Ok(None);
    }
    Ok(Some(kept))
}

struct Service {
    kafka: KafkaConfig,
    shared: Arc<Shared>,
    rules: RulesHandle,
    clock: Arc<dyn Clock>,
    stop: Arc<AtomicBool>,
    readiness: Readiness,
}

impl Service {
    fn supervise(self, config: &Config, paths: &[PathBuf], partitions: u32) -> Result<Exit, Failure> {
        let (events, inbox) = mpsc::sync_channel(64);
        listen_for_signals(events.clone()).context("cannot install signal handlers")?;
        let _watch = config.watch_rules.then(|| watch::start(paths, events.clone(), || Event::Reload));
        let mut handles: Vec<Option<thread::JoinHandle<()>>> = Vec::new();
        for worker in 0..config.workers {
            handles.push(Some(self.spawn(worker, events.clone())?));
        }
        let mut left = config.workers;
        let mut exit = Exit::Success;
        let mut leave_at: Option<Duration> = None;
        while left > 0 {
            if self.stop.load(Ordering::Acquire) && leave_at.is_none() {
                leave_at = Some(self.clock.monotonic() + config.shutdown_deadline);
            }
            let wait = leave_at.map_or(Duration::MAX, |at| at.saturating_sub(self.clock.monotonic()));
            match inbox.recv_timeout(wait) {
                Ok(Event::Stop) => {
                    tracing::info!("stopping: the last batch is committed, then the group is left");
                    self.readiness.draining();
                    self.stop.store(true, Ordering::Release);
                }
                Ok(Event::Reload) => self.reload(config, paths, partitions),
                Ok(Event::Ended(worker, ended)) => {
                    left -= 1;
                    if let Some(handle) = handles.get_mut(worker).and_then(Option::take) {
                        drop(handle.join());
                    }
                    exit = self.ended(worker, ended, exit);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let deadline_ms = config.shutdown_deadline.as_millis();
                    tracing::error!(
                        workers = left,
                        deadline_ms,
                        "not drained within delivery.shutdown_deadline; leaving: the next owner goes on from the last commit"
                    );
                    return Ok(Exit::Failure);
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(exit)
    }

    /// A worker has ended; unless it drained, so does the service, with this exit code.
    fn ended(&self, worker: usize, ended: Ended, exit: Exit) -> Exit {
        match ended {
            Ended::Drained => {
                tracing::info!(worker, "worker drained");
                return exit;
            }
            Ended::Fenced(what) => {
                tracing::error!(worker, %what, "fenced: another instance has this instance's name; leaving");
                self.stop.store(true, Ordering::Release);
                return Exit::Fenced;
            }
            Ended::Failed(what) => tracing::error!(worker, %what, "worker ended"),
        }
        self.stop.store(true, Ordering::Release);
        if exit == Exit::Success { Exit::Failure } else { exit }
    }

    fn spawn(
        &self,
        worker: usize,
        events: mpsc::SyncSender<Event>,
    ) -> anyhow::Result<thread::JoinHandle<()>> {
        let (kafka, shared, rules) = (self.kafka.clone(), Arc::clone(&self.shared), self.rules.clone());
        let (clock, stop) = (Arc::clone(&self.clock), Arc::clone(&self.stop));
        let body = move || {
            // A broken invariant ends the process (in release it aborts at once): what is committed is whole.
            let run = || keep_running(worker, &kafka, &shared, &rules, &clock, &stop);
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
                Ended::Failed("an invariant is broken; see the message above".to_owned())
            });
            if events.send(Event::Ended(worker, ended)).is_err() {
                tracing::debug!("the supervisor is gone");
            }
        };
        thread::Builder::new()
            .name(format!("worker-{worker}"))
            .spawn(body)
            .context("cannot start a worker thread")
    }

    /// Takes a new rule set into force if every rule of it is valid; otherwise the old one runs on.
    fn reload(&self, config: &Config, paths: &[PathBuf], partitions: u32) {
        let loaded = match RuleFiles::read(paths) {
            Ok(files) => files.load(),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "rules not reloaded; the old ones run on");
                self.shared.metrics.reloads_refused.inc();
                return;
            }
        };
        if !loaded.is_clean() || loaded.set.is_empty() {
            for diagnostic in &loaded.diagnostics {
                match diagnostic.level {
                    Level::Error => tracing::error!(%diagnostic, "mistake in a rule file"),
                    Level::Warning => tracing::warn!(%diagnostic, "in a rule file"),
                }
            }
            tracing::error!("rules not reloaded; the old ones run on");
            self.shared.metrics.reloads_refused.inc();
            return;
        }
        for diagnostic in &loaded.diagnostics {
            tracing::warn!(%diagnostic, "in a rule file");
        }
        warn_of_cut_evidence(&loaded.set, config);
        match exact_only(loaded.set, config, partitions) {
            Ok(Some(rules)) => {
                self.shared.metrics.reloads.inc();
                self.shared.metrics.rules_loaded.set(i64::try_from(rules.len()).unwrap_or(i64::MAX));
                self.shared.metrics.rules_left_out.set(0);
                tracing::info!(rules = rules.len(), "rules reloaded");
                self.rules.publish(Arc::new(rules));
            }
            Ok(None) | Err(_) => {
                tracing::error!("rules not reloaded; the old ones run on");
                self.shared.metrics.reloads_refused.inc();
            }
        }
    }
}

/// Runs workers one after the other in this thread until one drains or is fenced.
fn keep_running(
    number: usize,
    kafka: &KafkaConfig,
    shared: &Arc<Shared>,
    rules: &RulesHandle,
    clock: &Arc<dyn Clock>,
    stop: &Arc<AtomicBool>,
) -> Ended {
    let mut wait = RESTART_WAIT.0;
    loop {
        let started = clock.monotonic();
        let opened = KafkaTransport::open(kafka, u32::try_from(number).unwrap_or(u32::MAX), OPEN_DEADLINE);
        let ended = match opened {
            Ok(transport) => {
                let (shared, clock, stop) = (Arc::clone(shared), Arc::clone(clock), Arc::clone(stop));
                Worker::new(transport, shared, rules.clone(), clock, stop).run()
            }
            Err(error) => Ended::Failed(error.to_string()),
        };
        let Ended::Failed(what) = ended else { return ended };
        if stop.load(Ordering::Acquire) {
            return Ended::Failed(what);
        }
        if HEALTHY_AFTER < clock.monotonic().saturating_sub(started) {
            wait = RESTART_WAIT.0;
        }
        tracing::error!(worker = number, %what, wait_ms = wait.as_millis(), "worker failed; it is built anew");
        wait_or_stop(wait, clock, stop);
        wait = (wait * 2).min(RESTART_WAIT.1);
    }
}

fn wait_or_stop(wait: Duration, clock: &Arc<dyn Clock>, stop: &AtomicBool) {
    let until = clock.monotonic() + wait;
    while clock.monotonic() < until && !stop.load(Ordering::Acquire) {
        thread::park_timeout(Duration::from_millis(50));
    }
}

fn listen_for_signals(events: mpsc::SyncSender<Event>) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut stops = 0;
        for signal in signals.forever() {
            let event = if signal == SIGHUP { Event::Reload } else { Event::Stop };
            stops += usize::from(signal != SIGHUP);
            if stops > 1 {
                complain("stopped at once on the second signal; the next owner goes on from the last commit");
                std::process::exit(3);
            }
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
