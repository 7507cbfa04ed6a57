//! The flat form: one object a line, names as in the rule files and the record view.
//!
//! The structs below are the documents; their order is the order on the wire. Absent means absent, except
//! a group's missing value (null) and the threshold of an operator that has none (null).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_record::Origin;
use serde::Serialize;

use crate::id::hex_digit;
use crate::wire::{Fit, Group, IdText, Measures, Rfc3339, Text};
use crate::{
    Actor, Alert, Closing, Cut, Evidence, Operational, Position, REJECT_RAW_BYTES_MAX, Raw, Reject, Rollup,
};

#[derive(Debug, Serialize)]
pub(crate) struct AlertDocument<'a> {
    r#type: &'static str,
    id: IdText,
    rule: Text<'a>,
    title: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    severity: &'static str,
    stage: &'static str,
    attack: Vec<Text<'a>>,
    operator: &'static str,
    group: Group<'a>,
    fire_time: Rfc3339,
    count: u64,
    threshold: Option<u64>,
    first: Rfc3339,
    last: Rfc3339,
    suppressed_before: u64,
    late: bool,
    capped: bool,
    reopened: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ActorDocument<'a>>,
    evidence: Vec<EvidenceDocument<'a>>,
    evidence_total: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<Text<'a>>,
    rule_hash: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    truncated: &'static [&'static str],
}

/// Who was logged in.
#[derive(Debug, Serialize)]
pub(crate) struct ActorDocument<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<Text<'a>>,
    how: &'static str,
}

/// One event behind an alert.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceDocument<'a> {
    #[serde(flatten)]
    position: PositionDocument<'a>,
    #[serde(flatten)]
    origin: OriginDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reboot: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opcode: Option<Text<'a>>,
    #[serde(rename = "user.name", skip_serializing_if = "Option::is_none")]
    user: Option<Text<'a>>,
    raw_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
struct PositionDocument<'a> {
    topic: Text<'a>,
    partition: i32,
    offset: i64,
    index: u32,
}

#[derive(Debug, Serialize)]
struct OriginDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_stream: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hsm: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_timestamp: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ClosingDocument<'a> {
    r#type: &'static str,
    id: IdText,
    rule: Text<'a>,
    group: Group<'a>,
    fire_time: Rfc3339,
    suppressed: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    truncated: &'static [&'static str],
}

#[derive(Debug, Serialize)]
pub(crate) struct RollupDocument<'a> {
    r#type: &'static str,
    id: IdText,
    rule: Text<'a>,
    group: Group<'a>,
    window_start: Rfc3339,
    window_end: Rfc3339,
    measures: Measures<'a>,
    complete: bool,
    revision: u32,
    retracted: bool,
    reopened: bool,
    capped: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    truncated: &'static [&'static str],
}

#[derive(Debug, Serialize)]
pub(crate) struct RejectDocument<'a> {
    r#type: &'static str,
    id: IdText,
    reason: &'static str,
    offset: u32,
    message_offset: u64,
    length: u64,
    raw: String,
    raw_truncated: bool,
    #[serde(flatten)]
    origin: OriginDocument<'a>,
    position: PositionDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<Rfc3339>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    truncated: &'static [&'static str],
}

#[derive(Debug, Serialize)]
pub(crate) struct OperationalDocument<'a> {
    r#type: &'static str,
    id: IdText,
    kind: &'static str,
    message: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_occurrence: Option<Rfc3339>,
    counters: Measures<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    truncated: &'static [&'static str],
}

pub(crate) fn alert<'a>(alert: &Alert<'a>, fit: Fit) -> AlertDocument<'a> {
    let rule = alert.rule;
    AlertDocument {
        r#type: "alert",
        id: IdText(alert.id),
        rule: fit.str(&rule.id),
        title: fit.str(&rule.title),
        description: rule.description.as_deref().map(|text| fit.str(text)),
        severity: rule.severity.as_str(),
        stage: rule.stage.as_str(),
        attack: fit.texts(&rule.attack),
        operator: rule.kind.as_str(),
        group: Group { fields: alert.group, fit },
        fire_time: Rfc3339(alert.fire_time),
        count: alert.count,
        threshold: alert.threshold,
        first: Rfc3339(alert.first),
        last: Rfc3339(alert.last),
        suppressed_before: alert.suppressed_before,
        late: alert.flags.late,
        capped: alert.flags.capped,
        reopened: alert.flags.reopened,
        actor: alert.actor.map(|it| actor(&it, fit)),
        evidence: shown_evidence(alert.evidence, fit).map(|it| evidence(it, fit)).collect(),
        evidence_total: alert.evidence_total,
        references: fit.texts(&rule.references),
        author: rule.author.as_deref().map(|text| fit.str(text)),
        license: rule.license.as_deref().map(|text| fit.str(text)),
        rule_hash: hex(&rule.content_hash),
        truncated: fit.cut.marks(),
    }
}

