//! The changelog: where changes of state go, and how one state becomes entries.
//!
//! An entry's key is a varint part number, then the key; the value of part 0 is the varint number of parts,
//! then the (first piece of the) state, of the others the next pieces. Only states above [`PART_BYTES`] have
//! more than one part, so that no entry exceeds a broker's message limit.

use std::collections::BTreeMap;

use crate::codec::{Reader, len_u64, put_u64};
use crate::error::RestoreError;

/// Takes one changelog entry: key, and value or `None` for a deletion. Borrowed for the call.
pub type Changes<'f> = dyn FnMut(&[u8], Option<&[u8]>) + 'f;

/// Largest piece of a state in one entry.
const PART_BYTES: usize = 256 << 10;

/// The number of entries of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts(u64);

impl Default for Parts {
    fn default() -> Self {
        Self(1)
    }
}

impl Parts {
    pub(crate) fn is_one(self) -> bool {
        self.0 == 1
    }

    /// Gives the entries of a state.
    pub(crate) fn emit(key: &[u8], state: &[u8], f: &mut Changes<'_>) -> Self {
        let parts = Self(len_u64(state.len().div_ceil(PART_BYTES)).max(1));
        let mut pieces = state.chunks(PART_BYTES);
        let mut first = Vec::with_capacity(state.len().min(PART_BYTES) + 2);
        put_u64(&mut first, parts.0);
        first.extend_from_slice(pieces.next().unwrap_or_default());
        let mut keys = parts.keys(key);
        if let Some(key) = keys.next() {
            f(&key, Some(&first));
        }
        for (key, piece) in keys.zip(pieces) {
            f(&key, Some(piece));
        }
        parts
    }

    /// The keys of all entries.
    pub(crate) fn keys(self, key: &[u8]) -> impl Iterator<Item = Box<[u8]>> + '_ {
        part_keys(0, self.0, key)
    }

    /// The keys of those entries that `now` has no more.
    pub(crate) fn keys_beyond(self, now: Self, key: &[u8]) -> impl Iterator<Item = Box<[u8]>> + '_ {
        part_keys(now.0, self.0, key)
    }

    /// Part number and key of an entry.
    pub(crate) fn split(entry: &[u8]) -> Result<(u64, &[u8]), RestoreError> {
        let mut reader = Reader::new(entry);
        Ok((reader.u64()?, reader.rest()))
    }
}

fn part_keys(from: u64, to: u64, key: &[u8]) -> impl Iterator<Item = Box<[u8]>> + '_ {
    (from..to).map(move |part| {
        let mut entry = Vec::with_capacity(key.len() + 1);
        put_u64(&mut entry, part);
        entry.extend_from_slice(key);
        entry.into_boxed_slice()
    })
}

type Pieces = BTreeMap<u64, Box<[u8]>>;
type Assembled = Result<(Vec<u8>, Parts), RestoreError>;

/// States of several entries, while they are being restored.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeMap<Box<[u8]>, Pieces>);

impl Pending {
    /// Takes an entry; gives its state back if that is all of it.
    pub(crate) fn take<'a>(
        &mut self,
        part: u64,
        key: &[u8],
        value: Option<&'a [u8]>,
    ) -> Result<Option<&'a [u8]>, RestoreError> {
        let Some(value) = value else {
            if let Some(pieces) = self.0.get_mut(key) {
                pieces.remove(&part);
            }
            return Ok(None);
        };
        if part == 0 {
            let mut reader = Reader::new(value);
            if reader.u64()? == 1 {
                self.0.remove(key);
                return Ok(Some(reader.rest()));
            }
        }
        self.0.entry(key.into()).or_default().insert(part, value.into());
        Ok(None)
    }

    /// Gives each state with its parts, or what is wrong with it.
    pub(crate) fn assemble(self, f: &mut dyn FnMut(&[u8], Assembled)) {
        for (key, pieces) in self.0 {
            if let Some(first) = pieces.get(&0) {
                f(&key, join(first, &pieces));
            }
        }
    }
}

fn join(first: &[u8], pieces: &Pieces) -> Assembled {
    let mut reader = Reader::new(first);
    let parts = reader.u64()?;
    if parts > len_u64(pieces.len()) {
        return Err(reader.malformed());
    }
    let mut state = reader.rest().to_vec();
    for part in 1..parts {
        state.extend_from_slice(pieces.get(&part).ok_or_else(|| reader.malformed())?);
    }
    Ok((state, Parts(parts)))
}
