//! What is decided once per shape.
//!
//! In: a record whose shape is new. Out: for all records of this shape, which patterns match for sure, and
//! of those that may match what is left of their function ([`Known`]). All others surely do not match.
//!
//! ```text
//! a text          true   if it occurs in the fixed text
//!                 false  if it does not and can be through no free part (`reach`)
//!                 open   else: it is looked for around the parts it can be through
//! a value         true or false if it follows from the shape, else open
//! a regular expression over the text   false if none of its required texts is possible, else open
//! tokens, slots   open
//! ```
//!
//! A function is decided if the decided atoms decide it; else its open rest waits, as in the whole set, for
//! atoms of which one must be true. What is open is answered per record by the same code that answers it
//! without a memory.

use std::collections::BTreeMap;

use super::Set;
use super::atom::{Atom, List, Node};
use super::evaluate::Run;
use super::filter::{Bits, TextFilter, ValueFilter};
use super::index::Origin;
use super::reach::{Overlap, through};
use super::template::Template;
use crate::shape::{REPLACEMENT, SKETCHES, Shaped};

/// The answer for one shape.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) mark: u64,
    /// As records of the shape are at hand.
    pub(super) form: Template,
    /// The same of their text, if that differs.
    text: Option<Template>,
    /// The patterns that match, ascending.
    pub(super) sure: Box<[u32]>,
    /// The patterns that may.
    pub(super) open: Vec<Open>,
    pub(super) nodes: Vec<Node>,
    /// Open atoms, ascending, each with who in `open` waits there.
    pub(super) waiting: Vec<(usize, usize)>,
    /// Those in `open` that wait for nothing.
    pub(super) always: Vec<usize>,
    /// Where to look for open texts.
    pub(super) searched: Vec<Searched>,
    /// Which look-ups to make.
    pub(super) asked: Vec<Asked>,
    /// Texts that occur and that open regular expressions require.
    pub(super) met: Vec<usize>,
    /// The sketches that somebody waits for, each with its place among those of a record.
    pub(super) sketched: Vec<(usize, u64)>,
}

/// Which records of a shape no pattern matches, as far as it is cheap to tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Silence {
    /// Those whose free part of this slot
    pub(super) slot: u8,
    /// has less bytes than so many, whatever it has if this is the largest number,
    pub(super) shorter: u32,
    /// and whose sketches nobody waits for, if this is set.
    pub(super) asks: bool,
}

/// A pattern that is not decided.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) pattern: u32,
    pub(super) root: Node,
}

/// A free part that open texts may be through.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) part: usize,
    pub(super) slot: u8,
    pub(super) overlap: Overlap,
    /// The texts that somebody waits for.
    pub(super) filter: TextFilter,
}

/// A look-up with constants that somebody waits for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) lookup: usize,
    pub(super) filter: Filter,
}

/// Which values somebody waits for, and where to find what the record has.
#[derive(Debug)]
pub(super) enum Filter {
    /// Every value has to be looked up.
    Any,
    /// Values with these sketches; the record's is at this place among its sketches.
    Sketches(usize, Bits<1>),
    /// What this selector reaches.
    Values(Box<(usize, ValueFilter)>),
}

impl Filter {
    /// Whether somebody may wait for what a record has.
    #[inline(always)]
    pub(super) fn may_want<'a, D: Shaped<'a>>(&self, sketches: &[u64; SKETCHES], document: &D) -> bool {
        match self {
            Self::Any => true,
            Self::Sketches(place, wanted) => {
                sketches.get(*place).is_none_or(|sketch| wanted.may_hold(*sketch))
            }
            Self::Values(values) => {
                let (selector, values) = &**values;
                values.may_want(document.glance(*selector))
            }
        }
    }
}

/// What the caller says of a selector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trait {
    /// Whether its values follow from the shape.
    pub(super) is_of_shape: bool,
    pub(super) sketch: Option<usize>,
}

/// What is known of an atom or a function.
#[derive(Debug, Clone, Copy)]
enum Fate {
    True,
    False,
    Open(Node),
}

