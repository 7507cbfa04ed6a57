//! What a task's outputs are made of: positions, streams, evidence; and their making.
//!
//! Input: what an operator says (borrowed for the call). Output: alerts, closing updates and rollup rows
//! as `hsmstream-output` describes them, handed to the emitter.

use std::sync::Arc;

use hsmstream_output::{
    Alert, Closing, Evidence, Flags, GroupField, GroupValue, Measure, MeasureValue, Output,
    Position as Place, Raw, RecordIdentity, Rollup, Timestamp, alert_id, rollup_id,
};
use hsmstream_record::{Kind, Limits, Origin, parse};
use hsmstream_rules::key::{KeyValue, decode};
use hsmstream_window::{self as window, Contribution, EventTime, Watermarks};

use crate::emit::Emitter;
use crate::evidence::{EvidenceLog, Kept, Position};
use crate::ports::TaskId;
use crate::rule_state::RuleSide;
use crate::shared::Shared;

/// Everything of a task but its operators.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) id: TaskId,
    pub(crate) shared: Arc<Shared>,
    /// Names of sources by [`Contribution::source`]: the topic, or the input files.
    pub(crate) sources: Vec<String>,
    pub(crate) watermarks: Watermarks,
    pub(crate) evidence: EvidenceLog,
    /// Kafka timestamp of the message being processed.
    pub(crate) arrived_ms: Option<i64>,
    /// Whether the record being processed is late.
    pub(crate) late: bool,
}

impl Context {
    /// Publishes what an operator gave. `current` is the record being processed, whose text need not be in
    /// the evidence log.
    pub(crate) fn publish(
        &self,
        side: &RuleSide,
        output: &window::Output<'_>,
        current: Option<(Position, Kept<'_>)>,
        out: &mut dyn Emitter,
    ) {
        match output {
            window::Output::Firing(firing) => self.alert(side, firing, current, out),
            window::Output::Closing(closing) => self.closing(side, closing, out),
            window::Output::Row(row) => self.row(side, row, out),
        }
    }

    fn alert(
        &self,
        side: &RuleSide,
        firing: &window::Firing<'_>,
        current: Option<(Position, Kept<'_>)>,
        out: &mut dyn Emitter,
    ) {
        let group = group(side, firing.key);
        let (first, last) = (self.identity(side, &firing.first), self.identity(side, &firing.last));
        let shown = firing.evidence.iter().map(|contribution| self.shown(side, contribution, current));
        let evidence: Vec<Evidence<'_>> = shown.collect();
        let alert = Alert {
            id: alert_id(&side.info, &group, &first, &last, stamp(firing.fire_time)),
            rule: &side.info,
            group: &group,
            fire_time: stamp(firing.fire_time),
            count: firing.observed,
            threshold: side.has_threshold.then_some(firing.threshold),
            first: stamp(firing.first.time),
            last: stamp(firing.last.time),
            suppressed_before: firing.suppressed_before,
            evidence: &evidence,
            evidence_total: firing.evidence_total,
            actor: None,
            flags: Flags { late: self.late, capped: firing.capped, reopened: false },
        };
        side.metrics.alerts.inc();
        out.emit(&Output::Alert(alert), self.arrived_ms);
    }

    fn closing(&self, side: &RuleSide, closing: &window::Closing<'_>, out: &mut dyn Emitter) {
        let group = group(side, closing.key);
        let (first, last) = (self.identity(side, &closing.first), self.identity(side, &closing.last));
        let closing = Closing {
            id: alert_id(&side.info, &group, &first, &last, stamp(closing.fire_time)),
            rule: &side.info,
            group: &group,
            fire_time: stamp(closing.fire_time),
            first: stamp(closing.first.time),
            last: stamp(closing.last.time),
            suppressed: closing.suppressed,
        };
        out.emit(&Output::Closing(closing), None);
    }

    fn row(&self, side: &RuleSide, row: &window::Row<'_>, out: &mut dyn Emitter) {
        let group = group(side, row.key);
        let measures: Vec<Measure<'_>> = side
            .measure_names
            .iter()
            .zip(row.measures)
            .map(|(name, value)| Measure {
                name,
                value: value.map_or(MeasureValue::Absent, MeasureValue::Number),
            })
            .collect();
        let rollup = Rollup {
            id: rollup_id(
                &side.info.id,
                &group,
                side.rollup_window,
                stamp(row.start),
                row.reopened_at.map(stamp),
            ),
            rule: &side.info,
            group: &group,
            window_start: stamp(row.start),
            window_end: stamp(row.end),
            measures: &measures,
            complete: row.complete,
            revision: row.revision,
            retracted: row.retracted,
            reopened: row.reopened,
            capped: row.capped,
        };
        side.metrics.rows.inc();
        out.emit(&Output::Rollup(rollup), None);
    }

    /// A contribution as evidence: from the evidence log, or from the record at hand.
    fn shown<'c>(
        &'c self,
        side: &RuleSide,
        contribution: &Contribution,
        current: Option<(Position, Kept<'c>)>,
    ) -> Evidence<'c> {
        let position = position(contribution);
        let kept = match current {
            Some((at, kept)) if at == position => Some(kept),
            _ => self.evidence.find(position),
        };
        let audit = side.kind == Kind::Audit;
        let unlimited =
            Limits { frame_bytes_max: usize::MAX, frame_lines_max: u32::MAX, ..Limits::default() };
        let parsed = kept.filter(|_| audit).and_then(|kept| parse(kept.raw, &unlimited).ok());
        Evidence {
            position: self.place(contribution),
            origin: kept.map_or_else(Origin::default, |kept| kept.origin()),
            reboot: audit.then_some(contribution.reboot),
            sequence: audit.then_some(contribution.sequence),
            time: Some(stamp(contribution.time)),
            opcode: parsed.and_then(|record| record.opcode),
            user: parsed.and_then(|record| record.user.name),
            raw: kept.map_or(Raw::NotHeld, |kept| kept.shown()),
        }
    }

    pub(crate) fn place(&self, contribution: &Contribution) -> Place<'_> {
        self.place_at(position(contribution))
    }

