//! The writing side of a worker: one producer, one transaction at a time.
//!
//! In: outputs and the commit's offsets. Out: messages that become visible together, or not at all.
//! Invariants:
//! * a transaction is open exactly while `open` is set; it is begun by the first output or the commit;
//! * a commit succeeds only if every output was delivered; the first failure makes it abortable;
//! * if the end of a commit is not known in time, or the client hangs in a call, the producer is given up:
//!   only a new one with the same transactional id may find out, by fencing this one.
//!
//! Deliveries are awaited with `rd_kafka_flush`, which returns when the last one is acknowledged; the safe
//! binding's flush polls in quanta of 100 ms. Only failures are reported one by one
//! (`delivery.report.only.error`), so nothing waits in the event queue while all goes well.

use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::ports::{Channel, CommitFigures, Output, TaskId, TransportError};
use rdkafka::TopicPartitionList;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};

use crate::batch::{Failure, commit_transaction, flush, send_offsets};
use crate::config::{Delivery, KafkaConfig, OutputTopics};
use crate::context::{Producer, producer};
use crate::error::{Error, explained, is_fencing, is_passing, is_refused};
use crate::patience::Patience;
use crate::source::Source;

/// The writing side of one worker.
pub(crate) struct Sink {
    producer: Arc<Producer>,
    patience: Patience,
    outputs: OutputTopics,
    changelogs: Vec<String>,
    transactional: bool,
    /// A transaction was begun and neither committed nor aborted.
    open: bool,
    /// It failed and sends nothing any more.
    failed: bool,
    clock: SystemClock,
}

impl Sink {
    /// Makes the producer; for exactly-once it fences its predecessors and waits until their transactions
    /// have ended.
    pub(crate) fn open(config: &KafkaConfig, worker: u32, deadline: Duration) -> Result<Self, Error> {
        let properties = config.producer_properties(worker);
        let producer = Arc::new(producer(&properties, config)?);
        let patience = Patience::start(format!("offsets-{worker}"))
            .map_err(|error| Error::new(format!("a thread for sending offsets: {error}")))?;
        let sink = Self {
            producer,
            patience,
            outputs: config.outputs.clone(),
            changelogs: config.input_topics.iter().map(|topic| config.changelog(topic)).collect(),
            transactional: config.delivery == Delivery::ExactlyOnce,
            open: false,
            failed: false,
            clock: SystemClock::new(),
        };
        if sink.transactional {
            initialize(&sink.producer, &config.transactional_id(worker), deadline)?;
        }
        Ok(sink)
    }

