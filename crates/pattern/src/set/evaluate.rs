//! Matches one record against the set.

use memchr::memmem::Finder;

use super::Set;
use super::atom::{Atom, Node};
use super::index::{Lookup, Origin};
use crate::document::{Document, Scalar};
use crate::regex::Caches;
use crate::tokens::{self, Token};

/// What is known of the record at hand. An entry counts only with the number of the record in it, so
/// nothing is cleared between records, and nothing of another set is believed.
#[derive(Debug, Default)]
pub(crate) struct State {
    record: u64,
    /// Record number × 2, + 1 if the atom is true.
    atoms: Vec<u64>,
    /// The record that was looked up last.
    lookups: Vec<u64>,
    /// The record that called the pattern last.
    called: Vec<u64>,
    candidates: Vec<usize>,
    /// The record whose tokens are at hand.
    tokens: u64,
}

/// What matching writes, but for the candidates' results.
pub(super) struct Storage<'r> {
    pub(super) tokens: &'r mut Vec<Token>,
    pub(super) caches: &'r mut Caches,
    pub(super) state: &'r mut State,
}

/// One record under evaluation.
pub(super) struct Run<'r> {
    set: &'r Set,
    event: &'r [u8],
    document: Option<&'r mut dyn Document>,
    storage: Storage<'r>,
    callers: Callers<'r>,
    /// The lists of the functions that are evaluated.
    nodes: &'r [Node],
    /// Texts that nobody waits for and that may yet be asked for, each alone; 0 if all texts were searched.
    texts_left: usize,
}

/// Most texts of a record that are searched alone, which is cheaper than a search for all.
const TEXTS_ALONE_MAX: usize = 8;

/// Who is called when an atom is met.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callers<'r> {
    /// The patterns that wait at each atom.
    ByAtom(&'r [Vec<usize>]),
    /// Atoms, ascending, each with who waits there.
    Sorted(&'r [(usize, usize)]),
}

/// Appends the numbers of the patterns that match, ascending.
pub(super) fn run<'r>(
    set: &'r Set,
    event: &'r [u8],
    document: Option<&'r mut (dyn Document + 'r)>,
    storage: Storage<'r>,
    matched: &mut Vec<u32>,
) {
    let first = matched.len();
    let mut run = Run::begin(set, event, document, storage, (Callers::ByAtom(&set.waiting), &set.nodes));
    run.scan_awaited();
    run.look_up_all();
    for (number, lookup) in set.lookups.iter().enumerate() {
        if lookup.is_awaited {
            run.look_up(number, lookup);
        }
    }
    run.each_candidate(|run, number| run.candidate(number, matched));
    for number in &set.always {
        run.candidate(*number, matched);
    }
    if let Some(new) = matched.get_mut(first..) {
        new.sort_unstable();
    }
}

impl State {
    fn begin(&mut self, set: &Set) {
        self.record += 1;
        self.candidates.clear();
        let grow = |list: &mut Vec<u64>, length: usize| {
            if list.len() < length {
                list.resize(length, 0);
            }
        };
        grow(&mut self.atoms, set.atoms.len());
        grow(&mut self.lookups, set.lookups.len());
        grow(&mut self.called, set.roots.len());
        self.candidates.reserve(set.roots.len());
    }

    /// An atom is true: calls who waits at it, once.
    fn meet(&mut self, callers: Callers<'_>, atom: usize) {
        let truth = self.record << 1 | 1;
        match self.atoms.get_mut(atom) {
            Some(known) if *known != truth => *known = truth,
            _ => return,
        }
        match callers {
            Callers::ByAtom(waiting) => {
                waiting.get(atom).into_iter().flatten().for_each(|number| self.call(*number));
            }
            Callers::Sorted(waiting) => {
                let first = waiting.partition_point(|(other, _)| *other < atom);
                let behind = waiting.get(first..).unwrap_or_default();
                let own = behind.iter().take_while(|(other, _)| *other == atom);
                own.for_each(|(_, number)| self.call(*number));
            }
        }
    }

    fn call(&mut self, number: usize) {
        if let Some(called) = self.called.get_mut(number)
            && *called != self.record
        {
            *called = self.record;
            self.candidates.push(number);
        }
    }

