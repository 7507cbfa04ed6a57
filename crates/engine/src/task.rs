//! A task: one input partition, from message to outputs and state.
//!
//! Input: messages in offset order. Output: what the rules owe, to an [`Emitter`], and state changes.
//! Everything here is a function of that input, of the order of its messages and of the rule set: batches,
//! commits and restarts change nothing. Only the idle rule looks at the wall clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use hsmstream_frame::Framer;
use hsmstream_rules::RuleSet;

use crate::commit::Progress;
use crate::core::Core;
use crate::emit::Emitter;
use crate::evidence::Position;
use crate::ports::{Message, Start, TaskId};
use crate::shared::Shared;
use crate::state::META;

/// One input partition with its state.
#[derive(Debug)]
pub struct Task {
    framer: Framer,
    core: Core,
    shared: Arc<Shared>,
    /// How far it has come.
    pub progress: Progress,
}

impl Task {
    /// A task without state.
    #[must_use]
    pub fn new(id: TaskId, shared: &Arc<Shared>, rules: &Arc<RuleSet>) -> Self {
        let framer = Framer::new(shared.settings.format, shared.settings.limits);
        let (core, shared) = (Core::new(id, shared, rules), Arc::clone(shared));
        Self { framer, core, shared, progress: Progress::starting_at(id, 0) }
    }

    /// Processes one message; one that was processed before is passed over.
    pub fn process(&mut self, message: &Message<'_>, now_ms: i64, out: &mut dyn Emitter) {
        if !self.progress.is_new(message.offset) {
            return;
        }
        let core = &mut self.core;
        core.tally.messages += 1;
        let source = 0;
        core.begin(Position { source, offset: message.offset, index: 0 }, message.timestamp_ms, now_ms);
        if let Some(value) = message.value {
            core.tally.message_bytes += value.len() as u64;
            let shared = &self.shared;
            let origin = shared.settings.origin.resolve(message, shared.topic(message.task));
            let counts = self.framer.records(value, &origin, &mut |item| core.item(item, out));
            core.tally.control += counts.control;
            core.tally.empty += counts.empty;
        } else {
            core.tally.empty += 1;
        }
        self.progress.process(message.offset);
    }

    /// Looks at the wall clock: streams that fell silent no longer hold windows open.
    pub fn tick(&mut self, now_ms: i64, out: &mut dyn Emitter) {
        self.core.tick(now_ms, out);
    }

    /// Right before a commit: revisions of rollups, then all state changes.
    pub fn before_commit(&mut self, out: &mut dyn Emitter) {
        self.core.flush_revisions(out);
        let changed = self.core.drain(out);
        if changed || self.progress.committed < self.progress.processed {
            self.core.put_meta(self.progress.processed, out);
            self.progress.touched = true;
        }
    }

    /// Takes over the image of the changelog and says where to read on.
    ///
    /// State and offsets are committed together, so the offset in the state equals the group's. If it does
    /// not, somebody moved the group's offsets: the state belongs to another place of the input and is
    /// dropped. If the group's offset is gone, the state's takes its place. With at-least-once delivery the
    /// state may be ahead after an unclean end; it is kept, and what is read again counts again.
    pub fn restore(
        &mut self,
        image: BTreeMap<Vec<u8>, Vec<u8>>,
        committed: Option<i64>,
        now_ms: i64,
        exactly_once: bool,
    ) -> Start {
        let known = image.get(META).and_then(|meta| self.core.restore_meta(meta));
        let start = match (committed, known) {
            (None, None) => return Start::Committed,
            (Some(offset), None) | (None, Some(offset)) => offset,
            (Some(group), Some(state)) if group == state || (!exactly_once && group < state) => group,
            (Some(group), Some(state)) => {
                let partition = self.progress.task.partition;
                tracing::warn!(
                    partition,
                    group,
                    state,
                    "the group's offset was moved from outside; the state of this partition is dropped"
                );
                self.core.forget(image.keys());
                self.progress = Progress::starting_at(self.progress.task, group);
                return Start::At(group);
            }
        };
        self.core.restore(&image, now_ms);
        self.progress = Progress::starting_at(self.progress.task, start);
        Start::At(start)
    }

    /// Works with another rule set from here on; state of rules whose matching and keying did not change is
    /// kept, that of others is dropped.
    pub fn swap_rules(&mut self, rules: &Arc<RuleSet>, out: &mut dyn Emitter) {
        self.core.swap_rules(rules, out);
        self.progress.touched = true;
    }

    /// Moves the batch's tally to the metrics.
    pub fn flush_tally(&mut self) {
        self.core.flush_tally();
    }

    /// Shows state size in the metrics.
    pub fn show_state(&self) {
        self.core.show_state();
    }

    /// Shows lags in the metrics.
    pub fn show_lag(&self, wall_ms: i64, end_offset: Option<i64>) {
        let lag = end_offset.map(|end| (end - self.progress.processed).max(0));
        self.core.show_lag(wall_ms, lag);
    }

    /// The task leaves this worker.
    pub fn close(&self) {
        let context = &self.core.context;
        context.shared.metrics.release_task(context.shared.topic(context.id), context.id.partition);
    }
}
