//! One worker's view of the fake broker, and where faults strike.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use hsmstream_engine::ports::{
    CommitFigures, Message, NoHeaders, Output, Polled, RestoreProgress, Start, StateEntry, TaskId, Transport,
    TransportError,
};

use crate::cluster::{Cluster, Event, Published};
use crate::rng::Rng;

/// How often faults strike: once in so many calls; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A poll ends with a passing error.
    pub poll_fails: u32,
    /// The group expels the member: its next commit is refused, its partitions are lost.
    pub expelled: u32,
    /// A publish makes the transaction abortable.
    pub publish_fails: u32,
    /// A commit fails before it took effect.
    pub commit_fails: u32,
    /// A commit takes effect, but the answer is lost and the client is beyond use.
    pub commit_answer_lost: u32,
    /// A publish or commit ends with a passing error before it took effect.
    pub passing: u32,
    /// A restore fails in its middle.
    pub restore_fails: u32,
    /// The process dies at a poll.
    pub crash: u32,
    /// Messages in one poll at most.
    pub batch_max: usize,
}

/// A member of the group.
#[derive(Debug)]
pub struct SimTransport {
    cluster: Rc<RefCell<Cluster>>,
    member: u64,
    rng: Rng,
    faults: Faults,
    positions: BTreeMap<TaskId, i64>,
    transaction: Vec<Published>,
    broken: bool,
}

impl SimTransport {
    /// Joins the group.
    #[must_use]
    pub fn join(cluster: &Rc<RefCell<Cluster>>, seed: u64, faults: Faults) -> Self {
        let member = cluster.borrow_mut().join();
        Self {
            cluster: Rc::clone(cluster),
            member,
            rng: Rng::new(seed),
            faults,
            positions: BTreeMap::new(),
            transaction: Vec::new(),
            broken: false,
        }
    }

    fn expelled_event(&mut self) -> Option<Polled> {
        if self.cluster.borrow().is_member(self.member) {
            return None;
        }
        let tasks: Vec<TaskId> = self.positions.keys().copied().collect();
        self.member = self.cluster.borrow_mut().join();
        Some(Polled::Revoke { tasks, lost: true })
    }

    fn event(&mut self) -> Option<Polled> {
        let event = self.cluster.borrow_mut().take_event(self.member)?;
        Some(match event {
            Event::Assign(tasks) => Polled::Assign(tasks),
            Event::Revoke(tasks) => Polled::Revoke { tasks, lost: false },
        })
    }

    fn die(&mut self, what: &str) -> TransportError {
        self.broken = true;
        self.transaction.clear();
        self.cluster.borrow_mut().leave(self.member);
        TransportError::Fatal(what.to_owned())
    }

