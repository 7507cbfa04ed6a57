//! `demo`: the whole service in one process, on librdkafka's mock cluster, with generated traffic.
//!
//! Three threads: one generates, one is a worker exactly as in the service, this one reads the output topics
//! back and shows them. The mock cluster proves nothing about delivery; the tests on Apache Kafka do that.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hsmstream_corpus::{Config as Traffic, Corpus, Form, Messages, Share};
use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::rules_handle::RulesHandle;
use hsmstream_engine::shared::Shared;
use hsmstream_engine::worker::Worker;
use hsmstream_kafka::{KafkaConfig, KafkaTransport, MockKafka, Outgoing, Publish, ReadFrom, Tail, Tailed};
use serde_json::Value;

use crate::args::{Demo, When};
use crate::commands::rules::RuleFiles;
use crate::commands::run::{load_rules, settings};
use crate::config::{Config, parse_duration};
use crate::exit::Exit;
use crate::terminal::{Out, Paint};
use crate::{Failure, documents, logging};

/// Event time runs this much faster than the clock, so that minutes pass in seconds.
const SPEED_UP: u64 = 30;
/// Of the shipped rules those that the traffic's attacks set off, without those that tell of every key operation.
const SHOWN_RULES: &[&str] = &[
    "login-failures-per-session",
    "password-spraying",
    "unknown-user",
    "key-deletion-burst",
    "officer-created",
    "quorum-value-changed",
    "hsm-zeroized",
    "record-tampered",
    "events-per-minute",
    "failed-logins-per-minute",
];
/// Event time between attacks.
const ATTACK_EVERY_USECS: u64 = 90_000_000;
/// Messages are sent in slices of this length.
const SLICE: Duration = Duration::from_millis(50);
/// How often the table of the newest rollup rows is shown.
const TABLE_EVERY: Duration = Duration::from_secs(8);
/// Rows of that table.
const TABLE_ROWS: usize = 8;
const OPEN_DEADLINE: Duration = Duration::from_secs(20);

/// Runs until Ctrl-C or `--for`, then drains and prints a summary.
///
/// # Errors
/// The mock cluster cannot be started.
pub(crate) fn run(args: &Demo, config: &Config, color: When) -> Result<Exit, Failure> {
    let length = args
        .duration
        .as_deref()
        .map(parse_duration)
        .transpose()
        .map_err(|why| vec![format!("--for: {why}")])?;
    logging::init(false, "warn,librdkafka=error,rdkafka=error", Paint::stderr(color).is_on())
        .map_err(|why| vec![why])?;
    let files = if args.rules.is_empty() { RuleFiles::shipped() } else { RuleFiles::read(&args.rules)? };
    let Some(mut rules) = load_rules(&files, color) else { return Ok(Exit::Usage) };
    if args.rules.is_empty() {
        rules = rules.retain(|rule| SHOWN_RULES.contains(&rule.id.as_str()));
    }
    let mut kafka = KafkaConfig::new(Vec::new(), "hsmstream-demo", vec!["cloudhsm-audit".to_owned()]);
    let mock = MockKafka::start(1, &[]).map_err(|error| anyhow!("{error}"))?;
    kafka.brokers = mock.brokers();
    // The mock broker answers a fetch at its end, not when data comes.
    kafka.properties.push(("fetch.wait.max.ms".to_owned(), "20".to_owned()));
    mock.create_topics_of(&kafka, 1).map_err(|error| anyhow!("{error}"))?;
    let mut config = config.clone();
    config.output_format = "flat".to_owned();
    let shared = Shared::new(settings(&config, kafka.input_topics.clone())?, Metrics::new());
    let stage = Stage {
        clock: Arc::new(SystemClock::new()),
        stop_source: Arc::new(AtomicBool::new(false)),
        stop_worker: Arc::new(AtomicBool::new(false)),
        sent: Arc::new(AtomicU64::new(0)),
        kafka,
        shared,
        paint: Paint::stdout(color),
    };
    let mut out = Out::new();
    stage.introduce(args, rules.len(), &mut out);
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&stage.stop_source))
        .context("signals")?;
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stage.stop_source))
        .context("signals")?;
    let worker = stage.start_worker(RulesHandle::new(Arc::new(rules)))?;
    let source = stage.start_source(args.rate, args.seed)?;
    let mut screen = Screen::open(&stage)?;
    let started = stage.clock.monotonic();
    let mut next_table = started + TABLE_EVERY;
    while !stage.stop_source.load(Ordering::Acquire) {
        screen.show(&stage, &mut out)?;
        let now = stage.clock.monotonic();
        if next_table <= now {
            screen.table(stage.paint, &mut out);
            next_table = now + TABLE_EVERY;
        }
        if length.is_some_and(|length| length <= now - started) {
            stage.stop_source.store(true, Ordering::Release);
        }
    }
    let lasted = stage.clock.monotonic() - started;
    source.join().map_err(|_| anyhow!("the generator failed"))?;
    stage.stop_worker.store(true, Ordering::Release);
    worker.join().map_err(|_| anyhow!("the worker failed"))?;
    screen.show(&stage, &mut out)?;
    stage.summarize(&screen, lasted, &mut out);
    out.flush();
    Ok(Exit::Success)
}

