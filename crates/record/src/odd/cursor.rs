//! The lines of a text one after the other, however many, from an index that holds some line ends.
//!
//! In: a text and its index. Out: lines, each with the text from there on, in which words are compared without asking
//! where the line ends; or pieces. A walk searches each byte for line ends at most twice.

use crate::boundary::{trim_blanks_end, trim_blanks_start};
use crate::hint;
use crate::label::Label;
use crate::pieces::Piece;
use crate::scan::{self, Index, LINES_MAX, Scanner, Task};

/// The lines of a text, in order.
pub(super) struct Cursor<'a, 'i> {
    pub(super) text: &'a [u8],
    /// Line ends, as many as it holds.
    index: &'i mut Index,
    /// How many lines can be told by it.
    held: usize,
    /// How many of them were.
    number: usize,
    /// Where the next line starts.
    start: usize,
}

impl<'a, 'i> Cursor<'a, 'i> {
    #[inline(always)]
    pub(super) fn new(text: &'a [u8], index: &'i mut Index) -> Self {
        let held = index.lines_held();
        Self { text, index, held, number: 0, start: 0 }
    }

    /// Goes back to the first line.
    pub(super) fn restart(&mut self) {
        find_lines(self.text, self.index, 0, LINES_MAX);
        (self.held, self.number, self.start) = (self.index.lines_held(), 0, 0);
    }

    /// The text from the next line on, and that line without its line end.
    #[inline(always)]
    pub(super) fn next_line(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.number == self.held {
            if self.index.count() <= LINES_MAX {
                return None;
            }
            find_lines(self.text, self.index, self.start, LINES_MAX);
            (self.held, self.number) = (self.index.lines_held(), 0);
        }
        let (start, end) = (self.start, self.index.end(self.number));
        self.number = self.number.wrapping_add(1);
        self.start = end.wrapping_add(1);
        let rest = self.text.get(start..)?;
        Some((rest, rest.get(..end.wrapping_sub(start))?))
    }
}

impl<'a> Iterator for Cursor<'a, '_> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let (rest, line) = self.next_line()?;
            if let Some(piece) = look(rest, trim_line(line)) {
                return Some(piece);
            }
        }
    }
}

/// Takes a line apart that has no blanks behind, as the careful parser does; where its value starts is not told. `rest`
/// is the text from the line on. `None`: the line is empty.
#[inline(never)]
pub(super) fn look<'a>(rest: &[u8], line: &'a [u8]) -> Option<Piece<'a>> {
    if line.is_empty() {
        return None;
    }
    let (label, value) = line.split_at(hint::colon(rest, line).unwrap_or_default());
    let label = trim_blanks_end(label);
    if label.is_empty() {
        return Some(Piece { label, known: None, value: trim_blanks_start(line), offset: 0 });
    }
    let value = trim_blanks_start(value.get(1..).unwrap_or_default());
    Some(Piece { label, known: Label::find(label), value, offset: 0 })
}

/// Cuts off one CR and the blanks before it.
#[inline(always)]
pub(super) fn trim_line(line: &[u8]) -> &[u8] {
    match line {
        [.., last] if *last > b' ' => line,
        _ => trim_blanks_end(line.strip_suffix(b"\r").unwrap_or(line)),
    }
}

/// Finds line ends: those behind `from`, until there are more than `most`.
#[inline(never)]
pub(super) fn find_lines(text: &[u8], index: &mut Index, from: usize, most: usize) {
    scan::dispatch(Find { text, index, from, most });
}

/// Finds the line ends of a text.
struct Find<'a, 'i> {
    text: &'a [u8],
    index: &'i mut Index,
    from: usize,
    most: usize,
}

impl Task for Find<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) {
        self.index.refill(scanner, self.text, self.from, self.most);
    }
}
