//! What goes wrong with the input or the limits: rejects, and operational alerts.
//!
//! Each kind of operational alert is raised once in the life of a task's state; the metrics count every time.

use hsmstream_frame::Reject as FrameReject;
use hsmstream_output::{
    Measure, MeasureValue, Operational, OperationalKind, Output, Reject, Timestamp, operational_id, reject_id,
};
use hsmstream_record::Reason;
use hsmstream_window::{Limits, Operator};

use crate::core::{Core, ms_to_time};
use crate::emit::Emitter;

/// Operational alerts that were raised already; each is raised once in the life of a task's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raised {
    pub(crate) flags: u64,
    pub(crate) changed: bool,
}

impl Core {
    pub(crate) fn reject(&mut self, reject: &FrameReject<'_>, out: &mut dyn Emitter) {
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

    /// Tells of limits that cut something since the last call.
    pub(crate) fn report_limits(&mut self, out: &mut dyn Emitter) {
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

    pub(crate) fn enforce_state_limit(&mut self, out: &mut dyn Emitter) {
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

    /// Records are released before their time, since too many wait.
    pub(crate) fn report_order_limit(&mut self, out: &mut dyn Emitter) {
        self.context.shared.metrics.limit("order");
        let bytes_max = self.context.shared.settings.order_bytes_max;
        self.raise(
            OperationalKind::StateLimit,
            "records that wait for their turn in event-time order are over limits.order; the oldest were processed \
             before their time, so what comes later may change which record fires. Raise limits.order, or shorten \
             time.allowed_lateness.",
            &[counter("order_bytes_max", bytes_max)],
            out,
        );
    }

    pub(crate) fn keys(&self) -> usize {
        self.operators.iter().map(Operator::keys).sum()
    }

    pub(crate) fn raise(
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
}

fn counter(name: &str, value: usize) -> Measure<'_> {
    Measure { name, value: MeasureValue::Number(value as u64) }
}

/// Whether the reject is the work of a limit.
fn is_oversized(reason: Reason) -> bool {
    use Reason::{InflatedTooLarge, NestedTooDeep, TooLarge, TooManyEvents, TooManyLines};
    matches!(reason, TooLarge | TooManyLines | InflatedTooLarge | TooManyEvents | NestedTooDeep)
}
