//! Eight bytes at a time in an ordinary register: numbers, the printed time.
//!
//! In: a *word*, eight bytes of text as [`u64::from_le_bytes`] reads them: the first byte is the lowest. Out:
//! places and numbers. Every digit is checked: a number comes out only where the digit loops of `reading` and
//! `time` give the same one (the tests compare them).
//!
//! Arithmetic is `wrapping_…` where a carry is meant to be lost, or cannot happen but would be checked.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;
/// The digit `0` eight times.
const ZEROS: u64 = 0x30 * ONES;

/// The place of the last byte that is `byte`, if there is one.
#[inline(always)]
pub(crate) const fn last(word: u64, byte: u8) -> Option<u32> {
    let other = word ^ (u64_of(byte) * ONES);
    let same = !((other & !HIGHS).wrapping_add(!HIGHS) | other) & HIGHS;
    if same == 0 { None } else { Some(7 - same.leading_zeros() / 8) }
}

/// The place of the first byte that is `byte`, if there is one.
#[inline(always)]
pub(crate) const fn first(word: u64, byte: u8) -> Option<usize> {
    let bits = bits_before(word, byte);
    if bits > 56 { None } else { Some(bits as usize / 8) }
}

/// How many bits stand before the first byte that is `byte`; if there is none, more than 56.
#[inline(always)]
pub(crate) const fn bits_before(word: u64, byte: u8) -> u32 {
    let other = word ^ (u64_of(byte) * ONES);
    // A borrow spoils only what is behind the first.
    let same = other.wrapping_sub(ONES) & !other & HIGHS;
    same.trailing_zeros().wrapping_sub(7)
}

/// The byte at a place below 8.
#[inline(always)]
pub(crate) const fn byte(word: u64, place: u32) -> u8 {
    word.wrapping_shr(place * 8).to_le_bytes()[0]
}

/// What stands behind a place below 8, moved to the front.
#[inline(always)]
pub(crate) const fn behind(word: u64, place: u32) -> u64 {
    word.wrapping_shr(place * 8) >> 8
}

/// The number that the first `count` bytes print in hex digits of either case; `count` is 1 to 8.
#[inline(always)]
pub(crate) fn hex_front(word: u64, count: usize) -> Option<u64> {
    let unused = unused(count)?;
    hex(word.wrapping_shl(unused) | ZEROS & !u64::MAX.wrapping_shl(unused))
}

/// The number that the last `count` bytes print in hex digits of either case; `count` is 1 to 8.
#[inline(always)]
pub(crate) fn hex_back(word: u64, count: usize) -> Option<u64> {
    let used = u64::MAX.wrapping_shl(unused(count)?);
    hex(word & used | ZEROS & !used)
}

