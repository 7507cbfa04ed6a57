//! A deterministic simulator that drives the production worker through faults.
//!
//! [`Cluster`] is a fake broker in memory with what exactly-once rests on: transactions that take effect
//! whole or not at all, offsets committed inside them, a group that refuses commits of members it expelled,
//! cooperative rebalances, and a compacted changelog. [`SimTransport`] is one worker's view of it, and the
//! place where faults strike: crashes, commits whose answer is lost, expulsions, passing errors. Everything
//! is drawn from one seed, so a failure replays from its number.
//!
//! Not modelled: network delays inside a call, several brokers, compaction (replaying the whole changelog
//! gives the same image), retention.

mod cluster;
mod rng;
mod transport;

pub use cluster::{Cluster, Published, StoredMessage};
pub use rng::Rng;
pub use transport::{Faults, SimTransport};

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hsmstream_engine::clock::Clock;

/// A clock that moves when told to.
#[derive(Debug)]
pub struct SimClock {
    ms: AtomicI64,
}

impl SimClock {
    /// A clock at `wall_ms`.
    #[must_use]
    pub fn at(wall_ms: i64) -> Self {
        Self { ms: AtomicI64::new(wall_ms) }
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn wall_ms(&self) -> i64 {
        self.ms.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.ms.load(Ordering::Relaxed).unsigned_abs())
    }
}
