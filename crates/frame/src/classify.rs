//! Which format a JSON object is of, told by its keys, in whatever order they stand.
//!
//! Keys are read until one tells; most objects tell by their first. `Records` is shared by Kinesis and
//! CloudTrail, so the first element is asked. Keys that several formats have (`owner`, `timestamp`) tell nothing.

use crate::format::Format;
use hsmstream_json::{Error, Reader, Token};

/// What the keys of an object tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) format: Format,
    pub(crate) form: Form,
}

/// How an object holds its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It is one event.
    Single,
    /// In the array of a known member.
    List,
    /// As `List`, but the array is empty, so that Kinesis and CloudTrail cannot be told apart.
    EmptyList,
    /// Its member `detail` is the event.
    Detail,
}

impl Told {
    const fn single(format: Format) -> Self {
        Self { format, form: Form::Single }
    }

    const fn list(format: Format) -> Self {
        Self { format, form: Form::List }
    }

    /// Whether a message configured as `format` may be this.
    pub(crate) fn fits(self, format: Format) -> bool {
        format == Format::Auto
            || format == self.format
            || (format == Format::Kinesis && self.form == Form::EmptyList)
    }
}

/// Tells the format of the object that `reader` is about to read; `None` if no key tells.
///
/// # Errors
/// The object breaks before any key tells.
pub(crate) fn object(mut reader: Reader<'_>) -> Result<Option<Told>, Error> {
    let (mut object_handle, mut op_code) = (false, false);
    reader.next()?;
    while let Some(Token::Key(key)) = reader.next()? {
        match &*key.to_cow() {
            b"messageType" | b"logEvents" | b"subscriptionFilters" => {
                return Ok(Some(Told::list(Format::Envelope)));
            }
            b"awslogs" => return Ok(Some(Told::single(Format::Lambda))),
            b"records" => return Ok(Some(Told::list(Format::Firehose))),
            b"events" => return Ok(Some(Told::list(Format::CliJson))),
            b"eventVersion" => return Ok(Some(Told::single(Format::CloudTrail))),
            b"metric_stream_name" => return Ok(Some(Told::single(Format::MetricStream))),
            b"message" => return Ok(Some(Told::single(Format::Event))),
            b"Records" => return records(&mut reader),
            b"detail" if has_event_source(reader.clone())? => {
                return Ok(Some(Told { format: Format::CloudTrail, form: Form::Detail }));
            }
            b"object_handle" => object_handle = true,
            b"op_code" => op_code = true,
            _ => {}
        }
        if object_handle && op_code {
            return Ok(Some(Told::single(Format::Certificate)));
        }
        reader.skip_value()?;
    }
    Ok(None)
}

/// Tells by the first element of `Records`. A Kinesis element has an `eventVersion` too.
fn records(reader: &mut Reader<'_>) -> Result<Option<Told>, Error> {
    if reader.next()? != Some(Token::ArrayStart) {
        return Ok(None);
    }
    match reader.next()? {
        Some(Token::ArrayEnd) => {
            return Ok(Some(Told { format: Format::CloudTrail, form: Form::EmptyList }));
        }
        Some(Token::ObjectStart) => {}
        _ => return Ok(None),
    }
    let mut event_version = false;
    while let Some(Token::Key(key)) = reader.next()? {
        if key.eq(b"kinesis") {
            return Ok(Some(Told::list(Format::Kinesis)));
        }
        event_version |= key.eq(b"eventVersion");
        reader.skip_value()?;
    }
    Ok(event_version.then_some(Told::list(Format::CloudTrail)))
}

/// Whether the value of `detail` is an object with `eventSource`.
fn has_event_source(mut reader: Reader<'_>) -> Result<bool, Error> {
    if reader.next()? != Some(Token::ObjectStart) {
        return Ok(false);
    }
    while let Some(Token::Key(key)) = reader.next()? {
        if key.eq(b"eventSource") {
            return Ok(true);
        }
        reader.skip_value()?;
    }
    Ok(false)
}