    fn visit_messages(&mut self, visit: &mut dyn FnMut(Message<'_>)) -> usize {
        let owned: Vec<TaskId> = self.positions.keys().copied().collect();
        if owned.is_empty() {
            return 0;
        }
        let mut visited = 0;
        let first = self.rng.below(owned.len());
        for task in owned.iter().cycle().skip(first).take(owned.len()) {
            let count = 1 + self.rng.below(self.faults.batch_max.max(1));
            let from = self.positions.get(task).copied().unwrap_or(0);
            let batch = self.cluster.borrow().messages(*task, from, count).to_vec();
            for message in &batch {
                visit(Message {
                    task: *task,
                    offset: message.offset,
                    timestamp_ms: Some(message.timestamp_ms),
                    key: None,
                    value: Some(&message.value),
                    headers: &NoHeaders,
                });
                self.positions.insert(*task, message.offset + 1);
            }
            visited += batch.len();
            if self.rng.one_in(2) {
                break;
            }
        }
        visited
    }

    fn position(&mut self, tasks: &[(TaskId, Start)]) {
        for &(task, start) in tasks {
            let offset = match start {
                Start::At(offset) => offset,
                Start::Committed => self.cluster.borrow().committed(task).unwrap_or(0),
            };
            self.positions.insert(task, offset);
        }
    }
}

impl Drop for SimTransport {
    /// A client that is dropped without a word is missed by the group at once: time has no part in the model.
    fn drop(&mut self) {
        self.close(Duration::ZERO);
    }
}

impl Transport for SimTransport {
    fn poll(
        &mut self,
        _wait: Duration,
        visit: &mut dyn FnMut(Message<'_>),
    ) -> Result<Polled, TransportError> {
        assert!(!self.broken, "a broken client was used");
        if self.rng.one_in(self.faults.crash) {
            return Err(self.die("crashed"));
        }
        if self.rng.one_in(self.faults.poll_fails) {
            return Err(TransportError::Retriable("the broker is away".to_owned()));
        }
        if self.rng.one_in(self.faults.expelled) {
            self.cluster.borrow_mut().leave(self.member);
        }
        // An expelled member does not hear of it at once: it works on until a commit or a later poll.
        if self.rng.one_in(3)
            && let Some(polled) = self.expelled_event()
        {
            return Ok(polled);
        }
        if let Some(polled) = self.event() {
            return Ok(polled);
        }
        match self.visit_messages(visit) {
            0 => Ok(Polled::Nothing),
            count => Ok(Polled::Messages(count)),
        }
    }

    fn committed(&mut self, tasks: &[TaskId]) -> Result<Vec<Option<i64>>, TransportError> {
        let cluster = self.cluster.borrow();
        Ok(tasks.iter().map(|&task| cluster.committed(task)).collect())
    }

    fn restore(
        &mut self,
        task: TaskId,
        visit: &mut dyn FnMut(StateEntry<'_>),
        progress: &mut dyn FnMut(RestoreProgress),
    ) -> Result<(), TransportError> {
        if self.rng.one_in(self.faults.restore_fails) {
            return Err(self.die("died while restoring"));
        }
        if self.rng.one_in(self.faults.passing) {
            return Err(TransportError::Retriable("the changelog is away".to_owned()));
        }
        let cluster = self.cluster.borrow();
        for entry in cluster.changelog(task) {
            visit(StateEntry { key: &entry.key, value: entry.value.as_deref() });
        }
        let total = cluster.changelog(task).len() as u64;
        progress(RestoreProgress { entries: total, done: total, total });
        Ok(())
    }

    fn start(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        self.position(tasks);
        Ok(())
    }

    fn release(&mut self, tasks: &[TaskId]) -> Result<(), TransportError> {
        for task in tasks {
            self.positions.remove(task);
        }
        self.cluster.borrow_mut().released(self.member, tasks);
        Ok(())
    }

    fn rewind(&mut self, tasks: &[(TaskId, Start)]) -> Result<(), TransportError> {
        self.position(tasks);
        Ok(())
    }

    fn publish(&mut self, output: Output<'_>) -> Result<(), TransportError> {
        // There are many publishes to one commit.
        if self.rng.one_in(self.faults.passing.saturating_mul(20)) {
            return Err(TransportError::Retriable("the queue is full".to_owned()));
        }
        if self.rng.one_in(self.faults.publish_fails) {
            return Err(TransportError::Abortable("a delivery failed".to_owned()));
        }
        let id = output.headers.iter().find(|(name, _)| *name == "ce_id").map_or(&[][..], |(_, id)| id);
        self.transaction.push(Published {
            channel: output.channel,
            key: output.key.to_vec(),
            value: output.value.map(<[u8]>::to_vec),
            id: id.to_vec(),
        });
        Ok(())
    }

    fn commit(&mut self, offsets: &[(TaskId, i64)]) -> Result<CommitFigures, TransportError> {
        if self.rng.one_in(self.faults.passing) {
            return Err(TransportError::Retriable("the coordinator is loading".to_owned()));
        }
        if self.rng.one_in(self.faults.commit_fails) {
            return Err(TransportError::Abortable("the coordinator moved".to_owned()));
        }
        let outputs = std::mem::take(&mut self.transaction);
        let result = self.cluster.borrow_mut().commit(self.member, outputs, offsets);
        result.map_err(TransportError::Abortable)?;
        if self.rng.one_in(self.faults.commit_answer_lost) {
            return Err(self.die("the answer to a commit was lost"));
        }
        Ok(CommitFigures::default())
    }

    fn abort(&mut self) -> Result<(), TransportError> {
        self.transaction.clear();
        Ok(())
    }

    fn end_offset(&self, _task: TaskId) -> Option<i64> {
        None
    }

    fn close(&mut self, _deadline: Duration) {
        if !self.broken {
            self.cluster.borrow_mut().leave(self.member);
        }
        self.broken = true;
    }
}
