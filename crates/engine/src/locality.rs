//! Which rules are exact on a partitioned topic.
//!
//! A task sees one partition. A rule that keeps state per group key is exact only if all records of a key
//! share a partition: its `group_by` has to contain every field of `partitioned_by`. Until keys can travel
//! through an exchange topic, a rule that does not is refused by name on a topic with several partitions,
//! because counts that are silently split would look right and be wrong.

use hsmstream_record::Field;
use hsmstream_rules::{Operator, Rule, RuleIndex, RuleSet};
use hsmstream_window::Span;

/// A rule that would not be exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inexact {
    /// The rule.
    pub index: RuleIndex,
    /// Its id.
    pub id: String,
    /// Fields that its `group_by` lacks.
    pub lacks: Vec<String>,
}

impl std::fmt::Display for Inexact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "rule `{}` is exact only on a topic with one partition: its group_by lacks {}, by which the input is \
             partitioned; add it, or read a topic with a single partition",
            self.id,
            self.lacks.join(", ")
        )
    }
}

/// The rules of `set` that keep state under keys which several partitions may share.
#[must_use]
pub fn inexact(set: &RuleSet, partitioned_by: &[Field]) -> Vec<Inexact> {
    let checked = set.iter().filter_map(|(index, rule)| {
        let lacks = lacking(rule, partitioned_by);
        (!lacks.is_empty()).then(|| Inexact { index, id: rule.id.clone(), lacks })
    });
    checked.collect()
}

fn lacking(rule: &Rule, partitioned_by: &[Field]) -> Vec<String> {
    if matches!(rule.operator, Operator::Plain) && rule.suppress == Span::ZERO {
        return Vec::new(); // Every match alerts by itself: there is no state to split.
    }
    if partitioned_by.is_empty() {
        return vec!["anything to rely on (input.partitioned_by is empty)".to_owned()];
    }
    let missing = partitioned_by.iter().filter(|field| !rule.group_by.contains(field));
    missing.map(|field| field.name()).collect()
}
