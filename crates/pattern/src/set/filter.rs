//! Filters: cheap answers to "may the value be one of these constants", "may the text hold one of these".
//!
//! A filter errs on one side only: what it refuses is surely not there. Both kinds keep hashes of a few bytes
//! in a small table of bits.

use super::grams::{Grams, Tails};
use crate::shape::{Glance, text_sketch};

/// For the values of a selector.
#[derive(Debug)]
pub(super) struct ValueFilter {
    constants: Bits<1>,
    parts: TextFilter,
}

/// For texts that may hold one of some others.
#[derive(Debug)]
pub(super) struct TextFilter {
    /// Length of the shortest of the others; the largest number if there are none.
    shortest: usize,
    /// A byte that all others have and that the words of records do not.
    shared: Option<u8>,
    /// `None` if one is too short, so that it may be anywhere.
    ends: Option<Ends>,
}

/// The ends of texts, ASCII letters in lower case and other bytes changed likewise.
#[derive(Debug)]
struct Ends {
    grams: Grams,
    gram_bits: Bits<1>,
    /// By hash of a gram: at which distances before the end it stands, a bit each.
    distances: Box<[u8]>,
    tails: Tails,
    tail_bits: Bits<3>,
}

/// A set of numbers, `MARKS` bits for each, 1 to 3; may hold some that were not added, the fewer the more bits.
#[derive(Debug, Default)]
pub(super) struct Bits<const MARKS: usize> {
    words: Box<[u64]>,
}

impl ValueFilter {
    /// A filter for values that are one of the constants, by their sketches, or hold one of the parts.
    pub(super) fn of(constants: &[u64], parts: &[&[u8]]) -> Self {
        Self { constants: Bits::of(constants.to_vec()), parts: TextFilter::of(parts) }
    }

    /// Whether there are parts.
    const fn has_parts(&self) -> bool {
        self.parts.shortest != usize::MAX
    }

    /// Whether the value may be wanted.
    #[inline]
    pub(super) fn may_want(&self, value: Glance<'_>) -> bool {
        match value {
            Glance::Nothing => false,
            Glance::Number(number) => self.has_parts() || self.constants.may_hold(number),
            Glance::Text(text) => self.constants.may_hold(text_sketch(text)) || self.parts.may_find(text),
            Glance::Unknown => true,
        }
    }
}

impl TextFilter {
    pub(super) fn of(texts: &[&[u8]]) -> Self {
        let shortest = texts.iter().map(|text| text.len()).min().unwrap_or(usize::MAX);
        let ends = Grams::of(shortest).map(|grams| Ends::of(texts, grams, Tails::of(shortest)));
        Self { shortest, shared: shared_byte(texts), ends }
    }

    /// Fewest bytes of a text that may hold one of the others.
    #[inline]
    pub(super) const fn shortest(&self) -> usize {
        self.shortest
    }

    /// Whether the text may hold one of the others, ASCII letters in any case.
    #[inline]
    pub(super) fn may_find(&self, text: &[u8]) -> bool {
        self.shortest <= text.len()
            && (text.len() < LONG_BYTES_MIN || self.has_shared(text))
            && self.ends.as_ref().is_none_or(|ends| ends.may_be_in(text))
    }

    #[inline(never)]
    fn has_shared(&self, text: &[u8]) -> bool {
        self.shared.is_none_or(|byte| memchr::memchr(byte, text).is_some())
    }
}

/// Texts of so many bytes at least are worth a search for one byte first.
const LONG_BYTES_MIN: usize = 64;

/// A byte that all texts have, and that is no letter, digit, blank or mark of a line of a record.
fn shared_byte(texts: &[&[u8]]) -> Option<u8> {
    let (first, others) = texts.split_first()?;
    let is_rare = |byte: u8| !byte.is_ascii_alphanumeric() && !b" \t\n:_".contains(&byte);
    first.iter().copied().find(|byte| is_rare(*byte) && others.iter().all(|text| text.contains(byte)))
}