    pub(crate) fn place_at(&self, position: Position) -> Place<'_> {
        let topic = usize::try_from(position.source).ok().and_then(|source| self.sources.get(source));
        Place {
            topic: topic.map_or_else(|| self.shared.topic(self.id), String::as_str),
            partition: i32::try_from(self.id.partition).unwrap_or(i32::MAX),
            offset: position.offset,
            index: position.index,
        }
    }

    fn identity<'c>(&'c self, side: &RuleSide, contribution: &Contribution) -> RecordIdentity<'c> {
        if side.kind == Kind::Audit {
            RecordIdentity::Sequenced {
                stream: self.watermarks.name(contribution.stream).unwrap_or_default(),
                reboot: contribution.reboot,
                sequence: contribution.sequence,
            }
        } else {
            RecordIdentity::Positioned(self.place(contribution))
        }
    }
}

fn position(contribution: &Contribution) -> Position {
    Position { source: contribution.source, offset: contribution.offset, index: contribution.index }
}

pub(crate) fn stamp(time: EventTime) -> Timestamp {
    Timestamp::from_micros(time.0)
}

/// The group key with its field names. A key that does not decode shows what could be read; it was written
/// by this process or checked when it was restored.
fn group<'k>(side: &'k RuleSide, key: &'k [u8]) -> Vec<GroupField<'k>> {
    let values = decode(key).map_while(Result::ok).map(|value| match value {
        KeyValue::Missing => GroupValue::Missing,
        KeyValue::Bool(true) => GroupValue::Lexeme(b"true"),
        KeyValue::Bool(false) => GroupValue::Lexeme(b"false"),
        KeyValue::Number(number) => GroupValue::Number(number),
        KeyValue::Decimal(text) => GroupValue::Lexeme(text.as_bytes()),
        KeyValue::Text(text) => GroupValue::Text(text.as_bytes()),
    });
    side.group_names.iter().zip(values).map(|(name, value)| GroupField { name, value }).collect()
}