    /// See [`hsmstream_engine::ports::Transport::publish`].
    pub(crate) fn publish(&mut self, output: Output<'_>) -> Result<(), TransportError> {
        self.begin()?;
        let (topic, partition) = place(&self.outputs, &self.changelogs, output.channel)?;
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
        // An empty key would send every message to the same partition.
        record.key = Some(output.key).filter(|key| !key.is_empty());
        record.partition = partition;
        record.payload = output.value;
        // Brokers refuse timestamps too far in the future (KIP-937: one hour); zero lets the client choose.
        record.timestamp = output.timestamp_ms.map(|time| time.clamp(0, self.clock.wall_ms()));
        if !output.headers.is_empty() {
            record.headers = Some(headers(output.headers));
        }
        let until = self.clock.monotonic().saturating_add(QUEUE_FULL_DEADLINE);
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            if error.rdkafka_error_code() != Some(Code::QueueFull) {
                return Err(self.refused(&error, &output, topic));
            }
            if until <= self.clock.monotonic() {
                let text = "the brokers take no messages; the producer's queue stays full";
                return Err(TransportError::Retriable(text.to_owned()));
            }
            record = back;
            flush(self.producer.client(), QUEUE_FULL_WAIT);
            self.serve_reports();
        }
    }

    fn refused(&self, error: &KafkaError, output: &Output<'_>, topic: &str) -> TransportError {
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let size = output.value.map_or(0, <[u8]>::len) + output.key.len();
        let text = explained(code, &format!("message of {size} bytes for topic \"{topic}\": {error}"));
        match code {
            // A failed transaction takes no messages until it is aborted.
            Code::State | Code::PurgeQueue | Code::PurgeInflight => TransportError::Abortable(text),
            _ => self.with_fatal(&Failure::of(error), "publish").unwrap_or(TransportError::Fatal(text)),
        }
    }

    /// The fatal error behind a failure, if the client has one.
    fn with_fatal(&self, failure: &Failure, doing: &str) -> Option<TransportError> {
        if !failure.fatal && failure.code != Code::Fatal {
            return None;
        }
        let (code, text) = self.producer.client().fatal_error()?;
        let text = explained(code, &format!("{doing}: {text}"));
        Some(if is_fencing(code) { TransportError::Fenced(text) } else { TransportError::Fatal(text) })
    }

    fn failed(&self, failure: &Failure, doing: &str) -> TransportError {
        self.with_fatal(failure, doing).unwrap_or_else(|| failure.transport(doing))
    }

    fn begin(&mut self) -> Result<(), TransportError> {
        if self.open || !self.transactional {
            return Ok(());
        }
        self.producer.context().take_undelivered();
        let begun = self.producer.begin_transaction();
        begun.map_err(|error| self.failed(&Failure::of(&error), "beginning a transaction"))?;
        self.open = true;
        self.failed = false;
        Ok(())
    }

    /// Serves an event: the log, and bearer tokens that want to be renewed while nothing is published.
    pub(crate) fn serve(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Serves reports of failed messages, and the client's log.
    fn serve_reports(&self) {
        for _ in 0..REPORTS_PER_ROUND {
            self.producer.poll(Duration::ZERO);
        }
    }

    /// Waits until every message was delivered or has failed.
    fn drain(&self, deadline: Duration) -> Result<(), TransportError> {
        let until = self.clock.monotonic().saturating_add(deadline);
        loop {
            let done = flush(self.producer.client(), FLUSH_SLICE);
            self.serve_reports();
            if let Some((code, text)) = self.producer.context().take_undelivered() {
                return Err(self.undelivered(code, text));
            }
            if done {
                return Ok(());
            }
            if until <= self.clock.monotonic() {
                let text = "outputs are not acknowledged in time".to_owned();
                return Err(TransportError::Abortable(text));
            }
        }
    }

    fn undelivered(&self, code: Code, text: String) -> TransportError {
        if let Some((fatal, why)) = self.producer.client().fatal_error() {
            let text = explained(fatal, &format!("{text}: {why}"));
            return if is_fencing(fatal) {
                TransportError::Fenced(text)
            } else {
                TransportError::Fatal(text)
            };
        }
        if let Some(cause) = self.cause_of_failure() {
            let text = format!("{text}: {}", cause.text);
            return TransportError::Abortable(explained(cause.code, &text));
        }
        TransportError::Abortable(explained(code, &text))
    }

    /// Why the open transaction failed, if it did: its messages are purged without a reason. The client tells it to
    /// every call that such a transaction does not allow, such as beginning another.
    fn cause_of_failure(&self) -> Option<Failure> {
        if !self.transactional || !self.open {
            return None;
        }
        let refused = self.producer.begin_transaction().err()?;
        Some(Failure::of(&refused)).filter(|failure| failure.abortable)
    }

    /// See [`hsmstream_engine::ports::Transport::commit`], exactly-once.
    pub(crate) fn commit_transaction(
        &mut self,
        source: &mut Source,
        offsets: &[(TaskId, i64)],
    ) -> Result<CommitFigures, TransportError> {
        if !self.open && offsets.is_empty() {
            return Ok(CommitFigures::default());
        }
        self.begin()?;
        let committed = self.try_commit(source, offsets);
        match &committed {
            Ok(_) => {
                self.open = false;
                source.committed_up_to(offsets);
            }
            Err(_) => self.failed = true,
        }
        committed
    }

    fn try_commit(
        &mut self,
        source: &Source,
        offsets: &[(TaskId, i64)],
    ) -> Result<CommitFigures, TransportError> {
        let began = self.clock.monotonic();
        // What lingers goes out now and is acknowledged while the offsets travel.
        flush(self.producer.client(), Duration::ZERO);
        let list = source.offsets(offsets)?;
        if 0 < list.count() {
            self.send_offsets(source, &list)?;
        }
        let sent = self.clock.monotonic();
        self.drain(COMMIT_DEADLINE)?;
        let drained = self.clock.monotonic();
        self.end()?;
        let ended = self.clock.monotonic();
        Ok(CommitFigures {
            took: ended.saturating_sub(began),
            offsets: sent.saturating_sub(began),
            end: ended.saturating_sub(drained),
        })
    }

    fn send_offsets(&mut self, source: &Source, list: &TopicPartitionList) -> Result<(), TransportError> {
        let doing = "sending offsets";
        let until = self.clock.monotonic().saturating_add(COMMIT_DEADLINE);
        // The membership under which the messages were processed, for every attempt.
        let membership = Arc::new(source.membership()?);
        loop {
            let (producer, list, membership) =
                (Arc::clone(&self.producer), list.clone(), Arc::clone(&membership));
            let send = move || send_offsets(producer.client(), &list, &membership, CALL_SLICE);
            let Some(sent) = self.patience.call(CALL_SLICE.saturating_add(HANG_GRACE), send) else {
                return Err(TransportError::Fatal(format!("{doing}: the client hangs and is left behind")));
            };
            let Err(failure) = sent else { return Ok(()) };
            let error = self.failed(&failure, doing);
            if !matches!(error, TransportError::Retriable(_)) || until <= self.clock.monotonic() {
                return Err(error);
            }
            self.producer.poll(RETRY_WAIT);
        }
    }

    fn end(&self) -> Result<(), TransportError> {
        let ended =
            self.retry("ending the transaction", |wait| commit_transaction(self.producer.client(), wait));
        match ended {
            // Begun and not known to have ended: it may not be aborted any more.
            Err(TransportError::Retriable(text)) => {
                Err(TransportError::Fatal(format!("{text}; outcome unknown")))
            }
            other => other,
        }
    }

    /// Calls until it succeeds, fails for good or the time is over; librdkafka resumes what timed out.
    fn retry(
        &self,
        doing: &str,
        call: impl Fn(Duration) -> Result<(), Failure>,
    ) -> Result<(), TransportError> {
        let until = self.clock.monotonic().saturating_add(COMMIT_DEADLINE);
        loop {
            let Err(failure) = call(CALL_SLICE) else { return Ok(()) };
            let error = self.failed(&failure, doing);
            if !matches!(error, TransportError::Retriable(_)) || until <= self.clock.monotonic() {
                return Err(error);
            }
            self.producer.poll(RETRY_WAIT);
        }
    }

    /// See [`hsmstream_engine::ports::Transport::commit`], at-least-once.
    pub(crate) fn commit_deliveries(
        &mut self,
        source: &mut Source,
        offsets: &[(TaskId, i64)],
    ) -> Result<CommitFigures, TransportError> {
        let began = self.clock.monotonic();
        self.drain(COMMIT_DEADLINE)?;
        let drained = self.clock.monotonic();
        source.commit_offsets(offsets)?;
        source.committed_up_to(offsets);
        let ended = self.clock.monotonic();
        let offsets = ended.saturating_sub(drained);
        Ok(CommitFigures { took: ended.saturating_sub(began), offsets, end: Duration::ZERO })
    }

    /// See [`hsmstream_engine::ports::Transport::abort`].
    pub(crate) fn abort(&mut self) -> Result<(), TransportError> {
        if self.patience.is_lost() {
            return Err(TransportError::Fatal(
                "the client hangs; its successor aborts the transaction".to_owned(),
            ));
        }
        if self.open {
            if !self.failed {
                // An abort that overtakes the first messages of a transaction finds the coordinator still in
                // the previous one, which it refuses, and the producer is lost (INVALID_TXN_STATE).
                self.drain(ABORT_DRAIN).unwrap_or_else(|error| tracing::debug!(%error, "before the abort"));
            }
            // Reports that nobody takes would keep the client waiting for its whole time.
            self.producer.poll(RETRY_WAIT);
            self.abort_transaction()?;
            self.open = false;
        }
        self.serve_reports();
        self.producer.context().take_undelivered();
        Ok(())
    }

    fn abort_transaction(&self) -> Result<(), TransportError> {
        let until = self.clock.monotonic().saturating_add(COMMIT_DEADLINE);
        loop {
            let Err(error) = self.producer.abort_transaction(ABORT_SLICE) else { return Ok(()) };
            let error = self.failed(&Failure::of(&error), "aborting the transaction");
            if !matches!(error, TransportError::Retriable(_)) {
                return Err(error);
            }
            if until <= self.clock.monotonic() {
                return Err(TransportError::Fatal(error.to_string()));
            }
            self.producer.poll(RETRY_WAIT);
        }
    }

    /// Takes the sink apart for closing.
    pub(crate) fn into_producer(self) -> Arc<Producer> {
        self.producer
    }
}