/// What the threads share.
struct Stage {
    clock: Arc<SystemClock>,
    stop_source: Arc<AtomicBool>,
    stop_worker: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    kafka: KafkaConfig,
    shared: Arc<Shared>,
    paint: Paint,
}

impl Stage {
    fn introduce(&self, args: &Demo, rules: usize, out: &mut Out) {
        let paint = self.paint;
        let lines = [
            paint.bold("hsmstream demo: AWS CloudHSM audit records through Kafka, in one process"),
            String::new(),
            format!(
                "  in    {} records/s of two clusters with three HSMs each, event time {SPEED_UP} times faster than",
                args.rate
            ),
            "        the clock, with attacks in it: password guessing, spraying, mass deletion of keys, a"
                .to_owned(),
            "        crypto officer created at night, and others".to_owned(),
            format!(
                "  rules {rules} shipped rules (deploy/rules); {} shows them with their tests",
                paint.bold("hsmstream test")
            ),
            "  out   alerts as they are committed: time of the event, severity, rule, observed value, group;"
                .to_owned(),
            "        every few seconds the newest rows of the rollup events-per-minute".to_owned(),
            String::new(),
            if std::io::stdout().is_terminal() {
                paint.dim("Ctrl-C ends it with a summary.")
            } else {
                String::new()
            },
        ];
        for line in lines {
            out.line(line.as_bytes());
        }
        out.flush();
    }

    fn start_worker(&self, rules: RulesHandle) -> anyhow::Result<thread::JoinHandle<()>> {
        let transport =
            KafkaTransport::open(&self.kafka, 0, OPEN_DEADLINE).map_err(|error| anyhow!("{error}"))?;
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let worker =
            Worker::new(transport, Arc::clone(&self.shared), rules, clock, Arc::clone(&self.stop_worker));
        let body = move || {
            let ended = worker.run();
            tracing::debug!(?ended, "worker ended");
        };
        Ok(thread::Builder::new().name("worker".to_owned()).spawn(body)?)
    }

    fn start_source(&self, rate: u64, seed: u64) -> anyhow::Result<thread::JoinHandle<()>> {
        let mut publish = Publish::open(&self.kafka).map_err(|error| anyhow!("{error}"))?;
        let topic = self.kafka.input_topics.first().cloned().unwrap_or_default();
        let (clock, stop, sent) =
            (Arc::clone(&self.clock), Arc::clone(&self.stop_source), Arc::clone(&self.sent));
        let mut messages = Messages::new(Corpus::new(traffic(rate, seed)), Form::Envelope, 1);
        let body = move || {
            let started = clock.monotonic();
            let mut value = Vec::new();
            while !stop.load(Ordering::Acquire) {
                let due =
                    u64::try_from((clock.monotonic() - started).as_millis()).unwrap_or(0) * rate / 1_000;
                while sent.load(Ordering::Relaxed) < due {
                    value.clear();
                    let message = messages.next_into(&mut value);
                    let (count, hsm) = (message.records.len() as u64, message.hsm);
                    let key = messages.corpus().hsm_name(hsm).to_owned();
                    let outgoing = Outgoing {
                        topic: &topic,
                        partition: Some(0),
                        key: Some(key.as_bytes()),
                        value: Some(&value),
                        headers: &[],
                        timestamp_ms: None,
                    };
                    if let Err(error) = publish.send(&outgoing) {
                        tracing::error!(%error, "the generator stops");
                        return;
                    }
                    sent.fetch_add(count, Ordering::Relaxed);
                }
                thread::park_timeout(SLICE);
            }
            if let Err(error) = publish.flush(OPEN_DEADLINE) {
                tracing::warn!(%error, "not all generated records were delivered");
            }
        };
        Ok(thread::Builder::new().name("generator".to_owned()).spawn(body)?)
    }

