//! What an output says about the rule behind it.

/// The rule of an alert, closing update or rollup. Made once when the rule is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Stable id, unique among the loaded rules.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// What the rule looks for.
    pub description: Option<String>,
    /// How bad a firing is.
    pub severity: Severity,
    /// Whether its outputs go to the production or the staging topic.
    pub stage: Stage,
    /// MITRE ATT&CK ids: techniques (`T1110`, `T1110.001`) or tactics (`TA0006`).
    pub attack: Vec<String>,
    /// Links.
    pub references: Vec<String>,
    /// Who wrote the rule. The Detection Rule License obliges alerts to carry it.
    pub author: Option<String>,
    /// Licence of the rule, an SPDX name or `DRL-1.1`.
    pub license: Option<String>,
    /// SHA-256 of the rule's content, part of the alert id.
    pub content_hash: [u8; 32],
    /// The rule's operator.
    pub kind: OperatorKind,
}

/// Severity of a rule. Complete by nature: the five levels of Sigma, which OCSF numbers 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Informational,
    /// Look when there is time.
    Low,
    /// Look today.
    Medium,
    /// Look now.
    High,
    /// Wake somebody.
    Critical,
}

impl Severity {
    /// All levels, rising.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Names the level as rule files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// OCSF's `severity_id` and `severity`.
    pub(crate) const fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Informational => (1, "Informational"),
            Self::Low => (2, "Low"),
            Self::Medium => (3, "Medium"),
            Self::High => (4, "High"),
            Self::Critical => (5, "Critical"),
        }
    }
}

/// Where a rule's outputs go. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// To the alert and rollup topics.
    Production,
    /// To the staging topic only.
    Staging,
}

impl Stage {
    /// Names the stage as rule files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

/// The operator of a rule, by the names of rule files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperatorKind {
    /// No operator: every match alerts.
    Plain,
    /// Count, distinct values or sum over a window.
    Threshold,
    /// Steps in order.
    Sequence,
    /// Something expected did not come, or a stream fell silent.
    Absence,
    /// A value not seen before.
    FirstSeen,
    /// A rate above its own history.
    Baseline,
    /// A metric's statistic breaches.
    Alarm,
    /// Alerts of other rules combine.
    Correlate,
    /// The trail itself: gaps, duplicates, resets.
    Integrity,
    /// A windowed aggregate, no alert.
    Rollup,
}

impl OperatorKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Plain,
        Self::Threshold,
        Self::Sequence,
        Self::Absence,
        Self::FirstSeen,
        Self::Baseline,
        Self::Alarm,
        Self::Correlate,
        Self::Integrity,
        Self::Rollup,
    ];

    /// Names the operator as rule files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Threshold => "threshold",
            Self::Sequence => "sequence",
            Self::Absence => "absence",
            Self::FirstSeen => "first_seen",
            Self::Baseline => "baseline",
            Self::Alarm => "alarm",
            Self::Correlate => "correlate",
            Self::Integrity => "integrity",
            Self::Rollup => "rollup",
        }
    }
}
