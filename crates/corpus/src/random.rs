//! Chance that is the same everywhere: xoshiro256++ (Blackman and Vigna), seeded by splitmix64.
//!
//! Own code of a dozen lines, because the stream of numbers is part of this crate's promise, and libraries
//! reserve the right to change theirs.

use crate::config::Share;

/// A generator.
#[derive(Debug, Clone)]
pub(crate) struct Random([u64; 4]);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(core::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }))
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`, which is at most 2^32; 0 if the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound <= 1 << 32);
        (self.next() >> 32).wrapping_mul(bound) >> 32
    }

    /// An index into a list of that length; 0 if it is empty.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// One of `items`.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        items.get(self.index(items.len())).copied()
    }

    /// True in that share of all cases.
    pub(crate) fn happens(&mut self, share: Share) -> bool {
        self.below(u64::from(Share::WHOLE)) < u64::from(share.parts())
    }
}
