//! Words against bytes: each function gives what a plain loop gives.

use super::{
    bits_before, decimal, decimal_back, decimal_front, first, hex_4, hex_back, hex_front, last, printed,
};
use crate::reading;
use crate::time;
use proptest::prelude::*;

/// Bytes near the edges of what counts as a digit, often; any byte, sometimes.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => proptest::sample::select(&b"0123456789"[..]),
        2 => proptest::sample::select(&b"afAF(\n"[..]),
        1 => proptest::sample::select(&b"/:@Gg`\x0b\x09\x00\x10\x19\x7f\x80\xff\xb0)"[..]),
        1 => any::<u8>(),
    ]
}

/// A time as printed, sometimes with one byte changed, sometimes with a number out of its range.
fn time_text() -> impl Strategy<Value = [u8; 24]> {
    let parts = (0..14_u8, 0..33_u8, 0..100_u8, 0..26_u8, 0..62_u8, 0..62_u8, 0..1_000_000_u32);
    let edit = proptest::option::of((0..24_usize, byte()));
    (parts, edit).prop_map(|((month, day, year, hour, minute, second, micros), edit)| {
        let text = format!("{month:02}/{day:02}/{year:02} {hour:02}:{minute:02}:{second:02}.{micros:06}");
        let mut text = *text.as_bytes().first_chunk().expect("24 bytes");
        if let Some((at, byte)) = edit {
            text[at] = byte;
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 2000 }))]

    #[test]
    fn words_read_as_loops_do(bytes in proptest::array::uniform8(byte()), count in 0..10_usize) {
        let word = u64::from_le_bytes(bytes);
        let place = |at: Option<usize>| at.map(|at| u32::try_from(at).expect("small"));
        for wanted in [b'(', b'\n', 0, 0x80, 0xff] {
            prop_assert_eq!(first(word, wanted), bytes.iter().position(|&byte| byte == wanted));
            let bits = bits_before(word, wanted);
            prop_assert!(bits == 57 || bits <= 56 && bits.is_multiple_of(8));
            prop_assert_eq!(last(word, wanted), place(bytes.iter().rposition(|&byte| byte == wanted)));
        }
        prop_assert_eq!(decimal(word), reading::decimal(&bytes));
        let front = bytes.get(..count).unwrap_or_default();
        prop_assert_eq!(decimal_front(word, count), reading::decimal(front));
        prop_assert_eq!(hex_front(word, count), reading::hex_digits(front, 16));
        let back = bytes.len().checked_sub(count).and_then(|start| bytes.get(start..)).unwrap_or_default();
        prop_assert_eq!(decimal_back(word, count), reading::decimal(back));
        prop_assert_eq!(hex_back(word, count), reading::hex_digits(back, 16));
    }

    #[test]
    fn printed_times_read_as_loops_do(text in time_text()) {
        prop_assert_eq!(printed(&text), time::parse_printed(&text).filter(|_| text[8] == b' '));
    }
}

/// Every date of the century, and the days that are none.
#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn dates_are_those_of_the_calendar() {
    for (year, month, day) in (0..100).flat_map(|year| {
        (0..100)
            .filter(|month| *month < 20 || month % 10 == 3)
            .flat_map(move |month| (0..40).map(move |day| (year, month, day)))
    }) {
        let text = format!("{month:02}/{day:02}/{year:02} 23:59:59.999999");
        let text = text.as_bytes().first_chunk().expect("24 bytes");
        assert_eq!(printed(text), time::parse_printed(text), "{}", text.escape_ascii());
    }
}

#[test]
fn every_byte_as_a_digit() {
    for (byte, place) in (0..=255_u8).flat_map(|byte| (0..8).map(move |place| (byte, place))) {
        for filler in [b'0', b'9', b'f', b'F'] {
            let mut bytes = [filler; 8];
            bytes[place] = byte;
            let word = u64::from_le_bytes(bytes);
            assert_eq!(decimal(word), reading::decimal(&bytes), "{}", bytes.escape_ascii());
            assert_eq!(hex_front(word, 8), reading::hex_digits(&bytes, 16), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn four_small_hex_digits_and_nothing_else() {
    for number in 0..=u16::MAX {
        let text = format!("{number:04x}");
        let digits: [u8; 4] = text.as_bytes().try_into().expect("four digits");
        assert_eq!(hex_4(u32::from_le_bytes(digits)), Some(u32::from(number)));
    }
    for (at, byte) in (0..4).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
        for digits in [b"0000", b"1234", b"abcd", b"f9a0", b"ffff", b"9999"] {
            let mut digits = *digits;
            digits[at] = byte;
            let expected = char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(hex_4(u32::from_le_bytes(digits)).is_some(), expected.is_some(), "{digits:?}");
        }
    }
}
