//! Strings read and unescaped in one pass, for a caller who knows that a string comes next.
//!
//! What [`Reader`](crate::Reader) and [`Text`](crate::Text) do in two passes, with the same result; half the work
//! for the one long string of a log event. A string that breaks, or ends too early, is left to the reader.

use crate::scan;
use crate::text::decode_escape;

/// Bytes copied at once.
const WORD: usize = 8;

/// A buffer that keeps its size: nothing is cleared from one string to the next.
#[derive(Debug, Clone, Default)]
pub struct Slab {
    bytes: Vec<u8>,
}

/// A string that was read into a slab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacked<'s> {
    /// The text.
    pub text: &'s [u8],
    /// How many bytes of the input it took, the closing quote included.
    pub length: usize,
    /// As [`Unescaped::bad_escape`](crate::Unescaped::bad_escape).
    pub bad_escape: bool,
}

impl Slab {
    /// Makes an empty slab.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Reads a string whose opening quote stands before `input`. `None` if there is no whole, valid string.
    pub fn unpack(&mut self, input: &[u8]) -> Option<Unpacked<'_>> {
        let (mut at, mut filled, mut bad_escape) = (0, 0, false);
        loop {
            let Some(&word) = input.get(at..).and_then(<[u8]>::first_chunk::<WORD>) else {
                return self.unpack_tail(input, at, filled, bad_escape);
            };
            if self.bytes.len() < filled + WORD {
                self.bytes.resize((filled + WORD).next_multiple_of(4096), 0);
            }
            if let Some(place) = self.bytes.get_mut(filled..).and_then(<[u8]>::first_chunk_mut::<WORD>) {
                *place = word;
            }
            let special = scan::special_bytes(u64::from_le_bytes(word));
            if special == 0 {
                at += WORD;
                filled += WORD;
                continue;
            }
            let plain = scan::first_byte(special);
            at += plain;
            filled += plain;
            match input.get(at) {
                Some(b'"') => {
                    let text = self.bytes.get(..filled).unwrap_or_default();
                    return Some(Unpacked { text, length: at + 1, bad_escape });
                }
                Some(b'\\') => (at, filled) = self.escape(input, at, filled, &mut bad_escape)?,
                _ => return None,
            }
        }
    }

    /// The last bytes of an input, one by one.
    fn unpack_tail(
        &mut self,
        input: &[u8],
        mut at: usize,
        mut filled: usize,
        mut bad_escape: bool,
    ) -> Option<Unpacked<'_>> {
        loop {
            match *input.get(at)? {
                b'"' => {
                    let text = self.bytes.get(..filled)?;
                    return Some(Unpacked { text, length: at + 1, bad_escape });
                }
                b'\\' => (at, filled) = self.escape(input, at, filled, &mut bad_escape)?,
                byte if scan::is_special(byte) => return None,
                byte => {
                    self.put([byte, 0, 0, 0], filled);
                    at += 1;
                    filled += 1;
                }
            }
        }
    }

    /// Decodes the escape at `at`; returns the positions behind it.
    fn escape(
        &mut self,
        input: &[u8],
        at: usize,
        filled: usize,
        bad_escape: &mut bool,
    ) -> Option<(usize, usize)> {
        if let Some([b'\\', b'n']) = input.get(at..at + 2) {
            self.put([b'\n', 0, 0, 0], filled);
            return Some((at + 2, filled + 1));
        }
        // Checked first: what follows a high surrogate may be cut off, and then this string is too.
        scan::escape(input, at).ok()?;
        let rest = input.get(at..)?;
        let (escape, behind) = decode_escape(rest);
        *bad_escape |= escape.bad;
        self.put(escape.character, filled);
        Some((at + rest.len() - behind.len(), filled + escape.length))
    }

    fn put(&mut self, character: [u8; 4], filled: usize) {
        if self.bytes.len() < filled + WORD {
            self.bytes.resize((filled + WORD).next_multiple_of(4096), 0);
        }
        if let Some(place) = self.bytes.get_mut(filled..).and_then(<[u8]>::first_chunk_mut) {
            *place = character;
        }
    }
}

/// The content of a string without escapes whose opening quote stands before `input`; `None` if there are
/// escapes, or no whole, valid string.
#[must_use]
pub fn plain_string(input: &[u8]) -> Option<&[u8]> {
    let quote = scan::plain_run(input, 0);
    match input.get(quote) {
        Some(b'"') => input.get(..quote),
        _ => None,
    }
}
