//! From the pairs of quotes to the words of a tape: the whole grammar outside of strings, in one pass.
//!
//! In: bytes, and where the strings in them begin and end (`quotes`). Out: the words of every value and key, in document
//! order ([`Word`]).
//!
//! ```text
//! value: string            → a word; the next pair of quotes says where it ends
//!        number, literal   → a word
//!        container         → two words, open; its end comes at once, or a key (object), then a value
//! behind a value           → "," then key (object), then a value; or the container's end: behind a value again
//! depth back at 0          → white space up to the end
//! ```
//!
//! Members whose values are strings, and what stands between them without white space, are most of a log event: they
//! have a loop of their own, which looks at the bytes from one quote to the next at once.
//!
//! An open container's second word holds the number of the one around it where later the number behind it stands: so no
//! stack is needed.

use crate::quotes::{ESCAPED, LENGTH_MAX};
use crate::reader::NESTING_MAX;
use crate::scan;

/// Two positions: where a value or key begins, and where it ends. Of a string these are its quotes, and the second may
/// carry the mark [`ESCAPED`]; of all others the first byte and the position behind the last.
///
/// The first position of a container carries the mark [`CONTAINER`], and a second word follows: the number of the word
/// behind all that is in it, and nothing.
pub(crate) type Word = [u32; 2];

/// Marks the first position of a container.
pub(crate) const CONTAINER: u32 = 1 << 31;

/// Words that are made at once when there are not enough.
const GROWTH: usize = 256;

/// Writes words over old ones, from the first; returns how many. `None` if `bytes` are not one JSON value.
#[inline(never)]
pub(crate) fn flatten(
    bytes: &[u8],
    pairs: &[[u32; 2]],
    nesting_max: u32,
    words: &mut Vec<Word>,
) -> Option<usize> {
    debug_assert!(bytes.len() <= LENGTH_MAX, "positions and a mark fit into 32 bits");
    let mut writer = Writer {
        bytes,
        pairs: pairs.iter(),
        words: core::mem::take(words),
        count: 0,
        container: 0,
        depth: 0,
        objects: 0,
    };
    let is_whole = writer.write(nesting_max.min(NESTING_MAX)).is_some();
    let count = writer.count;
    *words = writer.words;
    is_whole.then_some(count)
}

struct Writer<'w> {
    bytes: &'w [u8],
    pairs: core::slice::Iter<'w, [u32; 2]>,
    words: Vec<Word>,
    count: usize,
    /// The innermost open container.
    container: u32,
    depth: u32,
    /// Bit 0 is the innermost container: 1 an object, 0 an array.
    objects: u128,
}

/// What a reader of members met last, and the position behind it.
enum Met {
    Value(usize),
    Colon(usize),
}

