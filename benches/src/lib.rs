//! What the benchmarks share: their corpora, the parsers they compare with, and ways to measure.
//!
//! A benchmark here is a definition: a corpus with its parameters, a job, and what the job must find. The
//! count is checked on every run, so each benchmark is a test as well (`cargo bench … -- --test`).
//!
//! - [`buffer`] holds corpora whose size and content are written down;
//! - [`plain`] and [`captures`] are the parsers that ours is compared with;
//! - [`rule_files`] makes rule sets of any size;
//! - [`rounds`] measures several jobs in turns, so that their ratio survives a restless machine;
//! - [`logins`] makes events for operators;
//! - [`heap`] counts allocated bytes, [`process`] reads processor time and memory of a process;
//! - [`mode`] tells a measurement from a test.

pub mod buffer;
pub mod captures;
pub mod heap;
pub mod logins;
pub mod mode;
pub mod plain;
pub mod process;
pub mod rounds;
pub mod rule_files;
