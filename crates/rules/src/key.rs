//! Group keys and distinct tuples as bytes: fields of a record → key → values as JSON.
//!
//! A key is the sequence of its fields' values, each typed and self-delimiting, so two keys are equal
//! exactly when their values are equal as JSON, field by field, and no choice of values by an attacker
//! makes two different keys collide:
//!
//! ```text
//! value   := 0x00                        missing
//!          | 0x01 | 0x02                 false, true
//!          | 0x10+n  n bytes             whole number, big-endian without leading zeros, n = 0..=8
//!          | 0x20    length bytes        any other JSON number, canonical decimal text
//!          | 0x21    length bytes        text, UTF-8
//!          | 0x40+n  n bytes             text of n = 0..=127 bytes, UTF-8
//! length  := LEB128, at most 5 bytes
//! ```
//!
//! * Missing is a value of its own. Numbers compare by value (`1`, `1.0` and `1e0` are one), numbers and
//!   text never (`1` ≠ `"1"`). Text that is not UTF-8 is taken as the view shows it, with U+FFFD.
//! * A numeral longer than 64 bytes compares by its spelling.
//! * The encoding is kept in state: a change of it needs a new state version.

use hsmstream_record::{Field, Record, Value};

/// Encodes the group key of `record` behind what `key` holds; `false` if the record lacks one of the fields.
/// Allocates only when `key` has to grow, or for text that is not UTF-8.
pub fn encode(record: &Record<'_>, fields: &[Field], key: &mut Vec<u8>) -> bool {
    let mut is_whole = true;
    for field in fields {
        let value = record.value(field);
        is_whole &= value.is_some();
        encode_value(value.as_ref(), key);
    }
    is_whole
}

/// Encodes a distinct tuple; `false`, and nothing written, if the record lacks one of the fields.
pub fn encode_present(record: &Record<'_>, fields: &[Field], key: &mut Vec<u8>) -> bool {
    let start = key.len();
    for field in fields {
        let value = record.value(field);
        if value.is_none() {
            key.truncate(start);
            return false;
        }
        encode_value(value.as_ref(), key);
    }
    true
}

/// Encodes one value.
pub fn encode_value(value: Option<&Value<'_>>, key: &mut Vec<u8>) {
    let Some(value) = value else {
        key.push(MISSING);
        return;
    };
    match *value {
        Value::Number(number) => whole(number, key),
        Value::Bool(truth) => key.push(if truth { TRUE } else { FALSE }),
        Value::Text(bytes) => text(bytes, key),
        Value::Signed(number) => match u64::try_from(number) {
            Ok(number) => whole(number, key),
            Err(_) => decimal(number.to_string().as_bytes(), key),
        },
        Value::Lexeme(lexeme) => decimal(lexeme, key),
        Value::Lower(_) | Value::Hex(_) | Value::Time(_) | Value::JsonText(_) => {
            let start = key.len();
            key.push(SHORT_TEXT);
            value.write_text(key);
            seal(start, key);
        }
    }
}

/// The value of a number field if it is a JSON number that is whole and not negative.
#[must_use]
pub fn whole_number(value: &Value<'_>) -> Option<u64> {
    match *value {
        Value::Number(number) => Some(number),
        Value::Signed(number) => u64::try_from(number).ok(),
        Value::Lexeme(lexeme) => match Decimal::parse(lexeme)? {
            Decimal { negative: false, digits, exponent } => expand(digits.as_bytes(), exponent),
            Decimal { .. } => None,
        },
        _ => None,
    }
}

/// A value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyValue<'k> {
    /// The record lacked the field.
    Missing,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Number(u64),
    /// Any other JSON number, as text.
    Decimal(&'k str),
    /// Text.
    Text(&'k str),
}

impl KeyValue<'_> {
    /// Appends the value as JSON; missing is `null`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Missing => out.extend_from_slice(b"null"),
            Self::Bool(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Decimal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(text) => {
                let shown = hsmstream_record::escape::json_string(text.as_bytes(), out);
                debug_assert_eq!(shown, hsmstream_record::escape::Shown::Exactly, "a str is UTF-8");
            }
        }
    }
}

/// Reads a key back, value by value; stops with `None` inside at bytes that are no key.
#[must_use]
pub fn decode(key: &[u8]) -> Values<'_> {
    Values { rest: key }
}

/// Iterator over the values of a key: `Err` once, as the last item, if the bytes are no key.
#[derive(Clone, Debug)]
pub struct Values<'k> {
    rest: &'k [u8],
}

/// The bytes are no key: they were damaged or written by another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes that are no group key")
    }
}

impl std::error::Error for Damaged {}

impl<'k> Iterator for Values<'k> {
    type Item = Result<KeyValue<'k>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let value = self.read();
        if value.is_none() {
            self.rest = &[];
        }
        Some(value.ok_or(Damaged))
    }
}

