//! A task: one input partition, from message to outputs and state.
//!
//! Input: messages in offset order (or records of a file). Output: what the rules owe, to an [`Emitter`], and
//! state changes. Everything here is a function of that input, of the order of its messages and of the rule
//! set: batches, commits and restarts change nothing. Only the idle rule looks at the wall clock.
//!
//! Per record: late or not (against its own stream) → watermark → timers that came due → rules that match
//! → operators. Late records reach plain rules only.
//!
//! Changelog keys: `m` the task's own entry, `s…` streams, `e…` evidence, `o` + fingerprint + … operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use hsmstream_frame::{Framer, Reject as FrameReject};
use hsmstream_output::{
    Measure, MeasureValue, Operational, OperationalKind, Output, Reject, Timestamp, operational_id, reject_id,
};
use hsmstream_record::{Kind, Origin, Reason, Record};
use hsmstream_rules::{MatchScratch, RuleIndex, RuleSet};
use hsmstream_window::{Contribution, EventTime, Limits, Operator, Span, Watermarks};

use crate::codec::{Reader, put_u64};
use crate::commit::Progress;
use crate::context::Context;
use crate::emit::Emitter;
use crate::evidence::{EvidenceLog, Kept, Position};
use crate::metrics::{Tally, TaskMetrics};
use crate::ports::{Message, Start, TaskId};
use crate::rule_state::{EventBuffers, RuleSide, operator};
use crate::shared::Shared;

/// One input partition with its state.
#[derive(Debug)]
pub struct Task {
    framer: Framer,
    core: Core,
    /// How far it has come.
    pub progress: Progress,
}

/// A task without its framer, so that records can borrow from the framer while the core works on them.
#[derive(Debug)]
pub struct Core {
    context: Context,
    rule_set: Arc<RuleSet>,
    /// One per rule, in the order of the set; `sides` describes them.
    operators: Vec<Operator>,
    sides: Vec<RuleSide>,
    scratch: MatchScratch,
    matched: Vec<RuleIndex>,
    buffers: EventBuffers,
    stream_name: Vec<u8>,
    next_deadline: Option<EventTime>,
    state_bytes: usize,
    longest_reach: Span,
    tally: Tally,
    metrics: TaskMetrics,
    raised: Raised,
    /// Some rule dropped keys because it had too many.
    crowded: bool,
    /// Changelog keys of a state that was dropped; removed with the next commit.
    void: Vec<Vec<u8>>,
    /// Where the record being processed stands.
    position: Position,
    kafka_ms: Option<i64>,
    now_ms: i64,
}

/// Operational alerts that were raised already; each is raised once in the life of a task's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Raised {
    flags: u64,
    changed: bool,
}

const META: &[u8] = b"m";
const STREAM: u8 = b's';
const EVIDENCE: u8 = b'e';
const OPERATOR: u8 = b'o';
/// Version of the task's own entry.
const META_VERSION: u8 = 1;

