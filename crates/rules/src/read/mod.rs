//! Node trees → rules: every mistake of a document is found in one pass.
//!
//! `fields` gives typed access to mappings and names unknown keys; `rule` reads one document; `detect`
//! the operators; `pattern` checks the pattern and its selectors against the record view; `case` the
//! tests that stand beside a rule.

mod case;
mod detect;
mod fields;
pub(crate) mod paths;
mod pattern;
mod rule;
#[cfg(test)]
mod tests;

pub(crate) use self::rule::{Draft, draft};
