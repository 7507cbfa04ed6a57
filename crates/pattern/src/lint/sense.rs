//! Conditions that cannot hold together, so that a pattern, or one of its alternatives, matches nothing.
//!
//! Each condition is compared with those that must hold beside it: the ones joined to it by `&&`, at its own
//! level or further out. Linear in the pattern: with [`BESIDE_MAX`] at most.

use core::ops::Range;

use super::values::exclude;
use super::{Lint, warn};
use crate::ast::{Check, Condition, Expr, Pattern, Slot, Test};
use crate::diagnostic::Diagnostic;
use crate::print;

/// The most conditions that one is compared with.
const BESIDE_MAX: usize = 32;

/// A contradiction: where, and the other condition as text.
type Found = (Range<usize>, String);

/// Looks at the conditions of one slot.
pub(super) fn slot(slot: &Slot, condition: &Expr<Check>, warnings: &mut Vec<Diagnostic>) {
    let name = slot.name.as_deref().unwrap_or_default();
    let mut search = Search {
        exclude: &|one: &Check, other: &Check| exclude(&one.comparison, &other.comparison),
        found: Vec::new(),
    };
    let is_possible = search.walk(condition, &mut Vec::new());
    let found = search.found.into_iter().map(|(one, other)| (one.span.clone(), print::check(name, other)));
    report(found.collect(), is_possible, warnings);
}

/// Looks at a JSON pattern.
pub(super) fn json(expr: &Expr<Condition>, pattern: &Pattern, warnings: &mut Vec<Diagnostic>) {
    let is_single = |condition: &Condition| {
        pattern.selectors.get(condition.selector).is_some_and(|selector| !selector.is_wildcard())
    };
    let exclude = |one: &Condition, other: &Condition| {
        one.selector == other.selector && tests_exclude(&one.test, &other.test, is_single(one))
    };
    let mut search = Search { exclude: &exclude, found: Vec::new() };
    let is_possible = search.walk(expr, &mut Vec::new());
    let found = search
        .found
        .into_iter()
        .map(|(one, other)| (one.span.clone(), print::condition(other, &pattern.selectors)));
    report(found.collect(), is_possible, warnings);
}

fn report(found: Vec<Found>, is_possible: bool, warnings: &mut Vec<Diagnostic>) {
    let hint = if is_possible {
        "so this alternative never holds; take one of them away"
    } else {
        "so nothing matches; take one of them away, or join them by `||`"
    };
    for (span, other) in found {
        warn(warnings, Lint::Contradiction, &span, format!("contradicts `{other}`"), hint);
    }
}

/// Whether two tests of one selector cannot both hold. Of a selector with a wildcard each may hold for
/// another value, so there only absence excludes the rest.
fn tests_exclude(one: &Test, other: &Test, is_single: bool) -> bool {
    match (one, other) {
        (Test::NotExists, Test::NotExists) => false,
        (Test::NotExists, _) | (_, Test::NotExists) => true,
        _ if !is_single => false,
        (Test::Compare(one), Test::Compare(other)) => exclude(one, other),
        (Test::Compare(_), _) | (_, Test::Compare(_)) => true,
        (one, other) => one != other,
    }
}

struct Search<'e, C> {
    exclude: &'e dyn Fn(&C, &C) -> bool,
    found: Vec<(&'e C, &'e C)>,
}

impl<'e, C> Search<'e, C> {
    /// Whether `expr` can hold beside the conditions of `beside`, to which it adds its own.
    fn walk(&mut self, expr: &'e Expr<C>, beside: &mut Vec<&'e C>) -> bool {
        match expr {
            Expr::Leaf(leaf) => self.leaf(leaf, beside),
            Expr::All(parts) => {
                let is_leaf = |part: &&Expr<C>| matches!(part, Expr::Leaf(_));
                let mut is_possible = true;
                // Conditions first: every alternative beside them has to bear them.
                for part in parts.iter().filter(is_leaf) {
                    is_possible &= self.walk(part, beside);
                }
                for part in parts.iter().filter(|part| !is_leaf(part)) {
                    is_possible &= self.walk(part, beside);
                }
                is_possible
            }
            Expr::Any(parts) => {
                let before = beside.len();
                let mut is_possible = false;
                for part in parts {
                    is_possible |= self.walk(part, beside);
                    beside.truncate(before);
                }
                is_possible
            }
        }
    }

    fn leaf(&mut self, leaf: &'e C, beside: &mut Vec<&'e C>) -> bool {
        let other = beside.iter().rev().take(BESIDE_MAX).find(|other| (self.exclude)(leaf, other));
        self.found.extend(other.map(|other| (leaf, *other)));
        let is_possible = other.is_none();
        beside.push(leaf);
        is_possible
    }
}
