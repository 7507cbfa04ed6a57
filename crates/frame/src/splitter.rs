//! A text without its compressions → items: finds the format, then drives the machine for it.
//!
//! ```text
//! Start ──► Lines │ Values ──► (Halt) Rest ──► Done
//! ```
//!
//! A window is worked off step by step; what is left of it must come again with more bytes behind it. At a
//! [`Halt`] everything that follows becomes one reject: its first bytes are kept, the others counted.

use crate::classify::{self, Told};
use crate::format::Format;
use crate::item::{capped, wide};
use crate::lines::{self, Boundaries, WRITE_TEST};
use crate::machine::{Halt, Outcome, reason_of};
use crate::out::Out;
use crate::prefix::{self, Prefix};
use crate::text::{End, Piece, Step, Window, white_len};
use crate::values::Values;
use crate::wrapped::Wrapped;
use hsmstream_json::{ErrorKind, Reader};
use hsmstream_record::{Reason, is_boundary};

/// The machine for one text after the other.
#[derive(Debug)]
pub(crate) struct Splitter {
    format: Format,
    mode: Mode,
    boundaries: Boundaries,
    values: Values,
    rest: Rest,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Start,
    Lines(Format),
    Values,
    Rest(Reason),
    Done,
}

/// What is known so far of the bytes behind a halt.
#[derive(Debug, Default)]
struct Rest {
    offset: u64,
    length: u64,
    raw: Vec<u8>,
    /// No format was found, or the wrong one. Of a text that was cut that says nothing: the layer's reject
    /// is enough.
    formless: bool,
}

/// What the first bytes of a text tell.
enum Found {
    Json(Told),
    Text(Format),
    /// Nothing; if it is an object that breaks, how.
    Nothing(Option<Reason>),
    /// More bytes are needed.
    Short,
}

impl Splitter {
    /// Makes a splitter for texts inside `level` wrappers.
    pub(crate) fn new(level: u32) -> Self {
        Self {
            format: Format::Auto,
            mode: Mode::Start,
            boundaries: Boundaries::new(),
            values: Values::new(Format::Auto, Wrapped::new(level)),
            rest: Rest::default(),
        }
    }

    /// Begins a new text.
    pub(crate) fn restart(&mut self, format: Format, compressions: u32) {
        self.format = format;
        self.mode = Mode::Start;
        self.values.restart(format);
        self.values.wrapped.compressions = compressions;
        self.rest.length = 0;
        self.rest.raw.clear();
        self.rest.formless = false;
    }

    /// One more compression is around the text.
    pub(crate) fn enter_compression(&mut self) {
        self.values.wrapped.compressions += 1;
    }

    /// Splits a whole text.
    pub(crate) fn run(&mut self, bytes: &[u8], end: End, out: &mut Out<'_>) {
        self.advance(Window::whole(bytes, end), out);
    }

    /// Splits what can be split of a window; returns how many bytes are done with. At the end of a text
    /// that is all of them.
    pub(crate) fn advance(&mut self, window: Window<'_>, out: &mut Out<'_>) -> usize {
        let mut at = 0;
        loop {
            let view = window.from(at);
            let outcome = match self.mode {
                Mode::Start => self.start(view, out),
                Mode::Lines(format) => lines::step(format, &self.boundaries, view, out),
                Mode::Values => self.values.step(view, out),
                Mode::Rest(reason) => Ok(self.rest(reason, view, out)),
                Mode::Done => Ok(Step::Wait(view.bytes.len())),
            };
            match outcome {
                Ok(Step::Go(length)) => at += length,
                Ok(Step::Wait(length)) => return at + length,
                Err(halt) => at += self.halt(halt, view),
            }
        }
    }

    /// Makes one reject of all that was not split, whatever follows.
    pub(crate) fn stop(&mut self, reason: Reason, offset: u64) {
        self.rest.offset = offset;
        self.mode = Mode::Rest(reason);
    }

    fn halt(&mut self, halt: Halt, view: Window<'_>) -> usize {
        self.stop(halt.reason, view.offset(halt.at));
        halt.at
    }

