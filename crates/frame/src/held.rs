//! Text that is held back until its checksum was seen.
//!
//! In blocks instead of a row: a text of which nobody knows the length can be as long as a limit allows, and to grow a
//! row moves all of it, again and again, to memory that was never used. Blocks stay where they are, and are kept.

use crate::gzip::{BLOCK_BYTES, Inflated};

/// What came out of a decoder and was not given on.
#[derive(Debug, Default)]
pub(crate) struct Held {
    full: Vec<Inflated>,
    full_bytes: usize,
    at_hand: Inflated,
    /// Empty blocks, with the room of texts before.
    spare: Vec<Inflated>,
}

impl Held {
    /// Where the output of the next step goes.
    pub(crate) fn at_hand(&mut self) -> &mut Inflated {
        let length = self.at_hand.text().len();
        if length >= BLOCK_BYTES {
            let empty = self.spare.pop().unwrap_or_default();
            self.full.push(core::mem::replace(&mut self.at_hand, empty));
            self.full_bytes = self.full_bytes.saturating_add(length);
        }
        &mut self.at_hand
    }

    /// The text, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.full.iter().chain([&self.at_hand]).map(Inflated::text).filter(|text| !text.is_empty())
    }

    /// Bytes of the text.
    pub(crate) fn length(&self) -> usize {
        self.full_bytes.saturating_add(self.at_hand.text().len())
    }

    /// Forgets the text, but not the room that it took.
    pub(crate) fn clear(&mut self) {
        self.at_hand.truncate(0);
        for mut block in self.full.drain(..) {
            block.truncate(0);
            self.spare.push(block);
        }
        self.full_bytes = 0;
    }
}