pub(crate) fn closing<'a>(closing: &Closing<'a>, fit: Fit) -> ClosingDocument<'a> {
    ClosingDocument {
        r#type: "closing",
        id: IdText(closing.id),
        rule: fit.str(&closing.rule.id),
        group: Group { fields: closing.group, fit },
        fire_time: Rfc3339(closing.fire_time),
        suppressed: closing.suppressed,
        truncated: fit.cut.marks(),
    }
}

pub(crate) fn rollup<'a>(rollup: &Rollup<'a>, fit: Fit) -> RollupDocument<'a> {
    RollupDocument {
        r#type: "rollup",
        id: IdText(rollup.id),
        rule: fit.str(&rollup.rule.id),
        group: Group { fields: rollup.group, fit },
        window_start: Rfc3339(rollup.window_start),
        window_end: Rfc3339(rollup.window_end),
        measures: Measures { measures: rollup.measures, fit },
        complete: rollup.complete,
        revision: rollup.revision,
        retracted: rollup.retracted,
        reopened: rollup.reopened,
        capped: rollup.capped,
        truncated: fit.cut.marks(),
    }
}

pub(crate) fn reject<'a>(reject: &Reject<'a>, fit: Fit) -> RejectDocument<'a> {
    let raw = reject.raw.get(..REJECT_RAW_BYTES_MAX).unwrap_or(reject.raw);
    let held = u64::try_from(raw.len()).unwrap_or(u64::MAX);
    RejectDocument {
        r#type: "reject",
        id: IdText(reject.id),
        reason: reject.reason.as_str(),
        offset: reject.offset,
        message_offset: reject.message_offset,
        length: reject.length.max(held),
        raw: STANDARD.encode(raw),
        raw_truncated: held < reject.length,
        origin: origin(&reject.origin, fit),
        position: position(&reject.position, fit),
        first_seen: reject.first_seen.map(Rfc3339),
        truncated: fit.cut.marks(),
    }
}

pub(crate) fn operational<'a>(it: &Operational<'a>, fit: Fit) -> OperationalDocument<'a> {
    OperationalDocument {
        r#type: "operational",
        id: IdText(it.id),
        kind: it.kind.as_str(),
        message: fit.str(it.message),
        rule: it.rule.map(|rule| fit.str(rule)),
        position: it.position.map(|at| position(&at, fit)),
        first_occurrence: it.first_occurrence.map(Rfc3339),
        counters: Measures { measures: it.counters, fit },
        truncated: fit.cut.marks(),
    }
}

/// The events that a document of this measure shows.
pub(crate) fn shown_evidence<'a>(
    evidence: &'a [Evidence<'a>],
    fit: Fit,
) -> impl Iterator<Item = &'a Evidence<'a>> {
    let last = evidence.len().saturating_sub(1);
    let all = fit.cut < Cut::Evidence;
    evidence
        .iter()
        .enumerate()
        .filter_map(move |(index, it)| (all || index == 0 || index == last).then_some(it))
}

pub(crate) fn evidence<'a>(it: &Evidence<'a>, fit: Fit) -> EvidenceDocument<'a> {
    let (raw_state, raw_length, raw) = match it.raw {
        Raw::NotHeld => ("not_held", None, None),
        Raw::Whole(_) | Raw::Cut { .. } if fit.cut >= Cut::Raw => ("dropped", None, None),
        Raw::Whole(bytes) => ("whole", None, Some(fit.text(bytes))),
        Raw::Cut { bytes, length } => ("cut", Some(length), Some(fit.text(bytes))),
    };
    EvidenceDocument {
        position: position(&it.position, fit),
        origin: origin(&it.origin, fit),
        reboot: it.reboot,
        sequence: it.sequence,
        time: it.time.map(Rfc3339),
        opcode: it.opcode.map(|text| fit.text(text)),
        user: it.user.map(|text| fit.text(text)),
        raw_state,
        raw_length,
        raw,
    }
}

pub(crate) fn actor<'a>(it: &Actor<'a>, fit: Fit) -> ActorDocument<'a> {
    ActorDocument {
        name: fit.text(it.name),
        r#type: it.user_type.map(|text| fit.text(text)),
        how: it.how.as_str(),
    }
}

fn position<'a>(it: &Position<'a>, fit: Fit) -> PositionDocument<'a> {
    PositionDocument { topic: fit.str(it.topic), partition: it.partition, offset: it.offset, index: it.index }
}

fn origin<'a>(it: &Origin<'a>, fit: Fit) -> OriginDocument<'a> {
    let text = |bytes: Option<&'a [u8]>| bytes.map(|bytes| fit.text(bytes));
    OriginDocument {
        account: text(it.account),
        log_group: text(it.log_group),
        log_stream: text(it.log_stream),
        cluster: text(it.cluster),
        hsm: text(it.hsm),
        event_id: text(it.event_id),
        event_timestamp: it.event_timestamp_ms,
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(|it| char::from(hex_digit(it))).collect()
}
