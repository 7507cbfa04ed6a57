//! The scanner for every processor: eight bytes at a time in an ordinary register.

use super::{BLOCK, Found, Scanner};

const ONES: u64 = 0x0101_0101_0101_0101;
const LOWS: u64 = 0x7f * ONES;
/// Gathers the highest bits of eight bytes in the highest byte.
const GATHER: u64 = 0x0002_0408_1020_4081;

/// Needs nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Scanner for Portable {
    #[inline(always)]
    fn find(self, block: &[u8; BLOCK]) -> Found {
        let (words, _) = block.as_chunks::<8>();
        let mut found = Found::default();
        for word in words.iter().rev() {
            let word = u64::from_le_bytes(*word);
            found.quotes = found.quotes << 8 | gather(zeros(word ^ (u64::from(b'"') * ONES)));
            found.backslashes = found.backslashes << 8 | gather(zeros(word ^ (u64::from(b'\\') * ONES)));
            // No carry leaves a byte: of each the highest bit is cut off before.
            let controls = !((word & LOWS).wrapping_add(0x60 * ONES) | word) & !LOWS;
            found.controls = found.controls << 8 | gather(controls);
        }
        found
    }
}

/// Sets the highest bit of each byte that is 0, and no other.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    !((word & LOWS).wrapping_add(LOWS) | word | LOWS)
}

/// The highest bit of each byte, in eight bits.
#[inline(always)]
const fn gather(marks: u64) -> u64 {
    marks.wrapping_mul(GATHER) >> 56
}