struct Learner<'l, 'r> {
    set: &'l Set,
    run: &'l mut Run<'r>,
    /// Of each selector.
    traits: &'l [Trait],
    /// Texts that occur in the fixed text.
    occurs: Vec<bool>,
    known: Known,
}

/// Decides what can be decided. `run` is at the record the shape was taken from.
pub(super) fn learn(
    set: &Set,
    run: &mut Run<'_>,
    traits: &[Trait],
    mark: u64,
    (form, text): (Template, Option<Template>),
) -> Known {
    let known = Known { mark, form, text, ..Known::default() };
    let mut learner = Learner { set, run, traits, occurs: vec![false; set.atoms.len()], known };
    learner.find_fixed_texts();
    let mut sure = Vec::new();
    for (root, pattern) in set.roots.iter().zip(0..) {
        match learner.fate(root) {
            Fate::True => sure.push(pattern),
            Fate::False => {}
            Fate::Open(root) => learner.known.open.push(Open { pattern, root }),
        }
    }
    learner.known.sure = sure.into_boxed_slice();
    learner.await_atoms();
    learner.list_searched();
    learner.list_asked();
    learner.known
}

impl Known {
    /// Fixed text and free parts of the text.
    pub(super) fn text(&self) -> &Template {
        self.text.as_ref().unwrap_or(&self.form)
    }

    /// Which records of the shape no pattern matches, if that is cheap to tell.
    pub(super) fn silence(&self) -> Silence {
        let is_sketched = |asked: &Asked| matches!(asked.filter, Filter::Sketches(..));
        if !self.sure.is_empty() || !self.always.is_empty() || !self.asked.iter().all(is_sketched) {
            return Silence::default();
        }
        let asks = !self.asked.is_empty();
        match self.searched.as_slice() {
            [] => Silence { slot: 0, shorter: u32::MAX, asks },
            [Searched { slot, overlap, filter, .. }] => {
                let least = filter.shortest().saturating_sub(overlap.before + overlap.behind);
                Silence { slot: *slot, shorter: u32::try_from(least).unwrap_or(u32::MAX - 1), asks }
            }
            _ => Silence::default(),
        }
    }

    /// About how much memory it takes, in words.
    pub(super) fn weight(&self) -> usize {
        let lists = self.nodes.len() * 3 + self.open.len() * 4 + self.waiting.len() * 2 + self.always.len();
        self.form.len() / 8 + self.sure.len() + lists + 64
    }
}

impl Learner<'_, '_> {
    fn find_fixed_texts(&mut self) {
        let Self { set, occurs, known, .. } = self;
        for text in known.text().texts() {
            set.scan.each(text, |atom| {
                if let Some(occurs) = occurs.get_mut(atom) {
                    *occurs = true;
                }
            });
        }
        if set.scan.is_built() {
            return;
        }
        for (atom, occurs) in set.atoms.iter().zip(occurs) {
            if let Atom::Text(finder) = atom {
                *occurs = known.text().texts().any(|text| finder.find(text).is_some());
            }
        }
    }

    fn fate(&mut self, node: &Node) -> Fate {
        match node {
            Node::Is(atom) => self.fate_of_atom(*atom),
            Node::Not(atom) => match self.fate_of_atom(*atom) {
                Fate::True => Fate::False,
                Fate::False => Fate::True,
                Fate::Open(_) => Fate::Open(Node::Not(*atom)),
            },
            Node::All(list) => self.fate_of_list(*list, false),
            Node::Any(list) => self.fate_of_list(*list, true),
        }
    }

    /// One true part decides an alternative, one false part a conjunction.
    fn fate_of_list(&mut self, list: List, is_any: bool) -> Fate {
        let set = self.set;
        let mut rest = Vec::new();
        for node in list.of(&set.nodes) {
            match self.fate(node) {
                Fate::Open(node) => rest.push(node),
                fate if matches!(fate, Fate::True) == is_any => return fate,
                _ => {}
            }
        }
        match rest.as_slice() {
            [] if is_any => Fate::False,
            [] => Fate::True,
            [only] => Fate::Open(*only),
            _ => {
                let nodes = &mut self.known.nodes;
                let list = List { first: nodes.len(), count: rest.len() };
                nodes.extend(rest);
                Fate::Open(if is_any { Node::Any(list) } else { Node::All(list) })
            }
        }
    }

