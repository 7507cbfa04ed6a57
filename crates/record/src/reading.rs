//! What the value behind a known label says.
//!
//! In: a label and its value, without blanks around it. Out: a [`Reading`]. Nothing here knows about the
//! other lines of a record.

use crate::audit::{Outcome, Response, Session};
use crate::boundary::{trim_blanks, trim_blanks_end, trim_blanks_start};
use crate::label::Label;
use crate::time;

/// A value as its label has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// Nothing is printed.
    Absent,
    Text(&'a [u8]),
    Number(u64),
    /// A time: the microseconds, and the time as printed before them.
    Clock(u64, &'a [u8]),
    Session(Session<'a>),
    Response(Response<'a>),
    /// The value is not what the label demands.
    Bad,
}

/// Reads a value. A value `NAME (CODE)` is read as text here: see [`name_code`].
#[inline(always)]
pub(crate) fn read(label: Label, value: &[u8]) -> Reading<'_> {
    if value.is_empty() {
        return match label {
            Label::UserName | Label::TargetUserName => Reading::Text(value),
            Label::Sequence | Label::Time => Reading::Bad,
            _ => Reading::Absent,
        };
    }
    let reading = match label {
        Label::Time | Label::LocalTime | Label::HostTime => clock(value),
        Label::Sequence => hex(value, 16).map(Reading::Number),
        Label::Reboot => hex(value, 8).map(Reading::Number),
        Label::Session => hex(value, 16).map(|handle| Reading::Session(Session { text: value, handle })),
        Label::Response => response(value).map(Reading::Response),
        Label::PrivateKey | Label::PublicKey | Label::ObjectKey => decimal(value).map(Reading::Number),
        Label::PropagationDelay => value
            .strip_prefix(b"usec:")
            .and_then(|digits| decimal(trim_blanks_start(digits)))
            .map(Reading::Number),
        _ => Some(Reading::Text(value)),
    };
    reading.unwrap_or(Reading::Bad)
}

/// The base in which a code is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// With or without `0x`.
    Hex,
    Decimal,
}

/// Splits `NAME (CODE)` at the last ` (`. A value without code is all name; so is, as an error, one whose
/// code does not parse.
pub(crate) fn name_code(value: &[u8], base: Base) -> Result<(&[u8], Option<u64>), &[u8]> {
    let opens = memchr::memrchr_iter(b'(', value);
    let mut splits = opens.filter_map(|open| open.checked_sub(1));
    let Some(split) = splits.find(|before| value.get(*before) == Some(&b' ')) else {
        return Ok((value, None));
    };
    let (name, code) = value.split_at(split);
    let digits = code.strip_prefix(b" (").and_then(|code| code.strip_suffix(b")")).ok_or(value)?;
    let code = match base {
        Base::Hex => hex_digits(digits.strip_prefix(b"0x").unwrap_or(digits), 16),
        Base::Decimal => decimal(digits),
    };
    Ok((trim_blanks_end(name), Some(code.ok_or(value)?)))
}

/// `MM/DD/YY hh:mm:ss.uuuuuu, usecs:<u64>`: comma optional, `usec:` accepted, year 9999 at most. The
/// printed time is not looked at here.
fn clock(value: &[u8]) -> Option<Reading<'_>> {
    let colon = memchr::memrchr(b':', value)?;
    let (before, digits) = value.split_at(colon);
    let usecs = decimal(trim_blanks(digits.get(1..)?)).filter(|usecs| *usecs <= time::USECS_MAX)?;
    Some(Reading::Clock(usecs, printed(before)?))
}

/// The time as printed, of what stands in front of the last colon: that and `, usecs`.
pub(crate) fn printed(before: &[u8]) -> Option<&[u8]> {
    let before = before.strip_suffix(b"usecs").or_else(|| before.strip_suffix(b"usec"))?;
    let printed = trim_blanks_end(before);
    let printed = printed.strip_suffix(b",").unwrap_or(printed);
    let separate = printed.len() < before.len() || before.is_empty();
    separate.then_some(trim_blanks_end(printed))
}

/// `<dec>:[ ]?HSM Return: <text>`, the same with `HSM Error`, or a code and any other words.
pub(crate) fn response(value: &[u8]) -> Option<Response<'_>> {
    let colon = memchr::memchr(b':', value)?;
    let (code, rest) = value.split_at(colon);
    let code = decimal(code)?;
    let rest = rest.get(1..)?;
    let words = rest.strip_prefix(b" ").unwrap_or(rest);
    let (outcome, text) = if let Some(text) = words.strip_prefix(b"HSM Return:") {
        (Outcome::Success, text)
    } else if let Some(text) = words.strip_prefix(b"HSM Error:") {
        (Outcome::Failure, text)
    } else {
        (Outcome::of_code(code), rest)
    };
    Some(Response { code, text: trim_blanks(text), outcome })
}

/// A number printed `0x…` with at most `max` digits.
#[inline]
pub(crate) fn hex(value: &[u8], max: usize) -> Option<u64> {
    hex_digits(value.strip_prefix(b"0x")?, max)
}

#[inline]
pub(crate) fn hex_digits(digits: &[u8], max: usize) -> Option<u64> {
    if digits.is_empty() || digits.len() > max || max > 16 {
        return None;
    }
    digits.iter().try_fold(0, |number, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

/// A number printed in decimal digits alone.
#[inline]
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
