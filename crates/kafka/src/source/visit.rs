//! Visits the messages of a batch: which of them are due, and for which task.
//!
//! In: a batch in queue order. Out: calls in offset order per task, errors as [`Fault`]s. The hot loop of the
//! source: per message it compares a topic pointer, a partition and an offset.

use std::collections::BTreeMap;

use hsmstream_engine::ports::{Message, TaskId};
use rdkafka::error::RDKafkaErrorCode as Code;

use super::{Reading, Topic};
use crate::batch::{Batch, Fetched};

/// An error in place of a message.
pub(super) struct Fault {
    pub(super) place: String,
    pub(super) code: Code,
    pub(super) text: String,
}

/// Messages that follow one another in a batch and come from one partition: what they share is looked up once.
struct Run {
    topic_id: usize,
    partition: i32,
    /// `None` if the partition is not being read.
    task: Option<TaskId>,
    /// Messages below are not visited.
    due: i64,
}

/// Visits the messages that are due; returns how many.
pub(super) fn visit_batch(
    batch: &Batch<'_>,
    topics: &[Topic],
    reading: &mut BTreeMap<TaskId, Reading>,
    faults: &mut Vec<Fault>,
    visit: &mut dyn FnMut(Message<'_>),
) -> usize {
    let mut visited = 0;
    let mut run: Option<Run> = None;
    for fetched in batch.iter() {
        if let Some(code) = fetched.error() {
            let topic = String::from_utf8_lossy(fetched.topic());
            let place = format!("\"{topic}\" [{}]", fetched.partition());
            faults.push(Fault { place, code, text: fetched.error_text() });
            continue;
        }
        let same = |run: &Run| run.topic_id == fetched.topic_id() && run.partition == fetched.partition();
        if !run.as_ref().is_some_and(same) {
            close_run(run.take(), reading);
        }
        let run = run.get_or_insert_with(|| open_run(fetched, topics, reading));
        let Some(task) = run.task else { continue };
        let offset = fetched.offset();
        if offset < run.due {
            continue;
        }
        run.due = offset.saturating_add(1);
        visited += 1;
        visit(Message {
            task,
            offset,
            timestamp_ms: fetched.timestamp_ms(),
            key: fetched.key(),
            value: fetched.value(),
            headers: &fetched,
        });
    }
    close_run(run, reading);
    visited
}

fn open_run(fetched: Fetched<'_>, topics: &[Topic], reading: &BTreeMap<TaskId, Reading>) -> Run {
    let task = task_of(topics, fetched.topic(), fetched.partition());
    let place = task.and_then(|task| Some((task, reading.get(&task)?.next)));
    Run {
        topic_id: fetched.topic_id(),
        partition: fetched.partition(),
        task: place.map(|(task, _)| task),
        due: place.map_or(i64::MAX, |(_, next)| next),
    }
}

fn close_run(run: Option<Run>, reading: &mut BTreeMap<TaskId, Reading>) {
    let Some(Run { task: Some(task), due, .. }) = run else { return };
    if let Some(reading) = reading.get_mut(&task) {
        reading.next = due;
    }
}

/// The task of a partition, if its topic is an input.
pub(super) fn task_of(topics: &[Topic], name: &[u8], partition: i32) -> Option<TaskId> {
    let topic = topics.iter().position(|topic| topic.name.as_bytes() == name)?;
    Some(TaskId { topic: u16::try_from(topic).ok()?, partition: u32::try_from(partition).ok()? })
}