    fn fate_of_atom(&mut self, atom: usize) -> Fate {
        let set = self.set;
        let open = Fate::Open(Node::Is(atom));
        let selector = match set.atoms.get(atom) {
            Some(Atom::Text(finder)) => {
                let is_possible =
                    || self.known.text().parts().any(|part| through(finder.needle(), part).is_some());
                return match self.occurs(atom) {
                    true => Fate::True,
                    false if is_possible() => open,
                    false => Fate::False,
                };
            }
            Some(Atom::Regex { required, .. }) => {
                let mut texts = required.iter();
                let is_possible =
                    required.is_empty() || texts.any(|text| !matches!(self.fate_of_atom(*text), Fate::False));
                return if is_possible { open } else { Fate::False };
            }
            Some(
                Atom::Constant { lookup, .. }
                | Atom::Bound { lookup }
                | Atom::Part { lookup, .. }
                | Atom::Tested { lookup, .. },
            ) => match set.lookups.get(*lookup).map(|lookup| lookup.origin) {
                Some(Origin::Selector(selector)) => selector,
                _ => return open,
            },
            Some(Atom::Missing { selector }) => *selector,
            Some(Atom::Tokens { .. }) | None => return open,
        };
        match self.traits.get(selector) {
            Some(Trait { is_of_shape: true, .. }) if self.run.truth(atom) => Fate::True,
            Some(Trait { is_of_shape: true, .. }) => Fate::False,
            _ => open,
        }
    }

    fn occurs(&self, atom: usize) -> bool {
        self.occurs.get(atom).copied().unwrap_or_default()
    }

    /// Lets each open function wait for a few atoms, if it has some of which one must be true.
    fn await_atoms(&mut self) {
        let mut waiting = Vec::new();
        for (number, open) in self.known.open.iter().enumerate() {
            match self.cover(&open.root) {
                Some(atoms) => waiting.extend(atoms.into_iter().map(|atom| (atom, number))),
                None => self.known.always.push(number),
            }
        }
        waiting.sort_unstable();
        waiting.dedup();
        self.known.waiting = waiting;
    }

    /// Atoms of which one is true wherever the function is: as few as can be.
    fn cover(&self, node: &Node) -> Option<Vec<usize>> {
        let join = |covers: Option<Vec<Vec<usize>>>| covers.map(|covers| covers.concat());
        match node {
            Node::Is(atom) => match self.set.atoms.get(*atom)? {
                Atom::Text(_) => self.set.scan.is_built().then(|| vec![*atom]),
                Atom::Constant { .. } | Atom::Bound { .. } | Atom::Part { .. } => {
                    self.set.prefilters.then(|| vec![*atom])
                }
                Atom::Regex { required, .. } if required.iter().any(|text| self.occurs(*text)) => None,
                Atom::Regex { required, .. } | Atom::Tested { required, .. } if !required.is_empty() => {
                    join(required.iter().map(|part| self.cover(&Node::Is(*part))).collect())
                }
                _ => None,
            },
            Node::Not(_) => None,
            Node::All(list) => {
                let covers = list.of(&self.known.nodes).iter().filter_map(|node| self.cover(node));
                covers.min_by_key(|cover| cover.iter().map(|atom| self.price(*atom)).sum::<usize>())
            }
            Node::Any(list) => join(list.of(&self.known.nodes).iter().map(|node| self.cover(node)).collect()),
        }
    }

    /// How dear it is to wait for an atom.
    fn price(&self, atom: usize) -> usize {
        match self.set.atoms.get(atom) {
            Some(Atom::Constant { .. }) => 2,
            Some(Atom::Bound { .. }) => 400,
            _ => 3,
        }
    }

