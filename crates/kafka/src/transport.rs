//! [`KafkaTransport`]: the distributed log as one worker sees it, on librdkafka.
//!
//! In: the worker's calls. Out: see [`Transport`]. It joins [`Source`], [`Sink`] and [`Restorer`]; no thread
//! of its own, everything happens inside the worker's calls. Limits: the client's prefetch
//! (`KafkaConfig::prefetch_kib`), its producer queue (`queue.buffering.max.kbytes`), and a deadline on every wait.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::ports::{
    CommitFigures, Message, Output, Polled, RestoreProgress, Start, StateEntry, TaskId, Transport,
    TransportError,
};
use rdkafka::consumer::Consumer as _;

use crate::config::{Delivery, KafkaConfig};
use crate::context::Context;
use crate::error::Error;
use crate::restore::Restorer;
use crate::sink::Sink;
use crate::source::Source;

/// One worker's connection to Kafka.
pub struct KafkaTransport {
    parts: Option<Parts>,
    config: KafkaConfig,
    worker: u32,
    clock: SystemClock,
}

struct Parts {
    source: Source,
    sink: Sink,
    restorer: Option<Restorer>,
}

impl fmt::Debug for KafkaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaTransport").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl KafkaTransport {
    /// Connects: starts the producer (exactly-once: fences its predecessor and waits until that one's
    /// transaction has ended), then joins the group. Blocks up to `deadline`.
    ///
    /// # Errors
    /// Mistakes of the configuration; whatever keeps the transactional producer from starting.
    pub fn open(config: &KafkaConfig, worker: u32, deadline: Duration) -> Result<Self, Error> {
        config.check().map_err(|mistakes| Error::new(mistakes.join("\n")))?;
        let sink = Sink::open(config, worker, deadline)?;
        let source = Source::open(config, worker)?;
        let parts = Parts { source, sink, restorer: None };
        Ok(Self { parts: Some(parts), config: config.clone(), worker, clock: SystemClock::new() })
    }

    fn parts(&mut self) -> Result<&mut Parts, TransportError> {
        self.parts.as_mut().ok_or_else(|| TransportError::Fatal("the transport is closed".to_owned()))
    }

    /// Runs what may block in librdkafka on a thread of its own, which tells when it is done.
    fn aside(&self, what: &str, work: impl FnOnce() + Send + 'static) -> Receiver<()> {
        let (done, finished) = channel();
        let work = move || {
            work();
            // Nobody listens any more if this took too long.
            done.send(()).unwrap_or_default();
        };
        let name = format!("close-{}-{what}", self.worker);
        if let Err(error) = std::thread::Builder::new().name(name).spawn(work) {
            tracing::warn!(%error, what, "no thread to close a client with");
        }
        finished
    }

    /// Waits for what runs aside; what takes too long is left to itself, and the process may end under it.
    fn wait_for(&self, what: &str, finished: &Receiver<()>, until: Duration) {
        let left = until.saturating_sub(self.clock.monotonic());
        if finished.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(what, "closing takes too long; left behind");
        }
    }
}

impl Transport for KafkaTransport {
    fn poll(&mut self, wait: Duration, visit: &mut dyn FnMut(Message<'_>)) -> Result<Polled, TransportError> {
        let Parts { source, sink, .. } = self.parts()?;
        sink.serve();
        source.poll(wait, visit)
    }

    fn committed(&mut self, tasks: &[TaskId]) -> Result<Vec<Option<i64>>, TransportError> {
        self.parts()?.source.committed(tasks)
    }

    fn restore(
        &mut self,
        task: TaskId,
        visit: &mut dyn FnMut(StateEntry<'_>),
        progress: &mut dyn FnMut(RestoreProgress),
    ) -> Result<(), TransportError> {
        let unknown = || TransportError::Fatal(format!("no changelog for {task:?}"));
        let topic = self.config.changelog_of(task).ok_or_else(unknown)?;
        let partition = i32::try_from(task.partition).map_err(|_| unknown())?;
        let (config, worker) = (self.config.clone(), self.worker);
        let parts = self.parts()?;
        let restorer = match &mut parts.restorer {
            Some(restorer) => restorer,
            none => none.insert(Restorer::open(&config, worker)?),
        };
        let client = parts.source.client();
        let mut serve = || {
            if let Some(error) = Context::serve(client, Duration::ZERO) {
                tracing::debug!(%error, "while restoring");
            }
        };
        restorer.restore(&topic, partition, &mut serve, visit, progress)
    }

    fn start(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        self.parts()?.source.start(tasks)?;
        // All tasks of this assignment are restored; the next assignment may be hours away.
        if let Some(restorer) = self.parts()?.restorer.take() {
            // Nobody waits for it: it holds nothing but connections.
            drop(self.aside("restorer", move || drop(restorer.into_client())));
        }
        Ok(())
    }

    fn release(&mut self, tasks: &[TaskId]) -> Result<(), TransportError> {
        self.parts()?.source.release(tasks)
    }

    fn rewind(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        self.parts()?.source.rewind(tasks)
    }

    fn publish(&mut self, output: Output<'_>) -> Result<(), TransportError> {
        self.parts()?.sink.publish(output)
    }

    fn commit(&mut self, offsets: &[(TaskId, i64)]) -> Result<CommitFigures, TransportError> {
        let delivery = self.config.delivery;
        let Parts { source, sink, .. } = self.parts()?;
        match delivery {
            Delivery::ExactlyOnce => sink.commit_transaction(source, offsets),
            Delivery::AtLeastOnce => sink.commit_deliveries(source, offsets),
        }
    }

    fn abort(&mut self) -> Result<(), TransportError> {
        self.parts()?.sink.abort()
    }

    fn end_offset(&self, task: TaskId) -> Option<i64> {
        self.parts.as_ref()?.source.end_offset(task)
    }

    /// The transaction is aborted, the private queues go first (a client cannot be destroyed under a
    /// queue), then the consumers leave the group and the producer is destroyed.
    fn close(&mut self, deadline: Duration) {
        let Some(Parts { source, mut sink, restorer }) = self.parts.take() else { return };
        let until = self.clock.monotonic().saturating_add(deadline);
        // First the transaction: until it has ended a new owner of the partitions must wait.
        let producer = self.aside("producer", move || {
            if let Err(error) = sink.abort() {
                tracing::warn!(%error, "aborting at the end");
            }
            drop(sink.into_producer());
        });
        self.wait_for("producer", &producer, until);
        let client = source.into_client();
        client.context().close();
        let consumer = self.aside("consumer", move || {
            client.unsubscribe();
            drop(client);
        });
        self.wait_for("consumer", &consumer, until);
        if let Some(restorer) = restorer {
            let restorer = self.aside("restorer", move || drop(restorer.into_client()));
            self.wait_for("restorer", &restorer, until);
        }
    }
}

impl Drop for KafkaTransport {
    fn drop(&mut self) {
        self.close(DROP_DEADLINE);
    }
}

/// For closing a transport that nobody closed.
const DROP_DEADLINE: Duration = Duration::from_secs(5);
