//! The records of a buffer as messages, or as one file, in any form.

use crate::buffer::Buffer;
use hsmstream_corpus::{Entry, Form, Packer, Source};
use hsmstream_frame::{Format, Framer, StreamFramer};
use hsmstream_record::{Limits, Origin, parse};

/// Where all records are from; the forms print it.
const SOURCE: Source<'static> = Source { cluster: "cluster-likphkxygsn", hsm: "hsm-nwbbiqbj4jk" };
/// Bytes of a file that are handed over at once, as the command line does.
pub const PIECE: usize = 256 << 10;

/// Messages, one behind the other.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Their form.
    pub form: Form,
    /// All messages, each with what stands behind it in a file.
    pub bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Why a pack is of no use: it does not give back the records that were put in. Records with forged beginnings do
/// that to forms that tell records by their first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfaithful {
    /// The form.
    pub form: Form,
}

impl Pack {
    /// Packs the records, so many to a message.
    ///
    /// # Errors
    /// If the records do not come out again, in order and nothing else, read as messages and as one file.
    pub fn of(buffer: &Buffer, form: Form, records_per_message: usize) -> Result<Self, Unfaithful> {
        let mut pack = Self { form, bytes: Vec::new(), ends: Vec::new() };
        let mut packer = Packer::new(form);
        for (number, text) in (1_u64..).zip(buffer.frames()) {
            let usecs = parse(text, &Limits::default()).map_or(0, |audit| audit.usecs);
            packer.push(SOURCE, Entry { text, usecs, number });
            if packer.len() >= records_per_message {
                pack.end(&mut packer);
            }
        }
        if !packer.is_empty() {
            pack.end(&mut packer);
        }
        if pack.is_faithful(buffer) { Ok(pack) } else { Err(Unfaithful { form }) }
    }

    fn end(&mut self, packer: &mut Packer) {
        packer.write(SOURCE, &mut self.bytes);
        self.bytes.extend_from_slice(self.form.separator());
        self.ends.push(self.bytes.len());
    }

    /// The messages in order.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let message = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            message
        })
    }

    /// The input format that the form is of.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.form {
            Form::Raw => Format::Raw,
            Form::Event => Format::Event,
            Form::Envelope | Form::GzipEnvelope => Format::Envelope,
            Form::Lambda => Format::Lambda,
            Form::Kinesis => Format::Kinesis,
            Form::Firehose => Format::Firehose,
            Form::CliJson => Format::CliJson,
            Form::CliText => Format::CliText,
            Form::S3Export => Format::S3Export,
        }
    }

    fn is_faithful(&self, buffer: &Buffer) -> bool {
        let (mut frames, mut is_same) = (buffer.frames(), true);
        let mut framer = Framer::new(self.format(), Limits::default());
        for message in self.messages() {
            framer.records(message, &Origin::default(), &mut |item| {
                is_same &= item.as_ref().is_ok_and(|record| is_text_of(record.raw(), frames.next()));
            });
        }
        is_same &= frames.next().is_none();
        let mut frames = buffer.frames();
        let mut framer = StreamFramer::new(Format::Auto, Limits::default());
        for piece in self.bytes.chunks(PIECE) {
            framer.feed_records(piece, &Origin::default(), &mut |item| {
                is_same &= item.as_ref().is_ok_and(|record| is_text_of(record.raw(), frames.next()));
            });
        }
        framer.finish_records(&Origin::default(), &mut |item| {
            is_same &= item.as_ref().is_ok_and(|record| is_text_of(record.raw(), frames.next()));
        });
        is_same && frames.next().is_none()
    }
}

fn is_text_of(text: &[u8], frame: Option<&[u8]>) -> bool {
    frame.is_some_and(|frame| hsmstream_record::trim_end(frame) == text)
}
