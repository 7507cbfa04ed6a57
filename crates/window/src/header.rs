//! The first bytes of a cell: deadlines, lengths and flags of a slot, little end first.
//!
//! ```text
//! deadline 8 · queued 8 · key length and flags 4 · length of the encoded state 4 · key · encoded state
//! ```

use crate::time::EventTime;

/// Bytes before the key.
pub(crate) const HEADER_BYTES: usize = 24;

/// The first bytes of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header {
    /// The key's next deadline.
    pub(crate) deadline: EventTime,
    /// The time its current timer is queued for, at most `deadline`.
    pub(crate) queued: EventTime,
    pub(crate) key_len: u32,
    pub(crate) encoded_len: u32,
    pub(crate) flags: u8,
}

/// Changed since the last drain.
pub(crate) const DIRTY: u8 = 1;
/// The changelog has an entry of this key, so its removal needs a tombstone.
pub(crate) const LOGGED: u8 = 2;
/// A timer is queued.
pub(crate) const ARMED: u8 = 4;
/// Flags lie above the length of the key.
pub(crate) const FLAGS_SHIFT: u32 = 28;

impl Header {
    pub(crate) fn read(cell: &[u8]) -> Self {
        let word = |at: usize| {
            let bytes = cell.get(at..).and_then(<[u8]>::first_chunk).copied();
            u64::from_le_bytes(bytes.unwrap_or_default())
        };
        let lens = word(16);
        let (low, high) = (low_u32(lens), low_u32(lens >> 32));
        Self {
            deadline: EventTime(word(0)),
            queued: EventTime(word(8)),
            key_len: low & ((1 << FLAGS_SHIFT) - 1),
            encoded_len: high,
            flags: u8::try_from(low >> FLAGS_SHIFT).unwrap_or(0),
        }
    }

    pub(crate) fn write(self, cell: &mut [u8]) {
        let lens = u64::from(self.key_len | u32::from(self.flags) << FLAGS_SHIFT)
            | u64::from(self.encoded_len) << 32;
        if let Some((deadline, rest)) = cell.split_first_chunk_mut()
            && let Some((queued, rest)) = rest.split_first_chunk_mut()
            && let Some(place) = rest.first_chunk_mut()
        {
            *deadline = self.deadline.0.to_le_bytes();
            *queued = self.queued.0.to_le_bytes();
            *place = lens.to_le_bytes();
        }
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn key(self, cell: &[u8]) -> &[u8] {
        cell.get(HEADER_BYTES..self.key_end()).unwrap_or_default()
    }

    pub(crate) fn encoded(self, cell: &[u8]) -> &[u8] {
        cell.get(self.key_end()..self.end()).unwrap_or_default()
    }

    pub(crate) fn key_end(self) -> usize {
        HEADER_BYTES + as_usize(self.key_len)
    }

    pub(crate) fn end(self) -> usize {
        self.key_end() + as_usize(self.encoded_len)
    }
}

pub(crate) fn low_u32(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or(0)
}

pub(crate) fn as_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
