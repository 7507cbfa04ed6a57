//! The document as it stands on the wire, attribute by attribute.

use serde::Serialize;

use crate::Position;
use crate::flat::{ActorDocument, EvidenceDocument};
use crate::wire::{Fit, Group, IdText, Rfc3339, Text};

#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    pub(super) metadata: Metadata,
    pub(super) category_uid: u8,
    pub(super) category_name: &'static str,
    pub(super) class_uid: u16,
    pub(super) class_name: &'static str,
    pub(super) activity_id: u8,
    pub(super) activity_name: &'static str,
    pub(super) type_uid: u32,
    pub(super) type_name: &'static str,
    pub(super) time: u64,
    pub(super) timezone_offset: i32,
    pub(super) start_time: u64,
    pub(super) end_time: u64,
    pub(super) severity_id: u8,
    pub(super) severity: &'static str,
    pub(super) status_id: u8,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_detail: Option<&'static str>,
    pub(super) confidence_id: u8,
    pub(super) confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_alert: Option<bool>,
    pub(super) message: String,
    pub(super) finding_info: FindingInfo<'a>,
    pub(super) cloud: Cloud<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) evidences: Vec<EvidenceOf<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) observables: Vec<Observable<'a>>,
    pub(super) unmapped: UnmappedOf<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) version: &'static str,
    pub(super) product: Product,
    pub(super) profiles: [&'static str; 1],
    pub(super) uid: String,
    pub(super) log_name: &'static str,
    pub(super) original_time: Rfc3339,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) untruncated_size: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) vendor_name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingInfo<'a> {
    pub(super) uid: IdText,
    pub(super) title: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) desc: Option<Text<'a>>,
    pub(super) created_time: u64,
    pub(super) first_seen_time: u64,
    pub(super) last_seen_time: u64,
    pub(super) types: [&'static str; 1],
    pub(super) analytic: Analytic<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attacks: Vec<Attack<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) data_sources: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) related_events_count: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_events: Vec<RelatedEvent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Tag<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Analytic<'a> {
    pub(super) type_id: u8,
    pub(super) r#type: &'static str,
    pub(super) uid: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) version: String,
    pub(super) category: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Attack<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tactic: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) technique: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub_technique: Option<Named<'a>>,
}

/// Something of ATT&CK, by its id.
#[derive(Debug, Serialize)]
pub(super) struct Named<'a> {
    pub(super) uid: &'a str,
}

/// `topic/partition/offset`, with `/index` behind it, so that two records of one message differ.
#[derive(Debug, Serialize)]
pub(super) struct RelatedEvent<'a> {
    pub(super) uid: String,
    pub(super) r#type: Text<'a>,
}

impl<'a> RelatedEvent<'a> {
    pub(super) fn of(position: &Position<'a>, fit: Fit) -> Self {
        let Position { topic, partition, offset, index } = position;
        let topic = fit.str(topic);
        Self { uid: format!("{topic}/{partition}/{offset}/{index}"), r#type: topic }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Tag<'a> {
    pub(super) name: &'static str,
    pub(super) values: [Text<'a>; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Cloud<'a> {
    pub(super) provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Account<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Account<'a> {
    pub(super) uid: Text<'a>,
    pub(super) type_id: u8,
    pub(super) r#type: &'static str,
}

impl<'a> Account<'a> {
    pub(super) const fn of_aws(uid: Text<'a>) -> Self {
        Self { uid, type_id: 10, r#type: "AWS Account" }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Resource<'a> {
    pub(super) uid: Text<'a>,
    pub(super) r#type: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct EvidenceOf<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<ActorOf<'a>>,
    pub(super) data: EvidenceDocument<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct ActorOf<'a> {
    pub(super) user: User<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct User<'a> {
    pub(super) name: Text<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Observable<'a> {
    pub(super) type_id: u8,
    pub(super) r#type: &'static str,
    pub(super) name: String,
    pub(super) value: Text<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct UnmappedOf<'a> {
    pub(super) hsmstream: Unmapped<'a>,
}

/// What OCSF has no attribute for, or not with microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Unmapped<'a> {
    pub(super) r#type: &'static str,
    pub(super) stage: &'static str,
    pub(super) group: Group<'a>,
    pub(super) fire_time: Rfc3339,
    pub(super) first: Rfc3339,
    pub(super) last: Rfc3339,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suppressed_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suppressed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) late: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) capped: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reopened: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<ActorDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence_total: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attack: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<Text<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) truncated: &'static [&'static str],
}
