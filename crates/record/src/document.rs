//! Records that are JSON documents: certificate storage, CloudTrail, metric streams.
//!
//! Their JSON stays as it was printed (a key handle such as 463180677312929947 must survive, and no
//! number type would do that for all). Fields are found by reading it again; documents are rare.

use crate::escape;
use crate::field::Field;
use crate::origin::Kind;
use crate::reading::decimal;
use crate::time;
use crate::value::Value;
use hsmstream_json::{NESTING_MAX, Reader, Token};

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
    /// Takes a document, which has to be valid JSON, and reads its event time: `eventTime` of a CloudTrail
    /// event, else `timestamp` in milliseconds.
    #[must_use]
    pub fn new(kind: Kind, json: &'a [u8]) -> Self {
        let time_usecs = match (kind, scalar(json, ["timestamp"])) {
            (Kind::CloudTrail, _) => event_time(json).and_then(|text| time::parse_rfc3339(&text.to_cow())),
            (_, Some(Token::Number(ms))) => decimal(ms).and_then(|ms| ms.checked_mul(1000)),
            _ => None,
        };
        Self { kind, time_usecs: time_usecs.filter(|usecs| *usecs <= time::USECS_MAX), json }
    }

    /// The value of a field of a document; `None` if it has none, or is `null`, an object or an array.
    pub(crate) fn value(&self, field: &Field) -> Option<Value<'a>> {
        match (field, self.kind) {
            // A CloudTrail event prints its time in the view's form already; it is shown as printed.
            (Field::Time, Kind::CloudTrail) => {
                self.time_usecs.and_then(|_| event_time(self.json)).map(Value::JsonText)
            }
            (Field::Time, _) => self.time_usecs.map(Value::Time),
            (Field::Event(path), _) => match scalar(self.json, path.iter().map(|step| &**step))? {
                Token::String(text) => Some(Value::JsonText(text)),
                Token::Number(lexeme) => Some(Value::Lexeme(lexeme)),
                Token::True => Some(Value::Bool(true)),
                Token::False => Some(Value::Bool(false)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Appends the JSON without the white space between its tokens; numbers and strings unchanged, except
    /// for bytes that a JSON text may not hold.
    pub(crate) fn write_compact(&self, out: &mut Vec<u8>) {
        let mut rest = self.json;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            let (before, string) = rest.split_at(quote);
            push_tokens(before, out);
            let (string, tail) = string.split_at(string_len(string));
            let _shown = escape::json_escaped(string, out);
            rest = tail;
        }
        push_tokens(rest, out);
    }
}

/// The text of `eventTime`.
fn event_time(json: &[u8]) -> Option<hsmstream_json::Text<'_>> {
    match scalar(json, ["eventTime"])? {
        Token::String(text) => Some(text),
        _ => None,
    }
}

/// What stands at a path of member names: its first token. Of several members of a name the last counts.
fn scalar<'a, 'p>(json: &'a [u8], path: impl IntoIterator<Item = &'p str>) -> Option<Token<'a>> {
    let mut value = json;
    for name in path {
        value = member(value, name)?;
    }
    Reader::new(value, NESTING_MAX).lenient().next().ok()?
}

/// The value of an object's member.
fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut reader = Reader::new(object, NESTING_MAX).lenient();
    let mut found = None;
    if reader.next().ok()? != Some(Token::ObjectStart) {
        return None;
    }
    while let Token::Key(key) = reader.next().ok()?? {
        if key.eq(name.as_bytes()) {
            found = Some(reader.raw_value().ok()?);
        } else {
            reader.skip_value().ok()?;
        }
    }
    found
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
