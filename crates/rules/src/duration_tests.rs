//! Durations: what is read, what is refused, print and read again.

use proptest::prelude::*;

use super::{Bad, parse, print};

#[test]
fn units_and_compounds() {
    for (text, usecs) in [
        ("0s", 0),
        ("1us", 1),
        ("250ms", 250_000),
        ("2m", 120_000_000),
        ("1h30m", 5_400_000_000),
        ("1d2h3m4s5ms6us", 93_784_005_006),
        ("007s", 7_000_000),
    ] {
        assert_eq!(parse(text), Ok(usecs), "{text}");
    }
}

#[test]
fn what_is_no_duration() {
    for (text, bad) in [
        ("", Bad::Empty),
        ("120", Bad::NoUnit),
        ("1h30", Bad::NoUnit),
        ("s", Bad::NoNumber),
        ("-5s", Bad::NoNumber),
        ("1.5h", Bad::NoUnit),
        ("5 m", Bad::NoUnit),
        ("5min", Bad::Unit),
        ("5M", Bad::Unit),
        ("1m1h", Bad::Order),
        ("1s1s", Bad::Order),
        ("99999999999999999999s", Bad::TooLong),
        ("18446744073709551615d", Bad::TooLong),
    ] {
        assert_eq!(parse(text), Err(bad), "{text}");
    }
}

proptest! {
    #[test]
    fn printed_durations_read_back(usecs: u64) {
        prop_assert_eq!(parse(&print(usecs)), Ok(usecs));
    }
}
