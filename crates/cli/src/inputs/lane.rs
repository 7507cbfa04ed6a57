//! One open input: its next chunk, as something that a thread can parse while others go on with the input.

use hsmstream_frame::{Format, Framer, Item, Reject, StreamFramer, is_text, last_beginning};
use hsmstream_record::{Limits, Origin, Record};

use super::parallel::Reading;
use super::room::Room;
use super::{Input, Source};

/// Bytes of an input that are read at once.
const CHUNK: usize = 64 << 10;
/// The same of a text, which does not grow when it is read: so much that threads seldom sleep for the lane. To wake one
/// takes 30 µs on a virtual machine, and 100 at times; to parse 256 KiB, 110.
const TEXT_CHUNK: usize = 1 << 20;
/// A record of a text that is longer is left to the framer for files, which knows what to do with it.
const RECORD_BYTES_MAX: usize = 1 << 20;

/// An open input.
pub(super) struct Lane {
    source: Source,
    chunk: Room,
    form: Form,
    /// Bytes of the input before what `form` was given.
    base: u64,
}

enum Form {
    /// Nothing was read.
    Unknown,
    /// Records as text, cut where they begin: the bytes behind the last cut.
    Text(Room),
    /// Any other, and texts with a record that is too long: only the framer knows what ends where.
    Any(Box<StreamFramer>),
}

/// A part of a text that waits to be parsed, what parses it, and what an input left for the next. Kept by a thread.
pub(super) struct Desk {
    framer: Framer,
    text: Room,
    base: u64,
    spare: Option<Box<StreamFramer>>,
    spare_room: Room,
}

/// What takes records and rejects.
pub(super) type Take<'t> = dyn FnMut(&Result<Record<'_>, Reject<'_>>) + 't;

/// What happens to the items of a chunk that a framer for files splits.
pub(super) enum Way<'t> {
    /// They are parsed where they lie.
    Parse(&'t mut Take<'t>),
    /// They are kept; the number is where the bytes begin that their offsets count from.
    Keep(&'t mut (dyn FnMut(&Item<'_>, u64) + 't)),
}

impl Desk {
    pub(super) fn new(limits: Limits) -> Self {
        // A part of a file has the limits of a file: of size and events, none.
        let whole = Limits { message_bytes_max: usize::MAX, events_max: u32::MAX, ..limits };
        Self {
            framer: Framer::new(Format::Raw, whole),
            text: Room::default(),
            base: 0,
            spare: None,
            spare_room: Room::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.held().is_empty()
    }

    /// Parses the part of a text that lies here.
    pub(super) fn parse(&mut self, fixed: &Origin<'_>, take: &mut Take<'_>) {
        let base = self.base;
        self.framer.records(self.text.held(), fixed, &mut |item| shifted(item, base, take));
        self.text.clear();
    }
}

/// Gives an item on, its offset moved to where its bytes begin.
fn shifted(item: &Result<Record<'_>, Reject<'_>>, base: u64, take: &mut Take<'_>) {
    match item {
        Ok(_) => take(item),
        Err(reject) => {
            let message_offset = reject.message_offset.saturating_add(base);
            take(&Err(Reject { message_offset, ..*reject }));
        }
    }
}

impl Lane {
    pub(super) fn open(input: &Input, desk: &mut Desk) -> anyhow::Result<Self> {
        let source = Source::open(input)?;
        Ok(Self { source, chunk: core::mem::take(&mut desk.spare_room), form: Form::Unknown, base: 0 })
    }

    /// Leaves what the next input can use, behind the end of this one.
    pub(super) fn close(self, desk: &mut Desk) {
        match self.form {
            Form::Unknown => desk.spare_room = self.chunk,
            Form::Text(rest) => desk.spare_room = rest,
            Form::Any(framer) => {
                desk.spare_room = self.chunk;
                desk.spare = Some(framer);
            }
        }
        desk.spare_room.clear();
    }

    /// Reads the next chunk. The part of a text that it ends is left with the desk; the items of any other form go the
    /// way. Returns how many bytes were read; 0 at the end.
    pub(super) fn step(
        &mut self,
        reading: &Reading<'_>,
        desk: &mut Desk,
        way: Way<'_>,
    ) -> anyhow::Result<usize> {
        if let Form::Text(rest) = &mut self.form {
            let count = rest.append(&mut self.source, TEXT_CHUNK)?;
            self.cut(count == 0, reading, desk);
            self.split(reading, way);
            return Ok(count);
        }
        self.chunk.clear();
        let count = self.chunk.append(&mut self.source, CHUNK)?;
        if matches!(self.form, Form::Unknown) {
            // An event that is too long for less is seen by the framer for files, which looks at pieces of that size.
            let fits = reading.limits.inflated_bytes_max > RECORD_BYTES_MAX + TEXT_CHUNK;
            if fits && is_text(reading.format, self.chunk.held()) {
                self.form = Form::Text(core::mem::take(&mut self.chunk));
                self.cut(false, reading, desk);
                return Ok(count);
            }
            let spare = desk.spare.take().filter(|framer| framer.format() == reading.format);
            let new = || Box::new(StreamFramer::new(reading.format, reading.limits));
            self.form = Form::Any(spare.unwrap_or_else(new));
        }
        self.split(reading, way);
        Ok(count)
    }

    /// Gives the chunk to the framer; an empty one is the end.
    fn split(&mut self, reading: &Reading<'_>, way: Way<'_>) {
        let Form::Any(framer) = &mut self.form else { return };
        let (base, fixed, bytes) = (self.base, reading.fixed, self.chunk.held());
        match way {
            Way::Parse(take) => {
                let mut take = |item: &Result<Record<'_>, Reject<'_>>| shifted(item, base, take);
                if bytes.is_empty() {
                    framer.finish_records(fixed, &mut take);
                } else {
                    framer.feed_records(bytes, fixed, &mut take);
                }
            }
            Way::Keep(keep) => {
                let mut keep = |item: Item<'_>| keep(&item, base);
                if bytes.is_empty() {
                    framer.finish(fixed, &mut keep);
                } else {
                    framer.feed(bytes, fixed, &mut keep);
                }
            }
        }
    }

    /// Leaves the whole records of a text with the desk; at its end, all of it. If a record is too long, from then
    /// on a framer for files has the text.
    fn cut(&mut self, at_end: bool, reading: &Reading<'_>, desk: &mut Desk) {
        let Form::Text(rest) = &mut self.form else { return };
        let length = rest.held().len();
        let cut = if at_end { length } else { last_beginning(rest.held()).unwrap_or(0) };
        desk.base = self.base;
        if cut > 0 {
            // The few bytes behind the cut are copied, not the many before it.
            core::mem::swap(rest, &mut desk.text);
            rest.clear();
            rest.extend(desk.text.held().get(cut..).unwrap_or_default());
            desk.text.truncate(cut);
            self.base = self.base.saturating_add(cut as u64);
        } else if length > RECORD_BYTES_MAX {
            self.chunk = core::mem::take(rest);
            self.form = Form::Any(Box::new(StreamFramer::new(Format::Raw, reading.limits)));
        }
    }
}
