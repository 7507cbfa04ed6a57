//! The index from hashes to slot numbers: open addressing in one array, one cache line per look-up.
//!
//! An entry is 32 bits of hash and the slot's number + 1; 0 is empty. An entry's home is proportional to its
//! hash, so entries lie in the order of their hashes but for linear probing, and growing is one pass over
//! both arrays that needs no key. Up to three quarters full, grown by half: 11 to 16 bytes per key.
//!
//! Against hashbrown's table of numbers: that touches a line of tags and a line of numbers, and rehashes
//! all keys, each behind a pointer, when it grows.

#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<u64>,
    len: usize,
}

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slot with this hash that `is_equal` accepts.
    pub(crate) fn find(&self, hash: u32, is_equal: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(hash, is_equal).map(|(_, slot)| slot)
    }

    fn position(&self, hash: u32, is_equal: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let mut at = self.home(hash);
        loop {
            let entry = *self.entries.get(at)?;
            let slot = slot_in(entry)?;
            if hash_in(entry) == hash && is_equal(slot) {
                return Some((at, slot));
            }
            at = self.next(at);
        }
    }

    /// Adds a slot that is not there.
    pub(crate) fn insert(&mut self, hash: u32, slot: u32) {
        if self.entries.len() * 3 <= self.len * 4 + 4 {
            self.grow();
        }
        self.len += 1;
        self.put(u64::from(hash) << 32 | (u64::from(slot) + 1));
    }

    /// Removes a slot, and moves later entries of its run up so that none is cut off.
    pub(crate) fn remove(&mut self, hash: u32, slot: u32) {
        let Some((mut hole, _)) = self.position(hash, |other| other == slot) else { return };
        self.len -= 1;
        let mut at = hole;
        loop {
            at = self.next(at);
            let Some(&entry) = self.entries.get(at) else { return };
            if slot_in(entry).is_none() {
                break;
            }
            // The entry may fill the hole unless its home lies behind the hole, cyclically.
            let home = self.home(hash_in(entry));
            if self.distance(home, at) >= self.distance(hole, at) {
                self.set(hole, entry);
                hole = at;
            }
        }
        self.set(hole, 0);
    }

    fn grow(&mut self) {
        let entries = vec![0; (self.entries.len() + self.entries.len() / 2).max(16)];
        for entry in std::mem::replace(&mut self.entries, entries) {
            if entry != 0 {
                self.put(entry);
            }
        }
    }

    fn put(&mut self, entry: u64) {
        let mut at = self.home(hash_in(entry));
        while self.entries.get(at).is_some_and(|&other| other != 0) {
            at = self.next(at);
        }
        self.set(at, entry);
    }

    fn set(&mut self, at: usize, entry: u64) {
        if let Some(place) = self.entries.get_mut(at) {
            *place = entry;
        }
    }

    /// `hash / 2^32` of the way through the array.
    fn home(&self, hash: u32) -> usize {
        let len = u64::try_from(self.entries.len()).unwrap_or(0);
        usize::try_from((u64::from(hash) * len) >> 32).unwrap_or(0)
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 < self.entries.len() { at + 1 } else { 0 }
    }

    /// Steps from `from` to `to`.
    fn distance(&self, from: usize, to: usize) -> usize {
        if from <= to { to - from } else { to + self.entries.len() - from }
    }
}

fn hash_in(entry: u64) -> u32 {
    u32::try_from(entry >> 32).unwrap_or(0)
}

fn slot_in(entry: u64) -> Option<u32> {
    u32::try_from(entry & 0xffff_ffff).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Index;

    proptest! {
        /// Hashes from both ends and few in the middle: long runs, also around the end of the array.
        #[test]
        fn equals_a_map(calls in prop::collection::vec((0u32..40, any::<bool>()), 0..400)) {
            let hash = |slot: u32| if slot.is_multiple_of(3) { u32::MAX - slot / 9 } else { slot % 4 };
            let (mut index, mut map) = (Index::default(), BTreeMap::new());
            for (slot, is_there) in calls {
                if is_there && map.insert(slot, ()).is_none() {
                    index.insert(hash(slot), slot);
                } else if !is_there {
                    map.remove(&slot);
                    index.remove(hash(slot), slot);
                }
                prop_assert_eq!(index.len(), map.len());
                for slot in 0..40 {
                    let found = index.find(hash(slot), |other| other == slot);
                    prop_assert_eq!(found, map.contains_key(&slot).then_some(slot));
                }
            }
        }
    }
}
