//! Which token each field of a space-delimited pattern stands for.
//!
//! Without `...` the last field takes what is left of the event. With it, fields before are counted from
//! the start, fields behind from the end, and none takes more than one token.

use crate::ast::{Field, Slot};
use crate::tokens::{Token, remainder};

/// Where a field finds its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// Token number, from the first.
    FromStart(usize),
    /// Token number, from behind the last: 1 is the last.
    FromEnd(usize),
    /// All from this token on.
    Remainder(usize),
}

/// The fields of a pattern and where they are.
#[derive(Debug)]
pub(crate) struct Layout<'p> {
    /// Fewest tokens of an event that fits.
    pub(crate) least: usize,
    pub(crate) slots: Vec<(Place, &'p Slot)>,
}

impl<'p> Layout<'p> {
    pub(crate) fn of(fields: &'p [Field]) -> Self {
        let rest = fields.iter().position(|field| matches!(field, Field::Rest(_)));
        let count = fields.len();
        let place = |index: usize| match rest {
            Some(rest) if index > rest => Place::FromEnd(count - index),
            None if index + 1 == count => Place::Remainder(index),
            _ => Place::FromStart(index),
        };
        let slots = fields.iter().enumerate().filter_map(|(index, field)| match field {
            Field::Slot(slot) => Some((place(index), slot)),
            Field::Rest(_) => None,
        });
        Self { least: count - usize::from(rest.is_some()), slots: slots.collect() }
    }
}

impl Place {
    /// The number of its first token, from 0.
    pub(crate) const fn index(self, tokens: usize) -> Option<usize> {
        match self {
            Self::FromStart(index) | Self::Remainder(index) => Some(index),
            Self::FromEnd(index) => tokens.checked_sub(index),
        }
    }

    /// The text there; `None` if there is no such token.
    pub(crate) fn text<'a>(self, event: &'a [u8], tokens: &[Token]) -> Option<&'a [u8]> {
        let index = self.index(tokens.len())?;
        let token = tokens.get(index)?;
        Some(match self {
            Self::Remainder(first) => remainder(event, tokens, first),
            Self::FromStart(_) | Self::FromEnd(_) => token.text(event),
        })
    }
}
