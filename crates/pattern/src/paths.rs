//! Many selectors followed at once: a tree of their steps, and one pass over a parsed value.
//!
//! In: selectors without wildcards, then values. Out: what each selector reaches, as if each were followed
//! alone. An object's members are read once for all selectors that go through it, and those that none goes
//! through are stepped over.
//!
//! Of members with the same name the last counts; so an object's members are first looked up, then followed.

use hashbrown::HashMap;
use hsmstream_json::{Node, NodeKind};

use crate::document::{Scalar, show};
use crate::selector::{Selector, Step};

/// Selectors as a tree; the root of the event is the first place.
#[derive(Debug, Default)]
pub struct Paths {
    places: Vec<Place>,
}

/// Where some selectors are after some steps.
#[derive(Debug, Default)]
struct Place {
    /// Selectors that end here.
    ends: Vec<usize>,
    names: HashMap<Box<[u8]>, usize, ahash::RandomState>,
    /// Lengths of the names, as bits; those from 63 on share one.
    lengths: u64,
    indices: Vec<(usize, usize)>,
}

/// What following needs to write.
#[derive(Debug, Default)]
pub struct PathScratch {
    /// For each member of the objects that are open, the place it leads to, or [`NOWHERE`].
    members: Vec<usize>,
    /// For each place, the last member that leads there.
    last: Vec<usize>,
    /// The value or name at hand, where it has to be unescaped.
    pub(crate) text: Vec<u8>,
}

const NOWHERE: usize = usize::MAX;

impl Paths {
    /// Whether there is no selector.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds a selector under a number; false if it has wildcards, which are not followed here.
    pub(crate) fn add(&mut self, number: usize, selector: &Selector) -> bool {
        if selector.is_wildcard() {
            return false;
        }
        let mut at = 0;
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        for step in selector.steps() {
            let next = self.places.len();
            let Some(place) = self.places.get_mut(at) else { return false };
            let reached = match step {
                Step::Name(name) => {
                    place.lengths |= length_bit(name.len());
                    *place.names.entry(name.clone()).or_insert(next)
                }
                Step::Index(index) => {
                    let Ok(index) = usize::try_from(*index) else { return false };
                    match place.indices.iter().find(|(known, _)| *known == index) {
                        Some((_, reached)) => *reached,
                        None => {
                            place.indices.push((index, next));
                            next
                        }
                    }
                }
                Step::AnyMember | Step::AnyElement => return false,
            };
            if reached == next {
                self.places.push(Place::default());
            }
            at = reached;
        }
        if let Some(place) = self.places.get_mut(at) {
            place.ends.push(number);
        }
        true
    }

    /// Calls `visit` with the number of each selector and the value it reaches.
    pub fn follow(
        &self,
        root: Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        scratch.members.clear();
        if scratch.last.len() < self.places.len() {
            scratch.last.resize(self.places.len(), 0);
        }
        if let Some(place) = self.places.first() {
            self.follow_from(place, root, scratch, visit);
        }
    }

    /// Recurses as deep as the longest selector.
    fn follow_from(
        &self,
        place: &Place,
        node: Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        for selector in &place.ends {
            show(node, &mut scratch.text, &mut |value| {
                visit(*selector, value);
                true
            });
        }
        match node.kind() {
            NodeKind::Object if !place.names.is_empty() => self.follow_members(place, node, scratch, visit),
            NodeKind::Array => {
                for (index, next) in &place.indices {
                    if let (Some(element), Some(next)) = (node.index(*index), self.places.get(*next)) {
                        self.follow_from(next, element, scratch, visit);
                    }
                }
            }
            _ => {}
        }
    }

    fn follow_members(
        &self,
        place: &Place,
        node: Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        let first = scratch.members.len();
        let mut is_any = false;
        for (name, _) in node.members() {
            let next = if name.is_escaped() {
                scratch.text.clear();
                name.unescape_into(&mut scratch.text);
                place.next(&scratch.text)
            } else {
                place.next(name.raw())
            };
            if let Some(last) = scratch.last.get_mut(next) {
                *last = scratch.members.len();
                is_any = true;
            }
            scratch.members.push(next);
        }
        if is_any {
            for (number, (_, value)) in (first..).zip(node.members()) {
                let Some(next) = scratch.members.get(number).copied() else { break };
                if let Some(place) = self.places.get(next)
                    && scratch.last.get(next) == Some(&number)
                {
                    self.follow_from(place, value, scratch, visit);
                }
            }
        }
        scratch.members.truncate(first);
    }
}

impl Place {
    fn next(&self, name: &[u8]) -> usize {
        if self.lengths & length_bit(name.len()) == 0 {
            return NOWHERE;
        }
        self.names.get(name).copied().unwrap_or(NOWHERE)
    }
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}
