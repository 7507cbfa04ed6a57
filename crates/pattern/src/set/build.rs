//! From patterns to atoms, functions and waiting lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::Set;
use super::atom::{Atom, List, Node, Sketches};
use super::index::{Lookup, Origin, Scan};
use crate::ast::{Body, Comparison, Expr, Field, Needle, Operand, Pattern, Role, Term, Test};
use crate::glob::Glob;
use crate::layout::Layout;
use crate::lint::LABEL_WORDS;
use crate::paths::Paths;
use crate::predicate::{Compiled, Machines, Predicate};
use crate::print;
use crate::regex::Regex;
use crate::selector::Selector;
use crate::tuning::Tuning;

/// What makes two atoms the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(Box<[u8]>),
    Regex(Box<str>),
    Value(usize, String),
    Part(usize, Box<[u8]>),
    Missing(usize),
    Tokens(usize),
}

struct Builder {
    tuning: Tuning,
    machines: Machines,
    selectors: Vec<Selector>,
    selector_places: BTreeMap<Selector, usize>,
    atoms: Vec<Atom>,
    atom_places: BTreeMap<Key, usize>,
    /// In how many functions an atom stands.
    uses: Vec<usize>,
    nodes: Vec<Node>,
    lookups: Vec<Lookup>,
    lookup_places: BTreeMap<Origin, usize>,
    /// Texts of the scan.
    texts: Vec<(Box<[u8]>, usize)>,
    /// Parts of each look-up.
    parts: Vec<Vec<(Box<[u8]>, usize)>>,
}

pub(super) fn build<'p>(patterns: impl Iterator<Item = &'p Pattern>, tuning: Tuning) -> Set {
    let mut builder = Builder {
        tuning,
        machines: Machines::new(tuning),
        selectors: Vec::new(),
        selector_places: BTreeMap::new(),
        atoms: Vec::new(),
        atom_places: BTreeMap::new(),
        uses: Vec::new(),
        nodes: Vec::new(),
        lookups: Vec::new(),
        lookup_places: BTreeMap::new(),
        texts: Vec::new(),
        parts: Vec::new(),
    };
    let mut has_json = false;
    let roots: Vec<Node> = patterns
        .map(|pattern| {
            has_json |= matches!(pattern.body, Body::Json(_));
            builder.pattern(pattern)
        })
        .collect();
    builder.finish(roots, has_json)
}

impl Builder {
    fn finish(mut self, roots: Vec<Node>, has_json: bool) -> Set {
        self.sort_texts(&roots);
        let mut scan =
            if self.tuning.prefilters { Scan::build(&self.texts, self.tuning) } else { Scan::default() };
        for (lookup, parts) in self.lookups.iter_mut().zip(&self.parts) {
            lookup.finish(parts, self.tuning);
        }
        let mut waiting = vec![Vec::new(); self.atoms.len()];
        let mut always = Vec::new();
        for (number, root) in roots.iter().enumerate() {
            match self.cover(root, &scan) {
                Some(cover) if self.tuning.prefilters => self.wait(number, &cover.atoms, &mut waiting),
                _ => always.push(number),
            }
        }
        let is_awaited = |atom: usize| waiting.get(atom).is_some_and(|waiting| !waiting.is_empty());
        self.texts.retain(|(_, atom)| is_awaited(*atom));
        scan.set_awaited(&self.texts);
        let mut paths = Paths::default();
        for (number, lookup) in self.lookups.iter_mut().enumerate() {
            if let Origin::Selector(selector) = lookup.origin
                && lookup.is_awaited
                && let Some(selector) = self.selectors.get(selector)
            {
                lookup.is_followed = paths.add(number, selector);
            }
        }
        Set {
            paths,
            selectors: self.selectors,
            atoms: self.atoms,
            nodes: self.nodes,
            roots,
            scan,
            lookups: self.lookups,
            waiting,
            always,
            has_json,
            prefilters: self.tuning.prefilters,
            shapes_max: self.tuning.shapes_max,
            identity: Arc::default(),
        }
    }

