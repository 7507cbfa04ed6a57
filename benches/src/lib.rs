//! What only the Criterion benchmarks need: ways to measure beside time, and the table they print.
//!
//! The definitions, that is corpora, jobs and what they must find, are those of `hsmstream bench`:
//! [`hsmstream_bench`]. The count is checked on every run, so each benchmark is a test as well
//! (`cargo bench … -- --test`).
//!
//! - [`rounds`] prints what was measured in turns;
//! - [`heap`] counts allocated bytes, [`process`] reads processor time and memory of a process;
//! - [`mode`] tells a measurement from a test.

pub use hsmstream_bench::{buffer, captures, logins, plain, rule_files};

pub mod heap;
pub mod mode;
pub mod process;
pub mod rounds;
