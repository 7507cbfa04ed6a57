//! Topics: whether they are there and fit, and creating them when asked to.
//!
//! In: the configuration. Out: a [`Report`], or every [`Problem`] at once, each with what to do about it. Trouble
//! that may pass (brokers starting, a leader being elected) is tried again with growing pauses until the
//! deadline; a refused login or certificate is not.
//!
//! Checked: input topics exist; output topics exist, are not compacted, and take messages of the size and age
//! that will be sent; changelog topics are compacted and have a partition for each input partition; this user may
//! do with all of them, with the group and with transactional ids what the service will do. Not checked:
//! replication of existing topics.

mod rights;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{Thread, current, park_timeout};
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;

use crate::config::KafkaConfig;
use crate::context::{Consumer, Context, authorize, consumer};
use crate::error::{Error, explained};
use crate::metadata::{REQUEST_WAIT, partitions, retry};

/// How topics are created, and what they must take.
#[derive(Clone, Debug)]
pub struct TopicSettings {
    /// Partitions of output topics.
    pub partitions: u32,
    /// Replicas of every partition.
    pub replication: u16,
    /// How long output topics keep messages; absent: the brokers' default.
    pub retention: Option<Duration>,
    /// Largest message that will be published.
    pub message_bytes_max: u64,
    /// For everything together.
    pub deadline: Duration,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self {
            partitions: 6,
            replication: 1,
            retention: None,
            message_bytes_max: 900 * 1024,
            deadline: Duration::from_secs(30),
        }
    }
}

/// What a topic is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Read.
    Input,
    /// Written.
    Output,
    /// State of an input topic's tasks.
    Changelog,
}

/// A topic that is fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicReport {
    /// Name.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Number of partitions.
    pub partitions: u32,
    /// It was created just now.
    pub created: bool,
}

/// All topics are fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The topics: inputs, changelogs, outputs.
    pub topics: Vec<TopicReport>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
}

/// Something wrong, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    what: String,
    remedy: String,
}

impl Problem {
    fn new(what: String, remedy: impl Into<String>) -> Self {
        Self { what, remedy: remedy.into() }
    }

    /// What is wrong.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::new(error.to_string(), "")
    }
}

/// Checks the topics of a configuration; with `create`, creates output and changelog topics that are missing.
///
/// # Errors
/// Everything that would keep the service from running as promised.
pub fn check_topics(
    config: &KafkaConfig,
    create: bool,
    settings: &TopicSettings,
) -> Result<Report, Vec<Problem>> {
    config
        .check()
        .map_err(|mistakes| mistakes.into_iter().map(|text| Problem::new(text, "")).collect::<Vec<_>>())?;
    let mut check = Check::open(config, create, settings).map_err(|error| vec![error.into()])?;
    check.inputs();
    // Without the inputs nobody knows how many partitions a changelog needs; and if no broker answers, the
    // same would be said of every topic.
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    check.changelogs();
    check.outputs();
    check.settings_of_topics();
    check.rights();
    if check.problems.is_empty() { Ok(check.report) } else { Err(check.problems) }
}

struct Check<'c> {
    config: &'c KafkaConfig,
    settings: &'c TopicSettings,
    create: bool,
    client: Arc<Consumer>,
    admin: AdminClient<Context>,
    report: Report,
    problems: Vec<Problem>,
    until: Duration,
    clock: SystemClock,
}

impl<'c> Check<'c> {
    fn open(config: &'c KafkaConfig, create: bool, settings: &'c TopicSettings) -> Result<Self, Error> {
        let client = consumer(&config.probe_properties("admin", "read_uncommitted"), config)?;
        let properties = config.client_properties("admin");
        let admin = AdminClient::from_config_and_context(&properties, Context::new(config));
        let admin = admin.map_err(|error| Error::unmade("admin client", &error))?;
        authorize(admin.inner(), config)?;
        let clock = SystemClock::new();
        let until = clock.monotonic().saturating_add(settings.deadline);
        let (report, problems) = (Report::default(), Vec::new());
        Ok(Self { config, settings, create, client: Arc::new(client), admin, report, problems, until, clock })
    }

    fn left(&self) -> Duration {
        self.until.saturating_sub(self.clock.monotonic()).max(Duration::from_secs(1))
    }

    fn inputs(&mut self) {
        for topic in &self.config.input_topics {
            match self.find(topic) {
                Ok(Some(partitions)) => self.found(topic, Role::Input, partitions, false),
                Ok(None) => {
                    let names = self.similar(topic);
                    let remedy = format!("create it, or correct input.topics{names}");
                    self.problems
                        .push(Problem::new(format!("the input topic \"{topic}\" does not exist"), remedy));
                }
                Err(error) => {
                    self.problems.push(error.into());
                    return;
                }
            }
        }
    }

