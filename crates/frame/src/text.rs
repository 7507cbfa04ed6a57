//! A stretch of text under a machine, and what stands behind it.

/// What stands behind the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Perhaps more bytes: nothing may be concluded from the end.
    More,
    /// Nothing: the text ends here.
    Whole,
    /// Nothing, because a compression or encoding around it broke or was stopped. That is rejected by
    /// itself, so an end that explains everything is no fault of the text.
    Cut,
}

/// The bytes at hand: a part of a text, or all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'w> {
    pub(crate) bytes: &'w [u8],
    /// Position of the first byte in the text.
    pub(crate) base: u64,
    pub(crate) end: End,
}

impl<'w> Window<'w> {
    pub(crate) fn whole(bytes: &'w [u8], end: End) -> Self {
        Self { bytes, base: 0, end }
    }

    /// The window from `at` on.
    pub(crate) fn from(&self, at: usize) -> Self {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Self { bytes, base: self.offset(at), end: self.end }
    }

    /// Whether more bytes may follow.
    pub(crate) fn more(&self) -> bool {
        self.end == End::More
    }

    /// The bytes from `start` to `end` of the window.
    pub(crate) fn piece(&self, start: usize, end: usize) -> Piece<'w> {
        Piece { bytes: self.bytes.get(start..end).unwrap_or_default(), offset: self.offset(start) }
    }

    /// Position in the text of the byte at `at` of the window.
    pub(crate) fn offset(&self, at: usize) -> u64 {
        self.base.saturating_add(crate::item::wide(at))
    }
}

/// Bytes and where they start in their text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: u64,
}

/// What a machine made of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes are done with; go on behind them.
    Go(usize),
    /// So many bytes are done with; the rest needs more bytes, or there is no rest.
    Wait(usize),
}

/// Whether a byte is white space: of JSON, and of the ends of lines.
pub(crate) const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes of white space `bytes` begin with.
pub(crate) fn white_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| !is_white(byte)).unwrap_or(bytes.len())
}
