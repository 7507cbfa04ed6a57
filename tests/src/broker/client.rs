//! A plain librdkafka client: topics, messages, reading to the end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Header, Headers, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::wait;

/// Which messages a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions and those without a transaction.
    ReadCommitted,
    /// All, also those of open and aborted transactions.
    ReadUncommitted,
}

impl Isolation {
    /// The value of `isolation.level`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read_committed",
            Self::ReadUncommitted => "read_uncommitted",
        }
    }
}

/// One message as a reader got it. Ordered by partition and offset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The partition it lies in.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Message {
    /// The value as text, with U+FFFD for what is not UTF-8; empty for a tombstone.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }
}

impl From<&BorrowedMessage<'_>> for Message {
    fn from(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect()
        });
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }
}

/// How long one call to the broker may take before it is made again.
const CALL: Duration = Duration::from_secs(5);

/// The configuration that every client of a test shares.
pub(super) fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("reconnect.backoff.max.ms", "200");
    config
}

/// How many brokers the broker at `bootstrap` says there are, asked over TCP; `None` when it does not answer.
pub(super) fn brokers_known(bootstrap: &str) -> Option<usize> {
    let client: BaseConsumer =
        config(bootstrap).set("log_level", "0").create().expect("the settings are valid");
    let metadata = client.fetch_metadata(None, Duration::from_secs(1)).ok()?;
    Some(metadata.brokers().len())
}

/// Creates a topic and waits until every partition of it has a leader.
pub(super) fn create_topic(
    bootstrap: &str,
    name: &str,
    partitions: i32,
    replicas: i32,
    settings: &[(&str, &str)],
) {
    let admin: AdminClient<DefaultClientContext> =
        config(bootstrap).create().expect("the settings are valid");
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    let options = AdminOptions::new().operation_timeout(Some(wait::LIMIT)).request_timeout(Some(wait::LIMIT));
    let created = block_on(admin.create_topics([&topic], &options)).expect("the request is answered");
    for result in created {
        if let Err((topic, code)) = result {
            panic!("the topic \"{topic}\" was not created: {code}");
        }
    }
    wait::until("leaders of a new topic", || {
        let metadata = admin.inner().fetch_metadata(Some(name), CALL).ok()?;
        let topic = metadata.topics().first()?;
        let led = topic.partitions().iter().filter(|p| p.leader() >= 0 && p.error().is_none()).count();
        (led == usize::try_from(partitions).ok()?).then_some(())
    });
}

/// A message to produce. [`Outgoing::new`] gives one for partition 0 with a value and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outgoing<'a> {
    /// Where it goes.
    pub partition: i32,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Its timestamp; `None` lets the client take the time of sending.
    pub timestamp_ms: Option<i64>,
    /// Its headers in order.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Outgoing<'a> {
    /// A message for partition 0 that has only a value.
    #[must_use]
    pub fn new(value: &'a [u8]) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    fn record(&self, topic: &'a str) -> BaseRecord<'a, [u8], [u8]> {
        let mut record = BaseRecord::to(topic).partition(self.partition);
        record.key = self.key;
        record.payload = self.value;
        record.timestamp = self.timestamp_ms;
        if !self.headers.is_empty() {
            let mut headers = OwnedHeaders::new();
            for (key, value) in self.headers {
                headers = headers.insert(Header { key, value: Some(*value) });
            }
            record = record.headers(headers);
        }
        record
    }
}

/// Produces messages outside any transaction, acknowledged by all replicas, in order.
pub(super) fn produce(bootstrap: &str, topic: &str, messages: &[Outgoing<'_>]) {
    let producer: BaseProducer =
        config(bootstrap).set("enable.idempotence", "true").create().expect("the settings are valid");
    for message in messages {
        let mut record = message.record(topic);
        while let Err((error, returned)) = producer.send(record) {
            assert_eq!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull),
                "producing to \"{topic}\""
            );
            record = returned;
            producer.poll(Duration::from_millis(50));
        }
    }
    producer.flush(wait::LIMIT).expect("the broker acknowledges");
}

/// Reads all partitions of a topic from their beginning to the end that `isolation` sees now.
pub(super) fn read_all(bootstrap: &str, topic: &str, isolation: Isolation) -> Vec<Message> {
    let consumer = reader(bootstrap, isolation);
    let partitions = partitions(&consumer, topic);
    let mut assignment = TopicPartitionList::new();
    for partition in &partitions {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning).expect("a valid offset");
    }
    consumer.assign(&assignment).expect("partitions can be assigned");

    let mut open: BTreeSet<i32> = partitions.into_iter().collect();
    let mut messages = Vec::new();
    wait::until("the end of a topic", || {
        loop {
            match consumer.poll(Duration::from_millis(100)) {
                None => return None,
                Some(Ok(message)) => messages.push(Message::from(&message)),
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                    if open.is_empty() {
                        return Some(());
                    }
                }
                // The client goes on by itself; the limit on the whole wait decides.
                Some(Err(KafkaError::MessageConsumption(code))) if is_passing(code) => return None,
                Some(Err(error)) => panic!("reading \"{topic}\": {error}"),
            }
        }
    });
    messages.sort();
    messages
}

/// Whether an error only says that a broker cannot be reached at the moment.
fn is_passing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut, Resolve};
    matches!(code, AllBrokersDown | BrokerTransportFailure | OperationTimedOut | Resolve)
}

/// The end of each partition as `isolation` sees it: the offset of the next message, or of the first open transaction.
pub(super) fn ends(bootstrap: &str, topic: &str, isolation: Isolation) -> Vec<(i32, i64)> {
    let consumer = reader(bootstrap, isolation);
    let end = |partition| {
        wait::until("the end offset of a partition", || {
            consumer.fetch_watermarks(topic, partition, CALL).ok()
        })
        .1
    };
    partitions(&consumer, topic).into_iter().map(|partition| (partition, end(partition))).collect()
}

/// The offsets that `group` has committed for `topic`.
pub(super) fn committed(
    bootstrap: &str,
    group: &str,
    topic: &str,
    partitions: &[i32],
) -> Vec<(i32, Option<i64>)> {
    let consumer: BaseConsumer =
        config(bootstrap).set("group.id", group).create().expect("the settings are valid");
    let mut wanted = TopicPartitionList::new();
    for partition in partitions {
        wanted.add_partition(topic, *partition);
    }
    let found = wait::until("committed offsets", || consumer.committed_offsets(wanted.clone(), CALL).ok());
    let elements = found.elements();
    elements
        .iter()
        .map(|element| (element.partition(), element.offset().to_raw().filter(|o| *o >= 0)))
        .collect()
}

fn reader(bootstrap: &str, isolation: Isolation) -> BaseConsumer {
    config(bootstrap)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation.as_str())
        .create()
        .expect("the settings are valid")
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Vec<i32> {
    wait::until("the partitions of a topic", || {
        let metadata = consumer.fetch_metadata(Some(topic), CALL).ok()?;
        let topic = metadata.topics().first()?;
        let partitions: Vec<i32> = topic.partitions().iter().map(|p| p.id()).collect();
        (!partitions.is_empty()).then_some(partitions)
    })
}

/// Runs one future to its end on this thread; the admin client offers nothing else.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
