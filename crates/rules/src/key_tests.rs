//! Group keys: encode and decode, and which values are equal.

use hsmstream_record::Value;
use proptest::prelude::*;

use super::{Damaged, KeyValue, decode, encode_value, whole_number};

fn key(values: &[Option<Value<'_>>]) -> Vec<u8> {
    let mut key = Vec::new();
    for value in values {
        encode_value(value.as_ref(), &mut key);
    }
    key
}

fn json(key: &[u8]) -> Vec<String> {
    decode(key)
        .map(|value| {
            let mut out = Vec::new();
            value.expect("a key").write_json(&mut out);
            String::from_utf8(out).expect("JSON is UTF-8")
        })
        .collect()
}

#[test]
fn values_come_back_as_json() {
    let long = "x".repeat(300);
    let values = [
        None,
        Some(Value::Number(0)),
        Some(Value::Number(u64::MAX)),
        Some(Value::Text(b"a\"b")),
        Some(Value::Text(b"")),
        Some(Value::Text(long.as_bytes())),
        Some(Value::Lower(b"0xABC")),
        Some(Value::Hex(0xc008)),
        Some(Value::Time(1_516_815_865_013_218)),
        Some(Value::Bool(true)),
        Some(Value::Signed(-5)),
        Some(Value::Lexeme(b"-1.50")),
        Some(Value::Text(b"\xff")),
    ];
    assert_eq!(
        json(&key(&values)),
        [
            "null",
            "0",
            "18446744073709551615",
            r#""a\"b""#,
            r#""""#,
            &format!("\"{long}\""),
            r#""0xabc""#,
            r#""0xc008""#,
            r#""2018-01-24T17:44:25.013218Z""#,
            "true",
            "-5",
            "-1.5",
            "\"\u{fffd}\"",
        ]
    );
}

#[test]
fn equal_exactly_when_equal_as_json() {
    let same = |a: Value<'_>, b: Value<'_>| key(&[Some(a)]) == key(&[Some(b)]);
    assert!(!same(Value::Number(1), Value::Text(b"1")));
    for lexeme in [&b"1"[..], b"1.0", b"1e0", b"10e-1", b"0.1E+1", b"100e-2"] {
        assert!(same(Value::Number(1), Value::Lexeme(lexeme)), "{}", lexeme.escape_ascii());
    }
    assert!(same(Value::Lexeme(b"-0"), Value::Number(0)));
    assert!(same(Value::Lexeme(b"1.5"), Value::Lexeme(b"15e-1")));
    assert!(!same(Value::Lexeme(b"1.5"), Value::Lexeme(b"1.51")));
    assert!(!same(Value::Lexeme(b"1e30"), Value::Lexeme(b"1e31")));
    assert!(same(Value::Lower(b"ABC"), Value::Text(b"abc")));
    assert_ne!(key(&[None, Some(Value::Text(b""))]), key(&[Some(Value::Text(b"")), None]));
}

#[test]
fn decimals_are_printed_for_people() {
    let print = |lexeme: &[u8]| json(&key(&[Some(Value::Lexeme(lexeme))])).concat();
    for (lexeme, printed) in [
        (&b"0.001"[..], "0.001"),
        (b"12.50", "12.5"),
        (b"1e-3", "0.001"),
        (b"1e-30", "1e-30"),
        (b"18446744073709551616", "18446744073709551616"),
        (b"2e22", "20000000000000000000000"),
        (b"1e999", "1e999"),
        (b"-120e-1", "-12"),
        (b"1e99999999999999999999", "1e99999999999999999999"),
    ] {
        assert_eq!(print(lexeme), printed, "{}", lexeme.escape_ascii());
    }
}

#[test]
fn whole_numbers_for_sums() {
    assert_eq!(whole_number(&Value::Number(7)), Some(7));
    assert_eq!(whole_number(&Value::Lexeme(b"20.0")), Some(20));
    assert_eq!(whole_number(&Value::Lexeme(b"1.5")), None);
    assert_eq!(whole_number(&Value::Lexeme(b"-3")), None);
    assert_eq!(whole_number(&Value::Text(b"7")), None);
    assert_eq!(whole_number(&Value::Bool(true)), None);
}

#[test]
fn damaged_keys_are_told() {
    for bytes in
        [&b"\x18\x01"[..], b"\x45abc", b"\x21\xff\xff\xff\xff\xff\x01", b"\xff", b"\x41\xff", b"\x20\x05a"]
    {
        assert_eq!(decode(bytes).last(), Some(Err(Damaged)), "{}", bytes.escape_ascii());
    }
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop::option::of(prop::collection::vec(any::<u8>(), 0..200))
}

proptest! {
    #[test]
    fn tuples_of_text_collide_only_when_equal(
        a in prop::collection::vec(value(), 0..4),
        b in prop::collection::vec(value(), 0..4),
    ) {
        let shown = |values: &[Option<Vec<u8>>]| -> Vec<Option<String>> {
            values.iter().map(|v| v.as_ref().map(|v| String::from_utf8_lossy(v).into_owned())).collect()
        };
        let encode = |values: &[Option<Vec<u8>>]| {
            let values: Vec<Option<Value<'_>>> = values.iter().map(|v| v.as_deref().map(Value::Text)).collect();
            key(&values)
        };
        prop_assert_eq!(encode(&a) == encode(&b), shown(&a) == shown(&b));
        let back: Vec<Option<String>> = decode(&encode(&a)).map(|value| match value {
            Ok(KeyValue::Missing) => None,
            Ok(KeyValue::Text(text)) => Some(text.to_owned()),
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(back, shown(&a));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = decode(&bytes).count();
        let mut out = Vec::new();
        encode_value(Some(&Value::Lexeme(&bytes)), &mut out);
        prop_assert_eq!(decode(&out).count(), 1);
        prop_assert!(decode(&out).all(|value| value.is_ok()));
    }
}
