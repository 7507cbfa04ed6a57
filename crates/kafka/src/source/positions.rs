//! Offsets of a source: where tasks begin, what the group has committed, what is committed next.

use std::collections::BTreeMap;
use std::time::Duration;

use hsmstream_engine::clock::Clock as _;
use hsmstream_engine::ports::{Start, TaskId, TransportError};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::{Offset, TopicPartitionList};

use super::{REQUEST_WAIT, Source};
use crate::batch::{Failure, Membership, commit_offsets};
use crate::config::StartAt;
use crate::error::{explained, is_passing};

impl Source {
    /// The offset at which each task begins. A committed offset whose message was deleted is moved to the
    /// oldest message there is, loudly; one beyond the end is refused.
    pub(super) fn resolve(
        &mut self,
        tasks: &[(TaskId, Start)],
    ) -> Result<BTreeMap<TaskId, i64>, TransportError> {
        let open: Vec<TaskId> =
            tasks.iter().filter(|(_, start)| *start == Start::Committed).map(|(task, _)| *task).collect();
        let committed = if open.is_empty() { Vec::new() } else { self.committed(&open)? };
        let mut committed: BTreeMap<TaskId, Option<i64>> = open.into_iter().zip(committed).collect();
        let mut offsets = BTreeMap::new();
        for (task, start) in tasks {
            let wanted = match start {
                Start::At(offset) => Some(*offset),
                Start::Committed => committed.remove(task).flatten(),
            };
            let (low, high) = self.bounds(*task, wanted)?;
            let offset = match wanted {
                Some(offset) if offset < low => {
                    tracing::error!(
                        ?task,
                        deleted = low - offset,
                        "messages from {offset} to {low} were deleted before they were read: retention is too short"
                    );
                    low
                }
                Some(offset) => offset,
                None => *self.bases.entry(*task).or_insert(match self.start {
                    StartAt::Earliest => low,
                    StartAt::Latest => high,
                }),
            };
            offsets.insert(*task, offset.max(low));
        }
        Ok(offsets)
    }

    /// Oldest and end offset of a partition. An end below `wanted` is asked for again: a new leader may
    /// learn the end late.
    fn bounds(&mut self, task: TaskId, wanted: Option<i64>) -> Result<(i64, i64), TransportError> {
        let until = self.clock.monotonic().saturating_add(BOUNDS_DEADLINE);
        loop {
            let (topic, partition) = self.place(task)?;
            let why = match self.client.fetch_watermarks(topic, partition, REQUEST_WAIT) {
                Ok((low, high)) if wanted.is_none_or(|offset| offset <= high) => return Ok((low, high)),
                Ok((_, high)) => format!(
                    "the offset to read from, {}, is beyond the end {high}; if the topic was made anew, reset the \
                     group's offsets or choose another `application`",
                    wanted.unwrap_or_default()
                ),
                Err(error) => {
                    let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
                    if !is_passing(code) {
                        let text = explained(code, &format!("bounds of \"{topic}\" [{partition}]: {error}"));
                        return Err(TransportError::Fatal(text));
                    }
                    error.to_string()
                }
            };
            if until <= self.clock.monotonic() {
                return Err(TransportError::Fatal(format!("\"{topic}\" [{partition}]: {why}")));
            }
            self.wait_for_events();
        }
    }