    fn start(&mut self, view: Window<'_>, out: &mut Out<'_>) -> Outcome {
        let white = white_len(view.bytes);
        let text = view.from(white);
        if text.bytes.is_empty() {
            if view.end == End::Whole {
                out.empty();
            }
            return Ok(Step::Wait(white));
        }
        let reason = match (self.format, self.find(text, out)) {
            (_, Found::Short) => return Ok(Step::Wait(white)),
            (format, Found::Json(told)) if told.fits(format) => {
                self.mode = Mode::Values;
                self.values.tell(told);
                return Ok(Step::Go(white));
            }
            (Format::Auto, Found::Text(found)) => return self.lines(found, white),
            (Format::Raw, Found::Text(Format::Raw) | Found::Nothing(_)) => {
                return self.lines(Format::Raw, white);
            }
            (format, Found::Text(found)) if format == found => return self.lines(found, white),
            (Format::Auto, Found::Nothing(reason)) => reason.unwrap_or(Reason::UnknownFormat),
            (format, Found::Nothing(Some(reason))) if format.is_json() => reason,
            _ => Reason::WrongFormat,
        };
        self.rest.formless = true;
        Err(Halt { reason, at: white })
    }

    fn lines(&mut self, format: Format, white: usize) -> Outcome {
        self.mode = Mode::Lines(format);
        Ok(Step::Go(white))
    }

    /// Tells the format by the first bytes, an object's by its keys.
    fn find(&self, text: Window<'_>, out: &Out<'_>) -> Found {
        let bytes = text.bytes;
        let nothing = if bytes.starts_with(b"{") {
            let reader = Reader::new(bytes, out.limits.json_nesting_max);
            match classify::object(if text.more() { reader.partial() } else { reader }) {
                Ok(Some(told)) => return Found::Json(told),
                Ok(None) => None,
                Err(error) if text.more() && error.kind == ErrorKind::Eof => return Found::Short,
                Err(error) => Some(reason_of(error)),
            }
        } else {
            match find_text(bytes) {
                Prefix::Starts(format) => return Found::Text(format),
                Prefix::Short if text.more() => return Found::Short,
                Prefix::Short | Prefix::No => None,
            }
        };
        match self.format {
            Format::Auto if is_boundary(bytes) || self.boundaries.next(bytes, 0).is_some() => {
                Found::Text(Format::Raw)
            }
            Format::Auto if text.more() => Found::Short,
            _ => Found::Nothing(nothing),
        }
    }

    /// Keeps what follows a halt, and rejects it at the end.
    fn rest(&mut self, reason: Reason, view: Window<'_>, out: &mut Out<'_>) -> Step {
        let rest = &mut self.rest;
        let named = self.values.named();
        if view.end == End::Cut && rest.formless {
            self.mode = Mode::Done;
        } else if !view.more() && rest.length == 0 {
            out.reject(reason, Piece { bytes: view.bytes, offset: rest.offset }, named);
        } else {
            let kept = rest.raw.len();
            let room = capped(view.bytes).get(..crate::item::RAW_BYTES_MAX - kept);
            rest.raw.extend_from_slice(room.unwrap_or(view.bytes));
            rest.length = rest.length.saturating_add(wide(view.bytes.len()));
            if !view.more() {
                let raw = Piece { bytes: &rest.raw, offset: rest.offset };
                out.reject_capped(reason, raw, rest.length, named);
            }
        }
        if !view.more() {
            self.mode = Mode::Done;
        }
        Step::Wait(view.bytes.len())
    }
}

/// Tells a text's format by its first line, except `raw`.
fn find_text(bytes: &[u8]) -> Prefix<Format> {
    if WRITE_TEST.starts_with(bytes.get(..WRITE_TEST.len()).unwrap_or(bytes)) {
        return if bytes.len() < WRITE_TEST.len() { Prefix::Short } else { Prefix::Starts(Format::S3Export) };
    }
    match (prefix::columns(bytes), prefix::exported(bytes)) {
        (Prefix::Starts(_), _) => Prefix::Starts(Format::CliText),
        (_, Prefix::Starts(_)) => Prefix::Starts(Format::S3Export),
        (Prefix::Short, _) | (_, Prefix::Short) => Prefix::Short,
        (Prefix::No, Prefix::No) => Prefix::No,
    }
}