impl Task {
    /// A task without state.
    #[must_use]
    pub fn new(id: TaskId, shared: &Arc<Shared>, rules: &Arc<RuleSet>) -> Self {
        let framer = Framer::new(shared.settings.format, shared.settings.limits);
        Self { framer, core: Core::new(id, shared, rules), progress: Progress::starting_at(id, 0) }
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
            let shared = Arc::clone(&core.context.shared);
            let origin = shared.settings.origin.resolve(message, shared.topic(message.task));
            let counts = self.framer.records(value, &origin, &mut |item| core.item(&item, out));
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

impl Core {
    /// A core without state.
    #[must_use]
    pub fn new(id: TaskId, shared: &Arc<Shared>, rules: &Arc<RuleSet>) -> Self {
        let settings = &shared.settings;
        let context = Context {
            id,
            shared: Arc::clone(shared),
            sources: Vec::new(),
            watermarks: Watermarks::new(settings.time, Watermarks::STREAMS_MAX, Limits::default().seeds),
            evidence: EvidenceLog::new(settings.evidence_bytes_max),
            arrived_ms: None,
            late: false,
        };
        let metrics = shared.metrics.task(shared.topic(id), id.partition);
        let mut core = Self {
            context,
            rule_set: Arc::clone(rules),
            operators: Vec::new(),
            sides: Vec::new(),
            scratch: MatchScratch::default(),
            matched: Vec::new(),
            buffers: EventBuffers::default(),
            stream_name: Vec::new(),
            next_deadline: None,
            state_bytes: 0,
            longest_reach: Span::ZERO,
            tally: Tally::default(),
            metrics,
            raised: Raised::default(),
            crowded: false,
            void: Vec::new(),
            position: Position { source: 0, offset: 0, index: 0 },
            kafka_ms: None,
            now_ms: 0,
        };
        core.build(rules);
        core
    }

    /// Names the input files, for evidence.
    pub fn name_source(&mut self, name: String) -> u32 {
        self.context.sources.push(name);
        u32::try_from(self.context.sources.len() - 1).unwrap_or(u32::MAX)
    }

    /// The records that follow stand at `position` (its index counts up with each).
    pub fn begin(&mut self, position: Position, kafka_ms: Option<i64>, now_ms: i64) {
        self.position = position;
        self.kafka_ms = kafka_ms;
        self.now_ms = now_ms;
        self.context.arrived_ms = kafka_ms;
    }

    /// Takes what the framer found next.
    pub fn item(&mut self, item: &Result<Record<'_>, FrameReject<'_>>, out: &mut dyn Emitter) {
        match item {
            Ok(record) => self.record(record, out),
            Err(reject) => self.reject(reject, out),
        }
        self.position.index = self.position.index.saturating_add(1);
    }

    fn record(&mut self, record: &Record<'_>, out: &mut dyn Emitter) {
        self.tally.records += 1;
        let reference = record.origin.event_timestamp_ms.or(self.kafka_ms).and_then(ms_to_time);
        let time = record.time_usecs().map(EventTime).or(reference);
        stream_name(record.kind(), &record.origin, &mut self.stream_name);
        let mut contribution = Contribution {
            time: time.unwrap_or_default(),
            reboot: record.reboot().unwrap_or(0),
            sequence: record.sequence().unwrap_or(0),
            offset: self.position.offset,
            index: self.position.index,
            source: self.position.source,
            ..Contribution::default()
        };
        self.context.late = false;
        if let Some(time) = time {
            let admission = self.context.watermarks.observe(&self.stream_name, time, reference, self.now_ms);
            contribution.stream = admission.stream;
            self.context.late = admission.late;
            self.tally.late += u64::from(admission.late);
            self.tally.skewed += u64::from(admission.skewed);
            self.run_timers(out);
        }
        let mut matched = std::mem::take(&mut self.matched);
        self.rule_set.matches(record, &mut self.scratch, &mut matched);
        if !matched.is_empty() {
            self.apply(record, contribution, time.is_none(), &matched, out);
        }
        self.matched = matched;
    }

    fn apply(
        &mut self,
        record: &Record<'_>,
        contribution: Contribution,
        timeless: bool,
        matched: &[RuleIndex],
        out: &mut dyn Emitter,
    ) {
        let watermark = self.watermark();
        let current = (self.position, Kept::of(record));
        let mut kept = false;
        for index in matched {
            let at = usize::try_from(index.get()).unwrap_or(usize::MAX);
            let (Some(operator), Some(side)) = (self.operators.get_mut(at), self.sides.get_mut(at)) else {
                continue;
            };
            side.matches += 1;
            let plain = matches!(operator, Operator::Plain(_));
            if (self.context.late || timeless) && !plain {
                continue;
            }
            if side.has_threshold && !kept {
                kept = true;
                let lateness = self.context.shared.settings.time.allowed_lateness;
                let held = contribution.time.max(watermark.minus(lateness));
                self.context.evidence.keep(self.position, held.0, &current.1);
            }
            let inputs = self.buffers.fill(side, record);
            let before = operator.state_bytes();
            let context = &self.context;
            self.buffers.with_event(contribution, inputs, &mut |event| {
                operator.apply(event, watermark, &mut |output| {
                    context.publish(side, &output, Some(current), out);
                });
            });
            self.crowded |= Limits::default().keys_max <= operator.keys() && operator.counters().evicted > 0;
            self.state_bytes = self.state_bytes - before + operator.state_bytes();
            self.next_deadline = earliest(self.next_deadline, operator.next_deadline());
        }
        if self.context.shared.settings.state_bytes_max < self.state_bytes {
            self.enforce_state_limit(out);
        }
        if self.context.evidence.take_dropped() > 0 {
            self.context.shared.metrics.limit("evidence");
            let bytes_max = self.context.shared.settings.evidence_bytes_max;
            self.raise(
                OperationalKind::EvidenceLimit,
                "raw texts kept for evidence are over limits.evidence; the oldest were dropped, so alerts may lack them \
                 (they still carry position and identity). Raise limits.evidence or shorten windows.",
                &[counter("evidence_bytes_max", bytes_max)],
                out,
            );
        }
        if self.crowded {
            self.crowded = false;
            self.context.shared.metrics.limit("keys");
            self.raise(
                OperationalKind::TooManyKeys,
                "a rule has as many group keys as it may; the keys with the oldest activity are dropped, so their counts \
                 begin anew. Group by fields with fewer values, or shorten the window.",
                &[counter("keys_max", Limits::default().keys_max)],
                out,
            );
        }
    }

    /// Runs the timers that the watermark has reached.
    fn run_timers(&mut self, out: &mut dyn Emitter) {
        let watermark = self.watermark();
        if self.next_deadline.is_none_or(|deadline| watermark < deadline) {
            return;
        }
        self.advance(out);
    }

    fn watermark(&self) -> EventTime {
        self.context.watermarks.watermark().unwrap_or(EventTime::ZERO)
    }

    fn advance(&mut self, out: &mut dyn Emitter) {
        let watermark = self.watermark();
        let mut next = None;
        let mut bytes = 0;
        for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
            let context = &self.context;
            operator.advance(watermark, &mut |output| context.publish(side, &output, None, out));
            next = earliest(next, operator.next_deadline());
            bytes += operator.state_bytes();
        }
        self.next_deadline = next;
        self.state_bytes = bytes;
        let lateness = self.context.shared.settings.time.allowed_lateness;
        self.context.evidence.expire(watermark.minus(self.longest_reach).minus(lateness).0);
    }

    fn tick(&mut self, now_ms: i64, out: &mut dyn Emitter) {
        self.context.arrived_ms = None;
        self.context.late = false;
        self.context.watermarks.tick(now_ms);
        self.advance(out);
        if let Some(horizon) = self.context.watermarks.idle_horizon(now_ms) {
            for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
                let context = &self.context;
                operator.advance_idle(horizon, &mut |output| context.publish(side, &output, None, out));
            }
        }
    }

