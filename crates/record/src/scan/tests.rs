//! The scanners against bytes looked at one by one.

use super::{BLOCK, Index, LINES_MAX, NUMBER, PRINTED, Scanner, Task, Vectors, dispatch_with};
use crate::swar;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What an index says: the places it holds, how many there are, and, of a string, its end.
type Found = (Vec<usize>, usize, Option<usize>);

fn held(index: &Index) -> Vec<usize> {
    (0..index.count().min(LINES_MAX)).map(|number| index.end(number)).collect()
}

fn places(text: &[u8], wanted: u8) -> Vec<usize> {
    (0..text.len()).filter(|&at| text[at] == wanted).collect()
}

struct Blocks<'a>(&'a [u8; BLOCK]);

impl Task for Blocks<'_> {
    type Output = [u64; 3];

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        [scanner.equal(self.0, b'\n'), scanner.equal(self.0, b'\\'), scanner.ends_string(self.0)]
    }
}

struct Lines<'a>(&'a [u8]);

impl Task for Lines<'_> {
    type Output = Option<Found>;

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let mut index = Index::EMPTY;
        index.add_lines(scanner, self.0).map(|()| (held(&index), index.count(), None))
    }
}

struct Text<'a>(&'a [u8]);

impl Task for Text<'_> {
    type Output = Option<Found>;

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let mut index = Index::EMPTY;
        index.add_string(scanner, self.0).map(|end| (held(&index), index.count(), Some(end)))
    }
}

/// From a place on, by an index that held something else; the end is that of the last line.
struct Part<'a>(&'a [u8], usize, usize);

impl Task for Part<'_> {
    type Output = Found;

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let Self(text, from, most) = self;
        let mut index = Index::EMPTY;
        index.refill(scanner, &[b'\n'; 20], 0, usize::MAX);
        let count = index.refill(scanner, text, from, most);
        assert_eq!(count, index.count());
        let is_sealed = count <= LINES_MAX.min(most);
        assert_eq!(
            index.lines_held(),
            (count + 1).min(if count > LINES_MAX { LINES_MAX } else { usize::MAX })
        );
        (held(&index), count, is_sealed.then(|| index.end(count)))
    }
}

fn expected(text: &[u8], wanted: u8, end: Option<usize>) -> Found {
    let mut places = places(text.get(..end.unwrap_or(text.len())).expect("an end inside"), wanted);
    let count = places.len();
    places.truncate(LINES_MAX);
    (places, count, end)
}

fn check_lines(text: &[u8]) {
    let expected = (text.len() >= BLOCK).then(|| expected(text, b'\n', None));
    for vectors in Vectors::ALL {
        assert_eq!(dispatch_with(vectors, Lines(text)), expected, "{}", text.escape_ascii());
    }
}

/// Whether all line ends were looked for or only some more than are held, those that are held are the same.
fn check_parts(text: &[u8]) {
    for from in [0, 1, 63, 64, 65, text.len() / 2, text.len()].into_iter().filter(|from| *from <= text.len())
    {
        let mut all = places(text, b'\n');
        all.retain(|place| *place >= from);
        let held = &all[..all.len().min(LINES_MAX)];
        let whole = (held.to_vec(), all.len(), (all.len() <= LINES_MAX).then_some(text.len()));
        for vectors in Vectors::ALL {
            let found = dispatch_with(vectors, Part(text, from, usize::MAX));
            assert_eq!(found, whole, "{}", text.escape_ascii());
            let some = dispatch_with(vectors, Part(text, from, LINES_MAX));
            assert_eq!((&some.0[..], some.2), (held, whole.2), "{}", text.escape_ascii());
        }
    }
}

