//! Objects whose members are hard to tell apart: many, repeated, or with names alike.

use hsmstream_pattern::{Limits, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::Ways;

/// Past 64 members repeated names are found another way.
#[test]
fn the_last_of_repeated_names_counts_in_objects_of_any_size() {
    let texts =
        ["{ $.* = 1 }", "{ $.* = 2 }", "{ $.a = 1 }", "{ $.a = 2 }", "{ $[*] = 1 }", "{ $.* IS NULL }"];
    let patterns = texts.iter().map(|text| parse(text, &Limits::default()).expect("a pattern")).collect();
    let mut ways = Ways::new(patterns);
    for filler in [0, 62, 63, 64, 65, 300] {
        let members: String = (0..filler).map(|number| format!(",\"f{number}\":0")).collect();
        // The second name is the first one, written with an escape.
        let event = format!(r#"{{"a":1{members},"\u0061":2}}"#);
        assert_eq!(ways.matching(event.as_bytes()), [1, 3], "{filler} members between");
        let event = format!(r#"{{"\u0061":1{members},"a":null,"b":1}}"#);
        assert_eq!(ways.matching(event.as_bytes()), [0, 4, 5], "{filler} members between");
    }
}

#[test]
fn elements_are_counted_whatever_the_order_of_the_patterns() {
    let texts = [
        "{ $.a[3] = 3 }",
        "{ $.a[0] = 0 }",
        "{ $.a[4294967295] = 0 }",
        "{ $.a[1][1] = 11 }",
        "{ $.a[1][0] = 10 }",
        "{ $.a[2].b = 2 }",
        "{ $.a[2].b[0] = 2 }",
        "{ $.a[4] = 4 }",
    ];
    let patterns = texts.iter().map(|text| parse(text, &Limits::default()).expect("a pattern")).collect();
    let mut ways = Ways::new(patterns);
    for (event, matching) in [
        (r#"{"a":[0,[10,11],{"b":2},3,4]}"#, &[0, 1, 3, 4, 5, 7][..]),
        (r#"{"a":[0,[10],{"b":[2]},3]}"#, &[0, 1, 4, 6]),
        (r#"{"a":[0]}"#, &[1]),
        (r#"{"a":[]}"#, &[]),
        (r#"{"a":{"0":0}}"#, &[]),
        (r#"{"a":[{},{},{},3]}"#, &[0]),
    ] {
        assert_eq!(ways.matching(event.as_bytes()), matching, "{event}");
    }
}

/// Names of every length about eight bytes, with the same first ones, the same last ones, or both; of each what may
/// stand in its place in an event: the name, its twins, and the name with an escape.
fn names() -> Vec<String> {
    let mut names = vec![String::new(), "a".to_owned()];
    for length in [2, 7, 8, 9, 10, 16, 17, 30] {
        let name = |middle: char| {
            format!("{}{middle}{}", "n".repeat(length / 2), "m".repeat(length - length / 2 - 1))
        };
        names.extend([name('x'), name('y'), format!("{}z", "n".repeat(length - 1))]);
    }
    names
}

/// An object of some of the names, plain or with the first letter escaped; the values say where they stand.
fn object() -> impl Strategy<Value = String> {
    let name = (select(names()), any::<bool>()).prop_map(|(name, is_escaped)| match name.chars().next() {
        Some(first) if is_escaped => format!("\\u{:04x}{}", u32::from(first), &name[1..]),
        _ => name,
    });
    let value = select(vec!["1", "2", "\"1\"", "null", "[1,null]", "true"]).prop_map(str::to_owned);
    value.prop_recursive(3, 40, 12, move |inner| {
        vec((name.clone(), inner), 0..12).prop_map(|members| {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        })
    })
}

fn condition() -> impl Strategy<Value = String> {
    let test = select(vec!["= 1", "= \"1\"", "!= 1", "> 1", "IS NULL", "NOT EXISTS", "= \"*1*\""]);
    (vec(select(names()), 1..4), test).prop_map(|(names, test)| {
        let steps: String = names.iter().map(|name| format!(".['{name}']")).collect();
        format!("{{ ${steps} {test} }}")
    })
}

proptest! {
    #[test]
    fn names_alike_are_told_apart(conditions in vec(condition(), 1..40), events in vec(object(), 1..8)) {
        let patterns =
            conditions.iter().map(|text| parse(text, &Limits::default()).expect("a pattern")).collect();
        let mut ways = Ways::new(patterns);
        for event in &events {
            ways.matching(event.as_bytes());
        }
    }
}
