//! Whether two comparisons can hold of one value.
//!
//! Errs on one side only: what is said to be impossible is.

use core::cmp::Ordering;
use std::borrow::Cow;

use crate::ast::{Comparison, Operand, Order};
use crate::interpret::glob_matches;
use crate::number;

/// Whether no value meets both: no text (or token that is no number) and no number.
pub(super) fn exclude(one: &Comparison, other: &Comparison) -> bool {
    !text_meets(one, other) && !number_meets(one, other)
}

/// What a text has to be for a comparison.
enum Asked<'c> {
    Is(&'c str),
    IsNot(&'c str),
    Like(&'c str),
    NotLike(&'c str),
    /// Nothing is known of it.
    Open,
    /// No text meets it.
    Nothing,
}

fn asked(comparison: &Comparison) -> Asked<'_> {
    match comparison {
        Comparison::Equal(Operand::Text(text)) if text.contains('*') => Asked::Like(text),
        Comparison::NotEqual(Operand::Text(text)) if text.contains('*') => Asked::NotLike(text),
        Comparison::Equal(Operand::Text(text)) => Asked::Is(text),
        Comparison::NotEqual(Operand::Text(text)) => Asked::IsNot(text),
        Comparison::Equal(Operand::Number(number)) => Asked::Is(number.text()),
        Comparison::NotEqual(Operand::Number(number)) => Asked::IsNot(number.text()),
        Comparison::Ordered(..) => Asked::Nothing,
        Comparison::Equal(Operand::Regex(_)) | Comparison::NotEqual(Operand::Regex(_)) => Asked::Open,
    }
}

/// Whether a text can meet both, numbers aside.
fn text_meets(one: &Comparison, other: &Comparison) -> bool {
    use Asked::{Is, IsNot, Like, NotLike, Nothing, Open};
    match (asked(one), asked(other)) {
        (Nothing, _) | (_, Nothing) => false,
        (Is(text), Is(other)) => text == other,
        (Is(text), IsNot(other)) | (IsNot(other), Is(text)) => text != other,
        (Is(text), Like(glob)) | (Like(glob), Is(text)) => glob_matches(glob, text.as_bytes()),
        (Is(text), NotLike(glob)) | (NotLike(glob), Is(text)) => !glob_matches(glob, text.as_bytes()),
        (Like(glob), Like(other)) => ends_meet(glob, other),
        (Like(glob), NotLike(other)) | (NotLike(other), Like(glob)) => glob != other,
        (Open, _) | (_, Open) | (IsNot(_) | Like(_) | NotLike(_), _) => regexes_meet(one, other),
    }
}

/// Whether the fixed ends of two texts with `*` can be those of one text.
fn ends_meet(one: &str, other: &str) -> bool {
    let ends = |glob: &str| {
        let first = glob.split('*').next().unwrap_or_default().to_owned();
        let last = glob.rsplit('*').next().unwrap_or_default().to_owned();
        (first, last)
    };
    let ((first, last), (other_first, other_last)) = (ends(one), ends(other));
    (first.starts_with(&other_first) || other_first.starts_with(&first))
        && (last.ends_with(&other_last) || other_last.ends_with(&last))
}

/// Two regular expressions exclude each other if they are the same and one is denied.
fn regexes_meet(one: &Comparison, other: &Comparison) -> bool {
    match (one, other) {
        (Comparison::Equal(Operand::Regex(one)), Comparison::NotEqual(Operand::Regex(other)))
        | (Comparison::NotEqual(Operand::Regex(one)), Comparison::Equal(Operand::Regex(other))) => {
            one.branches != other.branches
        }
        _ => true,
    }
}

/// What a number has to be for a comparison.
enum Number<'c> {
    /// This value; written like this, if it was asked for as a text.
    Is(Cow<'c, number::Number>, Option<&'c str>),
    IsNot(&'c number::Number),
    Beyond(Order, &'c number::Number),
    /// Only how it is written counts.
    Open,
    /// No number meets it.
    Nothing,
}

fn number(comparison: &Comparison) -> Number<'_> {
    match comparison {
        Comparison::Equal(Operand::Number(number)) => Number::Is(Cow::Borrowed(number), None),
        Comparison::NotEqual(Operand::Number(number)) => Number::IsNot(number),
        Comparison::Ordered(order, number) => Number::Beyond(*order, number),
        Comparison::Equal(Operand::Text(text)) if text.contains('*') => {
            let is_digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE*".contains(&byte));
            if is_digits { Number::Open } else { Number::Nothing }
        }
        Comparison::Equal(Operand::Text(text)) => match number::Number::parse(text) {
            Some(number) => Number::Is(Cow::Owned(number), Some(text)),
            None => Number::Nothing,
        },
        Comparison::NotEqual(Operand::Text(_))
        | Comparison::Equal(Operand::Regex(_))
        | Comparison::NotEqual(Operand::Regex(_)) => Number::Open,
    }
}

/// Whether a number can meet both.
fn number_meets(one: &Comparison, other: &Comparison) -> bool {
    use Number::{Beyond, Is, IsNot, Nothing, Open};
    match (number(one), number(other)) {
        (Nothing, _) | (_, Nothing) => false,
        (Is(value, text), Is(other, other_text)) => {
            order(&value, &other).is_eq() && (text.is_none() || other_text.is_none() || text == other_text)
        }
        (Is(value, _), IsNot(other)) | (IsNot(other), Is(value, _)) => order(&value, other).is_ne(),
        (Is(value, _), Beyond(asked, bound)) | (Beyond(asked, bound), Is(value, _)) => {
            asked.accepts(order(&value, bound))
        }
        (Is(_, Some(_)), Open) | (Open, Is(_, Some(_)) | Open) => text_meets(one, other),
        (Beyond(asked, bound), Beyond(other, other_bound)) => {
            ranges_meet((asked, bound), (other, other_bound))
        }
        (Is(..) | IsNot(_) | Beyond(..) | Open, _) => true,
    }
}

fn order(one: &number::Number, other: &number::Number) -> Ordering {
    one.decimal().compare(&other.decimal())
}

/// Whether two half-lines have a value in common.
fn ranges_meet(one: (Order, &number::Number), other: (Order, &number::Number)) -> bool {
    let is_lower = |order: Order| matches!(order, Order::Greater | Order::GreaterOrEqual);
    let (lower, upper) = match (is_lower(one.0), is_lower(other.0)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return true,
    };
    match order(lower.1, upper.1) {
        Ordering::Less => true,
        Ordering::Equal => lower.0 == Order::GreaterOrEqual && upper.0 == Order::LessOrEqual,
        Ordering::Greater => false,
    }
}
