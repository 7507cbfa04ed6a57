//! One pattern against records of any kind, without a rule: what `query`, `tail` and `explain` need.
//!
//! Same meaning as a rule's pattern, by the same view and the same matcher. A selector that names no
//! field of the audit view is no mistake here: it may be meant for the documents.

use hsmstream_pattern::{Pattern, Set};
use hsmstream_record::{Kind, Record};

use crate::set::MatchScratch;
use crate::view::{Reach, View};

/// A compiled pattern.
#[derive(Debug)]
pub struct Query {
    set: Set,
    /// For each selector, how it is answered on audit records.
    audit: Vec<Reach>,
    /// The same on documents.
    document: Vec<Reach>,
}

impl Query {
    /// Compiles a checked pattern.
    #[must_use]
    pub fn compile(pattern: &Pattern) -> Self {
        let set = Set::compile(std::iter::once(pattern));
        let reaches =
            |kind| set.selectors().iter().map(|selector| Reach::resolve(selector.steps(), kind)).collect();
        let (audit, document) = (reaches(Kind::Audit), reaches(Kind::CloudTrail));
        Self { set, audit, document }
    }

    /// Whether the pattern matches `record`.
    pub fn matches(&self, record: &Record<'_>, scratch: &mut MatchScratch) -> bool {
        let reaches = if record.kind() == Kind::Audit { &self.audit } else { &self.document };
        scratch.patterns.clear();
        let mut view = View::new(record, reaches, &mut scratch.view);
        self.set.matches(record.raw(), &mut view, &mut scratch.pattern, &mut scratch.patterns);
        !scratch.patterns.is_empty()
    }
}
