//! Offset in a scalar's text → offset in the file, so that a caret can stand inside a pattern.
//!
//! Walks text and source side by side. Exact for plain, quoted and block scalars on one line and for
//! literal blocks; where lines are folded it is exact up to the blanks of the fold. When the two lose
//! step (which they do not in YAML that the parser accepted) the answer is the last common place.

use super::Style;
use crate::source::ByteSpan;

/// The file offset of byte `offset` of the scalar's `text`, written in `span` of `file`.
pub(crate) fn locate(file: &str, span: ByteSpan, style: Style, text: &str, offset: usize) -> usize {
    let source = file.get(span.start..span.end).unwrap_or("");
    let opening = match style {
        Style::Plain => 0,
        Style::SingleQuoted | Style::DoubleQuoted => 1,
        Style::Block => source.find('\n').map_or(source.len(), |at| at + 1),
    };
    let mut walk = Walk { rest: source.get(opening..).unwrap_or(""), at: span.start + opening };
    for (index, character) in text.char_indices() {
        walk.skip_layout(character, style);
        if index >= offset {
            break;
        }
        walk.step(character, style);
    }
    walk.at.min(span.end.max(span.start))
}

/// The place in the source.
struct Walk<'s> {
    rest: &'s str,
    at: usize,
}

impl Walk<'_> {
    /// Skips what is layout and not text: indentation, folded line ends, escaped line ends.
    fn skip_layout(&mut self, wanted: char, style: Style) {
        if style == Style::DoubleQuoted && self.rest.starts_with('\\') {
            if self.rest.starts_with("\\\n") || self.rest.starts_with("\\\r\n") {
                self.advance(1);
                self.skip_blanks();
            }
            return;
        }
        if wanted.is_whitespace() || self.rest.starts_with(wanted) {
            return;
        }
        if self.rest.starts_with([' ', '\t', '\n', '\r']) {
            self.skip_blanks();
        }
    }

    /// Steps over the source of one character of text.
    fn step(&mut self, character: char, style: Style) {
        if style == Style::DoubleQuoted && self.rest.starts_with('\\') {
            let length = match self.rest.as_bytes().get(1) {
                Some(b'x') => 4,
                Some(b'u') => 6,
                Some(b'U') => 10,
                _ => 2,
            };
            self.advance(length);
        } else if style == Style::SingleQuoted && character == '\'' && self.rest.starts_with("''") {
            self.advance(2);
        } else if self.rest.starts_with(character) {
            self.advance(character.len_utf8());
        } else if character.is_whitespace() {
            self.skip_blanks();
        }
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.advance(blanks);
    }

    fn advance(&mut self, bytes: usize) {
        let mut bytes = bytes.min(self.rest.len());
        while !self.rest.is_char_boundary(bytes) {
            bytes += 1;
        }
        self.rest = self.rest.get(bytes..).unwrap_or("");
        self.at += bytes;
    }
}
