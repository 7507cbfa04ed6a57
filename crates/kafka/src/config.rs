//! Typed configuration of the Kafka edge, and the librdkafka properties made from it.
//!
//! In: what the user configured. Out: [`KafkaConfig`], and from it one property set per kind of client.
//! Invariants: properties on which delivery guarantees rest are set here and cannot be overridden; a
//! secret never reaches a `Debug` or `Display` text. Next stage: [`crate::transport`], [`crate::admin`].

mod owned;
mod security;

use std::fmt;
use std::time::Duration;

use hsmstream_engine::ports::{Channel, TaskId};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use owned::owned_because;

pub use security::{Sasl, Tls};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that hands it to the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a successful commit promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Outputs, state changes and offsets take effect together, once.
    ExactlyOnce,
    /// Offsets are committed after all outputs are acknowledged; a crash may repeat outputs.
    AtLeastOnce,
}

/// Where a group without committed offsets begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At the oldest message.
    Earliest,
    /// At the end as it is when the task starts first.
    Latest,
}

/// Names of the output topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputTopics {
    /// Alerts, closing updates, operational alerts.
    pub alerts: String,
    /// Alerts of rules in stage `staging`.
    pub staging: String,
    /// Rollups.
    pub rollups: String,
    /// Rejects.
    pub rejects: String,
}

/// Everything the Kafka edge must know.
#[derive(Clone, Debug)]
pub struct KafkaConfig {
    /// `host:port` of brokers to begin with.
    pub brokers: Vec<String>,
    /// Prefix of transactional ids and changelog topics.
    pub application: String,
    /// Consumer group.
    pub group: String,
    /// Name of this process; part of its transactional ids.
    pub instance: String,
    /// Input topics; [`TaskId::topic`] is an index into this list.
    pub input_topics: Vec<String>,
    /// Output topics.
    pub outputs: OutputTopics,
    /// What a commit promises.
    pub delivery: Delivery,
    /// Where a new group begins.
    pub start: StartAt,
    /// How long an open transaction of a dead instance may block readers.
    pub transaction_timeout: Duration,
    /// Silence after which the group takes an instance for dead; longer than `transaction_timeout`.
    pub session_timeout: Duration,
    /// Bound on fetched messages waiting in a worker's client, in KiB of payload.
    pub prefetch_kib: u32,
    /// TLS, if wanted.
    pub tls: Option<Tls>,
    /// SASL, if wanted.
    pub sasl: Option<Sasl>,
    /// Further librdkafka properties.
    pub properties: Vec<(String, String)>,
}

impl KafkaConfig {
    /// A configuration with defaults for all but what has none.
    #[must_use]
    pub fn new(brokers: Vec<String>, application: &str, input_topics: Vec<String>) -> Self {
        Self {
            brokers,
            application: application.to_owned(),
            group: application.to_owned(),
            instance: "0".to_owned(),
            input_topics,
            outputs: OutputTopics {
                alerts: "hsm-alerts".to_owned(),
                staging: "hsm-alerts-staging".to_owned(),
                rollups: "hsm-rollups".to_owned(),
                rejects: "hsm-rejects".to_owned(),
            },
            delivery: Delivery::ExactlyOnce,
            start: StartAt::Earliest,
            transaction_timeout: Duration::from_secs(15),
            session_timeout: Duration::from_secs(20),
            prefetch_kib: 16 * 1024,
            tls: None,
            sasl: None,
            properties: Vec::new(),
        }
    }

