//! The comparison in overlapping halves, and templates with parts of any length.

use super::{Template, is_same};
use crate::shape::{Class, FreePart, Outline, SLOTS};

#[test]
fn texts_of_any_length_are_the_same_only_if_all_bytes_are() {
    for length in 0..200 {
        let text: Vec<u8> = (0..length).map(|place| b'a' + place % 23).collect();
        assert!(is_same(&text, &text.clone()), "{length}");
        for place in 0..text.len() {
            let mut other = text.clone();
            other[place] ^= 1;
            assert!(!is_same(&text, &other), "{place} of {length}");
        }
    }
}

fn outline(lengths: &[u32]) -> Outline {
    let mut all = [0; SLOTS];
    all[..lengths.len()].copy_from_slice(lengths);
    Outline { mark: 1, lengths: all, ..Outline::default() }
}

fn part(slot: usize, range: core::ops::Range<usize>, class: Class) -> FreePart {
    FreePart { slot, range, class, is_checked: class == Class::Decimal }
}

#[test]
fn a_record_fits_if_its_fixed_text_is_that_of_the_shape() {
    let parts = [part(2, 2..4, Class::Decimal), part(0, 7..10, Class::Any)];
    let template = Template::of(b"a=12;b=xyz;", &parts, &outline(&[3, 0, 2])).expect("a template");
    assert_eq!(template.texts().collect::<Vec<_>>(), [&b"a="[..], b";b=", b";"]);
    for (event, lengths, fits) in [
        (&b"a=12;b=xyz;"[..], [3, 0, 2], true),
        (b"a=;b=;", [0, 0, 0], true),
        (b"a=98765;b=b=b=;", [4, 0, 5], true),
        (b"a=12;b=xyz;", [2, 0, 2], false),
        (b"a=12;b=xyz;", [3, 0, 1], false),
        (b"a=12;b=xyz;", [4, 0, 2], false),
        (b"a=12;b=xyz", [3, 0, 2], false),
        (b"a=12;b=xyz;;", [3, 0, 2], false),
        (b"a=1x;b=xyz;", [3, 0, 2], false),
        (b"a:12;b=xyz;", [3, 0, 2], false),
        (b"", [0, 0, 0], false),
        (b"a=12;b=xyz;", [u32::MAX, 0, 2], false),
    ] {
        assert_eq!(template.fits(event, &outline(&lengths)), fits, "{} {lengths:?}", event.escape_ascii());
    }
    assert_eq!(template.range(0, &outline(&[4, 0, 5])), 2..7);
    assert_eq!(template.range(1, &outline(&[4, 0, 5])), 10..14);
}

#[test]
fn parts_that_are_not_what_the_outline_says_make_no_template() {
    let event = b"a=12;b=xyz;";
    let right = outline(&[3, 0, 2]);
    for parts in [
        vec![part(2, 2..5, Class::Any)],
        vec![part(2, 7..9, Class::Decimal)],
        vec![part(2, 2..4, Class::Any), part(2, 4..6, Class::Any)],
        vec![part(0, 7..10, Class::Any), part(2, 2..4, Class::Any)],
        vec![part(0, 9..12, Class::Any)],
        vec![part(SLOTS, 2..4, Class::Any)],
    ] {
        assert!(Template::of(event, &parts, &right).is_none(), "{parts:?}");
    }
}

#[test]
fn line_ends_may_be_escaped() {
    let parts = [part(2, 3..5, Class::Decimal), part(0, 8..11, Class::Any)];
    let template = Template::of(b"\na=12\nb=x\\z\n\n", &parts, &outline(&[3, 0, 2])).expect("a template");
    let escaped = template.escaped(&outline(&[])).expect("short text");
    assert!(escaped.fits(b"\\na=7\\nb=\\n\\n", &outline(&[0, 0, 1])));
    assert!(!escaped.fits(b"\na=7\nb=\n\n", &outline(&[0, 0, 1])));
    assert!(Template::of(b"a=1\n2", &[part(0, 2..5, Class::Any)], &outline(&[3])).is_none());
}
