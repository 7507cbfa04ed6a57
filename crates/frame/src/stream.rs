//! Files of any size, piece by piece: the same items as [`Framer`](crate::Framer) gives for the whole.
//!
//! ```text
//! feed ─► level 0 ─► level 1 ─► … ─► window ─► splitter
//!         coat?      coat?           what is left of the last pieces and not split yet
//!         decode, hold, release
//! ```
//!
//! Memory is bounded: the window holds one event, or what tells a format; a level holds a compressed
//! member's text until its checksum was seen, or `inflated_bytes_max` of it came out. An event that does not
//! fit `inflated_bytes_max` ends the file with the reject `too_large`.
//!
//! The limits that guard against a message as a whole do not apply to a file: message and inflated size,
//! and number of events. The ratio of inflation does.

use crate::base64::Decoder;
use crate::format::Format;
use crate::gzip::{Allowance, Fault, Gunzip, Progress};
use crate::held::Held;
use crate::item::{Counts, Item, RAW_BYTES_MAX, Reject, wide};
use crate::origin::Named;
use crate::out::{Out, Tally};
use crate::peel::{COMPRESSIONS_MAX, Coat, coat};
use crate::sink::{Items, Records, Sink};
use crate::splitter::Splitter;
use crate::text::{End, Piece, Window};
use hsmstream_record::{Limits, Origin, Reason, Record, TextBuffer};

/// A window up to this size is looked at again with every piece; a larger one when it has grown by half, so
/// that the work stays linear.
const EAGER_BYTES: usize = 32 << 10;

/// Bytes that are put at least behind an event at hand to complete it: more than most have.
const PART_BYTES: usize = 4 << 10;

/// Cuts files into frames, one behind the other. Its buffers are reused from file to file.
#[derive(Debug)]
pub struct StreamFramer {
    format: Format,
    limits: Limits,
    tally: Tally,
    levels: Vec<Level>,
    text: Text,
    buffer: TextBuffer,
    /// The file's first bytes, and how many there were: what a layer's reject shows.
    head: Vec<u8>,
    length: u64,
}

/// One compression, or the text inside them all.
#[derive(Debug, Default)]
struct Level {
    coat: Option<Coat>,
    /// First bytes, while the coat cannot be told.
    pending: Vec<u8>,
    decoder: Decoder,
    decoded: Vec<u8>,
    gunzip: Option<Box<Gunzip>>,
    /// What came out of the member at hand and was not verified.
    held: Held,
    fault: Option<Reason>,
}

/// The text and the part of it that is not split yet.
#[derive(Debug)]
struct Text {
    splitter: Splitter,
    window: Vec<u8>,
    base: u64,
    /// Size of the window from which on another look pays.
    look_at: usize,
}

impl StreamFramer {
    /// Makes a framer for files of one format.
    #[must_use]
    pub fn new(format: Format, limits: Limits) -> Self {
        let mut splitter = Splitter::new(0);
        splitter.restart(format, 0);
        Self {
            format,
            limits: Limits { events_max: u32::MAX, ..limits },
            tally: Tally::default(),
            levels: vec![Level::default()],
            text: Text { splitter, window: Vec::new(), base: 0, look_at: 0 },
            buffer: TextBuffer::new(),
            head: Vec::new(),
            length: 0,
        }
    }

    /// Takes the next piece of the file and gives out what is complete. `fixed` and `sink` as in
    /// [`Framer::split`](crate::Framer::split).
    pub fn feed(&mut self, piece: &[u8], fixed: &Origin<'_>, sink: &mut dyn FnMut(Item<'_>)) {
        self.take(piece, fixed, &mut Items(sink));
    }

    fn take(&mut self, piece: &[u8], fixed: &Origin<'_>, sink: &mut dyn Sink) {
        let room = RAW_BYTES_MAX - self.head.len();
        self.head.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.length = self.length.saturating_add(wide(piece.len()));
        let mut out = Out { limits: &self.limits, fixed, tally: &mut self.tally, sink };
        push(&mut self.levels, 0, &mut self.text, piece, &mut out);
    }

    /// Ends the file: gives out the rest and returns what was found in all of it. What is fed then is another file.
    pub fn finish(&mut self, fixed: &Origin<'_>, sink: &mut dyn FnMut(Item<'_>)) -> Counts {
        self.end(fixed, &mut Items(sink));
        self.restart()
    }

    fn end(&mut self, fixed: &Origin<'_>, sink: &mut dyn Sink) {
        let mut out = Out { limits: &self.limits, fixed, tally: &mut self.tally, sink };
        let fault = finish(&mut self.levels, &mut self.text, &mut out);
        if let Some(reason) = fault {
            let raw = Piece { bytes: &self.head, offset: 0 };
            out.reject_capped(reason, raw, self.length, Named::default());
        }
    }

    /// As [`Self::feed`], and parses the frames.
    pub fn feed_records(
        &mut self,
        piece: &[u8],
        fixed: &Origin<'_>,
        sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
    ) {
        self.parse(sink, &mut |framer, sink| framer.take(piece, fixed, sink));
    }

    /// As [`Self::finish`], and parses the frames.
    pub fn finish_records(
        &mut self,
        fixed: &Origin<'_>,
        sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
    ) -> Counts {
        self.parse(sink, &mut |framer, sink| framer.end(fixed, sink));
        self.restart()
    }

    /// Forgets the file, but not the room that it took. Returns what was found in it.
    fn restart(&mut self) -> Counts {
        for level in &mut self.levels {
            level.restart();
        }
        self.text.restart(self.format);
        self.head.clear();
        self.length = 0;
        core::mem::take(&mut self.tally).counts
    }

    fn parse(
        &mut self,
        sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
        work: &mut dyn FnMut(&mut Self, &mut dyn Sink),
    ) {
        let mut buffer = core::mem::take(&mut self.buffer);
        let mut sink = Records::new(self.limits, &mut buffer, sink);
        work(self, &mut sink);
        self.tally.counts = self.tally.counts.without_malformed(sink.malformed);
        self.buffer = buffer;
    }

    /// The format of its files.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// What was found so far in the file at hand.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.tally.counts
    }
}

