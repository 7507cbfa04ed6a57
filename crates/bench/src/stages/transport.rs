//! Messages and files to records: what finding the records costs, for each form.
//!
//! Messages go to [`Framer`], files in pieces to [`StreamFramer`]. The rivals take the form for granted; ours finds
//! out what it is where it says `auto`, checks limits and the whole syntax, and gives each record its origin.
//! `simd_json` checks UTF-8, ours leaves that to who prints. One thread.

use super::{Corpus, Error, Group, Take, is_failed_login, parse_alone};
use crate::buffer::Buffer;
use crate::packs::{PIECE, Pack, Unfaithful};
use crate::plain;
use crate::rivals::{Inflater, Reader};
use crate::rounds::{Job, Size};
use core::hint::black_box;
use flate2::Crc;
use hsmstream_corpus::Form;
use hsmstream_frame::{Format, Framer, Reject, StreamFramer};
use hsmstream_record::{Audit, Limits, Origin, Record};

/// Records of an envelope.
pub(super) const EVENTS: usize = 100;
/// The most records that are packed: ten forms of them have to fit into memory at a time.
const RECORDS_MAX: usize = 100_000;

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let buffer = &corpus.buffer.first(RECORDS_MAX);
    let mut notes = Vec::new();
    let mut pack = |form, records| match Pack::of(buffer, form, records) {
        Ok(pack) => Ok(Some(pack)),
        Err(Unfaithful { form }) if corpus.is_own => {
            notes.push(format!("{form} is left out: it does not give back these records as they were"));
            Ok(None)
        }
        Err(unfaithful) => Err(Error::Form(unfaithful)),
    };
    let mut packs = Vec::new();
    for form in Form::ALL {
        packs.extend(pack(form, if form == Form::Event { 1 } else { EVENTS })?);
    }
    let find = |form| packs.iter().find(|pack| pack.form == form);
    let mut groups = vec![Group::of_records("messages of one record", buffer, single(buffer))];
    if let Some(envelopes) = find(Form::Envelope) {
        let size = Size { records: buffer.len(), bytes: envelopes.bytes.len() };
        let title = format!("envelopes of {EVENTS} events");
        groups.push(Group { size, ..Group::of_records(title, buffer, plain_envelopes(buffer, envelopes)) });
        if let Some(gzip) = find(Form::GzipEnvelope) {
            let title = format!("gzip envelopes of {EVENTS} events");
            groups.push(Group {
                size,
                ..Group::of_records(title, buffer, gzip_envelopes(buffer, envelopes, gzip))
            });
        }
    }
    groups.push(Group {
        notes,
        ..Group::of_records("every form, GB/s of record text", buffer, forms(buffer, &packs))
    });
    groups.into_iter().try_for_each(take)
}

/// One record to a message, as most producers to Kafka have it.
fn single(buffer: &Buffer) -> Vec<Job<'_>> {
    vec![
        parse_alone("parser, frames known", buffer),
        messages("Framer, auto", Format::Auto, buffer, || buffer.frames()).at_least(0.7),
        messages("Framer, raw", Format::Raw, buffer, || buffer.frames()).at_least(0.7),
    ]
}

/// Our framer first, beside `simd_json` into structures and a parser on each message.
fn plain_envelopes<'b>(buffer: &'b Buffer, envelopes: &'b Pack) -> Vec<Job<'b>> {
    let limits = Limits::default();
    let plain_failures = buffer.frames().map(|frame| is_failed_login(plain::parse(frame).as_ref())).sum();
    vec![
        messages("Framer, auto", Format::Auto, buffer, || envelopes.messages()),
        structures("simd-json + plain parser", plain_failures, envelopes, plain::parse).at_most(1.0 / 3.0),
        structures("simd-json + our parser", buffer.failures, envelopes, move |frame| {
            hsmstream_record::parse(frame, &limits).ok()
        }),
    ]
}

