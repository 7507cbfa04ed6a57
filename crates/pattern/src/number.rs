//! Decimal numbers of any size, compared exactly.
//!
//! Handles of keys have more digits than a binary float keeps, so a number stays its digits and its power of
//! ten. Nothing is allocated to read or compare one. The service's own precision is unknown; exact is the
//! reading that surprises nobody.

use core::cmp::Ordering;

/// A number as a pattern writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    text: Box<str>,
    digits: Box<[u8]>,
    magnitude: i64,
    negative: bool,
}

/// A number as an event writes it: `0.DIGITS × 10^magnitude`, the first digit not 0; no digits for zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    magnitude: i64,
    negative: bool,
}

impl Number {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let decimal = Decimal::parse(text.as_bytes())?;
        let digits: Vec<u8> = decimal.digits().collect();
        Some(Self {
            text: text.into(),
            digits: digits.into_boxed_slice(),
            magnitude: decimal.magnitude,
            negative: decimal.negative,
        })
    }

    /// The number as written.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// The number as an unsigned integer, if it is one.
    pub(crate) fn to_u64(&self) -> Option<u64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let length = usize::try_from(self.magnitude).ok().filter(|length| (1..=20).contains(length))?;
        if self.negative || self.digits.iter().skip(length).any(|digit| *digit != b'0') {
            return None;
        }
        let digits = self.digits.iter().copied().chain(core::iter::repeat(b'0')).take(length);
        let mut digits = digits.map(|digit| u64::from(digit.wrapping_sub(b'0')));
        digits.try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add(digit))
    }

    pub(crate) const fn decimal(&self) -> Decimal<'_> {
        Decimal { head: &self.digits, tail: &[], magnitude: self.magnitude, negative: self.negative }
    }
}

impl<'a> Decimal<'a> {
    /// Reads a number; JSON's grammar, and a leading `+` or zeros besides.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = sign(text);
        let (whole, rest) = digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => {
                let (fraction, rest) = digits(rest);
                (!fraction.is_empty()).then_some((fraction, rest))?
            }
            _ => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        (!whole.is_empty()).then(|| Self::new(negative, whole, fraction, exponent))
    }

    fn new(negative: bool, whole: &'a [u8], fraction: &'a [u8], exponent: i64) -> Self {
        let stripped = strip(whole);
        if !stripped.is_empty() {
            return Self { head: stripped, tail: fraction, magnitude: length(stripped) + exponent, negative };
        }
        let stripped = strip(fraction);
        if stripped.is_empty() {
            return Self { head: &[], tail: &[], magnitude: 0, negative: false };
        }
        let magnitude = length(stripped) - length(fraction) + exponent;
        Self { head: stripped, tail: &[], magnitude, negative }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.head.iter().chain(self.tail).copied()
    }

    /// −1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.head.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Compares the values. O(digits).
    pub(crate) fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let sign = self.sign();
        let signs = sign.cmp(&other.sign());
        if signs != Ordering::Equal || sign == 0 {
            return signs;
        }
        let sizes = self.magnitude.cmp(&other.magnitude).then_with(|| self.compare_digits(other));
        if self.negative { sizes.reverse() } else { sizes }
    }

    fn compare_digits(&self, other: &Decimal<'_>) -> Ordering {
        let (mut ours, mut theirs) = (self.digits(), other.digits());
        loop {
            let pair = (ours.next(), theirs.next());
            if pair == (None, None) {
                return Ordering::Equal;
            }
            let order = pair.0.unwrap_or(b'0').cmp(&pair.1.unwrap_or(b'0'));
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Splits off leading digits.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Drops leading zeros.
fn strip(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    digits.get(start..).unwrap_or_default()
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(EXPONENT_MAX)
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, rest) = sign(text);
    let (digits, rest) = digits(rest);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let size = digits.iter().fold(0_i64, |size, digit| {
        size.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(EXPONENT_MAX)
    });
    Some(if negative { -size } else { size })
}

/// Larger powers of ten count as this one; far from overflow when lengths are added.
const EXPONENT_MAX: i64 = 1 << 60;

#[cfg(test)]
mod tests;
