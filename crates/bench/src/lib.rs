//! What the benchmarks measure, for `hsmstream bench` and for the Criterion benchmarks alike.
//!
//! A benchmark is a definition: a corpus with its parameters, a job, and what the job must find. What it finds is
//! checked on every run, so each benchmark is a test as well.
//!
//! - [`buffer`] holds corpora whose size and content are written down;
//! - [`plain`] and [`captures`] are the parsers that ours is compared with;
//! - [`rule_files`] makes rule sets of any size;
//! - [`logins`] makes events for operators;
//! - [`rounds`] measures several jobs in turns, so that their ratio survives a restless machine.
//!
//! This crate prints nothing: what was measured is data.

pub mod buffer;
pub mod captures;
pub mod logins;
pub mod plain;
pub mod rounds;
pub mod rule_files;