impl<'k> Values<'k> {
    fn read(&mut self) -> Option<KeyValue<'k>> {
        let (&tag, rest) = self.rest.split_first()?;
        self.rest = rest;
        match tag {
            MISSING => Some(KeyValue::Missing),
            FALSE => Some(KeyValue::Bool(false)),
            TRUE => Some(KeyValue::Bool(true)),
            WHOLE..=WHOLE_LAST => {
                let bytes = self.take(usize::from(tag - WHOLE))?;
                Some(KeyValue::Number(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
            }
            DECIMAL => self.counted().map(KeyValue::Decimal),
            LONG_TEXT => self.counted().map(KeyValue::Text),
            SHORT_TEXT..=SHORT_TEXT_LAST => {
                let bytes = self.take(usize::from(tag - SHORT_TEXT))?;
                str::from_utf8(bytes).ok().map(KeyValue::Text)
            }
            _ => None,
        }
    }

    fn counted(&mut self) -> Option<&'k str> {
        let mut length = 0usize;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return str::from_utf8(self.take(length)?).ok();
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'k [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

const MISSING: u8 = 0x00;
const FALSE: u8 = 0x01;
const TRUE: u8 = 0x02;
const WHOLE: u8 = 0x10;
const WHOLE_LAST: u8 = 0x18;
const DECIMAL: u8 = 0x20;
const LONG_TEXT: u8 = 0x21;
const SHORT_TEXT: u8 = 0x40;
const SHORT_TEXT_LAST: u8 = 0xbf;

fn whole(number: u64, key: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let zeros = usize::try_from(number.leading_zeros() / 8).unwrap_or(0);
    let kept = bytes.get(zeros..).unwrap_or(&[]);
    key.push(WHOLE | low_byte(kept.len()));
    key.extend_from_slice(kept);
}

fn text(bytes: &[u8], key: &mut Vec<u8>) {
    let start = key.len();
    key.push(SHORT_TEXT);
    key.extend_from_slice(bytes);
    seal(start, key);
}

/// Completes the text that was written behind the tag at `start`: makes it UTF-8 and notes its length.
fn seal(start: usize, key: &mut Vec<u8>) {
    let body = key.get(start + 1..).unwrap_or(&[]);
    if str::from_utf8(body).is_err() {
        let shown = String::from_utf8_lossy(body).into_owned();
        key.truncate(start + 1);
        key.extend_from_slice(shown.as_bytes());
    }
    let length = key.len() - start - 1;
    if length <= usize::from(SHORT_TEXT_LAST - SHORT_TEXT) {
        if let Some(tag) = key.get_mut(start) {
            *tag = SHORT_TEXT + low_byte(length);
        }
        return;
    }
    let mut head = [0; 6];
    let used = counted_head(LONG_TEXT, length, &mut head);
    key.splice(start..=start, head.into_iter().take(used));
}

/// Writes a tag and a length; returns the bytes used.
fn counted_head(tag: u8, length: usize, head: &mut [u8; 6]) -> usize {
    let mut rest = length;
    let mut used = 1;
    for byte in head.iter_mut().skip(1) {
        *byte = low_byte(rest & 0x7f);
        rest >>= 7;
        used += 1;
        if rest == 0 {
            break;
        }
        *byte |= 0x80;
    }
    if let Some(first) = head.first_mut() {
        *first = tag;
    }
    used
}

fn low_byte(number: usize) -> u8 {
    u8::try_from(number & 0xff).unwrap_or(0)
}

/// A JSON number that need not be a whole number of 64 bits.
fn decimal(lexeme: &[u8], key: &mut Vec<u8>) {
    let canonical = match Decimal::parse(lexeme) {
        Some(decimal) => match expand(decimal.digits.as_bytes(), decimal.exponent) {
            Some(number) if !decimal.negative || number == 0 => return whole(number, key),
            _ => decimal.print(),
        },
        None => String::from_utf8_lossy(lexeme).into_owned(),
    };
    let mut head = [0; 6];
    let used = counted_head(DECIMAL, canonical.len(), &mut head);
    key.extend(head.into_iter().take(used));
    key.extend_from_slice(canonical.as_bytes());
}

/// `digits × 10^exponent`, digits without zeros at either end (empty for 0).
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number; `None` if it is none, or too long to be taken apart.
    fn parse(lexeme: &[u8]) -> Option<Self> {
        let lexeme = str::from_utf8(lexeme).ok().filter(|text| text.len() <= NUMERAL_BYTES_MAX)?;
        let (negative, rest) = match lexeme.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, lexeme),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let trimmed = digits.trim_end_matches('0');
        if trimmed.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = i64::try_from(digits.len() - trimmed.len()).ok()?;
        let places = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.checked_sub(places)?.checked_add(zeros)?;
        Some(Self { negative, digits: trimmed.trim_start_matches('0').to_owned(), exponent })
    }

    /// One text per value: positional while short, else with an exponent.
    fn print(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = &self.digits;
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let point = count.saturating_add(self.exponent);
        match usize::try_from(point) {
            Ok(point) if self.exponent >= 0 && point <= POSITIONAL_MAX => {
                format!("{sign}{digits}{}", "0".repeat(point - digits.len()))
            }
            Ok(point) if 0 < point && point < digits.len() => {
                let (whole, fraction) = digits.split_at(point);
                format!("{sign}{whole}.{fraction}")
            }
            _ if self.exponent < 0 && (-6..=0).contains(&point) => {
                let zeros = usize::try_from(-point).unwrap_or(0);
                format!("{sign}0.{}{digits}", "0".repeat(zeros))
            }
            _ => format!("{sign}{digits}e{}", self.exponent),
        }
    }
}

/// The number if it is whole and fits.
fn expand(digits: &[u8], exponent: i64) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    let power = u32::try_from(exponent).ok()?;
    let scale = 10u64.checked_pow(power)?;
    str::from_utf8(digits).ok()?.parse::<u64>().ok()?.checked_mul(scale)
}

/// Numerals longer than this compare by spelling.
const NUMERAL_BYTES_MAX: usize = 64;
/// Digits of a number that is printed without exponent.
const POSITIONAL_MAX: usize = 24;

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
