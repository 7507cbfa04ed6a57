//! One scalar of a record, as a rule compares it and an output prints it.
//!
//! A value borrows from the frame. It prints in two ways: as JSON (exactly as the view shows it) and as
//! text (for group keys and templates: bytes as they are, not made UTF-8).

use crate::{escape, time};
use hsmstream_json::Text;
use std::io::Write as _;

/// A scalar of the view. The variants say how the bytes are to be shown.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A number below zero; only a log event's timestamp can be one.
    Signed(i64),
    /// A truth value.
    Bool(bool),
    /// Text as it was printed. Not necessarily UTF-8.
    Text(&'a [u8]),
    /// Text that is shown in lower case (ASCII).
    Lower(&'a [u8]),
    /// A number shown as text in hex, `0x…` without leading zeros.
    Hex(u64),
    /// Microseconds since the epoch, shown in RFC 3339 with six digits.
    Time(u64),
    /// A JSON number of a document, as it was printed.
    Lexeme(&'a [u8]),
    /// A JSON string of a document, still escaped.
    JsonText(Text<'a>),
}

impl Value<'_> {
    /// Appends the value as the JSON view shows it.
    pub fn write_json(&self, out: &mut Vec<u8>) -> escape::Shown {
        match *self {
            Self::Number(_) | Self::Signed(_) | Self::Bool(_) | Self::Lexeme(_) => self.write_text(out),
            Self::Hex(_) | Self::Time(_) => {
                out.push(b'"');
                self.write_text(out);
                out.push(b'"');
            }
            Self::JsonText(text) => {
                out.push(b'"');
                let shown = escape::json_escaped(text.raw(), out);
                out.push(b'"');
                return shown;
            }
            Self::Text(text) => return escape::json_string(text, out),
            Self::Lower(text) => {
                let start = out.len();
                let shown = escape::json_string(text, out);
                out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
                return shown;
            }
        }
        escape::Shown::Exactly
    }

    /// Appends the value as text: what the JSON view shows, without quotes and escapes, and with the bytes
    /// as they are where the view has U+FFFD.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Number(number) => decimal(number, out),
            Self::Signed(number) => write_display(&number, out),
            Self::Bool(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
            Self::Text(text) | Self::Lexeme(text) => out.extend_from_slice(text),
            Self::JsonText(text) => {
                text.unescape_into(out);
            }
            Self::Lower(text) => out.extend(text.iter().map(u8::to_ascii_lowercase)),
            Self::Hex(number) => write_display(&format_args!("{number:#x}"), out),
            Self::Time(usecs) => time::rfc3339_micros(usecs, out),
        }
    }
}

/// Appends a number in decimal.
pub(crate) fn decimal(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut count = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - count..).unwrap_or_default());
}

/// Appends what `value` displays.
fn write_display(value: &impl core::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("a vector takes any bytes");
}
