//! The commands.

pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod files;
pub(crate) mod generate;
pub(crate) mod help;
pub(crate) mod parse;
pub(crate) mod pattern;
pub(crate) mod query;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod service;
pub(crate) mod tail;
pub(crate) mod test;
pub(crate) mod watch;