/// Gives bytes to a level.
fn push(levels: &mut Vec<Level>, index: usize, text: &mut Text, bytes: &[u8], out: &mut Out<'_>) {
    let Some(level) = levels.get_mut(index) else { return };
    match level.coat {
        None => {
            // Nearly always at once, and then nothing is copied.
            if level.pending.is_empty()
                && let Some(coat) = coat(bytes, true)
            {
                level.put_on(coat, index, text, out);
                return push(levels, index, text, bytes, out);
            }
            level.pending.extend_from_slice(bytes);
            if let Some(coat) = coat(&level.pending, true) {
                open(levels, index, coat, text, out);
            }
        }
        // An event longer than the limit is never in one piece: that it is too long does not depend on the pieces.
        Some(Coat::None) => {
            for piece in bytes.chunks(out.limits.inflated_bytes_max.max(1)) {
                text.push(piece, out);
            }
        }
        Some(_) if level.fault.is_some() => {}
        Some(Coat::Gzip) => inflate(levels, index, text, bytes, out),
        Some(Coat::Base64) => {
            let mut decoded = core::mem::take(&mut level.decoded);
            decoded.clear();
            let pushed = level.decoder.push(bytes, &mut decoded);
            inflate(levels, index, text, &decoded, out);
            if let Some(level) = levels.get_mut(index) {
                level.decoded = decoded;
                level.fault = level.fault.or(pushed.err());
            }
        }
    }
}

/// Fixes the coat of a level, and gives it the bytes that waited for that.
fn open(levels: &mut Vec<Level>, index: usize, coat: Coat, text: &mut Text, out: &mut Out<'_>) {
    let Some(level) = levels.get_mut(index) else { return };
    level.put_on(coat, index, text, out);
    let mut pending = core::mem::take(&mut level.pending);
    push(levels, index, text, &pending, out);
    pending.clear();
    if let Some(level) = levels.get_mut(index) {
        level.pending = pending;
    }
}

/// Gives compressed bytes to a level, and what comes out to the next.
fn inflate(levels: &mut Vec<Level>, index: usize, text: &mut Text, mut bytes: &[u8], out: &mut Out<'_>) {
    if levels.len() == index + 1 {
        levels.push(Level::default());
    }
    let held_max = out.limits.inflated_bytes_max;
    loop {
        let Some(level) = levels.get_mut(index) else { return };
        let progress = level.step(&mut bytes, out.limits);
        let release = match progress {
            Ok(Progress::Member) => true,
            // Where a block ends, wherever the input was cut.
            Ok(_) => {
                level.held.length() >= held_max
                    && level.gunzip.as_ref().is_some_and(|gunzip| gunzip.is_at_block())
            }
            Err(Fault::Checksum) => {
                level.held.clear();
                false
            }
            Err(_) => true,
        };
        if release {
            give_on(levels, index, text, out);
        }
        match progress {
            Ok(Progress::Some | Progress::Member) => {}
            Ok(Progress::Starved) | Err(_) => return,
        }
    }
}

/// Gives what a level held back to the next.
fn give_on(levels: &mut Vec<Level>, index: usize, text: &mut Text, out: &mut Out<'_>) {
    let Some(level) = levels.get_mut(index) else { return };
    let mut held = core::mem::take(&mut level.held);
    for piece in held.pieces() {
        push(levels, index + 1, text, piece, out);
    }
    held.clear();
    if let Some(level) = levels.get_mut(index) {
        level.held = held;
    }
}

