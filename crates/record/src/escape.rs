//! Two ways to show bytes that somebody else chose: as a JSON string, and on a terminal.
//!
//! Both take arbitrary bytes. JSON shows what is not UTF-8 as U+FFFD, one for each maximal invalid
//! subsequence, as the Unicode standard recommends. Terminal text shows it, and every character that could
//! move a cursor, change a colour, hide text or turn its direction, as `\xNN`.
//!
//! What this is not: the terminal form is for reading and is not reversible (a backslash stays one).

use core::fmt;

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Whether bytes could be shown as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Shown {
    /// The bytes are UTF-8.
    Exactly,
    /// Some bytes are shown as U+FFFD.
    Replaced,
}

/// Appends `text` as a JSON string with its quotes.
pub fn json_string(text: &[u8], out: &mut Vec<u8>) -> Shown {
    out.push(b'"');
    let shown = json_content(text, out);
    out.push(b'"');
    shown
}

/// Appends `text` escaped for the inside of a JSON string.
pub fn json_content(text: &[u8], out: &mut Vec<u8>) -> Shown {
    write_json(text, |byte| byte < 0x20 || byte == b'"' || byte == b'\\', out)
}

/// Appends JSON text that is escaped already, such as a string with its quotes; only bytes that no JSON
/// string may hold are replaced (invalid UTF-8) or escaped (control characters).
pub(crate) fn json_escaped(text: &[u8], out: &mut Vec<u8>) -> Shown {
    write_json(text, |byte| byte < 0x20, out)
}

fn write_json(text: &[u8], must_escape: impl Fn(u8) -> bool + Copy, out: &mut Vec<u8>) -> Shown {
    if let Ok(text) = str::from_utf8(text) {
        json_characters(text, must_escape, out);
        return Shown::Exactly;
    }
    for chunk in text.utf8_chunks() {
        json_characters(chunk.valid(), must_escape, out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(REPLACEMENT);
        }
    }
    Shown::Replaced
}

fn json_characters(text: &str, must_escape: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| must_escape(byte)) {
        let (clean, tail) = rest.split_at(at);
        out.extend_from_slice(clean);
        let Some((&byte, tail)) = tail.split_first() else { return };
        json_escape(byte, out);
        rest = tail;
    }
    out.extend_from_slice(rest);
}

fn json_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex_digits(byte));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends `text` so that it stays on its line and inside its column of a terminal.
pub fn terminal(text: &[u8], out: &mut Vec<u8>) {
    write_terminal(text, |_| false, out);
}

/// As [`terminal`], but keeps line ends (`\n`) and TABs: for text of several lines, such as a record.
pub fn terminal_lines(text: &[u8], out: &mut Vec<u8>) {
    write_terminal(text, |character| matches!(character, '\n' | '\t'), out);
}

/// Displays bytes as [`terminal`] writes them.
#[derive(Debug, Clone, Copy)]
pub struct Terminal<'a>(pub &'a [u8]);

impl fmt::Display for Terminal<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(self.0.len());
        terminal(self.0, &mut out);
        formatter.pad(&String::from_utf8_lossy(&out))
    }
}

fn write_terminal(text: &[u8], keep: impl Fn(char) -> bool, out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            if is_unsafe(character) && !keep(character) {
                bytes.iter().for_each(|&byte| write_hex(byte, out));
            } else {
                out.extend_from_slice(bytes);
            }
        }
        chunk.invalid().iter().for_each(|&byte| write_hex(byte, out));
    }
}

fn write_hex(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    out.extend_from_slice(&hex_digits(byte));
}

fn hex_digits(byte: u8) -> [u8; 2] {
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 0xf)]
}

/// Control characters (C0, DEL, C1), and the invisible ones: direction marks, embeddings, overrides and
/// isolates, zero-width characters, line and paragraph separators, tags, variation of nothing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
