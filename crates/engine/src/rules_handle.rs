//! Hot reload: one place to publish a rule set, and each worker's view of it.
//!
//! A worker asks between batches whether there is a newer set; the hot path works on an `Arc` that does
//! not change under it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hsmstream_rules::RuleSet;

/// Where a valid rule set is published.
#[derive(Debug, Clone)]
pub struct RulesHandle {
    published: Arc<ArcSwap<RuleSet>>,
    seen: Arc<RuleSet>,
}

impl RulesHandle {
    /// Publishes the first set.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self { published: Arc::new(ArcSwap::new(Arc::clone(&rules))), seen: rules }
    }

    /// Publishes a set for all clones of this handle.
    pub fn publish(&self, rules: Arc<RuleSet>) {
        self.published.store(rules);
    }

    /// The set that this clone works with.
    #[must_use]
    pub fn current(&self) -> &Arc<RuleSet> {
        &self.seen
    }

    /// The published set, if it is not the one this clone works with; from then on it is.
    pub fn newer(&mut self) -> Option<Arc<RuleSet>> {
        let published = self.published.load();
        if Arc::ptr_eq(&published, &self.seen) {
            return None;
        }
        self.seen = Arc::clone(&published);
        Some(Arc::clone(&self.seen))
    }
}
