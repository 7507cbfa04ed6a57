//! Items that wait for a thread to parse them: many in one piece of memory, which is used again.

use std::ops::Range;

use hsmstream_frame::{Frame, Item, Reject};
use hsmstream_record::{Kind, Limits, Origin, Reason, Record};

/// Items in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    items: Vec<Stored>,
}

#[derive(Debug)]
struct Stored {
    text: Range<usize>,
    names: Names,
    event_timestamp_ms: Option<i64>,
    message_offset: u64,
    sort: Sort,
}

/// Account, log group, log stream, cluster, HSM, event id.
type Names = [Option<Range<usize>>; 6];

#[derive(Clone, Copy, Debug)]
enum Sort {
    Frame { kind: Kind, bad_escape: bool },
    Reject { reason: Reason, offset: u32, length: u64 },
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
    }

    /// Bytes for which there is room.
    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Bytes that are kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Keeps a copy of an item, whose offset counts from `base`. Names that are those of the item before are kept
    /// once.
    pub(super) fn push(&mut self, item: &Item<'_>, base: u64) {
        let (text, origin, message_offset, sort) = match *item {
            Item::Frame(Frame { bytes, origin, kind, message_offset, bad_escape }) => {
                (bytes, origin, message_offset, Sort::Frame { kind, bad_escape })
            }
            Item::Reject(Reject { reason, offset, message_offset, raw, length, origin }) => {
                (raw, origin, message_offset, Sort::Reject { reason, offset, length })
            }
        };
        let message_offset = message_offset.saturating_add(base);
        let names = self.names(&origin);
        let text = self.copy(text);
        let event_timestamp_ms = origin.event_timestamp_ms;
        self.items.push(Stored { text, names, event_timestamp_ms, message_offset, sort });
    }

    fn names(&mut self, origin: &Origin<'_>) -> Names {
        let Origin { account, log_group, log_stream, cluster, hsm, event_id, event_timestamp_ms: _ } =
            *origin;
        let mut names = self.items.last().map_or_else(Names::default, |last| last.names.clone());
        for (known, name) in names.iter_mut().zip([account, log_group, log_stream, cluster, hsm, event_id]) {
            if known.as_ref().and_then(|known| self.bytes.get(known.clone())) != name {
                *known = name.map(|name| self.copy(name));
            }
        }
        names
    }

    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// Parses all items in order.
    pub(super) fn parse(&self, limits: &Limits, sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>)) {
        for stored in &self.items {
            self.item(stored).parse(limits, sink);
        }
    }

    fn item(&self, stored: &Stored) -> Item<'_> {
        let bytes = self.bytes.get(stored.text.clone()).unwrap_or_default();
        let [account, log_group, log_stream, cluster, hsm, event_id] =
            stored.names.each_ref().map(|name| name.as_ref().and_then(|name| self.bytes.get(name.clone())));
        let event_timestamp_ms = stored.event_timestamp_ms;
        let origin = Origin { account, log_group, log_stream, cluster, hsm, event_id, event_timestamp_ms };
        let message_offset = stored.message_offset;
        match stored.sort {
            Sort::Frame { kind, bad_escape } => {
                Item::Frame(Frame { bytes, origin, kind, message_offset, bad_escape })
            }
            Sort::Reject { reason, offset, length } => {
                Item::Reject(Reject { reason, offset, message_offset, raw: bytes, length, origin })
            }
        }
    }
}
