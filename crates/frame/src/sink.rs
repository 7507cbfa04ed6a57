//! Who takes what the machines find: frames as they are, or parsed.

use crate::item::{Item, Reject};
use crate::quick::Row;
use hsmstream_record::{
    Batch, Body, Limits, Origin, Parser, Record, TextBuffer, parse_escaped_into, run_batch,
};

/// Takes items in order.
pub(crate) trait Sink {
    /// Takes an item.
    fn item(&mut self, item: Item<'_>);

    /// Takes log events from the front of a row as long as they are in the common form and their messages can be taken
    /// as they stand in JSON, at most so many. `origin` is theirs, but for what each says itself. Returns how many; the
    /// next, if there is one, has to be unescaped for [`Self::item`].
    fn events<'w>(&mut self, row: &mut Row<'w>, origin: &Origin<'w>, most: u64) -> u64;

    /// Takes the message of one log event as it stands in JSON, if that can be. `string` begins behind its opening quote
    /// and goes on behind the closing one.
    fn escaped(&mut self, string: &[u8], origin: &Origin<'_>) -> bool;
}

/// Gives items on as they are.
pub(crate) struct Items<'s>(pub(crate) &'s mut dyn FnMut(Item<'_>));

impl Sink for Items<'_> {
    fn item(&mut self, item: Item<'_>) {
        (self.0)(item);
    }

    fn events<'w>(&mut self, _: &mut Row<'w>, _: &Origin<'w>, _: u64) -> u64 {
        0
    }

    fn escaped(&mut self, _: &[u8], _: &Origin<'_>) -> bool {
        false
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

    fn events<'w>(&mut self, row: &mut Row<'w>, origin: &Origin<'w>, most: u64) -> u64 {
        run_batch(Events { records: self, row, origin, most })
    }

    fn escaped(&mut self, string: &[u8], origin: &Origin<'_>) -> bool {
        let Self { limits, buffer, sink, .. } = self;
        let mut record = Ok(Record::of(*origin));
        let audit = record.as_mut().ok().and_then(Record::audit_mut);
        let is_taken = audit.is_some_and(|audit| parse_escaped_into(string, limits, buffer, audit).is_some());
        if is_taken {
            sink(&record);
        }
        is_taken
    }
}

/// Events to be taken from a row.
struct Events<'r, 's, 'w> {
    records: &'r mut Records<'s>,
    row: &'r mut Row<'w>,
    origin: &'r Origin<'w>,
    most: u64,
}

impl Batch for Events<'_, '_, '_> {
    type Output = u64;

    #[inline(always)]
    fn run<P: Parser>(self, parser: P) -> u64 {
        let Self { records: Records { limits, buffer, sink, .. }, row, origin, most } = self;
        let (mut rest, mut taken) = (*row, 0);
        while taken < most {
            let Some(before) = rest.before_message() else { break };
            let mut record = Ok(Record::of(*origin));
            let Ok(Record { origin: own, body: Body::Audit(audit) }) = &mut record else { break };
            (own.event_id, own.event_timestamp_ms) = before.named_over(origin);
            let length = parser.parse_escaped_into(before.string, limits, buffer, audit);
            let Some(behind) = length.and_then(|length| Row::behind(before, length)) else { break };
            sink(&record);
            rest = behind;
            taken += 1;
        }
        *row = rest;
        taken
    }
}
