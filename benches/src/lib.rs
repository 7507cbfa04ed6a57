//! Benchmarks: definitions with expected counts.
