//! Records changed at a few places.

use proptest::sample::Index;

/// The frame with each edit made in turn: so many bytes at a place removed, others put in.
pub(crate) fn edit(frame: &[u8], edits: Vec<(Index, usize, Vec<u8>)>) -> Vec<u8> {
    let mut text = frame.to_vec();
    for (at, removed, inserted) in edits {
        let start = at.index(text.len() + 1);
        let end = (start + removed).min(text.len());
        text.splice(start..end, inserted);
    }
    text
}
