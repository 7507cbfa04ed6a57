//! The worker: one thread, one transport, the tasks that the group assigned to it.
//!
//! Input: what [`Transport::poll`] brings. Output: everything the tasks emit, published as it arises and
//! committed once per interval together with state changes and offsets.
//!
//! The loop reacts to one event at a time:
//!
//! ```text
//! messages → process → publish what arose        assign → committed → restore → start
//! interval → drain state → publish → commit      revoke → commit → release   (lost: abort, recover)
//! abortable error → abort → recover              fenced → leave; fatal → end, the supervisor rebuilds
//! ```
//!
//! *Recover*: everything since the last commit is void, so every remaining task forgets its state, restores
//! it from the changelog and reads on from the committed offset. Back-pressure: the worker reads no further
//! while it publishes and commits; the client stops fetching at its own limits. Nothing is paused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::commit::offsets_to_commit;
use crate::emit::Wire;
use crate::ports::{Polled, Start, TaskId, Transport, TransportError};
use crate::rules_handle::RulesHandle;
use crate::shared::Shared;
use crate::task::Task;

/// How one worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Asked to stop: everything processed is committed.
    Drained,
    /// Another instance took over: nothing was committed after that.
    Fenced(String),
    /// The client is beyond use; a new worker may go on from the last commit.
    Failed(String),
}

/// Bytes of outputs that wait for the end of a batch, before they are published in its middle.
const OUTBOX_BYTES_MAX: usize = 8 << 20;
/// The longest wait for messages when nothing is pending.
const POLL_WAIT_MAX: Duration = Duration::from_millis(100);
/// How often the idle rule looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// How often a long restore tells how far it is.
const RESTORE_SHOWN_EVERY: Duration = Duration::from_secs(2);
/// Attempts at a passing error before it counts as fatal, with doubling waits inside the transport's polls.
const ATTEMPTS_MAX: u32 = 8;

/// One worker.
pub struct Worker<T> {
    transport: T,
    shared: Arc<Shared>,
    rules: RulesHandle,
    clock: Arc<dyn Clock>,
    tasks: BTreeMap<TaskId, Task>,
    wire: Wire,
    stop: Arc<AtomicBool>,
    last_commit: Duration,
    last_tick: Duration,
    uncommitted: bool,
    /// Since when a transaction has been open.
    open_since: Option<Duration>,
    joined: bool,
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        if self.joined {
            self.shared.joined.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl<T> std::fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("tasks", &self.tasks.keys()).finish_non_exhaustive()
    }
}

impl<T: Transport> Worker<T> {
    /// Builds a worker; [`run`](Self::run) drives it.
    pub fn new(
        transport: T,
        shared: Arc<Shared>,
        rules: RulesHandle,
        clock: Arc<dyn Clock>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let now = clock.monotonic();
        let wire = Wire::new(&shared);
        let tasks = BTreeMap::new();
        Self {
            transport,
            shared,
            rules,
            clock,
            tasks,
            wire,
            stop,
            last_commit: now,
            last_tick: now,
            uncommitted: false,
            open_since: None,
            joined: false,
        }
    }

