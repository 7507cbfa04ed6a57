//! Both scanners against bytes looked at one by one.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{ESCAPED, Find, Quotes};
use crate::scan::{self, Portable, Task};

/// All unescaped quotes with their marks; `None` if a string holds a control character or an escape is broken.
fn naive(text: &[u8]) -> Option<Vec<u32>> {
    let (mut places, mut at, mut is_marked) = (Vec::<u32>::new(), 0, false);
    let mut is_valid = true;
    while let Some(byte) = text.get(at) {
        let is_inside = places.len() % 2 == 1;
        match byte {
            b'"' => {
                let mark = if is_inside && is_marked { ESCAPED } else { 0 };
                places.push(u32::try_from(at).expect("a short text") | mark);
                is_marked = false;
            }
            b'\\' => {
                is_valid &= scan::escape(text, at).is_ok();
                is_marked = true;
                at += 1;
            }
            byte => is_valid &= *byte >= 0x20 || !is_inside,
        }
        at += 1;
    }
    is_valid.then_some(places)
}

/// What a search says, or nothing; of both scanners.
fn found(text: &[u8]) -> [Option<Vec<u32>>; 2] {
    let mut quotes = Quotes::new();
    // What an earlier text left does not matter.
    quotes.find(&[b'"'; 300]);
    let places = |quotes: &Quotes| quotes.places[..quotes.count].to_vec();
    let best = quotes.find(text).then(|| places(&quotes));
    let portable = Find(&mut quotes, text).run(Portable).then(|| places(&quotes));
    [best, portable]
}

fn check(text: &[u8]) {
    // A backslash that nothing follows may pass or not: it ends no string, so the text is no JSON.
    let expected = match text {
        [whole @ .., b'\\'] if naive(text).is_none() => naive(whole),
        _ => naive(text),
    };
    for found in found(text) {
        if found.is_some() || !text.ends_with(b"\\") {
            assert_eq!(found, expected, "{}", text.escape_ascii());
        }
    }
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "\"",
        "\"",
        "\\",
        "\\\\",
        "\\\"",
        "\\n",
        "\\u00e9",
        "\\u00",
        "x",
        "xxxxxxxxxxxxxxx",
        "\n",
        "\u{1f}",
        " ",
        "é",
    ]);
    vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Pieces that make no string invalid, so that what goes over from block to block is compared.
fn valid_pieces() -> impl Strategy<Value = Vec<u8>> {
    let string =
        vec(select(vec!["x", "é", "\\\\", "\\\"", "\\n", "\\u00e9", "xxxxxxxxxxxxxxxxxxxxxx"]), 0..12);
    let between = select(vec!["", ":", ",", "\n", "\t  ", "{"]);
    vec((string, between), 0..20).prop_map(|strings| {
        let texts = strings.iter().map(|(string, between)| format!("\"{}\"{between}", string.concat()));
        texts.collect::<String>().into_bytes()
    })
}

proptest! {
    #[test]
    fn quotes_are_those_seen_one_by_one(text in prop_oneof![pieces(), vec(any::<u8>(), 0..200)]) {
        check(&text);
    }

    #[test]
    fn escapes_go_over_from_block_to_block(text in valid_pieces()) {
        prop_assert!(naive(&text).is_some());
        check(&text);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_byte_is_seen_at_every_place() {
    for length in [1, 63, 64, 65, 100, 128, 200] {
        for at in 0..length {
            for byte in [b'"', b'\\', 0, 0x1f, b'\n', b' ', 0x7f, 0x80, 0xff] {
                let mut text = vec![b'n'; length];
                text[at] = byte;
                check(&text);
                text[0] = b'"';
                check(&text);
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn runs_of_backslashes_cross_blocks() {
    for before in 50..70 {
        for run in 0..140 {
            let text = [b"\"".to_vec(), vec![b'x'; before], vec![b'\\'; run], b"\" \"".to_vec()].concat();
            check(&text);
        }
    }
}
