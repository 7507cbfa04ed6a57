//! Required texts, sets, and that nothing hostile takes long.

use super::{Class, Machine, Regex, parse};
use crate::interpret::regex_matches;
use crate::limits::Limits;
use crate::tuning::Tuning;
use std::sync::Arc;

fn regex(text: &str) -> Regex {
    parse(text, &Limits::default()).expect("a regular expression").0
}

fn search(text: &str, event: &[u8]) -> bool {
    super::Caches::default().search(0, &Arc::new(Machine::compile(&regex(text), Tuning::default())), event)
}

#[test]
fn required_texts_are_the_longest_of_each_branch() {
    let cases: &[(&str, Option<&[&str]>)] = &[
        ("Response\\s*:\\s*[1-9]", Some(&["Response"])),
        ("ab*cde", Some(&["cde"])),
        ("ab+cd", Some(&["bcd"])),
        ("a{3}b", Some(&["aaab"])),
        ("a{2,3}b", Some(&["aa"])),
        ("^starting|^shutting down", Some(&["starting", "shutting down"])),
        ("\\x28ok\\x29", Some(&["(ok)"])),
        ("xy[a]z", Some(&["xyaz"])),
        ("abc|[0-9]+", None),
        ("a.b.c", None),
        ("ab?", None),
        ("|abc", None),
        (".*", None),
    ];
    for (text, expected) in cases {
        let required = regex(text).required();
        let texts: Option<Vec<_>> = required
            .as_ref()
            .map(|list| list.iter().map(|text| str::from_utf8(text).expect("ASCII")).collect());
        assert_eq!(texts.as_deref(), *expected, "{text}");
    }
}

#[test]
fn sets_hold_what_they_say() {
    let members = |text: &str| -> String {
        let found = (0..=127_u8).filter(|byte| search(&format!("^{text}$"), &[*byte]));
        found.map(char::from).collect()
    };
    assert_eq!(members("[]a]"), "]a");
    assert_eq!(members("[a[]"), "[a");
    assert_eq!(members("[--:]"), "-./0123456789:");
    assert_eq!(members("[a-]"), "-a");
    assert_eq!(members("[\\d-]"), "-0123456789");
    assert_eq!(members("[\\x41-\\x43]"), "ABC");
    assert_eq!(members("\\s"), "\t\n\u{b}\u{c}\r ");
    assert_eq!(members("[^\\D]"), "0123456789");
    assert_eq!(members(".").len(), 127);
    assert_eq!(members("[^\\d\\D]"), "");
    assert_eq!(Class::EMPTY.with(b'a').complement().complement(), Class::EMPTY.with(b'a'));
}

#[test]
fn a_character_of_several_bytes_is_one() {
    for (text, event, is_match) in [
        ("^.$", "é".as_bytes(), true),
        ("^.$", "\u{1F600}".as_bytes(), true),
        ("^\\W$", "é".as_bytes(), true),
        ("^\\w$", "é".as_bytes(), false),
        ("^[^a]$", "\u{20ac}".as_bytes(), true),
        ("^\\xe9$", "é".as_bytes(), true),
        ("^\\xe9$", b"\xe9", true),
        ("^\\xe8$", "é".as_bytes(), false),
        ("^...$", "é".as_bytes(), false),
        ("a.b", b"a\xffb", true),
    ] {
        assert_eq!(search(text, event), is_match, "{text} on {}", event.escape_ascii());
        assert_eq!(regex_matches(&regex(text), event), is_match, "interpreter: {text}");
    }
}

#[test]
fn what_matches_every_text_is_known() {
    for (text, is_every) in [
        ("a*", true),
        ("a*|b", true),
        ("^a*", true),
        ("a*$", true),
        ("^$", false),
        ("^\\s*$", false),
        ("a+", false),
        ("a|", true),
        ("a{0}b", false),
    ] {
        assert_eq!(regex(text).matches_every_text(), is_every, "{text}");
        assert_eq!(search(text, b"") && search(text, b"x\ny"), is_every, "{text}");
    }
}

/// The largest expression the limits allow still compiles to an automaton, and finds its way through a
/// text that makes backtracking engines explode.
#[test]
fn hostile_expressions_stay_linear() {
    let nested = format!("{}$", ".*a".repeat(300));
    let large = ["[^a]{1000}", ".{1000}", "\\W{1000}", "[^\\x80-\\xff]{1000}"].concat();
    for text in [nested.as_str(), &large, "a*a*a*a*a*a*a*a*b"] {
        let regex = parse(text, &Limits::lifted()).expect("a regular expression").0;
        let machine = Machine::compile(&regex, Tuning::default());
        assert!(machine.is_compiled(), "{}", &text[..20.min(text.len())]);
        let event = [b'a'; 64 << 10];
        assert!(!super::Caches::default().search(0, &Arc::new(machine), &[&event[..], b"!"].concat()));
    }
}
