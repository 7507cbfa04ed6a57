//! From a text or a value to the atoms it makes true.

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use hashbrown::HashMap;

use crate::layout::Place;
use crate::number::{Decimal, Number};

/// Texts in sum longer than this are searched by a smaller, slower automaton.
const DFA_BYTES_MAX: usize = 16 << 10;

/// One pass for many texts.
#[derive(Debug, Default)]
pub(super) struct Scan {
    automaton: Option<AhoCorasick>,
    /// The atom of each text.
    atoms: Vec<usize>,
}

/// What a look-up looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The values of a selector.
    Selector(usize),
    /// The token of a slot.
    Slot(Place),
}

/// The constants and parts that patterns ask of one selector or slot.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) origin: Origin,
    /// Whether patterns wait at its atoms, so that every record is looked up.
    pub(super) is_awaited: bool,
    constants: HashMap<Box<[u8]>, Constants, ahash::RandomState>,
    /// By value, ascending.
    numbers: Vec<(Number, Vec<usize>)>,
    parts: Scan,
}

/// The atoms of one constant.
#[derive(Debug, Default)]
struct Constants {
    /// `= "1"`: the text, also of a number.
    texts: Vec<usize>,
    /// `= 1`: as a text.
    numbers: Vec<usize>,
}

impl Scan {
    /// `None` for `automaton` if it could not be built; then texts are searched one by one.
    pub(super) fn build(texts: &[(Box<[u8]>, usize)]) -> Self {
        let bytes: usize = texts.iter().map(|(text, _)| text.len()).sum();
        let kind = (bytes <= DFA_BYTES_MAX).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(texts.iter().map(|(text, _)| text))
            .ok()
            .filter(|_| !texts.is_empty());
        Self { automaton, atoms: texts.iter().map(|(_, atom)| *atom).collect() }
    }

    pub(super) const fn is_built(&self) -> bool {
        self.automaton.is_some()
    }

    /// Calls `hit` with the atom of each occurrence, overlapping ones included.
    pub(super) fn each(&self, text: &[u8], mut hit: impl FnMut(usize)) {
        let Some(automaton) = &self.automaton else { return };
        let mut state = OverlappingState::start();
        // The automaton is of the kind that overlapping searches need, so there is no error.
        while automaton.try_find_overlapping(Input::new(text), &mut state).is_ok() {
            let Some(found) = state.get_match() else { return };
            if let Some(atom) = self.atoms.get(found.pattern().as_usize()) {
                hit(*atom);
            }
        }
    }
}

impl Lookup {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            origin,
            is_awaited: false,
            constants: HashMap::with_hasher(ahash::RandomState::with_seeds(0x68, 0x73, 0x6d, 0x73)),
            numbers: Vec::new(),
            parts: Scan::default(),
        }
    }

    /// Registers `= "text"`.
    pub(super) fn add_text(&mut self, text: &[u8], atom: usize) {
        self.constants.entry(text.into()).or_default().texts.push(atom);
    }

    /// Registers `= number`.
    pub(super) fn add_number(&mut self, number: &Number, atom: usize) {
        self.constants.entry(number.text().as_bytes().into()).or_default().numbers.push(atom);
        match self.numbers.binary_search_by(|(other, _)| other.decimal().compare(&number.decimal())) {
            Ok(place) => {
                if let Some((_, atoms)) = self.numbers.get_mut(place) {
                    atoms.push(atom);
                }
            }
            Err(place) => self.numbers.insert(place, (number.clone(), vec![atom])),
        }
    }

    /// Registers the parts of texts with `*` and of regular expressions.
    pub(super) fn set_parts(&mut self, parts: &[(Box<[u8]>, usize)]) {
        self.parts = Scan::build(parts);
    }

    /// Calls `hit` with the atoms that a text value makes true.
    pub(super) fn of_text(&self, text: &[u8], mut hit: impl FnMut(usize)) {
        if let Some(constants) = self.constants.get(text) {
            constants.texts.iter().chain(&constants.numbers).for_each(|atom| hit(*atom));
        }
        self.parts.each(text, hit);
    }

    /// Calls `hit` with the atoms that a JSON number makes true.
    pub(super) fn of_number(&self, lexeme: &[u8], mut hit: impl FnMut(usize)) {
        if let Some(constants) = self.constants.get(lexeme) {
            constants.texts.iter().for_each(|atom| hit(*atom));
        }
        self.of_value(lexeme, &mut hit);
        self.parts.each(lexeme, hit);
    }

    /// Calls `hit` with the atoms that a token makes true: as a text, and as a number if it is one.
    pub(super) fn of_token(&self, token: &[u8], mut hit: impl FnMut(usize)) {
        self.of_text(token, &mut hit);
        self.of_value(token, &mut hit);
    }

    fn of_value(&self, text: &[u8], hit: &mut impl FnMut(usize)) {
        if self.numbers.is_empty() {
            return;
        }
        let Some(value) = Decimal::parse(text) else { return };
        let found = self.numbers.binary_search_by(|(number, _)| number.decimal().compare(&value));
        if let Some((_, atoms)) = found.ok().and_then(|place| self.numbers.get(place)) {
            atoms.iter().for_each(|atom| hit(*atom));
        }
    }
}
