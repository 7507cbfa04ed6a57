//! Records and alerts to JSON: the canonical view, alerts in both forms, beside a copy of the records.
//!
//! Every record is printed as it is, and as an alert whose evidence it is; real alerts are rarer and carry more
//! evidence.

use super::scan::copy;
use super::{Corpus, Error, Group, Take};
use crate::buffer::Buffer;
use crate::rounds::Job;
use core::hint::black_box;
use hsmstream_output::{
    Alert, AlertFormat, Encoder, Evidence, Flags, GroupField, GroupValue, OcsfVersion, OperatorKind,
    Position, Raw, RecordIdentity, RuleInfo, Severity, Stage as RuleStage, Timestamp, alert_id,
};
use hsmstream_record::{Audit, Body, Limits, Origin, Record, parse};

/// Alerts are larger than records by an order of magnitude.
const RECORDS_MAX: usize = 100_000;

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let buffer = &corpus.buffer.first(RECORDS_MAX);
    let rule = rule();
    let ocsf = AlertFormat::Ocsf { version: OcsfVersion::V1_8_0 };
    let jobs = vec![
        views(buffer),
        alerts("alert with one record, flat", buffer, &rule, AlertFormat::Flat),
        alerts("alert with one record, OCSF", buffer, &rule, ocsf),
        copy(buffer),
    ];
    take(Group { unit: "document", ..Group::of_records("JSON written, GB/s of record text", buffer, jobs) })
}

const ORIGIN: Origin<'static> = Origin {
    account: Some(b"111122223333"),
    log_group: Some(b"/aws/cloudhsm/cluster-likphkxygsn"),
    log_stream: Some(b"hsm-nwbbiqbj4jk"),
    cluster: Some(b"cluster-likphkxygsn"),
    hsm: Some(b"hsm-nwbbiqbj4jk"),
    event_id: None,
    event_timestamp_ms: None,
};

/// The view of each record; counts them.
fn views(buffer: &Buffer) -> Job<'_> {
    let mut out = Vec::new();
    Job::new("record view", buffer.len() as u64, move || {
        each(buffer, |audit| {
            out.clear();
            Record { origin: ORIGIN, body: Body::Audit(*audit) }.write_view(&mut out);
            u64::from(is_object(&out))
        })
    })
}

fn alerts<'a>(name: &'a str, buffer: &'a Buffer, rule: &'a RuleInfo, format: AlertFormat) -> Job<'a> {
    let encoder = Encoder::new(format);
    let mut out = Vec::new();
    let group =
        ["cluster", "hsm"].map(|name| GroupField { name, value: GroupValue::Text(b"cluster-likphkxygsn") });
    Job::new(name, buffer.len() as u64, move || {
        each(buffer, |audit| {
            out.clear();
            let _cut = encoder.alert(&alert(audit, rule, &group, &evidence(audit)), &mut out);
            u64::from(is_object(&out))
        })
    })
}

fn each(buffer: &Buffer, mut encode: impl FnMut(&Audit<'_>) -> u64) -> u64 {
    let limits = Limits::default();
    buffer.frames().filter_map(|frame| parse(frame, &limits).ok()).map(|audit| encode(&audit)).sum()
}

fn is_object(json: &[u8]) -> bool {
    black_box(json).starts_with(b"{") && json.ends_with(b"}")
}

fn evidence<'a>(audit: &Audit<'a>) -> [Evidence<'a>; 1] {
    [Evidence {
        position: Position { topic: "cloudhsm-audit", partition: 0, offset: 0, index: 0 },
        origin: ORIGIN,
        reboot: audit.reboot,
        sequence: Some(audit.sequence),
        time: Some(Timestamp::from_micros(audit.usecs)),
        opcode: audit.opcode,
        user: audit.user.name,
        raw: Raw::Whole(audit.raw.bytes()),
    }]
}

fn alert<'a>(
    audit: &Audit<'_>,
    rule: &'a RuleInfo,
    group: &'a [GroupField<'a>],
    evidence: &'a [Evidence<'a>],
) -> Alert<'a> {
    let time = Timestamp::from_micros(audit.usecs);
    let stream = ORIGIN.log_stream.unwrap_or_default();
    let (reboot, sequence) = (audit.reboot.unwrap_or(0), audit.sequence);
    let record = RecordIdentity::Sequenced { stream, reboot, sequence };
    Alert {
        id: alert_id(rule, group, &record, &record, time),
        rule,
        group,
        fire_time: time,
        count: 5,
        threshold: Some(5),
        first: time,
        last: time,
        suppressed_before: 0,
        evidence,
        evidence_total: 5,
        actor: None,
        flags: Flags::default(),
    }
}

fn rule() -> RuleInfo {
    RuleInfo {
        id: "login-failures-per-session".to_owned(),
        title: "Repeated wrong passwords in one session".to_owned(),
        description: Some(
            "Five logins with a wrong password on one connection inside two minutes.".to_owned(),
        ),
        severity: Severity::High,
        stage: RuleStage::Production,
        attack: vec!["T1110.001".to_owned()],
        references: Vec::new(),
        author: None,
        license: None,
        content_hash: [7; 32],
        kind: OperatorKind::Threshold,
    }
}
