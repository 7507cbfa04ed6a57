//! A JSON string as it stands in the input: still escaped, unescaped on demand.
//!
//! Invariant: the escapes of a [`Text`] were checked by the reader that made it. Decoding relies on that
//! only for its meaning; a broken escape would be kept as it is, never panic.

use std::borrow::Cow;

const REPLACEMENT: [u8; 3] = [0xef, 0xbf, 0xbd];

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

/// A stretch of a text: bytes that stand for themselves, or one escape.
enum Piece<'a> {
    Plain(&'a [u8]),
    Escape { character: [u8; 4], length: usize, bad: bool },
}

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
        if self.escaped {
            for piece in self.pieces() {
                match piece {
                    Piece::Plain(bytes) => out.extend_from_slice(bytes),
                    Piece::Escape { character, length, bad } => {
                        out.extend(character.iter().take(length));
                        met.bad_escape |= bad;
                    }
                }
            }
        } else {
            out.extend_from_slice(self.raw);
        }
        met
    }

    /// Whether the text is `other`, without allocating.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the text is compared, not two places in the input")]
    pub fn eq(&self, other: &[u8]) -> bool {
        if !self.escaped {
            return self.raw == other;
        }
        let mut rest = other;
        for piece in self.pieces() {
            let stripped = match &piece {
                Piece::Plain(bytes) => rest.strip_prefix(*bytes),
                Piece::Escape { character, length, .. } => {
                    rest.strip_prefix(character.get(..*length).unwrap_or_default())
                }
            };
            match stripped {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty()
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

    fn pieces(&self) -> Pieces<'a> {
        Pieces { rest: self.raw }
    }
}

impl core::fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "Text({:?} at {})", self.raw.escape_ascii().to_string(), self.offset)
    }
}

struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    #[inline]
    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let plain = memchr::memchr(b'\\', self.rest).unwrap_or(self.rest.len());
        if plain > 0 {
            let (bytes, rest) = self.rest.split_at(plain);
            self.rest = rest;
            return Some(Piece::Plain(bytes));
        }
        let (piece, rest) = decode_escape(self.rest);
        self.rest = rest;
        Some(piece)
    }
}

/// Decodes the escape at the start of `bytes`; returns it and what stands behind it.
fn decode_escape(bytes: &[u8]) -> (Piece<'_>, &[u8]) {
    let one = |byte: u8| Piece::Escape { character: [byte, 0, 0, 0], length: 1, bad: false };
    match bytes {
        [b'\\', b'u', rest @ ..] => decode_unicode(rest),
        [b'\\', letter, rest @ ..] => {
            let byte = match letter {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'b' => 0x08,
                b'f' => 0x0c,
                other => *other,
            };
            (one(byte), rest)
        }
        _ => (Piece::Plain(bytes), &[]),
    }
}

/// Decodes what stands behind `\u`. A high surrogate takes the low one that follows with it.
fn decode_unicode(rest: &[u8]) -> (Piece<'_>, &[u8]) {
    let Some((unit, rest)) = hex4(rest) else { return (Piece::Plain(rest), &[]) };
    let (code, rest) = match rest {
        [b'\\', b'u', low @ ..] if (0xd800..0xdc00).contains(&unit) => match hex4(low) {
            Some((low, behind)) if (0xdc00..0xe000).contains(&low) => {
                (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), behind)
            }
            _ => (unit, rest),
        },
        _ => (unit, rest),
    };
    let mut character = [0; 4];
    let piece = match char::from_u32(code) {
        Some(decoded) => {
            let length = decoded.encode_utf8(&mut character).len();
            Piece::Escape { character, length, bad: false }
        }
        None => {
            let [a, b, c] = REPLACEMENT;
            Piece::Escape { character: [a, b, c, 0], length: 3, bad: true }
        }
    };
    (piece, rest)
}

fn hex4(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut value = 0;
    for &digit in digits {
        value = value << 4 | char::from(digit).to_digit(16)?;
    }
    Some((value, rest))
}
