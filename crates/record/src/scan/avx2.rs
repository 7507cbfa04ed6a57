//! The scanner for x86-64 processors with AVX2.
//!
//! `unsafe` stands here for two things: to call code that is compiled for AVX2, or needs to be compiled for it, and to
//! load the bytes of an array into a register.

#![expect(unsafe_code, reason = "vector instructions: two fifths less time for a whole record")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the same holds for all: the processor has the features"
)]

use super::found::Found;
use super::tables::{LAST, PRINTED_MIN, PRINTED_MORE};
use super::{BLOCK, NUMBER, PRINTED, Scanner, Task};
use crate::swar;
use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi8, _mm_add_epi16, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi32_si128,
    _mm_cvtsi128_si32, _mm_cvtsi128_si64, _mm_extract_epi64, _mm_loadu_si128, _mm_madd_epi16,
    _mm_maddubs_epi16, _mm_min_epu8, _mm_movemask_epi8, _mm_packus_epi16, _mm_packus_epi32, _mm_set1_epi8,
    _mm_set1_epi16, _mm_set1_epi32, _mm_setr_epi8, _mm_setr_epi16, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_srli_epi16, _mm_sub_epi8, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8,
};

/// Proof that the processor has AVX2 and what [`compiled`] is compiled for besides: only [`Self::detect`] gives one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Looks once: see [`Found`].
    #[inline(always)]
    pub(crate) fn detect() -> Option<Self> {
        static FOUND: Found = Found::new();
        let has_all = FOUND.or_look(|| {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt")
        });
        if has_all { Some(Self(())) } else { None }
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
    type Base = u32;

    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { equal(block, byte) }
    }

    #[inline(always)]
    fn same(self, block: &[u8; BLOCK], other: &[u8; BLOCK], bits: u64) -> bool {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { equals(block, other) & bits == bits }
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: `self` proves that the processor has the features.
        unsafe { ends_string(block) }
    }

    #[inline(always)]
    fn hex(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        self.hex_of(block, count)
    }

    #[inline(always)]
    fn hex_4(self, digits: u32) -> Option<u32> {
        self.hex_4_of(digits)
    }

    #[inline(always)]
    fn decimal(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        self.decimal_of(block, count)
    }

    #[inline(always)]
    fn printed_seconds(self, text: &[u8; PRINTED]) -> Option<u64> {
        self.seconds_of(text)
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

/// Sets the bit of each byte that is the same in both.
#[inline]
#[target_feature(enable = "avx2")]
fn equals(block: &[u8; BLOCK], other: &[u8; BLOCK]) -> u64 {
    let ([front, back], [other_front, other_back]) = (halves(block), halves(other));
    bits(_mm256_cmpeq_epi8(load(front), load(other_front)), _mm256_cmpeq_epi8(load(back), load(other_back)))
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

/// Numbers. Inlined in any case, for which they may not have `target_feature`: a call has all put aside that is at hand,
/// and costs a record 4 ns of 69.
impl Avx2 {
    /// Which bytes are the last `count`. `None` if that is not 1 to 16.
    #[inline(always)]
    fn last(self, count: usize) -> Option<__m128i> {
        if count.wrapping_sub(1) >= NUMBER {
            return None;
        }
        Some(self.load_number(LAST.get(count..)?.first_chunk()?))
    }

    #[inline(always)]
    fn hex_of(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        let (number, others) = self.nibbles(self.load_number(block), self.last(count)?);
        // SAFETY: `self` proves that the processor has the features.
        let is_number = unsafe { _mm_movemask_epi8(others) == 0 };
        if is_number { Some(number) } else { None }
    }

    /// The number that those bytes print in hex digits that are used, and which of them are no digits.
    #[inline(always)]
    fn nibbles(self, text: __m128i, used: __m128i) -> (u64, __m128i) {
        // SAFETY: `self` proves that the processor has the features.
        unsafe {
            let low = _mm_and_si128(text, _mm_set1_epi8(0x0f));
            let high = _mm_and_si128(_mm_srli_epi16::<4>(text), _mm_set1_epi8(0x0f));
            // Which upper halves go with a lower half, as bits: 1 for digits, 2 for letters.
            let lows = _mm_setr_epi8(1, 3, 3, 3, 3, 3, 3, 1, 1, 1, 0, 0, 0, 0, 0, 0);
            let highs = _mm_setr_epi8(0, 0, 0, 1, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            let kinds = _mm_and_si128(_mm_shuffle_epi8(lows, low), _mm_shuffle_epi8(highs, high));
            let others = _mm_and_si128(_mm_cmpeq_epi8(kinds, _mm_setzero_si128()), used);
            let nines = _mm_setr_epi8(0, 0, 0, 0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            let digits = _mm_and_si128(_mm_add_epi8(low, _mm_shuffle_epi8(nines, high)), used);
            let bytes = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x0110));
            let number = _mm_cvtsi128_si64(_mm_packus_epi16(bytes, bytes));
            (number.cast_unsigned().swap_bytes(), others)
        }
    }

    #[inline(always)]
    fn hex_4_of(self, digits: u32) -> Option<u32> {
        let letters = digits >> 6 & 0x0101_0101;
        let nibbles = (digits & 0x0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
        // SAFETY: `self` proves that the processor has the features.
        let (again, number) = unsafe {
            let nibbles = _mm_cvtsi32_si128(nibbles.cast_signed());
            let names = self.load_number(b"0123456789abcdef");
            let bytes = _mm_maddubs_epi16(nibbles, _mm_set1_epi16(0x0110));
            let number = _mm_cvtsi128_si32(_mm_packus_epi16(bytes, bytes));
            (_mm_cvtsi128_si32(_mm_shuffle_epi8(names, nibbles)), number)
        };
        let [high, low, ..] = number.to_le_bytes();
        // What is no such digit is printed otherwise.
        if again.cast_unsigned() == digits { Some(u32::from(u16::from_be_bytes([high, low]))) } else { None }
    }

    #[inline(always)]
    fn decimal_of(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        let used = self.last(count)?;
        // SAFETY: `self` proves that the processor has the features.
        let number = unsafe {
            let digits = _mm_sub_epi8(self.load_number(block), _mm_set1_epi8(b'0'.cast_signed()));
            let digits = _mm_and_si128(digits, used);
            let are_digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
            if _mm_movemask_epi8(are_digits) != 0xffff {
                return None;
            }
            let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
            let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
            let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
            _mm_cvtsi128_si64(eights).cast_unsigned()
        };
        Some((number & 0xffff_ffff).wrapping_mul(100_000_000).wrapping_add(number >> 32))
    }

    #[inline(always)]
    fn seconds_of(self, text: &[u8; PRINTED]) -> Option<u64> {
        let shifted = text.get(1..)?.first_chunk()?;
        // SAFETY: `self` proves that the processor has the features; of the text its 32 bytes are read.
        let (date, of_day) = unsafe {
            let digits = _mm256_sub_epi8(
                _mm256_loadu_si256(text.as_ptr().cast()),
                _mm256_loadu_si256(PRINTED_MIN.as_ptr().cast()),
            );
            let most = _mm256_loadu_si256(PRINTED_MORE.as_ptr().cast());
            if _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(digits, most), digits)) != -1 {
                return None;
            }
            // Numbers of two digits. Those of day, hour and second begin at an odd place.
            let even = _mm_setr_epi8(10, 1, 0, 0, 0, 0, 10, 1, 0, 0, 0, 0, 10, 1, 0, 0);
            let odd = _mm_setr_epi8(0, 0, 10, 1, 0, 0, 0, 0, 10, 1, 0, 0, 0, 0, 10, 1);
            let shifted = _mm_sub_epi8(self.load_number(shifted), _mm_set1_epi8(b'0'.cast_signed()));
            let numbers = _mm_add_epi16(
                _mm_maddubs_epi16(_mm256_castsi256_si128(digits), even),
                _mm_maddubs_epi16(shifted, odd),
            );
            let of_day = _mm_madd_epi16(numbers, _mm_setr_epi16(0, 0, 0, 0, 3600, 0, 60, 1));
            (_mm_cvtsi128_si64(numbers).cast_unsigned(), _mm_extract_epi64::<1>(of_day).cast_unsigned())
        };
        let of_day = (of_day & 0xffff_ffff).wrapping_add(of_day >> 32);
        let days = swar::days(date >> 48, date & 0xff, date >> 16 & 0xff)?;
        // With at most 59 minutes and seconds that is less than 24 hours.
        if of_day < 86_400 { Some(days.wrapping_mul(86_400).wrapping_add(of_day)) } else { None }
    }

    #[inline(always)]
    fn load_number(self, block: &[u8; NUMBER]) -> __m128i {
        // SAFETY: 16 bytes are read, and the array has 16; the load needs no alignment.
        unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
    }
}