    fn known(&self, atom: usize) -> Option<bool> {
        let known = self.atoms.get(atom).copied().unwrap_or_default();
        (known >> 1 == self.record).then_some(known & 1 == 1)
    }

    fn is_met(&self, atom: usize) -> bool {
        self.known(atom) == Some(true)
    }
}

impl<'r> Run<'r> {
    /// Begins a record: nothing is known of its atoms.
    pub(super) fn begin(
        set: &'r Set,
        event: &'r [u8],
        document: Option<&'r mut (dyn Document + 'r)>,
        storage: Storage<'r>,
        (callers, nodes): (Callers<'r>, &'r [Node]),
    ) -> Self {
        storage.state.begin(set);
        Self { set, event, document, storage, callers, nodes, texts_left: 0 }
    }

    /// Goes on with the record for which `storage` was used last.
    pub(super) fn resume(
        set: &'r Set,
        event: &'r [u8],
        document: &'r mut (dyn Document + 'r),
        storage: Storage<'r>,
    ) -> Self {
        Self {
            set,
            event,
            document: Some(document),
            storage,
            callers: Callers::Sorted(&[]),
            nodes: &set.nodes,
            texts_left: TEXTS_ALONE_MAX,
        }
    }

    /// Meets the texts that occur in a part of the event.
    pub(super) fn scan(&mut self, text: &[u8]) {
        let (state, callers) = (&mut *self.storage.state, self.callers);
        self.set.scan.each(text, |atom| state.meet(callers, atom));
    }

    /// Meets the texts that occur in the event and that somebody waits for.
    fn scan_awaited(&mut self) {
        let (state, callers) = (&mut *self.storage.state, self.callers);
        let is_all = self.set.scan.each_awaited(self.event, |atom| state.meet(callers, atom));
        self.texts_left = if is_all { 0 } else { TEXTS_ALONE_MAX };
    }

    /// An atom is known to be true.
    pub(super) fn meet(&mut self, atom: usize) {
        self.storage.state.meet(self.callers, atom);
    }

    /// Hands over who was called.
    pub(super) fn each_candidate(&mut self, mut evaluate: impl FnMut(&mut Self, usize)) {
        let mut next = 0;
        while let Some(number) = self.storage.state.candidates.get(next).copied() {
            next += 1;
            evaluate(self, number);
        }
    }

    fn candidate(&mut self, number: usize, matched: &mut Vec<u32>) {
        let Some(root) = self.set.roots.get(number) else { return };
        if self.evaluate(root)
            && let Ok(number) = u32::try_from(number)
        {
            matched.push(number);
        }
    }

    pub(super) fn evaluate(&mut self, node: &Node) -> bool {
        let nodes = self.nodes;
        match node {
            Node::Is(atom) => self.truth(*atom),
            Node::Not(atom) => !self.truth(*atom),
            Node::All(list) => list.of(nodes).iter().all(|node| self.evaluate(node)),
            Node::Any(list) => list.of(nodes).iter().any(|node| self.evaluate(node)),
        }
    }

    pub(super) fn truth(&mut self, atom: usize) -> bool {
        if let Some(known) = self.storage.state.known(atom) {
            return known;
        }
        let set = self.set;
        let truth = set.atoms.get(atom).is_some_and(|what| self.ask(atom, what));
        if let Some(known) = self.storage.state.atoms.get_mut(atom) {
            *known = self.storage.state.record << 1 | u64::from(truth);
        }
        truth
    }

    fn ask(&mut self, number: usize, atom: &Atom) -> bool {
        let set = self.set;
        match atom {
            Atom::Text(finder) => self.occurs(number, finder),
            Atom::Regex { machine, place, required } => {
                let is_possible = required.is_empty() || required.iter().any(|text| self.truth(*text));
                is_possible && self.storage.caches.search(*place, machine, self.event)
            }
            Atom::Constant { lookup, .. } | Atom::Bound { lookup } | Atom::Part { lookup, .. } => {
                self.look_up_once(*lookup);
                self.storage.state.is_met(number)
            }
            Atom::Tested { lookup, predicate, required } => {
                if !required.is_empty() {
                    self.look_up_once(*lookup);
                    if !required.iter().any(|part| self.storage.state.is_met(*part)) {
                        return false;
                    }
                }
                match set.lookups.get(*lookup).map(|lookup| lookup.origin) {
                    Some(Origin::Selector(selector)) => {
                        let caches = &mut *self.storage.caches;
                        let Some(document) = &mut self.document else { return false };
                        document.visit(selector, &mut |value| predicate.holds(value, caches))
                    }
                    Some(Origin::Slot(place)) => {
                        self.split();
                        let text = place.text(self.event, self.storage.tokens);
                        text.is_some_and(|text| predicate.holds_token(text, self.storage.caches))
                    }
                    None => false,
                }
            }
            Atom::Missing { selector } => match &mut self.document {
                Some(document) => !document.visit(*selector, &mut |_| true),
                None => false,
            },
            Atom::Tokens { least } => {
                self.split();
                self.storage.tokens.len() >= *least
            }
        }
    }

    /// Whether a text occurs that was not met.
    fn occurs(&mut self, atom: usize, text: &Finder<'_>) -> bool {
        if !self.set.scan.is_built() {
            return text.find(self.event).is_some();
        }
        let is_awaited = self.set.waiting.get(atom).is_some_and(|waiting| !waiting.is_empty());
        if self.texts_left == 0 || is_awaited {
            // The scan would have met it.
            return false;
        }
        self.texts_left -= 1;
        if self.texts_left == 0 {
            self.scan(self.event);
            return self.storage.state.is_met(atom);
        }
        text.find(self.event).is_some()
    }

    pub(super) fn look_up_once(&mut self, number: usize) {
        let set = self.set;
        if let Some(lookup) = set.lookups.get(number) {
            self.look_up(number, lookup);
        }
    }

    /// Finds which atoms the values of a selector or the token of a slot make true.
    pub(super) fn look_up(&mut self, number: usize, lookup: &Lookup) {
        match self.storage.state.lookups.get_mut(number) {
            Some(last) if *last != self.storage.state.record => *last = self.storage.state.record,
            _ => return,
        }
        match lookup.origin {
            Origin::Selector(selector) => {
                if let Some(document) = &mut self.document {
                    let (state, callers) = (&mut *self.storage.state, self.callers);
                    document.visit(selector, &mut |value| {
                        meet_value(lookup, value, |atom| state.meet(callers, atom));
                        false
                    });
                }
            }
            Origin::Slot(place) => {
                self.split();
                if let Some(text) = place.text(self.event, self.storage.tokens) {
                    let (state, callers) = (&mut *self.storage.state, self.callers);
                    lookup.of_token(text, |atom| state.meet(callers, atom));
                }
            }
        }
    }

    /// Makes all look-ups for which the document takes one pass.
    fn look_up_all(&mut self) {
        let (set, callers) = (self.set, self.callers);
        if set.paths.is_empty() {
            return;
        }
        let Some(document) = &mut self.document else { return };
        let state = &mut *self.storage.state;
        let is_done = document.visit_all(&set.paths, &mut |number, value| {
            if let Some(lookup) = set.lookups.get(number) {
                meet_value(lookup, value, |atom| state.meet(callers, atom));
            }
        });
        if is_done {
            for (known, lookup) in state.lookups.iter_mut().zip(&set.lookups) {
                if lookup.is_followed {
                    *known = state.record;
                }
            }
        }
    }

    fn split(&mut self) {
        if self.storage.state.tokens != self.storage.state.record {
            self.storage.state.tokens = self.storage.state.record;
            tokens::split(self.event, self.storage.tokens);
        }
    }
}

fn meet_value(lookup: &Lookup, value: Scalar<'_>, hit: impl FnMut(usize)) {
    match value {
        Scalar::String(text) => lookup.of_text(text, hit),
        Scalar::Number(lexeme) => lookup.of_number(lexeme, hit),
        Scalar::Null | Scalar::True | Scalar::False | Scalar::Array { .. } | Scalar::Object => {}
    }
}