/// Our framer first, beside the inflater alone, which is the same library.
fn gzip_envelopes<'b>(buffer: &'b Buffer, envelopes: &'b Pack, gzip: &'b Pack) -> Vec<Job<'b>> {
    // A separator stands behind each envelope in the file, but not in a member.
    let separators = envelopes.form.separator().len() * envelopes.messages().count();
    let inflated = (envelopes.bytes.len() - separators) as u64;
    let longest = envelopes.messages().map(<[u8]>::len).max().unwrap_or(0);
    let (mut inflater, mut checked) = (Inflater::new(longest), Inflater::new(longest));
    vec![
        messages("Framer, auto", Format::Auto, buffer, || gzip.messages()),
        Job::new("inflater alone", inflated, move || {
            gzip.messages()
                .map(|member| black_box(inflater.inflate(member)).map_or(0, <[u8]>::len) as u64)
                .sum()
        })
        .at_most(1.0 / 0.7),
        Job::new("inflater and CRC-32", inflated, move || {
            gzip.messages().map(|member| checked.inflate(member).map_or(0, checksummed)).sum()
        }),
    ]
}

/// How many bytes there are, when their checksum was computed as the inflater's library does.
fn checksummed(bytes: &[u8]) -> u64 {
    let mut crc = Crc::new();
    crc.update(bytes);
    black_box(crc.sum());
    bytes.len() as u64
}

/// Our parser on known frames first, then each form as messages, or as a file where that is what it is.
fn forms<'b>(buffer: &'b Buffer, packs: &'b [Pack]) -> Vec<Job<'b>> {
    let mut jobs = vec![parse_alone("parser, frames known", buffer)];
    jobs.extend(packs.iter().map(|pack| match pack.form {
        Form::Raw | Form::S3Export | Form::CliJson | Form::CliText => {
            Job::new(pack.form.as_str(), buffer.failures, move || file_failures(pack.format(), &pack.bytes))
        }
        _ => messages(pack.form.as_str(), pack.format(), buffer, || pack.messages()),
    }));
    jobs
}

/// Our framer on messages.
fn messages<'b, M: Iterator<Item = &'b [u8]>>(
    name: &'b str,
    format: Format,
    buffer: &Buffer,
    messages: impl Fn() -> M + 'b,
) -> Job<'b> {
    let mut framer = Framer::new(format, Limits::default());
    Job::new(name, buffer.failures, move || {
        let mut failures = 0;
        let mut take = |item: &Result<Record<'_>, Reject<'_>>| failures += failed_login(item);
        for message in messages() {
            framer.records(message, &Origin::default(), &mut take);
        }
        failures
    })
}

/// `simd_json` and a parser on envelopes.
fn structures<'b>(
    name: &'b str,
    expected: u64,
    envelopes: &'b Pack,
    parse: impl Fn(&[u8]) -> Option<Audit<'_>> + 'b,
) -> Job<'b> {
    let mut reader = Reader::default();
    Job::new(name, expected, move || {
        let mut failures = 0;
        for message in envelopes.messages() {
            let Some(envelope) = reader.read(message) else { continue };
            black_box((envelope.message_type, envelope.owner, envelope.log_group, envelope.log_stream));
            for event in &envelope.log_events {
                black_box((event.id, event.timestamp));
                failures += is_failed_login(parse(event.message.as_bytes()).as_ref());
            }
        }
        failures
    })
}

fn file_failures(format: Format, bytes: &[u8]) -> u64 {
    let mut failures = 0;
    let mut take = |item: &Result<Record<'_>, Reject<'_>>| failures += failed_login(item);
    let mut framer = StreamFramer::new(format, Limits::default());
    for piece in bytes.chunks(PIECE) {
        framer.feed_records(piece, &Origin::default(), &mut take);
    }
    framer.finish_records(&Origin::default(), &mut take);
    failures
}

fn failed_login(item: &Result<Record<'_>, Reject<'_>>) -> u64 {
    is_failed_login(item.as_ref().ok().and_then(Record::audit))
}
