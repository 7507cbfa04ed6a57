//! The scanner for x86-64 processors with AVX2.
//!
//! `unsafe` stands here for two things: to call code that is compiled for AVX2, and to load 32 bytes of an array
//! into a register.

#![expect(unsafe_code, reason = "vector instructions: half the time for a tape")]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_set1_epi8,
};

use super::{BLOCK, Found, Scanner, Task};

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
    fn find(self, block: &[u8; BLOCK]) -> Found {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { find(block) }
    }
}

// No closures and no iterators below: they would be compiled without AVX2, and not inlined.

#[inline]
#[target_feature(enable = "avx2")]
fn find(block: &[u8; BLOCK]) -> Found {
    let [front, back] = match block.as_chunks() {
        ([front, back], _) => [load(front), load(back)],
        _ => [_mm256_set1_epi8(0); 2],
    };
    let quote = _mm256_set1_epi8(b'"'.cast_signed());
    let backslash = _mm256_set1_epi8(b'\\'.cast_signed());
    let control = _mm256_set1_epi8(0x1f);
    Found {
        quotes: bits(_mm256_cmpeq_epi8(front, quote), _mm256_cmpeq_epi8(back, quote)),
        backslashes: bits(_mm256_cmpeq_epi8(front, backslash), _mm256_cmpeq_epi8(back, backslash)),
        controls: bits(
            _mm256_cmpeq_epi8(_mm256_min_epu8(front, control), front),
            _mm256_cmpeq_epi8(_mm256_min_epu8(back, control), back),
        ),
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
