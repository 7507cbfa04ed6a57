//! What the tests of several crates share.
//!
//! - [`broker`] starts, kills and restarts real Apache Kafka brokers and reads topics with two independent clients;
//! - [`command`] runs the binary under test once and takes down what it says;
//! - [`repository`] lists the project's files and reads Rust source without its comments and strings;
//! - [`wait`] waits for a condition, never for a time.
//!
//! A failed expectation panics: everything here runs inside tests.

pub mod broker;
pub mod command;
pub mod instance;
pub mod oracle;
pub mod reference;
pub mod repository;
pub mod traffic;
pub mod wait;
