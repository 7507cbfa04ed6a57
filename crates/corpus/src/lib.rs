//! Deterministic CloudHSM audit traffic: for tests, benchmarks, the simulator and demonstrations.
//!
//! In: a [`Config`]. Out: an endless stream of records from a [`Corpus`], or of messages in one of the
//! transports' forms from [`Messages`]. Same configuration, same bytes, on every machine.
//!
//! What it imitates (facts from the AWS documentation and published records): several clusters with several
//! HSMs each; per HSM sequence numbers without gaps and a reboot counter; a login shows on every HSM of the
//! cluster, key commands on one; handles of one connection differ in their lowest twelve bits only; both
//! record layouts; clock records; some disorder. On top: attacks, labelled, so that a rule can be measured.
//!
//! What it does not imitate: the frequency of any real deployment, daily rhythm, defects of transport.
//! Opcodes and log types whose number is not published carry an invented one.
//!
//! Budget: a million records a second and core, that is 1 µs for 320 bytes, of which two heap operations
//! are about a third.
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

mod attack;
mod config;
mod corpus;
mod messages;
mod plan;
mod print;
mod random;
mod routine;
mod site;

pub use config::{Config, Share};
pub use corpus::{Corpus, Generated};
pub use messages::{Form, Message, Messages};
pub use plan::{Label, Scenario};
