//! What the tests of several crates share: an Apache Kafka to test against.
//!
//! - [`broker`] starts, kills and restarts real brokers and reads topics with two independent clients;
//! - [`wait`] waits for a condition, never for a time.
//!
//! A failed expectation panics: everything here runs inside tests.

pub mod broker;
pub mod wait;
