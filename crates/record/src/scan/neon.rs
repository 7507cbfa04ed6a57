//! The scanner for 64-bit ARM processors, all of which have NEON.
//!
//! `unsafe` stands here to say that the instructions are there, and to load bytes of an array into registers.
//!
//! Its tests run on other processors, too: the instructions that it uses are spelled out there, each as the architecture
//! defines it. That shows that the scanner is right, not how fast it is.

#![expect(unsafe_code, reason = "vector instructions: a sixth less to do for a whole record")]

use super::tables::{LAST, PRINTED_MIN, PRINTED_MORE, zeros_then_ones};
use super::{BLOCK, NUMBER, PRINTED, Scanner};
use crate::swar;
#[cfg(not(target_arch = "aarch64"))]
use spelled_out as aarch64;
#[cfg(target_arch = "aarch64")]
use std::arch::aarch64;

use aarch64::{
    uint8x16_t, uint8x16x4_t, vaddq_u8, vandq_u8, vbslq_u8, vceqq_u8, vcleq_u8, vcltq_u8, vdupq_n_u8,
    veorq_u8, vextq_u8, vget_lane_u64, vgetq_lane_u64, vld1q_u8, vld4q_u8, vmaxvq_u8, vminvq_u8, vmlaq_u8,
    vmulq_u8, vmulq_u16, vmulq_u32, vmvnq_u8, vorrq_u8, vpaddlq_u8, vpaddlq_u16, vpaddlq_u32, vpaddq_u8,
    vqtbl1q_u8, vreinterpret_u64_u8, vreinterpretq_u16_u8, vreinterpretq_u32_u8, vreinterpretq_u64_u8,
    vshrn_n_u16, vsriq_n_u8, vsubq_u8,
};

#[cfg(not(target_arch = "aarch64"))]
mod spelled_out;

/// Needs nothing: the instruction set is part of the architecture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon;

impl Scanner for Neon {
    type Base = u32;

    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        // SAFETY: all processors of the architecture have the instructions.
        unsafe { equal(block, byte) }
    }

    #[inline(always)]
    fn same(self, block: &[u8; BLOCK], other: &[u8; BLOCK], bits: u64) -> bool {
        let begin = BLOCK.saturating_sub(bits.trailing_zeros() as usize);
        let Some(wanted) = TAIL.get(begin..).and_then(<[u8]>::first_chunk) else { return false };
        // SAFETY: as above.
        unsafe { same(block, other, wanted) }
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: as above.
        unsafe { ends_string(block) }
    }

    #[inline(always)]
    fn hex(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        // SAFETY: as above.
        unsafe { hex(block, last(count)?) }
    }

    #[inline(always)]
    fn decimal(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        // SAFETY: as above.
        unsafe { decimal(block, last(count)?) }
    }

    #[inline(always)]
    fn printed_seconds(self, text: &[u8; PRINTED]) -> Option<u64> {
        // SAFETY: as above.
        unsafe { printed_seconds(text) }
    }
}

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let (uint8x16x4_t(a, b, c, d), byte) = (load_block(block), vdupq_n_u8(byte));
    bits([vceqq_u8(a, byte), vceqq_u8(b, byte), vceqq_u8(c, byte), vceqq_u8(d, byte)])
}

/// Zeros, then ones: from a place on it says which bytes of a block are the last.
const TAIL: [u8; 2 * BLOCK] = zeros_then_ones(BLOCK);

/// Whether the wanted bytes are the same.
///
/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn same(block: &[u8; BLOCK], other: &[u8; BLOCK], wanted: &[u8; BLOCK]) -> bool {
    let ([a, b, c, d], [e, f, g, h]) = (load_parts(block), load_parts(other));
    let [i, j, k, l] = load_parts(wanted);
    let front = vorrq_u8(vandq_u8(veorq_u8(a, e), i), vandq_u8(veorq_u8(b, f), j));
    let back = vorrq_u8(vandq_u8(veorq_u8(c, g), k), vandq_u8(veorq_u8(d, h), l));
    vmaxvq_u8(vorrq_u8(front, back)) == 0
}

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn ends_string(block: &[u8; BLOCK]) -> u64 {
    let (uint8x16x4_t(a, b, c, d), quote, blank) = (load_block(block), vdupq_n_u8(b'"'), vdupq_n_u8(b' '));
    let is_end = |part| vorrq_u8(vceqq_u8(part, quote), vcltq_u8(part, blank));
    bits([is_end(a), is_end(b), is_end(c), is_end(d)])
}

/// One bit a byte, of those that are 0xff; the others are 0. The first register has the first of each four bytes of a
/// block, and so on.
///
/// The bits of four neighbours come to lie side by side, since each shift leaves the upper bits of what it is put into.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn bits([first, second, third, fourth]: [uint8x16_t; 4]) -> u64 {
    let front = vsriq_n_u8::<1>(second, first);
    let back = vsriq_n_u8::<1>(fourth, third);
    let fours = vsriq_n_u8::<2>(back, front);
    // Twice in each byte, so that the middle of two bytes has both.
    let fours = vsriq_n_u8::<4>(fours, fours);
    vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(vreinterpretq_u16_u8(fours))))
}

