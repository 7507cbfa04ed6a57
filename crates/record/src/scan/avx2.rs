//! The scanner for x86-64 processors with AVX2.
//!
//! `unsafe` stands here for two things: to call code that is compiled for AVX2, and to load 32 bytes of an array
//! into a register.

#![expect(unsafe_code, reason = "vector instructions: they more than halve the time to find line ends")]

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

#[inline]
#[target_feature(enable = "avx2")]
fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let wanted = _mm256_set1_epi8(byte.cast_signed());
    let [front, back] = halves(block);
    bits(_mm256_cmpeq_epi8(front, wanted), _mm256_cmpeq_epi8(back, wanted))
}

#[inline]
#[target_feature(enable = "avx2")]
fn ends_string(block: &[u8; BLOCK]) -> u64 {
    let quote = _mm256_set1_epi8(b'"'.cast_signed());
    let control = _mm256_set1_epi8(0x1f);
    let [front, back] = halves(block).map(|half| {
        let is_control = _mm256_cmpeq_epi8(_mm256_min_epu8(half, control), half);
        _mm256_or_si256(_mm256_cmpeq_epi8(half, quote), is_control)
    });
    bits(front, back)
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &[u8; BLOCK]) -> [__m256i; 2] {
    let (halves, _) = block.as_chunks::<32>();
    let [front, back] = halves else { return [_mm256_set1_epi8(0); 2] };
    [front, back].map(|half| {
        // SAFETY: 32 bytes are read, and the array has 32; the load needs no alignment.
        unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
    })
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(front: __m256i, back: __m256i) -> u64 {
    let bits = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
    bits(front) | bits(back) << 32
}
