//! JSON: the pull reader, the tape and serde_json agree on what is JSON; positions stay inside the input.

#![no_main]

use hsmstream_json::{ErrorKind, NESTING_MAX, Node, NodeKind, Reader, Tape, Token};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|data: &[u8]| {
    let pulled = pull(data);
    let mut tape = Tape::new();
    let taped = tape.parse(data, NESTING_MAX).map(|root| visit(data, &root));
    assert_eq!(pulled.is_ok(), taped.is_ok(), "reader and tape differ: {pulled:?} {taped:?}");
    if let (Ok(pulled), Ok(taped)) = (&pulled, &taped) {
        assert_eq!(pulled, taped, "reader and tape see different numbers of values");
    }
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

/// Visits every node; the number of values and keys.
fn visit(data: &[u8], node: &Node<'_, '_>) -> usize {
    assert_eq!(data.get(node.span()), Some(node.raw()), "a span that is not the raw text");
    match node.kind() {
        NodeKind::Object => 1 + node.members().map(|(_, value)| 1 + visit(data, &value)).sum::<usize>(),
        NodeKind::Array => 1 + node.elements().map(|value| visit(data, &value)).sum::<usize>(),
        _ => 1,
    }
}
