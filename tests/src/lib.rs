//! Tests that need more than one crate: conformance, layering, Apache Kafka.