impl Writer<'_> {
    #[inline(always)]
    fn write(&mut self, nesting_max: u32) -> Option<()> {
        let bytes = self.bytes;
        let mut at = scan::white_space(bytes, 0);
        loop {
            at = match *bytes.get(at)? {
                b'"' => self.string()?.wrapping_add(1),
                first @ (b'{' | b'[') => {
                    if self.depth >= nesting_max {
                        return None;
                    }
                    self.open(at, first == b'{');
                    at = scan::white_space(bytes, at + 1);
                    if *bytes.get(at)? == self.end() {
                        self.close(at)
                    } else if first == b'{' {
                        match self.members(at)? {
                            Met::Value(behind) => behind,
                            Met::Colon(behind) => {
                                at = scan::white_space(bytes, behind);
                                continue;
                            }
                        }
                    } else {
                        continue;
                    }
                }
                b't' => self.literal(at, b"true")?,
                b'f' => self.literal(at, b"false")?,
                b'n' => self.literal(at, b"null")?,
                b'-' | b'0'..=b'9' => self.scalar(at, scan::number(bytes, at).ok()?),
                _ => return None,
            };
            loop {
                at = scan::white_space(bytes, at);
                if self.depth == 0 {
                    return (at == bytes.len()).then_some(());
                }
                let byte = *bytes.get(at)?;
                if byte == b',' {
                    at = scan::white_space(bytes, at + 1);
                    if self.objects & 1 == 0 {
                        break;
                    }
                    match self.members(at)? {
                        Met::Value(behind) => at = behind,
                        Met::Colon(behind) => {
                            at = scan::white_space(bytes, behind);
                            break;
                        }
                    }
                } else if byte == self.end() {
                    at = self.close(at);
                } else {
                    return None;
                }
            }
        }
    }

    /// Reads the key that must begin at `at`, and goes on while values are strings and nothing is between the quotes but
    /// a colon or comma.
    #[inline(always)]
    fn members(&mut self, at: usize) -> Option<Met> {
        if *self.bytes.get(at)? != b'"' {
            return None;
        }
        loop {
            let end = self.string()?;
            if !self.stands(end, *b"\":\"") {
                let colon = scan::white_space(self.bytes, end + 1);
                return (*self.bytes.get(colon)? == b':').then_some(Met::Colon(colon + 1));
            }
            let end = self.string()?;
            if !self.stands(end, *b"\",\"") {
                return Some(Met::Value(end + 1));
            }
        }
    }

    /// Whether these bytes stand at `at`, and one more behind them.
    #[inline(always)]
    fn stands(&self, at: usize, [first, second, third]: [u8; 3]) -> bool {
        let here = self.bytes.get(at..at.wrapping_add(4)).and_then(<[u8]>::first_chunk);
        here.is_some_and(|here| {
            u32::from_le_bytes(*here) & 0x00ff_ffff == u32::from_le_bytes([first, second, third, 0])
        })
    }

    /// What closes the innermost container.
    #[inline(always)]
    const fn end(&self) -> u8 {
        if self.objects & 1 == 1 { b'}' } else { b']' }
    }

    /// A string begins; returns the position of its closing quote.
    #[inline(always)]
    fn string(&mut self) -> Option<usize> {
        let pair = *self.pairs.next()?;
        self.push(pair);
        let [_, close] = pair;
        Some((close & !ESCAPED) as usize)
    }

    #[inline(always)]
    fn literal(&mut self, at: usize, word: &[u8]) -> Option<usize> {
        self.bytes.get(at..)?.starts_with(word).then(|| self.scalar(at, at + word.len()))
    }

    #[inline(always)]
    fn scalar(&mut self, start: usize, end: usize) -> usize {
        self.push([narrow(start), narrow(end)]);
        end
    }

    #[inline(always)]
    fn open(&mut self, at: usize, is_object: bool) {
        let number = narrow(self.count);
        self.push([narrow(at) | CONTAINER, 0]);
        self.push([self.container, 0]);
        self.container = number;
        self.depth = self.depth.wrapping_add(1);
        self.objects = self.objects << 1 | u128::from(is_object);
    }

    /// Closes the innermost container, whose end stands at `at`; returns the position behind it.
    #[inline(always)]
    fn close(&mut self, at: usize) -> usize {
        let (behind, end) = (narrow(self.count), at.wrapping_add(1));
        if let Some([[_, last], [next, _], ..]) = self.words.get_mut(self.container as usize..) {
            *last = narrow(end);
            self.container = core::mem::replace(next, behind);
        }
        self.depth = self.depth.wrapping_sub(1);
        self.objects >>= 1;
        end
    }

    #[inline(always)]
    fn push(&mut self, word: Word) {
        if self.count >= self.words.len() {
            self.words = grown(core::mem::take(&mut self.words));
        }
        if let Some(place) = self.words.get_mut(self.count) {
            *place = word;
        }
        self.count = self.count.wrapping_add(1);
    }
}

#[cold]
#[inline(never)]
fn grown(mut words: Vec<Word>) -> Vec<Word> {
    words.resize(words.len().max(GROWTH) * 2, [0; 2]);
    words
}

/// A position or the number of a word: there are fewer than [`LENGTH_MAX`].
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a text is as long as `LENGTH_MAX` at most")]
pub(crate) const fn narrow(position: usize) -> u32 {
    position as u32
}
