//! Points in time that can always be printed.

use std::fmt;

use hsmstream_record::time::{USECS_MAX, rfc3339_micros};

/// Microseconds since the Unix epoch, UTC, within the years 1970 to 9999.
///
/// A later time (a deadline behind a record of the last day of 9999) is held at the last microsecond, since
/// RFC 3339 has no fifth digit for the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From event time.
    #[must_use]
    pub const fn from_micros(usecs: u64) -> Self {
        Self(if usecs < USECS_MAX { usecs } else { USECS_MAX })
    }

    /// From a Kafka timestamp, milliseconds since the epoch; negative means that the message has none.
    #[must_use]
    pub fn from_kafka_millis(millis: i64) -> Option<Self> {
        u64::try_from(millis).ok().map(|millis| Self::from_micros(millis.saturating_mul(1000)))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / 1000
    }
}

/// RFC 3339 with six digits and `Z`: `2018-01-24T17:44:25.013218Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(27);
        rfc3339_micros(self.0, &mut text);
        formatter.pad(&String::from_utf8_lossy(&text))
    }
}
