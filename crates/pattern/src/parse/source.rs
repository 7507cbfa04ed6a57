//! The text under the parser's eye, and the problems met so far.

use core::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::limits::{Limits, PROBLEMS_MAX};
use crate::lint::Lint;

/// A cursor over a part of the pattern.
#[derive(Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
    position: usize,
    end: usize,
    pub(super) limits: &'t Limits,
    pub(super) regexes: usize,
    /// Positions of the regular expressions so far.
    pub(super) regex_sizes: usize,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Whether no further problem is worth reporting.
    is_given_up: bool,
    /// Takes the problems beyond the limit.
    surplus: Diagnostic,
}

/// White space of patterns.
pub(super) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str, part: Range<usize>, limits: &'t Limits) -> Self {
        Self {
            text,
            position: part.start,
            end: part.end,
            limits,
            regexes: 0,
            regex_sizes: 0,
            problems: Vec::new(),
            warnings: Vec::new(),
            is_given_up: false,
            surplus: Diagnostic::new(0..0, ""),
        }
    }

    /// Moves the end of what is read, as for a closing bracket.
    pub(super) fn narrow(&mut self, end: usize) {
        self.end = end.max(self.position);
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    pub(super) const fn end(&self) -> usize {
        self.end
    }

    pub(super) const fn is_done(&self) -> bool {
        self.position >= self.end
    }

    /// Goes back to where the source stood.
    pub(super) fn rewind(&mut self, position: usize) {
        self.position = self.position.min(position);
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.position..self.end).unwrap_or_default()
    }

    pub(super) fn slice(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.slice(start..self.position)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.position += letter.len_utf8();
        Some(letter)
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let is_there = self.starts_with(text);
        if is_there {
            self.position += text.len();
        }
        is_there
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|letter| !accept(letter)).unwrap_or(rest.len());
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// The word that comes next, not read: letters, digits, underscores.
    pub(super) fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        let length =
            rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        let mut position = (self.position + bytes).min(self.end);
        while !self.text.is_char_boundary(position) {
            position += 1;
        }
        self.position = position;
    }

    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let problem = Diagnostic::new(span, message);
        if self.is_given_up || self.problems.len() >= PROBLEMS_MAX {
            self.surplus = problem;
            return &mut self.surplus;
        }
        self.problems.push(problem);
        self.problems.last_mut().unwrap_or(&mut self.surplus)
    }

    /// Goes to the end; what would be reported from here on follows from what was.
    pub(super) fn give_up(&mut self) {
        self.position = self.end;
        self.is_given_up = true;
    }

    pub(super) fn warning(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.warnings.len() < PROBLEMS_MAX {
            let mut warning = Diagnostic::new(span, message);
            warning.lint = Some(Lint::Undocumented);
            self.warnings.push(warning);
        }
    }

    pub(super) fn finish(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.problems.sort_by_key(|problem| problem.span.start);
        (self.problems, self.warnings)
    }
}
