//! From a text or a value to the atoms it makes true.

use core::cmp::Ordering;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use hashbrown::HashMap;
use memchr::memmem::Finder;

use super::filter::Bits;
use super::grams::TEXT_BYTES_MIN;
use super::sieve::Sieve;
use crate::ast::Order;
use crate::layout::Place;
use crate::number::{Decimal, Number};
use crate::shape::text_sketch;
use crate::tuning::Tuning;

/// Texts in sum longer than this are searched by a smaller, slower automaton.
const DFA_BYTES_MAX: usize = 16 << 10;

/// More short texts than this are searched by the automaton, not each alone.
const SHORT_MAX: usize = 4;

/// One pass for many texts.
#[derive(Debug, Default)]
pub(super) struct Scan {
    automaton: Option<AhoCorasick>,
    /// The atom of each text.
    atoms: Vec<usize>,
    /// What mostly does instead of the automaton, if it can.
    quick: Option<Quick>,
    /// The same for the texts that patterns wait for.
    awaited: Option<Quick>,
}

/// Texts in two groups: those that a few samples find, and the short ones.
#[derive(Debug)]
struct Quick {
    sieve: Option<Sieve>,
    short: Vec<(Finder<'static>, usize)>,
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
    /// Whether one pass over a document finds its values, with those of others.
    pub(super) is_followed: bool,
    constants: HashMap<Box<[u8]>, Constants, ahash::RandomState>,
    /// The sketches of the constants.
    sketches: Bits<1>,
    numbers: Ranked,
    /// Those that are integers.
    integers: Bits<1>,
    /// The bounds of `<`, `<=`, `>` and `>=`.
    bounds: [Ranked; 4],
    parts: Scan,
}

/// Numbers of patterns by value, ascending, each with its atoms: one search ranks a value among all of them.
#[derive(Debug, Default)]
struct Ranked(Vec<(Number, Vec<usize>)>);

const ORDERS: [Order; 4] = [Order::Less, Order::LessOrEqual, Order::Greater, Order::GreaterOrEqual];

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
    pub(super) fn build(texts: &[(Box<[u8]>, usize)], tuning: Tuning) -> Self {
        let bytes: usize = texts.iter().map(|(text, _)| text.len()).sum();
        let kind = (bytes <= DFA_BYTES_MAX).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(texts.iter().map(|(text, _)| text))
            .ok()
            .filter(|_| !texts.is_empty());
        let quick = if tuning.samples { Quick::build(texts) } else { None };
        Self { automaton, atoms: texts.iter().map(|(_, atom)| *atom).collect(), quick, awaited: None }
    }

    /// Some texts can be searched without the others.
    pub(super) fn set_awaited(&mut self, texts: &[(Box<[u8]>, usize)]) {
        self.awaited = self.quick.as_ref().and_then(|_| Quick::build(texts));
    }

    pub(super) const fn is_built(&self) -> bool {
        self.automaton.is_some()
    }

    /// Calls `hit` with the atom of each text that occurs, once or more.
    #[inline]
    pub(super) fn each(&self, text: &[u8], mut hit: impl FnMut(usize)) {
        let is_done = self.quick.as_ref().is_some_and(|quick| quick.each(text, &mut hit));
        if !is_done {
            self.each_occurrence(text, hit);
        }
    }

    /// Calls `hit` with the atom of each awaited text that occurs, once or more, and perhaps those of others.
    /// Says whether all others that occur are among them.
    #[inline]
    pub(super) fn each_awaited(&self, text: &[u8], mut hit: impl FnMut(usize)) -> bool {
        let is_done = self.awaited.as_ref().is_some_and(|quick| quick.each(text, &mut hit));
        if !is_done {
            self.each_occurrence(text, hit);
        }
        !is_done
    }

