//! Who takes what the machines find: frames as they are, or parsed.

use crate::item::{Item, Reject};
use hsmstream_record::{Limits, Origin, Record, TextBuffer, parse_escaped_into};

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
    sink: &'s mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
    /// Frames that were no record.
    pub(crate) malformed: u64,
}

impl<'s> Records<'s> {
    /// Parses within `limits`; the text of records that are parsed while escaped goes to `buffer`.
    pub(crate) fn new(
        limits: Limits,
        buffer: &'s mut TextBuffer,
        sink: &'s mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
    ) -> Self {
        Self { limits, buffer, sink, malformed: 0 }
    }
}

impl Sink for Records<'_> {
    fn item(&mut self, item: Item<'_>) {
        let is_frame = matches!(item, Item::Frame(_));
        let is_record = item.parse(&self.limits, self.sink);
        self.malformed += u64::from(is_frame && !is_record);
    }

    #[expect(clippy::result_large_err, reason = "a record is larger still")]
    fn escaped(&mut self, string: &[u8], origin: &Origin<'_>) -> Option<usize> {
        let Self { limits, buffer, sink, .. } = self;
        let mut length = None;
        let record = Record::filled(*origin, |vacant| {
            length = parse_escaped_into(string, limits, buffer, vacant);
            Ok(())
        });
        let length = length.filter(|length| string.get(*length) == Some(&b'}'))?;
        sink(&record);
        Some(length)
    }
}
