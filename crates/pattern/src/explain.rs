//! Why a pattern matches an event, or does not: item by item.
//!
//! Built on the interpreter, so it says what the language means, not how it is compiled.

mod outline;

use core::ops::Range;

use crate::ast::{Body, Expr, Field, Needle, Pattern, Role, Slot, Term};
use crate::document::{Document, Scalar};
use crate::interpret::{self, Value};
use crate::print;

pub use outline::{Item, outline};

/// What one item of a pattern says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVerdict {
    /// Bytes of the pattern.
    pub span: Range<usize>,
    /// The item, in canonical text.
    pub item: String,
    /// Whether it holds.
    pub holds: bool,
    /// Whether the pattern's answer rests on it.
    pub is_decisive: bool,
    /// What it was asked of.
    pub evidence: Evidence,
}

/// What an item was asked of. Complete by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The term occurs first at these bytes of the event.
    Occurs(Range<usize>),
    /// The term does not occur.
    Absent,
    /// `?` beside other terms: it counts for nothing.
    Ignored,
    /// The values that the selector reaches, or the token, as texts.
    Values(Vec<Vec<u8>>),
    /// The event is not one JSON object.
    NotJson,
    /// The pattern needs at least this many tokens, the event has so many.
    Tokens {
        /// At least.
        needed: usize,
        /// There are.
        found: usize,
    },
}

/// The most values shown of a wildcard selector.
const VALUES_SHOWN_MAX: usize = 16;

/// Explains a pattern on an event; a JSON pattern parses it.
pub(crate) fn text(pattern: &Pattern, event: &[u8]) -> Vec<ItemVerdict> {
    match &pattern.body {
        Body::Terms(items) => terms(items, event),
        Body::Space(fields) => space(pattern, fields, event),
        Body::Json(expr) => {
            let root = interpret::parse(event);
            json(pattern, expr, &mut |condition| {
                let root = root.as_ref()?;
                Some(interpret::reached(pattern, condition, root).into_iter().cloned().collect())
            })
        }
    }
}

/// As [`text`], but a JSON pattern asks `document`.
pub(crate) fn document(pattern: &Pattern, event: &[u8], document: &mut dyn Document) -> Vec<ItemVerdict> {
    let Body::Json(expr) = &pattern.body else { return text(pattern, event) };
    json(pattern, expr, &mut |condition| {
        let mut values = Vec::new();
        document.visit(condition.selector, &mut |scalar| {
            values.push(match scalar {
                Scalar::Null => Value::Null,
                Scalar::True => Value::True,
                Scalar::False => Value::False,
                Scalar::Number(lexeme) => Value::Number(lexeme.to_vec()),
                Scalar::String(text) => Value::String(text.to_vec()),
                Scalar::Array { has_null } => {
                    Value::Array(if has_null { vec![Value::Null] } else { Vec::new() })
                }
                Scalar::Object => Value::Object(Vec::new()),
            });
            false
        });
        Some(values)
    })
}

fn terms(terms: &[Term], event: &[u8]) -> Vec<ItemVerdict> {
    let is_mixed = terms.iter().any(|term| term.role != Role::Optional);
    let mut verdicts: Vec<ItemVerdict> = terms
        .iter()
        .map(|term| {
            let place = place(&term.needle, event);
            let is_ignored = is_mixed && term.role == Role::Optional;
            ItemVerdict {
                span: term.span.clone(),
                item: print::term(term),
                holds: place.is_some() != (term.role == Role::Excluded),
                is_decisive: !is_ignored,
                evidence: match place {
                    _ if is_ignored => Evidence::Ignored,
                    Some(place) => Evidence::Occurs(place),
                    None => Evidence::Absent,
                },
            }
        })
        .collect();
    // All must hold, or, of optional ones, one; those that agree with the answer decided it.
    let counted = || verdicts.iter().filter(|verdict| verdict.evidence != Evidence::Ignored);
    let answer = if is_mixed { counted().all(|item| item.holds) } else { counted().any(|item| item.holds) };
    for verdict in &mut verdicts {
        verdict.is_decisive &= verdict.holds == answer;
    }
    verdicts
}

/// Where a term occurs first.
fn place(needle: &Needle, event: &[u8]) -> Option<Range<usize>> {
    match needle {
        Needle::Text(text) => {
            let at = memchr::memmem::find(event, text.as_bytes())?;
            Some(at..at + text.len())
        }
        Needle::Regex(regex) => regex.find(event),
    }
}

fn space(pattern: &Pattern, fields: &[Field], event: &[u8]) -> Vec<ItemVerdict> {
    let placed = interpret::assign(fields, event);
    let mut tokens = Vec::new();
    crate::tokens::split(event, &mut tokens);
    let needed = fields.iter().filter(|field| matches!(field, Field::Slot(_))).count();
    let mut verdicts = vec![ItemVerdict {
        span: 0..pattern.text.len(),
        item: format!("at least {needed} tokens"),
        holds: placed.is_some(),
        is_decisive: true,
        evidence: Evidence::Tokens { needed, found: tokens.len() },
    }];
    for (_, slot, text) in placed.into_iter().flatten() {
        if let Some(slot) = slot
            && let Some(condition) = &slot.condition
        {
            let first = verdicts.len();
            leaves(condition, &mut |check| {
                let name = slot.name.as_deref().unwrap_or_default();
                let holds = interpret::check_holds(check, &text);
                verdicts.push(verdict(check.span.clone(), print::check(name, check), holds, &text));
                holds
            });
            let of_slot = verdicts.get_mut(first..).unwrap_or_default();
            decide(condition, of_slot);
        }
    }
    settle_slots(fields, &mut verdicts);
    verdicts
}

