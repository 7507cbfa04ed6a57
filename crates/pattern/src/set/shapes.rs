//! The shapes that are remembered, and which of them a record has.
//!
//! In: a record with its outline. Out: what was decided for all records of its shape ([`Known`]), or nothing:
//! then the record is matched as if there were no memory.
//!
//! A shape is found by its mark in a table of two places a mark, and believed only if all fixed text is
//! equal; so a forged mark costs a comparison. What may be remembered is limited three ways, since shapes
//! come from outside: [`SHAPES_MAX`] shapes and [`WEIGHT_MAX`] of memory; a shape is learned when seen twice;
//! and learning, which looks at every pattern, is paid from a credit that grows by one a record and covers
//! the first [`SHAPES_MAX`] shapes. When the table is full a new shape takes the place of one that was not
//! seen since the hand passed it, so what is seen often stays. A flood of shapes thus costs each record its
//! share of 1 / [`LEARNING_COST`] of learning, and the path without memory.

use std::sync::Arc;

use super::Set;
use super::learn::Known;
use crate::shape::{Gist, Outline};

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
    /// The gists of the shapes, as far as one of their records had one.
    gists: Vec<Gist>,
    /// The same as `places`, by gists.
    gist_places: Box<[u16; PLACES]>,
    /// Marks that were seen and not found, by their last bits.
    seen: Vec<u64>,
    credit: usize,
    weight: usize,
    /// The next shape that may lose its place.
    hand: usize,
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
            gists: vec![Gist::NONE; SHAPES_MAX],
            gist_places: Box::new([0; PLACES]),
            seen: Vec::new(),
            credit: CREDIT_MAX,
            weight: 0,
            hand: 0,
        }
    }
}

impl Shapes {
    /// What is known of records with this gist.
    #[inline(always)]
    pub(super) fn find_alike(&mut self, set: &Set, gist: Gist) -> Option<&Known> {
        if gist.is_none() || !self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &set.identity)) {
            return None;
        }
        let place = place(gist.mark());
        let number = self.number_alike(place, gist).or_else(|| self.number_alike(place ^ 1, gist))?;
        self.known(number)
    }

    #[inline(always)]
    fn number_alike(&self, place: usize, gist: Gist) -> Option<usize> {
        let number = usize::from(*self.gist_places.get(place)?).wrapping_sub(1);
        (*self.gists.get(number)? == gist).then_some(number)
    }

    /// Lets a shape be found by the gist of one of its records.
    pub(super) fn name(&mut self, number: usize, gist: Gist) {
        let place = place(gist.mark());
        let is_known =
            [place, place ^ 1].into_iter().any(|place| self.number_alike(place, gist) == Some(number));
        if gist.is_none() || is_known {
            return;
        }
        let is_taken = self.gist_places.get(place).is_some_and(|number| *number != 0);
        let place = if is_taken { place ^ 1 } else { place };
        if let (Some(known), Some(place), Ok(entry)) =
            (self.gists.get_mut(number), self.gist_places.get_mut(place), u16::try_from(number + 1))
        {
            *known = gist;
            *place = entry;
        }
    }

    /// The number of the shape of this record, if it is known.
    #[inline(always)]
    pub(super) fn find(&self, set: &Set, form: &[u8], outline: &Outline) -> Option<usize> {
        if !self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &set.identity)) {
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
        let known = self.known.get_mut(number)?;
        known.is_used = true;
        Some(known)
    }

    /// Whether the shape of a record that was not found should be learned.
    pub(super) fn admits(&mut self, set: &Set, form: &[u8], outline: &Outline) -> bool {
        if set.shapes_max == 0 || form.len() > EVENT_BYTES_MAX {
            return false;
        }
        if !self.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, &set.identity)) {
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
    pub(super) fn insert(&mut self, set: &Set, known: Known) -> Option<usize> {
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
        match self.known.get_mut(number) {
            Some(old) => *old = known,
            None => self.known.push(known),
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
            match self.known.get_mut(number) {
                Some(known) if known.is_used => known.is_used = false,
                _ => break,
            }
        }
        if let Some(known) = self.known.get_mut(number) {
            self.weight -= known.weight();
            *known = Known::default();
        }
        if let Some(gist) = self.gists.get_mut(number) {
            *gist = Gist::NONE;
        }
        for place in self.places.iter_mut().chain(&mut *self.gist_places) {
            if usize::from(*place) == number + 1 {
                *place = 0;
            }
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
