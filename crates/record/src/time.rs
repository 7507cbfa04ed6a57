//! Times as records and transports print them, and back.
//!
//! All are UTC. A time is microseconds since the epoch; nothing before 1970 is one. The calendar is the
//! proleptic Gregorian one, computed by days of 400-year eras that begin on 1 March (the method of
//! Hinnant's `chrono`-compatible algorithms), so there is no table and no loop.

/// The last microsecond of the year 9999, the largest time a record may carry.
pub const USECS_MAX: u64 = 253_402_300_799_999_999;

/// Difference between a printed time and the microseconds beside it that is not worth a word.
pub(crate) const MISMATCH_USECS_MAX: u64 = SECOND;

const SECOND: u64 = 1_000_000;
const DAY_SECONDS: u64 = 86_400;
const ERA_DAYS: u64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH_DAYS: u64 = 719_468;

/// Appends `usecs` in RFC 3339 with six digits: `2018-01-24T17:44:25.013218Z`.
///
/// A time beyond [`USECS_MAX`] is shown as that.
pub fn rfc3339_micros(usecs: u64, out: &mut Vec<u8>) {
    let usecs = usecs.min(USECS_MAX);
    let seconds = usecs / SECOND;
    let (year, month, day) = civil(seconds / DAY_SECONDS);
    let of_day = seconds % DAY_SECONDS;
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, of_day / 3600),
        (14..16, of_day / 60 % 60),
        (17..19, of_day % 60),
        (20..26, usecs % SECOND),
    ];
    for (range, value) in parts {
        write_digits(value, text.get_mut(range).unwrap_or_default());
    }
    out.extend_from_slice(&text);
}

/// Appends `usecs` as records print it, `MM/DD/YY hh:mm:ss.uuuuuu`. The century is lost.
///
/// A time beyond [`USECS_MAX`] is shown as that.
pub fn printed(usecs: u64, out: &mut Vec<u8>) {
    let usecs = usecs.min(USECS_MAX);
    let seconds = usecs / SECOND;
    let (year, month, day) = civil(seconds / DAY_SECONDS);
    let of_day = seconds % DAY_SECONDS;
    let mut text = *b"00/00/00 00:00:00.000000";
    let parts = [
        (0..2, month),
        (3..5, day),
        (6..8, year % 100),
        (9..11, of_day / 3600),
        (12..14, of_day / 60 % 60),
        (15..17, of_day % 60),
        (18..24, usecs % SECOND),
    ];
    for (range, value) in parts {
        write_digits(value, text.get_mut(range).unwrap_or_default());
    }
    out.extend_from_slice(&text);
}

/// Reads a time in RFC 3339, with `Z` or an offset, with or without a fraction (digits behind the sixth are
/// cut off). `None` if it is none, lies before 1970 or beyond 9999.
#[must_use]
pub fn parse_rfc3339(text: &[u8]) -> Option<u64> {
    let (date, rest) = text.split_at_checked(10)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let &[b'T' | b't' | b' ', ref rest @ ..] = rest else { return None };
    let (clock, rest) = rest.split_at_checked(8)?;
    let year = digits(&[y1, y2, y3, y4])?;
    let days = days(year, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
    let seconds = days * DAY_SECONDS + clock_seconds(clock)?;
    let (micros, zone) = fraction(rest)?;
    let usecs = shift(seconds, zone)? * SECOND + micros;
    (usecs <= USECS_MAX).then_some(usecs)
}

/// Reads a printed time as records have it, `MM/DD/YY hh:mm:ss.uuuuuu`; the century is the 21st.
#[must_use]
pub fn parse_printed(text: &[u8]) -> Option<u64> {
    let (date, rest) = text.split_at_checked(8)?;
    let &[m1, m2, b'/', d1, d2, b'/', y1, y2] = date else { return None };
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t"))?;
    let (clock, rest) = crate::boundary::trim_blanks_start(rest).split_at_checked(8)?;
    let days = days(2000 + digits(&[y1, y2])?, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
    let (micros, rest) = fraction(rest)?;
    rest.is_empty().then_some((days * DAY_SECONDS + clock_seconds(clock)?) * SECOND + micros)
}

/// `hh:mm:ss` in seconds.
fn clock_seconds(text: &[u8]) -> Option<u64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let (hour, minute, second) = (digits(&[h1, h2])?, digits(&[m1, m2])?, digits(&[s1, s2])?);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// An optional `.` and digits, as microseconds, and what follows.
fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = text.split_at(count);
    if fraction.is_empty() {
        return None;
    }
    let micros = (0..6).fold(0, |micros, place| {
        micros * 10 + fraction.get(place).map_or(0, |digit| u64::from(digit.wrapping_sub(b'0')))
    });
    Some((micros, rest))
}

/// Takes the zone's offset, `Z` or `±hh:mm`, off the seconds.
fn shift(seconds: u64, zone: &[u8]) -> Option<u64> {
    let (sign, offset) = zone.split_first()?;
    if matches!(sign, b'Z' | b'z') {
        return offset.is_empty().then_some(seconds);
    }
    let &[h1, h2, b':', m1, m2] = offset else { return None };
    let (hour, minute) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    let offset = (hour < 24 && minute < 60).then_some(hour * 3600 + minute * 60)?;
    match sign {
        b'+' => seconds.checked_sub(offset),
        b'-' => seconds.checked_add(offset),
        _ => None,
    }
}

/// Year, month and day of a day since the epoch.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let era = days / ERA_DAYS;
    let of_era = days % ERA_DAYS;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA_DAYS - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Days since the epoch of a date, if there is such a date and it is not before the epoch.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || day < 1 || day > month_days(year, month)? {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let year_of_era = year % 400;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    Some(year / 400 * ERA_DAYS + of_era - EPOCH_DAYS)
}

fn month_days(year: u64, month: u64) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// The number that a few digits print; `None` if one is no digit.
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte.wrapping_sub(b'0')))
    })
}

/// Fills `place` with the last digits of `value`.
fn write_digits(mut value: u64, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
}
