//! One plain example of every output, shared by the tests.

use hsmstream_output::*;
use hsmstream_record::{Origin, Reason};
use serde_json::Value;

pub(crate) const ALL_FORMATS: [AlertFormat; 3] = [
    AlertFormat::Flat,
    AlertFormat::Ocsf { version: OcsfVersion::V1_8_0 },
    AlertFormat::Ocsf { version: OcsfVersion::V1_1_0 },
];

pub(crate) const RAW: &[u8] = b"Time: 03/02/26 10:02:00.000000, usecs:1772445720000000\n\
Sequence No : 0x1d\nReboot counter : 0x107\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
Opcode : CN_LOGIN (0xd)\nSession Handle : 0xc008002\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\n\
Log type : MGMT_USER_DETAILS_LOG (2)\nUser Name : mallory\nUser Type : CN_CRYPTO_USER (1)";

pub(crate) fn rule() -> RuleInfo {
    RuleInfo {
        id: "login-failures-per-session".to_owned(),
        title: "Repeated failed logins in one session".to_owned(),
        description: Some("Five failed logins on one connection within two minutes.".to_owned()),
        severity: Severity::High,
        stage: Stage::Production,
        attack: vec!["T1110.001".to_owned(), "TA0006".to_owned(), "CAPEC-49".to_owned()],
        references: vec!["https://example.org/hsm-logins".to_owned()],
        author: Some("Jane Doe".to_owned()),
        license: Some("DRL-1.1".to_owned()),
        content_hash: [0x9f; 32],
        kind: OperatorKind::Threshold,
    }
}

pub(crate) fn time(usecs_after: u64) -> Timestamp {
    Timestamp::from_micros(1_772_445_600_000_000 + usecs_after)
}

pub(crate) const GROUP: [GroupField<'static>; 3] = [
    GroupField { name: "hsm", value: GroupValue::Text(b"hsm-nwbbiqbj4jk") },
    GroupField { name: "connection", value: GroupValue::Text(b"0xc008") },
    GroupField { name: "user.name", value: GroupValue::Missing },
];

pub(crate) fn position(offset: i64) -> Position<'static> {
    Position { topic: "hsm.audit", partition: 3, offset, index: 0 }
}

pub(crate) fn origin() -> Origin<'static> {
    Origin {
        account: Some(b"111122223333"),
        log_group: Some(b"/aws/cloudhsm/cluster-likphkxygsn"),
        log_stream: Some(b"hsm-nwbbiqbj4jk"),
        cluster: Some(b"cluster-likphkxygsn"),
        hsm: Some(b"hsm-nwbbiqbj4jk"),
        event_id: None,
        event_timestamp_ms: Some(1_772_445_720_004),
    }
}

pub(crate) fn evidence() -> Vec<Evidence<'static>> {
    let at = |offset, sequence, usecs, raw| Evidence {
        position: position(offset),
        origin: origin(),
        reboot: Some(263),
        sequence: Some(sequence),
        time: Some(time(usecs)),
        opcode: Some(b"CN_LOGIN"),
        user: Some(b"mallory"),
        raw,
    };
    vec![
        at(1042, 25, 0, Raw::NotHeld),
        at(1049, 26, 30_000_000, Raw::Cut { bytes: &RAW[..54], length: 378 }),
        at(1063, 29, 120_000_000, Raw::Whole(RAW)),
    ]
}

pub(crate) fn sequenced(sequence: u64) -> RecordIdentity<'static> {
    RecordIdentity::Sequenced { stream: b"hsm-nwbbiqbj4jk", reboot: 263, sequence }
}

pub(crate) fn alert<'a>(rule: &'a RuleInfo, evidence: &'a [Evidence<'a>]) -> Alert<'a> {
    Alert {
        id: alert_id(rule, &GROUP, &sequenced(25), &sequenced(29), time(0)),
        rule,
        group: &GROUP,
        fire_time: time(120_000_000),
        count: 5,
        threshold: Some(5),
        first: time(0),
        last: time(120_000_000),
        suppressed_before: 2,
        evidence,
        evidence_total: 5,
        actor: Some(Actor { name: b"mallory", user_type: Some(b"CN_CRYPTO_USER"), how: Attribution::Record }),
        flags: Flags::default(),
    }
}

pub(crate) fn closing(rule: &RuleInfo) -> Closing<'_> {
    Closing {
        id: alert_id(rule, &GROUP, &sequenced(25), &sequenced(29), time(0)),
        rule,
        group: &GROUP,
        fire_time: time(120_000_000),
        first: time(0),
        last: time(120_000_000),
        suppressed: 7,
    }
}

const MEASURES: [Measure<'static>; 3] = [
    Measure { name: "events", value: MeasureValue::Number(4) },
    Measure { name: "low", value: MeasureValue::Absent },
    Measure { name: "codes", value: MeasureValue::Number(532) },
];

pub(crate) fn rollup(rule: &RuleInfo) -> Rollup<'_> {
    Rollup {
        id: rollup_id(&rule.id, &GROUP, Window::Tumbling { size_usecs: 60_000_000 }, time(0), None),
        rule,
        group: &GROUP,
        window_start: time(0),
        window_end: time(60_000_000),
        measures: &MEASURES,
        complete: true,
        revision: 1,
        retracted: false,
        reopened: false,
        capped: false,
    }
}

pub(crate) fn reject() -> Reject<'static> {
    Reject {
        id: reject_id(&position(1070), 17),
        reason: Reason::BadTime,
        offset: 6,
        message_offset: 17,
        raw: b"Time: yesterday",
        length: 15,
        origin: origin(),
        position: position(1070),
        first_seen: Timestamp::from_kafka_millis(1_772_445_600_123),
    }
}

const COUNTERS: [Measure<'static>; 2] = [
    Measure { name: "keys_dropped", value: MeasureValue::Number(1) },
    Measure { name: "state_bytes", value: MeasureValue::Number(1 << 30) },
];

pub(crate) fn operational() -> Operational<'static> {
    Operational {
        id: operational_id(OperationalKind::StateLimit, None, Some(&position(99))),
        kind: OperationalKind::StateLimit,
        message: "the state of task hsm.audit-3 reached 1 GiB; its oldest keys are dropped",
        rule: None,
        position: Some(position(99)),
        first_occurrence: Some(time(0)),
        counters: &COUNTERS,
    }
}

/// Every output of the examples, with the name that its golden file bears.
pub(crate) fn each(check: &mut dyn FnMut(&str, AlertFormat, Output<'_>)) {
    let rule = rule();
    let evidence = evidence();
    for (name, format) in ["flat", "ocsf-1.8.0", "ocsf-1.1.0"].into_iter().zip(ALL_FORMATS) {
        check(&format!("alert-{name}"), format, Output::Alert(alert(&rule, &evidence)));
        check(&format!("closing-{name}"), format, Output::Closing(closing(&rule)));
    }
    check("rollup", AlertFormat::Flat, Output::Rollup(rollup(&rule)));
    check("reject", AlertFormat::Flat, Output::Reject(reject()));
    check("operational", AlertFormat::Flat, Output::Operational(operational()));
}

/// The document of an output and what was left out of it.
pub(crate) fn encoded(encoder: Encoder, output: &Output<'_>) -> (Cut, Vec<u8>, Value) {
    let mut bytes = Vec::new();
    let cut = encoder.output(output, &mut bytes);
    let document = serde_json::from_slice(&bytes).unwrap();
    (cut, bytes, document)
}

/// The document of an output in one form.
pub(crate) fn document(format: AlertFormat, output: &Output<'_>) -> Value {
    encoded(Encoder::new(format), output).2
}
