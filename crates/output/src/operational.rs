//! An alert about hsmstream itself: a cap that bit, a rule that did not load.

use crate::{Id, Measure, Position, Timestamp};

/// Told once, when something first happens that makes later outputs less than complete.
#[derive(Clone, Copy, Debug)]
pub struct Operational<'a> {
    /// See [`operational_id`](crate::operational_id).
    pub id: Id,
    /// What happened.
    pub kind: OperationalKind,
    /// What it means and what to do, for people.
    pub message: &'a str,
    /// The rule that it concerns.
    pub rule: Option<&'a str>,
    /// Where the task was when it first happened; for files and tasks without a position absent.
    pub position: Option<Position<'a>>,
    /// Event time or Kafka timestamp there.
    pub first_occurrence: Option<Timestamp>,
    /// Numbers that tell how bad it is, by name.
    pub counters: &'a [Measure<'a>],
}

/// What an operational alert is about, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationalKind {
    /// A task's state reached its byte limit; keys were dropped.
    StateLimit,
    /// A rule reached its number of keys; keys were dropped.
    TooManyKeys,
    /// More than the configured share of messages were rejects.
    RejectFlood,
    /// More than the configured share of records were late.
    LateFlood,
    /// Records from the future moved no watermark.
    SkewedTime,
    /// A message to be published was cut to its size cap.
    OutputTruncated,
    /// A rule did not load and is left out.
    RuleRejected,
    /// A message, frame or what it inflates to was over a limit and rejected.
    OversizedInput,
    /// Raw texts for evidence were dropped by their limit.
    EvidenceLimit,
}

impl OperationalKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::StateLimit,
        Self::TooManyKeys,
        Self::RejectFlood,
        Self::LateFlood,
        Self::SkewedTime,
        Self::OutputTruncated,
        Self::RuleRejected,
        Self::OversizedInput,
        Self::EvidenceLimit,
    ];

    /// Names the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StateLimit => "state_limit",
            Self::TooManyKeys => "too_many_keys",
            Self::RejectFlood => "reject_flood",
            Self::LateFlood => "late_flood",
            Self::SkewedTime => "skewed_time",
            Self::OutputTruncated => "output_truncated",
            Self::RuleRejected => "rule_rejected",
            Self::OversizedInput => "oversized_input",
            Self::EvidenceLimit => "evidence_limit",
        }
    }
}
