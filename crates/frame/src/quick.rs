//! The common form of events in an envelope, read in one pass: the bytes as CloudWatch Logs prints them,
//! `{"id":"…","timestamp":…,"message":"…"}`, without white space (documented and observed).
//!
//! A twin of [`Event::read`](crate::event::Event::read): where the form differs in anything, it says `None` and the
//! other is asked. What stands before a message has its bytes at known places if the id is one of CloudWatch Logs:
//! all of them are compared at once.

use crate::origin::present;
use hsmstream_json::plain_string;
use hsmstream_record::Origin;

/// What stands before the message of an event in the common form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before<'w> {
    pub(crate) event_id: &'w [u8],
    pub(crate) timestamp_ms: i64,
    /// From the message's content on.
    pub(crate) string: &'w [u8],
}

impl<'w> Before<'w> {
    /// Id and time of the event, if `around` is the origin of all of them.
    #[inline(always)]
    pub(crate) fn named_over(&self, around: &Origin<'w>) -> (Option<&'w [u8]>, Option<i64>) {
        (present(Some(self.event_id)).or(around.event_id), Some(self.timestamp_ms))
    }
}

/// Elements of the list of an envelope: what is left of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'w> {
    /// Behind the list's bracket, or behind an element.
    rest: &'w [u8],
    is_first: bool,
}

impl<'w> Row<'w> {
    pub(crate) const fn new(rest: &'w [u8], is_first: bool) -> Self {
        Self { rest, is_first }
    }

    pub(crate) const fn rest(&self) -> &'w [u8] {
        self.rest
    }

    /// Reads the next element up to its message, if it is an event in the common form.
    #[inline(always)]
    pub(crate) fn before_message(&self) -> Option<Before<'w>> {
        let event = if self.is_first { self.rest } else { self.rest.strip_prefix(b",")? };
        match usual(event) {
            Some(before) => Some(before),
            None => before_message(event),
        }
    }

    /// What is left behind an event whose message has so many bytes, its closing quote included; `None` if the event
    /// does not end there.
    #[inline(always)]
    pub(crate) fn behind(before: Before<'w>, length: usize) -> Option<Self> {
        let rest = before.string.get(length..)?.strip_prefix(b"}")?;
        Some(Self { rest, is_first: false })
    }
}

/// Reads what stands before the message of an event whose id and time have as many digits as all that CloudWatch Logs
/// gives.
#[inline(always)]
fn usual(event: &[u8]) -> Option<Before<'_>> {
    let (before, string) = event.split_first_chunk::<HEAD>()?;
    let (Some(front), Some(back)) = (before.first_chunk(), before.last_chunk()) else { return None };
    if has_odd(front, &FRONT) | has_odd(back, &BACK) {
        return None;
    }
    let (_, rest) = before.split_first_chunk::<7>()?;
    let (event_id, rest) = rest.split_first_chunk::<56>()?;
    let (_, rest) = rest.split_first_chunk::<14>()?;
    Some(Before { event_id, timestamp_ms: number_of_13(rest.first_chunk()?)?, string })
}

/// Bytes before the message of such an event.
const HEAD: usize = 7 + 56 + 14 + 13 + 12;
/// What they are, with zeros for digits.
const USUAL: &[u8; HEAD] = b"{\"id\":\"00000000000000000000000000000000000000000000000000000000\
    \",\"timestamp\":0000000000000,\"message\":\"";
/// The first and the last of them, with what each may be more: nothing, or of a digit 9.
const FRONT: [[u8; 64]; 2] = with_most(USUAL.first_chunk());
const BACK: [[u8; 64]; 2] = with_most(USUAL.last_chunk());

const fn with_most(least: Option<&[u8; 64]>) -> [[u8; 64]; 2] {
    let Some(least) = least else { panic!("a head is longer") };
    let mut most = *least;
    let mut places = most.as_mut_slice();
    while let [first, others @ ..] = places {
        *first = if *first == b'0' { 9 } else { 0 };
        places = others;
    }
    [*least, most]
}

/// Whether a byte is neither the least one, nor a digit where that is 0. The upper half of a digit is that of 0, so that it
/// is as much as its lower half.
#[inline(always)]
fn has_odd(bytes: &[u8; 64], [least, most]: &[[u8; 64]; 2]) -> bool {
    let limits = least.iter().zip(most);
    bytes.iter().zip(limits).fold(false, |odd, (byte, (least, most))| odd | (byte ^ least > *most))
}

/// Reads the event that `event` begins with, up to its message.
#[inline(never)]
fn before_message(event: &[u8]) -> Option<Before<'_>> {
    let rest = event.strip_prefix(b"{\"id\":\"")?;
    let (event_id, rest) = rest.split_at_checked(plain_string(rest)?.len())?;
    let rest = rest.strip_prefix(b"\",\"timestamp\":")?;
    let (digits, rest) = rest.split_first_chunk()?;
    let timestamp_ms = milliseconds(digits)?;
    let string = rest.strip_prefix(b",\"message\":\"")?;
    Some(Before { event_id, timestamp_ms, string })
}

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The values of eight digits.
#[inline(always)]
const fn values(digits: [u8; 8]) -> u64 {
    u64::from_le_bytes(digits) ^ (ONES * 0x30)
}

/// A number of 13 digits, the first not 0: a time from 2001 to 2286.
#[inline(always)]
fn milliseconds(digits: &[u8; 13]) -> Option<i64> {
    if digits.iter().all(u8::is_ascii_digit) { number_of_13(digits) } else { None }
}

/// The same, of digits.
#[inline(always)]
fn number_of_13(digits: &[u8; 13]) -> Option<i64> {
    let (front, back) = (values(*digits.first_chunk()?), values(*digits.last_chunk()?));
    // Of the last eight, the first three were counted.
    let value = number(front) * 100_000 + number(back & !0x00ff_ffff);
    if digits.first() == Some(&b'0') { None } else { Some(value.cast_signed()) }
}

/// The number that the values of eight digits make: less than 2^32, whatever they are. Two, four and all of them at a time.
#[inline(always)]
const fn number(values: u64) -> u64 {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

#[cfg(test)]
mod tests;
