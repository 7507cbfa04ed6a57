//! Every example of `PATTERNS.md` holds, on every way to match.

use hsmstream_pattern::{Diagnostic, Limits, Program, Scratch, parse};

use crate::support::Ways;

/// The blocks of the page: the pattern, then its lines.
fn blocks() -> Vec<Vec<&'static str>> {
    let page = include_str!("../../PATTERNS.md");
    let parts = page.split("```pattern\n").skip(1);
    parts.map(|part| part.split("```").next().expect("an end").lines().collect()).collect()
}

/// The bytes that an event's text stands for.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'n', behind @ ..]) => (b'\n', behind),
            (b'\\', [b't', behind @ ..]) => (b'\t', behind),
            (b'\\', [b'x', high, low, behind @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16).expect("a digit") as u8;
                (digit(*high) * 16 + digit(*low), behind)
            }
            _ => (*first, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn mentions(list: &[Diagnostic], words: &str) -> bool {
    list.iter().any(|one| {
        one.message.contains(words) || one.suggestion.as_deref().is_some_and(|hint| hint.contains(words))
    })
}

fn check(block: &[&str]) {
    let [pattern, lines @ ..] = block else { panic!("a block holds a pattern") };
    assert!(!lines.is_empty(), "{pattern}: an example says something");
    let result = parse(pattern, &Limits::default());
    let mistakes = result.as_ref().err().cloned().unwrap_or_default();
    let warnings = result.as_ref().map(|pattern| pattern.warnings().to_vec()).unwrap_or_default();
    let mut last_event = Vec::new();
    let mut is_warned = false;
    for line in lines {
        let (verb, text) = line.trim_start().split_once(' ').expect("a verb and a text");
        let text = text.trim_start();
        match verb {
            "refused" => assert!(mentions(&mistakes, text), "{pattern}: {text}: {mistakes:?}"),
            "write" => {
                let first = mistakes.first().expect("a mistake");
                assert_eq!(first.replacement.as_deref(), Some(text), "{pattern}");
            }
            "warns" => {
                is_warned = true;
                assert!(mentions(&warnings, text), "{pattern}: {text}: {warnings:?}");
            }
            "yes" | "no" => {
                last_event = bytes(text);
                let pattern = result.clone().expect("a pattern");
                let mut ways = Ways::new(vec![pattern.clone()]);
                assert_eq!(
                    ways.matching(&last_event).len() == 1,
                    verb == "yes",
                    "{} on {text}",
                    pattern.text()
                );
            }
            "gives" => {
                let (name, value) = text.split_once('=').expect("a name and a value");
                let program = Program::compile(result.as_ref().expect("a pattern"));
                let captures = program.extract(&last_event, &mut Scratch::new()).expect("a match");
                let found = captures.iter().find(|capture| capture.to_string() == name).expect("a value");
                assert_eq!(String::from_utf8_lossy(found.value), value, "{pattern}: {name}");
            }
            _ => panic!("{pattern}: {line}"),
        }
    }
    assert_eq!(warnings.is_empty(), !is_warned, "{pattern}: warnings are shown: {warnings:?}");
    let is_refused = lines.iter().any(|line| line.trim_start().starts_with("refused"));
    assert_eq!(result.is_err(), is_refused, "{pattern}: {mistakes:?}");
}

#[test]
fn examples_of_the_page_hold() {
    let blocks = blocks();
    assert!(blocks.len() > 60, "{} examples", blocks.len());
    for block in &blocks {
        check(block);
    }
}
