//! A small worker: it reads, publishes one output and one state change per message, commits and gives back.

use std::collections::BTreeMap;
use std::time::Duration;

use hsmstream_engine::ports::{
    Channel, CommitFigures, Output, Polled, Start, TaskId, Transport, TransportError,
};
use hsmstream_kafka::{KafkaConfig, KafkaTransport};
use hsmstream_tests::broker::Cluster;
use hsmstream_tests::wait;

/// One wait for messages.
pub(crate) const POLL: Duration = Duration::from_millis(20);
/// For anything with a deadline.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Creates the topics of a test and gives a configuration for them.
pub(crate) fn topics(kafka: &Cluster, name: &str, partitions: i32) -> KafkaConfig {
    let mut config = KafkaConfig::new(vec![kafka.bootstrap()], name, vec![format!("{name}-in")]);
    config.outputs.alerts = format!("{name}-alerts");
    config.outputs.staging = format!("{name}-staging");
    config.outputs.rollups = format!("{name}-rollups");
    config.outputs.rejects = format!("{name}-rejects");
    config.transaction_timeout = Duration::from_secs(5);
    config.session_timeout = Duration::from_secs(6);
    kafka.create_topic(&config.input_topics[0], partitions);
    kafka.create_topic(&config.outputs.alerts, 1);
    kafka.create_topic_with(
        &config.changelog(&config.input_topics[0]),
        partitions,
        &[("cleanup.policy", "compact")],
    );
    config
}

/// The same configuration for another instance.
pub(crate) fn instance(config: &KafkaConfig, name: &str) -> KafkaConfig {
    KafkaConfig { instance: name.to_owned(), ..config.clone() }
}

/// A message as the worker saw it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) partition: u32,
    pub(crate) offset: i64,
    pub(crate) text: String,
}

/// A worker with a transport.
pub(crate) struct Worker {
    pub(crate) transport: KafkaTransport,
    /// Next to read, per task.
    pub(crate) next: BTreeMap<TaskId, i64>,
    /// Messages whose outputs were committed, in order.
    pub(crate) seen: Vec<Seen>,
    /// Messages not yet published.
    fresh: Vec<Seen>,
    /// Messages published and not yet committed.
    published: Vec<Seen>,
    /// Restored entries of all assignments.
    pub(crate) restored: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) assigned: usize,
    pub(crate) revoked: usize,
    pub(crate) lost: usize,
    pub(crate) aborted: usize,
}

impl Worker {
    pub(crate) fn new(config: &KafkaConfig, number: u32) -> Self {
        let transport = KafkaTransport::open(config, number, DEADLINE).unwrap();
        Self {
            transport,
            next: BTreeMap::new(),
            seen: Vec::new(),
            fresh: Vec::new(),
            published: Vec::new(),
            restored: Vec::new(),
            assigned: 0,
            revoked: 0,
            lost: 0,
            aborted: 0,
        }
    }

