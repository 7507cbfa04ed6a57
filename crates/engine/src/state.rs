//! A core's state on its way to the changelog and back, and over a change of rules.
//!
//! Changelog keys: `m` the task's own entry, `s…` streams, `e…` evidence, `w…` records that wait for their
//! time, `o` + fingerprint + … operators.
//! Entries that make no sense are dropped, counted and logged; the rest of the state is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use hsmstream_rules::RuleSet;
use hsmstream_window::{EventTime, Limits, Operator};

use crate::codec::{Reader, put_u64};
use crate::core::Core;
use crate::emit::Emitter;
use crate::rule_state::{RuleSide, operator};
use crate::trouble::Raised;

/// Key of the task's own entry.
pub(crate) const META: &[u8] = b"m";
const STREAM: u8 = b's';
const EVIDENCE: u8 = b'e';
const WAITING: u8 = b'w';
const OPERATOR: u8 = b'o';
/// Version of the task's own entry.
const META_VERSION: u8 = 2;

impl Core {
    /// Gives all state changes since the last drain to the emitter; says whether there was one.
    pub(crate) fn drain(&mut self, out: &mut dyn Emitter) -> bool {
        let id = self.context.id;
        let mut changed = std::mem::take(&mut self.raised.changed);
        let mut put = |key: &[u8], value: Option<&[u8]>| {
            changed = true;
            out.state(id, key, value);
        };
        for key in self.void.drain(..) {
            put(&key, None);
        }
        let mut key = Vec::with_capacity(64);
        self.context.watermarks.drain_dirty(&mut |entry, value| {
            prefixed(&mut key, &[STREAM], entry);
            put(&key, value);
        });
        self.context.evidence.drain(&mut |entry, value| {
            prefixed(&mut key, &[EVIDENCE], entry);
            put(&key, value);
        });
        self.order.drain(&mut |entry, value| {
            prefixed(&mut key, &[WAITING], entry);
            put(&key, value);
        });
        for (operator, side) in self.operators.iter_mut().zip(&self.sides) {
            operator.drain_dirty(&mut |entry, value| {
                operator_key(&mut key, &side.fingerprint, entry);
                put(&key, value);
            });
        }
        changed
    }

    pub(crate) fn put_meta(&self, next_offset: i64, out: &mut dyn Emitter) {
        let mut meta = vec![META_VERSION];
        put_u64(&mut meta, next_offset.unsigned_abs());
        put_u64(&mut meta, self.raised.flags);
        put_u64(&mut meta, self.released_up_to.0);
        out.state(self.context.id, META, Some(&meta));
    }

    /// Reads the task's own entry; gives the next offset to read.
    pub(crate) fn restore_meta(&mut self, meta: &[u8]) -> Option<i64> {
        let mut reader = Reader::new(meta);
        if reader.byte()? != META_VERSION {
            return None;
        }
        let offset = i64::try_from(reader.u64()?).ok()?;
        self.raised.flags = reader.u64()?;
        self.released_up_to = EventTime(reader.u64()?);
        Some(offset)
    }

    pub(crate) fn restore(&mut self, image: &BTreeMap<Vec<u8>, Vec<u8>>, now_ms: i64) {
        let mut broken = 0_u64;
        let by_print: BTreeMap<[u8; 16], usize> =
            self.sides.iter().enumerate().map(|(at, side)| (side.fingerprint, at)).collect();
        for (key, value) in image {
            let Some((&kind, rest)) = key.split_first() else { continue };
            let taken = match kind {
                STREAM => self.context.watermarks.restore(rest, Some(value), now_ms).is_ok(),
                EVIDENCE => self.context.evidence.restore(rest, value),
                WAITING => self.order.restore(rest, value, &self.context.shared.settings.limits),
                OPERATOR => {
                    let Some((print, entry)) = rest.split_first_chunk::<16>() else { continue };
                    // Entries of rules that are gone stay where they are: the rule may come back.
                    let operator = by_print.get(print).and_then(|&at| self.operators.get_mut(at));
                    let Some(operator) = operator else { continue };
                    operator.restore(entry, Some(value)).is_ok()
                }
                _ => true,
            };
            broken += u64::from(!taken);
        }
        for operator in &mut self.operators {
            broken += u64::from(operator.finish_restore().is_err());
        }
        if broken > 0 {
            tracing::error!(
                broken,
                partition = self.context.id.partition,
                "changelog entries that make no sense were dropped"
            );
            self.context.shared.metrics.limit("broken_state");
        }
        self.metrics.restored(image.len() as u64);
        self.measure();
    }

    pub(crate) fn measure(&mut self) {
        self.next_deadline = self.operators.iter().filter_map(Operator::next_deadline).min();
        self.state_bytes = self.operators.iter().map(Operator::state_bytes).sum();
    }

    /// All entries of the image are void; the next drain does not know them, so they are removed one by one
    /// as soon as something is committed.
    pub(crate) fn forget<'k>(&mut self, keys: impl Iterator<Item = &'k Vec<u8>>) {
        self.raised = Raised { flags: 0, changed: true };
        self.void = keys.filter(|key| key.as_slice() != META).cloned().collect();
    }

    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>, out: &mut dyn Emitter) {
        // Everything that changed so far reaches the changelog under the old rules.
        self.drain(out);
        self.raised.changed = true;
        let id = self.context.id;
        let operators = std::mem::take(&mut self.operators);
        let sides = std::mem::take(&mut self.sides);
        self.build(rules);
        self.rule_set = Arc::clone(rules);
        let mut key = Vec::new();
        for (old, side) in operators.iter().zip(&sides) {
            let kept = self.sides.iter().position(|new| new.fingerprint == side.fingerprint);
            let mut kept = kept.and_then(|at| self.operators.get_mut(at));
            old.export(&mut |entry, value| match &mut kept {
                Some(new) => {
                    let taken = new.restore(entry, value);
                    debug_assert!(taken.is_ok(), "an operator reads what its like wrote");
                }
                None => {
                    operator_key(&mut key, &side.fingerprint, entry);
                    out.state(id, &key, None);
                }
            });
            if let Some(new) = kept {
                let whole = new.finish_restore();
                debug_assert!(whole.is_ok(), "an export is whole");
            }
        }
        self.measure();
    }

    pub(crate) fn build(&mut self, rules: &RuleSet) {
        let settings = &self.context.shared.settings;
        let lateness = self.lateness();
        for rule in rules.rules() {
            let evidence_max =
                settings.evidence_max.min(usize::try_from(rule.evidence).unwrap_or(usize::MAX));
            let limits =
                Limits { state_bytes_max: settings.state_bytes_max, evidence_max, ..Limits::default() };
            let built = operator(rule, lateness, limits)
                .unwrap_or_else(|error| unreachable!("the loader refuses what operators refuse: {error}"));
            self.operators.push(built);
            self.sides.push(RuleSide::new(rule, self.context.shared.metrics.rule(&rule.id)));
        }
        let reaches = self.sides.iter().filter(|side| side.has_threshold).map(|side| side.reach);
        self.longest_reach = reaches.max().unwrap_or_default();
    }
}

fn operator_key(key: &mut Vec<u8>, fingerprint: &[u8; 16], entry: &[u8]) {
    prefixed(key, &[OPERATOR], fingerprint);
    key.extend_from_slice(entry);
}

fn prefixed(key: &mut Vec<u8>, prefix: &[u8], rest: &[u8]) {
    key.clear();
    key.extend_from_slice(prefix);
    key.extend_from_slice(rest);
}
