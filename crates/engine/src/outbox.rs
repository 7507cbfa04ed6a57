//! Outputs on their way to the transport: one byte arena and a table, reused from batch to batch.
//!
//! Filled by the emitter and by state drains, emptied into [`Transport::publish`] once per batch. No
//! allocation per output once warm.

use std::ops::Range;

use crate::ports::{Channel, Output, Transport, TransportError};

/// Outputs in the order in which they arose.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<(&'static str, Range<usize>)>,
}

#[derive(Debug, Clone)]
struct Entry {
    channel: Channel,
    key: Range<usize>,
    value: Option<Range<usize>>,
    headers: Range<usize>,
    timestamp_ms: Option<i64>,
}

impl Outbox {
    /// Whether there is nothing to publish.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of outputs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes held: keys, values and headers.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds one output; all parts are copied.
    pub fn push(
        &mut self,
        channel: Channel,
        key: &[u8],
        value: Option<&[u8]>,
        headers: &[(&'static str, &[u8])],
        timestamp_ms: Option<i64>,
    ) {
        let key = self.copy(key);
        let value = value.map(|value| self.copy(value));
        let first = self.headers.len();
        for (name, text) in headers {
            let range = self.copy(text);
            self.headers.push((name, range));
        }
        let headers = first..self.headers.len();
        self.entries.push(Entry { channel, key, value, headers, timestamp_ms });
    }

    /// Hands everything to the transport, in order, and empties the outbox.
    ///
    /// # Errors
    /// The first error of the transport; the outbox is emptied all the same, because after an error the
    /// transaction is aborted and its outputs arise anew.
    pub fn publish<T: Transport + ?Sized>(&mut self, transport: &mut T) -> Result<(), TransportError> {
        let mut views = Vec::new();
        let result = self.visit(&mut views, &mut |output| transport.publish(output));
        self.clear();
        result
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.headers.clear();
    }

    fn visit<'o>(
        &'o self,
        views: &mut Vec<(&'o str, &'o [u8])>,
        visit: &mut dyn FnMut(Output<'_>) -> Result<(), TransportError>,
    ) -> Result<(), TransportError> {
        for entry in &self.entries {
            views.clear();
            let headers = self.headers.get(entry.headers.clone()).unwrap_or_default();
            views.extend(headers.iter().map(|(name, range)| (*name, self.slice(range))));
            visit(Output {
                channel: entry.channel,
                key: self.slice(&entry.key),
                value: entry.value.as_ref().map(|range| self.slice(range)),
                headers: views,
                timestamp_ms: entry.timestamp_ms,
            })?;
        }
        Ok(())
    }

    fn copy(&mut self, part: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(part);
        start..self.bytes.len()
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}
