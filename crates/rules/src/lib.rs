//! Rule files: YAML → checked rules → a rule set that matches records.
//!
//! In: rule files ([`load`]) and parsed records. Out: a [`RuleSet`] with everything the engine needs to
//! run its rules ([`Rule`]), the rules that match a record ([`RuleSet::matches`]), group keys ([`key`]),
//! and [`Diagnostic`]s for people: every mistake of every file at once, with its place and the nearest
//! valid name. [`Query`] matches a single pattern without a rule, [`lint`] says what is odd about one.
//! Tests that stand beside rules are read and expanded to raw records ([`Test`]).
//!
//! ```
//! use hsmstream_rules::{Limits, RuleFile, load};
//!
//! let file = RuleFile { name: "login.yaml", bytes: b"id: failed\npattern: RET_USER_LOGIN_FAILURE\nserverity: high\n" };
//! let loaded = load([file], &Limits::default());
//! assert_eq!(loaded.set.len(), 0);
//! assert_eq!(
//!     loaded.diagnostics[0].to_string(),
//!     "login.yaml:3:1: error: unknown key `serverity`; did you mean `severity`?",
//! );
//! ```
//!
//! Invariants: a rule with a mistake is never loaded and never stops another; what is not supported is
//! refused by name, never weakened; equal files give equal sets, whatever the order of keys; no input
//! makes a function panic. No I/O, no clock.

mod case;
mod diagnostic;
mod duration;
mod fingerprint;
mod limits;
mod load;
mod names;
mod query;
mod read;
mod report;
mod rule;
mod set;
mod shape;
mod source;
mod view;
mod vocabulary;
mod yaml;

pub mod expand;
pub mod key;

/// The format of rule files, for people, in Markdown.
pub const REFERENCE: &str = include_str!("reference.md");

pub use case::{
    Expectation, ExpectedRow, Mismatch, Named, ObservedAlert, ObservedRow, Test, TestOrigin, TestRecord,
};
pub use diagnostic::{Diagnostic, Level, Place, render_all};
pub use fingerprint::{ContentHash, StateFingerprint};
pub use limits::Limits;
pub use load::{LeftOut, Loaded, RuleFile, load};
pub use query::Query;
pub use rule::{Measure, MeasureKind, Operator, Rollup, Rule, RuleIndex, Severity, Stage, Threshold, What};
pub use set::{MatchScratch, RuleSet};
pub use source::ByteSpan;
pub use vocabulary::lint;
