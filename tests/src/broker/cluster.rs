//! A cluster of brokers and what a test does with it.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use super::client::{self, Isolation, Message, Outgoing};
use super::console;
use super::install::Install;
use super::node::Node;
use super::ports;
use super::security::{self, Certificates, Listener, Security};
use super::settings::{self, Ports};
use crate::wait;

/// How often a cluster is tried on other ports when another process was quicker to take one.
const STARTS_MAX: u32 = 3;
/// How much of each broker's log a failed test prints.
const LOG_LINES: usize = 30;

static CLUSTERS: AtomicU32 = AtomicU32::new(0);

/// A running Apache Kafka. Brokers are numbered from 0; the methods take `&self`, so threads can share it.
#[derive(Debug)]
pub struct Cluster {
    install: Install,
    folder: PathBuf,
    ports: Vec<Ports>,
    security: Option<Security>,
    nodes: Mutex<Vec<Node>>,
}

/// What a cluster with [`Listener`]s is made of.
#[derive(Debug, Clone, Copy)]
pub struct Secured<'a> {
    /// Users of PLAIN and SCRAM: names of letters and digits, passwords without quotes and brackets.
    pub users: &'a [(&'a str, &'a str)],
    /// Offers TLS, with certificates made by `openssl`; the password is that of the client's key.
    pub key_password: Option<&'a str>,
}

impl Cluster {
    /// Starts `brokers` brokers and returns when each of them knows all of them.
    ///
    /// # Panics
    ///
    /// When Kafka has not been fetched, or does not start; the end of each broker's log is in the message.
    #[must_use]
    pub fn start(brokers: usize) -> Self {
        Self::start_any(brokers, None)
    }

    /// Starts one broker that also has the listeners of [`Listener`], and lets nobody but the test's own clients do
    /// anything before [`Cluster::acls`].
    ///
    /// # Panics
    ///
    /// As [`Cluster::start`], and when certificates are wanted and `openssl` is missing.
    #[must_use]
    pub fn start_secured(secured: &Secured<'_>) -> Self {
        Self::start_any(1, Some(secured))
    }

    fn start_any(brokers: usize, secured: Option<&Secured<'_>>) -> Self {
        let install = Install::find();
        for _ in 1..STARTS_MAX {
            match Self::try_start(&install, brokers, secured) {
                Ok(cluster) => return cluster,
                Err(logs) if logs.contains("Address already in use") => {}
                Err(logs) => panic!("Apache Kafka did not start:\n{logs}"),
            }
        }
        Self::try_start(&install, brokers, secured)
            .unwrap_or_else(|logs| panic!("Apache Kafka did not start:\n{logs}"))
    }

    /// The broker that the tests of one binary share, started by the first that asks. Nobody may kill it; topics are
    /// named by test.
    ///
    /// # Panics
    ///
    /// As [`Cluster::start`].
    #[must_use]
    pub fn shared() -> Shared {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        Shared(SHARED.get_or_init(|| Self::start(1)))
    }

    /// The same with listeners for users; all tests of the binary give the same `secured`.
    ///
    /// # Panics
    ///
    /// As [`Cluster::start_secured`].
    #[must_use]
    pub fn shared_secured(secured: &Secured<'_>) -> Shared {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        Shared(SHARED.get_or_init(|| Self::start_secured(secured)))
    }

    fn try_start(install: &Install, brokers: usize, secured: Option<&Secured<'_>>) -> Result<Self, String> {
        let serial = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let folder = install.run.join(format!("{}-{serial}", process::id()));
        fs::create_dir_all(&folder).expect("the target folder can be written");
        let ports: Vec<Ports> =
            (0..brokers).map(|_| Ports { broker: ports::free(), controller: ports::free() }).collect();

        let security = secured.map(|secured| {
            let make = |password| Certificates::make(&folder.join("certificates"), password);
            Security::new(secured.users, secured.key_password.map(make))
        });
        let arguments = security.as_ref().map(Security::format_arguments).unwrap_or_default();

        let cluster_id = format!("hsmstream-{:012}", u64::from(process::id()) * 1000 + u64::from(serial));
        let create = |index| {
            let properties = settings::render(index, &ports, &Node::data(&folder, index), security.as_ref());
            Node::create(install, &folder, index, &cluster_id, &properties, &arguments)
        };
        let nodes = thread::scope(|scope| {
            let nodes: Vec<_> = (0..brokers).map(|index| scope.spawn(move || create(index))).collect();
            nodes.into_iter().map(|node| node.join().expect("formatting works")).collect()
        });
        let cluster = Self { install: install.clone(), folder, ports, security, nodes: Mutex::new(nodes) };
        for node in cluster.nodes().iter_mut() {
            node.spawn();
        }
        for index in 0..brokers {
            cluster.wait_ready(index, brokers)?;
        }
        Ok(cluster)
    }

    /// Waits until broker `index` answers that it knows `brokers` brokers; gives its log when it does not.
    fn wait_ready(&self, index: usize, brokers: usize) -> Result<(), String> {
        let address = self.address(index);
        let ready = wait::within(wait::LIMIT, || {
            if !self.nodes()[index].is_running() {
                return Some(false);
            }
            client::brokers_known(&address).is_some_and(|known| known >= brokers).then_some(true)
        });
        if ready == Some(true) { Ok(()) } else { Err(self.logs()) }
    }

