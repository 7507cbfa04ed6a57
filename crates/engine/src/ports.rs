//! Ports: what the engine needs from the world, as traits.
//!
//! One [`Transport`] serves one worker thread. It is implemented by the Kafka crate (librdkafka) and by
//! the simulator. The worker drives it: `poll` → `restore`/`start` on assignment, `publish` as outputs
//! arise, `commit` once per interval, `release` on revocation, `rewind` after an aborted transaction.
//!
//! Invariants every implementation keeps:
//! * between `start` and `release` a task's messages arrive in offset order, from the start offset on,
//!   and none arrives outside that span;
//! * nothing that was published becomes visible to a `read_committed` reader unless the `commit` that
//!   follows it succeeds, and then everything does, together with the offsets (exactly-once mode);
//! * `restore` sees all changelog entries of every committed transaction of earlier owners.

use std::fmt;
use std::time::Duration;

/// One input partition: the unit of work, of state and of ownership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// Index of the input topic in the configuration.
    pub topic: u16,
    /// Partition of that topic.
    pub partition: u32,
}

/// A Kafka message, borrowed for the length of one visit.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The task the message belongs to.
    pub task: TaskId,
    /// Offset in the partition.
    pub offset: i64,
    /// Kafka timestamp in ms, if the message has one.
    pub timestamp_ms: Option<i64>,
    /// Message key.
    pub key: Option<&'a [u8]>,
    /// Message value; absent for a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers, looked at only when the configuration names one.
    pub headers: &'a dyn Headers,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("task", &self.task)
            .field("offset", &self.offset)
            .field("bytes", &self.value.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// Header access without building a table per message.
pub trait Headers {
    /// The last value of the header `name`, if present and not null.
    fn header(&self, name: &str) -> Option<&[u8]>;
}

/// No headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn header(&self, _name: &str) -> Option<&[u8]> {
        None
    }
}

/// What one `poll` brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Nothing within the wait.
    Nothing,
    /// This many messages were visited.
    Messages(usize),
    /// The group assigns these tasks; answer with `start` (after restoring them), also when empty.
    Assign(Vec<TaskId>),
    /// The group takes these tasks away; commit, then answer with `release`. If `lost`, they may already
    /// belong to somebody else: abort, drop their state, then `release`.
    Revoke {
        /// The tasks taken away.
        tasks: Vec<TaskId>,
        /// Ownership is gone already.
        lost: bool,
    },
}

/// Where an output message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Alerts, closing updates and operational alerts.
    Alerts,
    /// Alerts of rules whose stage is `staging`.
    Staging,
    /// Rollups.
    Rollups,
    /// Rejects.
    Rejects,
    /// State changes of one task: goes to that task's partition of the compacted changelog.
    Changelog(TaskId),
}

/// One message to publish. Borrowed: the transport copies what it must keep.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The topic it belongs to.
    pub channel: Channel,
    /// Message key.
    pub key: &'a [u8],
    /// Message value; `None` is a tombstone (changelog only).
    pub value: Option<&'a [u8]>,
    /// Headers in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Message timestamp in ms of event time; `None` lets the client choose.
    pub timestamp_ms: Option<i64>,
}

/// Where a started task begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The offset committed for the group; without one, the configured reset policy.
    Committed,
    /// This offset.
    At(i64),
}

/// Figures of one successful commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitFigures {
    /// Time to drain deliveries, send offsets and end the transaction.
    pub took: Duration,
    /// Of which: sending offsets.
    pub offsets: Duration,
    /// Of which: ending the transaction.
    pub end: Duration,
}

/// One changelog entry: a key and its newest value so far, or a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateEntry<'a> {
    /// Key within the task's state.
    pub key: &'a [u8],
    /// Value, or `None` when the key was removed.
    pub value: Option<&'a [u8]>,
}

/// Progress of a restore, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreProgress {
    /// Changelog entries read so far.
    pub entries: u64,
    /// Changelog offsets covered so far.
    pub done: u64,
    /// Changelog offsets to cover.
    pub total: u64,
}

/// What went wrong at the edge, by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// Passing trouble; the operation may be tried again as it is.
    Retriable(String),
    /// The transaction must be aborted; state since the last commit is void.
    Abortable(String),
    /// Another instance took over this producer: leave at once, without committing.
    Fenced(String),
    /// The client is beyond use; the worker must be built anew.
    Fatal(String),
}

impl TransportError {
    /// The error where going on would lose what the transaction should hold: passing trouble aborts it.
    #[must_use]
    pub fn voids_transaction(self) -> Self {
        match self {
            Self::Retriable(what) => Self::Abortable(what),
            other => other,
        }
    }

    /// The error where going on would leave assigned tasks without state: the worker is built anew, and the
    /// group assigns again.
    #[must_use]
    pub fn voids_assignment(self) -> Self {
        match self {
            Self::Retriable(what) | Self::Abortable(what) => Self::Fatal(what),
            other => other,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retriable(what) => write!(f, "passing trouble: {what}"),
            Self::Abortable(what) => write!(f, "transaction must be aborted: {what}"),
            Self::Fenced(what) => write!(f, "fenced by another instance: {what}"),
            Self::Fatal(what) => write!(f, "client is beyond use: {what}"),
        }
    }
}

impl std::error::Error for TransportError {}

/// The distributed log as one worker sees it: source, transactional sink and changelog.
pub trait Transport {
    /// Waits up to `wait` for messages or a rebalance; visits messages in order.
    ///
    /// # Errors
    /// Any [`TransportError`]; `Retriable` errors are logged by the caller and polling goes on.
    fn poll(&mut self, wait: Duration, visit: &mut dyn FnMut(Message<'_>)) -> Result<Polled, TransportError>;

    /// The group's committed offset (next to read) of each task, stable ones only: waits for pending
    /// transactions of earlier owners.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn committed(&mut self, tasks: &[TaskId]) -> Result<Vec<Option<i64>>, TransportError>;

    /// Reads the task's changelog partition to its end (`read_committed`), latest value per key not
    /// guaranteed: later entries replace earlier ones.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn restore(
        &mut self,
        task: TaskId,
        visit: &mut dyn FnMut(StateEntry<'_>),
        progress: &mut dyn FnMut(RestoreProgress),
    ) -> Result<(), TransportError>;

    /// Completes an assignment: messages of these tasks arrive from now on.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn start(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError>;

    /// Completes a revocation.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn release(&mut self, tasks: &[TaskId]) -> Result<(), TransportError>;

    /// Discards all fetched messages of these tasks and reads on from the given offsets.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn rewind(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError>;

    /// Hands one output over, inside the current transaction (begun when there is none).
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn publish(&mut self, output: Output<'_>) -> Result<(), TransportError>;

    /// Ends the transaction: all that was published and these next-to-read offsets take effect together.
    ///
    /// # Errors
    /// Any [`TransportError`]; after `Abortable` the caller calls `abort`.
    fn commit(&mut self, offsets: &[(TaskId, i64)]) -> Result<CommitFigures, TransportError>;

    /// Aborts the current transaction, if there is one.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn abort(&mut self) -> Result<(), TransportError>;

    /// End offset of each task's partition as last seen by the client, for lag metrics; may be stale.
    fn end_offset(&self, task: TaskId) -> Option<i64>;

    /// Leaves the group and closes the client within `deadline`.
    fn close(&mut self, deadline: Duration);
}
