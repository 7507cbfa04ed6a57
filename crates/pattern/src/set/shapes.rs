//! The shapes that are remembered, and which of them a record has.
//!
//! In: a record with its outline. Out: what was decided for all records of its shape ([`Known`]), or nothing:
//! then the record is matched as if there were no memory.
//!
//! A shape is found by the gist of a record ([`Gist`]), if it has one, in a table that also says which records of
//! the shape no pattern matches ([`Silence`]): most records are done there. Else it is found by its mark in a
//! table of two places a mark, and believed only if all fixed text is equal; so a forged mark costs a comparison.
//!
//! What may be remembered is limited three ways, since shapes come from outside: [`SHAPES_MAX`] shapes and
//! [`WEIGHT_MAX`] of memory; a shape is learned when seen twice; and learning, which looks at every pattern, is
//! paid from a credit that grows by one a record and covers the first [`SHAPES_MAX`] shapes. When the table is
//! full a new shape takes the place of one that was not seen since the hand passed it, so what is seen often
//! stays. A flood of shapes thus costs each record its share of 1 / [`LEARNING_COST`] of learning, and the path
//! without memory.

use std::sync::Arc;

use super::Set;
use super::filter::Bits;
use super::learn::{Known, Silence};
use crate::shape::{Gist, Outline, SKETCHES};

/// Most shapes of one thread.
pub(crate) const SHAPES_MAX: usize = 256;
/// Most bytes of an event whose shape is remembered.
const EVENT_BYTES_MAX: usize = 4096;
/// Most nodes, waiting entries and bytes of text of all shapes together.
const WEIGHT_MAX: usize = 1 << 20;
/// Records for which learning a shape has to be saved up.
const LEARNING_COST: usize = 4096;
const CREDIT_MAX: usize = SHAPES_MAX * LEARNING_COST;
/// Marks find their shape at one of two places; four places a shape leave few marks without.
const PLACES: usize = SHAPES_MAX * 4;
/// Marks seen once that are kept in mind.
const SEEN: usize = 128;

/// The shapes of one set, kept by one thread.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Whose they are.
    owner: Option<Arc<Identity>>,
    known: Vec<Known>,
    /// Number of the shape in `known`, from 1.
    places: Box<[u16; PLACES]>,
    /// The shapes by gists, at places as of marks, as far as one of their records had one.
    alike: Box<[Alike; PLACES]>,
    /// The sketches that somebody waits for in any shape that was learned, by their places.
    awaited: [Awaited; SKETCHES],
    /// Which shapes were found since the hand passed.
    used: Box<[bool; SHAPES_MAX]>,
    /// Marks that were seen and not found, by their last bits.
    seen: Vec<u64>,
    credit: usize,
    weight: usize,
    /// The next shape that may lose its place.
    hand: usize,
}

/// A shape, by what its records have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alike {
    gist: Gist,
    /// Its number.
    pub(super) number: usize,
    silence: Silence,
}

impl Alike {
    const NONE: Self =
        Self { gist: Gist::NONE, number: usize::MAX, silence: Silence { slot: 0, shorter: 0, asks: false } };
}

/// Sketches that somebody waits for: at most as many as the set has constants.
#[derive(Debug, Default)]
struct Awaited {
    sketches: Vec<u64>,
    bits: Bits<1>,
}

impl Awaited {
    fn add(&mut self, sketches: impl Iterator<Item = u64>) {
        let before = self.sketches.len();
        self.sketches.extend(sketches);
        self.sketches.sort_unstable();
        self.sketches.dedup();
        if self.sketches.len() != before {
            self.bits = Bits::of(self.sketches.clone());
        }
    }
}

/// Tells sets apart, as long as somebody keeps it.
#[derive(Debug, Default)]
pub(super) struct Identity(());

impl Default for Shapes {
    fn default() -> Self {
        Self {
            owner: None,
            known: Vec::new(),
            places: Box::new([0; PLACES]),
            alike: Box::new([Alike::NONE; PLACES]),
            awaited: core::array::from_fn(|_| Awaited::default()),
            used: Box::new([false; SHAPES_MAX]),
            seen: Vec::new(),
            credit: CREDIT_MAX,
            weight: 0,
            hand: 0,
        }
    }
}

impl Shapes {
    /// The shape of records with this gist, if it is known.
    #[inline(always)]
    pub(super) fn find_alike(&mut self, set: &Set, gist: Gist) -> Option<Alike> {
        if gist.is_none() || !self.is_of(set) {
            return None;
        }
        let place = place(gist.mark());
        let alike = match self.alike(place, gist) {
            Some(alike) => alike,
            None => self.alike(place ^ 1, gist)?,
        };
        *self.used.get_mut(alike.number)? = true;
        Some(alike)
    }

    #[inline(always)]
    fn alike(&self, place: usize, gist: Gist) -> Option<Alike> {
        self.alike.get(place).filter(|alike| alike.gist == gist).copied()
    }