fn check_string(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'"' || byte < 0x20).filter(|&end| input[end] == b'"');
    let is_line_end = |place: &usize| input[*place] != b'\\' || input[place + 1] == b'n';
    let end = end.filter(|end| (0..*end).all(|place| is_line_end(&place)));
    let expected = end.map(|end| expected(input, b'\\', Some(end)));
    for vectors in Vectors::ALL {
        assert_eq!(dispatch_with(vectors, Text(input)), expected, "{}", input.escape_ascii());
    }
}

/// Each backslash as the escape of a line end.
fn escaped(text: &[u8]) -> Vec<u8> {
    text.iter()
        .flat_map(|byte| if *byte == b'\\' { b"\\n" } else { std::slice::from_ref(byte) })
        .copied()
        .collect()
}

/// Text in blocks of its own size, so that no byte stands behind it.
fn text(rare: &'static [u8], often: u32) -> impl Strategy<Value = Box<[u8]>> {
    let byte = prop_oneof![often => select(rare), 20 => any::<u8>(), 20 => 0x20..0x7f_u8];
    vec(byte, 0..400).prop_map(Vec::into_boxed_slice)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    #[cfg_attr(miri, ignore = "too many cases for Miri")]
    fn lines(few in text(b"\n", 2), many in text(b"\n", 60)) {
        for text in [few, many] {
            check_lines(&text);
            check_parts(&text);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too many cases for Miri")]
    fn strings(few in text(b"\\n", 3), many in text(b"\\", 200), tail in text(b"\"", 3)) {
        for text in [few, many] {
            let mut text: Vec<u8> = text.iter().copied().filter(|byte| *byte >= 0x20 && *byte != b'"').collect();
            let mut usual = escaped(&text);
            for text in [&mut text, &mut usual] {
                text.push(b'"');
                text.extend_from_slice(&tail);
                check_string(text);
            }
            check_string(&tail);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_byte_at_every_place() {
    for (place, byte) in (0..BLOCK).flat_map(|place| (0..=255).map(move |byte| (place, byte))) {
        for filler in [0x21, 0x80, 0xff, 0x0a, 0x0b, 0x09, 0x5c, 0x22] {
            let mut block = [filler; BLOCK];
            block[place] = byte;
            let bits = |wanted: fn(u8) -> bool| {
                block.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(wanted(byte)))
            };
            let expected = [
                bits(|byte| byte == b'\n'),
                bits(|byte| byte == b'\\'),
                bits(|byte| byte < 0x20 || byte == b'"'),
            ];
            for vectors in Vectors::ALL {
                assert_eq!(dispatch_with(vectors, Blocks(&block)), expected);
            }
        }
    }
}

#[test]
fn texts_of_every_length() {
    // Miri takes a thousand times as long.
    for length in (0..300).step_by(if cfg!(miri) { 99 } else { 1 }) {
        check_lines(&vec![b'\n'; length]);
        check_lines(&vec![b'x'; length]);
        check_parts(&vec![b'\n'; length]);
        check_parts(&vec![b'x'; length]);
        for byte in [b'\\', b'n'] {
            for mut input in [vec![byte; length], escaped(&vec![byte; length]), escaped(&vec![b'\\'; length])]
            {
                input.push(b'"');
                check_string(&input);
                if let Some(place) = length.checked_sub(1) {
                    input[place] ^= 1;
                    check_string(&input);
                }
            }
        }
    }
}

struct Number<'a>(&'a [u8; NUMBER], usize);

impl Task for Number<'_> {
    type Output = [Option<u64>; 2];

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        [scanner.hex(self.0, self.1), scanner.decimal(self.0, self.1)]
    }
}

/// The number that the last bytes print; digit by digit.
fn number(block: &[u8], count: usize, radix: u32) -> Option<u64> {
    let digits = block.get(block.len().checked_sub(count)?..).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0, |number, byte| {
        Some(number * u64::from(radix) + u64::from(char::from(*byte).to_digit(radix)?))
    })
}

