//! The scanner for 64-bit ARM processors, all of which have NEON.
//!
//! `unsafe` stands here to say that the instructions are there, and to load bytes of an array into registers.
//!
//! Its tests run on other processors, too: the instructions that it uses are spelled out there, each as the architecture
//! defines it. That shows that the scanner is right, not how fast it is.

#![expect(unsafe_code, reason = "vector instructions")]

use super::{BLOCK, Scanner};
#[cfg(not(target_arch = "aarch64"))]
use spelled_out as aarch64;
#[cfg(target_arch = "aarch64")]
use std::arch::aarch64;

use aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8, vpaddq_u8,
    vreinterpretq_u64_u8,
};

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
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: as above.
        unsafe { ends_string(block) }
    }
}

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let byte = vdupq_n_u8(byte);
    bits(load(block).map(|part| vceqq_u8(part, byte)))
}

/// # Safety
/// The processor has NEON.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
unsafe fn ends_string(block: &[u8; BLOCK]) -> u64 {
    let (quote, blank) = (vdupq_n_u8(b'"'), vdupq_n_u8(b' '));
    bits(load(block).map(|part| vorrq_u8(vceqq_u8(part, quote), vcltq_u8(part, blank))))
}

/// The bit of each of eight bytes, twice.
const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

/// One bit a byte, of those that are 0xff; the others are 0.
///
/// Each keeps its own bit of eight. Neighbours are added three times: then a byte has the bits of eight.
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn bits(found: [uint8x16_t; 4]) -> u64 {
    // SAFETY: 16 bytes are read, and the array has 16; the load needs no alignment.
    let places = unsafe { vld1q_u8(PLACES.as_ptr()) };
    let [one, two, three, four] = found.map(|part| vandq_u8(part, places));
    let pairs = vpaddq_u8(vpaddq_u8(one, two), vpaddq_u8(three, four));
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)))
}

#[cfg_attr(target_arch = "aarch64", target_feature(enable = "neon"))]
#[inline]
fn load(block: &[u8; BLOCK]) -> [uint8x16_t; 4] {
    // SAFETY: four registers are as long as the block, and any bytes are a value of theirs.
    unsafe { block.as_ptr().cast::<[uint8x16_t; 4]>().read_unaligned() }
}

/// The instructions above, by the names and types of `std::arch::aarch64`. Source: Arm Intrinsics Reference, "Neon".
#[cfg(not(target_arch = "aarch64"))]
#[expect(non_camel_case_types, reason = "the names of std")]
mod spelled_out {
    /// The first byte is the lowest.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(super) struct uint8x16_t([u8; 16]);

    #[derive(Clone, Copy)]
    pub(super) struct uint64x2_t([u64; 2]);

    /// # Safety
    /// 16 bytes can be read there.
    pub(super) unsafe fn vld1q_u8(from: *const u8) -> uint8x16_t {
        // SAFETY: the caller's; bytes need no alignment.
        uint8x16_t(unsafe { from.cast::<[u8; 16]>().read() })
    }

    pub(super) fn vdupq_n_u8(byte: u8) -> uint8x16_t {
        uint8x16_t([byte; 16])
    }

    pub(super) fn vceqq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        each(one, other, |one, other| if one == other { 0xff } else { 0 })
    }

    pub(super) fn vcltq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        each(one, other, |one, other| if one < other { 0xff } else { 0 })
    }

    pub(super) fn vandq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        each(one, other, |one, other| one & other)
    }

    pub(super) fn vorrq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        each(one, other, |one, other| one | other)
    }

    /// Sums of neighbours: of the first vector, then of the second.
    pub(super) fn vpaddq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        let mut sums = [0; 16];
        let pairs = one.0.as_chunks::<2>().0.iter().chain(other.0.as_chunks::<2>().0);
        for (sum, [first, second]) in sums.iter_mut().zip(pairs) {
            *sum = first.wrapping_add(*second);
        }
        uint8x16_t(sums)
    }

    pub(super) fn vreinterpretq_u64_u8(bytes: uint8x16_t) -> uint64x2_t {
        let mut parts = [0; 2];
        for (part, bytes) in parts.iter_mut().zip(bytes.0.as_chunks().0) {
            *part = u64::from_le_bytes(*bytes);
        }
        uint64x2_t(parts)
    }

    pub(super) fn vgetq_lane_u64<const LANE: usize>(parts: uint64x2_t) -> u64 {
        parts.0.get(LANE).copied().unwrap_or_default()
    }

    fn each(one: uint8x16_t, other: uint8x16_t, find: fn(u8, u8) -> u8) -> uint8x16_t {
        let mut found = one;
        for (byte, other) in found.0.iter_mut().zip(other.0) {
            *byte = find(*byte, other);
        }
        found
    }
}