    /// Whether it is known of records with this gist that no pattern matches them, if free parts have at most as many bytes
    /// as `length_max` says and the sketches are these.
    #[inline(always)]
    pub(super) fn is_silent(
        &mut self,
        set: &Set,
        gist: Gist,
        length_max: impl FnOnce(usize) -> Option<usize>,
        sketches: impl FnOnce() -> [u64; SKETCHES],
    ) -> bool {
        let Some(Alike { silence: Silence { slot, shorter, asks }, .. }) = self.find_alike(set, gist) else {
            return false;
        };
        let is_short = shorter == u32::MAX
            || shorter != 0 && length_max(usize::from(slot)).is_some_and(|length| length < shorter as usize);
        is_short
            && (!asks || {
                let mut both = self.awaited.iter().zip(sketches());
                !both.any(|(awaited, sketch)| awaited.bits.may_hold(sketch))
            })
    }

    /// Lets a shape be found by the gist of one of its records.
    pub(super) fn name(&mut self, number: usize, gist: Gist) {
        let place = place(gist.mark());
        if gist.is_none() || [place, place ^ 1].into_iter().any(|place| self.alike(place, gist).is_some()) {
            return;
        }
        let silence = self.known.get(number).map(Known::silence).unwrap_or_default();
        let is_taken = self.alike.get(place).is_some_and(|alike| !alike.gist.is_none());
        if let Some(alike) = self.alike.get_mut(if is_taken { place ^ 1 } else { place }) {
            *alike = Alike { gist, number, silence };
        }
    }

    /// Whether the shapes are those of a set.
    #[inline(always)]
    fn is_of(&self, set: &Set) -> bool {
        self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &set.identity))
    }

    /// The number of the shape of this record, if it is known.
    #[inline(always)]
    pub(super) fn find(&self, set: &Set, form: &[u8], outline: &Outline) -> Option<usize> {
        if !self.is_of(set) {
            return None;
        }
        let place = place(outline.mark);
        self.number_at(place, form, outline).or_else(|| self.number_at(place ^ 1, form, outline))
    }

    #[inline(always)]
    fn number_at(&self, place: usize, form: &[u8], outline: &Outline) -> Option<usize> {
        let number = usize::from(*self.places.get(place)?).wrapping_sub(1);
        let known = self.known.get(number)?;
        (known.mark == outline.mark && known.form.fits(form, outline)).then_some(number)
    }

    /// What is known of a shape.
    #[inline]
    pub(super) fn known(&mut self, number: usize) -> Option<&Known> {
        *self.used.get_mut(number)? = true;
        self.known.get(number)
    }

    /// Whether the shape of a record that was not found should be learned.
    pub(super) fn admits(&mut self, set: &Set, form: &[u8], outline: &Outline) -> bool {
        if set.shapes_max == 0 || form.len() > EVENT_BYTES_MAX {
            return false;
        }
        if !self.is_of(set) {
            *self = Self { owner: Some(Arc::clone(&set.identity)), ..Self::default() };
            self.seen.resize(SEEN, 0);
        }
        self.credit = (self.credit + 1).min(CREDIT_MAX);
        let Some(seen) = self.seen.get_mut(place(outline.mark) % SEEN) else { return false };
        if *seen != outline.mark {
            *seen = outline.mark;
            return false;
        }
        if self.credit < LEARNING_COST {
            return false;
        }
        self.credit -= LEARNING_COST;
        true
    }

    /// Remembers a shape, in the place of another if need be.
    pub(super) fn insert(&mut self, set: &Set, mut known: Known) -> Option<usize> {
        let max = set.shapes_max.min(SHAPES_MAX);
        let number = if self.known.len() < max { self.known.len() } else { self.free() };
        let weight = known.weight();
        if self.weight + weight > WEIGHT_MAX {
            self.free();
            return None;
        }
        let place = place(known.mark);
        let is_taken = self.places.get(place).is_some_and(|number| *number != 0);
        let place = if is_taken { place ^ 1 } else { place };
        let (entry, place) = (u16::try_from(number + 1).ok()?, self.places.get_mut(place)?);
        *place = entry;
        self.weight += weight;
        let sketched = core::mem::take(&mut known.sketched);
        for (place, awaited) in self.awaited.iter_mut().enumerate() {
            awaited.add(sketched.iter().filter(|(of, _)| *of == place).map(|(_, sketch)| *sketch));
        }
        match self.known.get_mut(number) {
            Some(old) => *old = known,
            None => self.known.push(known),
        }
        if let Some(used) = self.used.get_mut(number) {
            *used = true;
        }
        Some(number)
    }

    /// Forgets the next shape that was not seen since the hand passed last.
    fn free(&mut self) -> usize {
        let count = self.known.len().max(1);
        let mut number = 0;
        for _ in 0..2 * count {
            number = self.hand % count;
            self.hand = number + 1;
            match self.used.get_mut(number) {
                Some(used) if *used => *used = false,
                _ => break,
            }
        }
        if let Some(known) = self.known.get_mut(number) {
            self.weight -= known.weight();
            *known = Known::default();
        }
        self.places
            .iter_mut()
            .filter(|place| usize::from(**place) == number + 1)
            .for_each(|place| *place = 0);
        for alike in self.alike.iter_mut().filter(|alike| alike.number == number) {
            *alike = Alike::NONE;
        }
        number
    }
}

/// The first of the two places of a mark. The highest bits are those of a product that depend on all others.
#[inline]
const fn place(mark: u64) -> usize {
    (mark >> 54) as usize
}

const _: () = assert!(PLACES == 1 << 10, "a place is ten bits of the mark");
