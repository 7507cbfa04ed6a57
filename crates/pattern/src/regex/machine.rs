//! The compiled form: an automaton whose time is linear in the text.
//!
//! Limits: the automaton's size and cache are capped; an expression beyond (the parser's limits leave room)
//! is matched by the interpreter, slowly but in bounded time. Memory a search needs lives in [`Caches`],
//! so that a machine is shared between threads and a warm search allocates nothing.

use std::sync::Arc;

use regex_automata::Input;
use regex_automata::meta::{BuildError, Cache, Regex as Automaton};
use regex_syntax::hir::{
    Class as HirClass, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition,
};

use super::{Class, Piece, Regex};
use crate::interpret;
use crate::tuning::Tuning;

/// Most bytes of an automaton's states.
const NFA_BYTES_MAX: usize = 16 << 20;

/// Most bytes of the states built while searching; beyond it they are built anew.
const CACHE_BYTES_MAX: usize = 2 << 20;

/// A compiled regular expression.
#[derive(Debug)]
pub(crate) struct Machine {
    regex: Regex,
    automaton: Option<Automaton>,
}

/// The memory of searches, by the place of the machine in its program or set.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    entries: Vec<Option<(Arc<Machine>, Box<Cache>)>>,
}

impl Machine {
    pub(crate) fn compile(regex: &Regex, tuning: Tuning) -> Self {
        Self { automaton: build(regex, tuning).ok(), regex: regex.clone() }
    }

    #[cfg(test)]
    pub(crate) const fn is_compiled(&self) -> bool {
        self.automaton.is_some()
    }

    fn is_match(&self, text: &[u8], cache: Option<&mut Cache>) -> bool {
        match (&self.automaton, cache) {
            (Some(automaton), Some(cache)) => {
                automaton.search_half_with(cache, &Input::new(text).earliest(true)).is_some()
            }
            _ => interpret::regex_matches(&self.regex, text),
        }
    }
}

impl Regex {
    /// The first match, for people: compiles anew.
    pub(crate) fn find(&self, text: &[u8]) -> Option<core::ops::Range<usize>> {
        match build(self, Tuning::default()) {
            Ok(automaton) => automaton.find(text).map(|found| found.range()),
            Err(_) => interpret::regex_matches(self, text).then_some(0..text.len()),
        }
    }
}

impl Caches {
    /// Searches `text`; `place` tells the machines of one program or set apart.
    pub(crate) fn search(&mut self, place: usize, machine: &Arc<Machine>, text: &[u8]) -> bool {
        if self.entries.len() <= place {
            self.entries.resize_with(place + 1, || None);
        }
        let Some(entry) = self.entries.get_mut(place) else { return machine.is_match(text, None) };
        // The entry keeps its machine alive, so equal addresses are the same machine.
        let is_fresh = entry.as_ref().is_some_and(|(owner, _)| Arc::ptr_eq(owner, machine));
        if !is_fresh {
            *entry = machine
                .automaton
                .as_ref()
                .map(|automaton| (Arc::clone(machine), Box::new(automaton.create_cache())));
        }
        machine.is_match(text, entry.as_mut().map(|(_, cache)| &mut **cache))
    }
}

fn build(regex: &Regex, tuning: Tuning) -> Result<Automaton, Box<BuildError>> {
    let config = Automaton::config()
        .utf8_empty(false)
        .auto_prefilter(tuning.prefilters)
        .nfa_size_limit(Some(NFA_BYTES_MAX))
        .hybrid_cache_capacity(CACHE_BYTES_MAX)
        .onepass(false);
    let branches =
        regex.branches.iter().map(|pieces| Hir::concat(pieces.iter().map(piece).collect())).collect();
    Automaton::builder().configure(config).build_from_hir(&Hir::alternation(branches)).map_err(Box::new)
}

fn piece(piece: &Piece) -> Hir {
    match piece {
        Piece::Start => Hir::look(Look::Start),
        Piece::End => Hir::look(Look::End),
        Piece::Repeat { class: one, min: 1, max: Some(1) } => class(one),
        Piece::Repeat { class: one, min, max } => {
            Hir::repetition(Repetition { min: *min, max: *max, greedy: true, sub: Box::new(class(one)) })
        }
    }
}

/// A byte of the set, or a character of several bytes.
fn class(class: &Class) -> Hir {
    let bytes = class.ranges(0).into_iter().map(|(first, last)| ClassBytesRange::new(first, last));
    let single = Hir::class(HirClass::Bytes(ClassBytes::new(bytes)));
    if !class.has_high() {
        return single;
    }
    let mut wide: Vec<ClassUnicodeRange> = class
        .ranges(0x80)
        .into_iter()
        .map(|(first, last)| ClassUnicodeRange::new(char::from(first), char::from(last)))
        .collect();
    if class.is_beyond() {
        wide.push(ClassUnicodeRange::new('\u{100}', char::MAX));
    }
    Hir::alternation(vec![single, Hir::class(HirClass::Unicode(ClassUnicode::new(wide)))])
}
