//! Data inside a wrapper (Lambda, Kinesis, Firehose): base64 of a message of its own.
//!
//! Each piece of data is decoded whole into a reused buffer and split as a message would be. Data that is no
//! base64 gives nothing but its reject.

use crate::base64;
use crate::event::finish;
use crate::format::Format;
use crate::gzip;
use crate::origin::Named;
use crate::out::Out;
use crate::peel::{Core, Source};
use crate::text::{Piece, Window, is_white};
use hsmstream_json::{Error, Reader, Text, Token};
use hsmstream_record::Reason;

/// Wrappers inside each other: a Firehose record may hold a Kinesis event, whose data is an envelope.
const WRAPPERS_MAX: u32 = 2;

/// What a wrapper's data is, once base64 is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// Gzip of envelopes.
    Logs,
    /// A message of any format.
    Any,
}

/// Splits wrapped data. Its buffers, and the machines for what is inside, exist from the first use on.
#[derive(Debug)]
pub(crate) struct Wrapped {
    /// Wrappers around the text at hand.
    level: u32,
    /// Compressions around the text at hand.
    pub(crate) compressions: u32,
    unescaped: Vec<u8>,
    decoded: Vec<u8>,
    core: Option<Box<Core>>,
}

impl Wrapped {
    pub(crate) fn new(level: u32) -> Self {
        Self { level, compressions: 0, unescaped: Vec::new(), decoded: Vec::new(), core: None }
    }

    /// Splits `data`, a text of the window; a wrapper without data is rejected whole.
    pub(crate) fn open(
        &mut self,
        wrapper: Wrapper,
        data: Result<Text<'_>, Piece<'_>>,
        window: Window<'_>,
        out: &mut Out<'_>,
    ) {
        let text = match data {
            Ok(text) => text,
            Err(whole) => return out.reject(Reason::WrongFormat, whole, Named::default()),
        };
        let raw = Piece { bytes: text.raw(), offset: window.offset(text.offset()) };
        match self.decode(wrapper, text) {
            Err(reason) => out.reject(reason, raw, Named::default()),
            Ok(_) if self.level >= WRAPPERS_MAX => {
                out.reject(Reason::NestedTooDeep, raw, Named::default());
            }
            Ok(format) => {
                let level = self.level + 1;
                let core = self.core.get_or_insert_with(|| Box::new(Core::new(level)));
                let source = Source { raw, compressions: self.compressions };
                core.run(format, &self.decoded, source, out);
            }
        }
    }

    /// Takes off escapes and base64, and says what format is expected.
    fn decode(&mut self, wrapper: Wrapper, text: Text<'_>) -> Result<Format, Reason> {
        self.decoded.clear();
        let encoded = if text.is_escaped() {
            self.unescaped.clear();
            text.unescape_into(&mut self.unescaped);
            &self.unescaped
        } else {
            text.raw()
        };
        base64::decode(encoded, &mut self.decoded)?;
        let empty = self.decoded.iter().all(|&byte| is_white(byte));
        match wrapper {
            Wrapper::Logs if empty || gzip::begins(&self.decoded) => Ok(Format::Envelope),
            Wrapper::Logs => Err(Reason::BrokenGzip),
            Wrapper::Any => Ok(Format::Auto),
        }
    }
}

/// Reads an object whose `{` has been read to its end; finds the string `data` in it, or in its member
/// `outer`.
///
/// # Errors
/// The object breaks, or needs more bytes.
pub(crate) fn find_data<'w>(
    reader: &mut Reader<'w>,
    outer: Option<&[u8]>,
) -> Result<Option<Text<'w>>, Error> {
    let mut data = None;
    while let Some(Token::Key(key)) = reader.next()? {
        let wanted = key.eq(outer.unwrap_or(b"data"));
        let token = reader.next()?;
        match (token, outer) {
            (Some(Token::String(text)), None) if wanted => data = Some(text),
            (Some(Token::ObjectStart), Some(_)) if wanted => data = find_data(reader, None)?,
            _ => finish(reader, token)?,
        }
    }
    Ok(data)
}
