//! A rule file's text with its line table: byte offsets → lines, columns, excerpts.
//!
//! Invariant: the text is UTF-8 without a byte order mark and without characters that YAML forbids, so
//! an offset counts in what the parser saw. Offsets in places count in the file's bytes.

use std::sync::Arc;

use crate::diagnostic::Place;

/// A byte range of a source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSpan {
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

impl ByteSpan {
    /// The range `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }
}

/// One rule file as text.
#[derive(Debug)]
pub(crate) struct Source {
    /// Name for people, as given by the caller.
    pub(crate) name: Arc<str>,
    /// The text.
    pub(crate) text: String,
    /// Bytes of a byte order mark that was taken off.
    skipped: usize,
    /// Offsets at which lines begin.
    lines: Vec<usize>,
}

impl Source {
    /// Takes over `text`; `skipped` bytes stood before it in the file.
    pub(crate) fn new(name: Arc<str>, text: String, skipped: usize) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { name, text, skipped, lines }
    }

    /// Where `span` stands, for a diagnostic.
    pub(crate) fn place(&self, span: ByteSpan) -> Place {
        let start = self.floor(span.start);
        let row = self.lines.partition_point(|&begin| begin <= start).saturating_sub(1);
        let begin = self.lines.get(row).copied().unwrap_or(0);
        let next = self.lines.get(row + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(begin..next).unwrap_or("").trim_end_matches(['\n', '\r']);
        let end = self.floor(span.end).max(start);
        let before = self.text.get(begin..start).unwrap_or("").chars().count();
        let inside =
            self.text.get(start..end.min(begin + line.len()).max(start)).unwrap_or("").chars().count();
        Place::new(
            Arc::clone(&self.name),
            (row + 1, before + 1, inside),
            ByteSpan::new(start + self.skipped, end + self.skipped),
            line,
        )
    }

    /// The character boundary at or before `offset`.
    fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
