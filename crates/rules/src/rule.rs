//! The rule: what a rule file says after every check, immutable.
//!
//! Fields are resolved against the record view, so nothing downstream sees a name that
//! does not exist. Contract of the operators: the project's document on rule semantics.

use std::fmt;
use std::sync::Arc;

use hsmstream_pattern::Pattern;
use hsmstream_record::{Field, Kind};
use hsmstream_window::{Span, ThresholdWhat, WindowKind};

use crate::case::Test;
use crate::fingerprint::{ContentHash, StateFingerprint};

/// Place of a rule in its [`RuleSet`](crate::RuleSet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub(crate) u32);

impl RuleIndex {
    /// The index as a number, below the set's length.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// How bad it is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing to do.
    Informational,
    /// Somebody may look.
    Low,
    /// Somebody should look (the default).
    Medium,
    /// Somebody has to look.
    High,
    /// Somebody has to look now.
    Critical,
}

impl Severity {
    /// All names, in ascending order.
    pub const NAMES: [&'static str; 5] = ["informational", "low", "medium", "high", "critical"];

    /// The name in rule files and alerts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a rule's alerts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The alert topic.
    Production,
    /// The staging topic only.
    Staging,
}

impl Stage {
    /// `production` or `staging`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a threshold adds up, and the value from which on (`>=`) it fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Events.
    Count {
        /// Fires at this many.
        reaches: u64,
    },
    /// Distinct values, or distinct tuples of several fields; an event that lacks one does not count.
    Distinct {
        /// The tuple, at least one field.
        fields: Vec<Field>,
        /// Fires at this many.
        reaches: u64,
    },
    /// The sum of a number field; an event without it does not count.
    Sum {
        /// The field.
        field: Field,
        /// Fires at this sum.
        reaches: u64,
    },
}

impl What {
    /// The value at which the threshold fires.
    #[must_use]
    pub fn reaches(&self) -> u64 {
        match self {
            Self::Count { reaches } | Self::Distinct { reaches, .. } | Self::Sum { reaches, .. } => *reaches,
        }
    }

    /// The same for the operator, which takes encoded values and knows no fields.
    #[must_use]
    pub fn kind(&self) -> ThresholdWhat {
        match *self {
            Self::Count { reaches } => ThresholdWhat::Count(reaches),
            Self::Distinct { reaches, .. } => ThresholdWhat::Distinct { reaches },
            Self::Sum { reaches, .. } => ThresholdWhat::Sum { reaches },
        }
    }
}

/// `detect: threshold`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// What is added up, and to what.
    pub what: What,
    /// Over which window.
    pub window: WindowKind,
}

/// One column of a rollup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Name in the output.
    pub name: String,
    /// How it is computed.
    pub kind: MeasureKind,
}

/// How a measure is computed; events that lack the field are left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeasureKind {
    /// Number of events.
    Count,
    /// Number of distinct values or tuples.
    Distinct(Vec<Field>),
    /// Sum of a number field; 0 when no event has it.
    Sum(Field),
    /// Smallest value; absent when no event has it.
    Min(Field),
    /// Largest value; absent when no event has it.
    Max(Field),
}

/// `rollup:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// Tumbling, hopping or session.
    pub window: WindowKind,
    /// Columns in file order, at least one, names unique.
    pub measures: Vec<Measure>,
}

/// What a rule does with its matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Every match alerts.
    Plain,
    /// Alerts when enough comes together.
    Threshold(Threshold),
    /// Publishes aggregates of closed windows.
    Rollup(Rollup),
}

impl Operator {
    /// `plain`, `threshold` or `rollup`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Threshold(_) => "threshold",
            Self::Rollup(_) => "rollup",
        }
    }
}

/// A checked rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique in the set, part of every alert id.
    pub id: String,
    /// One line for people; the id if the file names none.
    pub title: String,
    /// Longer text.
    pub description: Option<String>,
    /// How bad a firing is.
    pub severity: Severity,
    /// ATT&CK techniques or tactics: `T1110.001`, `TA0006`.
    pub attack: Vec<String>,
    /// Where to read on.
    pub references: Vec<String>,
    /// When a firing means nothing.
    pub falsepositives: Vec<String>,
    /// Who wrote it; carried into alerts.
    pub author: Option<String>,
    /// Licence of the rule's text.
    pub license: Option<String>,
    /// Production or staging.
    pub stage: Stage,
    /// The kind of record it looks at.
    pub kind: Kind,
    /// The pattern; without one every record of the kind matches.
    pub pattern: Option<Arc<Pattern>>,
    /// What happens with matches.
    pub operator: Operator,
    /// The group key's fields, in order; empty = one key for all.
    pub group_by: Vec<Field>,
    /// Silence of a key after a firing; zero = none.
    pub suppress: Span,
    /// Contributing events kept for an alert.
    pub evidence: u32,
    /// Identifies everything the rule means and says; part of every alert id.
    pub content_hash: ContentHash,
    /// Equal fingerprints: state may be kept over a reload.
    pub state_fingerprint: StateFingerprint,
    /// The tests beside the rule.
    pub tests: Vec<Test>,
    /// The file it came from.
    pub file: Arc<str>,
    /// The line its document begins at.
    pub line: usize,
}
