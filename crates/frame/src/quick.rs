//! The common form of an event in an envelope, read in one pass: the bytes as CloudWatch Logs prints them,
//! `{"id":"…","timestamp":…,"message":"…"}`, without white space (documented and observed).
//!
//! A twin of [`Event::read`](crate::event::Event::read): where the form differs in anything, it says `None` and the
//! other is asked. Measured: see the commit.

use hsmstream_json::{Slab, Unpacked, plain_string};

/// What stands before the message of an event in the common form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before<'w> {
    pub(crate) event_id: &'w [u8],
    pub(crate) timestamp_ms: i64,
    /// Where the message's content begins.
    pub(crate) start: usize,
}

/// Reads the event that `bytes` begin with, up to its message.
#[inline(always)]
pub(crate) fn before_message(bytes: &[u8]) -> Option<Before<'_>> {
    let rest = behind(bytes, b"{\"id\":\"")?;
    let (event_id, rest) = event_id(rest)?;
    let rest = behind(rest, b"\",\"timestamp\":")?;
    let (digits, rest) = rest.split_first_chunk()?;
    let timestamp_ms = milliseconds(digits)?;
    let rest = behind(rest, b",\"message\":\"")?;
    Some(Before { event_id, timestamp_ms, start: bytes.len() - rest.len() })
}

/// Reads the message, which has to be the event's end. `string` begins behind its opening quote.
pub(crate) fn message<'s>(string: &[u8], slab: &'s mut Slab) -> Option<Unpacked<'s>> {
    let message = slab.unpack(string)?;
    (string.get(message.length) == Some(&b'}')).then_some(message)
}

/// What stands behind a prefix.
#[inline(always)]
fn behind<'a, const N: usize>(bytes: &'a [u8], prefix: &[u8; N]) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_first_chunk()?;
    (front == prefix).then_some(rest)
}

/// An id without escapes, and what stands behind it. All that CloudWatch Logs gives have 56 digits.
#[inline(always)]
fn event_id(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some((digits, rest)) = bytes.split_first_chunk::<56>()
        && digits.iter().fold(true, |all, byte| all & byte.is_ascii_digit())
        && rest.first() == Some(&b'"')
    {
        return Some((digits, rest));
    }
    bytes.split_at_checked(plain_string(bytes)?.len())
}

/// A number of 13 digits, the first not 0: a time from 2001 to 2286.
#[inline(always)]
fn milliseconds(digits: &[u8; 13]) -> Option<i64> {
    let (front, back) = digits.split_last_chunk::<8>()?;
    let mut value = 0;
    let mut all_digits = front.first() != Some(&b'0');
    for byte in front {
        let digit = byte.wrapping_sub(b'0');
        all_digits &= digit < 10;
        value = value * 10 + i64::from(digit);
    }
    all_digits.then_some(value * 100_000_000 + i64::from(eight_digits(back)?))
}

/// A number of eight digits, two, four and all of them at a time.
#[inline(always)]
fn eight_digits(digits: &[u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*digits);
    // A byte less than '0' or greater than '9' leaves a bit outside its low half, before or after 6 is added.
    let values = word ^ (ONES * 0x30);
    if (values | values.wrapping_add(ONES * 6)) & (ONES * 0xf0) != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32);
    u32::try_from(all & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests;