/// Slots are joined like by `&&`: if one fails, those that hold decided nothing.
fn settle_slots(fields: &[Field], verdicts: &mut [ItemVerdict]) {
    let answers: Vec<(Range<usize>, bool)> = fields
        .iter()
        .filter_map(|field| match field {
            Field::Slot(Slot { span, condition: Some(condition), .. }) => {
                let inside: Vec<bool> = verdicts
                    .iter()
                    .skip(1)
                    .filter(|verdict| span.start <= verdict.span.start && verdict.span.end <= span.end)
                    .map(|verdict| verdict.holds)
                    .collect();
                (!inside.is_empty()).then(|| (span.clone(), answer(condition, &mut inside.into_iter())))
            }
            _ => None,
        })
        .collect();
    let is_match =
        verdicts.first().is_some_and(|first| first.holds) && answers.iter().all(|(_, answer)| *answer);
    for verdict in verdicts.iter_mut() {
        let of_slot =
            answers.iter().find(|(span, _)| span.start <= verdict.span.start && verdict.span.end <= span.end);
        let slot_answer = of_slot.map_or(verdict.holds, |(_, answer)| *answer);
        verdict.is_decisive &= slot_answer == is_match;
    }
}

fn verdict(span: Range<usize>, item: String, holds: bool, text: &[u8]) -> ItemVerdict {
    ItemVerdict { span, item, holds, is_decisive: false, evidence: Evidence::Values(vec![text.to_vec()]) }
}

fn json(
    pattern: &Pattern,
    expr: &Expr<crate::ast::Condition>,
    values: &mut dyn FnMut(&crate::ast::Condition) -> Option<Vec<Value>>,
) -> Vec<ItemVerdict> {
    let mut verdicts = Vec::new();
    leaves(expr, &mut |condition| {
        let values = values(condition);
        let holds = values
            .as_ref()
            .is_some_and(|values| interpret::json_holds(condition, &values.iter().collect::<Vec<_>>()));
        verdicts.push(ItemVerdict {
            span: condition.span.clone(),
            item: print::condition(condition, &pattern.selectors),
            holds,
            is_decisive: false,
            evidence: match &values {
                None => Evidence::NotJson,
                Some(values) => Evidence::Values(values.iter().take(VALUES_SHOWN_MAX).map(show).collect()),
            },
        });
        holds
    });
    if verdicts.iter().any(|verdict| verdict.evidence == Evidence::NotJson) {
        verdicts.iter_mut().for_each(|verdict| verdict.is_decisive = true);
    } else {
        decide(expr, &mut verdicts);
    }
    verdicts
}

fn show(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => b"null".to_vec(),
        Value::True => b"true".to_vec(),
        Value::False => b"false".to_vec(),
        Value::Number(lexeme) => lexeme.clone(),
        Value::String(text) => [b"\"", text.as_slice(), b"\""].concat(),
        Value::Array(_) => b"an array".to_vec(),
        Value::Object(_) => b"an object".to_vec(),
    }
}

fn leaves<'e, C>(expr: &'e Expr<C>, visit: &mut dyn FnMut(&'e C) -> bool) {
    expr.each(&mut |leaf| {
        visit(leaf);
    });
}

/// The answer of an expression whose leaves, in order, answer like this.
fn answer<C>(expr: &Expr<C>, holds: &mut dyn Iterator<Item = bool>) -> bool {
    match expr {
        Expr::Leaf(_) => holds.next().unwrap_or(false),
        Expr::All(parts) => !answers(parts, holds).contains(&false),
        Expr::Any(parts) => answers(parts, holds).contains(&true),
    }
}

/// The answers of all parts, so that the iterator stays in step with the leaves.
fn answers<C>(parts: &[Expr<C>], holds: &mut dyn Iterator<Item = bool>) -> Vec<bool> {
    parts.iter().map(|part| answer(part, holds)).collect()
}

/// Marks the leaves that the answer rests on; `verdicts` are those of the leaves, in order.
fn decide<C>(expr: &Expr<C>, verdicts: &mut [ItemVerdict]) {
    let holds: Vec<bool> = verdicts.iter().map(|verdict| verdict.holds).collect();
    let mut first = 0;
    mark(expr, &holds, &mut first, true, verdicts);
}

fn mark<C>(expr: &Expr<C>, holds: &[bool], next: &mut usize, counts: bool, verdicts: &mut [ItemVerdict]) {
    let parts = match expr {
        Expr::Leaf(_) => {
            if let Some(verdict) = verdicts.get_mut(*next) {
                verdict.is_decisive = counts;
            }
            *next += 1;
            return;
        }
        Expr::All(parts) | Expr::Any(parts) => parts,
    };
    let mut rest = holds.get(*next..).unwrap_or_default().iter().copied();
    let answers = answers(parts, &mut rest);
    let whole = match expr {
        Expr::Any(_) => answers.contains(&true),
        _ => !answers.contains(&false),
    };
    for (part, answer) in parts.iter().zip(answers) {
        mark(part, holds, next, counts && answer == whole, verdicts);
    }
}
