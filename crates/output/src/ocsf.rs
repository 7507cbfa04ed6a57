//! OCSF Detection Finding, class 2004, with the cloud profile, for OCSF 1.8.0 and 1.1.0.
//!
//! | our value | OCSF |
//! |---|---|
//! | alert, closing update | activity 1 Create, 2 Update with the same `finding_info.uid` |
//! | event id (`ce_id`) | `metadata.uid` |
//! | fire time | `time`, `finding_info.created_time`, in ms; never the wall clock, so a replay gives the same bytes |
//! | first, last | `start_time`/`end_time`, `finding_info.first_seen_time`/`last_seen_time`, in ms |
//! | severity | `severity_id` 1 informational, 2 low, 3 medium, 4 high, 5 critical |
//! | rule | `finding_info.analytic` (type 1 Rule; version = content hash), `title`, `desc` |
//! | ATT&CK ids | `finding_info.attacks`; an id of another form only under `unmapped` |
//! | author, licence | `finding_info.tags` (1.8.0), and `unmapped.hsmstream` |
//! | evidence | `evidences[].data` in the flat form, user as `actor.user`; `finding_info.related_events` |
//! | account | `cloud.account`, if the group or all shown events agree on one |
//! | clusters, HSMs | `resources`, each an observable |
//! | users | observables of type 4 |
//! | all else, times in µs | `unmapped.hsmstream` |
//!
//! Attributes of 1.8.0 that 1.1.0 lacks: `is_alert`, `metadata.is_truncated`, `metadata.untruncated_size`,
//! `finding_info.tags`, `finding_info.related_events_count`.
//!
//! Left out although recommended, because nothing true can be said: `status_code`, `cloud.region`,
//! `tenant_uid`, `reporter`, names of tactics and techniques, the version of ATT&CK.
//!
//! Source: `events/findings/detection_finding.json` and `objects/` of ocsf-schema 1.8.0 and 1.1.0.

mod document;
mod subjects;

use document::{
    Account, Analytic, Attack, Document, FindingInfo, Metadata, Named, Product, RelatedEvent, Tag, Unmapped,
};
use subjects::Subjects;

use crate::flat::{actor, hex, shown_evidence};
use crate::wire::{Cut, Fit, Group, IdText, Rfc3339};
use crate::{Alert, Closing, OcsfVersion, Output, RuleInfo, Timestamp};

pub(crate) fn alert<'a>(alert: &Alert<'a>, version: OcsfVersion, fit: Fit) -> Document<'a> {
    let subjects = Subjects::of(alert.group, alert.evidence, fit);
    let mut document = document(
        Activity {
            id: 1,
            name: "Create",
            type_uid: 200_401,
            type_name: "Detection Finding: Create",
            output: Output::Alert(*alert),
            first: alert.first,
            last: alert.last,
        },
        alert.rule,
        version,
        fit,
    );
    let info = &mut document.finding_info;
    let related = || shown_evidence(alert.evidence, fit);
    info.data_sources = subjects.topics;
    info.related_events_count = current(version).then_some(clamp(alert.evidence_total));
    info.related_events = related().map(|it| RelatedEvent::of(&it.position, fit)).collect();
    document.message = alert.summary();
    document.cloud.account = subjects.account.map(Account::of_aws);
    document.resources = subjects.resources;
    document.evidences = subjects.evidences;
    document.observables = subjects.observables;
    document.unmapped.hsmstream = Unmapped {
        r#type: "alert",
        group: Group { fields: alert.group, fit },
        count: Some(alert.count),
        threshold: alert.threshold,
        suppressed_before: Some(alert.suppressed_before),
        late: Some(alert.flags.late),
        capped: Some(alert.flags.capped),
        reopened: Some(alert.flags.reopened),
        actor: alert.actor.map(|it| actor(&it, fit)),
        evidence_total: Some(alert.evidence_total),
        suppressed: None,
        ..document.unmapped.hsmstream
    };
    document
}

pub(crate) fn closing<'a>(closing: &Closing<'a>, version: OcsfVersion, fit: Fit) -> Document<'a> {
    let subjects = Subjects::of(closing.group, &[], fit);
    let mut document = document(
        Activity {
            id: 2,
            name: "Update",
            type_uid: 200_402,
            type_name: "Detection Finding: Update",
            output: Output::Closing(*closing),
            first: closing.first,
            last: closing.last,
        },
        closing.rule,
        version,
        fit,
    );
    document.message = closing.summary();
    document.status_detail =
        Some("its silence is over; unmapped.hsmstream.suppressed counts further firings");
    document.cloud.account = subjects.account.map(Account::of_aws);
    document.resources = subjects.resources;
    document.observables = subjects.observables;
    document.unmapped.hsmstream = Unmapped {
        r#type: "closing",
        group: Group { fields: closing.group, fit },
        suppressed: Some(closing.suppressed),
        ..document.unmapped.hsmstream
    };
    document
}

/// What differs between the two activities.
struct Activity<'a> {
    id: u8,
    name: &'static str,
    type_uid: u32,
    type_name: &'static str,
    output: Output<'a>,
    first: Timestamp,
    last: Timestamp,
}

