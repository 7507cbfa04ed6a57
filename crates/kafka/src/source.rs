//! The reading side of a worker: one group consumer, one private queue, the tasks that are being read.
//!
//! In: messages of the assigned partitions and rebalances. Out: visits in offset order, changes of
//! assignment. Invariants:
//! * the consumer's own queue carries events only; partitions are forwarded to the private queue before
//!   their assignment takes effect (a batch call on the consumer's queue would make librdkafka answer
//!   rebalances by itself, rdkafka.c `rd_kafka_poll_cb`);
//! * a message is visited only if its task is being read and its offset is not below what is due. librdkafka
//!   drops what it fetched before a seek or an unassignment (version barrier); what it might miss cannot
//!   pass either, because a rewind, and a start of a task that was read before, take a fresh queue;
//! * positions are ours: the client's stored offsets are never used.

mod positions;
mod visit;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::ports::{Message, Polled, Start, TaskId, TransportError};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::batch::{BATCH_MAX, Queue, end_offset};
use crate::config::{KafkaConfig, StartAt};
use crate::context::{Consumer, Context, Place, Rebalance, consumer};
use crate::error::{Error, explained};

use visit::{Fault, task_of, visit_batch};

/// An input topic.
#[derive(Debug)]
struct Topic {
    name: String,
    native: CString,
}

/// How far a task has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    /// Messages below are not visited (any more).
    next: i64,
    /// Committed by this worker, or where the task started.
    committed: i64,
    /// The group knows `committed`; it does not if the task began where `input.start` says.
    recorded: bool,
}

/// The reading side of one worker.
pub(crate) struct Source {
    // Declared, hence dropped, before the client.
    queue: Queue,
    client: Arc<Consumer>,
    topics: Vec<Topic>,
    reading: BTreeMap<TaskId, Reading>,
    /// Tasks that the present queue may still hold messages of.
    former: BTreeSet<TaskId>,
    /// Where tasks without a committed offset began.
    bases: BTreeMap<TaskId, i64>,
    /// A change of assignment was handed out and not answered yet.
    unanswered: bool,
    trouble: Option<TransportError>,
    start: StartAt,
    clock: SystemClock,
}

impl Source {
    /// Joins the group.
    pub(crate) fn open(config: &KafkaConfig, worker: u32) -> Result<Self, Error> {
        let properties = config.consumer_properties(&format!("consumer-{worker}"));
        let client = Arc::new(consumer(&properties, config)?);
        let mut topics = Vec::with_capacity(config.input_topics.len());
        for name in &config.input_topics {
            let native =
                CString::new(name.as_str()).map_err(|_| Error::new("a topic name contains a zero byte"))?;
            topics.push(Topic { name: name.clone(), native });
        }
        let names: Vec<&str> = config.input_topics.iter().map(String::as_str).collect();
        client
            .subscribe(&names)
            .map_err(|error| Error::new(format!("subscribing to {}: {error}", names.join(", "))))?;
        let queue = Queue::new(&client).ok_or_else(|| Error::new("the client gave no queue"))?;
        Ok(Self {
            queue,
            client,
            topics,
            reading: BTreeMap::new(),
            former: BTreeSet::new(),
            bases: BTreeMap::new(),
            unanswered: false,
            trouble: None,
            start: config.start,
            clock: SystemClock::new(),
        })
    }

    /// The client, for those who must keep its group membership alive.
    pub(crate) fn client(&self) -> &Arc<Consumer> {
        &self.client
    }

    /// Takes the source apart for closing: the queue must go before the client.
    pub(crate) fn into_client(self) -> Arc<Consumer> {
        drop(self.queue);
        self.client
    }

    /// See [`hsmstream_engine::ports::Transport::poll`].
    pub(crate) fn poll(
        &mut self,
        wait: Duration,
        visit: &mut dyn FnMut(Message<'_>),
    ) -> Result<Polled, TransportError> {
        let until = self.clock.monotonic().saturating_add(wait);
        loop {
            self.serve_events()?;
            if let Some(polled) = self.next_rebalance() {
                return Ok(polled);
            }
            let left = until.saturating_sub(self.clock.monotonic());
            let visited = self.drain(left.min(EVENT_INTERVAL), visit)?;
            if 0 < visited {
                return Ok(Polled::Messages(visited));
            }
            if let Some(trouble) = self.trouble.take() {
                return Err(trouble);
            }
            if until <= self.clock.monotonic() {
                return Ok(Polled::Nothing);
            }
        }
    }

    /// Serves the client's events; only these are on its own queue. A message there escaped its forwarding:
    /// it is dropped, and everything is read again from where it is due.
    fn serve_events(&mut self) -> Result<(), TransportError> {
        for _ in 0..EVENTS_PER_ROUND {
            if let Some(error) = Context::serve(&self.client, Duration::ZERO) {
                self.note(&error)?;
            }
        }
        if self.client.context().take_escaped() {
            tracing::error!("messages arrived outside the private queue; reading on from where they are due");
            self.restart(&BTreeMap::new())?;
        }
        Ok(())
    }

    fn note(&mut self, error: &KafkaError) -> Result<(), TransportError> {
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let latest = self.client.context().latest_error();
        let why = latest.filter(|(latest, _)| *latest == code).map_or(error.to_string(), |(_, text)| text);
        let text = explained(code, &format!("consumer: {why}"));
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) || code == Code::Fatal {
            return Err(TransportError::Fatal(text));
        }
        self.trouble = Some(TransportError::Retriable(text));
        Ok(())
    }

