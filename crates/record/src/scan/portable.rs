//! The scanner for every processor: eight bytes at a time in an ordinary register.

use super::{BLOCK, Scanner};

const ONES: u64 = 0x0101_0101_0101_0101;
const LOWS: u64 = 0x7f * ONES;
/// Gathers the highest bits of eight bytes in the highest byte.
const GATHER: u64 = 0x0002_0408_1020_4081;

/// Needs nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl Scanner for Portable {
    type Base = u32;

    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        gather(block, |word| zeros(word ^ (u64::from(byte) * ONES)))
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        gather(block, |word| {
            // No carry leaves a byte: of each the highest bit is cut off before.
            let below_0x20 = !((word & LOWS).wrapping_add(0x60 * ONES) | word) & !LOWS;
            zeros(word ^ (u64::from(b'"') * ONES)) | below_0x20
        })
    }
}

/// Sets the highest bit of each byte that is 0, and no other.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    !((word & LOWS).wrapping_add(LOWS) | word | LOWS)
}

/// One bit a byte, of what `find` finds in each word.
#[inline(always)]
fn gather(block: &[u8; BLOCK], find: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |bits, word| {
        let found = find(u64::from_le_bytes(*word));
        bits << 8 | found.wrapping_mul(GATHER) >> 56
    })
}