/// Starts transactions under an id: fences its predecessors and waits until their transactions have ended.
pub(crate) fn initialize(producer: &Producer, id: &str, deadline: Duration) -> Result<(), Error> {
    let clock = SystemClock::new();
    let until = clock.monotonic().saturating_add(deadline);
    loop {
        // In slices: the client's events, new tokens among them, are served between.
        let Err(error) = producer.init_transactions(INITIALIZE_SLICE) else { return Ok(()) };
        (0..REPORTS_PER_ROUND).for_each(|_| producer.poll(Duration::ZERO));
        let failure = Failure::of(&error);
        let passing = failure.retriable || is_passing(failure.code);
        let latest = producer.context().latest_error();
        let refused = latest.as_ref().is_some_and(|(code, _)| is_refused(*code));
        if refused || !passing || until <= clock.monotonic() {
            let (code, why) = latest.filter(|_| passing).unwrap_or((failure.code, failure.text));
            let text = format!("starting transactions as \"{id}\": {why}");
            return Err(Error::coded(code, &text));
        }
    }
}

fn place<'t>(
    outputs: &'t OutputTopics,
    changelogs: &'t [String],
    channel: Channel,
) -> Result<(&'t str, Option<i32>), TransportError> {
    Ok(match channel {
        Channel::Alerts => (&outputs.alerts, None),
        Channel::Staging => (&outputs.staging, None),
        Channel::Rollups => (&outputs.rollups, None),
        Channel::Rejects => (&outputs.rejects, None),
        Channel::Changelog(task) => {
            let unknown = || TransportError::Fatal(format!("no changelog for {task:?}"));
            let topic = changelogs.get(usize::from(task.topic)).ok_or_else(unknown)?;
            (topic, Some(i32::try_from(task.partition).map_err(|_| unknown())?))
        }
    })
}

