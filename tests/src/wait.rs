//! Waiting for a condition within a limit: the only place of the tests that looks at a clock.
//!
//! There is no sleep to synchronise on: the caller states what must become true, and a condition that does not
//! become true fails the test with its name. The pause between two looks only spares the processor.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that is expected to happen; generous, as the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// Calls `attempt` until it returns a value, and returns that.
///
/// # Panics
///
/// When [`LIMIT`] has passed without a value.
pub fn until<T>(what: &str, attempt: impl FnMut() -> Option<T>) -> T {
    match within(LIMIT, attempt) {
        Some(value) => value,
        None => panic!("waited {} s in vain for {what}", LIMIT.as_secs()),
    }
}

/// Calls `attempt` until it returns a value or `limit` has passed; calls it once at least.
#[expect(
    clippy::disallowed_methods,
    reason = "a limit on waiting for another process needs the machine's clock"
)]
pub fn within<T>(limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = attempt() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::park_timeout(PAUSE);
    }
}