fn check_number(block: &[u8; NUMBER], count: usize) {
    let expected = [number(block, count, 16), number(block, count, 10)];
    for vectors in Vectors::ALL {
        assert_eq!(
            dispatch_with(vectors, Number(block, count)),
            expected,
            "{} {count}",
            block.escape_ascii()
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn each_byte_in_each_number_of_digits() {
    for digits in [b"1234567890123456", b"fedcba9876543210", b"FFFFFFFFFFFFFFFF", b"9999999999999999"] {
        for count in 0..=NUMBER + 2 {
            for (at, byte) in (0..NUMBER).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut block = *digits;
                block[at] = byte;
                check_number(&block, count);
            }
        }
    }
}

proptest! {
    #[test]
    fn numbers_of_anything(
        block in vec(select(b"0123456789abcdefABCDEF0123456789gG/:@`\n".to_vec()), NUMBER),
        count in 0..=NUMBER,
    ) {
        check_number(block.first_chunk().expect("as many as asked for"), count);
    }
}

struct Four([u8; 4]);

impl Task for Four {
    type Output = Option<u32>;

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        scanner.hex_4(u32::from_le_bytes(self.0))
    }
}

fn check_four(digits: [u8; 4]) {
    let is_small = digits.iter().all(|byte| !byte.is_ascii_uppercase());
    let expected = number(&digits, 4, 16).filter(|_| is_small).and_then(|number| u32::try_from(number).ok());
    for vectors in Vectors::ALL {
        assert_eq!(dispatch_with(vectors, Four(digits)), expected, "{}", digits.escape_ascii());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn each_number_of_four_small_hex_digits_and_each_byte_in_some() {
    for number in 0..=u16::MAX {
        check_four(*format!("{number:04x}").as_bytes().first_chunk().expect("four digits"));
    }
    for digits in [*b"0000", *b"9999", *b"aaaa", *b"ffff", *b"1a2f"] {
        for (at, byte) in (0..4).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut digits = digits;
            digits[at] = byte;
            check_four(digits);
        }
    }
}

struct Printed<'a>(&'a [u8; PRINTED]);

impl Task for Printed<'_> {
    type Output = Option<u64>;

    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        scanner.printed_seconds(self.0)
    }
}

/// With digits behind the point all say the same; without, some say that it is no time.
fn check_printed(text: &[u8; PRINTED]) {
    let printed = text.first_chunk().expect("a time is shorter");
    let expected = swar::printed_seconds(printed).filter(|_| text.ends_with(b", usecs:"));
    let has_digits = printed[18..].iter().all(u8::is_ascii_digit);
    for vectors in Vectors::ALL {
        let found = dispatch_with(vectors, Printed(text));
        let is_right = found == expected || found.is_none() && !has_digits;
        assert!(is_right, "{} {found:?} {expected:?} {vectors:?}", text.escape_ascii());
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn each_byte_in_a_printed_time() {
    for text in [b"02/29/24 23:59:59.999999, usecs:", b"10/08/19 04:26:37.013218, usecs:"] {
        assert!(dispatch_with(Vectors::Portable, Printed(text)).is_some());
        for (at, byte) in (0..PRINTED).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut text = *text;
            text[at] = byte;
            check_printed(&text);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_day_and_every_minute_printed() {
    for (year, month, day) in
        (0..100).flat_map(|year| (0..20).flat_map(move |month| (0..40).map(move |day| (year, month, day))))
    {
        let text = format!("{month:02}/{day:02}/{year:02} 12:00:00.000000, usecs:");
        check_printed(text.as_bytes().first_chunk().expect("as long as a time"));
    }
    for (hour, minute, second) in (0..30).flat_map(|hour| {
        (0..70).flat_map(move |minute| [0, 1, 59, 60, 99].map(|second| (hour, minute, second)))
    }) {
        let text = format!("01/24/18 {hour:02}:{minute:02}:{second:02}.000000, usecs:");
        check_printed(text.as_bytes().first_chunk().expect("as long as a time"));
    }
}
