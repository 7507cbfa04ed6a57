//! The leaves of the grammar: white space, strings, numbers, literals, each found from a position; and what ends or
//! breaks strings, found in 64 bytes at once.
//!
//! Strings are the hot part: a message of a log event is nearly all of its envelope, and holds an escaped
//! line end every 25 bytes or so. So eight bytes are looked at at once, and an escape costs no restart.
//!
//! A [`Scanner`] looks at 64 bytes at once. There is one for AVX2 and one in ordinary arithmetic, with the same results.
//! [`dispatch`] chooses one for a [`Task`], which is compiled once for each: so the choice costs one test a text.
//! `unsafe` stands in `scan/avx2.rs` only. What it gains, an event of 1,150 bytes on a tape: 242 ns instead of 527, and
//! 5,621 instructions instead of 9,751.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

pub(crate) use portable::Portable;

use crate::error::Error;

/// The content of a string, and whether it holds escapes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StringEnd {
    /// Position of the closing quote.
    pub(crate) quote: usize,
    pub(crate) escaped: bool,
}

/// Bytes that a [`Scanner`] looks at at once.
pub(crate) const BLOCK: usize = 64;

/// One bit a byte of a block; the first byte's is the lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    /// Bytes less than 0x20.
    pub(crate) controls: u64,
}

impl Found {
    /// What was found behind the first `skipped` bytes, fewer than all.
    #[inline(always)]
    pub(crate) const fn behind(self, skipped: usize) -> Self {
        Self {
            quotes: self.quotes >> skipped,
            backslashes: self.backslashes >> skipped,
            controls: self.controls >> skipped,
        }
    }
}

/// Finds bytes in 64 bytes.
pub(crate) trait Scanner: Copy {
    fn find(self, block: &[u8; BLOCK]) -> Found;
}

/// Work that is compiled once for each scanner.
pub(crate) trait Task {
    type Output;

    /// Does the work. Has to be inlined, with all that it calls often.
    fn run<S: Scanner>(self, scanner: S) -> Self::Output;
}

/// Does the work with the best scanner that this processor has.
#[inline(always)]
pub(crate) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(scanner) = avx2::Avx2::detect() {
        return scanner.run(task);
    }
    task.run(Portable)
}

/// Position of the first byte from `at` on that is no JSON white space.
#[inline]
pub(crate) fn white_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(0..=b' ') => white_run(bytes, at),
        _ => at,
    }
}

/// As [`white_space`], where some is likely: indentation.
#[inline(never)]
fn white_run(bytes: &[u8], mut at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let [blank, feed, return_, tab] = [b' ', b'\n', b'\r', b'\t'].map(|byte| equal(word, byte));
        let others = !(blank | feed | return_ | tab) & TOPS;
        if others != 0 {
            return at + first_byte(others);
        }
        at += 8;
    }
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    at + tail.iter().position(|byte| !is_white(byte)).unwrap_or(tail.len())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x80 * ONES;

/// Marks, by its top bit, each byte of the word that is this one.
#[inline(always)]
const fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (byte as u64 * ONES);
    // No carry leaves a byte: of each the highest bit is cut off before.
    !((differing & !TOPS).wrapping_add(!TOPS) | differing) & TOPS
}

/// Finds the end of a string whose content begins at `at`, and checks its escapes.
///
/// `strict` refuses raw control characters, as the RFC does.
pub(crate) fn string(bytes: &[u8], mut at: usize, strict: bool) -> Result<StringEnd, Error> {
    let mut escaped = false;
    loop {
        at = plain_run(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(StringEnd { quote: at, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(_) if strict => return Err(Error::syntax(at)),
            Some(_) => at += 1,
            None => return Err(Error::eof(at)),
        }
    }
}

/// Position of the first quote, backslash or control character from `at` on, else the end.
pub(crate) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return at + first_byte(special);
        }
        at += 8;
    }
    at + tail.iter().position(|&byte| is_special(byte)).unwrap_or(tail.len())
}

pub(crate) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Marks, by its top bit, each byte of the word that is special. Marks above the lowest may be wrong (a
/// borrow runs upwards), the lowest is right: that is all the caller uses.
pub(crate) const fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let zero_in_quote = quote.wrapping_sub(ONES) & !quote;
    let zero_in_backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | zero_in_quote | zero_in_backslash) & TOPS
}

pub(crate) const fn first_byte(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Checks the escape whose backslash stands at `at`; returns the position behind it.
pub(crate) fn escape(bytes: &[u8], at: usize) -> Result<usize, Error> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            for digit in at + 2..at + 6 {
                match bytes.get(digit) {
                    Some(byte) if byte.is_ascii_hexdigit() => {}
                    Some(_) => return Err(Error::syntax(digit)),
                    None => return Err(Error::eof(digit)),
                }
            }
            Ok(at + 6)
        }
        Some(_) => Err(Error::syntax(at + 1)),
        None => Err(Error::eof(at + 1)),
    }
}

/// Finds the end of the number that begins at `at`: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
pub(crate) fn number(bytes: &[u8], mut at: usize) -> Result<usize, Error> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// Position behind at least one decimal digit.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let end = digit_run(bytes, at);
    match end == at {
        false => Ok(end),
        true if end < bytes.len() => Err(Error::syntax(at)),
        true => Err(Error::eof(at)),
    }
}

/// Position of the first byte from `at` on that is no decimal digit.
#[inline(always)]
fn digit_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at.wrapping_add(8)).and_then(<[u8]>::first_chunk) {
        let values = u64::from_le_bytes(*word) ^ (u64::from(b'0') * ONES);
        // A carry comes only from a byte that is no digit: marks below it are right.
        let others = (values.wrapping_add(0x76 * ONES) | values) & TOPS;
        if others != 0 {
            return at + first_byte(others);
        }
        at += 8;
    }
    let tail = bytes.get(at..).unwrap_or_default();
    at + tail.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(tail.len())
}

/// Position behind `word`, one of `true`, `false` and `null`, expected at `at`.
pub(crate) fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Error> {
    let rest = bytes.get(at..).unwrap_or_default();
    match word.iter().zip(rest).position(|(want, have)| want != have) {
        Some(differs) => Err(Error::syntax(at + differs)),
        None if rest.len() < word.len() => Err(Error::eof(bytes.len())),
        None => Ok(at + word.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{digit_run, is_special, plain_run, white_space};

    /// Every pair of a byte and one that may confuse, at every place of a word.
    fn check(filler: u8, find: fn(&[u8]) -> usize, is_wanted: fn(u8) -> bool) {
        let mut text = [filler; 24];
        for first in 0..=u8::MAX {
            for second in
                [0, 9, 0xb, 0x1f, 0x20, b'!', b'"', b'#', b'/', b'0', b'9', b':', b'\\', 0x7f, 0x80, 0xff]
            {
                for at in 0..10 {
                    text[at] = first;
                    text[at + 1] = second;
                    let naive = text.iter().position(|&byte| is_wanted(byte)).unwrap_or(text.len());
                    assert_eq!(find(&text), naive, "{first:#x} {second:#x} at {at}");
                    text[at] = filler;
                    text[at + 1] = filler;
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too many cases for Miri")]
    fn eight_bytes_at_once_find_what_one_at_a_time_finds() {
        check(b'x', |text| plain_run(text, 0), is_special);
        check(b'7', |text| digit_run(text, 0), |byte| !byte.is_ascii_digit());
        for filler in [b' ', b'\t', b'\n', b'\r'] {
            check(filler, |text| white_space(text, 0), |byte| !b" \t\n\r".contains(&byte));
        }
    }
}
