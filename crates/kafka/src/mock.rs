//! A Kafka inside this process: librdkafka's mock cluster, for `demo` and for quick tests.
//!
//! It speaks the protocol on loopback ports and keeps about 5 MiB per partition, dropping the oldest. What
//! it does *not* do (measured, 2.12.1): it forgets offsets that a transaction commits, shows aborted
//! messages to every reader, accepts stale group members and fences nobody. Nothing about exactly-once can be
//! proved with it. Topics cannot be created or described through it, only here.

use std::fmt;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::producer::Producer as _;
#[cfg(test)]
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::batch::mock_rebalance_delay;
use crate::config::KafkaConfig;
use crate::context::{Context, Producer};
use crate::error::Error;

/// A running mock cluster; it ends when dropped.
pub struct MockKafka {
    host: Producer,
}

impl fmt::Debug for MockKafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockKafka").field("brokers", &self.brokers()).finish()
    }
}

impl MockKafka {
    /// Starts brokers and creates topics, given as name and number of partitions.
    ///
    /// # Errors
    /// If librdkafka cannot start the brokers or refuses a topic.
    pub fn start(brokers: u32, topics: &[(&str, u32)]) -> Result<Self, Error> {
        let config = KafkaConfig::new(vec!["127.0.0.1".to_owned()], "mock", Vec::new());
        let mut properties = config.client_properties("mock");
        properties.set("test.mock.num.brokers", brokers.to_string());
        let host = Producer::from_config_and_context(&properties, Context::new(&config))
            .map_err(|error| Error::new(format!("mock cluster: {error}")))?;
        if !mock_rebalance_delay(host.client(), REBALANCE_DELAY) {
            return Err(Error::new("the client started no mock cluster"));
        }
        let mock = Self { host };
        for (name, partitions) in topics {
            mock.create_topic(name, *partitions)?;
        }
        Ok(mock)
    }

    /// `host:port` of each broker.
    #[must_use]
    pub fn brokers(&self) -> Vec<String> {
        let cluster = self.host.client().mock_cluster();
        let servers = cluster.map(|cluster| cluster.bootstrap_servers()).unwrap_or_default();
        servers.split(',').map(str::to_owned).collect()
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// If it exists, or the number of partitions is out of range.
    pub fn create_topic(&self, name: &str, partitions: u32) -> Result<(), Error> {
        let failed = |why: &dyn fmt::Display| Error::new(format!("mock topic \"{name}\": {why}"));
        let partitions = i32::try_from(partitions).map_err(|error| failed(&error))?;
        let cluster = self.host.client().mock_cluster().ok_or_else(|| failed(&"no cluster"))?;
        cluster.create_topic(name, partitions, 1).map_err(|error| failed(&error))
    }

    /// Creates all topics a configuration names: its inputs and changelogs with `partitions`, its outputs
    /// with one partition.
    ///
    /// # Errors
    /// As [`MockKafka::create_topic`].
    pub fn create_topics_of(&self, config: &KafkaConfig, partitions: u32) -> Result<(), Error> {
        for topic in &config.input_topics {
            self.create_topic(topic, partitions)?;
            self.create_topic(&config.changelog(topic), partitions)?;
        }
        let outputs = &config.outputs;
        let mut names = vec![&outputs.alerts, &outputs.staging, &outputs.rollups, &outputs.rejects];
        names.sort_unstable();
        names.dedup();
        for topic in names {
            self.create_topic(topic, 1)?;
        }
        Ok(())
    }

    /// Lets the next requests of a kind fail, one error each.
    #[cfg(test)]
    pub(crate) fn fail(&self, api: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        let cluster = self.host.client().mock_cluster().expect("a mock cluster");
        cluster.request_errors(api, errors);
    }
}

/// Between the first member of a group and its first assignment; the mock's default is 3 s.
const REBALANCE_DELAY: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
