//! A thread for a call of the client that may never return, and a limit to the wait for it.
//!
//! `rd_kafka_send_offsets_to_transaction` ignores its time-out while the group's coordinator is away
//! (librdkafka issues 5456 and 5511; seen with a broker that was killed). A worker that called it itself would
//! stand still for good. Cost of a call: two hand-overs between threads, some 20 µs.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// One thread, one call at a time.
pub(crate) struct Patience {
    /// `None` once a call did not return: the thread is lost with all that the call holds.
    jobs: Option<SyncSender<Job>>,
}

impl Patience {
    /// Starts the thread.
    pub(crate) fn start(name: String) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel::<Job>(1);
        thread::Builder::new().name(name).spawn(move || inbox.into_iter().for_each(|job| job()))?;
        Ok(Self { jobs: Some(jobs) })
    }

    /// What `work` returns; `None` if it does not within `limit`, or an earlier call never did.
    pub(crate) fn call<T: Send + 'static>(
        &mut self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let jobs = self.jobs.as_ref()?;
        let (done, returned) = sync_channel(1);
        // Nobody listens any more if this took too long.
        let job = move || done.send(work()).unwrap_or_default();
        let result = jobs.send(Box::new(job)).ok().and_then(|()| returned.recv_timeout(limit).ok());
        if result.is_none() {
            self.jobs = None;
        }
        result
    }

    /// Whether a call did not return.
    pub(crate) const fn is_lost(&self) -> bool {
        self.jobs.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_never_returns_is_left_behind() {
        let mut patience = Patience::start("patience".to_owned()).expect("a thread");
        assert_eq!(patience.call(Duration::from_secs(60), || 7), Some(7));
        let (release, held) = sync_channel::<()>(1);
        let hanging = move || held.recv().unwrap_or_default();
        assert_eq!(patience.call(Duration::from_millis(20), hanging), None);
        assert!(patience.is_lost());
        assert_eq!(patience.call(Duration::from_secs(60), || 8), None, "at once, without waiting");
        drop(release);
    }
}