    fn wait(&mut self, number: usize, atoms: &[usize], waiting: &mut [Vec<usize>]) {
        for atom in atoms {
            if let Some(list) = waiting.get_mut(*atom) {
                list.push(number);
            }
            let lookup = match self.atoms.get(*atom) {
                Some(Atom::Constant { lookup, .. } | Atom::Bound { lookup } | Atom::Part { lookup, .. }) => {
                    self.lookups.get_mut(*lookup)
                }
                _ => None,
            };
            if let Some(lookup) = lookup {
                lookup.is_awaited = true;
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern) -> Node {
        match &pattern.body {
            Body::Terms(terms) => self.terms(terms),
            Body::Space(fields) => self.space(fields),
            Body::Json(expr) => self.expr(expr, &mut |builder, condition| {
                let selector = pattern.selectors.get(condition.selector);
                match selector {
                    Some(selector) => builder.condition(selector, &condition.test),
                    None => builder.list(Vec::new(), Node::Any),
                }
            }),
        }
    }

    fn terms(&mut self, terms: &[Term]) -> Node {
        let is_mixed = terms.iter().any(|term| term.role != Role::Optional);
        let counted = terms.iter().filter(|term| !is_mixed || term.role != Role::Optional);
        let nodes: Vec<Node> = counted
            .map(|term| {
                let node = match &term.needle {
                    Needle::Text(text) if text.is_empty() => self.list(Vec::new(), Node::All),
                    Needle::Text(text) => Node::Is(self.text(text.as_bytes())),
                    Needle::Regex(regex) => Node::Is(self.regex(regex)),
                };
                match (term.role, node) {
                    (Role::Excluded, Node::Is(atom)) => Node::Not(atom),
                    (Role::Excluded, _) => self.list(Vec::new(), Node::Any),
                    (_, node) => node,
                }
            })
            .collect();
        let is_any = !is_mixed && !terms.is_empty();
        self.list(nodes, if is_any { Node::Any } else { Node::All })
    }

    fn space(&mut self, fields: &[Field]) -> Node {
        let layout = Layout::of(fields);
        let mut nodes = Vec::new();
        if layout.least > 0 {
            let least = layout.least;
            nodes.push(Node::Is(self.atom(Key::Tokens(least), |_| Atom::Tokens { least })));
        }
        for (place, slot) in layout.slots {
            if let Some(condition) = &slot.condition {
                nodes.push(self.expr(condition, &mut |builder, check| {
                    let lookup = builder.lookup(Origin::Slot(place));
                    builder.comparison(lookup, &check.comparison)
                }));
            }
        }
        self.list(nodes, Node::All)
    }

    fn expr<C>(&mut self, expr: &Expr<C>, leaf: &mut dyn FnMut(&mut Self, &C) -> Node) -> Node {
        match expr {
            Expr::Leaf(one) => leaf(self, one),
            Expr::All(parts) => {
                let nodes = parts.iter().map(|part| self.expr(part, leaf)).collect();
                self.list(nodes, Node::All)
            }
            Expr::Any(parts) => {
                let nodes = parts.iter().map(|part| self.expr(part, leaf)).collect();
                self.list(nodes, Node::Any)
            }
        }
    }

    /// Puts nodes into the list, the cheap ones first.
    fn list(&mut self, mut nodes: Vec<Node>, wrap: fn(List) -> Node) -> Node {
        nodes.sort_by_key(|node| self.price(node));
        let list = List { first: self.nodes.len(), count: nodes.len() };
        self.nodes.extend(nodes);
        wrap(list)
    }

    fn price(&self, node: &Node) -> u8 {
        let (Node::Is(atom) | Node::Not(atom)) = node else { return 3 };
        match self.atoms.get(*atom) {
            Some(Atom::Text(_)) => 0,
            Some(Atom::Tokens { .. } | Atom::Constant { .. } | Atom::Bound { .. } | Atom::Part { .. }) => 1,
            Some(Atom::Missing { .. }) => 2,
            Some(Atom::Tested {
                predicate: Predicate::Equality { operand: Compiled::Regex(..), .. },
                ..
            }) => 5,
            Some(Atom::Tested { .. }) => 4,
            Some(Atom::Regex { .. }) | None => 6,
        }
    }

    /// Puts the rare texts of each list first: one of them mostly decides, and is what is waited for.
    fn sort_texts(&mut self, roots: &[Node]) {
        let mut nodes = core::mem::take(&mut self.nodes);
        let mut lists: Vec<Node> = roots.to_vec();
        while let Some(node) = lists.pop() {
            let (Node::All(list) | Node::Any(list)) = node else { continue };
            if let Some(nodes) = nodes.get_mut(list.first..list.first + list.count) {
                nodes.sort_by_key(|node| (self.price(node), self.text_price(node)));
                lists.extend_from_slice(nodes);
            }
        }
        self.nodes = nodes;
    }

    fn text_price(&self, node: &Node) -> usize {
        let (Node::Is(atom) | Node::Not(atom)) = node else { return 0 };
        match self.atoms.get(*atom) {
            Some(Atom::Text(finder)) => text_price(finder.needle(), self.uses_of(*atom)),
            _ => 0,
        }
    }

    fn uses_of(&self, atom: usize) -> usize {
        self.uses.get(atom).copied().unwrap_or(1).max(1)
    }

    fn condition(&mut self, selector: &Selector, test: &Test) -> Node {
        let next = self.selectors.len();
        let selectors = &mut self.selectors;
        let selector = *self.selector_places.entry(selector.clone()).or_insert_with_key(|selector| {
            selectors.push(selector.clone());
            next
        });
        let lookup = self.lookup(Origin::Selector(selector));
        let predicate = match test {
            Test::Compare(comparison) => return self.comparison(lookup, comparison),
            Test::NotExists => {
                return Node::Is(self.atom(Key::Missing(selector), |_| Atom::Missing { selector }));
            }
            Test::IsNull => Predicate::Null,
            Test::IsTrue => Predicate::True,
            Test::IsFalse => Predicate::False,
        };
        let key = Key::Value(lookup, print::test(test));
        Node::Is(self.atom(key, |_| Atom::Tested { lookup, predicate, required: Vec::new() }))
    }

    fn comparison(&mut self, lookup: usize, comparison: &Comparison) -> Node {
        let key = Key::Value(lookup, print::comparison(comparison));
        Node::Is(self.atom(key, |builder| builder.compared(lookup, comparison)))
    }

    fn compared(&mut self, lookup: usize, comparison: &Comparison) -> Atom {
        let atom = self.atoms.len();
        match (comparison, self.lookups.get_mut(lookup)) {
            (Comparison::Equal(Operand::Number(number)), Some(index)) => {
                index.add_number(number, atom);
                return Atom::Constant { lookup, sketches: Sketches::of_number(number) };
            }
            (Comparison::Equal(Operand::Text(text)), Some(index)) if !text.contains('*') => {
                index.add_text(text.as_bytes(), atom);
                return Atom::Constant { lookup, sketches: Sketches::of_text(text.as_bytes()) };
            }
            (Comparison::Ordered(order, number), Some(index)) => {
                index.add_bound(*order, number, atom);
                return Atom::Bound { lookup };
            }
            _ => {}
        }
        let predicate = Predicate::of_comparison(comparison, &mut self.machines);
        let parts: Vec<Box<[u8]>> = match comparison {
            Comparison::Equal(Operand::Regex(regex)) => regex.required().unwrap_or_default(),
            Comparison::Equal(Operand::Text(text)) => {
                Glob::compile(text).required().map(Into::into).into_iter().collect()
            }
            _ => Vec::new(),
        };
        // The atoms of the parts come behind this one, which is not in the list yet.
        self.atoms.push(Atom::Tokens { least: 0 });
        self.uses.push(0);
        let required = match self.tuning.prefilters {
            true => parts.into_iter().map(|part| self.part(lookup, part)).collect(),
            false => Vec::new(),
        };
        Atom::Tested { lookup, predicate, required }
    }

    fn part(&mut self, lookup: usize, part: Box<[u8]>) -> usize {
        self.atom(Key::Part(lookup, part.clone()), |builder| {
            let atom = builder.atoms.len();
            if let Some(parts) = builder.parts.get_mut(lookup) {
                parts.push((part.clone(), atom));
            }
            Atom::Part { lookup, text: part }
        })
    }

    fn text(&mut self, text: &[u8]) -> usize {
        self.atom(Key::Text(text.into()), |builder| {
            builder.texts.push((text.into(), builder.atoms.len()));
            Atom::Text(Box::new(Finder::new(text).into_owned()))
        })
    }

    fn regex(&mut self, regex: &Regex) -> usize {
        let required = regex.required().filter(|_| self.tuning.prefilters).unwrap_or_default();
        let required: Vec<usize> = required.iter().map(|text| self.text(text)).collect();
        self.atom(Key::Regex(regex.text.clone()), |builder| {
            let (machine, place) = builder.machines.add(regex);
            Atom::Regex { machine, place, required }
        })
    }

    fn lookup(&mut self, origin: Origin) -> usize {
        let next = self.lookups.len();
        let place = *self.lookup_places.entry(origin).or_insert(next);
        if place == next {
            self.lookups.push(Lookup::new(origin));
            self.parts.push(Vec::new());
        }
        place
    }

    /// The atom of a key, made if it is new; counts its use.
    fn atom(&mut self, key: Key, make: impl FnOnce(&mut Self) -> Atom) -> usize {
        let place = match self.atom_places.get(&key) {
            Some(place) => *place,
            None => {
                let place = self.atoms.len();
                let atom = make(self);
                match self.atoms.get_mut(place) {
                    Some(reserved) => *reserved = atom,
                    None => {
                        self.atoms.push(atom);
                        self.uses.push(0);
                    }
                }
                self.atom_places.insert(key, place);
                place
            }
        };
        if let Some(uses) = self.uses.get_mut(place) {
            *uses += 1;
        }
        place
    }
}

/// Atoms of which one is true wherever a function is, and how many patterns they call by guess.
struct Cover {
    price: usize,
    atoms: Vec<usize>,
}

/// How much dearer a word is that stands in every record.
const LABEL_PRICE: usize = 1000;

/// How much dearer a bound is than a constant: of all values many are on the right side.
const BOUND_PRICE: usize = 200;

impl Builder {
    fn cover(&self, node: &Node, scan: &Scan) -> Option<Cover> {
        match node {
            Node::Is(atom) => self.cover_of(*atom, scan),
            Node::Not(_) => None,
            Node::All(list) => {
                let covers = list.of(&self.nodes).iter().filter_map(|node| self.cover(node, scan));
                covers.min_by_key(|cover| cover.price)
            }
            Node::Any(list) => {
                let covers: Option<Vec<Cover>> =
                    list.of(&self.nodes).iter().map(|node| self.cover(node, scan)).collect();
                Some(join(covers?))
            }
        }
    }

    fn cover_of(&self, atom: usize, scan: &Scan) -> Option<Cover> {
        let uses = self.uses_of(atom);
        let one = |price: usize| Some(Cover { price, atoms: vec![atom] });
        match self.atoms.get(atom)? {
            Atom::Text(_) if !scan.is_built() => None,
            Atom::Text(finder) => one(text_price(finder.needle(), uses)),
            Atom::Constant { .. } => one(uses),
            Atom::Part { .. } => one(uses * 2),
            Atom::Bound { .. } => one(uses * BOUND_PRICE),
            Atom::Regex { required, .. } | Atom::Tested { required, .. } if !required.is_empty() => {
                let covers: Option<Vec<Cover>> =
                    required.iter().map(|part| self.cover_of(*part, scan)).collect();
                Some(join(covers?))
            }
            _ => None,
        }
    }
}

/// The longer a text, the rarer it is.
fn text_price(text: &[u8], uses: usize) -> usize {
    let is_label = LABEL_WORDS.iter().any(|word| word.as_bytes() == text);
    uses * if is_label { LABEL_PRICE } else { 1 } * 32 / text.len().clamp(1, 32)
}

fn join(covers: Vec<Cover>) -> Cover {
    let price = covers.iter().map(|cover| cover.price).sum();
    let mut atoms: Vec<usize> = covers.into_iter().flat_map(|cover| cover.atoms).collect();
    atoms.sort_unstable();
    atoms.dedup();
    Cover { price, atoms }
}
