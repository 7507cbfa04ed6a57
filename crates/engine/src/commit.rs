//! The commit rule, in one place.
//!
//! Offset N of a task may be committed only when every effect caused by offsets below N was handed over
//! inside the transaction that commits it (exactly-once), or was acknowledged (at-least-once; there the
//! transport's `commit` waits for the acknowledgements before it commits offsets). Kafka commits the
//! *next* offset to read, so N is the last processed offset plus one; holes left by transaction markers
//! of the input are never counted.

use crate::ports::TaskId;

/// How far one task has come. All three are next-to-read offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The task.
    pub task: TaskId,
    /// As of the last commit, or where the task started.
    pub committed: i64,
    /// All messages below were processed.
    pub processed: i64,
    /// All effects of messages below were handed to the transport, state changes included.
    pub published: i64,
    /// Something was handed over since the last commit, perhaps by a timer alone. Its offset is committed
    /// even if unchanged, because the group's generation is only checked together with an offset: without
    /// one a stale owner's timer output would get through.
    pub touched: bool,
}

impl Progress {
    /// A task that starts to read at `offset`.
    #[must_use]
    pub fn starting_at(task: TaskId, offset: i64) -> Self {
        Self { task, committed: offset, processed: offset, published: offset, touched: false }
    }

    /// Marks the message at `offset` as processed.
    ///
    /// # Panics
    /// If the message was processed before: the transport broke its promise of order.
    pub fn process(&mut self, offset: i64) {
        assert!(
            self.processed <= offset,
            "message {offset} of {:?} came again after {}",
            self.task,
            self.processed
        );
        self.processed = offset + 1;
    }

    /// Whether a message at `offset` is one that was not processed yet.
    #[must_use]
    pub fn is_new(&self, offset: i64) -> bool {
        self.processed <= offset
    }

    /// Marks all processed messages' effects as handed over.
    pub fn publish_all(&mut self) {
        self.touched |= self.published < self.processed;
        self.published = self.processed;
    }

    /// Marks the handed-over effects as committed.
    pub fn commit_all(&mut self) {
        self.committed = self.published;
        self.touched = false;
    }
}

/// The offsets that one commit must carry: those of tasks that moved or published, each with all effects
/// handed over.
///
/// # Panics
/// If a task processed messages whose effects were not handed over, or would move backwards: a bug that
/// would lose or repeat output, so the process stops rather than commits it.
#[must_use]
pub fn offsets_to_commit<'a>(tasks: impl Iterator<Item = &'a Progress>) -> Vec<(TaskId, i64)> {
    let mut offsets = Vec::new();
    for progress in tasks {
        assert!(
            progress.committed <= progress.published && progress.published == progress.processed,
            "commit rule broken: {progress:?}"
        );
        if progress.touched {
            offsets.push((progress.task, progress.published));
        }
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: TaskId = TaskId { topic: 0, partition: 3 };

    #[test]
    fn commits_the_next_offset_and_skips_idle_tasks() {
        let mut moved = Progress::starting_at(TASK, 10);
        moved.process(10);
        moved.process(14); // 11..=13 were transaction markers
        moved.publish_all();
        let idle = Progress::starting_at(TaskId { topic: 0, partition: 4 }, 7);
        assert_eq!(offsets_to_commit([moved, idle].iter()), vec![(TASK, 15)]);
        moved.commit_all();
        assert!(offsets_to_commit([moved].iter()).is_empty());
    }

    #[test]
    fn a_timer_output_commits_the_unchanged_offset() {
        let mut progress = Progress::starting_at(TASK, 9);
        progress.touched = true;
        assert_eq!(offsets_to_commit([progress].iter()), vec![(TASK, 9)]);
    }

    #[test]
    fn refuses_to_commit_past_unpublished_effects() {
        let mut progress = Progress::starting_at(TASK, 0);
        progress.process(0);
        let caught = std::panic::catch_unwind(|| offsets_to_commit([progress].iter()));
        assert!(caught.is_err());
    }

    #[test]
    fn a_repeated_message_is_a_bug() {
        let mut progress = Progress::starting_at(TASK, 5);
        progress.process(5);
        assert!(!progress.is_new(5));
        assert!(std::panic::catch_unwind(move || progress.process(5)).is_err());
    }
}
