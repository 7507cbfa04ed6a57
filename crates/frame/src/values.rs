//! The JSON machine: a sequence of values, white space between them, each of one of the JSON formats.
//!
//! A *unit* is what is read in one go and, if the bytes at hand end inside it, read again when there are
//! more: a whole value that is one event; else the part of a value before its list, one element of the
//! list, or the part behind it. Only between units is state kept, as a JSON checkpoint:
//!
//! ```text
//! Between ──"{" … "logEvents":[──► Elements ──"]"──► Members ──"}"──► Between
//!    └── one event ──► Between      └─ one element ─┘    └─ "logEvents":[ ─► Elements
//! ```
//!
//! An envelope may name its origin behind its events. Then, and only then, the value is read to its end first.

use crate::classify::{self, Form, Told};
use crate::event::{Event, Scalar, Scratch, finish};
use crate::format::Format;
use crate::head::Head;
use crate::machine::{Halt, Outcome, unread};
use crate::origin::{Named, resolve};
use crate::out::Out;
use crate::quick::Row;
use crate::text::{End, Piece, Step, Window, white_len};
use crate::wrapped::{Wrapped, Wrapper, find_data};
use hsmstream_json::{Checkpoint, Error, ErrorKind, Reader, Slab, Token};
use hsmstream_record::{Kind, Reason};

/// The machine's state.
#[derive(Debug)]
pub(crate) struct Values {
    format: Format,
    place: Place,
    /// What the first value is, if somebody has looked.
    told: Option<Told>,
    head: Head,
    /// The head has all that the value will say.
    looked: bool,
    scratch: Scratch,
    slab: Slab,
    pub(crate) wrapped: Wrapped,
}

/// An event in the common form is this deep: the envelope, its list, the event.
const QUICK_NESTING: u32 = 3;

#[derive(Debug, Clone, Copy)]
enum Place {
    Between,
    Members(List, Checkpoint),
    Elements(List, Checkpoint),
}

/// The values that hold their events in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Envelope,
    CliJson,
    Kinesis,
    Firehose,
    CloudTrail,
}

impl List {
    const fn of(format: Format) -> Option<Self> {
        match format {
            Format::Envelope => Some(Self::Envelope),
            Format::CliJson => Some(Self::CliJson),
            Format::Kinesis => Some(Self::Kinesis),
            Format::Firehose => Some(Self::Firehose),
            Format::CloudTrail => Some(Self::CloudTrail),
            _ => None,
        }
    }

    const fn key(self) -> &'static [u8] {
        match self {
            Self::Envelope => b"logEvents",
            Self::CliJson => b"events",
            Self::Kinesis | Self::CloudTrail => b"Records",
            Self::Firehose => b"records",
        }
    }
}

impl Values {
    pub(crate) fn new(format: Format, wrapped: Wrapped) -> Self {
        Self {
            format,
            place: Place::Between,
            told: None,
            head: Head::default(),
            looked: false,
            scratch: Scratch::default(),
            slab: Slab::new(),
            wrapped,
        }
    }

    /// Begins a new text.
    pub(crate) fn restart(&mut self, format: Format) {
        self.format = format;
        self.place = Place::Between;
        self.told = None;
        self.head.clear();
    }

    /// Says what the value is that comes next.
    pub(crate) fn tell(&mut self, told: Told) {
        self.told = Some(told);
    }