impl Ends {
    fn of(texts: &[&[u8]], grams: Grams, tails: Tails) -> Self {
        let all_grams = texts.iter().flat_map(|text| grams.of_text(text)).map(gram_sketch);
        let all_tails = texts.iter().filter_map(|text| tails.before(text.len(), text)).map(tail_sketch);
        let gram_bits = Bits::of(all_grams.collect());
        let mut ends = Self {
            grams,
            distances: vec![0; gram_bits.capacity()].into_boxed_slice(),
            gram_bits,
            tails,
            tail_bits: Bits::of(all_tails.collect()),
        };
        for text in texts {
            for (distance, gram) in grams.of_text(text).enumerate() {
                let place = ends.place(gram);
                if let Some(distances) = ends.distances.get_mut(place) {
                    *distances |= 1 << distance;
                }
            }
        }
        ends
    }

    #[inline(never)]
    fn may_be_in(&self, text: &[u8]) -> bool {
        let may_be = |gram| self.gram_bits.may_hold(gram_sketch(gram));
        self.grams.any(text, may_be, |end, gram| self.may_end_from(end, gram, text))
    }

    /// Whether one may end as far behind the end of a gram as in some text.
    #[inline(never)]
    fn may_end_from(&self, end: usize, gram: u32, text: &[u8]) -> bool {
        let distances = self.distances.get(self.place(gram)).copied().unwrap_or_default();
        bits(distances).any(|distance| {
            let tail = self.tails.before(end + distance, text);
            tail.is_some_and(|tail| self.tail_bits.may_hold(tail_sketch(tail)))
        })
    }

    #[inline]
    fn place(&self, gram: u32) -> usize {
        let hash = usize::try_from(spread(gram_sketch(gram)) & 0xffff_ffff).unwrap_or_default();
        hash & self.distances.len().wrapping_sub(1)
    }
}

/// The places of the bits that are set.
#[inline]
pub(super) fn bits(mut set: u8) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let place = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (place < u8::BITS).then_some(place as usize)
    })
}

impl<const MARKS: usize> Bits<MARKS> {
    pub(super) fn of(mut numbers: Vec<u64>) -> Self {
        if numbers.is_empty() {
            return Self::default();
        }
        numbers.sort_unstable();
        numbers.dedup();
        // A word for two numbers or less: one question in 32 is answered wrongly, with three marks one in 1000.
        let count = (numbers.len() / 2 + 1).next_power_of_two();
        let mut bits = Self { words: vec![0; count].into_boxed_slice() };
        for number in numbers {
            let (word, marks) = bits.place(number);
            if let Some(word) = bits.words.get_mut(word) {
                marks.for_each(|mark| *word |= 1 << mark);
            }
        }
        bits
    }

    /// How many numbers there is room for, a power of two.
    const fn capacity(&self) -> usize {
        self.words.len() * 2
    }

    #[inline(always)]
    pub(super) fn may_hold(&self, number: u64) -> bool {
        let (word, mut marks) = self.place(number);
        self.words.get(word).is_some_and(|word| marks.all(|mark| word >> mark & 1 == 1))
    }

    /// The word of a number, and its bits there.
    #[inline(always)]
    fn place(&self, number: u64) -> (usize, impl Iterator<Item = u64> + use<MARKS>) {
        const { assert!(0 < MARKS && MARKS <= 3, "a product has bits for a word and three marks") };
        let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = usize::try_from(product >> 32).unwrap_or_default();
        let marks = (0..MARKS).map(move |mark| product >> (58 - 6 * mark) & 63);
        (word & self.words.len().wrapping_sub(1), marks)
    }
}

/// Of a gram in any case.
#[inline(always)]
fn gram_sketch(gram: u32) -> u64 {
    u64::from(gram | 0x2020_2020)
}

/// Of a tail in any case.
#[inline(always)]
fn tail_sketch(tail: u64) -> u64 {
    spread(tail | 0x2020_2020_2020_2020)
}

/// Another number for each number. Tails are alike in most bits; [`Bits`] alone take one in 50 for another.
#[inline(always)]
pub(super) fn spread(number: u64) -> u64 {
    let product = number.wrapping_mul(0xd6e8_feb8_6659_fd93);
    product ^ product >> 32
}

#[cfg(test)]
mod tests;
