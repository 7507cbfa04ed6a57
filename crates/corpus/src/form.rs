//! The forms in which records travel, and how each is written: [`Packer`] puts records into one message.
//!
//! Shapes after the AWS documentation of CloudWatch Logs subscriptions, filter output, S3 export, Lambda events
//! of Kinesis, and Firehose HTTP endpoints. Names are those of the configuration's `input.format`.

use crate::print::decimal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use core::str::FromStr;
use flate2::Compression;
use flate2::write::GzEncoder;
use hsmstream_record::{escape, time};
use std::io::Write as _;

/// The account that owns all log groups.
pub(crate) const ACCOUNT: &str = "111122223333";
/// So many log events share one entry of a Kinesis or Firehose message.
const ENTRY_EVENTS: usize = 10;
/// Delivery takes so long: what a CLI shows as ingestion time, or Firehose and Kinesis as arrival.
const DELIVERY_MS: u64 = 900;

/// A form of message. Complete: these are what the generator can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// The records' text, one behind the other. No origin.
    Raw,
    /// One CloudWatch log event as JSON with its origin; always a single record.
    Event,
    /// A subscription envelope.
    Envelope,
    /// A subscription envelope, compressed, as Kinesis and Firehose carry it.
    GzipEnvelope,
    /// The event of a Lambda function: one compressed envelope in base64.
    Lambda,
    /// The event of a Lambda function that reads Kinesis: several of them.
    Kinesis,
    /// A Firehose HTTP request: several of them.
    Firehose,
    /// Output of `aws logs filter-log-events`. Of the origin it tells the log stream.
    CliJson,
    /// The same with `--output text`. Of the origin it tells the log stream.
    CliText,
    /// Lines of an S3 export. No origin.
    S3Export,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 10] = [
        Self::Raw,
        Self::Event,
        Self::Envelope,
        Self::GzipEnvelope,
        Self::Lambda,
        Self::Kinesis,
        Self::Firehose,
        Self::CliJson,
        Self::CliText,
        Self::S3Export,
    ];

    /// Names the form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Event => "event",
            Self::Envelope => "envelope",
            Self::GzipEnvelope => "gzip-envelope",
            Self::Lambda => "lambda",
            Self::Kinesis => "kinesis",
            Self::Firehose => "firehose",
            Self::CliJson => "cli-json",
            Self::CliText => "cli-text",
            Self::S3Export => "s3-export",
        }
    }

    /// What stands between two messages of one file: a line end behind a JSON document, nothing where a message
    /// ends with one, and nothing between members of gzip.
    #[must_use]
    pub const fn separator(self) -> &'static [u8] {
        match self {
            Self::Event | Self::Envelope | Self::Lambda | Self::Kinesis | Self::Firehose | Self::CliJson => {
                b"\n"
            }
            Self::Raw | Self::CliText | Self::S3Export | Self::GzipEnvelope => b"",
        }
    }

    /// Whether messages are not text.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::GzipEnvelope)
    }

    /// Whether log events stand in a JSON array, with commas between them.
    pub(crate) const fn is_list(self) -> bool {
        !matches!(self, Self::Raw | Self::CliText | Self::S3Export)
    }

    /// How many records a message can have at most.
    pub(crate) const fn records_max(self) -> usize {
        match self {
            Self::Event => 1,
            _ => usize::MAX,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A name that no form has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownForm;

impl fmt::Display for UnknownForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no such form")
    }
}

impl core::error::Error for UnknownForm {}

impl FromStr for Form {
    type Err = UnknownForm;

    fn from_str(name: &str) -> Result<Self, UnknownForm> {
        Self::ALL.into_iter().find(|form| form.as_str() == name).ok_or(UnknownForm)
    }
}

/// Where the records of a message are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Id of the cluster; letters, digits and hyphens.
    pub cluster: &'a str,
    /// Id of the HSM; letters, digits and hyphens.
    pub hsm: &'a str,
}

/// A record for a message.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its text, line ends included.
    pub text: &'a [u8],
    /// Event time in microseconds since the epoch.
    pub usecs: u64,
    /// Its number, from which its event id is made.
    pub number: u64,
}