    fn changelogs(&mut self) {
        let inputs: Vec<_> = self.report.topics.clone();
        for input in inputs.iter().filter(|topic| topic.role == Role::Input) {
            let name = self.config.changelog(&input.name);
            let needed = input.partitions;
            self.output(&name, Role::Changelog, needed);
            let found = self.report.topics.iter().find(|topic| topic.name == name);
            if let Some(found) = found.filter(|found| found.partitions < needed) {
                let what = format!(
                    "the changelog topic \"{name}\" has {} partitions, its input topic {needed}",
                    found.partitions
                );
                let remedy = format!("run: kafka-topics.sh --alter --topic {name} --partitions {needed}");
                self.problems.push(Problem::new(what, remedy));
            }
        }
    }

    fn outputs(&mut self) {
        let outputs = &self.config.outputs;
        let mut names = vec![&outputs.alerts, &outputs.staging, &outputs.rollups, &outputs.rejects];
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.output(name, Role::Output, self.settings.partitions);
        }
    }

    /// Finds or creates one topic that hsmstream writes.
    fn output(&mut self, name: &str, role: Role, partitions: u32) {
        let kind = if role == Role::Changelog { "changelog" } else { "output" };
        match self.find(name) {
            Ok(Some(partitions)) => self.found(name, role, partitions, false),
            Ok(None) if self.create => match self.create_topic(name, role, partitions) {
                Ok(()) => self.found(name, role, partitions, true),
                Err(problem) => self.problems.push(problem),
            },
            Ok(None) => {
                let compact = if role == Role::Changelog { " --config cleanup.policy=compact" } else { "" };
                let remedy = format!(
                    "start with --create-topics, or run: kafka-topics.sh --create --topic {name} --partitions \
                     {partitions}{compact}"
                );
                self.problems
                    .push(Problem::new(format!("the {kind} topic \"{name}\" does not exist"), remedy));
            }
            Err(error) => self.problems.push(error.into()),
        }
    }

    fn found(&mut self, name: &str, role: Role, partitions: u32, created: bool) {
        self.report.topics.push(TopicReport { name: name.to_owned(), role, partitions, created });
    }

    /// Number of partitions, `None` if there is no such topic.
    fn find(&self, topic: &str) -> Result<Option<u32>, Error> {
        let doing = format!("looking for topic \"{topic}\"");
        retry(&self.client, self.config, &doing, self.left(), || partitions(&self.client, topic))
    }

    /// Topics with names that resemble this one, for an error text.
    fn similar(&self, topic: &str) -> String {
        let Ok(metadata) = self.client.fetch_metadata(None, REQUEST_WAIT) else { return String::new() };
        let lower = topic.to_lowercase();
        let near = |name: &str| {
            let name = name.to_lowercase();
            !name.starts_with("__")
                && (name.contains(&lower) || lower.contains(&name) || shares_word(&name, &lower))
        };
        let names: Vec<_> =
            metadata.topics().iter().map(|topic| topic.name()).filter(|name| near(name)).take(5).collect();
        if names.is_empty() { String::new() } else { format!(" (there are: {})", names.join(", ")) }
    }

    fn create_topic(&self, name: &str, role: Role, partitions: u32) -> Result<(), Problem> {
        let what = || format!("creating topic \"{name}\" with {partitions} partitions");
        let count =
            i32::try_from(partitions).map_err(|error| Problem::new(format!("{}: {error}", what()), ""))?;
        let replication = TopicReplication::Fixed(i32::from(self.settings.replication));
        let retention = self.settings.retention.map(|retention| retention.as_millis().to_string());
        let bytes = (self.settings.message_bytes_max.saturating_add(BATCH_OVERHEAD)).to_string();
        let mut topic = NewTopic::new(name, count, replication);
        if role == Role::Changelog {
            // Small segments: the newest one is never compacted, and a restore reads all of it.
            topic = topic.set("cleanup.policy", "compact").set("segment.bytes", "67108864");
        } else {
            topic = topic.set("cleanup.policy", "delete");
            if let Some(retention) = &retention {
                topic = topic.set("retention.ms", retention);
            }
        }
        if DEFAULT_MESSAGE_BYTES < self.settings.message_bytes_max.saturating_add(BATCH_OVERHEAD) {
            topic = topic.set("max.message.bytes", &bytes);
        }
        let options = self.options();
        let created = wait_for(self.admin.create_topics([&topic], &options), self.left());
        let code = match created {
            None => Code::OperationTimedOut,
            Some(Err(error)) => {
                return Err(Problem::new(format!("{}: {error}", what()), ""));
            }
            Some(Ok(results)) => match results.into_iter().next() {
                Some(Err((_, code))) if code != Code::TopicAlreadyExists => code,
                _ => return Ok(()),
            },
        };
        let remedy = match code {
            Code::InvalidReplicationFactor => format!(
                "there are fewer brokers than kafka.replication = {}: lower it, or add brokers",
                self.settings.replication
            ),
            Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
                "grant this user CREATE on the cluster or on the topic, or create the topic for it".to_owned()
            }
            other => crate::error::advice(other).unwrap_or_default().to_owned(),
        };
        Err(Problem::new(format!("{}: {code}", what()), remedy))
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.left())).operation_timeout(Some(self.left()))
    }

    /// Settings of topics that were there before.
    fn settings_of_topics(&mut self) {
        let old: Vec<_> = self
            .report
            .topics
            .iter()
            .filter(|topic| topic.role != Role::Input && !topic.created)
            .map(|topic| (topic.name.clone(), topic.role))
            .collect();
        if old.is_empty() {
            return;
        }
        let resources: Vec<_> = old.iter().map(|(name, _)| ResourceSpecifier::Topic(name)).collect();
        let options = AdminOptions::new().request_timeout(Some(self.left()));
        let described = wait_for(self.admin.describe_configs(&resources, &options), self.left());
        let resources = match described {
            Some(Ok(resources)) => resources,
            Some(Err(error)) => return self.report.unchecked.push(format!("settings of topics: {error}")),
            None => return self.report.unchecked.push("settings of topics: no answer".to_owned()),
        };
        let mut untold = Vec::new();
        for ((name, role), resource) in old.iter().zip(resources) {
            match resource {
                // The binding has no error for a topic whose settings this user may not see.
                Ok(resource) if resource.entries.is_empty() => untold.push(name.as_str()),
                Ok(resource) => {
                    let problems = judge(name, *role, &resource, self.settings);
                    self.problems.extend(problems);
                }
                Err(code) => {
                    let text = explained(code, &code.to_string());
                    self.report.unchecked.push(format!("settings of topic \"{name}\": {text}"));
                }
            }
        }
        if !untold.is_empty() {
            let names = untold.join(", ");
            let text =
                format!("settings of topics {names}: not told; grant this user DESCRIBE_CONFIGS on them");
            self.report.unchecked.push(text);
        }
    }
}

