//! JSON: the pull reader, the tape and serde_json agree on what is JSON; positions stay inside the input.

#![no_main]

use hsmstream_json::{ErrorKind, NESTING_MAX, Node, NodeKind, Reader, Tape, Token};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|data: &[u8]| {
    let pulled = pull(data);
    let mut tape = Tape::new();
    let taped = tape.parse(data, NESTING_MAX).map(|root| {
        let mut reader = Reader::new(data, NESTING_MAX);
        visit(data, &root, &mut reader)
    });
    assert_eq!(pulled, taped.map_err(|error| error.kind), "reader and tape differ");
    // serde_json's skipping parser checks the grammar, neither UTF-8 nor surrogates nor depth; no more do we.
    let theirs = serde_json::from_slice::<IgnoredAny>(data);
    match pulled {
        Ok(_) => assert!(theirs.is_ok(), "accepted here, refused there: {theirs:?}"),
        Err(ErrorKind::TooDeep) => {}
        Err(kind) => assert!(theirs.is_err(), "refused here ({kind:?}), accepted there"),
    }
});

/// Reads all tokens; the number of values and keys.
fn pull(data: &[u8]) -> Result<usize, ErrorKind> {
    let mut reader = Reader::new(data, NESTING_MAX);
    let mut count = 0;
    loop {
        let token = reader.next().map_err(|error| {
            assert!(error.offset <= data.len(), "an error outside the input");
            error.kind
        })?;
        assert!(reader.position() <= data.len(), "a position outside the input");
        match token {
            // The reader leaves what follows the value to its caller; the others want nothing to follow.
            None => {
                let rest = &data[reader.position()..];
                let blank = rest.iter().all(|byte| b" \t\r\n".contains(byte));
                return if blank { Ok(count) } else { Err(ErrorKind::Syntax) };
            }
            Some(Token::ObjectEnd | Token::ArrayEnd) => {}
            Some(Token::Key(text) | Token::String(text)) => {
                assert!(text.offset() + text.raw().len() <= data.len(), "a string outside the input");
                let mut plain = Vec::new();
                text.unescape_into(&mut plain);
                assert!(text.eq(&plain), "a string equals its own unescaped form");
                assert_eq!(text.to_cow(), plain);
                count += 1;
            }
            Some(_) => count += 1,
        }
    }
}

/// Visits every node, beside the reader's tokens; the number of values and keys.
fn visit(data: &[u8], node: &Node<'_, '_>, reader: &mut Reader<'_>) -> usize {
    let start = reader.value_start();
    let token = reader.next().expect("the tape read it").expect("a value");
    let mut count = 1;
    match node.kind() {
        NodeKind::Object => {
            assert_eq!(token, Token::ObjectStart);
            let mut glances = node.glance();
            for (key, value) in node.members() {
                assert_eq!(reader.next(), Ok(Some(Token::Key(key))));
                let glance = glances.next().expect("as many glances as members");
                let head = key.raw().iter().take(8).rev().fold(0, |head, byte| head << 8 | u64::from(*byte));
                assert_eq!((glance.head, glance.length as usize), (head, key.raw().len()));
                assert_eq!((glance.is_escaped, node.name(&glance)), (key.is_escaped(), key));
                assert_eq!(node.at(glance.value).map(|value| value.span()), Some(value.span()));
                count += 1 + visit(data, &value, reader);
            }
            assert_eq!(reader.next(), Ok(Some(Token::ObjectEnd)));
        }
        NodeKind::Array => {
            assert_eq!(token, Token::ArrayStart);
            count += node.elements().map(|value| visit(data, &value, reader)).sum::<usize>();
            assert_eq!(reader.next(), Ok(Some(Token::ArrayEnd)));
        }
        NodeKind::String => assert_eq!(Some(token), node.text().map(Token::String)),
        NodeKind::Number => assert_eq!(Some(token), node.number().map(Token::Number)),
        NodeKind::True => assert_eq!(token, Token::True),
        NodeKind::False => assert_eq!(token, Token::False),
        NodeKind::Null => assert_eq!(token, Token::Null),
    }
    assert_eq!(node.span(), start..reader.position());
    assert_eq!(data.get(node.span()), Some(node.raw()), "a span that is not the raw text");
    count
}