    /// One poll; rebalances are answered as the engine does.
    pub(crate) fn step(&mut self) -> Result<usize, TransportError> {
        let (next, fresh) = (&mut self.next, &mut self.fresh);
        let polled = self.transport.poll(POLL, &mut |message| {
            assert!(message.headers.header("absent").is_none());
            let due = next.get_mut(&message.task).expect("a message of a task that was not started");
            assert!(*due <= message.offset, "{message:?} came after {due}");
            *due = message.offset + 1;
            let text = String::from_utf8_lossy(message.value.unwrap_or_default()).into_owned();
            fresh.push(Seen { partition: message.task.partition, offset: message.offset, text });
        });
        match polled {
            Ok(Polled::Nothing) => Ok(0),
            Ok(Polled::Messages(count)) => Ok(count),
            Ok(Polled::Assign(tasks)) => {
                self.assigned += 1;
                self.take_over(&tasks)?;
                Ok(0)
            }
            Ok(Polled::Revoke { tasks, lost }) => {
                if lost {
                    self.lost += 1;
                    self.abort()?;
                } else {
                    self.revoked += 1;
                    self.publish_and_commit()?;
                }
                self.next.retain(|task, _| !tasks.contains(task));
                self.fresh.retain(|seen| self.next.keys().any(|task| task.partition == seen.partition));
                self.transport.release(&tasks)?;
                if lost {
                    self.rewind()?;
                }
                Ok(0)
            }
            Err(TransportError::Retriable(text)) => {
                println!("passing: {text}");
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn take_over(&mut self, tasks: &[TaskId]) -> Result<(), TransportError> {
        let committed = self.transport.committed(tasks)?;
        let mut starts = Vec::new();
        for (task, offset) in tasks.iter().zip(committed) {
            let restored = &mut self.restored;
            self.transport.restore(
                *task,
                &mut |entry| restored.push((entry.key.to_vec(), entry.value.map(<[u8]>::to_vec))),
                &mut |_| (),
            )?;
            self.next.insert(*task, offset.unwrap_or(0));
            starts.push((*task, offset.map_or(Start::Committed, Start::At)));
        }
        self.transport.start(&starts)
    }

    /// Publishes an alert and a state change per new message.
    pub(crate) fn publish(&mut self) -> Result<(), TransportError> {
        for seen in self.fresh.drain(..) {
            let key = format!("{}:{}", seen.partition, seen.offset);
            publish(&mut self.transport, Channel::Alerts, &key, &seen.text)?;
            let task = TaskId { topic: 0, partition: seen.partition };
            publish(&mut self.transport, Channel::Changelog(task), &key, &seen.text)?;
            self.published.push(seen);
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Result<CommitFigures, TransportError> {
        let offsets: Vec<_> = self.next.iter().map(|(task, next)| (*task, *next)).collect();
        let figures = self.transport.commit(&offsets)?;
        self.seen.append(&mut self.published);
        Ok(figures)
    }

    /// Commits; if that must be aborted, everything since the last commit is read again.
    pub(crate) fn publish_and_commit(&mut self) -> Result<(), TransportError> {
        if self.next.is_empty() {
            return Ok(());
        }
        match self.publish().and_then(|()| self.commit()) {
            Err(TransportError::Abortable(text)) => {
                println!("aborted: {text}");
                self.abort()?;
                self.rewind()
            }
            other => other.map(|_| ()),
        }
    }

    pub(crate) fn abort(&mut self) -> Result<(), TransportError> {
        self.aborted += 1;
        self.fresh.clear();
        self.published.clear();
        self.transport.abort()
    }

    fn rewind(&mut self) -> Result<(), TransportError> {
        let tasks: Vec<_> = self.next.keys().copied().collect();
        let committed = self.transport.committed(&tasks)?;
        self.next = tasks.iter().copied().zip(committed.iter().map(|offset| offset.unwrap_or(0))).collect();
        let starts: Vec<_> = self.next.iter().map(|(task, next)| (*task, Start::At(*next))).collect();
        self.transport.rewind(&starts)
    }

    /// Steps until `count` messages were read and not yet published.
    pub(crate) fn read(&mut self, count: usize) {
        wait::until("messages", || {
            self.step().unwrap();
            (count <= self.fresh.len()).then_some(())
        });
        assert_eq!(self.fresh.len(), count);
    }

    /// Forgets what was read and not published.
    pub(crate) fn forget(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.fresh)
    }
}

pub(crate) fn publish(
    transport: &mut KafkaTransport,
    channel: Channel,
    key: &str,
    value: &str,
) -> Result<(), TransportError> {
    transport.publish(Output {
        channel,
        key: key.as_bytes(),
        value: Some(value.as_bytes()),
        headers: &[("ce_id", key.as_bytes())],
        timestamp_ms: Some(1_700_000_000_000),
    })
}

/// Produces `count` numbered messages into each partition.
pub(crate) fn feed(kafka: &Cluster, topic: &str, partitions: i32, from: usize, count: usize) {
    use hsmstream_tests::broker::Outgoing;
    let values: Vec<String> = (from..from + count).map(|number| format!("message {number}")).collect();
    let messages: Vec<Outgoing<'_>> = values
        .iter()
        .flat_map(|value| {
            (0..partitions).map(|partition| Outgoing { partition, ..Outgoing::new(value.as_bytes()) })
        })
        .collect();
    kafka.produce_all(topic, &messages);
}
