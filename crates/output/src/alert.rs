//! An alert, and the closing update that may follow it.

use crate::key::group_text;
use crate::{Evidence, GroupField, Id, RuleInfo, Timestamp};

/// Longest line that [`Alert::summary`] gives, in bytes.
pub(crate) const SUMMARY_BYTES_MAX: usize = 1024;

/// What a rule publishes when its condition holds.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    /// See [`alert_id`](crate::alert_id).
    pub id: Id,
    /// The rule.
    pub rule: &'a RuleInfo,
    /// The group key; empty for a rule without `group_by`. Of fields of one name the first counts.
    pub group: &'a [GroupField<'a>],
    /// Time of the triggering event, or the deadline that passed.
    pub fire_time: Timestamp,
    /// Observed value: events, distinct values, sum or steps.
    pub count: u64,
    /// The value at which the rule fires, for operators that have one.
    pub threshold: Option<u64>,
    /// Event time of the first contributing event.
    pub first: Timestamp,
    /// Event time of the last contributing event.
    pub last: Timestamp,
    /// Firings of this rule and group that were silenced since its previous alert.
    pub suppressed_before: u64,
    /// Up to k contributing events: the first ones and the last.
    pub evidence: &'a [Evidence<'a>],
    /// Number of contributing events.
    pub evidence_total: u64,
    /// Who was logged in on the connection of the triggering event.
    pub actor: Option<Actor<'a>>,
    /// What a reader must know before trusting the numbers.
    pub flags: Flags,
}

/// What limits an alert's or rollup's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The triggering event was late.
    pub late: bool,
    /// A limit of the state was reached, so the numbers are lower bounds.
    pub capped: bool,
    /// State of this key had been dropped before, so events before that are not counted.
    pub reopened: bool,
}

/// Who was logged in on (stream, reboot, connection).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'a> {
    /// User name.
    pub name: &'a [u8],
    /// User type as logged, such as `CN_CRYPTO_USER`.
    pub user_type: Option<&'a [u8]>,
    /// How it is known.
    pub how: Attribution,
}

/// How an actor is known. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// A login on this connection.
    Login,
    /// The user id that the record prints.
    Id,
    /// The record names the user itself.
    Record,
}

impl Attribution {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Login, Self::Id, Self::Record];

    /// Names the way as the record view does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Id => "id",
            Self::Record => "record",
        }
    }
}

impl Alert<'_> {
    /// Tells the alert in one line, at most 1 KiB.
    ///
    /// It holds hostile text (control characters included): escape it before it reaches a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut line = format!("{}: observed {}", self.rule.title, self.count);
        if let Some(threshold) = self.threshold {
            line.push_str(&format!(", threshold {threshold}"));
        }
        push_group(&mut line, self.group);
        match self.suppressed_before {
            0 => {}
            1 => line.push_str("; 1 more was suppressed before"),
            more => line.push_str(&format!("; {more} more were suppressed before")),
        }
        line
    }
}

/// The one update of an alert, when its silence is over: how many further firings there were.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// The id of the alert.
    pub id: Id,
    /// The rule.
    pub rule: &'a RuleInfo,
    /// The alert's group key.
    pub group: &'a [GroupField<'a>],
    /// The alert's fire time.
    pub fire_time: Timestamp,
    /// Event time of the alert's first contributing event.
    pub first: Timestamp,
    /// Event time of the alert's last contributing event.
    pub last: Timestamp,
    /// Firings inside the silence; never 0.
    pub suppressed: u64,
}

impl Closing<'_> {
    /// Tells the update in one line, at most 1 KiB, with hostile text as in [`Alert::summary`].
    #[must_use]
    pub fn summary(&self) -> String {
        let mut line = format!("{}: {} further firings were suppressed", self.rule.title, self.suppressed);
        push_group(&mut line, self.group);
        line
    }
}

/// Appends the group and keeps the line within [`SUMMARY_BYTES_MAX`], less what may follow.
pub(crate) fn push_group(line: &mut String, group: &[GroupField<'_>]) {
    if !group.is_empty() {
        line.push_str(" for ");
        line.push_str(&group_text(group));
    }
    if line.len() > SUMMARY_BYTES_MAX - TAIL_BYTES {
        let end = (0..=SUMMARY_BYTES_MAX - TAIL_BYTES).rev().find(|&end| line.is_char_boundary(end));
        line.truncate(end.unwrap_or(0));
        line.push('…');
    }
}

/// Room for what follows the group in a summary: `; N more were suppressed before`.
const TAIL_BYTES: usize = 64;
