//! The YAML reader: spans, limits, and that no bytes make it panic.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Node, Resolved, Style, Value, chunks, forbidden, locate, parse, resolve};
use crate::limits::Limits;
use crate::report::Report;
use crate::source::Source;

/// Parses a file of documents; returns the trees as compact text and the diagnostics.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let source = Source::new(Arc::from("t.yaml"), text.to_owned(), 0);
    let mut report = Report::new(&source, 100);
    let limits = Limits::default();
    let nodes: Vec<Node> =
        chunks(text).iter().filter_map(|chunk| parse(text, chunk, &limits, &mut report)).collect();
    let trees = nodes.iter().map(|node| show(node, text)).collect();
    (trees, report.finish().iter().map(ToString::to_string).collect())
}

/// A node with the source text of each scalar behind `@`.
fn show(node: &Node, text: &str) -> String {
    match &node.value {
        Value::Scalar(scalar) => {
            let written = text.get(node.span.start..node.span.end).unwrap_or("?");
            format!("{:?}@{written:?}", scalar.text)
        }
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| show(item, text)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value, text))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[test]
fn nodes_know_their_bytes() {
    let (trees, mistakes) = read("a: b c # note\nd: ['é', \"x\\ty\"]\ne:\n  - 1\n  -\n");
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(trees, [r#"{a: "b c"@"b c", d: ["é"@"'é'", "x\ty"@"\"x\\ty\""], e: ["1"@"1", ""@""]}"#]);
}

#[test]
fn documents_are_told_apart_and_fail_alone() {
    let (trees, mistakes) =
        read("# head\n---\na: 1\n---\nb: [\n---\nc: 3\n...\n---\n# nothing\n---\n'd\n---\ne: 5\n");
    assert_eq!(trees, [r#"{a: "1"@"1"}"#, r#"{c: "3"@"3"}"#, r#"{e: "5"@"5"}"#]);
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("t.yaml:6:1: error: not YAML"), "{mistakes:?}");
}

#[test]
fn line_ends_may_be_of_two_bytes() {
    let (trees, mistakes) = read("a: 'é'\r\nb: x\r\n---\r\nc: |\r\n  one\r\n  two\r\n");
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(trees[0], r#"{a: "é"@"'é'", b: "x"@"x"}"#);
    assert!(trees[1].starts_with(r#"{c: "one\ntwo\n"@"#), "{}", trees[1]);
}

#[test]
fn what_is_refused() {
    for (text, message) in [
        ("a: 1\na: 2\n", "t.yaml:2:1: error: key `a` stands twice in this mapping (t.yaml:1:1: first here)"),
        ("a: &x 1\nb: *x\n", "t.yaml:1:4: error: anchors are not supported; write the value out"),
        ("a: !!str 1\n", "t.yaml:1:4: error: tags are not supported; quote text instead of tagging it"),
        ("? [a]\n: 1\n", "t.yaml:1:3: error: a key has to be text"),
        (
            "a: \"\\q\"\n",
            "t.yaml:1:4: error: not YAML: while parsing a quoted scalar, found unknown escape character",
        ),
    ] {
        let (_, mistakes) = read(text);
        assert_eq!(mistakes.first().map(String::as_str), Some(message), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    assert_eq!(read(&deep).1, ["t.yaml:1:25: error: nested deeper than 24 levels"]);
    let deep = "- ".repeat(5_000);
    assert_eq!(read(&deep).1, ["t.yaml:1:49: error: nested deeper than 24 levels"]);
}

#[test]
fn characters_that_yaml_forbids_are_found() {
    assert_eq!(forbidden("a: \u{7}"), Some((3, '\u{7}')));
    assert_eq!(forbidden("a: \0b"), Some((3, '\0')));
    assert_eq!(forbidden("a: \u{fffe}"), Some((3, '\u{fffe}')));
    assert_eq!(forbidden("a: é\t\u{85}\u{1f600}\r\n"), None);
}

#[test]
fn the_core_schema_leaves_words_alone() {
    let plain = |text: &str| super::Scalar { text: text.to_owned(), style: Style::Plain };
    for word in
        ["on", "off", "yes", "no", "12:30", "0x", "1_000", "2m", "1e", "-", ".", "+", "0b1", "NaN", "tRue"]
    {
        assert_eq!(resolve(&plain(word)), Resolved::Text(word), "{word}");
    }
    for (text, meaning) in [
        ("", Resolved::Null),
        ("~", Resolved::Null),
        ("True", Resolved::Bool(true)),
        ("017", Resolved::Integer(Some(17))),
        ("-3", Resolved::Integer(Some(-3))),
        ("0x1F", Resolved::Integer(Some(31))),
        ("0o17", Resolved::Integer(Some(15))),
        ("99999999999999999999999999999999999999999999", Resolved::Integer(None)),
        ("1.5", Resolved::Float),
        ("1e3", Resolved::Float),
        (".5", Resolved::Float),
        ("-.inf", Resolved::Float),
    ] {
        assert_eq!(resolve(&plain(text)), meaning, "{text}");
    }
    assert_eq!(resolve(&super::Scalar { text: "1".into(), style: Style::SingleQuoted }), Resolved::Text("1"));
}

/// Every byte of a scalar's text is found again in the file.
#[test]
fn carets_land_inside_scalars() {
    for (file, wanted) in [
        ("p: CN_LOGIN X y\n", "X"),
        ("p: 'it''s X y'\n", "X"),
        ("p: \"a\\tb\\u0041 X y\"\n", "X"),
        ("p: \"a \\\n   X y\"\n", "X"),
        ("p: |\n  first\n  second X\n", "X"),
        ("p: >-\n  first\n  second X\n", "X"),
        ("p: first\n   second X\n", "X"),
        ("p: 'first\n\n   second X'\n", "X"),
        ("p: 'äöü X'\n", "X"),
    ] {
        let source = Source::new(Arc::from("t"), file.to_owned(), 0);
        let mut report = Report::new(&source, 9);
        let node = chunks(file).first().and_then(|chunk| parse(file, chunk, &Limits::default(), &mut report));
        let Some(Node { value: Value::Mapping(entries), .. }) = node else { panic!("{file}") };
        let Value::Scalar(scalar) = &entries[0].value.value else { panic!("{file}") };
        let at = scalar.text.find(wanted).unwrap();
        let found = locate(file, entries[0].value.span, scalar.style, &scalar.text, at);
        assert_eq!(Some(found), file.find(wanted), "{file:?} {:?}", scalar.text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn text_that_is_shaped_like_yaml_never_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", ":", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "'", "\"", "|", ">", "---\n", "...\n", "#",
            "&x ", "*x", "!t ", "? ", "%YAML 1.2\n", "\t", "\r\n", "é", "\\", "~", "0x1", "|2\n", ">-\n", "\u{85}", "@", "`",
        ]), 0..60)
    ) {
        let text: String = parts.concat();
        let _ = read(&text);
    }
}
