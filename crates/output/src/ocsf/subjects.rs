//! Who and what a finding is about, gathered from its group and its evidence.
//!
//! Each list holds distinct values in order of appearance, at most [`SUBJECTS_MAX`]: an index for people
//! and routers. What is beyond still stands in the evidence.

use super::document::{ActorOf, EvidenceOf, Observable, Resource, User};
use crate::flat::{evidence, shown_evidence};
use crate::wire::{Fit, Text};
use crate::{Evidence, GroupField, GroupValue};

const SUBJECTS_MAX: usize = 16;

const USER_NAME: (u8, &str) = (4, "User Name");
const RESOURCE_UID: (u8, &str) = (10, "Resource UID");

pub(super) struct Subjects<'a> {
    pub(super) account: Option<Text<'a>>,
    pub(super) topics: Vec<Text<'a>>,
    pub(super) resources: Vec<Resource<'a>>,
    pub(super) evidences: Vec<EvidenceOf<'a>>,
    pub(super) observables: Vec<Observable<'a>>,
}

impl<'a> Subjects<'a> {
    pub(super) fn of(group: &'a [GroupField<'a>], all: &'a [Evidence<'a>], fit: Fit) -> Self {
        let shown: Vec<&'a Evidence<'a>> = shown_evidence(all, fit).collect();
        let mut subjects = Self {
            account: account(group, all).map(|bytes| fit.text(bytes)),
            topics: Vec::new(),
            resources: Vec::new(),
            evidences: Vec::new(),
            observables: Vec::new(),
        };
        for it in &shown {
            push_new(&mut subjects.topics, fit.str(it.position.topic));
        }
        for (name, kind) in [("cluster", "AWS::CloudHSM::Cluster"), ("hsm", "AWS::CloudHSM::HSM")] {
            let of_evidence = shown.iter().filter_map(|it| match name {
                "cluster" => it.origin.cluster,
                _ => it.origin.hsm,
            });
            let mut uids = Vec::new();
            for uid in group_text(group, name).into_iter().chain(of_evidence) {
                push_new(&mut uids, fit.text(uid));
            }
            subjects.resources.extend(uids.into_iter().map(|uid| Resource { uid, r#type: kind }));
        }
        subjects.observe(group, &shown, fit);
        subjects.evidences = shown
            .into_iter()
            .map(|it| EvidenceOf {
                actor: it.user.map(|name| ActorOf { user: User { name: fit.text(name) } }),
                data: evidence(it, fit),
            })
            .collect();
        subjects
    }

    /// Lists users of evidence, then of the group, then the resources; each with the path where it stands.
    fn observe(&mut self, group: &'a [GroupField<'a>], shown: &[&'a Evidence<'a>], fit: Fit) {
        let mut users: Vec<(Text<'a>, String)> = Vec::new();
        let of_evidence = shown
            .iter()
            .enumerate()
            .filter_map(|(index, it)| Some((it.user?, format!("evidences[{index}].actor.user.name"))));
        let of_group = ["user.name", "target_user.name", "actor.name"]
            .into_iter()
            .filter_map(|name| Some((group_text(group, name)?, format!("unmapped.hsmstream.group.{name}"))));
        for (name, path) in of_evidence.chain(of_group) {
            let name = fit.text(name);
            if users.len() < SUBJECTS_MAX && !users.iter().any(|(earlier, _)| *earlier == name) {
                users.push((name, path));
            }
        }
        let (type_id, r#type) = USER_NAME;
        let users = users.into_iter().map(|(value, name)| Observable { type_id, r#type, name, value });
        let (type_id, r#type) = RESOURCE_UID;
        let resources = self.resources.iter().enumerate().map(|(index, resource)| Observable {
            type_id,
            r#type,
            name: format!("resources[{index}].uid"),
            value: resource.uid,
        });
        self.observables = users.chain(resources).collect();
    }
}

/// The account of the group; else the one that all events with an account agree on.
fn account<'a>(group: &'a [GroupField<'a>], all: &'a [Evidence<'a>]) -> Option<&'a [u8]> {
    group_text(group, "account").or_else(|| {
        let mut accounts = all.iter().filter_map(|it| it.origin.account);
        let first = accounts.next()?;
        accounts.all(|account| account == first).then_some(first)
    })
}

/// The text of a group field.
fn group_text<'a>(group: &'a [GroupField<'a>], name: &str) -> Option<&'a [u8]> {
    group.iter().find(|field| field.name == name).and_then(|field| match field.value {
        GroupValue::Text(text) => Some(text),
        GroupValue::Missing | GroupValue::Number(_) | GroupValue::Lexeme(_) => None,
    })
}

fn push_new<'a>(values: &mut Vec<Text<'a>>, value: Text<'a>) {
    if values.len() < SUBJECTS_MAX && !values.contains(&value) {
        values.push(value);
    }
}
