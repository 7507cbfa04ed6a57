//! Records in the forms in which they travel: several of one HSM to a message.
//!
//! Shapes after the AWS documentation of CloudWatch Logs subscriptions, filter output and S3 export.

use crate::corpus::{Corpus, Generated};
use crate::print::decimal;
use core::fmt;
use flate2::Compression;
use flate2::write::GzEncoder;
use hsmstream_record::{escape, time};
use std::io::Write as _;

/// The account that owns all log groups.
pub(crate) const ACCOUNT: &str = "111122223333";

/// A form of message. Complete: these are what the generator can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The records' text, one behind the other. No origin.
    Raw,
    /// One CloudWatch log event as JSON with its origin; always a single record.
    Event,
    /// A subscription envelope.
    Envelope,
    /// A subscription envelope, compressed, as Kinesis and Firehose carry it.
    GzipEnvelope,
    /// Lines of an S3 export. No origin.
    S3Export,
}

/// A message that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The HSM that all its records are of; also the natural message key.
    pub hsm: u32,
    /// Its records in order.
    pub records: &'a [Generated],
}

/// A generator of messages. Endless.
#[derive(Clone)]
pub struct Messages {
    corpus: Corpus,
    form: Form,
    records_per_message: usize,
    /// What each HSM has gathered for its next message.
    pending: Vec<Pending>,
    sent: Vec<Generated>,
    text: Vec<u8>,
    events: u64,
}

#[derive(Clone, Default)]
struct Pending {
    bytes: Vec<u8>,
    records: Vec<Generated>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Messages")
            .field("form", &self.form)
            .field("records_per_message", &self.records_per_message)
            .finish_non_exhaustive()
    }
}

impl Messages {
    /// Packs the records of `corpus`, so many of one HSM to a message; 0 is taken as 1.
    #[must_use]
    pub fn new(corpus: Corpus, form: Form, records_per_message: usize) -> Self {
        let records_per_message = if form == Form::Event { 1 } else { records_per_message.max(1) };
        let pending = (0..corpus.hsm_count()).map(|_| Pending::default()).collect();
        Self { corpus, form, records_per_message, pending, sent: Vec::new(), text: Vec::new(), events: 0 }
    }

    /// The corpus behind, for names.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Appends the next message to `out`: of the HSM that is first to have enough records.
    pub fn next_into(&mut self, out: &mut Vec<u8>) -> Message<'_> {
        loop {
            self.text.clear();
            let record = self.corpus.next_into(&mut self.text);
            let index = usize::try_from(record.hsm).unwrap_or_default();
            let Some(pending) = self.pending.get_mut(index) else { continue };
            self.events += 1;
            let text = &self.text;
            match self.form {
                Form::Raw => pending.bytes.extend_from_slice(text),
                Form::S3Export => export_line(&record, text, &mut pending.bytes),
                Form::Event | Form::Envelope | Form::GzipEnvelope => {
                    if !pending.records.is_empty() {
                        pending.bytes.push(b',');
                    }
                    write_event(&record, self.events, text, &mut pending.bytes);
                }
            }
            pending.records.push(record);
            if pending.records.len() >= self.records_per_message {
                return self.send(index, record, out);
            }
        }
    }

    fn send(&mut self, index: usize, last: Generated, out: &mut Vec<u8>) -> Message<'_> {
        self.sent.clear();
        let Some(pending) = self.pending.get_mut(index) else {
            return Message { hsm: last.hsm, records: &[] };
        };
        self.sent.append(&mut pending.records);
        let (cluster, hsm) = (self.corpus.cluster_name(last.cluster), self.corpus.hsm_name(last.hsm));
        match self.form {
            Form::Raw | Form::S3Export => out.extend_from_slice(&pending.bytes),
            Form::Event => write_single(cluster, hsm, &pending.bytes, out),
            Form::Envelope => write_envelope(cluster, hsm, &pending.bytes, out),
            Form::GzipEnvelope => {
                self.text.clear();
                write_envelope(cluster, hsm, &pending.bytes, &mut self.text);
                compress(&self.text, out);
            }
        }
        pending.bytes.clear();
        Message { hsm: last.hsm, records: &self.sent }
    }
}

/// A log event without its braces closed off: `{"id":…,"timestamp":…,"message":…}`.
fn write_event(record: &Generated, number: u64, text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":\"");
    write_event_id(record.usecs, number, out);
    out.extend_from_slice(b"\",\"timestamp\":");
    decimal(record.usecs / 1000, out);
    out.extend_from_slice(b",\"message\":\"");
    let _always_utf8 = escape::json_content(text, out);
    out.extend_from_slice(b"\"}");
}

/// 56 digits, as the service's ids have; unique by the event's number.
fn write_event_id(usecs: u64, number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'3');
    decimal(10_000_000_000_000_000_000 + usecs % 1_000_000_000_000_000_000, out);
    decimal(10_000_000_000_000_000_000 + number % 1_000_000_000_000_000_000, out);
    out.resize(start + 56, b'0');
}

/// A log event on its own, with its origin.
fn write_single(cluster: &str, hsm: &str, event: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(event.strip_suffix(b"}").unwrap_or(event));
    for part in [",\"logGroup\":\"/aws/cloudhsm/", cluster, "\",\"logStream\":\"", hsm] {
        out.extend_from_slice(part.as_bytes());
    }
    for part in ["\",\"owner\":\"", ACCOUNT, "\"}"] {
        out.extend_from_slice(part.as_bytes());
    }
}

fn write_envelope(cluster: &str, hsm: &str, events: &[u8], out: &mut Vec<u8>) {
    let head =
        ["{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"", ACCOUNT, "\",\"logGroup\":\"/aws/cloudhsm/"];
    let origin =
        [cluster, "\",\"logStream\":\"", hsm, "\",\"subscriptionFilters\":[\"to-kafka\"],\"logEvents\":["];
    for part in head.into_iter().chain(origin) {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(events);
    out.extend_from_slice(b"]}");
}

/// Only the first line of a record has the prefix: `2018-01-24T17:44:25.013Z Time: …`.
fn export_line(record: &Generated, text: &[u8], out: &mut Vec<u8>) {
    time::rfc3339_micros(record.usecs, out);
    out.truncate(out.len().saturating_sub("218Z".len()));
    out.extend_from_slice(b"Z ");
    out.extend_from_slice(text);
}

fn compress(bytes: &[u8], out: &mut Vec<u8>) {
    let mut encoder = GzEncoder::new(out, Compression::new(6));
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish().map(drop));
    written.expect("a vector takes any bytes");
}
