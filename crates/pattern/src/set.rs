//! All patterns of a rule set, matched together.
//!
//! Every pattern is a boolean function over *atoms*: a text occurs, a selector's or slot's value satisfies a
//! predicate, a selector reaches nothing, there are enough tokens. Equal atoms of different patterns are one
//! atom. A record is matched in three steps:
//!
//! ```text
//! 1. samples of the text (`sieve`), or one pass of an Aho-Corasick automaton: which of the texts occur that
//!    patterns wait for
//!    one look-up per selector and slot that needs it: which constants, parts and bounds its value meets;
//!    of a JSON text all selectors without wildcards are followed in one pass (`paths`)
//! 2. each pattern waits at a few atoms of which one must be true if it is to match (its *cover*, chosen
//!    rare); the true atoms of step 1 call their patterns: the candidates
//! 3. each candidate's function is evaluated; atoms not known yet (other texts, regular expressions, order,
//!    `!=`) are evaluated when asked, once per record
//! ```
//!
//! So the work of a record grows with the patterns that its own rare values call, not with the rule set.
//! Patterns without a cover (only `-` terms, `!=`, a regular expression without a required text) are
//! candidates for every record.
//!
//! Where the caller knows the shapes of records ([`Shaped`]), all this is done for a few records of each
//! shape only ([`Set::matches_shaped`]):
//!
//! ```text
//! gist ─────shapes──► known shape (its values compared): where nothing is open that this record may have, done
//! outline ──shapes──► known shape (its fixed text compared, `template`) or steps 1 to 3, and `learn`
//!                        │ sure patterns: done; no others: done
//!                        └ open ones: scan around the free parts that a text may be through (`reach`),
//!                          look-ups whose sketch says that a constant may be met, steps 2 and 3 for these
//! ```
//!
//! Why nothing is weakened: an atom is a function of the text, or of the values of one selector. A text
//! occurs in the fixed text, which was compared byte by byte, or touches a free part; `reach` finds all parts
//! that it may touch, by what the caller says they hold, and the scan covers all that such an occurrence can
//! cover. A value follows from the shape, or is asked per record. Tests compare both ways.
//!
//! Invariants: immutable and shared; truth of atoms lives in [`Scratch`], stamped with the record's number,
//! so nothing is cleared between records.

mod atom;
mod build;
mod evaluate;
mod filter;
mod grams;
mod index;
mod learn;
mod reach;
mod recall;
mod shapes;
mod sieve;
mod template;

#[cfg(test)]
mod tests;

use core::fmt;
use std::sync::Arc;

use crate::ast::Pattern;
use crate::document::{Document, TextDocument};
use crate::paths::Paths;
use crate::scratch::Scratch;
use crate::selector::Selector;
use crate::shape::{Gist, SKETCHES, Shaped};
use crate::tuning::Tuning;
use atom::{Atom, Node};
use evaluate::Storage;
use index::{Lookup, Scan};
use shapes::Identity;

pub(crate) use evaluate::State;
pub(crate) use shapes::Shapes;

/// A compiled set of patterns.
pub struct Set {
    selectors: Vec<Selector>,
    atoms: Vec<Atom>,
    /// Lists of [`Node::All`] and [`Node::Any`].
    nodes: Vec<Node>,
    /// The function of each pattern.
    roots: Vec<Node>,
    scan: Scan,
    lookups: Vec<Lookup>,
    /// The selectors of awaited look-ups that one pass can follow, numbered by look-up.
    paths: Paths,
    /// The patterns that wait at each atom.
    waiting: Vec<Vec<usize>>,
    /// Candidates for every record.
    always: Vec<usize>,
    has_json: bool,
    prefilters: bool,
    /// Most shapes to remember.
    shapes_max: usize,
    identity: Arc<Identity>,
}

impl Set {
    /// Compiles patterns; they are numbered in their order, from 0.
    pub fn compile<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Self {
        Self::compile_with(patterns, Tuning::default())
    }

    /// Compiles patterns, optimisations chosen.
    pub fn compile_with<'p>(patterns: impl Iterator<Item = &'p Pattern>, tuning: Tuning) -> Self {
        build::build(patterns, tuning)
    }

    /// The selectors of all JSON patterns, each once.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// The number of patterns.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.roots.len()
    }

    /// Whether there is no pattern.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The patterns that every record is evaluated for, since none of their items is rare enough to wait
    /// for: what makes a large set slow.
    #[must_use]
    pub fn always(&self) -> &[usize] {
        &self.always
    }

    /// Appends the numbers of the patterns that match, ascending. Terms and space-delimited patterns look
    /// at `event`, JSON patterns ask `document`, whose selector numbers are those of [`Self::selectors`].
    pub fn matches(
        &self,
        event: &[u8],
        document: &mut dyn Document,
        scratch: &mut Scratch,
        matched: &mut Vec<u32>,
    ) {
        let Scratch { tokens, caches, state, .. } = scratch;
        evaluate::run(self, event, Some(document), Storage { tokens, caches, state }, matched);
    }

    /// Whether it is known of records with this gist that no pattern matches them, if they have free parts and sketches as
    /// [`Shaped::length_max`] and [`Shaped::sketches`] say.
    #[inline]
    pub fn is_silent(
        &self,
        gist: Gist,
        scratch: &mut Scratch,
        length_max: impl FnOnce(usize) -> Option<usize>,
        sketches: impl FnOnce() -> [u64; SKETCHES],
    ) -> bool {
        scratch.shapes.is_silent(self, gist, length_max, sketches)
    }

    /// As [`Self::matches`], with a memory of shapes in `scratch`. Allocates when a shape is learned; how
    /// often that can be is limited.
    #[inline]
    pub fn matches_shaped<'a, D: Shaped<'a>>(
        &self,
        document: &mut D,
        scratch: &mut Scratch,
        matched: &mut Vec<u32>,
    ) {
        recall::run(self, document, scratch, matched);
    }

    /// As [`Self::matches`], but JSON patterns parse `event`; if it is no JSON object none of them matches.
    pub fn matches_text(&self, event: &[u8], scratch: &mut Scratch, matched: &mut Vec<u32>) {
        let Scratch { tokens, caches, state, tape, paths, .. } = scratch;
        let mut document = match self.has_json {
            true => TextDocument::parse(event, &self.selectors, tape, paths),
            false => None,
        };
        let document = document.as_mut().map(|document| document as &mut dyn Document);
        evaluate::run(self, event, document, Storage { tokens, caches, state }, matched);
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Set")
            .field("patterns", &self.roots.len())
            .field("atoms", &self.atoms.len())
            .field("selectors", &self.selectors.len())
            .field("always", &self.always.len())
            .finish_non_exhaustive()
    }
}
