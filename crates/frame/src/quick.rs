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
    const OPENING: u64 = u64::from_le_bytes(*b"\0{\"id\":\"");
    let (before, string) = event.split_first_chunk::<{ 7 + 56 + 14 + 13 + 12 }>()?;
    // With the first digit, which is shifted out.
    let opening = u64::from_le_bytes(*before.first_chunk()?) << 8;
    let (_, rest) = before.split_first_chunk::<7>()?;
    let (event_id, rest) = rest.split_first_chunk::<56>()?;
    let (between, rest) = rest.split_first_chunk::<14>()?;
    let (time, behind) = rest.split_first_chunk::<13>()?;
    let fits = (opening == OPENING) & (between == b"\",\"timestamp\":") & (behind == b",\"message\":\"");
    if !(fits & are_digits(event_id)) {
        return None;
    }
    Some(Before { event_id, timestamp_ms: milliseconds(time)?, string })
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

/// The values of eight digits, and whether a byte is none: then not 0.
///
/// A byte less than '0' or greater than '9' leaves a bit outside its low half, before or after 6 is added.
#[inline(always)]
const fn values(digits: [u8; 8]) -> (u64, u64) {
    let values = u64::from_le_bytes(digits) ^ (ONES * 0x30);
    (values, (values | values.wrapping_add(ONES * 6)) & (ONES * 0xf0))
}

/// Looks at 16 of them at a time, as all processors can; at eight of them twice.
#[inline(always)]
fn are_digits(digits: &[u8; 56]) -> bool {
    let (parts, last) = (digits.as_chunks::<16>().0.first_chunk(), digits.last_chunk());
    let (Some([first, second, third]), Some(last)) = (parts, last) else { return false };
    let mut largest = [0_u8; 16];
    for part in [first, second, third, last] {
        for (largest, byte) in largest.iter_mut().zip(part) {
            *largest = (byte ^ b'0').max(*largest);
        }
    }
    largest.iter().all(|value| *value < 10)
}

/// A number of 13 digits, the first not 0: a time from 2001 to 2286.
#[inline(always)]
fn milliseconds(digits: &[u8; 13]) -> Option<i64> {
    let (first, last) = (digits.first_chunk()?, digits.last_chunk()?);
    let ((front, odd_front), (back, odd_back)) = (values(*first), values(*last));
    // Of the last eight, the first three were counted.
    let value = number(front) * 100_000 + number(back & !0x00ff_ffff);
    let fits = (odd_front | odd_back == 0) & (digits.first() != Some(&b'0'));
    fits.then_some(value.cast_signed())
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