    fn summarize(&self, screen: &Screen, lasted: Duration, out: &mut Out) {
        let sent = self.sent.load(Ordering::Relaxed);
        let seconds = lasted.as_secs_f64();
        out.line(b"");
        out.line(self.paint.bold("Summary").as_bytes());
        out.line(
            format!("  {sent} records in {seconds:.1} s, {:.0} records/s", per(sent, seconds)).as_bytes(),
        );
        let latencies = self.shared.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let alert = latencies.alert_ms();
        if !alert.is_empty() {
            out.line(
                format!(
                    "  alert latency, from the record's arrival in Kafka to the commit of its alert: p50 {} ms, p99 {} ms, max {} ms",
                    alert.value_at_quantile(0.5),
                    alert.value_at_quantile(0.99),
                    alert.max()
                )
                .as_bytes(),
            );
        }
        let commit = latencies.commit_us();
        if !commit.is_empty() {
            out.line(
                format!(
                    "  {} transactions: p50 {:.1} ms, p99 {:.1} ms",
                    commit.len(),
                    ms(commit.value_at_quantile(0.5)),
                    ms(commit.value_at_quantile(0.99))
                )
                .as_bytes(),
            );
        }
        let total: u64 = screen.alerts.values().sum();
        out.line(format!("  {total} alerts, {} rollup rows, by rule:", screen.row_count).as_bytes());
        for (rule, count) in &screen.alerts {
            out.line(format!("  {count:>6}  {rule}").as_bytes());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds.max(0.001)
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn ms(micros: u64) -> f64 {
    micros as f64 / 1e3
}

fn traffic(rate: u64, seed: u64) -> Traffic {
    let mut traffic = Traffic::new(seed);
    traffic.start_usecs = NIGHT_USECS;
    traffic.clusters = 2;
    traffic.hsms_per_cluster = 3;
    traffic.rate_per_second = u32::try_from(rate / SPEED_UP).unwrap_or(u32::MAX).max(1);
    traffic.login_failures = Share::percent(1);
    traffic.attack_every_usecs = ATTACK_EVERY_USECS;
    traffic
}

/// Event time begins here: 2026-03-02 02:00:00 UTC, at night.
const NIGHT_USECS: u64 = 1_772_416_800_000_000;

/// What is read back and shown.
struct Screen {
    tail: Tail,
    alerts: BTreeMap<String, u64>,
    row_count: u64,
    /// Newest rows of the table: by window and group the number of events.
    rows: BTreeMap<(String, String), u64>,
}

impl Screen {
    fn open(stage: &Stage) -> anyhow::Result<Self> {
        let outputs = &stage.kafka.outputs;
        let topics = [outputs.alerts.as_str(), outputs.rollups.as_str()];
        let tail = Tail::open(&stage.kafka, &topics, ReadFrom::Start, OPEN_DEADLINE)
            .map_err(|error| anyhow!("{error}"))?;
        Ok(Self { tail, alerts: BTreeMap::new(), row_count: 0, rows: BTreeMap::new() })
    }

    fn show(&mut self, stage: &Stage, out: &mut Out) -> anyhow::Result<()> {
        let Self { tail, alerts, row_count, rows } = self;
        let visited = tail.next(Duration::from_millis(100), &mut |message: Tailed<'_>| {
            let Some(value) = message.value else { return };
            if message.topic == stage.kafka.outputs.alerts {
                out.line(documents::line(value, stage.paint).as_bytes());
            }
            count(value, alerts, row_count, rows);
        });
        visited.map_err(|error| anyhow!("{error}"))?;
        out.flush();
        Ok(())
    }

    fn table(&mut self, paint: Paint, out: &mut Out) {
        let Some(window) = self.rows.keys().next_back().map(|(window, _)| window.clone()) else { return };
        let mut newest: Vec<(&str, u64)> = self
            .rows
            .iter()
            .filter(|((at, _), _)| *at == window)
            .map(|((_, group), count)| (group.as_str(), *count))
            .collect();
        newest.sort_by_key(|&(group, count)| (std::cmp::Reverse(count), group));
        let head = format!("── events-per-minute, window from {window} ──");
        out.line(paint.dim(&head).as_bytes());
        for (group, count) in newest.iter().take(TABLE_ROWS) {
            out.line(paint.dim(&format!("  {count:>7}  {group}")).as_bytes());
        }
        let rest = newest.len().saturating_sub(TABLE_ROWS);
        if rest > 0 {
            out.line(paint.dim(&format!("           and {rest} more rows")).as_bytes());
        }
        out.flush();
        self.rows.retain(|(at, _), _| *at == window);
    }
}

fn count(
    value: &[u8],
    alerts: &mut BTreeMap<String, u64>,
    row_count: &mut u64,
    rows: &mut BTreeMap<(String, String), u64>,
) {
    let Ok(json) = serde_json::from_slice::<Value>(value) else { return };
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match json.get("type").and_then(Value::as_str) {
        Some("alert") => *alerts.entry(text("rule")).or_default() += 1,
        Some("rollup") => {
            *row_count += 1;
            if text("rule") == "events-per-minute" {
                let group = json.get("group").and_then(Value::as_object).map(|fields| {
                    let values = fields.values().map(|value| value.as_str().unwrap_or("-").to_owned());
                    values.collect::<Vec<_>>().join("  ")
                });
                let events =
                    json.get("measures").and_then(|measures| measures.get("events")).and_then(Value::as_u64);
                let window = text("window_start").get(..19).unwrap_or_default().replace('T', " ");
                rows.insert((window, group.unwrap_or_default()), events.unwrap_or(0));
            }
        }
        _ => {}
    }
}
