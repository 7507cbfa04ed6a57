//! The way out of every machine: limits are looked at here, and everything is counted here.

use crate::document;
use crate::item::{Counts, Frame, Item, Reject, capped, wide};
use crate::origin::{Named, resolve};
use crate::quick::Row;
use crate::sink::Sink;
use crate::text::{Piece, white_len};
use hsmstream_record::{Kind, Limits, Origin, Reason, trim_end};

/// What the counts and budgets of a message are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    /// Events met, whatever became of them.
    pub(crate) events: u64,
    /// Bytes inflated so far: of the message, or, if not cumulative, of one piece of wrapped data.
    pub(crate) inflated: usize,
    pub(crate) cumulative: bool,
}

/// Where items go.
pub(crate) struct Out<'o> {
    pub(crate) limits: &'o Limits,
    pub(crate) fixed: &'o Origin<'o>,
    pub(crate) tally: &'o mut Tally,
    pub(crate) sink: &'o mut dyn Sink,
}

impl Out<'_> {
    /// Whether the message may have one more event.
    pub(crate) fn has_room(&self) -> bool {
        self.tally.events < u64::from(self.limits.events_max)
    }

    /// A log event's message, unescaped: an audit frame, a document, or nothing.
    pub(crate) fn message(&mut self, message: Piece<'_>, bad_escape: bool, named: Named<'_>) {
        let message = Piece { bytes: trim_end(message.bytes), ..message };
        match message.bytes.get(white_len(message.bytes)) {
            None => self.empty(),
            Some(b'{') => match document::kind_of_message(message.bytes, self.limits) {
                Ok(kind) => self.frame(kind, message, bad_escape, named),
                Err(reason) => self.reject(reason, message, named),
            },
            Some(_) => self.frame(Kind::Audit, message, bad_escape, named),
        }
    }

    /// Log events in the common form, as many as can be taken as they stand: see [`Sink::events`].
    pub(crate) fn events<'w>(&mut self, row: &mut Row<'w>, origin: &Origin<'w>) {
        let room = u64::from(self.limits.events_max).saturating_sub(self.tally.events);
        let taken = self.sink.events(row, origin, room);
        self.tally.counts.frames += taken;
        self.tally.events += taken;
    }

    /// A log event's message as it stands in JSON, if it can be taken so: see [`Sink::escaped`].
    pub(crate) fn escaped(&mut self, string: &[u8], named: Named<'_>) -> bool {
        let is_taken = self.sink.escaped(string, &resolve(named, self.fixed));
        self.tally.counts.frames += u64::from(is_taken);
        is_taken
    }

    /// A frame of a known kind, its end trimmed.
    pub(crate) fn frame(&mut self, kind: Kind, piece: Piece<'_>, bad_escape: bool, named: Named<'_>) {
        if piece.bytes.len() > self.limits.frame_bytes_max {
            return self.reject(Reason::TooLarge, piece, named);
        }
        let (bytes, message_offset) = (piece.bytes, piece.offset);
        let origin = resolve(named, self.fixed);
        self.tally.counts.frames += 1;
        self.sink.item(Item::Frame(Frame { bytes, origin, kind, message_offset, bad_escape }));
    }

    /// A reject of all of a piece.
    pub(crate) fn reject(&mut self, reason: Reason, piece: Piece<'_>, named: Named<'_>) {
        let raw = Piece { bytes: capped(piece.bytes), ..piece };
        self.reject_capped(reason, raw, wide(piece.bytes.len()), named);
    }

    /// A reject of `length` bytes, of which `raw` are the first.
    pub(crate) fn reject_capped(&mut self, reason: Reason, raw: Piece<'_>, length: u64, named: Named<'_>) {
        let origin = resolve(named, self.fixed);
        self.tally.counts.rejects += 1;
        let (raw, message_offset) = (raw.bytes, raw.offset);
        self.sink.item(Item::Reject(Reject { reason, offset: 0, message_offset, raw, length, origin }));
    }

    pub(crate) fn empty(&mut self) {
        self.tally.counts.empty += 1;
    }

    pub(crate) fn control(&mut self) {
        self.tally.counts.control += 1;
    }
}
