//! At which places of a text one has to look if it may hold one of some others.
//!
//! In: the length m of the shortest text that is looked for. A *gram* is q bytes in a row. An occurrence ends
//! with s = m - q + 1 overlapping grams of its text, which begin at s places in a row, so one of them begins
//! at a multiple of s. It is enough to look at the grams at the multiples of s, the *samples*, and at what is
//! around those that end a text at some distance.
//!
//! The grams at the end, as those who would mislead the search begin like a text and stop short of its end.
//! Longer grams are met less often by chance, shorter ones leave more places out: q is 3 for short texts.
//!
//! Sources: Wu and Manber, A fast algorithm for multi-pattern searching (1994); Sutinen and Tarhio, On using
//! q-gram locations in approximate string matching (1995), for samples of the text.

/// How texts of some length at least are sampled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grams {
    /// q, 3 or 4.
    bytes: usize,
    /// s, 1 to [`STRIDE_MAX`].
    stride: usize,
    /// The bits of a gram among those of four bytes.
    mask: u32,
}

/// Shorter texts are not found by samples.
pub(super) const TEXT_BYTES_MIN: usize = 4;

/// Most places from one sample to the next: distances fit into the bits of a byte.
const STRIDE_MAX: usize = 8;

/// Texts of so many bytes at least have grams of four.
const LONG_BYTES_MIN: usize = 7;

impl Grams {
    /// For texts of `shortest` bytes at least; `None` if that is less than [`TEXT_BYTES_MIN`].
    pub(super) fn of(shortest: usize) -> Option<Self> {
        if shortest < TEXT_BYTES_MIN {
            return None;
        }
        let (bytes, mask) = if shortest < LONG_BYTES_MIN { (3, 0x00ff_ffff) } else { (4, u32::MAX) };
        Some(Self { bytes, stride: (shortest - bytes + 1).min(STRIDE_MAX), mask })
    }

    /// Bytes from one sample to the next.
    pub(super) const fn stride(self) -> usize {
        self.stride
    }

    /// The grams that a text is found by: the one at its end, the one a byte before, and so on.
    pub(super) fn of_text(self, text: &[u8]) -> impl Iterator<Item = u32> {
        (0..self.stride).filter_map(move |distance| {
            let end = text.len().checked_sub(distance)?;
            let gram = text.get(end.checked_sub(self.bytes)?..end)?;
            Some(gram.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
        })
    }

    /// Whether `is_found` holds for a sample of the text, of which it gets the end and the gram; only those are
    /// asked of which `may_be` holds. Texts of less than [`TEXT_BYTES_MIN`] bytes have no samples.
    #[inline(always)]
    pub(super) fn any(
        self,
        text: &[u8],
        may_be: impl Fn(u32) -> bool,
        mut is_found: impl FnMut(usize, u32) -> bool,
    ) -> bool {
        let mut rest = text;
        while let Some(four) = rest.first_chunk() {
            let gram = u32::from_le_bytes(*four) & self.mask;
            if may_be(gram) && is_found(text.len() - rest.len() + self.bytes, gram) {
                return true;
            }
            match rest.get(self.stride..) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        // Four bytes were read for three.
        match text.last_chunk() {
            Some(four) if rest.len() == 3 && self.bytes == 3 => {
                let gram = u32::from_le_bytes(*four) >> 8;
                may_be(gram) && is_found(text.len(), gram)
            }
            _ => false,
        }
    }
}

/// The last bytes of a text, at most eight of them: all texts of a group are told apart by as many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tails {
    bytes: usize,
}

impl Tails {
    /// For texts of `shortest` bytes at least.
    pub(super) fn of(shortest: usize) -> Self {
        Self { bytes: shortest.clamp(1, 8) }
    }

    /// What stands before `end`; `None` if that is less than a tail or no place of the text.
    #[inline(always)]
    pub(super) fn before(self, end: usize, text: &[u8]) -> Option<u64> {
        let front = text.get(..end)?;
        match front.last_chunk() {
            Some(eight) => Some(u64::from_le_bytes(*eight) >> (8 * (8 - self.bytes))),
            None => {
                let tail = front.get(front.len().checked_sub(self.bytes)?..)?;
                Some(tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
            }
        }
    }
}
