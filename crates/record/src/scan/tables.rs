//! What scanners with vector instructions compare digits with.

use super::{NUMBER, PRINTED};

/// Zeros, then ones: from `n` on it says which bytes are the last `n` of a number.
pub(super) const LAST: [u8; 2 * NUMBER] = {
    let mut last = [0; 2 * NUMBER];
    let (_, mut ones) = last.split_at_mut(NUMBER);
    while let [first, others @ ..] = ones {
        *first = 0xff;
        ones = others;
    }
    last
};

/// What each byte is at least: in a date and a time of day the first digit of a month is 0 or 1, and so on.
pub(super) const PRINTED_MIN: [u8; PRINTED] = *b"00/00/00 00:00:00.000000, usecs:";
/// By how much each byte may be greater.
pub(super) const PRINTED_MORE: [u8; PRINTED] = [
    1, 9, 0, 3, 9, 0, 9, 9, 0, 2, 9, 0, 5, 9, 0, 5, //
    9, 0, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0,
];