    fn next_rebalance(&mut self) -> Option<Polled> {
        if self.unanswered {
            return None;
        }
        let rebalance = self.client.context().next_rebalance()?;
        self.unanswered = true;
        Some(match rebalance {
            Rebalance::Assign(places) => Polled::Assign(self.tasks(&places)),
            Rebalance::Revoke { places, lost } => Polled::Revoke { tasks: self.tasks(&places), lost },
        })
    }

    /// Takes what there is, or waits for the first message and takes what came with it.
    fn drain(&mut self, wait: Duration, visit: &mut dyn FnMut(Message<'_>)) -> Result<usize, TransportError> {
        let mut faults = Vec::new();
        let (mut taken, mut visited) = self.take(BATCH_MAX, Duration::ZERO, &mut faults, visit);
        if taken == 0 && !wait.is_zero() {
            (taken, visited) = self.take(1, wait, &mut faults, visit);
            if 0 < taken {
                visited += self.take(BATCH_MAX, Duration::ZERO, &mut faults, visit).1;
            }
        }
        for fault in faults {
            self.fault(fault)?;
        }
        Ok(visited)
    }

    /// One batch; returns how many messages were taken and how many visited.
    fn take(
        &mut self,
        limit: usize,
        wait: Duration,
        faults: &mut Vec<Fault>,
        visit: &mut dyn FnMut(Message<'_>),
    ) -> (usize, usize) {
        let batch = self.queue.take(limit, wait);
        let visited = visit_batch(&batch, &self.topics, &mut self.reading, faults, visit);
        (batch.len(), visited)
    }

    fn fault(&mut self, fault: Fault) -> Result<(), TransportError> {
        let text = explained(fault.code, &format!("{}: {}", fault.place, fault.text));
        match fault.code {
            Code::AutoOffsetReset | Code::OffsetOutOfRange => Err(TransportError::Fatal(format!(
                "{text}; messages were deleted before they were read, or the topic was made anew"
            ))),
            // A compression that this build does not know.
            Code::NotImplemented | Code::UnsupportedCompressionType => Err(TransportError::Fatal(text)),
            _ => {
                self.trouble = Some(TransportError::Retriable(text));
                Ok(())
            }
        }
    }

    /// Begins to read tasks: the answer to an assignment.
    pub(crate) fn start(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        let offsets = self.resolve(tasks)?;
        if tasks.iter().any(|(task, _)| self.former.contains(task)) {
            self.restart(&BTreeMap::new())?;
        }
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (task, offset) in &offsets {
            let (topic, partition) = self.place(*task)?;
            list.add_partition_offset(topic, partition, Offset::Offset(*offset))
                .map_err(|error| TransportError::Fatal(format!("start of {task:?}: {error}")))?;
        }
        self.forward(offsets.keys())?;
        if let Err(error) = self.client.incremental_assign(&list) {
            let lost = self.client.assignment_lost() || self.client.context().has_lost();
            // The revocation that follows tells the worker; it finds nothing to stop.
            if !lost {
                return Err(TransportError::Fatal(format!("taking partitions over: {error}")));
            }
            tracing::warn!(%error, "partitions were lost before they were taken over");
        }
        self.unanswered = false;
        for (task, offset) in offsets {
            let recorded = !self.bases.contains_key(&task);
            self.reading.insert(task, Reading { next: offset, committed: offset, recorded });
        }
        Ok(())
    }

    /// Stops reading tasks: the answer to a revocation.
    pub(crate) fn release(&mut self, tasks: &[TaskId]) -> Result<(), TransportError> {
        let mut list = TopicPartitionList::new();
        for task in tasks {
            if self.reading.remove(task).is_some() {
                let (topic, partition) = self.place(*task)?;
                list.add_partition(topic, partition);
                self.former.insert(*task);
            }
            self.bases.remove(task);
        }
        self.unanswered = false;
        if let Err(error) = self.client.incremental_unassign(&list) {
            tracing::warn!(%error, "giving partitions back");
        }
        Ok(())
    }

    /// Reads tasks again from other offsets.
    pub(crate) fn rewind(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        let tasks: Vec<_> =
            tasks.iter().filter(|(task, _)| self.reading.contains_key(task)).copied().collect();
        let offsets = self.resolve(&tasks)?;
        self.restart(&offsets)
    }

    /// Takes a fresh queue and reads every task from `offsets`, those not named from where they are due.
    ///
    /// All partitions are forwarded first and sought then: what the old queue holds was fetched before the
    /// seek and may be dropped with it. Seeking leaves the group's assignment alone, unlike assigning anew,
    /// which the group could take for the answer to a rebalance that is under way.
    fn restart(&mut self, offsets: &BTreeMap<TaskId, i64>) -> Result<(), TransportError> {
        let queue = Queue::new(&self.client)
            .ok_or_else(|| TransportError::Fatal("the client gave no queue".to_owned()))?;
        self.queue = queue;
        self.former.clear();
        for (task, offset) in offsets {
            if let Some(reading) = self.reading.get_mut(task) {
                reading.next = *offset;
                reading.committed = *offset;
            }
        }
        self.forward(self.reading.keys())?;
        let due: Vec<_> = self.reading.iter().map(|(task, reading)| (*task, reading.next)).collect();
        self.seek(due)
    }

    fn seek(&mut self, mut due: Vec<(TaskId, i64)>) -> Result<(), TransportError> {
        let until = self.clock.monotonic().saturating_add(SEEK_DEADLINE);
        while !due.is_empty() {
            let mut list = TopicPartitionList::with_capacity(due.len());
            for (task, offset) in &due {
                let (topic, partition) = self.place(*task)?;
                list.add_partition_offset(topic, partition, Offset::Offset(*offset))
                    .map_err(|error| TransportError::Fatal(format!("seek of {task:?}: {error}")))?;
            }
            let list = self
                .client
                .seek_partitions(list, REQUEST_WAIT)
                .map_err(|error| TransportError::Fatal(format!("reading again: {error}")))?;
            let failed = |task: TaskId| {
                let (topic, partition) = self.place(task).ok()?;
                list.find_partition(topic, partition)?.error().err()
            };
            let errors: Vec<_> = due.iter().filter_map(|(task, _)| Some((*task, failed(*task)?))).collect();
            let Some((task, error)) = errors.first() else { return Ok(()) };
            if until <= self.clock.monotonic() {
                return Err(TransportError::Fatal(format!("reading {task:?} again: {error}")));
            }
            // A partition that is just being taken over cannot be sought yet.
            due.retain(|(task, _)| errors.iter().any(|(failed, _)| failed == task));
            self.wait_for_events();
        }
        Ok(())
    }

    fn forward<'t>(&self, tasks: impl Iterator<Item = &'t TaskId>) -> Result<(), TransportError> {
        // Stopping a partition ends its forwarding, on librdkafka's main thread and after the call that
        // asked for it has returned. That thread works in order: once it has answered a later question, the
        // stop is behind us and what is forwarded now stays so.
        self.client.assignment().map_err(|error| TransportError::Fatal(format!("assignment: {error}")))?;
        for task in tasks {
            let topic = self.topics.get(usize::from(task.topic));
            let topic = topic.ok_or_else(|| unknown(*task))?;
            let partition = i32::try_from(task.partition).map_err(|_| unknown(*task))?;
            if !self.queue.forward(&topic.native, partition) {
                return Err(TransportError::Fatal(format!("the client does not know {task:?}")));
            }
        }
        Ok(())
    }

    /// Lets a moment pass while the client's events are served; rebalances wait in the context.
    fn wait_for_events(&mut self) {
        if let Some(error) = Context::serve(&self.client, RETRY_WAIT) {
            tracing::debug!(%error, "while waiting");
        }
    }

    /// See [`hsmstream_engine::ports::Transport::end_offset`].
    pub(crate) fn end_offset(&self, task: TaskId) -> Option<i64> {
        let topic = self.topics.get(usize::from(task.topic))?;
        end_offset(&self.client, &topic.native, i32::try_from(task.partition).ok()?)
    }

    fn place(&self, task: TaskId) -> Result<(&str, i32), TransportError> {
        let topic = self.topics.get(usize::from(task.topic)).ok_or_else(|| unknown(task))?;
        let partition = i32::try_from(task.partition).map_err(|_| unknown(task))?;
        Ok((&topic.name, partition))
    }

    fn tasks(&self, places: &[Place]) -> Vec<TaskId> {
        let task = |(topic, partition): &Place| task_of(&self.topics, topic.as_bytes(), *partition);
        places.iter().filter_map(task).collect()
    }
}

fn unknown(task: TaskId) -> TransportError {
    TransportError::Fatal(format!("{task:?} is not a partition of an input topic"))
}

/// How often events are looked for while waiting for messages.
const EVENT_INTERVAL: Duration = Duration::from_millis(50);
/// Events served per round; logs and errors are events too.
const EVENTS_PER_ROUND: usize = 4;
/// One request to a broker, before it is sent anew.
const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// Between two attempts.
const RETRY_WAIT: Duration = Duration::from_millis(20);
/// For a seek to be taken.
const SEEK_DEADLINE: Duration = Duration::from_secs(30);
