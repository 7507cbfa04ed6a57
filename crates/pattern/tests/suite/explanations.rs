//! Explanations name the items that decided, and what they were asked of.

use hsmstream_pattern::{Evidence, ItemVerdict, Limits, Program, parse};

fn explain(pattern: &str, event: &str) -> Vec<ItemVerdict> {
    Program::compile(&parse(pattern, &Limits::default()).expect("a pattern")).explain(event.as_bytes())
}

/// Item, holds, decisive.
fn short(verdicts: &[ItemVerdict]) -> Vec<(&str, bool, bool)> {
    verdicts.iter().map(|verdict| (verdict.item.as_str(), verdict.holds, verdict.is_decisive)).collect()
}

fn values(verdict: &ItemVerdict) -> Vec<String> {
    let Evidence::Values(values) = &verdict.evidence else { panic!("{verdict:?}") };
    values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn terms_show_where_they_occur() {
    let event = "Opcode : CN_LOGIN (0xd)\nResponse : 0:HSM Return: SUCCESS";
    let verdicts = explain("CN_LOGIN ?Y %[0-9]:HSM% -SUCCESS", event);
    let expected = [
        ("CN_LOGIN", true, false),
        ("?Y", false, false),
        ("%[0-9]:HSM%", true, false),
        ("-SUCCESS", false, true),
    ];
    assert_eq!(short(&verdicts), expected);
    assert_eq!(verdicts[0].evidence, Evidence::Occurs(9..17));
    assert_eq!(verdicts[1].evidence, Evidence::Ignored);
    assert_eq!(verdicts[2].evidence, Evidence::Occurs(35..40));
    assert_eq!(&event[35..40], "0:HSM");
    assert_eq!(verdicts[3].evidence, Evidence::Occurs(49..56));
    assert_eq!(verdicts[3].span, 24..32);
}

#[test]
fn of_optional_terms_the_present_ones_decide() {
    let verdicts = explain("?x ?CN_LOGIN", "CN_LOGIN");
    assert_eq!(short(&verdicts), [("?x", false, false), ("?CN_LOGIN", true, true)]);
    let verdicts = explain("?x ?y", "CN_LOGIN");
    assert_eq!(short(&verdicts), [("?x", false, true), ("?y", false, true)]);
}

#[test]
fn conditions_show_the_values_they_were_asked_of() {
    let verdicts = explain(
        "{ ($.a = 1 || $.b = x) && $.items[*] = 3 && $.c NOT EXISTS }",
        r#"{"a":1.0,"items":[1,"3",null]}"#,
    );
    let expected = [
        ("$.a = 1", true, true),
        ("$.b = \"x\"", false, false),
        ("$.items[*] = 3", true, true),
        ("$.c NOT EXISTS", true, true),
    ];
    assert_eq!(short(&verdicts), expected);
    assert_eq!(values(&verdicts[0]), ["1.0"]);
    assert!(values(&verdicts[1]).is_empty());
    assert_eq!(values(&verdicts[2]), ["1", "\"3\"", "null"]);
    let verdicts = explain("{ $.a = 1 && $.b = 2 }", r#"{"a":1,"b":3}"#);
    assert_eq!(short(&verdicts), [("$.a = 1", true, false), ("$.b = 2", false, true)]);
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    let verdicts = explain("{ $.a NOT EXISTS }", "plain text");
    assert_eq!(verdicts[0].evidence, Evidence::NotJson);
    assert_eq!(short(&verdicts), [("$.a NOT EXISTS", false, true)]);
}

#[test]
fn fields_show_their_tokens() {
    let verdicts = explain("[a = x || a = y, b > 10, c]", "x 5 rest of it");
    let expected = [
        ("at least 3 tokens", true, false),
        ("a = \"x\"", true, false),
        ("a = \"y\"", false, false),
        ("b > 10", false, true),
    ];
    assert_eq!(short(&verdicts), expected);
    assert_eq!(values(&verdicts[3]), ["5"]);
    let verdicts = explain("[a, b, c]", "x y");
    assert_eq!(short(&verdicts), [("at least 3 tokens", false, true)]);
    assert_eq!(verdicts[0].evidence, Evidence::Tokens { needed: 3, found: 2 });
}