    /// What is known of the origin of the value at hand.
    pub(crate) fn named(&self) -> Named<'_> {
        self.head.named()
    }

    /// Reads one unit.
    pub(crate) fn step(&mut self, window: Window<'_>, out: &mut Out<'_>) -> Outcome {
        match self.place {
            Place::Between => self.value(window, out),
            Place::Elements(list, at) => {
                if let Some(step) = self.quick_events(window, list, at, out) {
                    return Ok(step);
                }
                let reader = reader(window, at, out);
                self.element(window, list, reader, out)
            }
            Place::Members(list, at) => {
                let mut reader = reader(window, at, out);
                let read = self.members(window, list, &mut reader, out);
                read.or_else(|error| unread(window, reader_start(window, at, out), error))
            }
        }
    }

    /// A value begins, unless only white space is left.
    fn value(&mut self, window: Window<'_>, out: &mut Out<'_>) -> Outcome {
        self.head.clear();
        let start = white_len(window.bytes);
        let rest = window.from(start);
        match rest.bytes.first() {
            None => return Ok(Step::Wait(start)),
            Some(b'{') => {}
            Some(_) => return Err(Halt { reason: Reason::BrokenJson, at: start }),
        }
        let told = match self.told.take() {
            Some(told) => Ok(Some(told)),
            None => classify::object(reader(rest, Checkpoint::START, out)),
        };
        let told = match told {
            Ok(told) => told.filter(|told| told.fits(self.format)),
            Err(error) => return unread(window, start, error),
        };
        let is_event = told.is_some_and(|told| matches!(told.form, Form::Single | Form::Detail));
        if is_event && !out.has_room() {
            return Err(Halt { reason: Reason::TooManyEvents, at: start });
        }
        let mut reader = reader(rest, Checkpoint::START, out);
        let read = match told {
            None => self.foreign(rest, &mut reader, out),
            Some(told) => self.known(told, rest, &mut reader, out),
        };
        match read {
            Ok(Step::Go(length)) => Ok(Step::Go(start + length)),
            Ok(Step::Wait(length)) => Ok(Step::Wait(start + length)),
            Err(error) => unread(window, start, error),
        }
    }

    /// A value of another format than the first, or of none.
    fn foreign(
        &mut self,
        window: Window<'_>,
        reader: &mut Reader<'_>,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        let reason = match self.format {
            Format::Auto => Reason::UnknownFormat,
            _ => Reason::WrongFormat,
        };
        reader.skip_value()?;
        out.reject(reason, window.piece(0, reader.position()), Named::default());
        Ok(Step::Go(reader.position()))
    }

    fn known<'w>(
        &mut self,
        told: Told,
        window: Window<'w>,
        reader: &mut Reader<'w>,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        if let (Form::List | Form::EmptyList, Some(list)) = (told.form, List::of(told.format)) {
            self.looked = false;
            reader.next()?;
            return self.members(window, list, reader, out);
        }
        match told.format {
            Format::Event => {
                reader.next()?;
                let event = Event::read(reader, window.bytes)?;
                let whole = window.piece(0, reader.position());
                event.emit(window, whole, Named::default(), &mut self.scratch, out);
            }
            Format::Lambda => {
                reader.next()?;
                let data = find_data(reader, Some(b"awslogs"))?;
                let whole = window.piece(0, reader.position());
                self.wrapped.open(Wrapper::Logs, data.ok_or(whole), window, out);
            }
            format => {
                let piece = document(told.form, window, reader)?;
                out.tally.events += 1;
                out.frame(kind_of(format), piece, false, Named::default());
            }
        }
        Ok(Step::Go(reader.position()))
    }

    /// Members of a value with a list, until the list begins or the value ends.
    fn members<'w>(
        &mut self,
        window: Window<'w>,
        list: List,
        reader: &mut Reader<'w>,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        while let Some(Token::Key(key)) = reader.next()? {
            if key.eq(list.key()) {
                return self.list(window, list, reader, out);
            }
            let key = key.to_cow();
            if list == List::Envelope && !self.looked {
                self.head.set(&key, Scalar::read(reader)?);
            } else {
                reader.skip_value()?;
            }
        }
        if list == List::Envelope && self.head.is_control() {
            out.control();
        }
        self.place = Place::Between;
        Ok(Step::Go(reader.position()))
    }

    /// The list's key has been read.
    fn list<'w>(
        &mut self,
        window: Window<'w>,
        list: List,
        reader: &mut Reader<'w>,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        if list == List::Envelope && !self.looked {
            self.look_ahead(reader.clone(), window.end)?;
            self.looked = true;
        }
        let start = reader.value_start();
        let token = reader.next()?;
        if token == Some(Token::ArrayStart) {
            self.place = Place::Elements(list, reader.checkpoint());
            return Ok(Step::Go(reader.position()));
        }
        finish(reader, token)?;
        if token != Some(Token::Null) {
            let piece = window.piece(start, reader.position());
            out.reject(Reason::WrongFormat, piece, self.head.named());
        }
        self.looked = true;
        self.place = Place::Members(list, reader.checkpoint());
        Ok(Step::Go(reader.position()))
    }

    /// Takes from behind the events what the head lacks. A value that breaks there gives what it has.
    fn look_ahead(&mut self, reader: Reader<'_>, end: End) -> Result<(), Error> {
        if self.head.is_complete() {
            return Ok(());
        }
        match self.read_behind(reader) {
            Err(error) if end == End::More && error.kind == ErrorKind::Eof => Err(error),
            _ => Ok(()),
        }
    }

    fn read_behind(&mut self, mut reader: Reader<'_>) -> Result<(), Error> {
        reader.skip_value()?;
        while let Some(Token::Key(key)) = reader.next()? {
            let key = key.to_cow();
            if self.head.lacks(&key) {
                self.head.set(&key, Scalar::read(&mut reader)?);
            } else {
                reader.skip_value()?;
            }
        }
        Ok(())
    }

    /// An element of the list, or its end.
    fn element<'w>(
        &mut self,
        window: Window<'w>,
        list: List,
        mut reader: Reader<'w>,
        out: &mut Out<'_>,
    ) -> Outcome {
        let start = reader.value_start();
        let token = match reader.next() {
            Ok(token) => token,
            Err(error) => return unread(window, start, error),
        };
        if token == Some(Token::ArrayEnd) {
            self.place = Place::Members(list, reader.checkpoint());
            return Ok(Step::Go(reader.position()));
        }
        let control = list == List::Envelope && self.head.is_control();
        if !control && !out.has_room() {
            return Err(Halt { reason: Reason::TooManyEvents, at: start });
        }
        let read = match (token, list) {
            _ if control => finish(&mut reader, token),
            (Some(Token::ObjectStart), List::Envelope | List::CliJson) => {
                self.log_event(window, start, &mut reader, out)
            }
            (Some(Token::ObjectStart), _) => self.other_element(window, start, list, &mut reader, out),
            _ => finish(&mut reader, token).map(|()| {
                let piece = window.piece(start, reader.position());
                out.reject(Reason::WrongFormat, piece, self.head.named());
            }),
        };
        match read {
            Ok(()) => {
                self.place = Place::Elements(list, reader.checkpoint());
                Ok(Step::Go(reader.position()))
            }
            Err(error) => unread(window, start, error),
        }
    }

    /// Takes events of an envelope as long as they are in the common form; `None` if none is.
    fn quick_events(
        &mut self,
        window: Window<'_>,
        list: List,
        at: Checkpoint,
        out: &mut Out<'_>,
    ) -> Option<Step> {
        let Self { head, slab, .. } = self;
        if list != List::Envelope || head.is_control() || out.limits.json_nesting_max < QUICK_NESTING {
            return None;
        }
        let around = head.named();
        let origin = resolve(around, out.fixed);
        let mut row = Row::new(window.bytes, at.is_first());
        loop {
            out.events(&mut row, &origin);
            if !out.has_room() {
                break;
            }
            let Some(before) = row.before_message() else { break };
            let Some(message) = slab.unpack(before.string) else { break };
            let Some(behind) = Row::behind(before, message.length) else { break };
            let (event_id, event_timestamp_ms) = (Some(before.event_id), Some(before.timestamp_ms));
            let named = Named { event_id, event_timestamp_ms, ..around };
            let offset = window.offset(window.bytes.len() - before.string.len());
            out.tally.events += 1;
            out.message(Piece { bytes: message.text, offset }, message.bad_escape, named);
            row = behind;
        }
        let done = window.bytes.len() - row.rest().len();
        if done == 0 {
            return None;
        }
        self.place = Place::Elements(list, at.behind_element());
        Some(Step::Go(done))
    }

    fn log_event<'w>(
        &mut self,
        window: Window<'w>,
        start: usize,
        reader: &mut Reader<'w>,
        out: &mut Out<'_>,
    ) -> Result<(), Error> {
        let event = Event::read(reader, window.bytes)?;
        let whole = window.piece(start, reader.position());
        event.emit(window, whole, self.head.named(), &mut self.scratch, out);
        Ok(())
    }

    fn other_element<'w>(
        &mut self,
        window: Window<'w>,
        start: usize,
        list: List,
        reader: &mut Reader<'w>,
        out: &mut Out<'_>,
    ) -> Result<(), Error> {
        let (wrapper, outer): (_, Option<&[u8]>) = match list {
            List::Kinesis => (Wrapper::Logs, Some(b"kinesis")),
            List::Firehose => (Wrapper::Any, None),
            _ => {
                finish(reader, Some(Token::ObjectStart))?;
                out.tally.events += 1;
                let piece = window.piece(start, reader.position());
                out.frame(Kind::CloudTrail, piece, false, Named::default());
                return Ok(());
            }
        };
        let data = find_data(reader, outer)?;
        let whole = window.piece(start, reader.position());
        self.wrapped.open(wrapper, data.ok_or(whole), window, out);
        Ok(())
    }
}