pub(crate) fn headers(pairs: &[(&str, &[u8])]) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(pairs.len());
    pairs.iter().fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }))
}

/// One attempt to start transactions.
const INITIALIZE_SLICE: Duration = Duration::from_millis(500);
/// For room in the producer's queue.
const QUEUE_FULL_DEADLINE: Duration = Duration::from_secs(30);
/// Between two attempts to hand a message over.
const QUEUE_FULL_WAIT: Duration = Duration::from_millis(5);
/// Reports served per round.
const REPORTS_PER_ROUND: usize = 8;
/// One wait for deliveries.
const FLUSH_SLICE: Duration = Duration::from_millis(20);
/// For the deliveries, the offsets and the end of a transaction, each.
const COMMIT_DEADLINE: Duration = Duration::from_secs(30);
/// One attempt at a transactional call.
const CALL_SLICE: Duration = Duration::from_secs(5);
/// How much longer than that a call may take before the client counts as hanging.
const HANG_GRACE: Duration = Duration::from_secs(5);
/// For the messages of a transaction that is about to be aborted.
const ABORT_DRAIN: Duration = Duration::from_secs(2);
/// One attempt to abort; short, for reports are served between attempts only.
const ABORT_SLICE: Duration = Duration::from_millis(200);
/// Between two attempts.
const RETRY_WAIT: Duration = Duration::from_millis(20);
