//! The reader and the tape against `serde_json`, and against each other.

use hsmstream_json::{Error, ErrorKind, Node, NodeKind, Reader, Tape, Text, Token};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

/// Reads a whole text; `Ok` if it is one value with white space around it.
fn read(bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(bytes, 100);
    while reader.next()?.is_some() {}
    match reader.value_start() {
        end if end == bytes.len() => Ok(()),
        behind => Err(Error { kind: ErrorKind::Syntax, offset: behind }),
    }
}

fn string(text: Text<'_>) -> String {
    String::from_utf8(text.to_cow().into_owned()).expect("UTF-8 in, UTF-8 out")
}

/// Builds serde's value from our tokens.
fn build(reader: &mut Reader<'_>, token: Token<'_>) -> Value {
    match token {
        Token::ObjectStart => {
            let mut map = Map::new();
            while let Some(Token::Key(key)) = reader.next().expect("a member or the end") {
                let token = reader.next().expect("a value").expect("a value");
                let value = build(reader, token);
                map.insert(string(key), value);
            }
            Value::Object(map)
        }
        Token::ArrayStart => {
            let mut list = Vec::new();
            loop {
                match reader.next().expect("an element or the end").expect("inside an array") {
                    Token::ArrayEnd => return Value::Array(list),
                    token => list.push(build(reader, token)),
                }
            }
        }
        Token::Key(text) | Token::String(text) => Value::String(string(text)),
        Token::Number(lexeme) => {
            Value::Number(str::from_utf8(lexeme).expect("ASCII").parse::<Number>().expect("a number"))
        }
        Token::True => Value::Bool(true),
        Token::False => Value::Bool(false),
        Token::Null => Value::Null,
        Token::ObjectEnd | Token::ArrayEnd => panic!("an end where a value must be"),
    }
}

fn value_of(node: Node<'_, '_>) -> Value {
    match node.kind() {
        NodeKind::Object => {
            Value::Object(node.members().map(|(key, value)| (string(key), value_of(value))).collect())
        }
        NodeKind::Array => Value::Array(node.elements().map(value_of).collect()),
        _ => serde_json::from_slice(node.raw()).expect("a scalar"),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[\\PC\\n\\t\"\\\\\u{0}-\u{1f}]{0,20}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(("[a-c\"\\n]{0,3}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Bytes that are often nearly JSON.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\"",
        "\"a\"",
        "\"\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"\\x\"",
        "\"\\u12\"",
        "true",
        "false",
        "null",
        "nul",
        "0",
        "-",
        "01",
        "1.5",
        "1.",
        "-0e+1",
        "1e",
        "\"a\":",
        "[]",
        "{}",
        "\\",
        "u",
        "e",
        "\u{1}",
    ]),];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

/// JSON of some length with a byte changed, taken out or put in.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(br#""\{}[],:0-e.tfnu 	"#.to_vec());
    let change = (any::<prop::sample::Index>(), byte, 0..4_u8);
    (prop::collection::vec(any_value(), 1..4), any::<bool>(), change).prop_map(
        |(values, pretty, (at, byte, how))| {
            let value = Value::Array(values);
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
            let mut text = text.expect("printable");
            let at = at.index(text.len());
            match how {
                0 => drop(text.splice(at..=at, [byte])),
                1 => text.insert(at, byte),
                2 => drop(text.remove(at)),
                _ => text.truncate(at),
            }
            text
        },
    )
}