    #[inline(never)]
    fn each_occurrence(&self, text: &[u8], mut hit: impl FnMut(usize)) {
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

impl Quick {
    /// `None` if there are too many short texts.
    fn build(texts: &[(Box<[u8]>, usize)]) -> Option<Self> {
        let (long, short): (Vec<_>, Vec<_>) =
            texts.iter().cloned().partition(|(text, _)| TEXT_BYTES_MIN <= text.len());
        let finder = |text: &[u8]| Finder::new(text).into_owned();
        (short.len() <= SHORT_MAX).then(|| Self {
            sieve: Sieve::build(&long),
            short: short.iter().map(|(text, atom)| (finder(text), *atom)).collect(),
        })
    }

    /// Calls `hit` with the atoms of texts that occur. False: some may be missing.
    #[inline]
    fn each(&self, text: &[u8], hit: &mut impl FnMut(usize)) -> bool {
        for (finder, atom) in &self.short {
            if finder.find(text).is_some() {
                hit(*atom);
            }
        }
        self.sieve.as_ref().is_none_or(|sieve| sieve.each(text, hit))
    }
}

impl Lookup {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            origin,
            is_awaited: false,
            is_followed: false,
            constants: HashMap::with_hasher(ahash::RandomState::with_seeds(0x68, 0x73, 0x6d, 0x73)),
            sketches: Bits::default(),
            numbers: Ranked::default(),
            integers: Bits::default(),
            bounds: Default::default(),
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
        self.numbers.add(number, atom);
    }

    /// Registers `< number` and its like.
    pub(super) fn add_bound(&mut self, order: Order, number: &Number, atom: usize) {
        for (known, bounds) in ORDERS.iter().zip(&mut self.bounds) {
            if *known == order {
                bounds.add(number, atom);
            }
        }
    }

    /// Registers the parts of texts with `*` and of regular expressions, when all else is.
    pub(super) fn finish(&mut self, parts: &[(Box<[u8]>, usize)], tuning: Tuning) {
        self.parts = Scan::build(parts, tuning);
        self.sketches = Bits::of(self.constants.keys().map(|text| text_sketch(text)).collect());
        self.integers = Bits::of(self.numbers.0.iter().filter_map(|(number, _)| number.to_u64()).collect());
    }

    /// Calls `hit` with the atoms that a text value makes true.
    pub(super) fn of_text(&self, text: &[u8], mut hit: impl FnMut(usize)) {
        if let Some(constants) = self.constant(text) {
            constants.texts.iter().chain(&constants.numbers).for_each(|atom| hit(*atom));
        }
        self.parts.each(text, hit);
    }

    /// Calls `hit` with the atoms that a JSON number makes true.
    pub(super) fn of_number(&self, lexeme: &[u8], mut hit: impl FnMut(usize)) {
        if let Some(constants) = self.constant(lexeme) {
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

    #[inline]
    fn constant(&self, text: &[u8]) -> Option<&Constants> {
        // Most values are none, and a hash of a long one costs as much as a search.
        if self.sketches.may_hold(text_sketch(text)) { self.constants.get(text) } else { None }
    }

    fn of_value(&self, text: &[u8], hit: &mut impl FnMut(usize)) {
        let is_bounded = self.bounds.iter().any(|bounds| !bounds.0.is_empty());
        let is_equal_to_some = match integer(text) {
            Some(integer) => self.integers.may_hold(integer),
            None => !self.numbers.0.is_empty(),
        };
        if !is_bounded && !is_equal_to_some {
            return;
        }
        let Some(value) = Decimal::parse(text) else { return };
        if is_equal_to_some {
            self.numbers.equal(&value).iter().for_each(|(_, atoms)| atoms.iter().for_each(|atom| hit(*atom)));
        }
        for (order, bounds) in ORDERS.iter().zip(&self.bounds) {
            let satisfied = bounds.satisfied(*order, &value);
            satisfied.iter().for_each(|(_, atoms)| atoms.iter().for_each(|atom| hit(*atom)));
        }
    }
}

/// The value of a text of one to 19 digits.
#[inline]
fn integer(text: &[u8]) -> Option<u64> {
    let digits = if text.len() < 20 { text } else { &[] };
    let value = digits.iter().try_fold(0_u64, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0'))
    })?;
    (!digits.is_empty()).then_some(value)
}

impl Ranked {
    fn add(&mut self, number: &Number, atom: usize) {
        match self.0.binary_search_by(|(other, _)| other.decimal().compare(&number.decimal())) {
            Ok(place) => {
                if let Some((_, atoms)) = self.0.get_mut(place) {
                    atoms.push(atom);
                }
            }
            Err(place) => self.0.insert(place, (number.clone(), vec![atom])),
        }
    }

    /// How many numbers are less than the value, or as large at most.
    fn rank(&self, value: &Decimal<'_>, is_equal_counted: bool) -> usize {
        self.0.partition_point(|(number, _)| match number.decimal().compare(value) {
            Ordering::Less => true,
            Ordering::Equal => is_equal_counted,
            Ordering::Greater => false,
        })
    }

    fn equal(&self, value: &Decimal<'_>) -> &[(Number, Vec<usize>)] {
        if self.0.is_empty() {
            return &[];
        }
        self.0.get(self.rank(value, false)..self.rank(value, true)).unwrap_or_default()
    }

    /// The bounds that a value satisfies: the large ones of `<`, the small ones of `>`.
    fn satisfied(&self, order: Order, value: &Decimal<'_>) -> &[(Number, Vec<usize>)] {
        if self.0.is_empty() {
            return &[];
        }
        let found = match order {
            Order::Less => self.0.get(self.rank(value, true)..),
            Order::LessOrEqual => self.0.get(self.rank(value, false)..),
            Order::Greater => self.0.get(..self.rank(value, false)),
            Order::GreaterOrEqual => self.0.get(..self.rank(value, true)),
        };
        found.unwrap_or_default()
    }
}