    /// Everything wrong with this configuration that shows without a broker.
    ///
    /// # Errors
    /// One text per mistake, each with what to do.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut mistakes = Vec::new();
        self.check_names(&mut mistakes);
        self.check_times(&mut mistakes);
        self.check_security(&mut mistakes);
        for (name, _) in &self.properties {
            if let Some(why) = owned_because(name) {
                mistakes.push(format!("kafka.properties: \"{name}\" cannot be set: {why}"));
            }
        }
        if mistakes.is_empty() {
            for properties in [self.consumer_properties("check"), self.producer_properties(0)] {
                if let Err(error) = properties.create_native_config() {
                    mistakes.push(format!("kafka.properties: {error}"));
                }
            }
            mistakes.dedup();
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    fn check_names(&self, mistakes: &mut Vec<String>) {
        if self.brokers.iter().all(|broker| broker.trim().is_empty()) {
            mistakes.push("kafka.brokers is empty: name at least one broker as \"host:port\"".to_owned());
        }
        if self.input_topics.is_empty() {
            mistakes.push("input.topics is empty: name at least one topic".to_owned());
        }
        if u16::try_from(self.input_topics.len()).is_err() {
            mistakes.push(format!("input.topics names {} topics; at most 65535", self.input_topics.len()));
        }
        for (index, topic) in self.input_topics.iter().enumerate() {
            if self.input_topics.iter().take(index).any(|earlier| earlier == topic) {
                mistakes.push(format!("input.topics names \"{}\" twice", topic.escape_debug()));
            }
        }
        let changelogs: Vec<String> = self.input_topics.iter().map(|topic| self.changelog(topic)).collect();
        let outputs = [
            ("output.alerts", &self.outputs.alerts),
            ("output.staging", &self.outputs.staging),
            ("output.rollups", &self.outputs.rollups),
            ("output.rejects", &self.outputs.rejects),
        ];
        for (key, topic) in outputs {
            if self.input_topics.contains(topic) {
                let topic = topic.escape_debug();
                mistakes.push(format!("{key} is the input topic \"{topic}\": output would be read again"));
            }
            if changelogs.contains(topic) {
                mistakes.push(format!("{key} is the changelog topic \"{}\"", topic.escape_debug()));
            }
        }
        let inputs = self.input_topics.iter().map(|topic| ("input.topics", topic.as_str()));
        let outputs = outputs.into_iter().map(|(key, topic)| (key, topic.as_str()));
        let changelogs = changelogs.iter().map(|topic| ("application", topic.as_str()));
        for (key, topic) in inputs.chain(outputs).chain(changelogs) {
            if let Some(why) = bad_topic_name(topic) {
                mistakes.push(format!("{key}: \"{}\" is no topic name: {why}", topic.escape_debug()));
            }
        }
        for (key, name) in [
            ("application", &self.application),
            ("kafka.group", &self.group),
            ("kafka.instance", &self.instance),
        ] {
            if name.is_empty() || name.contains('\0') {
                mistakes.push(format!("{key} must be a name"));
            }
        }
    }

    fn check_times(&self, mistakes: &mut Vec<String>) {
        if self.transaction_timeout < Duration::from_secs(1) {
            mistakes.push("delivery.transaction_timeout is below 1s".to_owned());
        }
        if self.session_timeout <= self.transaction_timeout && self.delivery == Delivery::ExactlyOnce {
            mistakes.push(format!(
                "the session timeout ({:?}) must be longer than delivery.transaction_timeout ({:?})",
                self.session_timeout, self.transaction_timeout
            ));
        }
    }

    /// Name of the changelog topic of an input topic.
    #[must_use]
    pub fn changelog(&self, input_topic: &str) -> String {
        format!("{}-changelog-{input_topic}", self.application)
    }

    /// The changelog topic of a task, if the task's topic is configured.
    #[must_use]
    pub fn changelog_of(&self, task: TaskId) -> Option<String> {
        self.input_topics.get(usize::from(task.topic)).map(|topic| self.changelog(topic))
    }

    /// The topic of a channel, if there is one.
    #[must_use]
    pub fn topic_of(&self, channel: Channel) -> Option<String> {
        match channel {
            Channel::Alerts => Some(self.outputs.alerts.clone()),
            Channel::Staging => Some(self.outputs.staging.clone()),
            Channel::Rollups => Some(self.outputs.rollups.clone()),
            Channel::Rejects => Some(self.outputs.rejects.clone()),
            Channel::Changelog(task) => self.changelog_of(task),
        }
    }

    /// Transactional id of one worker of this process.
    #[must_use]
    pub fn transactional_id(&self, worker: u32) -> String {
        format!("{}-{}-{worker}", self.application, self.instance)
    }

    /// Properties every client has.
    pub(crate) fn client_properties(&self, role: &str) -> ClientConfig {
        let mut properties = ClientConfig::new();
        for (name, value) in &self.properties {
            properties.set(name, value);
        }
        properties
            .set("bootstrap.servers", self.brokers.join(","))
            .set("client.id", format!("{}-{}-{role}", self.application, self.instance))
            .set("allow.auto.create.topics", "false")
            .set_log_level(RDKafkaLogLevel::Info);
        self.set_security(&mut properties);
        properties
    }

    /// Properties of clients that ask for offsets and metadata only; `read_committed` or not decides which end
    /// of a partition they see.
    pub(crate) fn probe_properties(&self, role: &str, isolation: &str) -> ClientConfig {
        let mut properties = self.client_properties(role);
        properties
            .set("session.timeout.ms", self.session_timeout.as_millis().to_string())
            .set("isolation.level", isolation);
        properties
    }

    /// Properties of consumers that never join the group and read committed messages only.
    pub(crate) fn reader_properties(&self, role: &str) -> ClientConfig {
        let mut properties = self.probe_properties(role, "read_committed");
        let prefetch = self.prefetch_kib.to_string();
        defaults(&mut properties, &self.properties, CONSUMER_DEFAULTS);
        defaults(&mut properties, &self.properties, &[("queued.max.messages.kbytes", &prefetch)]);
        properties
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error");
        properties
    }

    /// Properties of a worker's consumer.
    pub(crate) fn consumer_properties(&self, role: &str) -> ClientConfig {
        let mut properties = self.reader_properties(role);
        properties
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.partition.eof", "false")
            .set(
                "heartbeat.interval.ms",
                (self.session_timeout.as_millis() / 8).clamp(100, 3_000).to_string(),
            );
        properties
    }

    /// Properties of a worker's producer.
    pub(crate) fn producer_properties(&self, worker: u32) -> ClientConfig {
        let mut properties = self.client_properties(&format!("producer-{worker}"));
        defaults(&mut properties, &self.properties, PRODUCER_DEFAULTS);
        properties
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("delivery.report.only.error", "true")
            .set("partitioner", "murmur2_random");
        if self.delivery == Delivery::ExactlyOnce {
            properties
                .set("transactional.id", self.transactional_id(worker))
                .set("transaction.timeout.ms", self.transaction_timeout.as_millis().to_string());
        }
        properties
    }
}

/// Sets what the user did not set.
fn defaults(properties: &mut ClientConfig, given: &[(String, String)], values: &[(&str, &str)]) {
    for (name, value) in values {
        if !given.iter().any(|(set, _)| set == name) {
            properties.set(*name, *value);
        }
    }
}

/// Consumer properties that the user may change. The byte limit is what bounds the prefetch; a full queue
/// is looked at again after 5 ms, not after the client's default second.
const CONSUMER_DEFAULTS: &[(&str, &str)] =
    &[("fetch.queue.backoff.ms", "5"), ("queued.min.messages", "1000000")];

/// Producer properties that the user may change. A transaction that follows at once on another is refused
/// until the markers of the first are written, some milliseconds; the client's default would then wait 100.
const PRODUCER_DEFAULTS: &[(&str, &str)] = &[
    ("linger.ms", "2"),
    ("compression.type", "lz4"),
    ("queue.buffering.max.kbytes", "131072"),
    ("retry.backoff.ms", "5"),
];

/// What makes a name unfit for a topic (Kafka: `Topic.validate`).
fn bad_topic_name(name: &str) -> Option<&'static str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > 249 {
        Some("it is longer than 249 characters")
    } else if name == "." || name == ".." {
        Some("it is reserved")
    } else if !name.bytes().all(legal) {
        Some("only letters, digits, \".\", \"_\" and \"-\" are allowed")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
