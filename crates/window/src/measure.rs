//! The measures of a rollup row. All of them are independent of the order of events.

use ahash::RandomState;
use hashbrown::HashTable;

use crate::codec::{Reader, len_u64, put_bytes, put_u64};
use crate::error::RestoreError;
use crate::event::MeasureInput;
use crate::limits::Limits;

/// What a rollup computes per window and group. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Events, whatever their input.
    Count,
    /// Distinct values, exactly; missing ones are ignored.
    Distinct,
    /// Sum of numbers, at most `u64::MAX`; 0 of nothing.
    Sum,
    /// Smallest number; absent of nothing.
    Min,
    /// Greatest number; absent of nothing.
    Max,
}

/// One measure's state in one row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Count(u64),
    Distinct(Box<ValueSet>),
    Sum(u64),
    Min(Option<u64>),
    Max(Option<u64>),
}

/// Whether a value was left out because of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    Yes,
    Capped,
}

impl Cell {
    pub(crate) fn new(measure: Measure) -> Self {
        match measure {
            Measure::Count => Self::Count(0),
            Measure::Distinct => Self::Distinct(Box::default()),
            Measure::Sum => Self::Sum(0),
            Measure::Min => Self::Min(None),
            Measure::Max => Self::Max(None),
        }
    }

    pub(crate) fn add(&mut self, input: MeasureInput<'_>, limits: &Limits, hasher: &RandomState) -> Added {
        match (self, input) {
            (Self::Count(count), _) => *count = count.saturating_add(1),
            (Self::Distinct(set), MeasureInput::Bytes(bytes)) => return set.add(bytes, limits, hasher),
            (Self::Distinct(set), MeasureInput::Number(number)) => {
                return set.add(&number.to_be_bytes(), limits, hasher);
            }
            (Self::Sum(sum), MeasureInput::Number(number)) => *sum = sum.saturating_add(number),
            (Self::Min(min), MeasureInput::Number(number)) => {
                *min = Some(min.map_or(number, |min| min.min(number)))
            }
            (Self::Max(max), MeasureInput::Number(number)) => *max = (*max).max(Some(number)),
            (_, MeasureInput::Missing)
            | (Self::Sum(_) | Self::Min(_) | Self::Max(_), MeasureInput::Bytes(_)) => {}
        }
        Added::Yes
    }

    /// Adds all that `other` holds.
    pub(crate) fn merge(&mut self, other: &Self, limits: &Limits, hasher: &RandomState) -> Added {
        match (self, other) {
            (Self::Count(a), Self::Count(b)) | (Self::Sum(a), Self::Sum(b)) => *a = a.saturating_add(*b),
            (Self::Min(a), Self::Min(b)) => *a = a.iter().chain(b).min().copied(),
            (Self::Max(a), Self::Max(b)) => *a = (*a).max(*b),
            (Self::Distinct(a), Self::Distinct(b)) => {
                let mut added = Added::Yes;
                for value in b.values() {
                    if a.add(value, limits, hasher) == Added::Capped {
                        added = Added::Capped;
                    }
                }
                return added;
            }
            _ => debug_assert!(false, "rows of one rollup have the same measures"),
        }
        Added::Yes
    }

    pub(crate) fn value(&self) -> Option<u64> {
        match self {
            Self::Count(value) | Self::Sum(value) => Some(*value),
            Self::Distinct(set) => Some(len_u64(set.ends.len())),
            Self::Min(value) | Self::Max(value) => *value,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let set = match self {
            Self::Distinct(set) => size_of::<ValueSet>() + set.arena.len() + set.ends.len() * 12,
            _ => 0,
        };
        size_of::<Self>() + set
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Count(value) | Self::Sum(value) => put_u64(out, *value),
            Self::Min(value) | Self::Max(value) => {
                out.push(u8::from(value.is_some()));
                put_u64(out, value.unwrap_or(0));
            }
            Self::Distinct(set) => {
                put_u64(out, len_u64(set.ends.len()));
                for value in set.values() {
                    put_bytes(out, value);
                }
            }
        }
    }

    pub(crate) fn decode(
        measure: Measure,
        reader: &mut Reader<'_>,
        limits: &Limits,
        hasher: &RandomState,
    ) -> Result<Self, RestoreError> {
        Ok(match measure {
            Measure::Count => Self::Count(reader.u64()?),
            Measure::Sum => Self::Sum(reader.u64()?),
            Measure::Min => Self::Min(decode_option(reader)?),
            Measure::Max => Self::Max(decode_option(reader)?),
            Measure::Distinct => {
                let mut set = ValueSet::default();
                for _ in 0..reader.count()? {
                    set.add(reader.bytes()?, limits, hasher);
                }
                Self::Distinct(Box::new(set))
            }
        })
    }
}

fn decode_option(reader: &mut Reader<'_>) -> Result<Option<u64>, RestoreError> {
    let is_some = reader.byte()?;
    let value = reader.u64()?;
    match is_some {
        0 => Ok(None),
        1 => Ok(Some(value)),
        _ => Err(reader.malformed()),
    }
}

/// A set of byte strings that only grows: one arena, in order of arrival, and a table over it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueSet {
    arena: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

impl ValueSet {
    fn values(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|index| value_at(&self.arena, &self.ends, index))
    }

    fn add(&mut self, bytes: &[u8], limits: &Limits, hasher: &RandomState) -> Added {
        let Self { arena, ends, table } = self;
        let hash = hasher.hash_one(bytes);
        let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        if table.find(hash, |&index| value_at(arena, ends, at(index)) == bytes).is_some() {
            return Added::Yes;
        }
        let end = arena.len() + bytes.len();
        let (Ok(end_u32), Ok(index)) = (u32::try_from(end), u32::try_from(ends.len())) else {
            return Added::Capped;
        };
        if ends.len() >= limits.values_max || limits.values_bytes_max < end {
            return Added::Capped;
        }
        arena.extend_from_slice(bytes);
        ends.push(end_u32);
        table.insert_unique(hash, index, |&index| hasher.hash_one(value_at(arena, ends, at(index))));
        Added::Yes
    }
}

fn value_at<'a>(arena: &'a [u8], ends: &[u32], index: usize) -> &'a [u8] {
    let at = |index: usize| ends.get(index).and_then(|&end| usize::try_from(end).ok());
    let begin = index.checked_sub(1).map_or(Some(0), at);
    match (begin, at(index)) {
        (Some(begin), Some(end)) => arena.get(begin..end).unwrap_or_default(),
        _ => &[],
    }
}