    /// The input is finite and has ended.
    pub fn finish(&mut self, out: &mut dyn Emitter) {
        self.context.arrived_ms = None;
        self.context.late = false;
        self.context.watermarks.end_of_input();
        self.advance(out);
        let watermark = self.watermark();
        for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
            let context = &self.context;
            operator.finish(watermark, &mut |output| context.publish(side, &output, None, out));
        }
    }

    /// Publishes new revisions of rows that late events changed.
    pub fn flush_revisions(&mut self, out: &mut dyn Emitter) {
        self.context.arrived_ms = None;
        for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
            let context = &self.context;
            operator.flush_revisions(&mut |output| context.publish(side, &output, None, out));
        }
    }

    fn reject(&mut self, reject: &FrameReject<'_>, out: &mut dyn Emitter) {
        self.tally.rejects += 1;
        self.context.shared.metrics.reject(reject.reason.as_str());
        let place = self.context.place_at(self.position);
        let first_seen = self.kafka_ms.and_then(ms_to_time).map(|time| Timestamp::from_micros(time.0));
        let reject = Reject {
            id: reject_id(&place, reject.message_offset),
            reason: reject.reason,
            offset: reject.offset,
            message_offset: reject.message_offset,
            raw: reject.raw,
            length: reject.length,
            origin: reject.origin,
            position: place,
            first_seen,
        };
        out.emit(&Output::Reject(reject), self.kafka_ms);
        if is_oversized(reject.reason) {
            self.context.shared.metrics.limit(reject.reason.as_str());
            let limits = &self.context.shared.settings.limits;
            let counters = [
                counter("frame_bytes_max", limits.frame_bytes_max),
                counter("message_bytes_max", limits.message_bytes_max),
                counter("inflated_bytes_max", limits.inflated_bytes_max),
            ];
            self.raise(
                OperationalKind::OversizedInput,
                "a message, frame or inflated text was over its limit and rejected (see the reject topic for the reason); \
                 what came before it counts. Raise the limit if the input is genuine.",
                &counters,
                out,
            );
        }
    }

    fn enforce_state_limit(&mut self, out: &mut dyn Emitter) {
        let bytes_max = self.context.shared.settings.state_bytes_max;
        let before = self.keys();
        let (context, sides) = (&self.context, &self.sides);
        hsmstream_window::enforce_bytes_max(&mut self.operators, bytes_max, &mut |at, output| {
            if let Some(side) = sides.get(at) {
                context.publish(side, &output, None, out);
            }
        });
        self.state_bytes = self.operators.iter().map(Operator::state_bytes).sum();
        let evicted = before.saturating_sub(self.keys()) as u64;
        self.tally.evicted += evicted;
        self.context.shared.metrics.limit("state");
        self.raise(
            OperationalKind::StateLimit,
            "the keyed state of this task is over limits.state; the keys with the oldest activity were dropped, so \
             their counts begin anew. Raise limits.state, shorten windows, or add partitions.",
            &[counter("state_bytes_max", bytes_max)],
            out,
        );
    }

    fn keys(&self) -> usize {
        self.operators.iter().map(Operator::keys).sum()
    }

    fn raise(
        &mut self,
        kind: OperationalKind,
        message: &str,
        counters: &[Measure<'_>],
        out: &mut dyn Emitter,
    ) {
        let at = OperationalKind::ALL.iter().position(|known| *known == kind).unwrap_or(0);
        let flag = 1_u64 << at;
        if self.raised.flags & flag != 0 {
            return;
        }
        self.raised = Raised { flags: self.raised.flags | flag, changed: true };
        let place = self.context.place_at(self.position);
        let time = self.kafka_ms.and_then(ms_to_time).map(|time| Timestamp::from_micros(time.0));
        let operational = Operational {
            id: operational_id(kind, None, Some(&place)),
            kind,
            message,
            rule: None,
            position: Some(place),
            first_occurrence: time,
            counters,
        };
        out.emit(&Output::Operational(operational), None);
    }

    /// Gives all state changes since the last drain to the emitter; says whether there was one.
    fn drain(&mut self, out: &mut dyn Emitter) -> bool {
        let id = self.context.id;
        let mut changed = std::mem::take(&mut self.raised.changed);
        let mut put = |key: &[u8], value: Option<&[u8]>| {
            changed = true;
            out.state(id, key, value);
        };
        for key in self.void.drain(..) {
            put(&key, None);
        }
        let mut key = Vec::with_capacity(64);
        self.context.watermarks.drain_dirty(&mut |entry, value| {
            prefixed(&mut key, &[STREAM], entry);
            put(&key, value);
        });
        self.context.evidence.drain(&mut |entry, value| {
            prefixed(&mut key, &[EVIDENCE], entry);
            put(&key, value);
        });
        for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
            operator.drain_dirty(&mut |entry, value| {
                operator_key(&mut key, &side.fingerprint, entry);
                put(&key, value);
            });
        }
        changed
    }

    fn put_meta(&self, next_offset: i64, out: &mut dyn Emitter) {
        let mut meta = vec![META_VERSION];
        put_u64(&mut meta, next_offset.unsigned_abs());
        put_u64(&mut meta, self.raised.flags);
        out.state(self.context.id, META, Some(&meta));
    }

    /// Reads the task's own entry; gives the next offset to read.
    fn restore_meta(&mut self, meta: &[u8]) -> Option<i64> {
        let mut reader = Reader::new(meta);
        if reader.byte()? != META_VERSION {
            return None;
        }
        let offset = i64::try_from(reader.u64()?).ok()?;
        self.raised.flags = reader.u64()?;
        Some(offset)
    }

    fn restore(&mut self, image: &BTreeMap<Vec<u8>, Vec<u8>>, now_ms: i64) {
        let mut broken = 0_u64;
        let by_print: BTreeMap<[u8; 16], usize> =
            self.sides.iter().enumerate().map(|(at, side)| (side.fingerprint, at)).collect();
        for (key, value) in image {
            let Some((&kind, rest)) = key.split_first() else { continue };
            let taken = match kind {
                STREAM => self.context.watermarks.restore(rest, Some(value), now_ms).is_ok(),
                EVIDENCE => self.context.evidence.restore(rest, value),
                OPERATOR => {
                    let Some((print, entry)) = rest.split_first_chunk::<16>() else { continue };
                    // Entries of rules that are gone stay where they are: the rule may come back.
                    let operator = by_print.get(print).and_then(|&at| self.operators.get_mut(at));
                    let Some(operator) = operator else { continue };
                    operator.restore(entry, Some(value)).is_ok()
                }
                _ => true,
            };
            broken += u64::from(!taken);
        }
        for operator in &mut self.operators {
            broken += u64::from(operator.finish_restore().is_err());
        }
        if broken > 0 {
            tracing::error!(
                broken,
                partition = self.context.id.partition,
                "changelog entries that make no sense were dropped"
            );
            self.context.shared.metrics.limit("broken_state");
        }
        self.metrics.restored(image.len() as u64);
        self.measure();
    }

    fn measure(&mut self) {
        self.next_deadline = self.operators.iter().filter_map(Operator::next_deadline).min();
        self.state_bytes = self.operators.iter().map(Operator::state_bytes).sum();
    }

    /// All entries of the image are void; the next drain does not know them, so they are removed one by one
    /// as soon as something is committed.
    fn forget<'k>(&mut self, keys: impl Iterator<Item = &'k Vec<u8>>) {
        self.raised = Raised { flags: 0, changed: true };
        self.void = keys.filter(|key| key.as_slice() != META).cloned().collect();
    }

    fn swap_rules(&mut self, rules: &Arc<RuleSet>, out: &mut dyn Emitter) {
        // Everything that changed so far reaches the changelog under the old rules.
        self.drain(out);
        self.raised.changed = true;
        let id = self.context.id;
        let operators = std::mem::take(&mut self.operators);
        let sides = std::mem::take(&mut self.sides);
        self.build(rules);
        self.rule_set = Arc::clone(rules);
        let mut key = Vec::new();
        for (old, side) in operators.iter().zip(&sides) {
            let kept = self.sides.iter().position(|new| new.fingerprint == side.fingerprint);
            let mut kept = kept.and_then(|at| self.operators.get_mut(at));
            old.export(&mut |entry, value| match &mut kept {
                Some(new) => {
                    let taken = new.restore(entry, value);
                    debug_assert!(taken.is_ok(), "an operator reads what its like wrote");
                }
                None => {
                    operator_key(&mut key, &side.fingerprint, entry);
                    out.state(id, &key, None);
                }
            });
            if let Some(new) = kept {
                let whole = new.finish_restore();
                debug_assert!(whole.is_ok(), "an export is whole");
            }
        }
        self.measure();
    }

    fn build(&mut self, rules: &RuleSet) {
        let settings = &self.context.shared.settings;
        for rule in rules.rules() {
            let evidence_max =
                settings.evidence_max.min(usize::try_from(rule.evidence).unwrap_or(usize::MAX));
            let limits =
                Limits { state_bytes_max: settings.state_bytes_max, evidence_max, ..Limits::default() };
            let built = operator(rule, settings.time.allowed_lateness, limits)
                .unwrap_or_else(|error| unreachable!("the loader refuses what operators refuse: {error}"));
            self.operators.push(built);
            self.sides.push(RuleSide::new(rule, self.context.shared.metrics.rule(&rule.id)));
        }
        let reaches = self.sides.iter().filter(|side| side.has_threshold).map(|side| side.reach);
        self.longest_reach = reaches.max().unwrap_or_default();
    }

    /// Moves tallies to the metrics.
    pub fn flush_tally(&mut self) {
        self.metrics.add(&mut self.tally);
        for side in &mut self.sides {
            if side.matches > 0 {
                side.metrics.matches.inc_by(std::mem::take(&mut side.matches));
            }
        }
    }

    /// What was counted since the last flush.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn show_state(&self) {
        self.metrics.state((self.state_bytes + self.context.evidence.bytes()) as u64, self.keys() as u64);
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds for a gauge")]
    fn show_lag(&self, wall_ms: i64, messages: Option<i64>) {
        let watermark_ms = self.watermark().0 / 1_000;
        let lag_ms = u64::try_from(wall_ms).unwrap_or(0).saturating_sub(watermark_ms);
        self.metrics.lag((watermark_ms > 0).then_some(lag_ms as f64 / 1e3), messages);
    }
}