/// Compares a value on a tape with the tokens that come next.
fn same(node: Node<'_, '_>, reader: &mut Reader<'_>) {
    let start = reader.value_start();
    let token = reader.next().expect("valid").expect("a value");
    match (node.kind(), token) {
        (NodeKind::Object, Token::ObjectStart) => {
            let mut glances = node.glance();
            for (key, value) in node.members() {
                assert_eq!(reader.next(), Ok(Some(Token::Key(key))));
                let glance = glances.next().expect("as many");
                let head = key.raw().iter().take(8).rev().fold(0, |head, byte| head << 8 | u64::from(*byte));
                assert_eq!((glance.head, glance.length as usize), (head, key.raw().len()));
                assert_eq!((glance.is_escaped, glance.value), (key.is_escaped(), value.mark()));
                assert_eq!(node.name(&glance), key);
                assert_eq!(node.at(glance.value).map(|value| value.span()), Some(value.span()));
                same(value, reader);
            }
            assert_eq!(glances.next(), None);
            assert_eq!(reader.next(), Ok(Some(Token::ObjectEnd)));
        }
        (NodeKind::Array, Token::ArrayStart) => {
            node.elements().for_each(|element| same(element, reader));
            assert_eq!(reader.next(), Ok(Some(Token::ArrayEnd)));
        }
        (NodeKind::String, Token::String(text)) => assert_eq!(node.text(), Some(text)),
        (NodeKind::Number, Token::Number(lexeme)) => assert_eq!(node.number(), Some(lexeme)),
        (NodeKind::True, Token::True) | (NodeKind::False, Token::False) | (NodeKind::Null, Token::Null) => {}
        (kind, token) => panic!("{kind:?} is {token:?} to the reader"),
    }
    assert_eq!(node.span(), start..reader.position());
}

