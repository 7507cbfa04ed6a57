//! A frame's text as a sequence of `label : value` pieces, in either of its two forms.
//!
//! Lines: a piece a line, split at the line's first colon. Folded: all in one line, as HTML renderings and
//! some forwarders leave it; a piece begins wherever a known label stands behind a blank and before a colon.
//!
//! Limits: one step costs at most the bytes it passes, except that the folded form looks once from the end
//! for the last `User Type`.

use crate::boundary::{trim_blanks, trim_blanks_end, trim_blanks_start};
use crate::label::Label;
use memchr::{memchr, memchr_iter, memrchr_iter};

/// A label and its value, both without the blanks around them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    /// Empty if the line has none; the value is then the whole line.
    pub(crate) label: &'a [u8],
    /// The label, if it is a known one.
    pub(crate) known: Option<Label>,
    pub(crate) value: &'a [u8],
    /// Where the value starts in the frame.
    pub(crate) offset: usize,
}

/// The pieces of a frame.
#[derive(Debug, Clone)]
pub(crate) enum Pieces<'a> {
    Lines(Lines<'a>),
    Folded(Folded<'a>),
}

impl<'a> Pieces<'a> {
    /// Tells the form and starts at the front. The frame has no line ends or blanks behind.
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        if is_folded(frame) { Self::Folded(Folded::new(frame)) } else { Self::Lines(Lines { frame, at: 0 }) }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Piece<'a>> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Folded(folded) => folded.next(),
        }
    }
}

/// Pieces of a frame with a line each.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    frame: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    #[inline(always)]
    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let start = self.at;
            let rest = self.frame.get(start..).filter(|rest| !rest.is_empty())?;
            let line = match memchr(b'\n', rest) {
                Some(end) => {
                    self.at = start + end + 1;
                    let line = rest.get(..end).unwrap_or_default();
                    line.strip_suffix(b"\r").unwrap_or(line)
                }
                None => {
                    self.at = self.frame.len();
                    rest
                }
            };
            let begins_blank = matches!(line, [] | [b' ' | b'\t', ..]);
            if !begins_blank || !trim_blanks(line).is_empty() {
                return Some(split_line(line, start));
            }
        }
    }
}

/// Splits a line at its first colon, if there is a label before it.
#[inline(always)]
pub(crate) fn split_line(line: &[u8], start: usize) -> Piece<'_> {
    let colon = memchr(b':', line).unwrap_or(0);
    let (label, value) = line.split_at(colon);
    // Nearly all lines have one blank at either side of the colon, and none at their end.
    if let ([label @ .., b' '], [b':', b' ', value @ ..]) = (label, value)
        && let ([.., end], [first, .., last]) = (label, value)
        && *end.min(first).min(last) > b' '
    {
        return Piece { label, known: Label::find(label), value, offset: start + line.len() - value.len() };
    }
    let label = trim_blanks_end(label);
    if label.is_empty() {
        let offset = start + line.len() - trim_blanks_start(line).len();
        return Piece { label, known: None, value: trim_blanks(line), offset };
    }
    let value = trim_blanks_start(value.get(1..).unwrap_or_default());
    let offset = start + line.len() - value.len();
    Piece { label, known: Label::find(label), value: trim_blanks_end(value), offset }
}

/// Pieces of a frame folded into one line.
#[derive(Debug, Clone)]
pub(crate) struct Folded<'a> {
    frame: &'a [u8],
    /// The next piece's label, where it starts, and its colon.
    next: Option<(Label, usize, usize)>,
    /// No further piece: the one at hand is the `User Type` behind a user name.
    ends: bool,
}

impl<'a> Folded<'a> {
    /// Starts at the front of a frame that [`is_folded`].
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        Self { frame, next: Some((Label::Time, 0, "Time".len())), ends: false }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<Piece<'a>> {
        let (label, start, colon) = self.next?;
        self.next = if self.ends {
            None
        } else if label == Label::UserName {
            self.ends = true;
            self.last_user_type(colon)
        } else {
            self.next_label(colon)
        };
        let end = self.next.map_or(self.frame.len(), |(_, start, _)| start);
        let value = trim_blanks_start(self.frame.get(colon + 1..end)?);
        let text = trim_blanks_end(self.frame.get(start..colon)?);
        let offset = end - value.len();
        Some(Piece { label: text, known: Some(label), value: trim_blanks_end(value), offset })
    }

    /// The first known label behind the colon at `from`.
    fn next_label(&self, from: usize) -> Option<(Label, usize, usize)> {
        let value = from + 1;
        memchr_iter(b':', self.frame.get(value..)?)
            .map(|at| value + at)
            .find_map(|colon| self.label_before(colon, value))
    }

    /// The last `User Type` behind the colon at `from`.
    fn last_user_type(&self, from: usize) -> Option<(Label, usize, usize)> {
        let value = from + 1;
        memrchr_iter(b':', self.frame.get(value..)?)
            .map(|at| value + at)
            .filter_map(|colon| self.label_before(colon, value))
            .find(|(label, ..)| *label == Label::UserType)
    }

    /// The known label before the colon, if it lies in the bytes from `value` on; where it starts, and the colon.
    #[inline]
    fn label_before(&self, colon: usize, value: usize) -> Option<(Label, usize, usize)> {
        let text = trim_blanks_end(self.frame.get(value..colon)?);
        Label::behind_blank(text).map(|(label, start)| (label, value + start, colon))
    }
}

/// Tells whether the frame is a record folded into a single line.
pub(crate) fn is_folded(frame: &[u8]) -> bool {
    if !frame.starts_with(b"Time:") || memchr(b'\n', frame).is_some() {
        return false;
    }
    let mut seen = 0;
    let mut labels = memchr_iter(b':', frame)
        .filter_map(|colon| Label::behind_blank(trim_blanks_end(frame.get(..colon)?)));
    labels.any(|(label, _)| {
        seen |= label.bit();
        seen & Label::Sequence.bit() != 0 && seen & (Label::Opcode.bit() | Label::CommandType.bit()) != 0
    })
}
