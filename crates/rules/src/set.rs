//! The rule set: all rules, compiled to match a record against all of them at once.
//!
//! Immutable and shared between threads; a reload makes a new one. Rules stand in the order of their
//! ids, so the order of matches, and with it of outputs, does not depend on how files are named.
//!
//! Rules with the same pattern share one entry of the kind's pattern set, rules without a pattern are
//! added to every record of their kind.

use std::collections::BTreeMap;

use hsmstream_pattern::Pattern;
use hsmstream_record::{Body, Kind, Record};

use crate::rule::{Rule, RuleIndex};
use crate::shape;
use crate::view::{Reach, View, ViewScratch};

/// All rules of a configuration.
#[derive(Debug)]
pub struct RuleSet {
    /// In order of ids.
    rules: Vec<Rule>,
    audit: KindSet,
    certificate: KindSet,
    cloudtrail: KindSet,
    metric: KindSet,
}

/// The rules of one kind of record.
#[derive(Debug)]
struct KindSet {
    patterns: hsmstream_pattern::Set,
    /// For each pattern of the set, the rules that have it.
    members: Vec<Vec<RuleIndex>>,
    /// Rules without a pattern.
    always: Vec<RuleIndex>,
    /// For each selector of the set, how it is answered.
    reaches: Vec<Reach>,
}

/// Buffers of one thread for [`RuleSet::matches`] and [`Query::matches`](crate::Query::matches).
#[derive(Debug, Default)]
pub struct MatchScratch {
    pub(crate) pattern: hsmstream_pattern::Scratch,
    pub(crate) patterns: Vec<u32>,
    pub(crate) view: ViewScratch,
}

impl RuleSet {
    /// Compiles rules whose ids are unique.
    pub(crate) fn compile(mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let of = |kind| KindSet::compile(&rules, kind);
        let (audit, certificate) = (of(Kind::Audit), of(Kind::Certificate));
        let (cloudtrail, metric) = (of(Kind::CloudTrail), of(Kind::Metric));
        Self { rules, audit, certificate, cloudtrail, metric }
    }

    /// The set without the rules that `keep` refuses.
    #[must_use]
    pub fn retain(mut self, keep: impl Fn(&Rule) -> bool) -> Self {
        let before = self.rules.len();
        self.rules.retain(|rule| keep(rule));
        if self.rules.len() == before { self } else { Self::compile(self.rules) }
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// All rules, in order of ids.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        (0..).map(RuleIndex).zip(&self.rules)
    }

    /// The rule at `index`; `None` if the index belongs to another set.
    #[must_use]
    pub fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(usize::try_from(index.0).ok()?)
    }

    /// The rule of that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(RuleIndex, &Rule)> {
        let at = self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok()?;
        Some((RuleIndex(u32::try_from(at).ok()?), self.rules.get(at)?))
    }

    /// Whether some rule looks at records of this kind.
    #[must_use]
    pub fn looks_at(&self, kind: Kind) -> bool {
        let kind = self.kind(kind);
        !kind.members.is_empty() || !kind.always.is_empty()
    }

    /// Puts the rules that match `record` into `matched`, in ascending order. Does not allocate once
    /// the buffers have grown, but when the shape of audit records is new.
    #[inline]
    pub fn matches(&self, record: &Record<'_>, scratch: &mut MatchScratch, matched: &mut Vec<RuleIndex>) {
        matched.clear();
        // Most audit records are of a shape that no rule wants.
        if let Body::Audit(audit) = &record.body
            && self.audit.always.is_empty()
            && self.audit.patterns.is_silent(
                shape::gist(audit),
                &mut scratch.pattern,
                |slot| shape::length_max(slot, audit),
                || shape::sketches(audit),
            )
        {
            return;
        }
        self.add_matches(record, scratch, matched);
    }

    /// Adds the rules that match, in ascending order.
    fn add_matches(&self, record: &Record<'_>, scratch: &mut MatchScratch, matched: &mut Vec<RuleIndex>) {
        let kind = self.kind(record.kind());
        if !kind.always.is_empty() {
            matched.extend_from_slice(&kind.always);
        }
        if kind.members.is_empty() {
            return;
        }
        let MatchScratch { pattern, patterns, view } = scratch;
        patterns.clear();
        let mut view = View::new(record, &kind.reaches, view);
        if record.kind() == Kind::Audit {
            kind.patterns.matches_shaped(&mut view, pattern, patterns);
        } else {
            kind.patterns.matches(record.raw(), &mut view, pattern, patterns);
        }
        if patterns.is_empty() {
            return;
        }
        for &pattern in &*patterns {
            let members = usize::try_from(pattern).ok().and_then(|pattern| kind.members.get(pattern));
            matched.extend_from_slice(members.map_or(&[], Vec::as_slice));
        }
        matched.sort_unstable();
    }

    #[inline]
    fn kind(&self, kind: Kind) -> &KindSet {
        match kind {
            Kind::Audit => &self.audit,
            Kind::Certificate => &self.certificate,
            Kind::CloudTrail => &self.cloudtrail,
            Kind::Metric => &self.metric,
        }
    }
}

impl KindSet {
    fn compile(rules: &[Rule], kind: Kind) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut patterns: Vec<&Pattern> = Vec::new();
        let mut members: Vec<Vec<RuleIndex>> = Vec::new();
        let mut always = Vec::new();
        for (index, rule) in (0..).map(RuleIndex).zip(rules) {
            if rule.kind != kind {
                continue;
            }
            let Some(pattern) = &rule.pattern else {
                always.push(index);
                continue;
            };
            let place = *places.entry(pattern.text()).or_insert_with(|| {
                patterns.push(pattern);
                members.push(Vec::new());
                members.len() - 1
            });
            if let Some(members) = members.get_mut(place) {
                members.push(index);
            }
        }
        let patterns = hsmstream_pattern::Set::compile(patterns.into_iter());
        let reaches =
            patterns.selectors().iter().map(|selector| Reach::resolve(selector.steps(), kind)).collect();
        Self { patterns, members, always, reaches }
    }
}
