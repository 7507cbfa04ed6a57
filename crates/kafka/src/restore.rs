//! Reads a task's changelog partition, as committed by all its earlier owners.
//!
//! In: a partition. Out: its entries in offset order, progress. Invariants:
//! * the end to reach is the partition's *end offset* as a `read_uncommitted` client sees it, asked for
//!   after the group's committed offset was stable. A transaction that committed that offset may still be
//!   writing its markers, and until then the last stable offset, where a `read_committed` client stops, lies
//!   before entries that belong to the state;
//! * the end is reached when librdkafka reports the end of the partition at that offset or beyond: the
//!   last entries may be markers or aborted ones that are never delivered;
//! * the worker's own consumer is served meanwhile, so that the group keeps it.

use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::ports::{RestoreProgress, StateEntry, TransportError};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::{Offset, TopicPartitionList};

use crate::batch::{BATCH_MAX, Batch, Queue};
use crate::config::KafkaConfig;
use crate::context::{Consumer, consumer};
use crate::error::{Error, explained, is_passing};

/// Two clients that restore: one reads committed entries, one sees the end.
pub(crate) struct Restorer {
    queue: Queue,
    reader: Arc<Consumer>,
    probe: Consumer,
    clock: SystemClock,
}

/// How far a restore has come.
struct Pass {
    progress: RestoreProgress,
    first: i64,
    end: i64,
    ended: bool,
}

impl Restorer {
    /// Makes the clients.
    pub(crate) fn open(config: &KafkaConfig, worker: u32) -> Result<Self, TransportError> {
        let failed = |error: Error| TransportError::Fatal(format!("reader of changelogs: {error}"));
        let mut properties = config.reader_properties(&format!("restore-{worker}"));
        // The end is told by an empty fetch: it must not wait for data that does not come.
        properties.set("enable.partition.eof", "true").set("fetch.wait.max.ms", "10");
        let reader = Arc::new(consumer(&properties, config).map_err(failed)?);
        let queue = Queue::new(&reader).ok_or_else(|| failed(Error::new("the client gave no queue")))?;
        let properties = config.probe_properties(&format!("end-{worker}"), "read_uncommitted");
        let probe = consumer(&properties, config).map_err(failed)?;
        Ok(Self { queue, reader, probe, clock: SystemClock::new() })
    }

