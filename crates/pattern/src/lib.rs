//! CloudWatch Logs filter patterns: parse, check, compile, match.
//!
//! In: pattern texts, then events (bytes of a log event, or values of a JSON view). Out: which patterns
//! match, what they extract, why. The language and every choice where the service is silent stand in
//! `PATTERNS.md` beside this crate.
//!
//! The way of a pattern, in the order of the modules:
//!
//! ```text
//! text ──parse──► ast ──lint──► warnings
//!                  ├── interpret    the meaning, plainly: the oracle of the tests
//!                  ├── program      one pattern, compiled
//!                  ├── set          all patterns of a rule set, matched together
//!                  ├── explain      item by item, for people
//!                  └── print        canonical text
//! ```
//!
//! Invariants: no text and no event makes a function panic; matching is linear in the event (but for the
//! interpreter); [`Program`] and [`Set`] are immutable, what matching writes is in [`Scratch`]; once that
//! has grown, matching allocates nothing, but when the shape of records is new ([`Set::matches_shaped`]).
//!
//! ```
//! use hsmstream_pattern::{Limits, Program, Scratch, parse};
//!
//! let pattern = parse("Opcode CN_LOGIN -SUCCESS", &Limits::default()).expect("a pattern");
//! let program = Program::compile(&pattern);
//! let mut scratch = Scratch::new();
//! let event = b"Opcode : CN_LOGIN (0xd)\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE";
//! assert!(program.matches_text(event, &mut scratch));
//!
//! let mistakes = parse("{ $.opcode == CN_LOGIN }", &Limits::default()).expect_err("no `==`");
//! assert_eq!(mistakes[0].replacement.as_deref(), Some("="));
//! ```

pub mod ast;
mod diagnostic;
mod document;
mod explain;
mod glob;
pub mod interpret;
mod layout;
mod limits;
mod lint;
mod names;
mod number;
mod parse;
mod paths;
mod predicate;
mod print;
mod program;
mod regex;
mod scratch;
mod selector;
mod set;
mod shape;
mod tokens;
mod tuning;
mod walk;

/// The language, for people, in Markdown.
pub const REFERENCE: &str = include_str!("../PATTERNS.md");

pub use ast::{Pattern, PatternKind};
pub use diagnostic::Diagnostic;
pub use document::{Document, Scalar, TextDocument, is_object};
pub use explain::{Evidence, Item, ItemVerdict, outline};
pub use limits::{JSON_NESTING_MAX, Limit, Limits, NESTING_MAX, REGEX_SIZE_MAX};
pub use lint::{Lint, Names, Reached, Value, Vocabulary, Word, against, everything};
pub use number::Number;
pub use parse::{mended, parse};
pub use paths::{PathScratch, Paths};
pub use program::{Capture, Program};
pub use regex::Regex;
pub use scratch::Scratch;
pub use selector::{Selector, Step};
pub use set::Set;
pub use shape::{Class, FRONT_PARTS, FreePart, Front, Gist, Glance, Outline, SKETCHES, SLOTS, Shaped};
pub use tuning::Tuning;
pub use walk::walk;
