//! One log event as JSON → its message, and what it says about itself.
//!
//! Read in one pass over its bytes. Of repeated members the last counts, as everywhere in JSON here.

use crate::document;
use crate::origin::Named;
use crate::out::Out;
use crate::prefix::decimal;
use crate::text::{Piece, Window};
use hsmstream_json::{Error, Reader, Text, Token};
use hsmstream_record::{Kind, Reason};

/// A name or id: a string, or a number as printed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'w> {
    Text(Text<'w>),
    Number(&'w [u8]),
}

/// A log event, borrowed from the window.
#[derive(Debug, Default)]
pub(crate) struct Event<'w> {
    message: Value<'w>,
    timestamp: Option<Scalar<'w>>,
    event_id: Option<Scalar<'w>>,
    log_group: Option<Scalar<'w>>,
    log_stream: Option<Scalar<'w>>,
    account: Option<Scalar<'w>>,
}

#[derive(Debug, Default)]
enum Value<'w> {
    #[default]
    Absent,
    Text(Text<'w>),
    /// An object, as a forwarder leaves it that parses what it can.
    Object {
        raw: &'w [u8],
        start: usize,
    },
}

/// Buffers for what is escaped.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    message: Vec<u8>,
    event_id: Vec<u8>,
    log_group: Vec<u8>,
    log_stream: Vec<u8>,
    account: Vec<u8>,
}

impl<'w> Scalar<'w> {
    /// Reads the value that comes next; `None` if it is neither a string nor a number.
    pub(crate) fn read(reader: &mut Reader<'w>) -> Result<Option<Self>, Error> {
        match reader.next()? {
            Some(Token::String(text)) => Ok(Some(Self::Text(text))),
            Some(Token::Number(lexeme)) => Ok(Some(Self::Number(lexeme))),
            token => finish(reader, token).map(|()| None),
        }
    }

    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                text.unescape_into(out);
            }
            Self::Number(lexeme) => out.extend_from_slice(lexeme),
        }
    }

    /// Its bytes: the input's, or, if it is escaped, the buffer's.
    fn bytes(self, buffer: &'w mut Vec<u8>) -> &'w [u8] {
        match self {
            Self::Text(text) if text.is_escaped() => {
                buffer.clear();
                text.unescape_into(buffer);
                buffer
            }
            Self::Text(text) => text.raw(),
            Self::Number(lexeme) => lexeme,
        }
    }
}

/// Reads on to the end of the value that `token` began.
pub(crate) fn finish(reader: &mut Reader<'_>, token: Option<Token<'_>>) -> Result<(), Error> {
    if let Some(Token::ObjectStart | Token::ArrayStart) = token {
        let outside = reader.depth().saturating_sub(1);
        while reader.depth() > outside {
            reader.next()?;
        }
    }
    Ok(())
}

impl<'w> Event<'w> {
    /// Reads the members of an event whose `{` has been read, to its end.
    ///
    /// # Errors
    /// The event breaks, or needs more bytes.
    pub(crate) fn read(reader: &mut Reader<'w>, bytes: &'w [u8]) -> Result<Self, Error> {
        let mut event = Self::default();
        while let Some(Token::Key(key)) = reader.next()? {
            match &*key.to_cow() {
                b"message" => event.message = Value::read(reader, bytes)?,
                b"timestamp" => event.timestamp = Scalar::read(reader)?,
                b"id" | b"eventId" => event.event_id = Scalar::read(reader)?,
                b"logGroup" | b"logGroupName" => event.log_group = Scalar::read(reader)?,
                b"logStream" | b"logStreamName" => event.log_stream = Scalar::read(reader)?,
                b"owner" | b"account" => event.account = Scalar::read(reader)?,
                _ => reader.skip_value()?,
            }
        }
        Ok(event)
    }

    /// Gives the event out. `whole` is all of it, `around` what the envelope says, which wins.
    pub(crate) fn emit(
        self,
        window: Window<'_>,
        whole: Piece<'_>,
        around: Named<'_>,
        scratch: &'w mut Scratch,
        out: &mut Out<'_>,
    ) {
        let named = Named {
            account: around.account.or(own(self.account, &mut scratch.account)),
            log_group: around.log_group.or(own(self.log_group, &mut scratch.log_group)),
            log_stream: around.log_stream.or(own(self.log_stream, &mut scratch.log_stream)),
            event_id: own(self.event_id, &mut scratch.event_id),
            event_timestamp_ms: match self.timestamp {
                Some(Scalar::Number(lexeme)) => decimal(lexeme),
                _ => None,
            },
        };
        out.tally.events += 1;
        match self.message {
            Value::Text(text) => {
                let string = window.bytes.get(text.offset()..).unwrap_or_default();
                if text.is_escaped() && out.escaped(string, named) {
                    return;
                }
                let (bytes, bad_escape) = unescaped(text, &mut scratch.message);
                out.message(Piece { bytes, offset: window.offset(text.offset()) }, bad_escape, named);
            }
            Value::Object { raw, start } => {
                let piece = Piece { bytes: raw, offset: window.offset(start) };
                match document::kind_of_message(raw, out.limits) {
                    Ok(Kind::Audit) => out.reject(Reason::WrongFormat, piece, named),
                    Ok(kind) => out.frame(kind, piece, false, named),
                    Err(reason) => out.reject(reason, piece, named),
                }
            }
            Value::Absent => out.reject(Reason::WrongFormat, whole, named),
        }
    }
}

fn own<'s>(name: Option<Scalar<'s>>, buffer: &'s mut Vec<u8>) -> Option<&'s [u8]> {
    name.map(|name| name.bytes(buffer))
}

impl<'w> Value<'w> {
    fn read(reader: &mut Reader<'w>, bytes: &'w [u8]) -> Result<Self, Error> {
        let start = reader.value_start();
        let token = reader.next()?;
        finish(reader, token)?;
        match token {
            Some(Token::String(text)) => Ok(Self::Text(text)),
            Some(Token::ObjectStart) => {
                let raw = bytes.get(start..reader.position()).unwrap_or_default();
                Ok(Self::Object { raw, start })
            }
            _ => Ok(Self::Absent),
        }
    }
}

fn unescaped<'s>(text: Text<'s>, buffer: &'s mut Vec<u8>) -> (&'s [u8], bool) {
    if !text.is_escaped() {
        return (text.raw(), false);
    }
    buffer.clear();
    let met = text.unescape_into(buffer);
    (buffer, met.bad_escape)
}