    /// Reads one partition; `serve` is called at least every [`ROUND`].
    pub(crate) fn restore(
        &mut self,
        topic: &str,
        partition: i32,
        serve: &mut dyn FnMut(),
        visit: &mut dyn FnMut(StateEntry<'_>),
        progress: &mut dyn FnMut(RestoreProgress),
    ) -> Result<(), TransportError> {
        let (first, end) = self.bounds(topic, partition, serve)?;
        let total = u64::try_from(end.saturating_sub(first)).unwrap_or(0);
        let progressed = RestoreProgress { entries: 0, done: 0, total };
        progress(progressed);
        if end <= first {
            return Ok(());
        }
        let mut pass = Pass { progress: progressed, first, end, ended: false };
        self.begin(topic, partition, first)?;
        let read = self.read(&mut pass, serve, visit, progress);
        if let Err(error) = self.reader.unassign() {
            tracing::warn!(%error, "leaving the changelog");
        }
        read.map_err(|error| in_place(topic, partition, error))
    }

    fn begin(&mut self, topic: &str, partition: i32, first: i64) -> Result<(), TransportError> {
        let failed =
            |what: String| TransportError::Fatal(format!("changelog \"{topic}\" [{partition}]: {what}"));
        // A fresh queue holds nothing of the partition that was read before.
        self.queue = Queue::new(&self.reader).ok_or_else(|| failed("no queue".to_owned()))?;
        self.reader.assignment().map_err(|error| failed(error.to_string()))?;
        let native = CString::new(topic).map_err(|error| failed(error.to_string()))?;
        if !self.queue.forward(&native, partition) {
            return Err(failed("the client does not know it".to_owned()));
        }
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(topic, partition, Offset::Offset(first))
            .and_then(|()| self.reader.assign(&list))
            .map_err(|error| failed(error.to_string()))
    }

    fn read(
        &mut self,
        pass: &mut Pass,
        serve: &mut dyn FnMut(),
        visit: &mut dyn FnMut(StateEntry<'_>),
        progress: &mut dyn FnMut(RestoreProgress),
    ) -> Result<(), TransportError> {
        let mut moved = self.clock.monotonic();
        while !pass.ended {
            serve();
            if let Some(Err(error)) = self.reader.poll(Duration::ZERO) {
                let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
                if !is_passing(code) && code != Code::GroupAuthorizationFailed {
                    return Err(TransportError::Fatal(explained(code, &error.to_string())));
                }
            }
            let before = pass.progress.done;
            let mut batch = self.queue.take(BATCH_MAX, Duration::ZERO);
            if batch.len() == 0 {
                drop(batch);
                batch = self.queue.take(1, ROUND);
            }
            take_batch(&batch, pass, visit)?;
            drop(batch);
            let now = self.clock.monotonic();
            if before < pass.progress.done || pass.ended {
                moved = now;
                progress(pass.progress);
            } else if moved.saturating_add(STALL_DEADLINE) <= now {
                return Err(TransportError::Retriable(format!(
                    "stuck at {} of {} entries for {STALL_DEADLINE:?}: brokers away, or a transaction hangs",
                    pass.progress.done, pass.progress.total
                )));
            }
        }
        Ok(())
    }

    /// First offset and end offset, uncommitted entries included.
    fn bounds(
        &self,
        topic: &str,
        partition: i32,
        serve: &mut dyn FnMut(),
    ) -> Result<(i64, i64), TransportError> {
        let until = self.clock.monotonic().saturating_add(STALL_DEADLINE);
        loop {
            let error = match self.probe.fetch_watermarks(topic, partition, REQUEST_WAIT) {
                Ok(bounds) => return Ok(bounds),
                Err(error) => error,
            };
            let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
            let text = explained(code, &format!("end of changelog \"{topic}\" [{partition}]: {error}"));
            if !is_passing(code) {
                return Err(TransportError::Fatal(text));
            }
            if until <= self.clock.monotonic() {
                return Err(TransportError::Retriable(text));
            }
            serve();
            if let Some(Err(error)) = self.probe.poll(ROUND) {
                tracing::debug!(%error, "while waiting");
            }
        }
    }

    /// Takes the restorer apart for closing: the queue must go before its client.
    pub(crate) fn into_client(self) -> Arc<Consumer> {
        drop(self.queue);
        self.reader
    }
}

fn take_batch(
    batch: &Batch<'_>,
    pass: &mut Pass,
    visit: &mut dyn FnMut(StateEntry<'_>),
) -> Result<(), TransportError> {
    for fetched in batch.iter() {
        let next = match fetched.error() {
            None => {
                // Entries beyond the end may be there already; they are committed, and later ones win.
                if let Some(key) = fetched.key() {
                    visit(StateEntry { key, value: fetched.value() });
                    pass.progress.entries += 1;
                }
                fetched.offset().saturating_add(1)
            }
            Some(Code::PartitionEOF) => {
                pass.ended |= pass.end <= fetched.offset();
                fetched.offset()
            }
            Some(code) if is_passing(code) => continue,
            Some(code) => return Err(TransportError::Fatal(explained(code, &fetched.error_text()))),
        };
        let done = u64::try_from(next.min(pass.end).saturating_sub(pass.first)).unwrap_or(0);
        pass.progress.done = pass.progress.done.max(done);
    }
    Ok(())
}

fn in_place(topic: &str, partition: i32, error: TransportError) -> TransportError {
    let name = |text: String| format!("changelog \"{topic}\" [{partition}]: {text}");
    match error {
        TransportError::Retriable(text) => TransportError::Retriable(name(text)),
        TransportError::Abortable(text) => TransportError::Abortable(name(text)),
        TransportError::Fenced(text) => TransportError::Fenced(name(text)),
        TransportError::Fatal(text) => TransportError::Fatal(name(text)),
    }
}

/// Longest wait before the worker's consumer is served again.
const ROUND: Duration = Duration::from_millis(50);
/// One request to a broker, before it is sent anew.
const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// Without progress for this long a restore is given up; a dead owner's transaction ends before.
const STALL_DEADLINE: Duration = Duration::from_secs(60);
