//! The core of a task: from record to outputs.
//!
//! Per record: late or not (against its own stream) → watermark → timers that came due → rules that match
//! → operators. Late records reach plain rules only. In event-time order matched records wait on the way (see
//! `order`). A core does no framing, so that records can borrow from
//! the framer while the core works on them; the file runner and the rule tests drive one without a task.
//!
//! No allocation per record that matches nothing or only counts.

use std::sync::Arc;

use hsmstream_frame::Reject as FrameReject;
use hsmstream_record::{Kind, Origin, Record};
use hsmstream_rules::{MatchScratch, RuleIndex, RuleSet};
use hsmstream_window::{Contribution, EventTime, Limits, Operator, Span, Watermarks};

use crate::context::Context;
use crate::emit::Emitter;
use crate::evidence::{EvidenceLog, Kept, Position};
use crate::metrics::{Tally, TaskMetrics};
use crate::order::OrderBuffer;
use crate::ports::TaskId;
use crate::rule_state::{EventBuffers, RuleSide};
use crate::shared::{Order, Shared};
use crate::trouble::Raised;

/// The operators of all rules with their state, and everything that outputs are made of.
#[derive(Debug)]
pub struct Core {
    pub(crate) context: Context,
    pub(crate) rule_set: Arc<RuleSet>,
    /// One per rule, in the order of the set; `sides` describes them.
    pub(crate) operators: Vec<Operator>,
    pub(crate) sides: Vec<RuleSide>,
    pub(crate) scratch: MatchScratch,
    pub(crate) matched: Vec<RuleIndex>,
    pub(crate) buffers: EventBuffers,
    pub(crate) stream_name: Vec<u8>,
    /// Whether records are released in event-time order.
    pub(crate) is_ordered: bool,
    /// What waits for that; in order of arrival only what waited before the setting was changed.
    pub(crate) order: OrderBuffer,
    /// In event-time order the operators' watermark: everything older has been released.
    pub(crate) released_up_to: EventTime,
    pub(crate) next_deadline: Option<EventTime>,
    pub(crate) state_bytes: usize,
    pub(crate) longest_reach: Span,
    pub(crate) tally: Tally,
    pub(crate) metrics: TaskMetrics,
    pub(crate) raised: Raised,
    /// Some rule dropped keys because it had too many.
    pub(crate) crowded: bool,
    /// Changelog keys of a state that was dropped; removed with the next commit.
    pub(crate) void: Vec<Vec<u8>>,
    /// Where the record being processed stands.
    pub(crate) position: Position,
    pub(crate) kafka_ms: Option<i64>,
    pub(crate) now_ms: i64,
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
        let is_ordered = settings.order == Order::EventTime;
        let order = OrderBuffer::new(settings.order_bytes_max);
        let mut core = Self {
            context,
            rule_set: Arc::clone(rules),
            operators: Vec::new(),
            sides: Vec::new(),
            scratch: MatchScratch::default(),
            matched: Vec::new(),
            buffers: EventBuffers::default(),
            stream_name: Vec::new(),
            is_ordered,
            order,
            released_up_to: EventTime::ZERO,
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

    pub(crate) fn record(&mut self, record: &Record<'_>, out: &mut dyn Emitter) {
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
            if !self.is_ordered {
                self.run_timers(out);
            }
        }
        let mut matched = std::mem::take(&mut self.matched);
        self.rule_set.matches(record, &mut self.scratch, &mut matched);
        if !matched.is_empty() {
            match time {
                Some(time) if self.is_ordered && !self.context.late => {
                    self.order.push(time, self.position, self.kafka_ms, record);
                    self.tally.released_late += u64::from(time < self.released_up_to);
                }
                _ => self.apply(record, contribution, time.is_none(), &matched, out),
            }
        }
        self.matched = matched;
        if self.is_ordered || !self.order.is_empty() {
            self.release(out);
        }
    }

