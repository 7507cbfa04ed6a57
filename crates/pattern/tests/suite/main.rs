//! Tests of the whole crate through its public interface.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests may panic, and their numbers are small"
)]

mod explanations;
mod generate;
mod lints;
mod mistakes;
mod objects;
mod page;
mod properties;
mod shapes;
mod support;
mod vectors;