    /// The value of `bootstrap.servers`: every broker.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = (0..self.ports.len()).map(|index| self.address(index)).collect();
        addresses.join(",")
    }

    /// The address of one broker.
    #[must_use]
    pub fn address(&self, index: usize) -> String {
        format!("127.0.0.1:{}", self.ports[index].broker)
    }

    /// The value of `bootstrap.servers` for one of a secured cluster's listeners: `localhost` and its port.
    ///
    /// # Panics
    ///
    /// When the cluster has no such listener.
    #[must_use]
    pub fn listener(&self, listener: Listener) -> String {
        self.security.as_ref().expect("a secured cluster").address(listener)
    }

    /// The certificates of a secured cluster with TLS.
    ///
    /// # Panics
    ///
    /// When the cluster has none.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        self.security.as_ref().and_then(Security::certificates).expect("a secured cluster with TLS")
    }

    /// Grants and takes rights on a secured cluster, with Kafka's `kafka-acls`: `--add --allow-principal=User:a
    /// --operation=Read --topic=t`. Takes a second.
    ///
    /// # Panics
    ///
    /// When Kafka refuses it.
    pub fn acls(&self, arguments: &[&str]) {
        security::acls(&self.install, &self.bootstrap(), arguments);
    }

    /// Kills a broker as `kill -9` does; returns when it is dead. Its data stays.
    pub fn kill9(&self, index: usize) {
        self.nodes()[index].kill9();
    }

    /// Asks a broker to shut down and returns when it has.
    pub fn stop_broker(&self, index: usize) {
        self.nodes()[index].stop();
    }

    /// Suspends a broker: it keeps its connections and answers nothing, as a machine that hangs.
    pub fn pause(&self, index: usize) {
        self.nodes()[index].signal("STOP");
    }

    /// Lets a suspended broker go on.
    pub fn resume(&self, index: usize) {
        self.nodes()[index].signal("CONT");
    }

    /// Starts a broker that was killed or stopped, on the same port and data; returns when it serves.
    ///
    /// # Panics
    ///
    /// When it does not start, or was not down.
    pub fn restart(&self, index: usize) {
        self.nodes()[index].spawn();
        let running = self.nodes().iter_mut().filter_map(|node| node.is_running().then_some(())).count();
        if let Err(logs) = self.wait_ready(index, running) {
            panic!("broker {index} did not start again:\n{logs}");
        }
    }

    /// Kills all brokers and removes their data.
    pub fn stop(self) {
        drop(self);
    }

    /// Creates a topic with as many replicas as there are brokers (three at most) and waits for its leaders.
    pub fn create_topic(&self, name: &str, partitions: i32) {
        self.create_topic_with(name, partitions, &[]);
    }

    /// Creates a topic with settings such as `("cleanup.policy", "compact")`.
    pub fn create_topic_with(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        let replicas = i32::try_from(self.ports.len().min(3)).expect("three at most");
        client::create_topic(&self.bootstrap(), name, partitions, replicas, settings);
    }

    /// Produces one message outside any transaction and waits until it is acknowledged.
    pub fn produce(&self, topic: &str, partition: i32, key: Option<&[u8]>, value: &[u8]) {
        self.produce_all(topic, &[Outgoing { partition, key, ..Outgoing::new(value) }]);
    }

    /// Produces messages in order outside any transaction, and waits until all are acknowledged.
    pub fn produce_all(&self, topic: &str, messages: &[Outgoing<'_>]) {
        client::produce(&self.bootstrap(), topic, messages);
    }

    /// Reads what a `read_committed` consumer sees now, with librdkafka, by partition and offset.
    #[must_use]
    pub fn read_committed_all(&self, topic: &str) -> Vec<Message> {
        self.read_all(topic, Isolation::ReadCommitted)
    }

    /// Reads a whole topic with librdkafka, by partition and offset.
    #[must_use]
    pub fn read_all(&self, topic: &str, isolation: Isolation) -> Vec<Message> {
        client::read_all(&self.bootstrap(), topic, isolation)
    }

    /// Reads a whole topic with Kafka's own console consumer, by partition and offset. Takes some seconds.
    #[must_use]
    pub fn console_read(&self, topic: &str, isolation: Isolation) -> Vec<Message> {
        console::read(&self.install, &self.bootstrap(), topic, isolation)
    }

    /// The end offset of each partition as `isolation` sees it.
    #[must_use]
    pub fn ends(&self, topic: &str, isolation: Isolation) -> Vec<(i32, i64)> {
        client::ends(&self.bootstrap(), topic, isolation)
    }

    /// The offset that `group` has committed for each partition of `topic`.
    #[must_use]
    pub fn committed(&self, group: &str, topic: &str) -> Vec<(i32, Option<i64>)> {
        let ends = self.ends(topic, Isolation::ReadUncommitted);
        let partitions: Vec<i32> = ends.into_iter().map(|(partition, _)| partition).collect();
        client::committed(&self.bootstrap(), group, topic, &partitions)
    }

    /// The last lines of every broker's log.
    #[must_use]
    pub fn logs(&self) -> String {
        let tails: Vec<String> = self.nodes().iter().map(|node| node.log_tail(LOG_LINES)).collect();
        tails.join("\n")
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.logs());
        }
        self.nodes().clear();
        for index in 0..self.ports.len() {
            drop(fs::remove_dir_all(Node::data(&self.folder, index)));
        }
    }
}

/// The shared broker in the hands of one test: prints the broker's log when the test fails.
#[derive(Debug)]
pub struct Shared(&'static Cluster);

impl Deref for Shared {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.0.logs());
        }
    }
}
