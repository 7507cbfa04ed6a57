//! What patterns are functions of, and the functions.

use std::sync::Arc;

use memchr::memmem::{self, Finder};

use crate::number::Number;
use crate::predicate::Predicate;
use crate::regex::Machine;
use crate::shape::{REPLACEMENT, text_sketch};

/// A question about a record that is answered at most once.
#[derive(Debug)]
pub(super) enum Atom {
    /// Does the text occur? Answered by the scan, if there is one.
    Text(Box<Finder<'static>>),
    /// Does the regular expression match? Only if one of the texts (atoms) occurs; no texts: maybe.
    Regex { machine: Arc<Machine>, place: usize, required: Vec<usize> },
    /// Is the value one constant? Answered by the look-up.
    Constant { lookup: usize, sketches: Sketches },
    /// Is the value on one side of a bound? Answered by the look-up.
    Bound { lookup: usize },
    /// Does the value hold a part? Answered by the look-up.
    Part { lookup: usize, text: Box<[u8]> },
    /// Does a value satisfy the predicate? Only if it holds one of the parts (atoms); no parts: maybe.
    Tested { lookup: usize, predicate: Predicate, required: Vec<usize> },
    /// Does the selector reach nothing?
    Missing { selector: usize },
    /// Has the event so many tokens?
    Tokens { least: usize },
}

/// The sketches of the values that are a constant: of its text, and of its number. A value whose sketch is
/// known and neither of these is not the constant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketches {
    pub(super) text: Option<u64>,
    pub(super) number: Option<u64>,
    /// Whether the text has U+FFFD: then it may be that of bytes that are not UTF-8, whose sketch is another.
    pub(super) has_replacement: bool,
}

/// A boolean function of atoms.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// The atom is true.
    Is(usize),
    /// The atom is false.
    Not(usize),
    /// All of this part of the node list; true if it is empty.
    All(List),
    /// One of this part of the node list; false if it is empty.
    Any(List),
}

/// A part of the node list.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) first: usize,
    pub(super) count: usize,
}

impl Sketches {
    /// Of `= "text"`: a text, or the number with this very lexeme.
    pub(super) fn of_text(text: &[u8]) -> Self {
        let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let has_replacement = memmem::find(text, REPLACEMENT).is_some();
        Self { text: Some(text_sketch(text)), number, has_replacement }
    }

    /// Of `= number`: the number however written, or the text as the pattern writes it.
    pub(super) fn of_number(number: &Number) -> Self {
        let text = Some(text_sketch(number.text().as_bytes()));
        Self { text, number: number.to_u64(), has_replacement: false }
    }
}

impl List {
    pub(super) fn of<'n>(&self, nodes: &'n [Node]) -> &'n [Node] {
        nodes.get(self.first..self.first + self.count).unwrap_or_default()
    }
}
