//! Instructions of NEON, by the names and types of `std::arch::aarch64`. Source: Arm Intrinsics Reference, "Neon".

#![expect(non_camel_case_types, reason = "the names of std")]

/// The first byte is the lowest.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct uint8x16_t([u8; 16]);

#[derive(Clone, Copy)]
pub(super) struct uint8x16x4_t(
    pub(super) uint8x16_t,
    pub(super) uint8x16_t,
    pub(super) uint8x16_t,
    pub(super) uint8x16_t,
);

#[derive(Clone, Copy)]
pub(super) struct uint8x8_t([u8; 8]);

#[derive(Clone, Copy)]
pub(super) struct uint64x1_t(u64);

#[derive(Clone, Copy)]
pub(super) struct uint16x8_t([u16; 8]);

#[derive(Clone, Copy)]
pub(super) struct uint32x4_t([u32; 4]);

#[derive(Clone, Copy)]
pub(super) struct uint64x2_t([u64; 2]);

/// # Safety
/// 16 bytes can be read there.
pub(super) unsafe fn vld1q_u8(from: *const u8) -> uint8x16_t {
    // SAFETY: the caller's; bytes need no alignment.
    uint8x16_t(unsafe { from.cast::<[u8; 16]>().read() })
}

/// Each fourth byte: from the first on, from the second on, and so on.
///
/// # Safety
/// 64 bytes can be read there.
pub(super) unsafe fn vld4q_u8(from: *const u8) -> uint8x16x4_t {
    // SAFETY: the caller's; bytes need no alignment.
    let fours = unsafe { from.cast::<[[u8; 4]; 16]>().read() };
    uint8x16x4_t(
        uint8x16_t(fours.map(|[byte, ..]| byte)),
        uint8x16_t(fours.map(|[_, byte, ..]| byte)),
        uint8x16_t(fours.map(|[.., byte, _]| byte)),
        uint8x16_t(fours.map(|[.., byte]| byte)),
    )
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

pub(super) fn vcleq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, |one, other| if one <= other { 0xff } else { 0 })
}

pub(super) fn vandq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, |one, other| one & other)
}

pub(super) fn vorrq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, |one, other| one | other)
}

pub(super) fn veorq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, |one, other| one ^ other)
}

pub(super) fn vmvnq_u8(bytes: uint8x16_t) -> uint8x16_t {
    uint8x16_t(bytes.0.map(|byte| !byte))
}

pub(super) fn vaddq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, u8::wrapping_add)
}

pub(super) fn vsubq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, u8::wrapping_sub)
}

pub(super) fn vmulq_u8(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    each(one, other, u8::wrapping_mul)
}

/// The first, and the product of the others.
pub(super) fn vmlaq_u8(sum: uint8x16_t, one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    vaddq_u8(sum, vmulq_u8(one, other))
}

/// The second shifted right, put into the first, of which the uppermost bits stay.
pub(super) fn vsriq_n_u8<const COUNT: i32>(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    let shifted = uint8x16_t(other.0.map(|byte| byte >> COUNT));
    vbslq_u8(vdupq_n_u8(0xff >> COUNT), shifted, one)
}

/// The lower halves of numbers shifted right.
pub(super) fn vshrn_n_u16<const COUNT: i32>(numbers: uint16x8_t) -> uint8x8_t {
    uint8x8_t(numbers.0.map(|number| (number >> COUNT).to_le_bytes()[0]))
}

/// Bits of the first where the choice has a 1, of the second elsewhere.
pub(super) fn vbslq_u8(choice: uint8x16_t, one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    vorrq_u8(vandq_u8(choice, one), vandq_u8(vmvnq_u8(choice), other))
}

pub(super) fn vmaxvq_u8(bytes: uint8x16_t) -> u8 {
    bytes.0.into_iter().fold(0, u8::max)
}

