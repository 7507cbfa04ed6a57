//! The scanner for 64-bit ARM processors, all of which have NEON.
//!
//! `unsafe` stands here to load 16 bytes of an array into a register.
//!
//! Its tests run on other processors, too: the instructions that it uses are spelled out there, each as the architecture
//! defines it. That shows that the scanner is right, not how fast it is.

#![expect(unsafe_code, reason = "vector instructions: loads take a pointer")]

use super::{BLOCK, Scanner};
#[cfg(not(target_arch = "aarch64"))]
use spelled_out as aarch64;
#[cfg(target_arch = "aarch64")]
use std::arch::aarch64;

use aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8,
    vorrq_u8,
};

/// Needs nothing: the instruction set is part of the architecture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon;

/// The bit of each of eight bytes, twice.
const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

impl Scanner for Neon {
    type Base = u32;

    #[inline(always)]
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        bits(block, |part| vceqq_u8(part, vdupq_n_u8(byte)))
    }

    #[inline(always)]
    fn ends_string(self, block: &[u8; BLOCK]) -> u64 {
        bits(block, |part| vorrq_u8(vceqq_u8(part, vdupq_n_u8(b'"')), vcltq_u8(part, vdupq_n_u8(0x20))))
    }
}

/// One bit a byte, of the bytes that `find` sets.
#[inline(always)]
fn bits(block: &[u8; BLOCK], find: impl Fn(uint8x16_t) -> uint8x16_t) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |bits, part| {
        let found = vandq_u8(find(load(part)), load(&PLACES));
        let low = u64::from(vaddv_u8(vget_low_u8(found)));
        let high = u64::from(vaddv_u8(vget_high_u8(found)));
        bits << 16 | high << 8 | low
    })
}

#[inline(always)]
fn load(part: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are read, and the array has 16; the load needs no alignment.
    unsafe { vld1q_u8(part.as_ptr()) }
}

/// The instructions above, by the names and types of `std::arch::aarch64`. Source: Arm Intrinsics Reference, "Neon".
#[cfg(not(target_arch = "aarch64"))]
#[expect(non_camel_case_types, reason = "the names of std")]
mod spelled_out {
    #[derive(Clone, Copy)]
    pub(super) struct uint8x8_t([u8; 8]);

    /// The lower half and the upper.
    #[derive(Clone, Copy)]
    pub(super) struct uint8x16_t(uint8x8_t, uint8x8_t);

    /// # Safety
    /// 16 bytes can be read there.
    pub(super) unsafe fn vld1q_u8(from: *const u8) -> uint8x16_t {
        // SAFETY: the caller's; bytes need no alignment.
        let [low, high] = unsafe { from.cast::<[[u8; 8]; 2]>().read() };
        uint8x16_t(uint8x8_t(low), uint8x8_t(high))
    }

    pub(super) fn vdupq_n_u8(byte: u8) -> uint8x16_t {
        uint8x16_t(uint8x8_t([byte; 8]), uint8x8_t([byte; 8]))
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

    pub(super) fn vget_low_u8(bytes: uint8x16_t) -> uint8x8_t {
        bytes.0
    }

    pub(super) fn vget_high_u8(bytes: uint8x16_t) -> uint8x8_t {
        bytes.1
    }

    pub(super) fn vaddv_u8(bytes: uint8x8_t) -> u8 {
        bytes.0.into_iter().fold(0, u8::wrapping_add)
    }

    fn each(one: uint8x16_t, other: uint8x16_t, find: fn(u8, u8) -> u8) -> uint8x16_t {
        let each = |one: uint8x8_t, other: uint8x8_t| {
            let mut found = one;
            for (byte, other) in found.0.iter_mut().zip(other.0) {
                *byte = find(*byte, other);
            }
            found
        };
        uint8x16_t(each(one.0, other.0), each(one.1, other.1))
    }
}
