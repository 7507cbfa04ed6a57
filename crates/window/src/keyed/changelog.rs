//! What of the store goes to the changelog, and comes from it.

use super::{Decode, Keyed, NEAR_SLOTS, Restored};
use crate::cells::Handle;
use crate::changes::{Changes, Parts};
use crate::error::RestoreError;
use crate::header::{DIRTY, Header, LOGGED};

impl<S> Keyed<S> {
    /// Gives what changed since the last call: tombstones first, then entries in the order in which they
    /// first changed.
    pub(crate) fn drain_dirty(
        &mut self,
        encode: impl Fn(Option<&S>, &[u8], &mut Vec<u8>),
        f: &mut Changes<'_>,
    ) {
        for key in self.tombstones.drain(..) {
            f(&key, None);
        }
        let mut value = Vec::new();
        let mut dirty = std::mem::take(&mut self.dirty);
        for slots in dirty.chunks(NEAR_SLOTS) {
            self.bring_near(slots);
            for &slot in slots {
                self.drain_slot(slot, &encode, &mut value, f);
            }
        }
        dirty.clear();
        self.dirty = dirty;
    }

    fn drain_slot(
        &mut self,
        slot: u32,
        encode: &impl Fn(Option<&S>, &[u8], &mut Vec<u8>),
        value: &mut Vec<u8>,
        f: &mut Changes<'_>,
    ) {
        if self.handle(slot) == Handle::NONE {
            return;
        }
        let mut header = self.header(slot);
        if !header.has(DIRTY) {
            return;
        }
        header.flags = header.flags & !DIRTY | LOGGED;
        self.set_header(slot, header);
        value.clear();
        encode(self.state(slot), self.encoded(slot), value);
        let parts = Parts::emit(self.key(slot), value, f);
        let before = if parts.is_one() { self.parts.remove(&slot) } else { self.parts.insert(slot, parts) };
        for key in before.unwrap_or_default().keys_beyond(parts, self.key(slot)) {
            f(&key, None);
        }
    }

    /// Gives all entries, in slot order, and leaves the list of changes alone.
    pub(crate) fn export(&self, encode: impl Fn(Option<&S>, &[u8], &mut Vec<u8>), f: &mut Changes<'_>) {
        let mut value = Vec::new();
        for slot in self.live() {
            value.clear();
            encode(self.state(slot), self.encoded(slot), &mut value);
            Parts::emit(self.key(slot), &value, f);
        }
    }

    /// Takes one changelog entry. Entries may repeat, the last counts.
    pub(crate) fn restore(
        &mut self,
        entry: &[u8],
        value: Option<&[u8]>,
        decode: &mut Decode<'_, S>,
    ) -> Result<(), RestoreError> {
        let (part, key) = Parts::split(entry)?;
        if let Some(state) = self.pending.take(part, key, value)? {
            return self.install(key, decode(key, state), Parts::default());
        }
        if part == 0 {
            self.forget(key);
        }
        Ok(())
    }

    /// Puts states of several parts together, once all entries have been read.
    pub(crate) fn finish_restore(&mut self, decode: &mut Decode<'_, S>) -> Result<(), RestoreError> {
        let mut result = Ok(());
        std::mem::take(&mut self.pending).assemble(&mut |key, state| {
            let installed = state.and_then(|(state, parts)| self.install(key, decode(key, &state), parts));
            result = result.and(installed);
        });
        result
    }

    fn install(
        &mut self,
        key: &[u8],
        restored: Result<Restored<'_, S>, RestoreError>,
        parts: Parts,
    ) -> Result<(), RestoreError> {
        let Restored { state, encoded, bytes, deadline } = restored.inspect_err(|_| self.forget(key))?;
        let slot = self.entry(key);
        match state {
            Some(state) => self.set_state(slot, state, bytes),
            None => drop(self.take_state(slot)),
        }
        if parts.is_one() {
            self.parts.remove(&slot);
        } else {
            self.parts.insert(slot, parts);
        }
        let header = self.header(slot);
        self.set_header(slot, Header { flags: header.flags | DIRTY, ..header });
        self.update(slot, encoded, deadline);
        let header = self.header(slot);
        self.set_header(slot, Header { flags: header.flags & !DIRTY | LOGGED, ..header });
        Ok(())
    }

    /// Removes a key without a tombstone: the changelog already says so.
    fn forget(&mut self, key: &[u8]) {
        if let Some(slot) = self.find(key) {
            let header = self.header(slot);
            self.set_header(slot, Header { flags: header.flags & !LOGGED, ..header });
            self.remove(slot);
        }
    }
}