    /// Runs until asked to stop, fenced, or the client is beyond use.
    pub fn run(mut self) -> Ended {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return self.drain();
            }
            if let Err(error) = self.step()
                && let Err(ended) = self.handle(error)
            {
                self.transport.close(self.shared.settings.shutdown_deadline);
                return ended;
            }
        }
    }

    /// One turn of the loop; public so that the simulator can take turns.
    ///
    /// # Errors
    /// Whatever the transport reports; see [`handle`](Self::handle).
    pub fn step(&mut self) -> Result<(), TransportError> {
        self.reload_rules();
        let wait = self.poll_wait();
        let (tasks, wire, shared) = (&mut self.tasks, &mut self.wire, &self.shared);
        let now_ms = self.clock.wall_ms();
        let mut overfull = false;
        let polled = self.transport.poll(wait, &mut |message| {
            if let Some(task) = tasks.get_mut(&message.task) {
                task.process(&message, now_ms, wire);
                overfull |= wire.outbox().byte_len() > OUTBOX_BYTES_MAX;
            } else {
                debug_assert!(false, "message for a task that is not ours: {message:?}");
            }
        })?;
        match polled {
            Polled::Nothing => {}
            Polled::Messages(count) => {
                self.uncommitted |= count > 0;
                shared.metrics_batch(tasks.values_mut());
            }
            Polled::Assign(tasks) => self.assign(&tasks)?,
            Polled::Revoke { tasks, lost } => self.revoke(&tasks, lost)?,
        }
        self.tick()?;
        self.publish()?;
        if self.commit_due() || overfull {
            self.commit()?;
        }
        Ok(())
    }

    /// Deals with an error of [`step`](Self::step).
    ///
    /// # Errors
    /// How the worker ends, if it must.
    pub fn handle(&mut self, error: TransportError) -> Result<(), Ended> {
        let mut error = error;
        for attempt in 0..ATTEMPTS_MAX {
            match error {
                TransportError::Retriable(ref what) => {
                    tracing::warn!(error = %what, "passing trouble with Kafka; going on");
                    return Ok(());
                }
                TransportError::Abortable(ref what) => {
                    tracing::warn!(error = %what, attempt, "transaction aborted; restoring the last commit");
                }
                TransportError::Fenced(what) => {
                    self.shared.metrics.losses.inc();
                    return Err(self.fenced(what));
                }
                TransportError::Fatal(what) => return Err(Ended::Failed(what)),
            }
            match self.recover() {
                Ok(()) => return Ok(()),
                Err(next) => error = next,
            }
        }
        Err(Ended::Failed(error.to_string()))
    }

    /// Fenced by whom? The client cannot tell a newer instance of the same name from the coordinator, which
    /// fences a producer whose transaction stayed open too long (the broker was away, the machine slept). If
    /// ours was open that long, nobody else need be there, and a new worker goes on from the last commit.
    fn fenced(&self, what: String) -> Ended {
        let open = self.open_since.map(|since| self.clock.monotonic().saturating_sub(since));
        match open {
            Some(open) if self.shared.settings.transaction_timeout <= open => Ended::Failed(format!(
                "a transaction was open for {} ms and timed out: {what}",
                open.as_millis()
            )),
            _ => Ended::Fenced(what),
        }
    }

    /// The tasks owned now.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// The transport, for the simulator.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    fn poll_wait(&self) -> Duration {
        if !self.uncommitted {
            return POLL_WAIT_MAX;
        }
        let since = self.clock.monotonic().saturating_sub(self.last_commit);
        self.shared.settings.commit_interval.saturating_sub(since).min(POLL_WAIT_MAX)
    }

    fn commit_due(&self) -> bool {
        let since = self.clock.monotonic().saturating_sub(self.last_commit);
        self.uncommitted && since >= self.shared.settings.commit_interval
    }

    fn reload_rules(&mut self) {
        let Some(rules) = self.rules.newer() else { return };
        for task in self.tasks.values_mut() {
            task.swap_rules(&rules, &mut self.wire);
        }
        self.uncommitted = true;
    }

    fn tick(&mut self) -> Result<(), TransportError> {
        let now = self.clock.monotonic();
        if now.saturating_sub(self.last_tick) < TICK {
            return Ok(());
        }
        self.last_tick = now;
        let wall = self.clock.wall_ms();
        for (id, task) in &mut self.tasks {
            task.tick(wall, &mut self.wire);
            task.show_lag(wall, self.transport.end_offset(*id));
        }
        self.publish()
    }

    fn publish(&mut self) -> Result<(), TransportError> {
        if self.wire.outbox().is_empty() {
            return Ok(());
        }
        self.uncommitted = true;
        self.open_since.get_or_insert_with(|| self.clock.monotonic());
        // What was not handed over is gone from the outbox: only the last commit is whole.
        self.wire.outbox_mut().publish(&mut self.transport).map_err(TransportError::voids_transaction)
    }

    /// Drains state, publishes it and commits it with the offsets.
    fn commit(&mut self) -> Result<(), TransportError> {
        for task in self.tasks.values_mut() {
            task.before_commit(&mut self.wire);
            task.progress.publish_all();
        }
        self.publish()?;
        let offsets = offsets_to_commit(self.tasks.values().map(|task| &task.progress));
        self.last_commit = self.clock.monotonic();
        self.uncommitted = false;
        if offsets.is_empty() {
            return Ok(());
        }
        // State was drained for this commit: it cannot be repeated without it.
        let figures = self.transport.commit(&offsets).map_err(TransportError::voids_transaction)?;
        self.shared.metrics.commit_seconds.observe(figures.took.as_secs_f64());
        let wall = self.clock.wall_ms();
        for (id, task) in &mut self.tasks {
            task.progress.commit_all();
            task.show_state();
            task.show_lag(wall, self.transport.end_offset(*id));
        }
        self.open_since = None;
        self.wire.committed(self.clock.wall_ms(), &self.shared, figures);
        self.last_commit = self.clock.monotonic();
        Ok(())
    }

    fn assign(&mut self, ids: &[TaskId]) -> Result<(), TransportError> {
        self.try_assign(ids).map_err(TransportError::voids_assignment)
    }

    fn try_assign(&mut self, ids: &[TaskId]) -> Result<(), TransportError> {
        // A restore may take longer than an open transaction lives.
        if self.uncommitted {
            self.publish().and_then(|()| self.commit())?;
        }
        let starts = self.restore(ids)?;
        self.transport.start(&starts)?;
        tracing::info!(tasks = ?ids, "partitions assigned");
        if !std::mem::replace(&mut self.joined, true) {
            self.shared.joined.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Builds tasks from the changelog; gives where each begins to read.
    fn restore(&mut self, ids: &[TaskId]) -> Result<Vec<(TaskId, Start)>, TransportError> {
        let committed = self.transport.committed(ids)?;
        let mut starts = Vec::with_capacity(ids.len());
        for (&id, committed) in ids.iter().zip(committed) {
            let mut task = Task::new(id, &self.shared, self.rules.current());
            let mut image = BTreeMap::new();
            let (shared, clock) = (Arc::clone(&self.shared), Arc::clone(&self.clock));
            let mut shown = clock.monotonic();
            self.transport.restore(
                id,
                &mut |entry| {
                    match entry.value {
                        Some(value) => image.insert(entry.key.to_vec(), value.to_vec()),
                        None => image.remove(entry.key),
                    };
                },
                &mut |progress| {
                    if RESTORE_SHOWN_EVERY <= clock.monotonic().saturating_sub(shown) {
                        shown = clock.monotonic();
                        shared.show_restore(id, progress);
                    }
                },
            )?;
            tracing::debug!(?id, entries = image.len(), ?committed, "state restored");
            let start =
                task.restore(image, committed, self.clock.wall_ms(), self.shared.settings.exactly_once);
            starts.push((id, start));
            self.tasks.insert(id, task);
        }
        Ok(starts)
    }

    fn revoke(&mut self, ids: &[TaskId], lost: bool) -> Result<(), TransportError> {
        if lost {
            self.shared.metrics.losses.inc();
            tracing::warn!(tasks = ids.len(), "partitions were lost; their uncommitted work is void");
            self.forget(ids);
            self.transport.release(ids)?;
            return self.recover();
        }
        let committed = self.publish().and_then(|()| self.commit());
        self.forget(ids);
        self.transport.release(ids)?;
        // A commit that fails while partitions leave is normal: their new owner goes on from the last one.
        committed
    }

    fn forget(&mut self, ids: &[TaskId]) {
        for id in ids {
            if let Some(task) = self.tasks.remove(id) {
                task.close();
            }
        }
    }

    /// Goes back to the last commit: aborts, forgets all state, restores it and rewinds.
    fn recover(&mut self) -> Result<(), TransportError> {
        self.try_recover().map_err(TransportError::voids_assignment)
    }

    fn try_recover(&mut self) -> Result<(), TransportError> {
        self.shared.metrics.aborts.inc();
        self.wire.discard();
        self.uncommitted = false;
        self.transport.abort()?;
        self.open_since = None;
        let ids: Vec<TaskId> = self.tasks.keys().copied().collect();
        self.tasks.clear();
        let starts = self.restore(&ids)?;
        self.transport.rewind(&starts)
    }

    fn drain(mut self) -> Ended {
        let result = self.publish().and_then(|()| self.commit());
        let deadline = self.shared.settings.shutdown_deadline;
        if result.is_err()
            && let Err(error) = self.transport.abort()
        {
            tracing::debug!(%error, "abort on the way out");
        }
        self.transport.close(deadline);
        match result {
            Ok(()) => Ended::Drained,
            Err(TransportError::Fenced(what)) => Ended::Fenced(what),
            Err(error) => Ended::Failed(error.to_string()),
        }
    }
}
