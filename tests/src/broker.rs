//! A real Apache Kafka (KRaft) for tests: brokers to start, kill, pause and restart, and two ways to read a topic.
//!
//! `tests/kafka/fetch` brings the jars; without them [`Cluster::start`] fails in one line that says so. Every broker
//! is broker and controller at once, listens on loopback only and keeps its files under `target/kafka/run`. When the
//! test process ends, however it ends, its brokers die and their data is removed; their logs stay, and a test that
//! fails while it holds a cluster prints their last lines.
//!
//! Topics are read by librdkafka ([`Cluster::read_committed_all`]) and by Kafka's own console consumer
//! ([`Cluster::console_read`]), which shares no code with the client under test.
//!
//! A secured cluster ([`Cluster::start_secured`]) also has listeners with SASL and TLS, users, and access rights.
//!
//! Not offered: brokers that are not controllers, more than one secured broker.

mod client;
mod cluster;
mod console;
mod install;
mod node;
mod ports;
mod security;
mod settings;

pub use client::{Isolation, Message, Outgoing};
pub use cluster::{Cluster, Secured, Shared};
pub use security::{Certificates, Listener};
