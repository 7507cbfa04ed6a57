//! Sets of characters.
//!
//! Events are bytes, usually UTF-8. A set holds code points up to 255 one by one and all others together
//! (the language can name nothing beyond `\xff`). A character of several bytes counts as one character; its
//! bytes, and bytes that are not UTF-8, count as the character of their number too, so that broken UTF-8 in
//! a hostile name hides nothing from `.` or `[^ ]`.

/// A set of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    low: [u64; 4],
    beyond: bool,
}

/// The named sets.
#[derive(Debug)]
pub(crate) struct Classes;

impl Classes {
    /// `.`: everything but a newline.
    pub(crate) const fn dot() -> Class {
        Class::EMPTY.with(b'\n').complement()
    }

    /// `\d`, `\s`, `\w` in ASCII; capitals are complements.
    pub(crate) fn named(letter: u8) -> Option<Class> {
        let class = match letter.to_ascii_lowercase() {
            b'd' => Class::EMPTY.with_range(b'0', b'9'),
            b's' => Class::EMPTY.with_range(b'\t', b'\r').with(b' '),
            b'w' => {
                Class::EMPTY.with_range(b'0', b'9').with_range(b'A', b'Z').with_range(b'a', b'z').with(b'_')
            }
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { class.complement() } else { class })
    }
}

impl Class {
    pub(crate) const EMPTY: Self = Self { low: [0; 4], beyond: false };

    #[expect(clippy::indexing_slicing, reason = "a byte divided by 64 is below 4")]
    pub(crate) const fn with(mut self, byte: u8) -> Self {
        self.low[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    pub(crate) fn with_range(self, first: u8, last: u8) -> Self {
        (first..=last).fold(self, Self::with)
    }

    pub(crate) fn union(self, other: Self) -> Self {
        let [a, b, c, d] = self.low;
        let [e, f, g, h] = other.low;
        Self { low: [a | e, b | f, c | g, d | h], beyond: self.beyond || other.beyond }
    }

    pub(crate) const fn complement(self) -> Self {
        let [a, b, c, d] = self.low;
        Self { low: [!a, !b, !c, !d], beyond: !self.beyond }
    }

    /// Whether it holds the character of this number.
    #[expect(clippy::indexing_slicing, reason = "a byte divided by 64 is below 4")]
    pub(crate) const fn has_byte(&self, byte: u8) -> bool {
        self.low[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// Whether it holds this character.
    pub(crate) fn has_char(&self, character: char) -> bool {
        u8::try_from(u32::from(character)).map_or(self.beyond, |byte| self.has_byte(byte))
    }

    /// Whether it holds characters beyond [`Self::has_byte`].
    pub(crate) const fn is_beyond(&self) -> bool {
        self.beyond
    }

    /// Whether it holds anything that is not ASCII.
    pub(crate) const fn has_high(&self) -> bool {
        let [_, _, c, d] = self.low;
        self.beyond || c != 0 || d != 0
    }

    /// The ASCII character it stands for, if it is one.
    pub(crate) fn single(&self) -> Option<u8> {
        if self.has_high() {
            return None;
        }
        let mut members = (0..128_u8).filter(|byte| self.has_byte(*byte));
        let first = members.next()?;
        members.next().is_none().then_some(first)
    }

    /// Its members below 256 as ranges, ascending.
    pub(crate) fn ranges(&self, from: u8) -> Vec<(u8, u8)> {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for byte in (from..=u8::MAX).filter(|byte| self.has_byte(*byte)) {
            match ranges.last_mut() {
                Some((_, last)) if byte - *last == 1 => *last = byte,
                _ => ranges.push((byte, byte)),
            }
        }
        ranges
    }
}
