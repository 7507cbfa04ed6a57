//! Reading and writing topics outside the engine: `tail`, `generate`, `demo`, tests.
//!
//! [`Tail`] reads whole topics by assignment, in no group, committed messages only. [`Publish`] writes messages
//! one by one, acknowledged by all replicas, in no transaction. Neither commits offsets.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use hsmstream_engine::ports::Headers;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::producer::{BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::batch::{BATCH_MAX, Batch, Queue, flush};
use crate::config::{Delivery, KafkaConfig};
use crate::context::{Consumer, Place, Producer, consumer, producer};
use crate::error::{Error, explained, is_passing};
use crate::metadata::{REQUEST_WAIT, describe, retry};
use crate::sink::headers;

/// Where to begin reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// At the oldest message.
    Start,
    /// After the newest message.
    End,
    /// At most this many offsets before the end of each partition; transaction markers count.
    Last(u64),
}

/// A message of a topic, borrowed for one visit.
#[derive(Clone, Copy)]
pub struct Tailed<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Timestamp in ms.
    pub timestamp_ms: Option<i64>,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value.
    pub value: Option<&'a [u8]>,
    /// Headers.
    pub headers: &'a dyn Headers,
}

impl fmt::Debug for Tailed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" [{}] @{}", self.topic, self.partition, self.offset)
    }
}

/// A reader of whole topics.
pub struct Tail {
    queue: Queue,
    client: Arc<Consumer>,
    /// What is left to read of what was there at the beginning: end offset per partition.
    behind: BTreeMap<Place, i64>,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail").field("behind", &self.behind).finish_non_exhaustive()
    }
}

impl Tail {
    /// Finds the partitions of the topics and begins to read them.
    ///
    /// # Errors
    /// If the brokers cannot be reached within `deadline`, or a topic is not there or may not be read.
    pub fn open(
        config: &KafkaConfig,
        topics: &[&str],
        from: ReadFrom,
        deadline: Duration,
    ) -> Result<Self, Error> {
        let mut properties = config.reader_properties("tail");
        properties.set("enable.partition.eof", "true");
        let client = Arc::new(consumer(&properties, config)?);
        let queue = Queue::new(&client).ok_or_else(|| Error::new("the client gave no queue"))?;
        let mut tail = Self { queue, client, behind: BTreeMap::new() };
        let mut list = TopicPartitionList::new();
        for topic in topics {
            tail.add(config, topic, from, deadline, &mut list)?;
        }
        tail.client.assign(&list).map_err(|error| Error::new(format!("tail: {error}")))?;
        Ok(tail)
    }

    fn add(
        &mut self,
        config: &KafkaConfig,
        topic: &str,
        from: ReadFrom,
        deadline: Duration,
        list: &mut TopicPartitionList,
    ) -> Result<(), Error> {
        let native = CString::new(topic).map_err(|_| Error::new("a topic name contains a zero byte"))?;
        for partition in 0..describe(&self.client, config, topic, deadline)? {
            let doing = format!("bounds of \"{topic}\" [{partition}]");
            let (low, high) = retry(&self.client, config, &doing, deadline, || {
                self.client.fetch_watermarks(topic, partition, REQUEST_WAIT)
            })?;
            let offset = match from {
                ReadFrom::Start => low,
                ReadFrom::End => high,
                ReadFrom::Last(count) => high.saturating_sub_unsigned(count).max(low),
            };
            if offset < high {
                self.behind.insert((topic.to_owned(), partition), high);
            }
            self.queue.forward(&native, partition);
            list.add_partition_offset(topic, partition, Offset::Offset(offset))
                .map_err(|error| Error::new(format!("tail: {error}")))?;
        }
        Ok(())
    }

    /// Waits up to `wait` for messages and visits them; returns how many.
    ///
    /// # Errors
    /// What reading again will not cure.
    pub fn next(&mut self, wait: Duration, visit: &mut dyn FnMut(Tailed<'_>)) -> Result<usize, Error> {
        if let Some(Err(error)) = self.client.poll(Duration::ZERO) {
            self.judge(error.rdkafka_error_code(), &error.to_string())?;
        }
        let mut batch = self.queue.take(BATCH_MAX, Duration::ZERO);
        if batch.len() == 0 {
            drop(batch);
            batch = self.queue.take(1, wait);
        }
        let (visited, faults) = visit_batch(&batch, &mut self.behind, visit);
        drop(batch);
        for (code, text) in faults {
            self.judge(Some(code), &text)?;
        }
        Ok(visited)
    }

    /// Whether everything that was there at the beginning has been visited.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.behind.is_empty()
    }

