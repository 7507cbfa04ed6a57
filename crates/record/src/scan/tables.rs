//! What scanners with vector instructions compare digits with.

use super::{NUMBER, PRINTED};

/// Zeros, then ones: from `n` on it says which bytes are the last `n` of a number.
pub(super) const LAST: [u8; 2 * NUMBER] = zeros_then_ones(NUMBER);

/// So many zeros, and behind them bytes with all bits set.
pub(super) const fn zeros_then_ones<const LENGTH: usize>(zeros: usize) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let (_, mut ones) = bytes.split_at_mut(zeros);
    while let [first, others @ ..] = ones {
        *first = 0xff;
        ones = others;
    }
    bytes
}

/// What each byte is at least: in a date and a time of day the first digit of a month is 0 or 1, and so on.
pub(super) const PRINTED_MIN: [u8; PRINTED] = *b"00/00/00 00:00:00.000000, usecs:";
/// By how much each byte may be greater.
pub(super) const PRINTED_MORE: [u8; PRINTED] = [
    1, 9, 0, 3, 9, 0, 9, 9, 0, 2, 9, 0, 5, 9, 0, 5, //
    9, 0, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0,
];
