//! The regular expressions of filter patterns: `%…%`.
//!
//! A small language without groups: branches of pieces. It is read here into a tree of its own
//! ([`syntax`]), which gives the required texts that make a search cheap ([`literal`]) and the automaton
//! ([`machine`]); no expression text is ever handed to another parser, so no foreign syntax can leak in.
//!
//! Sources: user guide, "Supported regular expressions syntax"; captured refusals. What they leave open is
//! decided in `PATTERNS.md`.

mod class;
mod literal;
mod machine;
mod syntax;

#[cfg(test)]
mod tests;

pub(crate) use class::Class;
pub(crate) use machine::{Caches, Machine};
pub(crate) use syntax::{Mistake, Piece, is_allowed, parse};

/// A regular expression of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    pub(crate) text: Box<str>,
    pub(crate) branches: Vec<Vec<Piece>>,
}

impl Regex {
    /// The text between the `%`.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// Whether the empty text is a match somewhere in every text, so that every text is one.
    pub(crate) fn matches_every_text(&self) -> bool {
        let is_empty =
            |piece: &Piece| matches!(piece, Piece::Start | Piece::End | Piece::Repeat { min: 0, .. });
        // Between both anchors there is the whole text, not just an empty part of it.
        let is_whole = |pieces: &[Piece]| pieces.contains(&Piece::Start) && pieces.contains(&Piece::End);
        self.branches.iter().any(|pieces| pieces.iter().all(is_empty) && !is_whole(pieces))
    }

    /// Positions, counts written out.
    pub(crate) fn size(&self) -> usize {
        let of = |piece: &Piece| match piece {
            Piece::Start | Piece::End => 0,
            Piece::Repeat { min, max, .. } => {
                usize::try_from(max.unwrap_or(*min)).unwrap_or(usize::MAX).max(1)
            }
        };
        self.branches.iter().flatten().map(of).fold(0, usize::saturating_add)
    }

    /// Whether `^` or `$` is in it, so that a match depends on what stands around.
    pub(crate) fn is_anchored(&self) -> bool {
        self.branches.iter().flatten().any(|piece| matches!(piece, Piece::Start | Piece::End))
    }
}
