//! The text of a record, which may still be escaped where it was parsed.
//!
//! A record of a JSON envelope is parsed without unescaping its message: the values hold no escapes, only the line
//! ends are. Patterns on text, evidence and `extra` see the text as logged; it is made when first asked for, in a
//! buffer that is reused from record to record. Most records are never asked for it.

use core::cell::{Cell, OnceCell};
use core::fmt;

/// The text of a record: the bytes that were parsed, or what they unescape to.
#[derive(Clone, Copy, Default)]
pub struct Raw<'a> {
    /// As they were parsed, without line ends and blanks behind.
    bytes: &'a [u8],
    /// Where to unescape to, if the bytes are escaped. The only escape in them is `\n`.
    unescaped: Option<&'a TextBuffer>,
}

impl<'a> Raw<'a> {
    /// Text whose line ends are written as `\n`.
    pub(crate) const fn escaped(bytes: &'a [u8], buffer: &'a TextBuffer) -> Self {
        Self { bytes, unescaped: Some(buffer) }
    }

    /// The bytes that were parsed, and whether they are escaped: then each line end of the text is `\n` here,
    /// and all else is the same.
    #[inline]
    #[must_use]
    pub const fn parsed(self) -> (&'a [u8], bool) {
        (self.bytes, self.unescaped.is_some())
    }

    /// The text, as logged. The first call unescapes it if it has to be: one pass, no allocation once the buffer is
    /// large enough.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        match self.unescaped {
            None => self.bytes,
            Some(buffer) => buffer.text(self.bytes),
        }
    }
}

impl<'a> From<&'a [u8]> for Raw<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes, unescaped: None }
    }
}

impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Raw<'_> {}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

/// Room for the text of a record that was parsed while still escaped. Keeps its size from one record to the next.
#[derive(Default)]
pub struct TextBuffer {
    text: OnceCell<Vec<u8>>,
    /// What the text was written to before.
    spare: Cell<Vec<u8>>,
}

impl fmt::Debug for TextBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextBuffer").field("text", &self.text).finish_non_exhaustive()
    }
}

impl TextBuffer {
    /// Makes an empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: OnceCell::new(), spare: Cell::new(Vec::new()) }
    }

    /// Forgets the text of the record before.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        if let Some(text) = self.text.take() {
            self.spare.set(text);
        }
    }

    fn text(&self, escaped: &[u8]) -> &[u8] {
        self.text.get_or_init(|| {
            let mut text = self.spare.take();
            text.clear();
            text.reserve(escaped.len());
            let mut rest = escaped;
            while let Some(escape) = memchr::memchr(b'\\', rest) {
                let (line, behind) = rest.split_at(escape);
                text.extend_from_slice(line);
                text.push(b'\n');
                rest = behind.get(2..).unwrap_or_default();
            }
            text.extend_from_slice(rest);
            text
        })
    }
}
