//! What the benchmarks measure, for `hsmstream bench` and for the Criterion benchmarks alike.
//!
//! A benchmark is a definition: a corpus with its parameters, a job, and what the job must find. What it finds is
//! checked on every run, so each benchmark is a test as well.
//!
//! - [`stages`] are the definitions: what each stage of the pipeline costs, beside its rivals and bounds;
//! - [`buffer`] holds corpora whose size and content are written down;
//! - [`plain`] and [`captures`] are the parsers that ours is compared with;
//! - [`packs`] puts records into every form of message, [`rivals`] are what the framer is compared with;
//! - [`rule_files`] makes rule sets of any size;
//! - [`logins`] makes events for operators;
//! - [`shapes`] counts how often records are alike;
//! - [`rounds`] measures several jobs in turns, so that their ratio survives a restless machine;
//! - [`machine`] tells what a figure depends on.
//!
//! This crate prints nothing: what was measured is data.

pub mod buffer;
pub mod captures;
pub mod logins;
pub mod machine;
pub mod packs;
pub mod plain;
pub mod rivals;
pub mod rounds;
pub mod rule_files;
pub mod shapes;
pub mod stages;
