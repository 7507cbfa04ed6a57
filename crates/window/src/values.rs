//! The distinct values of one threshold key: bytes ↔ number, and how often each occurs where.
//!
//! Three counts per value: in all kept events (it is forgotten at 0), in the front window, and in the
//! window a scan is looking at. Numbers of forgotten values are used again.

use ahash::RandomState;
use hashbrown::HashTable;

#[derive(Clone, Debug)]
pub(crate) struct Values {
    entries: Vec<Entry>,
    free: Vec<u32>,
    table: HashTable<u32>,
    hasher: RandomState,
    kept: u64,
    entered: u64,
    scanned: u64,
    bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    bytes: Box<[u8]>,
    kept: u32,
    entered: u32,
    scanned: u32,
}

impl Values {
    pub(crate) fn new(hasher: RandomState) -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            table: HashTable::new(),
            hasher,
            kept: 0,
            entered: 0,
            scanned: 0,
            bytes: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.free.clear();
        self.table.clear();
        self.kept = 0;
        self.entered = 0;
        self.scanned = 0;
        self.bytes = 0;
    }

    /// Distinct values in all kept events.
    pub(crate) fn kept(&self) -> u64 {
        self.kept
    }

    /// Distinct values in the front window.
    pub(crate) fn entered(&self) -> u64 {
        self.entered
    }

    /// Distinct values in the window under the scan.
    pub(crate) fn scanned(&self) -> u64 {
        self.scanned
    }

    pub(crate) fn bytes(&self, value: u64) -> &[u8] {
        self.entries.get(index(value)).map_or(&[], |entry| &entry.bytes)
    }

    /// Estimated bytes of everything, from what is kept only.
    pub(crate) fn size(&self) -> usize {
        let kept = usize::try_from(self.kept).unwrap_or(usize::MAX);
        self.bytes + kept.saturating_mul(size_of::<Entry>() + 24)
    }

    /// Counts an occurrence; gives the value's number.
    pub(crate) fn admit(&mut self, bytes: &[u8]) -> u64 {
        let slot = self.find(bytes).unwrap_or_else(|| self.add(bytes));
        if let Some(entry) = self.entries.get_mut(index(slot.into())) {
            entry.kept += 1;
        }
        slot.into()
    }

    fn find(&self, bytes: &[u8]) -> Option<u32> {
        let is_equal =
            |&slot: &u32| self.entries.get(index(slot.into())).is_some_and(|entry| *entry.bytes == *bytes);
        self.table.find(self.hasher.hash_one(bytes), is_equal).copied()
    }

    fn add(&mut self, bytes: &[u8]) -> u32 {
        self.kept += 1;
        self.bytes += bytes.len();
        let entry = Entry { bytes: bytes.into(), ..Entry::default() };
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.entries.push(Entry::default());
                u32::try_from(self.entries.len() - 1).expect("events per key, and so values, fit 32 bits")
            }
        };
        if let Some(place) = self.entries.get_mut(index(slot.into())) {
            *place = entry;
        }
        let Self { entries, table, hasher, .. } = self;
        let hash_of = |&other: &u32| {
            hasher.hash_one(entries.get(index(other.into())).map_or(&[][..], |entry| &entry.bytes))
        };
        table.insert_unique(hasher.hash_one(bytes), slot, hash_of);
        slot
    }

    /// Takes back one [`Values::admit`].
    pub(crate) fn release(&mut self, value: u64) {
        let Some(entry) = self.entries.get_mut(index(value)) else { return };
        entry.kept -= 1;
        if entry.kept > 0 {
            return;
        }
        let bytes = std::mem::take(&mut entry.bytes);
        self.kept -= 1;
        self.bytes -= bytes.len();
        let Ok(slot) = u32::try_from(value) else { return };
        self.free.push(slot);
        if let Ok(place) = self.table.find_entry(self.hasher.hash_one(&*bytes), |&other| other == slot) {
            place.remove();
        }
    }

    pub(crate) fn enter(&mut self, value: u64) {
        if let Some(entry) = self.entries.get_mut(index(value)) {
            entry.entered += 1;
            self.entered += u64::from(entry.entered == 1);
        }
    }

    pub(crate) fn leave(&mut self, value: u64) {
        if let Some(entry) = self.entries.get_mut(index(value)) {
            entry.entered -= 1;
            self.entered -= u64::from(entry.entered == 0);
        }
    }

    pub(crate) fn enter_scan(&mut self, value: u64) {
        if let Some(entry) = self.entries.get_mut(index(value)) {
            entry.scanned += 1;
            self.scanned += u64::from(entry.scanned == 1);
        }
    }

    pub(crate) fn leave_scan(&mut self, value: u64) {
        if let Some(entry) = self.entries.get_mut(index(value)) {
            entry.scanned -= 1;
            self.scanned -= u64::from(entry.scanned == 0);
        }
    }
}

fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
