//! The fake broker: input partitions, the consumer group, committed outputs and changelogs.
//!
//! Invariants, asserted: a task has at most one owner; a transaction's outputs and offsets become visible
//! together; committed offsets never go back.

use std::collections::{BTreeMap, VecDeque};

use hsmstream_engine::ports::{Channel, TaskId};

/// An input message.
#[derive(Clone, Debug, Default)]
pub struct StoredMessage {
    /// Offset; holes between offsets are allowed, as transaction markers make them.
    pub offset: i64,
    /// Kafka timestamp in ms.
    pub timestamp_ms: i64,
    /// Value.
    pub value: Vec<u8>,
}

/// A committed output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where it went.
    pub channel: Channel,
    /// Key.
    pub key: Vec<u8>,
    /// Value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Value of the header `ce_id`.
    pub id: Vec<u8>,
}

#[derive(Debug, Default)]
struct Member {
    owned: Vec<TaskId>,
    events: VecDeque<Event>,
}

/// What the group tells a member at its next poll.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Assign(Vec<TaskId>),
    Revoke(Vec<TaskId>),
}

/// The broker's whole state.
#[derive(Debug, Default)]
pub struct Cluster {
    inputs: BTreeMap<TaskId, Vec<StoredMessage>>,
    offsets: BTreeMap<TaskId, i64>,
    outputs: Vec<Published>,
    changelogs: BTreeMap<TaskId, Vec<Published>>,
    members: BTreeMap<u64, Member>,
    next_member: u64,
    lose_every: usize,
    seen: usize,
}

impl Cluster {
    /// A cluster with these input partitions.
    #[must_use]
    pub fn new(inputs: BTreeMap<TaskId, Vec<StoredMessage>>) -> Self {
        Self { inputs, ..Self::default() }
    }

    /// Loses one in so many outputs although their transaction commits: a broken broker, to show that checks
    /// notice. 0 loses none.
    pub fn lose_every(&mut self, count: usize) {
        self.lose_every = count;
    }

    /// All committed outputs but state changes, in the order in which they became visible.
    #[must_use]
    pub fn outputs(&self) -> &[Published] {
        &self.outputs
    }

    /// Whether every input message is covered by a committed offset.
    #[must_use]
    pub fn all_committed(&self) -> bool {
        self.inputs.iter().all(|(task, messages)| {
            messages.last().is_none_or(|last| self.offsets.get(task).is_some_and(|&next| last.offset < next))
        })
    }

    /// Number of committed state changes.
    #[must_use]
    pub fn changelog_len(&self) -> usize {
        self.changelogs.values().map(Vec::len).sum()
    }

    pub(crate) fn join(&mut self) -> u64 {
        self.next_member += 1;
        let id = self.next_member;
        self.members.insert(id, Member::default());
        self.rebalance();
        id
    }

    /// A member died or was expelled: its tasks go to the others.
    pub(crate) fn leave(&mut self, id: u64) {
        self.members.remove(&id);
        self.rebalance();
    }

    pub(crate) fn is_member(&self, id: u64) -> bool {
        self.members.contains_key(&id)
    }

    pub(crate) fn take_event(&mut self, id: u64) -> Option<Event> {
        self.members.get_mut(&id)?.events.pop_front()
    }

    pub(crate) fn released(&mut self, id: u64, tasks: &[TaskId]) {
        if let Some(member) = self.members.get_mut(&id) {
            member.owned.retain(|task| !tasks.contains(task));
        }
        self.rebalance();
    }

    pub(crate) fn messages(&self, task: TaskId, from: i64, count: usize) -> &[StoredMessage] {
        let Some(messages) = self.inputs.get(&task) else { return &[] };
        let start = messages.partition_point(|message| message.offset < from);
        let end = messages.len().min(start + count);
        messages.get(start..end).unwrap_or_default()
    }

    pub(crate) fn committed(&self, task: TaskId) -> Option<i64> {
        self.offsets.get(&task).copied()
    }

    pub(crate) fn changelog(&self, task: TaskId) -> &[Published] {
        self.changelogs.get(&task).map_or(&[], Vec::as_slice)
    }

    /// Ends a transaction: all of it takes effect, unless the group does not know the member any more.
    pub(crate) fn commit(
        &mut self,
        id: u64,
        outputs: Vec<Published>,
        offsets: &[(TaskId, i64)],
    ) -> Result<(), String> {
        let Some(member) = self.members.get(&id) else {
            return Err("the group does not know this member".to_owned());
        };
        if let Some((task, _)) = offsets.iter().find(|(task, _)| !member.owned.contains(task)) {
            return Err(format!("{task:?} belongs to another member"));
        }
        for &(task, next) in offsets {
            let before = self.offsets.insert(task, next);
            assert!(before.is_none_or(|before| before <= next), "offset of {task:?} went back to {next}");
        }
        for output in outputs {
            match output.channel {
                Channel::Changelog(task) => self.changelogs.entry(task).or_default().push(output),
                _ => {
                    self.seen += 1;
                    if self.lose_every == 0 || !self.seen.is_multiple_of(self.lose_every) {
                        self.outputs.push(output);
                    }
                }
            }
        }
        Ok(())
    }

    /// Cooperative: what should move is revoked first and assigned once it was released.
    fn rebalance(&mut self) {
        let ids: Vec<u64> = self.members.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let tasks: Vec<TaskId> = self.inputs.keys().copied().collect();
        let target = |index: usize| ids.get(index % ids.len()).copied();
        let wanted: BTreeMap<TaskId, u64> =
            tasks.iter().enumerate().filter_map(|(index, &task)| Some((task, target(index)?))).collect();
        for (&id, member) in &mut self.members {
            let leaving: Vec<TaskId> =
                member.owned.iter().copied().filter(|task| wanted.get(task) != Some(&id)).collect();
            let told = member.events.iter().any(|event| matches!(event, Event::Revoke(_)));
            if !leaving.is_empty() && !told {
                member.events.push_back(Event::Revoke(leaving));
            }
        }
        for (task, id) in wanted {
            if self.members.values().any(|member| member.owned.contains(&task)) {
                continue;
            }
            if let Some(member) = self.members.get_mut(&id) {
                member.owned.push(task);
                member.events.push_back(Event::Assign(vec![task]));
            }
        }
    }
}
