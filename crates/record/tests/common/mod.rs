//! What several tests of this crate do.

use hsmstream_record::{is_boundary, trim_end};

/// Cuts text at its boundaries.
pub(crate) fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut lines = rest.split_inclusive(|&byte| byte == b'\n');
        let first = lines.next().map_or(0, <[u8]>::len);
        let more: usize = lines.take_while(|line| !is_boundary(line)).map(<[u8]>::len).sum();
        let (frame, tail) = rest.split_at(first + more);
        frames.push(trim_end(frame));
        rest = tail;
    }
    frames.retain(|frame| !frame.is_empty());
    frames
}