/// A document's own bytes: the whole value, or the event in its `detail`.
fn document<'w>(form: Form, window: Window<'w>, reader: &mut Reader<'w>) -> Result<Piece<'w>, Error> {
    let mut found = (0, 0);
    if form == Form::Detail {
        reader.next()?;
        while let Some(Token::Key(key)) = reader.next()? {
            let start = reader.value_start();
            reader.skip_value()?;
            if key.eq(b"detail") {
                found = (start, reader.position());
            }
        }
    } else {
        reader.skip_value()?;
        found.1 = reader.position();
    }
    Ok(window.piece(found.0, found.1))
}

const fn kind_of(format: Format) -> Kind {
    match format {
        Format::MetricStream => Kind::Metric,
        Format::Certificate => Kind::Certificate,
        _ => Kind::CloudTrail,
    }
}

fn reader<'w>(window: Window<'w>, at: Checkpoint, out: &Out<'_>) -> Reader<'w> {
    let reader = Reader::resume(window.bytes, at, out.limits.json_nesting_max);
    if window.more() { reader.partial() } else { reader }
}

/// Where the unit at `at` begins: behind white space and a comma.
fn reader_start(window: Window<'_>, at: Checkpoint, out: &Out<'_>) -> usize {
    reader(window, at, out).value_start()
}
