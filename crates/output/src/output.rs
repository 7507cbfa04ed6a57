//! Any output, and what Kafka must know about it: topic, key, event id.

use crate::key::{reject_key, rule_key};
use crate::{Alert, AlertFormat, Closing, Id, Operational, Reject, Rollup, Stage, Timestamp};

/// One of the five things that are published. Complete by nature.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// A rule's condition held.
    Alert(Alert<'a>),
    /// What followed an alert.
    Closing(Closing<'a>),
    /// A window's row.
    Rollup(Rollup<'a>),
    /// Bytes that are no record.
    Reject(Reject<'a>),
    /// An alert about hsmstream itself.
    Operational(Operational<'a>),
}

/// The topic, by its role; configuration gives it a name. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Alerts, closing updates, operational alerts.
    Alerts,
    /// Everything of rules in staging.
    Staging,
    /// Rollups.
    Rollups,
    /// Rejects.
    Rejects,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 4] = [Self::Alerts, Self::Staging, Self::Rollups, Self::Rejects];

    /// Names the role.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Staging => "staging",
            Self::Rollups => "rollups",
            Self::Rejects => "rejects",
        }
    }
}

impl Output<'_> {
    /// The id; an alert and its closing update share it, so do the revisions of a row.
    #[must_use]
    pub const fn id(&self) -> Id {
        match self {
            Self::Alert(it) => it.id,
            Self::Closing(it) => it.id,
            Self::Rollup(it) => it.id,
            Self::Reject(it) => it.id,
            Self::Operational(it) => it.id,
        }
    }

    /// The id of this very publication (`ce_id`): the id, and `.closing` or the revision where ids are shared.
    /// A retry or replay repeats it.
    #[must_use]
    pub fn event_id(&self) -> String {
        match self {
            Self::Alert(_) | Self::Reject(_) | Self::Operational(_) => self.id().to_string(),
            Self::Closing(it) => format!("{}.closing", it.id),
            Self::Rollup(it) => format!("{}.{}", it.id, it.revision),
        }
    }

    /// Where it goes.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        let (rule, channel) = match self {
            Self::Alert(it) => (it.rule, Channel::Alerts),
            Self::Closing(it) => (it.rule, Channel::Alerts),
            Self::Rollup(it) => (it.rule, Channel::Rollups),
            Self::Reject(_) => return Channel::Rejects,
            Self::Operational(_) => return Channel::Alerts,
        };
        match rule.stage {
            Stage::Production => channel,
            Stage::Staging => Channel::Staging,
        }
    }

    /// The Kafka message key.
    #[must_use]
    pub fn message_key(&self) -> String {
        match self {
            Self::Alert(it) => rule_key(&it.rule.id, it.group),
            Self::Closing(it) => rule_key(&it.rule.id, it.group),
            Self::Rollup(it) => rule_key(&it.rule.id, it.group),
            Self::Reject(it) => reject_key(&it.position),
            Self::Operational(it) => it.kind.as_str().to_owned(),
        }
    }

    /// When it happened, in event time: fire time, window end, time of the message; never the wall clock.
    #[must_use]
    pub const fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Alert(it) => Some(it.fire_time),
            Self::Closing(it) => Some(it.fire_time),
            Self::Rollup(it) => Some(it.window_end),
            Self::Reject(it) => it.first_seen,
            Self::Operational(it) => it.first_occurrence,
        }
    }

    /// The name of the schema that its document satisfies, for [`schema::schema`](crate::schema::schema).
    #[must_use]
    pub const fn schema_name(&self, format: AlertFormat) -> &'static str {
        match (self, format) {
            (Self::Alert(_) | Self::Closing(_), AlertFormat::Ocsf { .. }) => "alert",
            (Self::Alert(_), AlertFormat::Flat) => "alert-flat",
            (Self::Closing(_), AlertFormat::Flat) => "closing-flat",
            (Self::Rollup(_), _) => "rollup",
            (Self::Reject(_), _) => "reject",
            (Self::Operational(_), _) => "operational",
        }
    }
}