/// The number that four hex digits with small letters print.
#[inline(always)]
pub(crate) fn hex_4(digits: u32) -> Option<u32> {
    let letters = digits >> 6 & 0x0101_0101;
    let nibbles = (digits & 0x0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
    // Digits and letters are what they are made of again, and only letters are ten or more.
    let again = nibbles.wrapping_add(0x3030_3030).wrapping_add(letters.wrapping_mul(0x27));
    let tens = nibbles.wrapping_add(0x0606_0606) >> 4;
    if again ^ digits | nibbles & 0xf0f0_f0f0 | tens & 0x0101_0101 ^ letters != 0 {
        return None;
    }
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff;
    Some((bytes << 8 | bytes >> 16) & 0xffff)
}

/// The number that the first `count` bytes print in decimal digits; `count` is 1 to 8.
#[inline(always)]
pub(crate) fn decimal_front(word: u64, count: usize) -> Option<u64> {
    let unused = unused(count)?;
    decimal(word.wrapping_shl(unused) | ZEROS & !u64::MAX.wrapping_shl(unused))
}

/// The number that the last `count` bytes print in decimal digits; `count` is 1 to 8.
#[inline(always)]
pub(crate) fn decimal_back(word: u64, count: usize) -> Option<u64> {
    let used = u64::MAX.wrapping_shl(unused(count)?);
    decimal(word & used | ZEROS & !used)
}

/// How many bits of a word `count` bytes leave over; `None` if `count` is not 1 to 8.
#[inline(always)]
fn unused(count: usize) -> Option<u32> {
    if count.wrapping_sub(1) < 8 {
        u32::try_from(64_usize.wrapping_sub(count.wrapping_mul(8))).ok()
    } else {
        None
    }
}

/// The number that eight decimal digits print.
#[inline(always)]
pub(crate) fn decimal(word: u64) -> Option<u64> {
    let digits = word ^ ZEROS;
    if not_digits(digits) & (0xf0 * ONES) != 0 {
        return None;
    }
    let pairs = pairs(digits);
    let high = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let low = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(high.wrapping_add(low) >> 32)
}

/// The number that sixteen decimal digits print.
#[inline(always)]
pub(crate) fn decimal_16(digits: &[u8; 16]) -> Option<u64> {
    Some(decimal(word(digits, 0))?.wrapping_mul(100_000_000).wrapping_add(decimal(word(digits, 8))?))
}

/// The number that eight hex digits print.
#[inline(always)]
fn hex(word: u64) -> Option<u64> {
    // Either case: a letter has the bit 0x20 as well, and a digit has it anyway.
    let lower = word | (0x20 * ONES);
    let letters = word >> 6 & ONES;
    // 0 to 9 of a digit, 10 to 15 of a letter. What is neither gives something else, at the latest for the first of
    // the bytes that a borrow reaches.
    let nibbles = lower.wrapping_sub(ZEROS).wrapping_sub(letters.wrapping_mul(0x27));
    let tens = nibbles.wrapping_add(0x06 * ONES) >> 4 & ONES;
    if nibbles & (0xf0 * ONES) | (tens ^ letters) | (word ^ lower) & (0x20 * ONES) & !(letters << 5) != 0 {
        return None;
    }
    let nibbles = nibbles.swap_bytes();
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    Some((pairs | pairs >> 16) & 0xffff_ffff)
}

/// A byte has a bit of its upper half set if it is not 0 to 9. Behind such a byte the result means nothing.
#[inline(always)]
const fn not_digits(digits: u64) -> u64 {
    digits | digits.wrapping_add(0x06 * ONES)
}

/// Each byte becomes ten times itself plus the next one. All bytes are digits.
#[inline(always)]
const fn pairs(digits: u64) -> u64 {
    digits.wrapping_mul(10).wrapping_add(digits >> 8)
}

/// A time printed `MM/DD/YY hh:mm:ss.uuuuuu`, in microseconds; `None` if it is no time of day of any date.
/// The century is the 21st.
#[inline]
pub(crate) fn printed(text: &[u8; 24]) -> Option<u64> {
    // The last digit of the seconds once more, a point, six digits.
    let fraction = word(text, 16) ^ FRACTION;
    if not_digits(fraction) & 0xf0f0_f0f0_f0f0_0000 != 0 {
        return None;
    }
    let pairs = pairs(fraction >> 16);
    let micros = (pairs & 0xff) * 10_000 + (pairs >> 16 & 0xff) * 100 + (pairs >> 32 & 0xff);
    Some(printed_seconds(text)? * 1_000_000 + micros)
}

/// The seconds of the same; of the fraction only the point is looked at.
#[inline(always)]
pub(crate) fn printed_seconds(text: &[u8; 24]) -> Option<u64> {
    let date = word(text, 0) ^ DATE;
    let clock = word(text, 9) ^ CLOCK;
    let between = u64_of(text[8] ^ b' ') | u64_of(text[17] ^ b'.');
    if (not_digits(date) | not_digits(clock)) & TWO_DIGITS | (date | clock) & SEPARATORS | between != 0 {
        return None;
    }
    let (date, clock) = (pairs(date), pairs(clock));
    let (month, day, year) = (date & 0xff, date >> 24 & 0xff, date >> 48);
    let (hour, minute, second) = (clock & 0xff, clock >> 24 & 0xff, clock >> 48);
    let days = days(year & 0xff, month, day)?;
    let second = second & 0xff;
    if hour >= 24 || minute >= 60 || second >= 60 {
        return None;
    }
    let of_day = hour.wrapping_mul(3600).wrapping_add(minute.wrapping_mul(60)).wrapping_add(second);
    Some(days.wrapping_mul(86_400).wrapping_add(of_day))
}

/// Days from the epoch to a date of the years 2000 to 2099, of which every fourth is a leap year.
#[inline(always)]
pub(crate) fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let &(before, length) =
        if year.is_multiple_of(4) { &LEAP_MONTHS } else { &MONTHS }.get(usize::try_from(month).ok()?)?;
    if day.wrapping_sub(1) >= u64::from(length) {
        return None;
    }
    // Each year before adds 365 days, and every fourth, the first of them a leap year, one more.
    let years = year.wrapping_mul(1461).wrapping_add(3) >> 2;
    Some(years.wrapping_add(u64::from(before)).wrapping_add(day).wrapping_add(DAYS_2000 - 1))
}

#[inline(always)]
fn word(text: &[u8], from: usize) -> u64 {
    text.get(from..).and_then(<[u8]>::first_chunk).copied().map_or(0, u64::from_le_bytes)
}

#[inline(always)]
const fn u64_of(byte: u8) -> u64 {
    byte as u64
}

const DATE: u64 = u64::from_le_bytes(*b"00/00/00");
const CLOCK: u64 = u64::from_le_bytes(*b"00:00:00");
const FRACTION: u64 = u64::from_le_bytes(*b"0.000000");
/// Upper halves of the digits of a date or clock; its separators.
const TWO_DIGITS: u64 = 0xf0f0_00f0_f000_f0f0;
const SEPARATORS: u64 = 0x0000_ff00_00ff_0000;
/// Days from the epoch to 1 January 2000.
const DAYS_2000: u64 = 10_957;
/// Of each month: days of a common year before it, days. There is no month 0: nor is there a day in it.
static MONTHS: [(u16, u16); 13] = [
    (0, 0),
    (0, 31),
    (31, 28),
    (59, 31),
    (90, 30),
    (120, 31),
    (151, 30),
    (181, 31),
    (212, 31),
    (243, 30),
    (273, 31),
    (304, 30),
    (334, 31),
];
/// The same of a leap year.
static LEAP_MONTHS: [(u16, u16); 13] = {
    let mut months = MONTHS;
    let [_, _, (_, february), others @ ..] = &mut months;
    *february += 1;
    let mut others: &mut [(u16, u16)] = others;
    while let [(before, _), behind @ ..] = others {
        *before += 1;
        others = behind;
    }
    months
};

#[cfg(test)]
mod tests;