fn counter(name: &str, value: usize) -> Measure<'_> {
    Measure { name, value: MeasureValue::Number(value as u64) }
}

/// Whether the reject is the work of a limit.
fn is_oversized(reason: Reason) -> bool {
    use Reason::{InflatedTooLarge, NestedTooDeep, TooLarge, TooManyEvents, TooManyLines};
    matches!(reason, TooLarge | TooManyLines | InflatedTooLarge | TooManyEvents | NestedTooDeep)
}

fn earliest(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn operator_key(key: &mut Vec<u8>, fingerprint: &[u8; 16], entry: &[u8]) {
    prefixed(key, &[OPERATOR], fingerprint);
    key.extend_from_slice(entry);
}

fn prefixed(key: &mut Vec<u8>, prefix: &[u8], rest: &[u8]) {
    key.clear();
    key.extend_from_slice(prefix);
    key.extend_from_slice(rest);
}

fn ms_to_time(ms: i64) -> Option<EventTime> {
    u64::try_from(ms).ok().map(|ms| EventTime(ms.saturating_mul(1_000)))
}

/// The name under which a record's stream is known: account, cluster and log stream (or HSM), and for
/// documents their kind, so that CloudTrail's delays hold back no HSM's records from being late or not.
fn stream_name(kind: Kind, origin: &Origin<'_>, name: &mut Vec<u8>) {
    name.clear();
    if kind != Kind::Audit {
        name.extend_from_slice(kind.as_str().as_bytes());
    }
    for part in [origin.account, origin.cluster, origin.hsm.or(origin.log_stream)] {
        name.push(b'/');
        name.extend_from_slice(part.unwrap_or_default());
    }
}
