//! What patterns are functions of, and the functions.

use std::sync::Arc;

use memchr::memmem::Finder;

use crate::predicate::Predicate;
use crate::regex::Machine;

/// A question about a record that is answered at most once.
#[derive(Debug)]
pub(super) enum Atom {
    /// Does the text occur? Answered by the scan, if there is one.
    Text(Box<Finder<'static>>),
    /// Does the regular expression match? Only if one of the texts (atoms) occurs; no texts: maybe.
    Regex { machine: Arc<Machine>, place: usize, required: Vec<usize> },
    /// Is the value one constant? Answered by the look-up.
    Constant { lookup: usize },
    /// Does the value hold a part? Answered by the look-up.
    Part { lookup: usize },
    /// Does a value satisfy the predicate? Only if it holds one of the parts (atoms); no parts: maybe.
    Tested { lookup: usize, predicate: Predicate, required: Vec<usize> },
    /// Does the selector reach nothing?
    Missing { selector: usize },
    /// Has the event so many tokens?
    Tokens { least: usize },
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

impl List {
    pub(super) fn of<'n>(&self, nodes: &'n [Node]) -> &'n [Node] {
        nodes.get(self.first..self.first + self.count).unwrap_or_default()
    }
}
