//! One pattern against records of any kind, without a rule: what `query`, `tail` and `explain` need.
//!
//! Same meaning as a rule's pattern, by the same view. A selector that names no field of the audit view
//! is no mistake here: it may be meant for the documents.

use hsmstream_pattern::{ItemVerdict, Pattern, Program};
use hsmstream_record::{Kind, Record};

use crate::set::MatchScratch;
use crate::view::{Reach, View};

/// A compiled pattern.
#[derive(Debug)]
pub struct Query {
    program: Program,
    /// For each selector, how it is answered on audit records.
    audit: Vec<Reach>,
    /// The same on documents.
    document: Vec<Reach>,
}

impl Query {
    /// Compiles a checked pattern.
    #[must_use]
    pub fn compile(pattern: &Pattern) -> Self {
        let selectors = pattern.selectors();
        let reaches =
            |kind| selectors.iter().map(|selector| Reach::resolve(selector.steps(), kind)).collect();
        let (audit, document) = (reaches(Kind::Audit), reaches(Kind::CloudTrail));
        Self { program: Program::compile(pattern), audit, document }
    }

    /// Whether the pattern matches `record`.
    pub fn matches(&self, record: &Record<'_>, scratch: &mut MatchScratch) -> bool {
        let mut view = View::new(record, self.reaches(record.kind()), &mut scratch.view);
        self.program.matches_document(record.raw(), &mut view, &mut scratch.pattern)
    }

    /// Item by item, why the pattern matches `record` or does not.
    pub fn explain(&self, record: &Record<'_>, scratch: &mut MatchScratch) -> Vec<ItemVerdict> {
        let mut view = View::new(record, self.reaches(record.kind()), &mut scratch.view);
        self.program.explain_document(record.raw(), &mut view)
    }

    fn reaches(&self, kind: Kind) -> &[Reach] {
        if kind == Kind::Audit { &self.audit } else { &self.document }
    }
}
