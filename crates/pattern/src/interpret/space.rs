//! Space-delimited patterns, plainly.

use core::ops::Range;

use super::{check_holds, evaluate};
use crate::ast::{Body, Field, Pattern, Slot};

/// One of the `extractedValues`: `$name` or `$position`, and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// With the `$`.
    pub name: String,
    /// Out of its delimiters.
    pub value: Vec<u8>,
}

/// The values that a space-delimited pattern extracts from an event it matches; none of other patterns.
#[must_use]
pub fn extract(pattern: &Pattern, event: &[u8]) -> Option<Vec<Extracted>> {
    let Body::Space(fields) = &pattern.body else {
        return super::matches_text(pattern, event).then(Vec::new);
    };
    if !matches(fields, event) {
        return None;
    }
    let named = |position: usize, slot: Option<&Slot>| match slot.and_then(|slot| slot.name.as_deref()) {
        Some(name) => format!("${name}"),
        None => format!("${position}"),
    };
    let placed = assign(fields, event)?;
    Some(
        placed
            .into_iter()
            .map(|(position, slot, value)| Extracted { name: named(position, slot), value })
            .collect(),
    )
}

/// A token's position (from 1), its slot, and its text.
pub(crate) type Placed<'p> = (usize, Option<&'p Slot>, Vec<u8>);

pub(super) fn matches(fields: &[Field], event: &[u8]) -> bool {
    let Some(placed) = assign(fields, event) else { return false };
    placed.iter().all(|(_, slot, text)| match slot.and_then(|slot| slot.condition.as_ref()) {
        Some(condition) => evaluate(condition, &mut |check| check_holds(check, text)),
        None => true,
    })
}

/// The tokens that the fields stand for; `None` if the fields do not fit.
pub(crate) fn assign<'p>(fields: &'p [Field], event: &[u8]) -> Option<Vec<Placed<'p>>> {
    let tokens = tokens(event);
    let slots = |fields: &'p [Field]| -> Vec<Option<&'p Slot>> {
        let slot = |field: &'p Field| match field {
            Field::Slot(slot) => Some(slot),
            Field::Rest(_) => None,
        };
        fields.iter().map(slot).collect()
    };
    let rest = fields.iter().position(|field| matches!(field, Field::Rest(_)));
    let mut order: Vec<Option<&Slot>> = match rest {
        Some(rest) => {
            let before = slots(fields.get(..rest)?);
            let after = slots(fields.get(rest + 1..)?);
            let free = tokens.len().checked_sub(before.len() + after.len())?;
            before.into_iter().chain(core::iter::repeat_n(None, free)).chain(after).collect()
        }
        None if fields.is_empty() => vec![None; tokens.len()],
        None => slots(fields),
    };
    if tokens.len() < order.len() {
        return None;
    }
    let last = order.len().checked_sub(1).filter(|_| rest.is_none() && !fields.is_empty());
    let mut texts: Vec<Vec<u8>> = tokens.iter().map(|(_, text)| text.clone()).collect();
    if let Some(last) = last
        && tokens.len() > order.len()
    {
        let (from, to) = (tokens.get(last)?.0.start, tokens.last()?.0.end);
        *texts.get_mut(last)? = event.get(from..to)?.to_vec();
    }
    Some(
        order.drain(..).zip(texts).enumerate().map(|(index, (slot, text))| (index + 1, slot, text)).collect(),
    )
}

/// The tokens: where each stands, and its text.
fn tokens(event: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    let is_blank = |index: usize| event.get(index).is_none_or(|byte| b" \t".contains(byte));
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < event.len() {
        if is_blank(start) {
            start += 1;
            continue;
        }
        let closing = match event.get(start) {
            Some(b'"') => Some(b'"'),
            Some(b'[') => Some(b']'),
            _ => None,
        };
        let is_escaped = |index: usize| {
            let slashes =
                (start + 1..index).rev().take_while(|before| event.get(*before) == Some(&b'\\')).count();
            closing == Some(b'"') && slashes % 2 == 1
        };
        let close = closing.and_then(|closing| {
            (start + 1..event.len()).find(|index| {
                event.get(*index) == Some(&closing) && is_blank(index + 1) && !is_escaped(*index)
            })
        });
        let end = match close {
            Some(close) => close + 1,
            None => (start..=event.len()).find(|index| is_blank(*index)).unwrap_or(event.len()),
        };
        let margin = usize::from(close.is_some());
        let text = event.get(start + margin..end - margin).unwrap_or_default().to_vec();
        tokens.push((start..end, text));
        start = end;
    }
    tokens
}