/// Gathers the records of one message.
#[derive(Debug, Clone)]
pub struct Packer {
    form: Form,
    /// Events, each as it stands in the message, one behind the other.
    bytes: Vec<u8>,
    /// Behind which byte each event ends.
    ends: Vec<usize>,
    /// The last one's time and number.
    usecs: u64,
    number: u64,
}

impl Packer {
    /// Begins a message.
    #[must_use]
    pub const fn new(form: Form) -> Self {
        Self { form, bytes: Vec::new(), ends: Vec::new(), usecs: 0, number: 0 }
    }

    /// Adds a record. All of a message have to be from one source; an [`Form::Event`] has one only, and of more
    /// the message would be no JSON.
    pub fn push(&mut self, source: Source<'_>, entry: Entry<'_>) {
        if self.form.is_list() && !self.bytes.is_empty() {
            self.bytes.push(b',');
        }
        write_entry(self.form, source, entry, &mut self.bytes);
        self.ends.push(self.bytes.len());
        (self.usecs, self.number) = (entry.usecs, entry.number);
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends the message to `out` and begins the next.
    pub fn write(&mut self, source: Source<'_>, out: &mut Vec<u8>) {
        write_message(self, source, out);
        self.bytes.clear();
        self.ends.clear();
    }

    /// The events in groups, each as it stands in its array.
    fn groups(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.chunks(ENTRY_EVENTS).map(move |ends| {
            let end = ends.last().copied().unwrap_or(start);
            let group = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            group.strip_prefix(b",").unwrap_or(group)
        })
    }

    const fn arrival_ms(&self) -> u64 {
        self.usecs / 1000 + DELIVERY_MS
    }
}

fn write_entry(form: Form, from: Source<'_>, entry: Entry<'_>, out: &mut Vec<u8>) {
    match form {
        Form::Raw => out.extend_from_slice(entry.text),
        Form::S3Export => write_export_lines(entry, out),
        Form::CliText => write_cli_line(from, entry, out),
        Form::CliJson => write_cli_event(from, entry, out),
        _ => write_event(entry, out),
    }
}

fn write_message(packer: &Packer, from: Source<'_>, out: &mut Vec<u8>) {
    match packer.form {
        Form::Raw | Form::S3Export | Form::CliText => out.extend_from_slice(&packer.bytes),
        Form::Event => write_single(from, &packer.bytes, out),
        Form::Envelope => write_envelope(from, &packer.bytes, out),
        Form::GzipEnvelope => {
            let mut envelope = Vec::new();
            write_envelope(from, &packer.bytes, &mut envelope);
            compress(&envelope, out);
        }
        Form::Lambda => {
            push(out, &["{\"awslogs\":{\"data\":\"", &data(from, &packer.bytes), "\"}}"]);
        }
        Form::Kinesis => write_kinesis(packer, from, out),
        Form::Firehose => write_firehose(packer, from, out),
        Form::CliJson => {
            push(out, &["{\"events\":["]);
            out.extend_from_slice(&packer.bytes);
            push(out, &["],\"searchedLogStreams\":[]}"]);
        }
    }
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A log event: `{"id":…,"timestamp":…,"message":…}`.
fn write_event(entry: Entry<'_>, out: &mut Vec<u8>) {
    push(out, &["{\"id\":\""]);
    write_event_id(entry, out);
    push(out, &["\",\"timestamp\":"]);
    decimal(entry.usecs / 1000, out);
    push(out, &[",\"message\":\""]);
    let _always_utf8 = escape::json_content(entry.text, out);
    push(out, &["\"}"]);
}

/// 56 digits, as the service's ids have; unique by the event's number.
fn write_event_id(entry: Entry<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'3');
    decimal(10_000_000_000_000_000_000 + entry.usecs % 1_000_000_000_000_000_000, out);
    decimal(10_000_000_000_000_000_000 + entry.number % 1_000_000_000_000_000_000, out);
    out.resize(start + 56, b'0');
}

/// A log event on its own, with its origin.
fn write_single(from: Source<'_>, event: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(event.strip_suffix(b"}").unwrap_or(event));
    push(out, &[",\"logGroup\":\"/aws/cloudhsm/", from.cluster, "\",\"logStream\":\"", from.hsm]);
    push(out, &["\",\"owner\":\"", ACCOUNT, "\"}"]);
}

fn write_envelope(from: Source<'_>, events: &[u8], out: &mut Vec<u8>) {
    push(out, &["{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"", ACCOUNT]);
    push(out, &["\",\"logGroup\":\"/aws/cloudhsm/", from.cluster, "\",\"logStream\":\"", from.hsm]);
    push(out, &["\",\"subscriptionFilters\":[\"to-kafka\"],\"logEvents\":["]);
    out.extend_from_slice(events);
    push(out, &["]}"]);
}

/// Base64 of gzip of an envelope.
fn data(from: Source<'_>, events: &[u8]) -> String {
    let (mut envelope, mut compressed) = (Vec::new(), Vec::new());
    write_envelope(from, events, &mut envelope);
    compress(&envelope, &mut compressed);
    STANDARD.encode(compressed)
}

fn write_kinesis(packer: &Packer, from: Source<'_>, out: &mut Vec<u8>) {
    push(out, &["{\"Records\":["]);
    for (index, group) in packer.groups().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        push(out, &[comma, "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"", from.hsm]);
        push(out, &["\",\"sequenceNumber\":\"4954"]);
        decimal(10_000_000_000_000_000_000 + packer.number % 1_000_000_000_000_000_000, out);
        decimal(u64::try_from(index).unwrap_or(u64::MAX), out);
        push(out, &["\",\"data\":\"", &data(from, group), "\",\"approximateArrivalTimestamp\":"]);
        decimal(packer.arrival_ms() / 1000, out);
        out.push(b'.');
        out.extend_from_slice(&millis(packer.arrival_ms()));
        push(out, &["},\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\"}"]);
    }
    push(out, &["]}"]);
}

fn write_firehose(packer: &Packer, from: Source<'_>, out: &mut Vec<u8>) {
    push(out, &["{\"requestId\":\"ed4acda5-034f-9f42-bba1-"]);
    decimal(100_000_000_000 + packer.number % 100_000_000_000, out);
    push(out, &["\",\"timestamp\":"]);
    decimal(packer.arrival_ms(), out);
    push(out, &[",\"records\":["]);
    for (index, group) in packer.groups().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        push(out, &[comma, "{\"data\":\"", &data(from, group), "\"}"]);
    }
    push(out, &["]}"]);
}

fn write_cli_event(from: Source<'_>, entry: Entry<'_>, out: &mut Vec<u8>) {
    push(out, &["{\"logStreamName\":\"", from.hsm, "\",\"timestamp\":"]);
    decimal(entry.usecs / 1000, out);
    push(out, &[",\"message\":\""]);
    let _always_utf8 = escape::json_content(entry.text, out);
    push(out, &["\",\"ingestionTime\":"]);
    decimal(entry.usecs / 1000 + DELIVERY_MS, out);
    push(out, &[",\"eventId\":\""]);
    write_event_id(entry, out);
    push(out, &["\"}"]);
}

/// `EVENTS`, id, ingestion time, log stream, message, time; the message's line ends as they are.
fn write_cli_line(from: Source<'_>, entry: Entry<'_>, out: &mut Vec<u8>) {
    push(out, &["EVENTS\t"]);
    write_event_id(entry, out);
    out.push(b'\t');
    decimal(entry.usecs / 1000 + DELIVERY_MS, out);
    push(out, &["\t", from.hsm, "\t"]);
    out.extend_from_slice(entry.text);
    out.push(b'\t');
    decimal(entry.usecs / 1000, out);
    out.push(b'\n');
}

/// Only the first line of a record has the prefix: `2018-01-24T17:44:25.013Z Time: …`.
fn write_export_lines(entry: Entry<'_>, out: &mut Vec<u8>) {
    time::rfc3339_micros(entry.usecs, out);
    out.truncate(out.len().saturating_sub("218Z".len()));
    out.extend_from_slice(b"Z ");
    out.extend_from_slice(entry.text);
}

/// The last three digits.
fn millis(ms: u64) -> [u8; 3] {
    [100, 10, 1].map(|unit| b'0' + u8::try_from(ms / unit % 10).unwrap_or_default())
}

fn compress(bytes: &[u8], out: &mut Vec<u8>) {
    let mut encoder = GzEncoder::new(out, Compression::new(6));
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish().map(drop));
    written.expect("a vector takes any bytes");
}
