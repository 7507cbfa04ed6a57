//! Conditions on one value, compiled.

use std::sync::Arc;

use crate::ast::{Comparison, Operand, Order, Test};
use crate::document::Scalar;
use crate::glob::Glob;
use crate::number::{Decimal, Number};
use crate::regex::{Caches, Machine, Regex};
use crate::tuning::Tuning;

/// What is asked of a value, but `NOT EXISTS`, which is asked of its absence.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// `=` or `!=`.
    Equality {
        operand: Compiled,
        is_negated: bool,
    },
    /// `<`, `<=`, `>`, `>=`.
    Ordered(Order, Number),
    Null,
    True,
    False,
}

/// A compiled right-hand side.
#[derive(Debug)]
pub(crate) enum Compiled {
    Number(Number),
    Glob(Glob),
    /// With its place among the machines of the program or set.
    Regex(Arc<Machine>, usize),
}

/// The machines of a program or set, each expression once.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    list: Vec<(Box<str>, Arc<Machine>)>,
    places: std::collections::BTreeMap<Box<str>, usize>,
    tuning: Tuning,
}

impl Machines {
    pub(crate) fn new(tuning: Tuning) -> Self {
        Self { tuning, ..Self::default() }
    }

    /// The machine of an expression and its place.
    pub(crate) fn add(&mut self, regex: &Regex) -> (Arc<Machine>, usize) {
        let next = self.list.len();
        let place = *self.places.entry(regex.text.clone()).or_insert(next);
        if place == next {
            self.list.push((regex.text.clone(), Arc::new(Machine::compile(regex, self.tuning))));
        }
        let machine = self.list.get(place).map(|(_, machine)| Arc::clone(machine));
        (machine.unwrap_or_else(|| Arc::new(Machine::compile(regex, self.tuning))), place)
    }
}

impl Predicate {
    /// `None` for `NOT EXISTS`.
    pub(crate) fn of_test(test: &Test, machines: &mut Machines) -> Option<Self> {
        Some(match test {
            Test::Compare(comparison) => Self::of_comparison(comparison, machines),
            Test::IsNull => Self::Null,
            Test::IsTrue => Self::True,
            Test::IsFalse => Self::False,
            Test::NotExists => return None,
        })
    }

    pub(crate) fn of_comparison(comparison: &Comparison, machines: &mut Machines) -> Self {
        let mut compile = |operand: &Operand| match operand {
            Operand::Number(number) => Compiled::Number(number.clone()),
            Operand::Text(text) => Compiled::Glob(Glob::compile(text)),
            Operand::Regex(regex) => {
                let (machine, place) = machines.add(regex);
                Compiled::Regex(machine, place)
            }
        };
        match comparison {
            Comparison::Equal(operand) => Self::Equality { operand: compile(operand), is_negated: false },
            Comparison::NotEqual(operand) => Self::Equality { operand: compile(operand), is_negated: true },
            Comparison::Ordered(order, number) => Self::Ordered(*order, number.clone()),
        }
    }

    /// Asked of a JSON value.
    pub(crate) fn holds(&self, value: Scalar<'_>, caches: &mut Caches) -> bool {
        match (self, value) {
            (Self::Null, Scalar::Null | Scalar::Array { has_null: true })
            | (Self::True, Scalar::True)
            | (Self::False, Scalar::False) => true,
            (Self::Ordered(order, number), Scalar::Number(lexeme)) => ordered(*order, number, lexeme),
            (Self::Equality { operand, is_negated }, Scalar::Number(lexeme)) => {
                let is_equal = match operand {
                    Compiled::Number(number) => equals(number, lexeme),
                    Compiled::Glob(glob) => glob.matches(lexeme),
                    Compiled::Regex(machine, place) => caches.search(*place, machine, lexeme),
                };
                is_equal != *is_negated
            }
            (Self::Equality { operand, is_negated }, Scalar::String(text)) => {
                let is_equal = match operand {
                    Compiled::Number(number) => number.text().as_bytes() == text,
                    Compiled::Glob(glob) => glob.matches(text),
                    Compiled::Regex(machine, place) => caches.search(*place, machine, text),
                };
                is_equal != *is_negated
            }
            _ => false,
        }
    }

    /// Asked of a token.
    pub(crate) fn holds_token(&self, text: &[u8], caches: &mut Caches) -> bool {
        match self {
            Self::Equality { operand, is_negated } => {
                let is_equal = match operand {
                    Compiled::Number(number) => number.text().as_bytes() == text || equals(number, text),
                    Compiled::Glob(glob) => glob.matches(text),
                    Compiled::Regex(machine, place) => caches.search(*place, machine, text),
                };
                is_equal != *is_negated
            }
            Self::Ordered(order, number) => ordered(*order, number, text),
            Self::Null | Self::True | Self::False => false,
        }
    }
}

fn equals(number: &Number, text: &[u8]) -> bool {
    Decimal::parse(text).is_some_and(|value| value.compare(&number.decimal()).is_eq())
}

fn ordered(order: Order, number: &Number, text: &[u8]) -> bool {
    Decimal::parse(text).is_some_and(|value| order.accepts(value.compare(&number.decimal())))
}
