//! The evidence log: raw text and origin of records that a threshold may yet report.
//!
//! A threshold keeps of each event only its time, identity and position; what the record said is kept once
//! here, however many rules counted it, in order of arrival. An entry leaves when no window can reach it
//! any more, or when the log is over its limit: then the oldest goes first, counted, and an alert that
//! would have shown it says so instead. The log is state: it goes to the changelog entry by entry.
//!
//! Cost: one copy and one tree insertion per record that matched a threshold; a lookup is a tree search.

use std::collections::{BTreeMap, VecDeque};

use hsmstream_output::Raw;
use hsmstream_record::{Origin, Record};
use hsmstream_window::Changes;

use crate::codec::{Reader, put_bytes, put_u64};

/// Where a record stands in the input. Within one source later records have greater positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Partition, or number of the input file.
    pub source: u32,
    /// Offset in the partition, or of the frame in the file.
    pub offset: i64,
    /// Number of the frame in its message.
    pub index: u32,
}

impl Position {
    /// Big-endian bytes whose order is the order of positions of one task (offsets are not negative).
    #[must_use]
    pub fn to_key(self) -> [u8; 16] {
        let mut key = [0; 16];
        let (source, rest) = key.split_at_mut(4);
        let (offset, index) = rest.split_at_mut(8);
        source.copy_from_slice(&self.source.to_be_bytes());
        offset.copy_from_slice(&self.offset.to_be_bytes());
        index.copy_from_slice(&self.index.to_be_bytes());
        key
    }

    pub(crate) fn from_key(key: &[u8]) -> Option<Self> {
        let (source, rest) = key.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let index = rest.try_into().ok()?;
        Some(Self {
            source: u32::from_be_bytes(*source),
            offset: i64::from_be_bytes(*offset),
            index: u32::from_be_bytes(index),
        })
    }
}

/// What is kept of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept<'a> {
    /// Origin, as far as known.
    pub account: Option<&'a [u8]>,
    /// Log group.
    pub log_group: Option<&'a [u8]>,
    /// Log stream.
    pub log_stream: Option<&'a [u8]>,
    /// Cluster.
    pub cluster: Option<&'a [u8]>,
    /// HSM.
    pub hsm: Option<&'a [u8]>,
    /// The record's text, at most [`RAW_MAX`] bytes of it.
    pub raw: &'a [u8],
    /// Length of the whole text.
    pub length: u64,
}

/// Bytes of a record's text that evidence keeps.
pub const RAW_MAX: usize = 8 << 10;

impl<'a> Kept<'a> {
    /// What evidence keeps of `record`.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let raw = record.raw();
        let origin = &record.origin;
        Self {
            account: origin.account,
            log_group: origin.log_group,
            log_stream: origin.log_stream,
            cluster: origin.cluster,
            hsm: origin.hsm,
            raw: raw.get(..RAW_MAX).unwrap_or(raw),
            length: raw.len() as u64,
        }
    }

    /// The origin, without what evidence does not keep.
    #[must_use]
    pub fn origin(&self) -> Origin<'a> {
        Origin {
            account: self.account,
            log_group: self.log_group,
            log_stream: self.log_stream,
            cluster: self.cluster,
            hsm: self.hsm,
            ..Origin::default()
        }
    }

    /// The text as evidence shows it.
    #[must_use]
    pub fn shown(&self) -> Raw<'a> {
        if self.length == self.raw.len() as u64 {
            Raw::Whole(self.raw)
        } else {
            Raw::Cut { bytes: self.raw, length: self.length }
        }
    }

    fn encode(&self, time: u64, out: &mut Vec<u8>) {
        put_u64(out, time);
        for part in [self.account, self.log_group, self.log_stream, self.cluster, self.hsm] {
            put_bytes(out, part);
        }
        put_u64(out, self.length);
        out.extend_from_slice(self.raw);
    }

    fn decode(bytes: &'a [u8]) -> Option<(u64, Self)> {
        let mut reader = Reader::new(bytes);
        let time = reader.u64()?;
        let mut parts = [None; 5];
        for part in &mut parts {
            *part = reader.bytes()?;
        }
        let [account, log_group, log_stream, cluster, hsm] = parts;
        let length = reader.u64()?;
        let raw = reader.rest();
        Some((time, Self { account, log_group, log_stream, cluster, hsm, raw, length }))
    }
}

#[derive(Debug)]
struct Entry {
    position: Position,
    time: u64,
    bytes: Box<[u8]>,
}

/// The log of one task.
#[derive(Debug)]
pub struct EvidenceLog {
    /// In order of arrival.
    entries: VecDeque<Entry>,
    /// Arrival number of each entry; that of the first is `first`.
    index: BTreeMap<Position, u64>,
    first: u64,
    bytes: usize,
    bytes_max: usize,
    /// Entries from this position on are not in the changelog yet.
    fresh: usize,
    removed: Vec<Position>,
    dropped: u64,
    scratch: Vec<u8>,
}

/// Bytes that an entry costs beside its text: itself, its allocation, its place in the index.
const ENTRY_OVERHEAD: usize = size_of::<Entry>() + 16 + 40;

