//! The scanner for x86-64 processors with AVX-512: a block is one register, and the places of its bits one instruction.
//!
//! `unsafe` stands here for the same two things as in the scanner for AVX2, which does all else.

#![expect(unsafe_code, reason = "vector instructions: 8 % less time than with AVX2 for a whole record")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the same holds for all: the processor has the features"
)]

use super::avx2::Avx2;
use super::found::Found;
use super::{AT_ONCE, BLOCK, Base, NUMBER, PRINTED, Scanner, Task};
use std::arch::x86_64::{
    __m128i, __m512i, _mm_add_epi32, _mm_cvtepu8_epi32, _mm_set1_epi32, _mm_storeu_si128,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpneq_epi8_mask, _mm512_loadu_si512,
    _mm512_mask_cmpge_epu8_mask, _mm512_mask_cmpneq_epi8_mask, _mm512_maskz_compress_epi8, _mm512_set1_epi8,
};

/// Proof that the processor has what [`compiled`] is compiled for: only [`Self::detect`] gives one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(Avx2);

impl Avx512 {
    /// Looks once: see [`Found`].
    #[inline(always)]
    pub(crate) fn detect() -> Option<Self> {
        static FOUND: Found = Found::new();
        let has_all = FOUND.or_look(|| {
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi2")
        });
        if has_all { Avx2::detect().map(Self) } else { None }
    }

    /// Does the work, compiled for this processor.
    #[inline(always)]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { compiled(self, task) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn compiled<T: Task>(scanner: Avx512, task: T) -> T::Output {
    task.run(scanner)
}

// Inlined in any case, as what the scanner for AVX2 does.
impl Scanner for Avx512 {
    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { _mm512_cmpeq_epi8_mask(load(block), _mm512_set1_epi8(byte.cast_signed())) }
    }

    #[inline(always)]
    fn same(self, block: &[u8; BLOCK], other: &[u8; BLOCK], bits: u64) -> bool {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { _mm512_mask_cmpneq_epi8_mask(bits, load(block), load(other)) == 0 }
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe {
            let bytes = load(block);
            let no_quotes = _mm512_cmpneq_epi8_mask(bytes, _mm512_set1_epi8(b'"'.cast_signed()));
            !_mm512_mask_cmpge_epu8_mask(no_quotes, bytes, _mm512_set1_epi8(0x20))
        }
    }

    #[inline(always)]
    fn has_other(self, block: &[u8; BLOCK], bits: u64, byte: u8) -> bool {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { _mm512_mask_cmpneq_epi8_mask(bits, load(block), _mm512_set1_epi8(byte.cast_signed())) != 0 }
    }

    type Base = Lanes;

    #[inline(always)]
    fn hex(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        self.0.hex(block, count)
    }

    #[inline(always)]
    fn hex_4(self, digits: u32) -> Option<u32> {
        self.0.hex_4(digits)
    }

    #[inline(always)]
    fn decimal(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        self.0.decimal(block, count)
    }

    #[inline(always)]
    fn printed_seconds(self, text: &[u8; PRINTED]) -> Option<u64> {
        self.0.printed_seconds(text)
    }
}

/// Where a block begins, once for each place: it stays in a register.
#[derive(Clone, Copy)]
pub(crate) struct Lanes(__m128i);

impl Base<Avx512> for Lanes {
    #[inline(always)]
    fn new(_: Avx512, begin: u32) -> Self {
        // SAFETY: the scanner proves that the processor has the features.
        Self(unsafe { _mm_set1_epi32(begin.cast_signed()) })
    }

    #[inline(always)]
    fn next(self, _: Avx512) -> Self {
        // SAFETY: the scanner proves that the processor has the features.
        Self(unsafe { _mm_add_epi32(self.0, _mm_set1_epi32(64)) })
    }

    #[inline(always)]
    fn places(self, _: Avx512, bits: u64) -> [u32; AT_ONCE] {
        let mut places = [0; AT_ONCE];
        // SAFETY: the scanner proves that the processor has the features; 16 bytes are written, and the array has 16.
        unsafe {
            let gathered = _mm512_maskz_compress_epi8(bits, load(&NUMBERS));
            let wide = _mm_cvtepu8_epi32(_mm512_castsi512_si128(gathered));
            _mm_storeu_si128(places.as_mut_ptr().cast(), _mm_add_epi32(wide, self.0));
        }
        places
    }
}

/// The place of each byte of a block.
const NUMBERS: [u8; BLOCK] = {
    let mut numbers = [0; BLOCK];
    let (mut number, mut places) = (0, numbers.as_mut_slice());
    while let [first, others @ ..] = places {
        *first = number;
        number += 1;
        places = others;
    }
    numbers
};

/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn load(block: &[u8; BLOCK]) -> __m512i {
    // SAFETY: 64 bytes are read, and the array has 64; the load needs no alignment.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}
