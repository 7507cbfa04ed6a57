//! Filters: cheap answers to "may the value be one of these constants", "may the text hold one of these".
//!
//! A filter errs on one side only: what it refuses is surely not there. Both kinds keep hashes of a few bytes
//! in a small table of bits.

use super::grams::{Grams, Tails};
use crate::shape::{Glance, text_sketch};

/// For the values of a selector.
#[derive(Debug)]
pub(super) struct ValueFilter {
    constants: Bits,
    parts: TextFilter,
}

/// For texts that may hold one of some others.
#[derive(Debug)]
pub(super) struct TextFilter {
    /// Length of the shortest of the others; the largest number if there are none.
    shortest: usize,
    /// `None` if one is too short, so that it may be anywhere.
    ends: Option<Ends>,
}

/// The ends of texts, ASCII letters in lower case and other bytes changed likewise.
#[derive(Debug)]
struct Ends {
    grams: Grams,
    gram_bits: Bits,
    tails: Tails,
    tail_bits: Bits,
}

/// A set of numbers; may hold some that were not added.
#[derive(Debug, Default)]
pub(super) struct Bits {
    words: Box<[u64]>,
}

impl ValueFilter {
    /// A filter for values that are one of the constants, by their sketches, or hold one of the parts.
    pub(super) fn of(constants: &[u64], parts: &[&[u8]]) -> Self {
        Self { constants: Bits::of(constants.to_vec()), parts: TextFilter::of(parts) }
    }

    /// Whether the value with this sketch may be wanted; only if there are no parts.
    #[inline]
    pub(super) fn may_want_sketch(&self, sketch: u64) -> bool {
        self.constants.may_hold(sketch)
    }

    /// Whether there are parts: then a sketch is not enough.
    pub(super) const fn has_parts(&self) -> bool {
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
        Self { shortest, ends }
    }

    /// Fewest bytes of a text that may hold one of the others.
    #[inline]
    pub(super) const fn shortest(&self) -> usize {
        self.shortest
    }

    /// Whether the text may hold one of the others, ASCII letters in any case.
    #[inline]
    pub(super) fn may_find(&self, text: &[u8]) -> bool {
        self.shortest <= text.len() && self.ends.as_ref().is_none_or(|ends| ends.may_be_in(text))
    }
}

impl Ends {
    fn of(texts: &[&[u8]], grams: Grams, tails: Tails) -> Self {
        let all_grams = texts.iter().flat_map(|text| grams.of_text(text)).map(gram_sketch);
        let all_tails = texts.iter().filter_map(|text| tails.before(text.len(), text)).map(tail_sketch);
        Self {
            grams,
            gram_bits: Bits::of(all_grams.collect()),
            tails,
            tail_bits: Bits::of(all_tails.collect()),
        }
    }

    #[inline]
    fn may_be_in(&self, text: &[u8]) -> bool {
        self.grams
            .any(text, |end, gram| self.gram_bits.may_hold(gram_sketch(gram)) && self.may_end_from(end, text))
    }

    /// Whether one may end where a gram does, or at a place behind it that no other sample looks at.
    #[inline]
    fn may_end_from(&self, end: usize, text: &[u8]) -> bool {
        let ends = end..end + self.grams.stride();
        ends.filter_map(|end| self.tails.before(end, text))
            .any(|tail| self.tail_bits.may_hold(tail_sketch(tail)))
    }
}

impl Bits {
    pub(super) fn of(mut numbers: Vec<u64>) -> Self {
        if numbers.is_empty() {
            return Self::default();
        }
        numbers.sort_unstable();
        numbers.dedup();
        // 32 bits and more a number: one question in 32 at most is answered wrongly.
        let count = (numbers.len() / 2 + 1).next_power_of_two();
        let mut bits = Self { words: vec![0; count].into_boxed_slice() };
        for number in numbers {
            let (word, bit) = bits.place(number);
            if let Some(word) = bits.words.get_mut(word) {
                *word |= 1 << bit;
            }
        }
        bits
    }

    #[inline]
    pub(super) fn may_hold(&self, number: u64) -> bool {
        let (word, bit) = self.place(number);
        self.words.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }

    #[inline]
    fn place(&self, number: u64) -> (usize, u64) {
        let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (usize::try_from(product >> 32).unwrap_or_default() & self.words.len().wrapping_sub(1), product >> 58)
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
    tail | 0x2020_2020_2020_2020
}

#[cfg(test)]
mod tests;
