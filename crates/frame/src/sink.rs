//! Who takes what the machines find: frames as they are, or parsed.

use crate::item::{Frame, Item, Reject, capped, wide};
use hsmstream_record::{
    Body, Document, Kind, Limits, Malformed, Origin, Record, TextBuffer, parse, parse_escaped,
};

/// Takes items in order.
pub(crate) trait Sink {
    /// Takes an item.
    fn item(&mut self, item: Item<'_>);

    /// Takes a log event's message as it stands in JSON. `string` begins behind the opening quote and goes on behind
    /// the closing one, behind which the event has to end. Returns how many bytes the message has, its closing
    /// quote included; `None`: it was not taken, and has to be unescaped for [`Self::item`].
    fn escaped(&mut self, string: &[u8], origin: &Origin<'_>) -> Option<usize>;
}

/// Gives items on as they are.
pub(crate) struct Items<'s>(pub(crate) &'s mut dyn FnMut(Item<'_>));

impl Sink for Items<'_> {
    fn item(&mut self, item: Item<'_>) {
        (self.0)(item);
    }

    fn escaped(&mut self, _: &[u8], _: &Origin<'_>) -> Option<usize> {
        None
    }
}

/// Gives items on as records or rejects.
pub(crate) struct Records<'s> {
    limits: Limits,
    buffer: &'s mut TextBuffer,
    sink: &'s mut dyn FnMut(Result<Record<'_>, Reject<'_>>),
    /// Frames that were no record.
    pub(crate) malformed: u64,
}

impl<'s> Records<'s> {
    /// Parses within `limits`; the text of records that are parsed while escaped goes to `buffer`.
    pub(crate) fn new(
        limits: Limits,
        buffer: &'s mut TextBuffer,
        sink: &'s mut dyn FnMut(Result<Record<'_>, Reject<'_>>),
    ) -> Self {
        Self { limits, buffer, sink, malformed: 0 }
    }
}

impl Sink for Records<'_> {
    fn item(&mut self, item: Item<'_>) {
        let frame = match item {
            Item::Reject(reject) => return (self.sink)(Err(reject)),
            Item::Frame(frame) => frame,
        };
        let Frame { bytes, origin, kind, message_offset, bad_escape } = frame;
        // No `map`: each would move the record, which is large.
        let body = match kind {
            Kind::Audit => match parse(bytes, &self.limits) {
                Ok(audit) if bad_escape => Body::Audit(audit.with_bad_escape(true)),
                Ok(audit) => Body::Audit(audit),
                Err(Malformed { reason, offset }) => {
                    self.malformed += 1;
                    let (raw, length) = (capped(bytes), wide(bytes.len()));
                    return (self.sink)(Err(Reject { reason, offset, message_offset, raw, length, origin }));
                }
            },
            kind => Body::Document(Document::new(kind, bytes)),
        };
        (self.sink)(Ok(Record { origin, body }));
    }

    fn escaped(&mut self, string: &[u8], origin: &Origin<'_>) -> Option<usize> {
        match parse_escaped(string, &self.limits, self.buffer) {
            Some((audit, length)) if string.get(length) == Some(&b'}') => {
                (self.sink)(Ok(Record { origin: *origin, body: Body::Audit(audit) }));
                Some(length)
            }
            _ => None,
        }
    }
}
