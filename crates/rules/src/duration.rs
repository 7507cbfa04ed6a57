//! Durations as rules write them: `90s`, `1h30m`, `250ms`; no bare numbers, no signs, no blanks.
//!
//! Units `us ms s m h d`, each a whole number; a compound goes from larger to smaller units.

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Nothing there.
    Empty,
    /// A number without a unit.
    NoUnit,
    /// A unit without a number, or something else that is no digit.
    NoNumber,
    /// Not one of the units.
    Unit,
    /// Units repeat or go from small to large.
    Order,
    /// More than 64 bits of µs.
    TooLong,
}

impl Bad {
    /// What is wrong with `text`, and what to write.
    pub(crate) fn explain(self, text: &str) -> (String, String) {
        let message = match self {
            Self::Empty => "a duration is missing".to_owned(),
            Self::NoUnit => format!("duration `{text}` has a number without a unit"),
            Self::NoNumber => format!("duration `{text}` has a unit without a whole number"),
            Self::Unit => format!("duration `{text}` has an unknown unit"),
            Self::Order => format!("duration `{text}` has its units out of order"),
            Self::TooLong => format!("duration `{text}` is too long"),
        };
        let help = if self == Self::NoUnit && text.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("write `{text}s` for seconds; the units are us, ms, s, m, h and d")
        } else {
            "the units are us, ms, s, m, h and d, largest first: `1h30m`".to_owned()
        };
        (message, help)
    }
}

/// Parses a duration to µs.
pub(crate) fn parse(text: &str) -> Result<u64, Bad> {
    if text.is_empty() {
        return Err(Bad::Empty);
    }
    let (mut rest, mut total, mut largest) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        if number.is_empty() {
            return Err(Bad::NoNumber);
        }
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let scale = match unit {
            "" => return Err(Bad::NoUnit),
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return Err(Bad::Unit),
        };
        if scale >= largest {
            return Err(Bad::Order);
        }
        let count: u64 = number.parse().map_err(|_| Bad::TooLong)?;
        let part = count.checked_mul(scale).ok_or(Bad::TooLong)?;
        total = total.checked_add(part).ok_or(Bad::TooLong)?;
        (rest, largest) = (tail, scale);
    }
    Ok(total)
}

/// Writes µs in the shortest form that [`parse`] reads back.
pub(crate) fn print(usecs: u64) -> String {
    let mut out = String::new();
    let mut rest = usecs;
    for (scale, unit) in UNITS {
        let count = rest / scale;
        if count > 0 {
            out.push_str(&count.to_string());
            out.push_str(unit);
            rest %= scale;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

const UNITS: [(u64, &str); 6] = [
    (86_400_000_000, "d"),
    (3_600_000_000, "h"),
    (60_000_000, "m"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "us"),
];

#[cfg(test)]
#[path = "duration_tests.rs"]
mod tests;
