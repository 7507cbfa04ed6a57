//! The Kafka transport against a real Apache Kafka: what a `read_committed` reader sees, who may commit, what a new
//! owner restores.
//!
//! Not checked here: brokers that die (see the engine's tests on a cluster), TLS and SASL.

mod admin;
mod driver;
mod exactly_once;
mod ownership;
mod restore;
