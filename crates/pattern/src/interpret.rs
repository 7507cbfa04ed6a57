//! The interpreter: the language's meaning written down plainly, from the syntax tree.
//!
//! It is the oracle that the compiled forms are tested against, so it shares nothing with them but the
//! syntax tree, exact comparison of numbers and the JSON reader. Slow, it allocates freely, and its time on a
//! hostile event is bounded only by the square of the event's length: for tests and explanations.

mod space;
mod value;

use hsmstream_json::Reader;

use crate::ast::{Body, Check, Comparison, Condition, Expr, Needle, Operand, Pattern, Role, Term, Test};
use crate::document::{Document, Scalar};
use crate::limits::JSON_NESTING_MAX;
use crate::number::{Decimal, Number};
use crate::regex::{Class, Piece, Regex};

pub(crate) use space::assign;
pub use space::{Extracted, extract};
pub(crate) use value::Value;

/// Whether `pattern` matches `event`; a JSON pattern parses it.
#[must_use]
pub fn matches_text(pattern: &Pattern, event: &[u8]) -> bool {
    match &pattern.body {
        Body::Terms(terms) => terms_match(terms, event),
        Body::Space(fields) => space::matches(fields, event),
        Body::Json(expr) => parse(event).is_some_and(|root| {
            evaluate(expr, &mut |condition| json_holds(condition, &reached(pattern, condition, &root)))
        }),
    }
}

/// As [`matches_text`], but a JSON pattern asks `document`.
pub fn matches_document(pattern: &Pattern, event: &[u8], document: &mut dyn Document) -> bool {
    let Body::Json(expr) = &pattern.body else { return matches_text(pattern, event) };
    evaluate(expr, &mut |condition| {
        let mut values = Vec::new();
        document.visit(condition.selector, &mut |scalar| {
            values.push(owned(scalar));
            false
        });
        json_holds(condition, &values.iter().collect::<Vec<_>>())
    })
}

/// A JSON event; `None` if it is none or its root is not an object.
pub(crate) fn parse(event: &[u8]) -> Option<Value> {
    let mut reader = Reader::new(event, JSON_NESTING_MAX);
    let value = Value::read(&mut reader)?;
    let rest = event.get(reader.position()..)?;
    let is_whole = rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    (is_whole && matches!(value, Value::Object(_))).then_some(value)
}

/// The values that a condition is asked of.
pub(crate) fn reached<'v>(pattern: &Pattern, condition: &Condition, root: &'v Value) -> Vec<&'v Value> {
    pattern.selectors.get(condition.selector).map(|selector| root.reach(selector.steps())).unwrap_or_default()
}

fn owned(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::True => Value::True,
        Scalar::False => Value::False,
        Scalar::Number(lexeme) => Value::Number(lexeme.to_vec()),
        Scalar::String(text) => Value::String(text.to_vec()),
        Scalar::Array { has_null: true } => Value::Array(vec![Value::Null]),
        Scalar::Array { has_null: false } => Value::Array(Vec::new()),
        Scalar::Object => Value::Object(Vec::new()),
    }
}

/// Every excluded term is absent, every plain one present; of optional terms alone, one is present.
fn terms_match(terms: &[Term], event: &[u8]) -> bool {
    let of = |role: Role| terms.iter().filter(move |term| term.role == role);
    let present = |term: &Term| needle_occurs(&term.needle, event);
    let is_optional_only = terms.iter().all(|term| term.role == Role::Optional) && !terms.is_empty();
    !of(Role::Excluded).any(present)
        && of(Role::Plain).all(present)
        && (!is_optional_only || of(Role::Optional).any(present))
}

/// Whether a term's text or regular expression is found in the event.
pub(crate) fn needle_occurs(needle: &Needle, event: &[u8]) -> bool {
    match needle {
        Needle::Text(text) => find(event, text.as_bytes()).is_some(),
        Needle::Regex(regex) => regex_matches(regex, event),
    }
}

/// The first place of `needle`.
pub(crate) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    (0..=text.len()).find(|from| text.get(*from..).is_some_and(|rest| rest.starts_with(needle)))
}

/// `&&` and `||` over conditions.
pub(crate) fn evaluate<C>(expr: &Expr<C>, holds: &mut dyn FnMut(&C) -> bool) -> bool {
    match expr {
        Expr::Leaf(leaf) => holds(leaf),
        Expr::All(parts) => parts.iter().all(|part| evaluate(part, holds)),
        Expr::Any(parts) => parts.iter().any(|part| evaluate(part, holds)),
    }
}

/// Whether a condition holds for some of the values reached.
pub(crate) fn json_holds(condition: &Condition, values: &[&Value]) -> bool {
    let some = |accept: &dyn Fn(&Value) -> bool| values.iter().any(|value| accept(value));
    match &condition.test {
        Test::NotExists => values.is_empty(),
        Test::IsNull => some(&|value| match value {
            Value::Null => true,
            Value::Array(elements) => elements.contains(&Value::Null),
            _ => false,
        }),
        Test::IsTrue => some(&|value| *value == Value::True),
        Test::IsFalse => some(&|value| *value == Value::False),
        Test::Compare(comparison) => some(&|value| compare_json(comparison, value)),
    }
}

