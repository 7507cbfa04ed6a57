//! Texts that every match of a regular expression must hold.
//!
//! One text per branch, so that a search can be left out where none of them occurs. A branch without a
//! text of at least [`LENGTH_MIN`] bytes spoils it for the whole expression.

use super::{Piece, Regex};

/// The shortest text worth looking for.
const LENGTH_MIN: usize = 2;

/// The most copies of a counted character that are written out.
const COPIES_MAX: u32 = 16;

impl Regex {
    /// The longest required text of each branch: one of them occurs in every text that matches.
    pub(crate) fn required(&self) -> Option<Vec<Box<[u8]>>> {
        self.branches.iter().map(|pieces| longest(pieces)).collect()
    }
}

fn longest(pieces: &[Piece]) -> Option<Box<[u8]>> {
    let mut best: Vec<u8> = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    for piece in pieces {
        let (class, min, max) = match piece {
            Piece::Repeat { class, min, max } => (class, *min, *max),
            Piece::Start | Piece::End => continue,
        };
        let byte = class.single().filter(|_| min > 0);
        if let Some(byte) = byte {
            run.extend((0..min.min(COPIES_MAX)).map(|_| byte));
        }
        if run.len() > best.len() {
            best.clone_from(&run);
        }
        if byte.is_none() || max != Some(min) || min > COPIES_MAX {
            run.clear();
            run.extend(byte);
        }
    }
    (best.len() >= LENGTH_MIN).then(|| best.into_boxed_slice())
}
