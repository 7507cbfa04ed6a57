//! Finds which of many texts occur, looking at few places.
//!
//! In: texts, then an event. Out: the atoms of the texts that occur, some of them more than once.
//!
//! ```text
//! at every s-th place: a gram's hash → at which distances before the end of a text it stands; mostly none
//! for each distance:   the last bytes of such a text, all compared → the texts that end so
//! for each of these:   the text, compared
//! ```
//!
//! Limits: an event that costs more comparisons than [`PLACES_PER_STEP`] allows, as it is made of ends of
//! texts, is given up; who asked takes the automaton then, so the time is linear whatever the event.

use hashbrown::HashMap;

use super::filter::{Bits, bits, spread};
use super::grams::{Grams, Tails};

/// An index of texts by their last bytes.
#[derive(Debug)]
pub(super) struct Sieve {
    grams: Grams,
    /// By hash: the distances from the end of a text at which the gram stands, a bit each.
    distances: Box<[u8]>,
    /// How far a hash is shifted to be a place in `distances`.
    shift: u32,
    tails: Tails,
    /// The tails; may hold some others.
    tail_bits: Bits<3>,
    /// By tail: the part of `texts` that end so.
    by_tail: HashMap<u64, (usize, usize), ahash::RandomState>,
    texts: Box<[(Box<[u8]>, usize)]>,
}

/// Bytes of an event for which a tail is looked up, or a text compared.
const PLACES_PER_STEP: usize = 2;

/// Bytes of a text that are compared in one step.
const COMPARED_PER_STEP: usize = 64;

/// Steps that the shortest event may take.
const STEPS_MIN: usize = 64;

/// Places of the table for each gram: one sample in 16 looks further for nothing, unless there are too many.
const PLACES_PER_GRAM: usize = 16;
const PLACES_MIN: usize = 1 << 8;
const PLACES_MAX: usize = 1 << 16;

impl Sieve {
    /// `None` if there are no texts, or one is too short to be found so.
    pub(super) fn build(texts: &[(Box<[u8]>, usize)]) -> Option<Self> {
        let shortest = texts.iter().map(|(text, _)| text.len()).min()?;
        let grams = Grams::of(shortest)?;
        let tails = Tails::of(shortest);
        let mut ends: Vec<(u64, &[u8], usize)> = texts
            .iter()
            .filter_map(|(text, atom)| Some((tails.before(text.len(), text)?, &**text, *atom)))
            .collect();
        ends.sort_unstable();
        let count = texts.len() * grams.stride() * PLACES_PER_GRAM;
        let places = count.next_power_of_two().clamp(PLACES_MIN, PLACES_MAX);
        let mut sieve = Self {
            grams,
            distances: vec![0; places].into_boxed_slice(),
            shift: 32 - places.ilog2(),
            tails,
            tail_bits: Bits::of(ends.iter().map(|(tail, ..)| spread(*tail)).collect()),
            by_tail: HashMap::with_hasher(ahash::RandomState::with_seeds(0x73, 0x69, 0x65, 0x76)),
            texts: ends.iter().map(|(_, text, atom)| (Box::from(*text), *atom)).collect(),
        };
        for (number, (tail, text, _)) in ends.iter().enumerate() {
            sieve.by_tail.entry(*tail).or_insert((number, number)).1 = number + 1;
            for (distance, gram) in grams.of_text(text).enumerate() {
                let place = sieve.place(gram);
                if let Some(distances) = sieve.distances.get_mut(place) {
                    *distances |= 1 << distance;
                }
            }
        }
        Some(sieve)
    }

    /// Calls `hit` with the atoms of texts that occur. False: it was given up, and some may be missing.
    #[inline(never)]
    pub(super) fn each(&self, event: &[u8], mut hit: impl FnMut(usize)) -> bool {
        let mut steps = STEPS_MIN + event.len() / PLACES_PER_STEP;
        let distances = |gram| self.distances.get(self.place(gram)).copied().unwrap_or_default();
        let is_given_up = self.grams.any(
            event,
            |gram| distances(gram) != 0,
            |end, gram| {
                steps = self.look_behind(end, distances(gram), event, steps, &mut hit);
                steps == 0
            },
        );
        !is_given_up
    }

    /// Compares what may end at the distances behind `end`; says how many steps are left.
    #[inline(never)]
    fn look_behind(
        &self,
        end: usize,
        distances: u8,
        event: &[u8],
        mut steps: usize,
        hit: &mut impl FnMut(usize),
    ) -> usize {
        for distance in bits(distances) {
            let end = end + distance;
            steps = steps.saturating_sub(1);
            let Some(tail) = self.tails.before(end, event) else { continue };
            if !self.tail_bits.may_hold(spread(tail)) {
                continue;
            }
            let front = event.get(..end).unwrap_or_default();
            let (first, last) = self.by_tail.get(&tail).copied().unwrap_or_default();
            for (text, atom) in self.texts.get(first..last).unwrap_or_default() {
                steps = steps.saturating_sub(1 + text.len() / COMPARED_PER_STEP);
                if steps == 0 {
                    return 0;
                }
                if front.ends_with(text) {
                    hit(*atom);
                }
            }
        }
        steps
    }

    #[inline(always)]
    fn place(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests;
