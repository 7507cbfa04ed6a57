//! Whether this user may do what the service will do.
//!
//! A right that is missing would show only when it is used: WRITE on the alerts' topic with the first alert. So brokers
//! are asked at start. Those that tell no rights (before Apache Kafka 2.3) are not judged.

use std::ffi::CString;

use rdkafka::error::RDKafkaErrorCode as Code;

use super::{Check, Duration, Problem, Role};
use crate::batch::{Right, group_rights, topic_rights};
use crate::config::Delivery;
use crate::context::producer;
use crate::sink::initialize;

impl Check<'_> {
    /// Adds a problem for every right that is missing.
    pub(super) fn rights(&mut self) {
        self.rights_on_topics();
        self.rights_on_group();
        self.right_to_transactions();
    }

    fn rights_on_topics(&mut self) {
        let names = self.report.topics.iter().map(|topic| topic.name.as_str());
        let names: Vec<CString> = names.filter_map(|name| CString::new(name).ok()).collect();
        let told = match topic_rights(&self.client, &names, self.left().min(WAIT)) {
            Ok(told) => told,
            Err(code) => return self.report.unchecked.push(format!("rights on topics: {code}")),
        };
        let mut missing = Vec::new();
        for topic in &self.report.topics {
            let needed: &[Right] = match topic.role {
                Role::Input => &[Right::Read],
                Role::Output => &[Right::Write],
                Role::Changelog => &[Right::Read, Right::Write],
            };
            let Some(Ok(Some(rights))) = told.get(&topic.name) else { continue };
            let lacking = needed.iter().filter(|right| !rights.contains(right));
            missing.extend(lacking.map(|right| (*right, topic.name.clone())));
        }
        for (right, name) in missing {
            let (what, operation) = match right {
                Right::Read => ("read", "Read"),
                Right::Write => ("write to", "Write"),
            };
            self.problems.push(Problem::new(
                format!("{} may not {what} the topic \"{name}\"", self.user()),
                self.grant(operation, &format!("--topic {name}")),
            ));
        }
    }

    fn rights_on_group(&mut self) {
        let group = &self.config.group;
        let Ok(native) = CString::new(group.as_str()) else { return };
        let denied = match group_rights(&self.client, &native, self.left().min(WAIT)) {
            Ok(Some(rights)) => !rights.contains(&Right::Read),
            Ok(None) => false,
            Err(Code::GroupAuthorizationFailed) => true,
            Err(code) => {
                return self.report.unchecked.push(format!("rights on consumer group \"{group}\": {code}"));
            }
        };
        if denied {
            self.problems.push(Problem::new(
                format!("{} may not join the consumer group \"{group}\"", self.user()),
                self.grant("Read", &format!("--group {group}")),
            ));
        }
    }

    /// No request tells the rights on transactional ids, so one is used: one of its own, which fences nobody.
    fn right_to_transactions(&mut self) {
        if self.config.delivery != Delivery::ExactlyOnce {
            return;
        }
        let id = format!("{}-{}-check", self.config.application, self.config.instance);
        let mut properties = self.config.producer_properties(0);
        properties.set("transactional.id", &id);
        let tried = producer(&properties, self.config)
            .and_then(|producer| initialize(&producer, &id, self.left().min(WAIT)));
        match tried {
            Err(error) if error.is_refusal() => self.problems.push(self.no_transactions(&id)),
            // Whatever else it is, the workers meet it and tell.
            Err(error) => tracing::debug!(%error, "right to transactions"),
            Ok(()) => {}
        }
    }

    fn no_transactions(&self, id: &str) -> Problem {
        let application = &self.config.application;
        let what = format!("{} may not write with the transactional id \"{id}\"", self.user());
        let resource = format!(
            "--operation Describe --transactional-id {application}- --resource-pattern-type prefixed"
        );
        Problem::new(what, self.grant("Write", &resource))
    }

    fn user(&self) -> String {
        self.config.principal().map_or_else(|| "this user".to_owned(), |name| format!("\"{name}\""))
    }

    fn grant(&self, operation: &str, resource: &str) -> String {
        let user = self.config.principal().unwrap_or_else(|| "User:…".to_owned());
        format!("run: kafka-acls.sh --add --allow-principal \"{user}\" --operation {operation} {resource}")
    }
}

/// For each answer.
const WAIT: Duration = Duration::from_secs(10);