    pub(crate) fn apply(
        &mut self,
        record: &Record<'_>,
        contribution: Contribution,
        timeless: bool,
        matched: &[RuleIndex],
        out: &mut dyn Emitter,
    ) {
        let watermark = self.watermark();
        let held_from = watermark.minus(self.lateness());
        let current = (self.position, Kept::of(record));
        let mut kept = false;
        for index in matched {
            let at = usize::try_from(index.get()).unwrap_or(usize::MAX);
            let (Some(operator), Some(side)) = (self.operators.get_mut(at), self.sides.get_mut(at)) else {
                continue;
            };
            side.tally.matches += 1;
            let plain = matches!(operator, Operator::Plain(_));
            if (self.context.late || timeless) && !plain {
                continue;
            }
            if side.has_threshold && !kept {
                kept = true;
                let held = contribution.time.max(held_from);
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
        self.report_limits(out);
    }

    /// Runs the timers that the watermark has reached; in event-time order one time after the other, so that the
    /// outputs of different rules come in the order of their times, however far the watermark jumped.
    pub(crate) fn run_timers(&mut self, out: &mut dyn Emitter) {
        let watermark = self.watermark();
        while let Some(deadline) = self.next_deadline.filter(|deadline| *deadline <= watermark) {
            self.advance_to(if self.is_ordered { deadline } else { watermark }, out);
        }
    }

    /// The watermark that operators work with.
    pub(crate) fn watermark(&self) -> EventTime {
        if self.is_ordered {
            self.released_up_to
        } else {
            self.context.watermarks.watermark().unwrap_or(EventTime::ZERO)
        }
    }

    /// How long operators wait for late events: in event-time order the wait lies behind them.
    pub(crate) fn lateness(&self) -> Span {
        if self.is_ordered { Span::ZERO } else { self.context.shared.settings.time.allowed_lateness }
    }

    pub(crate) fn advance(&mut self, out: &mut dyn Emitter) {
        self.run_timers(out);
        self.advance_to(self.watermark(), out);
    }

    fn advance_to(&mut self, watermark: EventTime, out: &mut dyn Emitter) {
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
        let lateness = self.lateness();
        self.context.evidence.expire(watermark.minus(self.longest_reach).minus(lateness).0);
    }

    pub(crate) fn tick(&mut self, now_ms: i64, out: &mut dyn Emitter) {
        self.context.arrived_ms = None;
        self.context.late = false;
        self.context.watermarks.tick(now_ms);
        self.release_idle(now_ms, out);
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
        self.release_all(out);
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

    /// Moves tallies to the metrics.
    pub fn flush_tally(&mut self) {
        self.metrics.add(&mut self.tally);
        for (operator, side) in self.operators.iter().zip(&mut self.sides) {
            if side.tally.matches > 0 {
                side.metrics.add(&mut side.tally, operator.counters());
            }
        }
    }

    /// What was counted since the last flush.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn show_state(&self) {
        let bytes = self.state_bytes + self.context.evidence.bytes() + self.order.bytes();
        self.metrics.state(bytes as u64, self.keys() as u64, self.order.len() as u64);
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds for a gauge")]
    pub(crate) fn show_lag(&self, wall_ms: i64, messages: Option<i64>) {
        let watermark_ms = self.context.watermarks.watermark().map_or(0, |time| time.0 / 1_000);
        let lag_ms = u64::try_from(wall_ms).unwrap_or(0).saturating_sub(watermark_ms);
        self.metrics.lag((watermark_ms > 0).then_some(lag_ms as f64 / 1e3), messages);
    }
}

fn earliest(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

pub(crate) fn ms_to_time(ms: i64) -> Option<EventTime> {
    u64::try_from(ms).ok().map(|ms| EventTime(ms.saturating_mul(1_000)))
}

/// The name under which a record's stream is known: account, cluster and log stream (or HSM), and for
/// documents their kind, so that CloudTrail's delays hold back no HSM's records from being late or not.
pub(crate) fn stream_name(kind: Kind, origin: &Origin<'_>, name: &mut Vec<u8>) {
    name.clear();
    if kind != Kind::Audit {
        name.extend_from_slice(kind.as_str().as_bytes());
    }
    for part in [origin.account, origin.cluster, origin.hsm.or(origin.log_stream)] {
        name.push(b'/');
        name.extend_from_slice(part.unwrap_or_default());
    }
}
