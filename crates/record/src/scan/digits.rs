//! Numbers of up to sixteen digits, without vector instructions: what a
//! [`Scanner`](super::Scanner) does that has nothing better.

use crate::swar;

/// Most digits of a number.
pub(crate) const NUMBER: usize = 16;

/// The number that the last `count` bytes print in hex digits.
#[inline(always)]
pub(super) fn hex(block: [u8; NUMBER], count: usize) -> Option<u64> {
    let (low, high) = words(block);
    match count {
        ..=8 => swar::hex_back(high, count),
        _ => Some(swar::hex_back(low, count.wrapping_sub(8))? << 32 | swar::hex_back(high, 8)?),
    }
}

/// The number that the last `count` bytes print in decimal digits.
#[inline(always)]
pub(super) fn decimal(block: [u8; NUMBER], count: usize) -> Option<u64> {
    let (low, high) = words(block);
    match count {
        ..=8 => swar::decimal_back(high, count),
        _ => {
            let front = swar::decimal_back(low, count.wrapping_sub(8))?;
            Some(front.wrapping_mul(100_000_000).wrapping_add(swar::decimal_back(high, 8)?))
        }
    }
}

/// The first and the last word.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half, and what is left of the upper")]
const fn words(block: [u8; NUMBER]) -> (u64, u64) {
    let bytes = u128::from_le_bytes(block);
    (bytes as u64, (bytes >> 64) as u64)
}