    fn judge(&self, code: Option<Code>, text: &str) -> Result<(), Error> {
        let code = code.unwrap_or(Code::Unknown);
        // Tail is in no group; the client asks for the group's coordinator all the same.
        if is_passing(code) || code == Code::GroupAuthorizationFailed {
            return Ok(());
        }
        let latest = self.client.context().latest_error().filter(|(latest, _)| *latest == code);
        let text = latest.map_or(text.to_owned(), |(_, text)| text);
        Err(Error::new(explained(code, &text)))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.client.context().close();
    }
}

fn visit_batch(
    batch: &Batch<'_>,
    behind: &mut BTreeMap<Place, i64>,
    visit: &mut dyn FnMut(Tailed<'_>),
) -> (usize, Vec<(Code, String)>) {
    let (mut visited, mut faults) = (0, Vec::new());
    for fetched in batch.iter() {
        let topic = String::from_utf8_lossy(fetched.topic());
        let partition = fetched.partition();
        let next = match fetched.error() {
            Some(Code::PartitionEOF) => fetched.offset(),
            Some(code) => {
                faults.push((code, fetched.error_text()));
                continue;
            }
            None => {
                visited += 1;
                visit(Tailed {
                    topic: &topic,
                    partition,
                    offset: fetched.offset(),
                    timestamp_ms: fetched.timestamp_ms(),
                    key: fetched.key(),
                    value: fetched.value(),
                    headers: &fetched,
                });
                fetched.offset().saturating_add(1)
            }
        };
        if !behind.is_empty() {
            let place = (topic.into_owned(), partition);
            if behind.get(&place).is_some_and(|end| *end <= next) {
                behind.remove(&place);
            }
        }
    }
    (visited, faults)
}

/// A message to write.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Partition; absent: chosen by the key, as other Kafka clients do.
    pub partition: Option<u32>,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Timestamp in ms; absent: now.
    pub timestamp_ms: Option<i64>,
}

/// A writer of single messages.
pub struct Publish {
    producer: Producer,
    clock: SystemClock,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish").finish_non_exhaustive()
    }
}

impl Publish {
    /// Makes the producer; connects when the first message is sent.
    ///
    /// # Errors
    /// Mistakes of the configuration.
    pub fn open(config: &KafkaConfig) -> Result<Self, Error> {
        let config = KafkaConfig { delivery: Delivery::AtLeastOnce, ..config.clone() };
        let producer = producer(&config.producer_properties(0), &config)?;
        Ok(Self { producer, clock: SystemClock::new() })
    }

    /// Hands a message to the client; waits while its queue is full.
    ///
    /// # Errors
    /// If an earlier message could not be delivered, the queue stays full for 30 s, or the client refuses
    /// the message.
    pub fn send(&mut self, message: &Outgoing<'_>) -> Result<(), Error> {
        let partition = message.partition.map(i32::try_from).transpose();
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(message.topic);
        record.partition = partition.map_err(|error| Error::new(format!("partition: {error}")))?;
        record.key = message.key;
        record.payload = message.value;
        record.timestamp = message.timestamp_ms;
        if !message.headers.is_empty() {
            record.headers = Some(headers(message.headers));
        }
        let until = self.clock.monotonic().saturating_add(QUEUE_FULL_DEADLINE);
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
            if code != Code::QueueFull || until <= self.clock.monotonic() {
                let text = format!("message for topic \"{}\": {error}", message.topic);
                return Err(Error::new(explained(code, &text)));
            }
            record = back;
            flush(self.producer.client(), QUEUE_FULL_WAIT);
            self.undelivered()?;
        }
    }

    /// Waits until all messages are acknowledged.
    ///
    /// # Errors
    /// If one was not delivered, or not all were within `deadline`.
    pub fn flush(&mut self, deadline: Duration) -> Result<(), Error> {
        let until = self.clock.monotonic().saturating_add(deadline);
        loop {
            let done = flush(self.producer.client(), FLUSH_SLICE);
            self.undelivered()?;
            if done {
                return Ok(());
            }
            if until <= self.clock.monotonic() {
                let text = format!("messages are not acknowledged within {deadline:?}");
                let latest = self.producer.context().latest_error();
                return Err(Error::new(match latest {
                    Some((code, why)) => explained(code, &format!("{text}: {why}")),
                    None => text,
                }));
            }
        }
    }

    fn undelivered(&self) -> Result<(), Error> {
        for _ in 0..4 {
            self.producer.poll(Duration::ZERO);
        }
        match self.producer.context().take_undelivered() {
            Some((code, text)) => Err(Error::new(explained(code, &text))),
            None => Ok(()),
        }
    }
}

/// For room in the producer's queue.
const QUEUE_FULL_DEADLINE: Duration = Duration::from_secs(30);
/// Between two attempts to hand a message over.
const QUEUE_FULL_WAIT: Duration = Duration::from_millis(5);
/// One wait for deliveries.
const FLUSH_SLICE: Duration = Duration::from_millis(20);