/// What is wrong with the settings of one topic.
fn judge(name: &str, role: Role, resource: &ConfigResource, settings: &TopicSettings) -> Vec<Problem> {
    let value = |key: &str| resource.get(key).and_then(|entry| entry.value.as_deref());
    let number = |key: &str| value(key).and_then(|value| value.parse::<u64>().ok());
    let set = |key: &str, value: &str| {
        format!(
            "run: kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {key}={value}"
        )
    };
    let mut problems = Vec::new();
    let policy = value("cleanup.policy").unwrap_or("delete");
    if role == Role::Changelog && policy != "compact" {
        let what = format!(
            "the changelog topic \"{name}\" has cleanup.policy={policy}: state would be deleted by age"
        );
        problems.push(Problem::new(what, set("cleanup.policy", "compact")));
    }
    if role == Role::Output && policy.contains("compact") {
        let what = format!(
            "the output topic \"{name}\" has cleanup.policy={policy}: older alerts of a key would go"
        );
        problems.push(Problem::new(what, set("cleanup.policy", "delete")));
    }
    let needed = settings.message_bytes_max.saturating_add(BATCH_OVERHEAD);
    if let Some(bytes) = number("max.message.bytes").filter(|bytes| *bytes < needed) {
        let what = format!(
            "topic \"{name}\" takes messages of at most {bytes} bytes, but limits.output allows {needed}"
        );
        problems.push(Problem::new(what, set("max.message.bytes", &needed.to_string())));
    }
    let age = number("message.timestamp.before.max.ms").filter(|age| *age < OLDEST_MS_MIN);
    if let Some(age) = age.filter(|_| role == Role::Output) {
        let what =
            format!("topic \"{name}\" refuses messages older than {age} ms, and outputs carry event time");
        problems.push(Problem::new(what, set("message.timestamp.before.max.ms", &i64::MAX.to_string())));
    }
    problems
}

fn shares_word(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(['-', '_', '.']).filter(|word| 3 < word.len()).map(str::to_owned).collect()
    };
    let others = words(b);
    words(a).iter().any(|word| others.contains(word))
}

/// Runs a future of the admin client on this thread; `None` if it is not done in time.
fn wait_for<F: Future>(future: F, deadline: Duration) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let clock = SystemClock::new();
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = deadline.saturating_sub(clock.monotonic());
        if left.is_zero() {
            return None;
        }
        park_timeout(left);
    }
}

/// What a batch of one message adds to its key and value.
const BATCH_OVERHEAD: u64 = 4 * 1024;
/// Kafka's default for `max.message.bytes`.
const DEFAULT_MESSAGE_BYTES: u64 = 1_048_588;
/// Logs are read years after the fact; a limit below ten years is taken for a mistake.
const OLDEST_MS_MIN: u64 = 10 * 365 * 24 * 3_600 * 1_000;

#[cfg(test)]
mod tests;