/// Ends all levels and the text; returns the reason of the outermost that broke.
fn finish(levels: &mut Vec<Level>, text: &mut Text, out: &mut Out<'_>) -> Option<Reason> {
    let mut fault = None;
    let mut index = 0;
    while let Some(level) = levels.get_mut(index) {
        if level.coat.is_none() {
            let coat = coat(&level.pending, false).unwrap_or(Coat::None);
            open(levels, index, coat, text, out);
        }
        let Some(level) = levels.get_mut(index) else { break };
        if level.coat == Some(Coat::Base64) && level.fault.is_none() {
            let mut decoded = core::mem::take(&mut level.decoded);
            decoded.clear();
            let ended = level.decoder.finish(&mut decoded);
            inflate(levels, index, text, &decoded, out);
            if let Some(level) = levels.get_mut(index) {
                level.decoded = decoded;
                level.fault = level.fault.or(ended.err());
            }
        }
        let Some(level) = levels.get_mut(index) else { break };
        fault = fault.or(level.ended());
        give_on(levels, index, text, out);
        index += 1;
    }
    text.finish(if fault.is_some() { End::Cut } else { End::Whole }, out);
    fault
}

impl Level {
    fn put_on(&mut self, coat: Coat, index: usize, text: &mut Text, out: &Out<'_>) {
        self.coat = Some(coat);
        if coat != Coat::None {
            let allowed = out.limits.compressions_max.min(COMPRESSIONS_MAX);
            if wide(index) < u64::from(allowed) {
                text.splitter.enter_compression();
                self.gunzip.get_or_insert_with(|| Box::new(Gunzip::new())).restart();
            } else {
                self.fault = Some(Reason::NestedTooDeep);
            }
        }
    }

    /// Takes the coat off.
    fn restart(&mut self) {
        self.coat = None;
        self.fault = None;
        self.pending.clear();
        self.decoder.restart();
        self.held.clear();
        if let Some(gunzip) = &mut self.gunzip {
            gunzip.restart();
        }
    }

    /// One step of inflation into `held`; a fault stays.
    fn step(&mut self, bytes: &mut &[u8], limits: &Limits) -> Result<Progress, Fault> {
        let Some(gunzip) = &mut self.gunzip else { return Ok(Progress::Starved) };
        if self.fault.is_some() {
            return Ok(Progress::Starved);
        }
        let progress = gunzip.step(bytes, Allowance::new(limits, u64::MAX), self.held.at_hand());
        self.fault = match progress {
            Ok(_) => None,
            Err(Fault::TooLarge) => Some(Reason::InflatedTooLarge),
            Err(Fault::Broken | Fault::Checksum) => Some(Reason::BrokenGzip),
        };
        progress
    }

    /// Why the level ends badly, if it does.
    fn ended(&self) -> Option<Reason> {
        let complete = self.gunzip.as_ref().is_none_or(|gunzip| gunzip.is_between());
        self.fault.or((!complete).then_some(Reason::BrokenGzip))
    }
}

impl Text {
    /// Takes the next bytes. Only what completes the event at hand is put behind it; the others are looked at where
    /// they lie.
    fn push(&mut self, bytes: &[u8], out: &mut Out<'_>) {
        let mut rest = bytes;
        while !self.window.is_empty() && !rest.is_empty() {
            let held = self.window.len();
            // As many again: an event is looked at a few times, however long it is.
            let more = PART_BYTES.max(held).max(self.look_at.saturating_sub(held));
            let room = out.limits.inflated_bytes_max.saturating_sub(held).saturating_add(1);
            let (part, behind) = rest.split_at(more.min(room).min(rest.len()));
            self.window.extend_from_slice(part);
            if self.window.len() < self.look_at {
                return;
            }
            let window = core::mem::take(&mut self.window);
            let done = self.look(&window, End::More, out);
            self.window = window;
            rest = match done.checked_sub(held) {
                Some(done) => {
                    self.window.clear();
                    rest.get(done..).unwrap_or_default()
                }
                None => {
                    self.window.drain(..done);
                    behind
                }
            };
            self.wait(out.limits);
        }
        if !rest.is_empty() {
            let done = self.look(rest, End::More, out);
            self.window.extend_from_slice(rest.get(done..).unwrap_or_default());
            self.wait(out.limits);
        }
    }

    /// Says when the window is looked at again; ends the text if the event at hand is too long for it.
    fn wait(&mut self, limits: &Limits) {
        self.look_at = match self.window.len() {
            length if length < EAGER_BYTES => 0,
            length => (length + length / 2).min(limits.inflated_bytes_max.saturating_add(1)),
        };
        if self.window.len() > limits.inflated_bytes_max {
            self.splitter.stop(Reason::TooLarge, self.base);
            self.look_at = 0;
        }
    }

    fn finish(&mut self, end: End, out: &mut Out<'_>) {
        let window = core::mem::take(&mut self.window);
        self.look(&window, end, out);
        self.window = window;
    }

    fn restart(&mut self, format: Format) {
        self.splitter.restart(format, 0);
        self.window.clear();
        self.base = 0;
        self.look_at = 0;
    }

    fn look(&mut self, bytes: &[u8], end: End, out: &mut Out<'_>) -> usize {
        let done = self.splitter.advance(Window { bytes, base: self.base, end }, out);
        self.base = self.base.saturating_add(wide(done));
        done
    }
}
