//! Many selectors followed at once: a tree of their steps, and one pass over a parsed value.
//!
//! In: selectors without wildcards, then values. Out: what each selector reaches, as if each were followed
//! alone. An object's members are read once for all selectors that go through it, and those that none goes
//! through are stepped over.
//!
//! Of members with the same name the last counts; so an object's members are first looked up, then followed.

use hsmstream_json::{Mark, Node, NodeKind};

use crate::document::{Scalar, scalar};
use crate::names::Names;
use crate::selector::{Selector, Step};
use crate::walk::Branch;

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
    /// Where members lead.
    names: Names,
    /// Where elements lead, by their numbers, ascending.
    indices: Vec<(usize, usize)>,
}

/// What following needs to write.
#[derive(Debug, Default)]
pub struct PathScratch {
    /// Of the objects that are open, the members that lead somewhere, of the same name the last: where to, and the
    /// value.
    members: Vec<(usize, Mark)>,
    /// For each place, the number that a member that leads there had in `members`.
    last: Vec<usize>,
    /// Of the objects that wildcards are followed through, the members and their names.
    pub(crate) branches: Vec<Branch>,
    pub(crate) names: Vec<u8>,
    /// The value or name at hand, where it has to be unescaped.
    pub(crate) text: Vec<u8>,
}

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
                Step::Name(name) => match place.names.find(name) {
                    Some(reached) => reached,
                    None => {
                        place.names.add(name, next);
                        next
                    }
                },
                Step::Index(index) => {
                    let Ok(index) = usize::try_from(*index) else { return false };
                    match place.indices.binary_search_by_key(&index, |(known, _)| *known) {
                        Ok(known) => place.indices.get(known).map_or(next, |(_, reached)| *reached),
                        Err(behind) => {
                            place.indices.insert(behind, (index, next));
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
            self.follow_from(place, &root, scratch, visit);
        }
    }

    /// Recurses as deep as the longest selector.
    fn follow_from(
        &self,
        place: &Place,
        node: &Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        for selector in &place.ends {
            visit(*selector, scalar(node, &mut scratch.text));
        }
        match node.kind() {
            NodeKind::Object if !place.names.is_empty() => self.follow_members(place, node, scratch, visit),
            NodeKind::Array => self.follow_elements(place, node, scratch, visit),
            _ => {}
        }
    }

    fn follow_elements(
        &self,
        place: &Place,
        node: &Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        let (mut elements, mut passed) = (node.elements(), 0);
        for (index, next) in &place.indices {
            let Some(element) = elements.nth(index.saturating_sub(passed)) else { return };
            passed = index.saturating_add(1);
            if let Some(next) = self.places.get(*next) {
                self.follow_from(next, &element, scratch, visit);
            }
        }
    }

    fn follow_members(
        &self,
        place: &Place,
        node: &Node<'_, '_>,
        scratch: &mut PathScratch,
        visit: &mut dyn FnMut(usize, Scalar<'_>),
    ) {
        let PathScratch { members, last, text, .. } = scratch;
        let first = members.len();
        for member in node.glance() {
            let next = if member.is_escaped {
                text.clear();
                node.name(&member).unescape_into(text);
                place.names.find(text)
            } else {
                place.names.find_member(&member, || node.name(&member))
            };
            let Some(next) = next else { continue };
            let Some(last) = last.get_mut(next) else { continue };
            match members.get_mut(first..).and_then(|own| own.get_mut(last.checked_sub(first)?)) {
                Some((same, mark)) if *same == next => *mark = member.value,
                _ => {
                    *last = members.len();
                    members.push((next, member.value));
                }
            }
        }
        for number in first..members.len() {
            if let Some((next, mark)) = scratch.members.get(number)
                && let (Some(next), Some(value)) = (self.places.get(*next), node.at(*mark))
            {
                self.follow_from(next, &value, scratch, visit);
            }
        }
        scratch.members.truncate(first);
    }
}
