//! The engine: tasks, ports, the commit rule, reload, metrics.
//!
//! ```text
//!  Transport::poll ─► Worker ─► Task ─► Framer ─► records ─► RuleSet ─► operators ─► Emitter ─► Outbox ─► publish
//!                       └─ once per interval: state drain ─► publish ─► commit (outputs + state + offsets)
//! ```
//!
//! A [`task::Task`] is one input partition, owned by one [`worker::Worker`], which is one thread with one
//! [`ports::Transport`]. Nothing is shared on the hot path. The world comes in through ports: the transport
//! (Kafka, or the simulator), the [`clock::Clock`], the [`emit::Emitter`].
//!
//! Invariants, asserted where they are kept: offsets are committed only with all effects of what lies below
//! them ([`commit`]); a task's outputs depend on its input alone, not on batches, commits or restarts;
//! state has a byte limit whose eviction is deterministic and counted.
//!
//! Not here: exchange between partitions (rules that would need it are refused by [`locality`]).

pub mod clock;
pub mod commit;
pub mod core;
pub mod emit;
pub mod evidence;
pub mod locality;
pub mod metrics;
pub mod origin;
pub mod outbox;
pub mod ports;
pub mod rules_handle;
pub mod shared;
pub mod task;
pub mod worker;

mod codec;
mod context;
mod order;
mod rule_state;
mod state;
mod trouble;
