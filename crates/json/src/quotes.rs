//! Where the strings of a JSON text begin and end: found for the whole text in one pass, 64 bytes at a time.
//!
//! In: bytes. Out: the positions of all quotes that no backslash escapes, in order; or that the text cannot be JSON.
//! Next: [`Tape`](crate::Tape), which reads what stands between the strings, and takes these in pairs.
//!
//! Checked for each string: no control character is in it, its escapes are right. *Not* checked: that quotes come in
//! pairs, and all that is outside of strings. There, a backslash spoils the pairs, and who reads the text from its
//! beginning meets the backslash before any wrong pair.
//!
//! ```text
//! escaped    = bytes behind a backslash that is not escaped itself
//! quotes     = '"' and not escaped
//! in strings = from every other quote to before the next one
//! ```

use crate::scan::{self, BLOCK, Found, Scanner, Task};

/// The longest text that is read: positions and one mark fit into 32 bits.
pub(crate) const LENGTH_MAX: usize = i32::MAX as usize;

/// Marks the closing quote of a string that holds escapes.
pub(crate) const ESCAPED: u32 = 1 << 31;

/// Places that are made at once when there are not enough.
const GROWTH: usize = 512;

/// Reusable storage for positions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quotes {
    places: Vec<u32>,
    count: usize,
}

/// What goes over from one block to the next.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// The first byte of the next block is escaped.
    is_escaped: bool,
    /// The string that is open at the end of the block holds an escape.
    is_marked: bool,
    /// There was a wrong escape.
    is_broken: bool,
}

/// Finds the quotes of the text.
struct Find<'q, 'a>(&'q mut Quotes, &'a [u8]);

/// A search on its way.
struct Search<'a> {
    text: &'a [u8],
    /// Where the next block begins.
    base: u32,
    places: Vec<u32>,
    count: usize,
    carry: Carry,
    /// Not 0: a string is broken.
    broken: u64,
}

impl Quotes {
    pub(crate) const fn new() -> Self {
        Self { places: Vec::new(), count: 0 }
    }

    /// Finds the quotes of `text`, which is [`LENGTH_MAX`] long at most. False if it is no JSON: then they mean nothing.
    #[inline]
    pub(crate) fn find(&mut self, text: &[u8]) -> bool {
        scan::dispatch(Find(self, text))
    }

    /// Pairs of an opening and a closing quote; the closing one may carry the mark [`ESCAPED`].
    #[inline]
    pub(crate) fn pairs(&self) -> &[[u32; 2]] {
        let (pairs, _) = self.places.get(..self.count).unwrap_or_default().as_chunks();
        pairs
    }
}

impl Search<'_> {
    #[inline(always)]
    fn run<S: Scanner>(&mut self, scanner: S) {
        let (blocks, rest) = self.text.as_chunks::<BLOCK>();
        for block in blocks {
            self.add(scanner.find(block));
        }
        if !rest.is_empty() {
            self.add(match self.text.last_chunk() {
                Some(last) => scanner.find(last).behind(BLOCK - rest.len()),
                None => {
                    let mut block = [b' '; BLOCK];
                    block.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
                    scanner.find(&block)
                }
            });
        }
    }

    /// Adds the quotes of the next block.
    #[inline(always)]
    fn add(&mut self, found: Found) {
        if self.places.len() < self.count.wrapping_add(BLOCK) {
            self.places = grown(core::mem::take(&mut self.places));
        }
        let free = self.places.get_mut(self.count..).and_then(<[u32]>::first_chunk_mut);
        let Some(free) = free else { return };
        let is_inside = self.count & 1 == 1;
        let mut quotes = found.quotes;
        if found.backslashes == 0 && self.carry.is_nothing() {
            write(free, self.base, quotes);
        } else {
            let escapes = Escapes { text: self.text, base: self.base, is_inside, carry: self.carry };
            (quotes, self.carry) = escapes.write(free, found);
        }
        self.count = self.count.wrapping_add(quotes.count_ones() as usize);
        if found.controls != 0 {
            let before = u64::from(is_inside).wrapping_neg();
            self.broken |= found.controls & (running_parity(quotes) ^ before);
        }
        self.base = self.base.wrapping_add(64);
    }
}

/// Positions written at once, whether there are so many or not; few blocks have more.
const AT_ONCE: usize = 8;

/// Writes the places of the bits, counted from `base`; behind them whatever.
#[inline(always)]
fn write(places: &mut [u32; BLOCK], base: u32, mut bits: u64) {
    let mut left = bits.count_ones() as usize;
    let (parts, _) = places.as_chunks_mut::<AT_ONCE>();
    for part in parts {
        for place in part {
            *place = base.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if left <= AT_ONCE {
            break;
        }
        left -= AT_ONCE;
    }
}

#[cold]
#[inline(never)]
fn grown(mut places: Vec<u32>) -> Vec<u32> {
    places.resize((places.len() * 2).max(GROWTH), 0);
    places
}

/// A block with escapes, or behind one.
struct Escapes<'a> {
    text: &'a [u8],
    base: u32,
    /// The block begins inside a string.
    is_inside: bool,
    carry: Carry,
}

impl Escapes<'_> {
    /// Writes the places of the quotes that are not escaped, with their marks; returns them as bits, and what goes over
    /// to the next block.
    #[inline(never)]
    fn write(self, places: &mut [u32; BLOCK], found: Found) -> (u64, Carry) {
        let Self { text, base, mut is_inside, mut carry } = self;
        let escaped = carry.escaped(found.backslashes);
        carry.is_broken |= !are_escapes(text, base, escaped);
        let quotes = found.quotes & !escaped;
        let (mut left, mut marks) = (quotes, found.backslashes);
        for place in places {
            if left == 0 {
                break;
            }
            let bit = left & left.wrapping_neg();
            let before = bit.wrapping_sub(1);
            let is_marked = is_inside && (carry.is_marked || marks & before != 0);
            *place = base.wrapping_add(bit.trailing_zeros()) | if is_marked { ESCAPED } else { 0 };
            carry.is_marked = false;
            is_inside = !is_inside;
            marks &= !before;
            left ^= bit;
        }
        carry.is_marked |= marks != 0;
        (quotes, carry)
    }
}

impl Carry {
    #[inline(always)]
    const fn is_nothing(self) -> bool {
        !self.is_escaped && !self.is_marked
    }

    /// The bytes that are escaped: behind each run of backslashes of odd length, and every other one within.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.is_escaped);
        let mut left = backslashes & !escaped;
        self.is_escaped = false;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            self.is_escaped = bit << 1 == 0;
            escaped |= bit << 1;
            left &= !(bit | bit << 1);
        }
        escaped
    }
}

impl Task for Find<'_, '_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> bool {
        let Self(quotes, text) = self;
        let places = core::mem::take(&mut quotes.places);
        let mut search = Search { text, base: 0, places, count: 0, carry: Carry::default(), broken: 0 };
        search.run(scanner);
        quotes.places = search.places;
        quotes.count = search.count;
        search.broken == 0 && !search.carry.is_broken
    }
}

/// Each bit: whether an odd number of bits is set up to there, itself included.
#[inline(always)]
const fn running_parity(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// Whether what stands behind backslashes makes an escape, for each set bit.
fn are_escapes(text: &[u8], base: u32, mut escaped: u64) -> bool {
    while escaped != 0 {
        let at = base.wrapping_add(escaped.trailing_zeros()) as usize;
        if at.checked_sub(1).is_none_or(|at| scan::escape(text, at).is_err()) {
            return false;
        }
        escaped &= escaped.wrapping_sub(1);
    }
    true
}

#[cfg(test)]
mod tests;