impl EvidenceLog {
    /// An empty log that holds at most about `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            index: BTreeMap::new(),
            first: 0,
            bytes: 0,
            bytes_max,
            fresh: 0,
            removed: Vec::new(),
            dropped: 0,
            scratch: Vec::new(),
        }
    }

    /// Keeps a record, unless one of its position is kept: with at-least-once delivery the same record may come
    /// again after an unclean end.
    pub fn keep(&mut self, position: Position, time: u64, kept: &Kept<'_>) {
        if self.index.contains_key(&position) {
            return;
        }
        self.scratch.clear();
        kept.encode(time, &mut self.scratch);
        self.push(Entry { position, time, bytes: self.scratch.as_slice().into() });
        while self.bytes_max < self.bytes && self.pop() {
            self.dropped += 1;
        }
    }

    /// What was kept of the record at `position`, unless it is gone.
    #[must_use]
    pub fn find(&self, position: Position) -> Option<Kept<'_>> {
        let at = usize::try_from(self.index.get(&position)?.checked_sub(self.first)?).ok()?;
        Kept::decode(&self.entries.get(at)?.bytes).map(|(_, kept)| kept)
    }

    /// Lets go of entries that no window can reach any more: those in front older than `horizon`.
    pub fn expire(&mut self, horizon: u64) {
        while self.entries.front().is_some_and(|entry| entry.time < horizon) && self.pop() {}
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Entries dropped by the limit since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Whether something changed since the last [`drain`](Self::drain).
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.fresh < self.entries.len() || !self.removed.is_empty()
    }

    /// Gives the changes since the last drain: new entries, and tombstones of those that left.
    pub fn drain(&mut self, visit: &mut Changes<'_>) {
        for position in self.removed.drain(..) {
            visit(&position.to_key(), None);
        }
        for entry in self.entries.range(self.fresh.min(self.entries.len())..) {
            visit(&entry.position.to_key(), Some(&entry.bytes));
        }
        self.fresh = self.entries.len();
    }

    /// Takes back an entry; called in the order of keys. Gives false if the bytes make no sense.
    #[must_use]
    pub fn restore(&mut self, key: &[u8], value: &[u8]) -> bool {
        let (Some(position), Some((time, _))) = (Position::from_key(key), Kept::decode(value)) else {
            return false;
        };
        if self.index.contains_key(&position) {
            return false;
        }
        self.push(Entry { position, time, bytes: value.into() });
        self.fresh = self.entries.len();
        true
    }

    fn push(&mut self, entry: Entry) {
        let arrival = self.first + self.entries.len() as u64;
        let before = self.index.insert(entry.position, arrival);
        debug_assert!(before.is_none(), "a position is kept once");
        self.bytes += entry.bytes.len() + ENTRY_OVERHEAD;
        self.entries.push_back(entry);
    }

    fn pop(&mut self) -> bool {
        let Some(entry) = self.entries.pop_front() else { return false };
        self.first += 1;
        self.index.remove(&entry.position);
        self.bytes -= entry.bytes.len() + ENTRY_OVERHEAD;
        if self.fresh == 0 {
            return true; // Never reached the changelog.
        }
        self.fresh -= 1;
        self.removed.push(entry.position);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64) -> Position {
        Position { source: 0, offset, index: 0 }
    }

    fn kept(raw: &[u8]) -> Kept<'_> {
        Kept { hsm: Some(b"hsm-1"), raw, length: raw.len() as u64, ..Kept::default() }
    }

    #[test]
    fn finds_what_it_kept_and_survives_a_restart() {
        let mut log = EvidenceLog::new(1 << 20);
        let mut image = BTreeMap::new();
        for offset in 0..10 {
            log.keep(
                position(offset),
                100 + offset.unsigned_abs(),
                &kept(format!("record {offset}").as_bytes()),
            );
        }
        let drain = |log: &mut EvidenceLog, image: &mut BTreeMap<Vec<u8>, Vec<u8>>| {
            log.drain(&mut |key, value| {
                match value {
                    Some(value) => image.insert(key.to_vec(), value.to_vec()),
                    None => image.remove(key),
                };
            });
        };
        drain(&mut log, &mut image);
        log.expire(105);
        drain(&mut log, &mut image);
        assert_eq!(image.len(), 5);
        let mut again = EvidenceLog::new(1 << 20);
        for (key, value) in &image {
            assert!(again.restore(key, value));
        }
        assert_eq!(again.find(position(4)), None);
        assert_eq!(again.find(position(7)), Some(kept(b"record 7")));
        assert_eq!(again.bytes(), log.bytes());
        assert!(!again.has_changes());
    }

    #[test]
    fn the_limit_drops_the_oldest_and_counts() {
        let mut log = EvidenceLog::new(3 * (ENTRY_OVERHEAD + 40));
        for offset in 0..10 {
            log.keep(position(offset), 1, &kept(b"0123456789"));
        }
        assert!(log.take_dropped() > 0);
        assert!(log.find(position(0)).is_none());
        assert!(log.find(position(9)).is_some());
        let mut tombstones = 0;
        log.drain(&mut |_, value| tombstones += usize::from(value.is_none()));
        assert_eq!(tombstones, 0, "what never reached the changelog needs no tombstone");
    }

    #[test]
    fn a_record_that_comes_again_is_kept_once() {
        let mut log = EvidenceLog::new(1 << 20);
        log.keep(position(1), 1, &kept(b"first"));
        let bytes = log.bytes();
        log.keep(position(1), 1, &kept(b"again"));
        assert_eq!(log.bytes(), bytes);
        assert_eq!(log.find(position(1)), Some(kept(b"first")));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let mut log = EvidenceLog::new(1 << 20);
        assert!(!log.restore(b"short", b""));
        assert!(!log.restore(&position(1).to_key(), &[0xff; 20]));
    }
}