/// The comparison matrix: texts and numbers only, and a number's text is how the event writes it.
fn compare_json(comparison: &Comparison, value: &Value) -> bool {
    let (text, is_number) = match value {
        Value::Number(lexeme) => (lexeme.as_slice(), true),
        Value::String(text) => (text.as_slice(), false),
        _ => return false,
    };
    let equal = |operand: &Operand| match operand {
        Operand::Number(number) if is_number => {
            numbers_order(text, number) == Some(core::cmp::Ordering::Equal)
        }
        Operand::Number(number) => text == number.text().as_bytes(),
        Operand::Text(glob) => glob_matches(glob, text),
        Operand::Regex(regex) => regex_matches(regex, text),
    };
    match comparison {
        Comparison::Equal(operand) => equal(operand),
        Comparison::NotEqual(operand) => !equal(operand),
        Comparison::Ordered(order, number) => {
            is_number && numbers_order(text, number).is_some_and(|ordering| order.accepts(ordering))
        }
    }
}

/// A token's condition: a numeric right-hand side is met by the same text or the same number.
pub(crate) fn check_holds(check: &Check, text: &[u8]) -> bool {
    let equal = |operand: &Operand| match operand {
        Operand::Number(number) => {
            text == number.text().as_bytes()
                || numbers_order(text, number) == Some(core::cmp::Ordering::Equal)
        }
        Operand::Text(glob) => glob_matches(glob, text),
        Operand::Regex(regex) => regex_matches(regex, text),
    };
    match &check.comparison {
        Comparison::Equal(operand) => equal(operand),
        Comparison::NotEqual(operand) => !equal(operand),
        Comparison::Ordered(order, number) => {
            numbers_order(text, number).is_some_and(|ordering| order.accepts(ordering))
        }
    }
}

fn numbers_order(text: &[u8], number: &Number) -> Option<core::cmp::Ordering> {
    Some(Decimal::parse(text)?.compare(&number.decimal()))
}

/// A text with `*`: the first part begins the text; each further part is looked for behind the one before
/// and taken where it first occurs; the last one must end the text *there* (the service's own way).
pub(crate) fn glob_matches(glob: &str, text: &[u8]) -> bool {
    let mut parts = glob.split('*').map(str::as_bytes);
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&[u8]> = parts.collect();
    let Some(mut behind) = text.strip_prefix(first) else { return false };
    let Some((last, middle)) = rest.split_last() else { return behind.is_empty() };
    for part in middle {
        let Some(at) = find(behind, part) else { return false };
        behind = behind.get(at + part.len()..).unwrap_or_default();
    }
    last.is_empty() || find(behind, last).is_some_and(|at| at + last.len() == behind.len())
}

/// Whether a regular expression is found in `text`: all places that each piece can lead to, one by one.
pub(crate) fn regex_matches(regex: &Regex, text: &[u8]) -> bool {
    regex.branches.iter().any(|pieces| {
        let mut places = vec![true; text.len() + 1];
        for piece in pieces {
            places = advance(piece, text, places);
        }
        places.contains(&true)
    })
}

fn advance(piece: &Piece, text: &[u8], mut places: Vec<bool>) -> Vec<bool> {
    let (class, min, max) = match piece {
        Piece::Start => {
            places.iter_mut().skip(1).for_each(|place| *place = false);
            return places;
        }
        Piece::End => {
            places.iter_mut().rev().skip(1).for_each(|place| *place = false);
            return places;
        }
        Piece::Repeat { class, min, max } => (class, *min, *max),
    };
    for _ in 0..min {
        places = step(class, text, &places);
    }
    let mut all = places.clone();
    let more = max.map_or(text.len(), |max| usize::try_from(max - min).unwrap_or(usize::MAX).min(text.len()));
    for _ in 0..more {
        places = step(class, text, &places);
        if !places.contains(&true) {
            break;
        }
        all.iter_mut().zip(&places).for_each(|(all, place)| *all |= place);
    }
    all
}

/// One character further from every place.
fn step(class: &Class, text: &[u8], places: &[bool]) -> Vec<bool> {
    let mut next = vec![false; places.len()];
    let mut reach = |place: usize| {
        if let Some(place) = next.get_mut(place) {
            *place = true;
        }
    };
    for place in (0..text.len()).filter(|place| places.get(*place) == Some(&true)) {
        let rest = text.get(place..).unwrap_or_default();
        if rest.first().is_some_and(|byte| class.has_byte(*byte)) {
            reach(place + 1);
        }
        for length in 2..=4 {
            let character = rest.get(..length).and_then(|bytes| str::from_utf8(bytes).ok());
            let mut characters = character.unwrap_or_default().chars();
            if let (Some(one), None) = (characters.next(), characters.next())
                && class.has_char(one)
            {
                reach(place + length);
            }
        }
    }
    next
}
