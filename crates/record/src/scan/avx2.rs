//! The scanner for x86-64 processors with AVX2.
//!
//! `unsafe` stands here for two things: to call code that is compiled for AVX2, and to load 32 bytes of an array
//! into a register.

#![expect(unsafe_code, reason = "vector instructions: a third less time for a whole record")]

use super::{BLOCK, Scanner, Task};
use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8,
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
