//! A JSON string as it stands in the input: still escaped, unescaped on demand.
//!
//! Invariant: the escapes of a [`Text`] were checked by the reader that made it. Decoding relies on that
//! only for its meaning; a broken escape would be kept as it is, never panic.

use std::borrow::Cow;

/// The bytes between the quotes of a JSON string.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    offset: usize,
    escaped: bool,
}

/// What unescaping met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unescaped {
    /// A surrogate without its other half became U+FFFD.
    pub bad_escape: bool,
}

/// What an escape stands for.
#[derive(Clone, Copy)]
pub(crate) struct Escape {
    pub(crate) character: [u8; 4],
    pub(crate) length: usize,
    pub(crate) bad: bool,
}

/// Bytes copied at once.
const WORD: usize = 8;

impl<'a> Text<'a> {
    pub(crate) const fn new(raw: &'a [u8], offset: usize, escaped: bool) -> Self {
        Self { raw, offset, escaped }
    }

    /// The bytes between the quotes, escapes as they are.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether there is an escape in it; if not, [`Self::raw`] is the text.
    #[must_use]
    pub const fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// Position of the first byte of the content in the reader's bytes.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Appends the text to `out`. A lone surrogate becomes U+FFFD.
    pub fn unescape_into(&self, out: &mut Vec<u8>) -> Unescaped {
        let mut met = Unescaped::default();
        if !self.escaped {
            out.extend_from_slice(self.raw);
            return met;
        }
        // No escape is shorter than what it stands for, so that much room is enough; the words that are
        // copied whole need some more.
        let start = out.len();
        out.resize(start + self.raw.len() + WORD, 0);
        let mut room = out.get_mut(start..).unwrap_or_default();
        let mut rest = self.raw;
        loop {
            let plain = copy_plain(rest, room);
            rest = rest.get(plain..).unwrap_or_default();
            room = room.get_mut(plain..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let (escape, behind) = decode_escape(rest);
            met.bad_escape |= escape.bad;
            if let Some(place) = room.first_chunk_mut() {
                *place = escape.character;
            }
            room = room.get_mut(escape.length..).unwrap_or_default();
            rest = behind;
        }
        let unused = room.len();
        out.truncate(out.len() - unused);
        met
    }

    /// Whether the text is `other`, without allocating.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the text is compared, not two places in the input")]
    pub fn eq(&self, other: &[u8]) -> bool {
        if !self.escaped {
            return self.raw == other;
        }
        let (mut rest, mut other) = (self.raw, other);
        while !rest.is_empty() {
            let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
            let (text, escaped) = rest.split_at(plain);
            let Some(behind) = other.strip_prefix(text) else { return false };
            (rest, other) = (escaped, behind);
            if !rest.is_empty() {
                let (escape, behind) = decode_escape(rest);
                let character = escape.character.get(..escape.length).unwrap_or_default();
                let Some(tail) = other.strip_prefix(character) else { return false };
                (rest, other) = (behind, tail);
            }
        }
        other.is_empty()
    }

    /// The text; allocates only if it is escaped.
    #[must_use]
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut out = Vec::with_capacity(self.raw.len());
        self.unescape_into(&mut out);
        Cow::Owned(out)
    }
}

impl core::fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "Text({:?} at {})", self.raw.escape_ascii().to_string(), self.offset)
    }
}

/// Copies bytes from the front of `from` to that of `to`, up to the first backslash; returns how many.
/// What stands behind them in `to` may be overwritten.
fn copy_plain(from: &[u8], to: &mut [u8]) -> usize {
    let (words, tail) = from.as_chunks::<WORD>();
    let (places, _) = to.as_chunks_mut::<WORD>();
    let mut copied = 0;
    for (word, place) in words.iter().zip(places) {
        *place = *word;
        let found = backslashes(u64::from_le_bytes(*word));
        if found != 0 {
            return copied + (found.trailing_zeros() / 8) as usize;
        }
        copied += WORD;
    }
    let plain = tail.iter().position(|&byte| byte == b'\\').unwrap_or(tail.len());
    to.iter_mut().skip(copied).zip(tail.iter().take(plain)).for_each(|(place, byte)| *place = *byte);
    copied + plain
}

/// Marks, by its top bit, each backslash of the word. Marks above the lowest may be wrong.
const fn backslashes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = word ^ (ONES * 0x5c);
    zeros.wrapping_sub(ONES) & !zeros & 0x8080_8080_8080_8080
}

/// Decodes the escape at the start of `bytes`; returns it and what stands behind it. Of a broken one,
/// which a reader lets nobody make, the backslash is kept.
pub(crate) fn decode_escape(bytes: &[u8]) -> (Escape, &[u8]) {
    let (byte, rest) = match bytes {
        [b'\\', b'u', rest @ ..] => match decode_unicode(rest) {
            Some(decoded) => return decoded,
            None => (b'\\', bytes.get(1..).unwrap_or_default()),
        },
        [b'\\', b'n', rest @ ..] => (b'\n', rest),
        [b'\\', b't', rest @ ..] => (b'\t', rest),
        [b'\\', b'r', rest @ ..] => (b'\r', rest),
        [b'\\', b'b', rest @ ..] => (0x08, rest),
        [b'\\', b'f', rest @ ..] => (0x0c, rest),
        [b'\\', other, rest @ ..] => (*other, rest),
        _ => (b'\\', bytes.get(1..).unwrap_or_default()),
    };
    (Escape { character: [byte, 0, 0, 0], length: 1, bad: false }, rest)
}

/// Decodes what stands behind `\u`. A high surrogate takes the low one that follows with it.
fn decode_unicode(rest: &[u8]) -> Option<(Escape, &[u8])> {
    let (unit, rest) = hex4(rest)?;
    let (code, rest) = match rest {
        [b'\\', b'u', low @ ..] if (0xd800..0xdc00).contains(&unit) => match hex4(low) {
            Some((low, behind)) if (0xdc00..0xe000).contains(&low) => {
                (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), behind)
            }
            _ => (unit, rest),
        },
        _ => (unit, rest),
    };
    let decoded = char::from_u32(code);
    let mut character = [0; 4];
    let length = decoded.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut character).len();
    Some((Escape { character, length, bad: decoded.is_none() }, rest))
}

fn hex4(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut value = 0;
    for &digit in digits {
        value = value << 4 | char::from(digit).to_digit(16)?;
    }
    Some((value, rest))
}
