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
#[inline]
pub(crate) fn before_message(bytes: &[u8]) -> Option<Before<'_>> {
    let rest = bytes.strip_prefix(b"{\"id\":\"")?;
    let event_id = plain_string(rest)?;
    let rest = rest.get(event_id.len()..)?.strip_prefix(b"\",\"timestamp\":")?;
    let (timestamp_ms, rest) = timestamp(rest)?;
    let rest = rest.strip_prefix(b",\"message\":\"")?;
    Some(Before { event_id, timestamp_ms, start: bytes.len() - rest.len() })
}

/// Reads the message, which has to be the event's end. `string` begins behind its opening quote.
pub(crate) fn message<'s>(string: &[u8], slab: &'s mut Slab) -> Option<Unpacked<'s>> {
    let message = slab.unpack(string)?;
    (string.get(message.length) == Some(&b'}')).then_some(message)
}

/// A number of 1 to 18 digits, so that it fits, the first not 0.
fn timestamp(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let length = bytes.iter().take(19).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(length)?;
    if !(1..=18).contains(&length) || digits.starts_with(b"0") {
        return None;
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some((value, rest))
}

#[cfg(test)]
mod tests;