    /// Finds around which parts the open texts have to be looked for: all of them, so that one that was not
    /// found is known not to occur.
    fn list_searched(&mut self) {
        let mut texts = Vec::new();
        for open in &self.known.open {
            self.list_texts(&open.root, &mut texts);
        }
        texts.sort_unstable();
        texts.dedup();
        let (occurring, texts): (Vec<usize>, Vec<usize>) =
            texts.into_iter().partition(|atom| self.occurs(*atom));
        self.known.met = occurring;
        let mut searched = Vec::new();
        for (number, part) in self.known.text().parts().enumerate() {
            let (mut all, mut awaited) = (None::<Overlap>, Vec::new());
            for atom in &texts {
                let Some(Atom::Text(finder)) = self.set.atoms.get(*atom) else { continue };
                let Some(overlap) = through(finder.needle(), part) else { continue };
                all = Some(all.map_or(overlap, |all| all.union(overlap)));
                if self.known.waiting.binary_search_by_key(atom, |(atom, _)| *atom).is_ok() {
                    awaited.push(finder.needle());
                }
            }
            if let Some(overlap) = all {
                let filter = TextFilter::of(&awaited);
                searched.push(Searched { part: number, slot: part.slot, overlap, filter });
            }
        }
        self.known.searched = searched;
    }

    /// The text atoms of a function.
    fn list_texts(&self, node: &Node, texts: &mut Vec<usize>) {
        match node {
            Node::Is(atom) | Node::Not(atom) => match self.set.atoms.get(*atom) {
                Some(Atom::Text(_)) => texts.push(*atom),
                Some(Atom::Regex { required, .. }) => texts.extend(required),
                _ => {}
            },
            Node::All(list) | Node::Any(list) => {
                list.of(&self.known.nodes).iter().for_each(|node| self.list_texts(node, texts));
            }
        }
    }

    /// Lists the look-ups at whose atoms somebody waits.
    fn list_asked(&mut self) {
        #[derive(Default)]
        struct Awaited<'s> {
            constants: Vec<u64>,
            parts: Vec<&'s [u8]>,
            /// Bounds, and what may be in the view only, where bytes are replaced.
            has_others: bool,
        }
        let mut lookups: BTreeMap<usize, Awaited<'_>> = BTreeMap::new();
        for (atom, _) in &self.known.waiting {
            match self.set.atoms.get(*atom) {
                Some(Atom::Constant { lookup, sketches }) => {
                    let all = sketches.text.into_iter().chain(sketches.number);
                    let awaited = lookups.entry(*lookup).or_default();
                    awaited.constants.extend(all);
                    awaited.has_others |= sketches.has_replacement;
                }
                Some(Atom::Part { lookup, text }) => {
                    let awaited = lookups.entry(*lookup).or_default();
                    awaited.parts.push(text);
                    awaited.has_others |= text.iter().any(|byte| REPLACEMENT.contains(byte));
                }
                Some(Atom::Bound { lookup }) => lookups.entry(*lookup).or_default().has_others = true,
                _ => {}
            }
        }
        for (lookup, awaited) in lookups {
            let selector = match self.set.lookups.get(lookup).map(|lookup| lookup.origin) {
                Some(Origin::Selector(selector)) if !awaited.has_others => Some(selector),
                _ => None,
            };
            let sketch = |selector: usize| self.traits.get(selector).and_then(|known| known.sketch);
            let filter = match (selector, selector.and_then(sketch)) {
                (None, _) => Filter::Any,
                (_, Some(place)) if awaited.parts.is_empty() => {
                    self.known.sketched.extend(awaited.constants.iter().map(|sketch| (place, *sketch)));
                    Filter::Sketches(place, Bits::of(awaited.constants))
                }
                (Some(selector), _) => {
                    let values = ValueFilter::of(&awaited.constants, &awaited.parts);
                    Filter::Values(Box::new((selector, values)))
                }
            };
            self.known.asked.push(Asked { lookup, filter });
        }
    }
}