/// The parts that an alert and its update share.
fn document<'a>(activity: Activity<'a>, rule: &'a RuleInfo, version: OcsfVersion, fit: Fit) -> Document<'a> {
    let (severity_id, severity) = rule.severity.ocsf();
    let fire_time = activity.output.time().unwrap_or(activity.last);
    Document {
        metadata: metadata(&activity, version, fit),
        category_uid: 2,
        category_name: "Findings",
        class_uid: 2004,
        class_name: "Detection Finding",
        activity_id: activity.id,
        activity_name: activity.name,
        type_uid: activity.type_uid,
        type_name: activity.type_name,
        time: fire_time.millis(),
        timezone_offset: 0,
        start_time: activity.first.millis(),
        end_time: activity.last.millis(),
        severity_id,
        severity,
        status_id: 1,
        status: "New",
        status_detail: None,
        confidence_id: 0,
        confidence: "Unknown",
        is_alert: current(version).then_some(activity.id == 1),
        message: String::new(),
        finding_info: finding_info(&activity, rule, version, fit),
        cloud: document::Cloud { provider: "AWS", account: None },
        resources: Vec::new(),
        evidences: Vec::new(),
        observables: Vec::new(),
        unmapped: document::UnmappedOf { hsmstream: unmapped(&activity, rule, fit) },
    }
}

fn metadata<'a>(activity: &Activity<'a>, version: OcsfVersion, fit: Fit) -> Metadata {
    let is_truncated = current(version) && fit.cut != Cut::Nothing;
    Metadata {
        version: version.as_str(),
        product: Product { name: "hsmstream", vendor_name: "hsmstream", version: env!("CARGO_PKG_VERSION") },
        profiles: ["cloud"],
        uid: activity.output.event_id(),
        log_name: activity.output.channel().as_str(),
        original_time: Rfc3339(activity.last),
        is_truncated: is_truncated.then_some(true),
        untruncated_size: fit.untruncated_bytes.filter(|_| is_truncated),
    }
}

fn finding_info<'a>(
    activity: &Activity<'a>,
    rule: &'a RuleInfo,
    version: OcsfVersion,
    fit: Fit,
) -> FindingInfo<'a> {
    let fire_time = activity.output.time().unwrap_or(activity.last);
    let tag =
        |name, value: &'a Option<String>| value.as_deref().map(|it| Tag { name, values: [fit.str(it)] });
    let tags = [tag("rule_author", &rule.author), tag("rule_license", &rule.license)];
    FindingInfo {
        uid: IdText(activity.output.id()),
        title: fit.str(&rule.title),
        desc: rule.description.as_deref().map(|text| fit.str(text)),
        created_time: fire_time.millis(),
        first_seen_time: activity.first.millis(),
        last_seen_time: activity.last.millis(),
        types: [rule.kind.as_str()],
        analytic: Analytic {
            type_id: 1,
            r#type: "Rule",
            uid: fit.str(&rule.id),
            name: fit.str(&rule.title),
            version: format!("sha256:{}", hex(&rule.content_hash)),
            category: rule.kind.as_str(),
        },
        attacks: fit.list(&rule.attack).iter().filter_map(|id| attack(id)).collect(),
        data_sources: Vec::new(),
        related_events_count: None,
        related_events: Vec::new(),
        tags: tags.into_iter().flatten().filter(|_| current(version)).collect(),
    }
}

fn unmapped<'a>(activity: &Activity<'a>, rule: &'a RuleInfo, fit: Fit) -> Unmapped<'a> {
    let fire_time = activity.output.time().unwrap_or(activity.last);
    let other_ids = fit.list(&rule.attack).iter().filter(|id| attack(id).is_none());
    Unmapped {
        r#type: "alert",
        stage: rule.stage.as_str(),
        group: Group { fields: &[], fit },
        fire_time: Rfc3339(fire_time),
        first: Rfc3339(activity.first),
        last: Rfc3339(activity.last),
        count: None,
        threshold: None,
        suppressed_before: None,
        suppressed: None,
        late: None,
        capped: None,
        reopened: None,
        actor: None,
        evidence_total: None,
        attack: other_ids.map(|id| fit.str(id)).collect(),
        references: fit.texts(&rule.references),
        author: rule.author.as_deref().map(|text| fit.str(text)),
        license: rule.license.as_deref().map(|text| fit.str(text)),
        truncated: fit.cut.marks(),
    }
}

/// `TA0006` is a tactic, `T1110` a technique, `T1110.001` a technique with a sub-technique.
fn attack(id: &str) -> Option<Attack<'_>> {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if id.strip_prefix("TA").is_some_and(|rest| digits(rest, 4)) {
        return Some(Attack { tactic: Some(Named { uid: id }), technique: None, sub_technique: None });
    }
    let (technique, sub) = id.split_once('.').map_or((id, None), |(technique, sub)| (technique, Some(sub)));
    let is_technique = technique.strip_prefix('T').is_some_and(|rest| digits(rest, 4));
    if !is_technique || sub.is_some_and(|sub| !digits(sub, 3)) {
        return None;
    }
    Some(Attack {
        tactic: None,
        technique: Some(Named { uid: technique }),
        sub_technique: sub.map(|_| Named { uid: id }),
    })
}

/// Whether the version has the attributes that came after 1.1.0.
fn current(version: OcsfVersion) -> bool {
    version != OcsfVersion::V1_1_0
}

/// OCSF's `integer_t` leaves its range open; readers take 32 bits.
fn clamp(number: u64) -> u32 {
    const MAX: u32 = i32::MAX.unsigned_abs();
    u32::try_from(number).unwrap_or(MAX).min(MAX)
}
