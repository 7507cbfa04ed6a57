//! The scanner for x86-64 processors with AVX2.
//!
//! `unsafe` stands here for two things: to call code that is compiled for AVX2, and to load 32 bytes of an array
//! into a register.

#![expect(unsafe_code, reason = "vector instructions: a third less time for a whole record")]

use super::{BLOCK, NUMBER, Scanner, Task};
use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128,
    _mm_madd_epi16, _mm_maddubs_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_packus_epi16, _mm_packus_epi32,
    _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_setr_epi8, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_srli_epi16, _mm_sub_epi8, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};

/// Proof that the processor has AVX2 and what [`compiled`] is compiled for besides: only [`Self::detect`] gives one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Looks once; from then on this is a load and a test for each feature.
    #[inline(always)]
    pub(crate) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }

    /// Does the work, compiled for this processor.
    #[inline(always)]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { compiled(self, task) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn compiled<T: Task>(scanner: Avx2, task: T) -> T::Output {
    task.run(scanner)
}

impl Scanner for Avx2 {
    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { equal(block, byte) }
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { ends_string(block) }
    }

    #[inline(always)]
    fn hex(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { hex(block, count) }
    }

    #[inline(always)]
    fn decimal(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { decimal(block, count) }
    }
}

// No closures and no iterators below: they would be compiled without AVX2, and not inlined.

#[inline]
#[target_feature(enable = "avx2")]
fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let wanted = _mm256_set1_epi8(byte.cast_signed());
    let [front, back] = halves(block);
    bits(_mm256_cmpeq_epi8(load(front), wanted), _mm256_cmpeq_epi8(load(back), wanted))
}

#[inline]
#[target_feature(enable = "avx2")]
fn ends_string(block: &[u8; BLOCK]) -> u64 {
    let [front, back] = halves(block);
    bits(is_end_of_string(load(front)), is_end_of_string(load(back)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn is_end_of_string(bytes: __m256i) -> __m256i {
    let is_quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"'.cast_signed()));
    let is_control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    _mm256_or_si256(is_quote, is_control)
}

#[inline(always)]
fn halves(block: &[u8; BLOCK]) -> [&[u8; 32]; 2] {
    match block.as_chunks() {
        ([front, back], _) => [front, back],
        _ => [&[0; 32]; 2],
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(half: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are read, and the array has 32; the load needs no alignment.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(front: __m256i, back: __m256i) -> u64 {
    let front = _mm256_movemask_epi8(front).cast_unsigned();
    let back = _mm256_movemask_epi8(back).cast_unsigned();
    u64::from(front) | u64::from(back) << 32
}

/// Zeros, then ones: from `n` on it says which bytes are the last `n` of a number.
const LAST: [u8; 2 * NUMBER] = {
    let mut last = [0; 2 * NUMBER];
    let (_, mut ones) = last.split_at_mut(NUMBER);
    while let [first, others @ ..] = ones {
        *first = 0xff;
        ones = others;
    }
    last
};

/// Which bytes are the last `count`. `None` if that is not 1 to 16.
#[inline]
#[target_feature(enable = "avx2")]
fn last(count: usize) -> Option<__m128i> {
    if count == 0 {
        return None;
    }
    Some(load_number(LAST.get(count..)?.first_chunk()?))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn hex(block: &[u8; NUMBER], count: usize) -> Option<u64> {
    let (text, used) = (load_number(block), last(count)?);
    let low = _mm_and_si128(text, _mm_set1_epi8(0x0f));
    let high = _mm_and_si128(_mm_srli_epi16::<4>(text), _mm_set1_epi8(0x0f));
    // Which upper halves go with a lower half, as bits: 1 for digits, 2 for letters.
    let lows = _mm_setr_epi8(1, 3, 3, 3, 3, 3, 3, 1, 1, 1, 0, 0, 0, 0, 0, 0);
    let highs = _mm_setr_epi8(0, 0, 0, 1, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    let kinds = _mm_and_si128(_mm_shuffle_epi8(lows, low), _mm_shuffle_epi8(highs, high));
    let others = _mm_and_si128(_mm_cmpeq_epi8(kinds, _mm_setzero_si128()), used);
    if _mm_movemask_epi8(others) != 0 {
        return None;
    }
    let nines = _mm_setr_epi8(0, 0, 0, 0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    let digits = _mm_and_si128(_mm_add_epi8(low, _mm_shuffle_epi8(nines, high)), used);
    let bytes = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x0110));
    let number = _mm_cvtsi128_si64(_mm_packus_epi16(bytes, bytes));
    Some(number.cast_unsigned().swap_bytes())
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn decimal(block: &[u8; NUMBER], count: usize) -> Option<u64> {
    let digits = _mm_sub_epi8(load_number(block), _mm_set1_epi8(b'0'.cast_signed()));
    let digits = _mm_and_si128(digits, last(count)?);
    let are_digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    if _mm_movemask_epi8(are_digits) != 0xffff {
        return None;
    }
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
    let number = _mm_cvtsi128_si64(eights).cast_unsigned();
    Some((number & 0xffff_ffff).wrapping_mul(100_000_000).wrapping_add(number >> 32))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_number(block: &[u8; NUMBER]) -> __m128i {
    // SAFETY: 16 bytes are read, and the array has 16; the load needs no alignment.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}
