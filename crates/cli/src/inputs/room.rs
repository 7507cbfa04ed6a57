//! Bytes of an input, read one behind the other.

use super::Source;

/// Bytes that were read. The room behind them is kept as it was: it is not cleared for each read, and no page of it is
/// asked for twice.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    held: usize,
}

impl Room {
    /// Appends what comes next, at most so many bytes; returns how many, 0 at the end.
    pub(super) fn append(&mut self, source: &mut Source, bytes_max: usize) -> anyhow::Result<usize> {
        let count = source.read(self.behind(bytes_max))?;
        self.held += count;
        Ok(count)
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.behind(bytes.len()).copy_from_slice(bytes);
        self.held += bytes.len();
    }

    /// So many bytes behind those that are held.
    fn behind(&mut self, count: usize) -> &mut [u8] {
        let end = self.held + count;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(self.held..end).unwrap_or_default()
    }

    pub(super) fn held(&self) -> &[u8] {
        self.bytes.get(..self.held).unwrap_or_default()
    }

    /// Forgets all but the first bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.held = self.held.min(length);
    }

    /// Forgets the bytes.
    pub(super) fn clear(&mut self) {
        self.held = 0;
    }
}