proptest! {
    #[test]
    fn values_survive(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
        let text = text.expect("printable");
        let mut reader = Reader::new(&text, 32);
        let token = reader.next().expect("valid").expect("a value");
        prop_assert_eq!(build(&mut reader, token), value.clone());
        prop_assert_eq!(reader.next(), Ok(None));
        prop_assert_eq!(reader.position(), text.len());
        let mut tape = Tape::new();
        prop_assert_eq!(value_of(tape.parse(&text, 32).expect("valid")), value);
    }

    #[test]
    fn the_same_texts_are_valid_as_for_serde(text in nearly_json()) {
        let theirs = serde_json::from_slice::<IgnoredAny>(&text);
        prop_assert_eq!(read(&text).is_ok(), theirs.is_ok(), "{:?}", text.escape_ascii().to_string());
        prop_assert_eq!(Tape::new().parse(&text, 100).is_ok(), theirs.is_ok());
    }

    #[test]
    fn the_tape_finds_the_same_mistakes_as_the_reader(
        text in prop_oneof![nearly_json(), spoilt(), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let taped = Tape::new().parse(&text, 100).map(|_| ());
        prop_assert_eq!(taped, read(&text), "{:?}", text.escape_ascii().to_string());
    }

    #[test]
    fn the_tape_holds_what_the_reader_reads(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
        let text = text.expect("printable");
        let (mut tape, mut reader) = (Tape::new(), Reader::new(&text, 32));
        same(tape.parse(&text, 32).expect("valid"), &mut reader);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _outcome = (read(&bytes), Tape::new().parse(&bytes, 9).is_ok());
    }

    #[test]
    fn a_value_cut_anywhere_ends_early(value in any_value(), at in any::<prop::sample::Index>()) {
        let text = serde_json::to_vec(&Value::Array(vec![value])).expect("printable");
        let cut = at.index(text.len());
        prop_assert_eq!(read(&text[..cut]).expect_err("not complete").kind, ErrorKind::Eof);
    }

    #[test]
    fn reading_goes_on_at_any_checkpoint(value in any_value(), every in 1_usize..5) {
        let text = serde_json::to_vec(&value).expect("printable");
        let mut whole = Reader::new(&text, 32);
        let mut base = 0;
        let mut pieces = Reader::new(&text, 32);
        for step in 1.. {
            let (one, other) = (whole.next(), pieces.next());
            prop_assert_eq!(one.map(kind), other.map(kind));
            prop_assert_eq!(whole.position(), base + pieces.position());
            if one == Ok(None) {
                break;
            }
            if step % every == 0 {
                base += pieces.position();
                pieces = Reader::resume(&text[base..], pieces.checkpoint(), 32);
            }
        }
    }
}

/// A token without its bytes and position.
fn kind(token: Option<Token<'_>>) -> Option<core::mem::Discriminant<Token<'_>>> {
    token.as_ref().map(core::mem::discriminant)
}

#[test]
fn the_last_of_repeated_members_wins() {
    let mut tape = Tape::new();
    let root = tape.parse(br#"{"a":1,"b":[true,{"c":"\u0041"}],"\u0061":2}"#, 32).expect("valid");
    assert_eq!(root.get(b"a").and_then(|node| node.number()), Some(&b"2"[..]));
    let inner = root.get(b"b").and_then(|list| list.index(1)).and_then(|object| object.get(b"c"));
    let inner = inner.expect("b[1].c");
    assert_eq!(inner.raw(), br#""\u0041""#);
    assert!(inner.text().is_some_and(|text| text.eq(b"A") && !text.eq(b"B") && !text.eq(b"AB")));
    assert!(root.get(b"x").is_none() && root.index(0).is_none());
}

#[test]
fn a_failed_parse_leaves_no_tape() {
    let mut tape = Tape::new();
    assert!(tape.parse(b"[1,2]", 32).is_ok());
    assert!(tape.parse(b"[1,2", 32).is_err());
    assert!(tape.root(b"[1,2").is_none());
}

#[test]
fn nesting_has_a_limit() {
    let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
    let read = |levels: usize, limit: u32| {
        let text = deep(levels);
        let mut reader = Reader::new(&text, limit);
        loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    assert_eq!(read(32, 32), Ok(()));
    assert_eq!(read(33, 32), Err(Error { kind: ErrorKind::TooDeep, offset: 32 }));
    assert_eq!(read(128, u32::MAX), Ok(()));
    assert_eq!(read(129, u32::MAX), Err(Error { kind: ErrorKind::TooDeep, offset: 128 }));
}

#[test]
fn lone_surrogates_are_replaced_and_told() {
    for (raw, want, bad) in [
        (r#""\ud83d\ude00""#, "😀", false),
        (r#""\ud83d""#, "\u{fffd}", true),
        (r#""\ude00x""#, "\u{fffd}x", true),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀", true),
        (r#""\ud83d\n""#, "\u{fffd}\n", true),
        (r#""\b\f\n\r\t\/\\\"\u00e9""#, "\u{8}\u{c}\n\r\t/\\\"é", false),
    ] {
        let mut reader = Reader::new(raw.as_bytes(), 1);
        let Ok(Some(Token::String(text))) = reader.next() else { panic!("{raw} is a string") };
        let mut out = Vec::new();
        assert_eq!(text.unescape_into(&mut out).bad_escape, bad, "{raw}");
        assert_eq!(out, want.as_bytes(), "{raw}");
        assert!(text.eq(want.as_bytes()), "{raw}");
    }
}

#[test]
fn control_characters_pass_only_if_wanted() {
    let text = b"\"a\nb\"";
    assert_eq!(Reader::new(text, 1).next(), Err(Error { kind: ErrorKind::Syntax, offset: 2 }));
    assert!(matches!(Reader::new(text, 1).lenient().next(), Ok(Some(Token::String(_)))));
}

#[test]
fn a_number_at_the_end_of_a_piece_may_go_on() {
    assert_eq!(Reader::new(b"12", 1).next(), Ok(Some(Token::Number(b"12"))));
    assert_eq!(Reader::new(b"12", 1).partial().next(), Err(Error { kind: ErrorKind::Eof, offset: 2 }));
    assert_eq!(Reader::new(b"12 ", 1).partial().next(), Ok(Some(Token::Number(b"12"))));
}

#[test]
fn skipping_and_raw_values() {
    let text = br#" {"a": [1, {"b":[]}], "c" : "x" , "d":[2 , 3]} tail"#;
    let mut reader = Reader::new(text, 32);
    let mut members = Vec::new();
    assert_eq!(reader.next(), Ok(Some(Token::ObjectStart)));
    while let Ok(Some(Token::Key(key))) = reader.next() {
        let raw = reader.raw_value().expect("a value");
        members.push(format!("{}={}", string(key), str::from_utf8(raw).expect("ASCII")));
    }
    assert_eq!(members, [r#"a=[1, {"b":[]}]"#, r#"c="x""#, "d=[2 , 3]"]);
    assert_eq!(text.get(reader.position()..), Some(&b" tail"[..]));
}