    /// See [`hsmstream_engine::ports::Transport::committed`]. The client asks for stable offsets only
    /// (`isolation.level=read_committed`) and asks again while a transaction is pending.
    pub(crate) fn committed(&mut self, tasks: &[TaskId]) -> Result<Vec<Option<i64>>, TransportError> {
        let until = self.clock.monotonic().saturating_add(COMMITTED_DEADLINE);
        loop {
            let mut list = TopicPartitionList::with_capacity(tasks.len());
            for task in tasks {
                let (topic, partition) = self.place(*task)?;
                list.add_partition(topic, partition);
            }
            let result = self.client.committed_offsets(list, REQUEST_WAIT).and_then(|list| {
                let offset = |task: &TaskId| {
                    let place = self.place(*task).ok();
                    let element = place.and_then(|(topic, partition)| list.find_partition(topic, partition));
                    let Some(element) = element else { return Ok(None) };
                    element.error()?;
                    Ok(match element.offset() {
                        Offset::Offset(offset) => Some(offset),
                        _ => None,
                    })
                };
                tasks.iter().map(offset).collect()
            });
            let error = match result {
                Ok(offsets) => return Ok(offsets),
                Err(error) => error,
            };
            let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
            let text = explained(code, &format!("committed offsets: {error}"));
            if !is_passing(code) {
                return Err(TransportError::Fatal(text));
            }
            if until <= self.clock.monotonic() {
                return Err(TransportError::Retriable(text));
            }
            self.wait_for_events();
        }
    }

    /// The group membership to commit under.
    pub(crate) fn membership(&self) -> Result<Membership, TransportError> {
        let lost = || TransportError::Abortable("the group went on without this member".to_owned());
        let membership = Membership::of(&self.client)
            .ok_or_else(|| TransportError::Fatal("no group metadata".to_owned()))?;
        // Asked for after the metadata: what was lost before the metadata was taken shows here, what is
        // lost later is seen by the coordinator.
        let gone = self.client.assignment_lost() || self.client.context().has_lost();
        if gone || !membership.is_member() { Err(lost()) } else { Ok(membership) }
    }

    /// The offsets to commit, as the client wants them. Where a task began is recorded with the first commit:
    /// a successor must not choose another beginning. If there is nothing to commit, the unchanged offset of
    /// any task stands in, for the coordinator checks the membership only of commits that carry an offset.
    pub(crate) fn offsets(&self, offsets: &[(TaskId, i64)]) -> Result<TopicPartitionList, TransportError> {
        let mut all: BTreeMap<TaskId, i64> = offsets.iter().copied().collect();
        for (task, reading) in &self.reading {
            if !reading.recorded || all.is_empty() {
                all.entry(*task).or_insert(reading.committed);
            }
        }
        let mut list = TopicPartitionList::with_capacity(all.len());
        for (task, offset) in all {
            let (topic, partition) = self.place(task)?;
            list.add_partition_offset(topic, partition, Offset::Offset(offset))
                .map_err(|error| TransportError::Fatal(format!("offset of {task:?}: {error}")))?;
        }
        Ok(list)
    }

    /// Remembers what was committed.
    pub(crate) fn committed_up_to(&mut self, offsets: &[(TaskId, i64)]) {
        for reading in self.reading.values_mut() {
            reading.recorded = true;
        }
        for (task, offset) in offsets {
            if let Some(reading) = self.reading.get_mut(task) {
                reading.committed = *offset;
            }
        }
    }

    /// Commits offsets by themselves (at-least-once) and waits for the answer.
    pub(crate) fn commit_offsets(&mut self, offsets: &[(TaskId, i64)]) -> Result<(), TransportError> {
        if offsets.is_empty() {
            return Ok(());
        }
        drop(self.membership()?);
        let list = self.offsets(offsets)?;
        match commit_offsets(&self.client, &list, OFFSETS_DEADLINE) {
            Some(Ok(())) => Ok(()),
            Some(Err(code)) => {
                let text = explained(code, &code.to_string());
                Err(Failure { code, text, fatal: false, retriable: false, abortable: false }
                    .transport("committing offsets"))
            }
            // Whether they were taken is not known; reading again from what the group says is right either way.
            None => Err(TransportError::Abortable("committing offsets: no answer".to_owned())),
        }
    }
}

/// For the bounds of a partition.
const BOUNDS_DEADLINE: Duration = Duration::from_secs(30);
/// For committed offsets to become stable: a dead owner's transaction lasts until its timeout, which the
/// broker looks at every ten seconds.
const COMMITTED_DEADLINE: Duration = Duration::from_secs(60);
/// For an offset commit outside a transaction.
const OFFSETS_DEADLINE: Duration = Duration::from_secs(30);
