//! The Kafka edge: source, transactional sink, changelog, admin, tools. The only crate that names a Kafka
//! client (librdkafka).
//!
//! [`KafkaTransport`] is one worker's [`hsmstream_engine::ports::Transport`]. Facts about librdkafka that
//! shape it stand in the module where they matter; all of them were measured with 2.12.1.

mod admin;
mod batch;
mod config;
mod context;
mod error;
mod metadata;
mod mock;
mod oauth;
mod patience;
mod restore;
mod sink;
mod source;
mod tools;
mod transport;

pub use admin::{Problem, Report, Role, TopicReport, TopicSettings, check_topics};
pub use config::{Delivery, KafkaConfig, OutputTopics, Sasl, Secret, StartAt, Tls};
pub use error::Error;
pub use mock::MockKafka;
pub use oauth::{MakeToken, Token, TokenSource};
pub use tools::{Outgoing, Publish, ReadFrom, Tail, Tailed};
pub use transport::KafkaTransport;
