//! What sharing atoms and waiting for rare ones must not change.

use super::Set;
use super::atom::Atom;
use crate::ast::Pattern;
use crate::limits::Limits;
use crate::parse::parse;
use crate::scratch::Scratch;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| parse(text, &Limits::lifted()).expect("a pattern")).collect()
}

fn set(texts: &[&str]) -> Set {
    Set::compile(patterns(texts).iter())
}

#[test]
fn equal_items_are_one_atom() {
    let set = set(&[
        "Opcode CN_LOGIN",
        "Opcode CN_LOGOUT",
        "-Opcode",
        "{ $.a = 1 && $.b = 2 }",
        "{ $.b = 2 && $.a = 1 }",
        "{ $.['a'] = \"1\" }",
        "[x = 1, y]",
        "[z = 1, ...]",
    ]);
    let texts = set.atoms.iter().filter(|atom| matches!(atom, Atom::Text(_))).count();
    let constants = set.atoms.iter().filter(|atom| matches!(atom, Atom::Constant { .. })).count();
    assert_eq!((texts, constants, set.selectors().len()), (3, 4, 2));
}

#[test]
fn patterns_wait_for_what_is_rare() {
    let texts = [
        "Opcode CN_LOGIN Response SUCCESS",
        "Opcode CN_LOGOUT Response SUCCESS",
        "Opcode XYZZY Response SUCCESS",
    ];
    let set = set(&texts);
    for (atom, waiting) in set.atoms.iter().zip(&set.waiting) {
        if let Atom::Text(finder) = atom {
            let is_rare = finder.needle().starts_with(b"CN_") || finder.needle() == b"XYZZY";
            assert_eq!(waiting.len(), usize::from(is_rare), "{}", finder.needle().escape_ascii());
        }
    }
}

#[test]
fn only_patterns_without_a_cover_are_candidates_always() {
    let texts = [
        "",
        "-a",
        "%[0-9]+%",
        "{ $.a < 5 }",
        "{ $.a != 5 }",
        "{ $.a NOT EXISTS || $.b = 1 }",
        "[]",
        "[a, b]",
        "a",
        "?a ?b",
        "%ab|cd% -x",
        "{ $.a < 5 && $.b = 1 }",
        "{ $.a = 5 || $.b = \"xy*\" }",
        "{ $.a = %ab[0-9]% }",
        "[a = xx*y, b]",
        "[..., last = %ab%]",
    ];
    assert_eq!(set(&texts).always(), [0, 1, 2, 4, 5, 6, 7]);
}

/// Storage that served one set gives no wrong answer to another.
#[test]
fn storage_may_serve_several_sets() {
    let sets = [
        set(&["a", "{ $.x = 1 }", "%a[0-9]%"]),
        set(&["b", "-a"]),
        set(&["[p = a, q]", "a -b", "%b[0-9]%", "{ $.x = 2 }"]),
    ];
    let events: [&[u8]; 5] = [b"a", b"b", b"a b", b"a1 b2", b"{\"x\": 1}"];
    let mut shared = Scratch::new();
    for _ in 0..3 {
        for event in events {
            for set in &sets {
                let (mut fresh, mut again) = (Vec::new(), Vec::new());
                set.matches_text(event, &mut Scratch::new(), &mut fresh);
                set.matches_text(event, &mut shared, &mut again);
                assert_eq!(fresh, again, "{}", event.escape_ascii());
            }
        }
    }
}

/// Texts that nobody waits for are searched when asked for: one by one, and at last all of them.
#[test]
fn texts_that_nobody_waits_for_are_found() {
    let texts: Vec<String> = (0..30)
        .map(|number| {
            let sign = if number % 3 == 0 { "-" } else { "" };
            format!("is_waited_for_{number:02} {sign}item{number:02}")
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let set = set(&texts);
    for calls in [1, 7, 8, 9, 30] {
        let called: String = (0..calls).map(|number| format!("is_waited_for_{number:02} ")).collect();
        let items: String = (0..30).step_by(2).map(|number| format!("item{number:02} ")).collect();
        let expected: Vec<u32> = (0..calls).filter(|number| (number % 3 == 0) != (number % 2 == 0)).collect();
        let mut matched = Vec::new();
        set.matches_text(format!("{called}{items}").as_bytes(), &mut Scratch::new(), &mut matched);
        assert_eq!(matched, expected, "{calls} candidates");
    }
}

/// An event for which the samples are given up.
#[test]
fn events_made_of_ends_are_matched_alike() {
    let texts: Vec<String> = (0..1000).map(|number| format!("{number:04}_the_same_end")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let set = set(&texts);
    let event = [&b"the_same_end".repeat(50)[..], b"0017_the_same_end", b"x0999_the_same_en"].concat();
    let mut matched = Vec::new();
    set.matches_text(&event, &mut Scratch::new(), &mut matched);
    assert_eq!(matched, [17]);
}

#[test]
fn matches_are_appended_in_order() {
    let set = set(&["b", "", "a", "-x", "b"]);
    let mut matched = vec![99];
    set.matches_text(b"a b", &mut Scratch::new(), &mut matched);
    assert_eq!(matched, [99, 0, 1, 2, 3, 4]);
}

#[test]
fn an_empty_set_matches_nothing() {
    let set = Set::compile(core::iter::empty());
    let mut matched = Vec::new();
    set.matches_text(b"a", &mut Scratch::new(), &mut matched);
    assert!(matched.is_empty() && set.is_empty());
}

#[test]
fn a_set_is_shared_between_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    fn is_moved<T: Send>(_: &T) {}
    is_shared(&set(&["a", "%b%"]));
    is_moved(&Scratch::new());
}

/// Many texts: the scan falls back to its smaller automaton, and answers the same.
#[test]
fn large_sets_answer_alike() {
    let texts: Vec<String> =
        (0..4000).map(|number| format!("Opcode CN_{number}_X -SUCCESS_{number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let set = set(&texts);
    let mut matched = Vec::new();
    set.matches_text(b"Opcode : CN_17_X CN_3999_X SUCCESS_17", &mut Scratch::new(), &mut matched);
    assert_eq!(matched, [3999]);
}