pub(super) fn vminvq_u8(bytes: uint8x16_t) -> u8 {
    bytes.0.into_iter().fold(u8::MAX, u8::min)
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

/// Sums of neighbours, twice as wide.
pub(super) fn vpaddlq_u8(bytes: uint8x16_t) -> uint16x8_t {
    uint16x8_t(sums(bytes.0))
}

pub(super) fn vpaddlq_u16(numbers: uint16x8_t) -> uint32x4_t {
    uint32x4_t(sums(numbers.0))
}

pub(super) fn vpaddlq_u32(numbers: uint32x4_t) -> uint64x2_t {
    uint64x2_t(sums(numbers.0))
}

pub(super) fn vmulq_u16(mut one: uint16x8_t, other: uint16x8_t) -> uint16x8_t {
    one.0.iter_mut().zip(other.0).for_each(|(one, other)| *one = one.wrapping_mul(other));
    one
}

pub(super) fn vmulq_u32(mut one: uint32x4_t, other: uint32x4_t) -> uint32x4_t {
    one.0.iter_mut().zip(other.0).for_each(|(one, other)| *one = one.wrapping_mul(other));
    one
}

/// The bytes at these places; 0 where there is no such place.
pub(super) fn vqtbl1q_u8(table: uint8x16_t, places: uint8x16_t) -> uint8x16_t {
    uint8x16_t(places.0.map(|place| table.0.get(usize::from(place)).copied().unwrap_or_default()))
}

/// The first vector from a byte on, and as many of the second as are missing.
pub(super) fn vextq_u8<const FROM: i32>(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
    let mut bytes = one.0;
    let behind = one.0.into_iter().chain(other.0).skip(usize::try_from(FROM).unwrap_or_default());
    bytes.iter_mut().zip(behind).for_each(|(byte, behind)| *byte = behind);
    uint8x16_t(bytes)
}

pub(super) fn vreinterpretq_u16_u8(bytes: uint8x16_t) -> uint16x8_t {
    let mut parts = [0; 8];
    for (part, bytes) in parts.iter_mut().zip(bytes.0.as_chunks().0) {
        *part = u16::from_le_bytes(*bytes);
    }
    uint16x8_t(parts)
}

pub(super) fn vreinterpretq_u32_u8(bytes: uint8x16_t) -> uint32x4_t {
    let mut parts = [0; 4];
    for (part, bytes) in parts.iter_mut().zip(bytes.0.as_chunks().0) {
        *part = u32::from_le_bytes(*bytes);
    }
    uint32x4_t(parts)
}

pub(super) fn vreinterpretq_u64_u8(bytes: uint8x16_t) -> uint64x2_t {
    let mut parts = [0; 2];
    for (part, bytes) in parts.iter_mut().zip(bytes.0.as_chunks().0) {
        *part = u64::from_le_bytes(*bytes);
    }
    uint64x2_t(parts)
}

pub(super) fn vreinterpret_u64_u8(bytes: uint8x8_t) -> uint64x1_t {
    uint64x1_t(u64::from_le_bytes(bytes.0))
}

pub(super) fn vget_lane_u64<const LANE: i32>(part: uint64x1_t) -> u64 {
    part.0
}

pub(super) fn vgetq_lane_u64<const LANE: i32>(parts: uint64x2_t) -> u64 {
    usize::try_from(LANE).ok().and_then(|lane| parts.0.get(lane)).copied().unwrap_or_default()
}

fn each(one: uint8x16_t, other: uint8x16_t, find: fn(u8, u8) -> u8) -> uint8x16_t {
    let mut found = one;
    for (byte, other) in found.0.iter_mut().zip(other.0) {
        *byte = find(*byte, other);
    }
    found
}

fn sums<A: Copy, B: From<A> + core::ops::Add<Output = B> + Default + Copy, const N: usize, const M: usize>(
    numbers: [A; N],
) -> [B; M] {
    let mut sums = [B::default(); M];
    for (sum, [first, second]) in sums.iter_mut().zip(numbers.as_chunks().0) {
        *sum = B::from(*first) + B::from(*second);
    }
    sums
}