/// Which bytes are the last `count`. `None` if that is not 1 to 16.
#[inline(always)]
fn last(count: usize) -> Option<&'static [u8; NUMBER]> {
    if count.wrapping_sub(1) >= NUMBER {
        return None;
    }
    LAST.get(count..)?.first_chunk()
}

/// What two hex digits side by side count.
const HEX_PAIRS: [u8; 16] = [16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1];

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn hex(block: &[u8; NUMBER], used: &[u8; NUMBER]) -> Option<u64> {
    let (text, used) = (load(block), load(used));
    let decimal = vsubq_u8(text, vdupq_n_u8(b'0'));
    let is_decimal = vcleq_u8(decimal, vdupq_n_u8(9));
    // Of either case; more than five is no letter of a number.
    let letter = vsubq_u8(vorrq_u8(text, vdupq_n_u8(0x20)), vdupq_n_u8(b'a'));
    let is_letter = vcleq_u8(letter, vdupq_n_u8(5));
    if vminvq_u8(vorrq_u8(vorrq_u8(is_decimal, is_letter), vmvnq_u8(used))) == 0 {
        return None;
    }
    let digits = vbslq_u8(is_decimal, decimal, vaddq_u8(letter, vdupq_n_u8(10)));
    let pairs = vmulq_u8(vandq_u8(digits, used), load(&HEX_PAIRS));
    Some(first(vpaddq_u8(pairs, pairs)).swap_bytes())
}

/// What two decimal digits side by side count; then two pairs of them, and two of these: little-endian.
const PAIRS: [u8; 16] = [10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1];
const FOURS: [u8; 16] = [100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0];
const EIGHTS: [u8; 16] = [0x10, 0x27, 0, 0, 1, 0, 0, 0, 0x10, 0x27, 0, 0, 1, 0, 0, 0];

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn decimal(block: &[u8; NUMBER], used: &[u8; NUMBER]) -> Option<u64> {
    let digits = vandq_u8(vsubq_u8(load(block), vdupq_n_u8(b'0')), load(used));
    if vmaxvq_u8(digits) > 9 {
        return None;
    }
    let pairs = vpaddlq_u8(vmulq_u8(digits, load(&PAIRS)));
    let fours = vpaddlq_u16(vmulq_u16(pairs, vreinterpretq_u16_u8(load(&FOURS))));
    let eights = vpaddlq_u32(vmulq_u32(fours, vreinterpretq_u32_u8(load(&EIGHTS))));
    let (front, back) = (vgetq_lane_u64::<0>(eights), vgetq_lane_u64::<1>(eights));
    Some(front.wrapping_mul(100_000_000).wrapping_add(back))
}

/// Where month, day, year, hour, minute and second begin. Others are none: 0.
const CLOCK: [u8; 16] = [0, 3, 6, 9, 12, 15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn printed_seconds(text: &[u8; PRINTED]) -> Option<u64> {
    let ([front, back], [front_min, back_min]) = (load_two(text), load_two(&PRINTED_MIN));
    let [front_more, back_more] = load_two(&PRINTED_MORE);
    let (front, back) = (vsubq_u8(front, front_min), vsubq_u8(back, back_min));
    let are_inside = vandq_u8(vcleq_u8(front, front_more), vcleq_u8(back, back_more));
    if vminvq_u8(are_inside) == 0 {
        return None;
    }
    // The number that begins at each byte.
    let numbers = vmlaq_u8(vextq_u8::<1>(front, back), front, vdupq_n_u8(10));
    let numbers = first(vqtbl1q_u8(numbers, load(&CLOCK)));
    let [month, day, year, hour, minute, second, ..] = numbers.to_le_bytes();
    let days = swar::days(year.into(), month.into(), day.into())?;
    let minutes = u64::from(hour).wrapping_mul(60).wrapping_add(minute.into());
    let of_day = minutes.wrapping_mul(60).wrapping_add(second.into());
    // With at most 59 minutes and seconds that is less than 24 hours.
    if of_day < 86_400 { Some(days.wrapping_mul(86_400).wrapping_add(of_day)) } else { None }
}

/// The first eight bytes.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn first(bytes: uint8x16_t) -> u64 {
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(bytes))
}

#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn load(part: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are read, and the array has 16; the load needs no alignment.
    unsafe { vld1q_u8(part.as_ptr()) }
}

#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn load_two(text: &[u8; PRINTED]) -> [uint8x16_t; 2] {
    // SAFETY: two registers are as long as the text, and any bytes are a value of theirs.
    unsafe { text.as_ptr().cast::<[uint8x16_t; 2]>().read_unaligned() }
}

#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn load_parts(block: &[u8; BLOCK]) -> [uint8x16_t; 4] {
    // SAFETY: four registers are as long as the block, and any bytes are a value of theirs.
    unsafe { block.as_ptr().cast::<[uint8x16_t; 4]>().read_unaligned() }
}

/// Bytes 0, 4, 8 and so on of the block, then 1, 5, 9, and so on.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn load_block(block: &[u8; BLOCK]) -> uint8x16x4_t {
    // SAFETY: 64 bytes are read, and the block has 64; the load needs no alignment.
    unsafe { vld4q_u8(block.as_ptr()) }
}
