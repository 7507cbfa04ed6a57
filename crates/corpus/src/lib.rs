//! Deterministic AWS CloudHSM audit traffic: for tests, benchmarks, the simulator and demonstrations.
//!
//! In: a [`Config`]. Out: an endless stream of records from a [`Corpus`], or of messages in one of the transports'
//! [`Form`]s from [`Messages`]. Same configuration, same bytes, on every machine and in every release that does not
//! say otherwise; only what is compressed may differ with the compressor.
//!
//! ```
//! use hsmstream_corpus::{Config, Corpus};
//!
//! let mut corpus = Corpus::new(Config::new(7));
//! let mut text = Vec::new();
//! let record = corpus.next_into(&mut text);
//! assert!(text.starts_with(b"Time: "));
//! assert_eq!(corpus.hsm_name(record.hsm).len(), "hsm-nwbbiqbj4jk".len());
//! ```
//!
//! Messages with labelled attacks:
//!
//! ```
//! use hsmstream_corpus::{Config, Corpus, Form, Messages, Scenario, Scenarios};
//!
//! let config = Config {
//!     rate_per_second: 50,
//!     attack_every_usecs: 60_000_000,
//!     scenarios: Scenarios::NONE.with(Scenario::MassDelete),
//!     ..Config::new(1)
//! };
//! let mut messages = Messages::new(Corpus::new(config), Form::Envelope, 10).take(10_000);
//! let (mut bytes, mut labelled) = (Vec::new(), 0);
//! while let Some(message) = messages.next_into(&mut bytes) {
//!     labelled += message.records.iter().filter(|record| record.label.is_some()).count();
//!     bytes.clear();
//! }
//! assert!(labelled > 18, "an attack is 18 records: a login on three HSMs, 15 deletions");
//! ```
//!
//! # What it imitates
//!
//! Facts from the AWS documentation and from published records: several clusters with several HSMs each; per HSM
//! sequence numbers without gaps and a reboot counter; a login shows on every HSM of the cluster, up to 80 ms apart,
//! key commands on one; handles of one connection differ in their lowest twelve bits only; both record layouts; clock
//! records; a key that is copied within the cluster; some disorder. On top: attacks ([`Scenario`]), each record
//! labelled ([`Generated::label`]), so that a rule can be measured.
//!
//! # What it does not imitate
//!
//! The frequencies of any real deployment (an HSM in production may be silent for hours), daily rhythm, defects of
//! transport. Opcodes, log types and one answer whose number is not published carry an invented one; no complete
//! record of the second layout is published, so its lines are put together from what is.
//!
//! # Cost
//!
//! A quarter to a third of a microsecond for a record of 310 bytes on one core, two heap operations included; plus,
//! for the compressed forms, what the compressor takes. Nothing is allocated for a record once buffers have grown.
//! Memory: some hundred bytes for each HSM and for each record that is late, what a message gathers, and the plans of
//! attacks under way.
//!
//! # Limits
//!
//! 4,096 clusters of 28 HSMs ([`Config`]); beyond, numbers are cut to the bound.

mod attack;
mod config;
mod corpus;
mod form;
mod messages;
mod plan;
mod print;
mod random;
mod routine;
mod scenario;
mod site;

pub use config::{Config, Share};
pub use corpus::{Corpus, Generated};
pub use form::{Entry, Form, Packer, Source, UnknownForm};
pub use messages::{Message, Messages, Take};
pub use scenario::{Label, Scenario, Scenarios, UnknownScenario};
