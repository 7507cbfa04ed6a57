//! Transports: from messages, or a file in pieces, to parsed records; what finding the records costs.
//!
//! * Corpus: [`RECORDS`], audit records of both layouts, in the forms of [`packs`]: alone, 100 to an envelope, four
//!   envelopes to a batch, all in one file.
//! * Messages of one record: our framer beside our parser, which is told where records are. Envelopes: our framer
//!   beside `simd_json` into structures, then the plain parser on each message; the same with our parser. Gzip: our
//!   framer beside the inflater alone, the same library. All forms beside the plain parser on the bare records.
//! * Expected: of each job the number of failed logins that the generator made, or of inflated bytes; checked
//!   before: every form gives every record, in order, and rejects nothing.
//!
//! Bias: the rivals take the form for granted; ours finds out what it is (`auto`), checks limits and the whole
//! syntax, and gives each record its origin. `simd_json` checks UTF-8, ours leaves that to who prints. One thread.

mod packs;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use flate2::Crc;
use hsmstream_bench::buffer::{self, Buffer, Definition};
use hsmstream_bench::{plain, rivals};
use hsmstream_benches::mode::Mode;
use hsmstream_benches::rounds::{Job, Size, compare};
use hsmstream_frame::{Format, Framer, Reject, StreamFramer};
use hsmstream_record::{Audit, Limits, Origin, Record, parse_into};
use packs::Pack;

const FAILED_LOGIN: u64 = 163;
const ROUNDS: usize = 15;
/// What an envelope inflates to at most.
const INFLATED_MAX: usize = 1 << 20;
/// Bytes of a file handed over at once, as the command line does.
const PIECE: usize = 256 << 10;

/// Larger than last caches of up to 40 MiB in its shortest form.
const RECORDS: Definition =
    Definition { records: 160_000, bytes: 49_410_032, lines: 1_567_616, failures: 1_599, ..buffer::RARE };

fn main() {
    let mode = Mode::of_arguments();
    let buffer = mode.pick(RECORDS, buffer::RARE_SMALL).build();
    let mut criterion = Criterion::default().configure_from_args();
    let mut run = |title: &str, bytes: usize, mut jobs: Vec<Job<'_>>| {
        let size = Size { records: buffer.len(), bytes };
        compare(title, size, mode.pick(ROUNDS, 0), &mut jobs);
        let mut group = criterion.benchmark_group(title);
        group.throughput(Throughput::Elements(buffer.len() as u64)).sample_size(10);
        for job in &mut jobs {
            group.bench_function(BenchmarkId::from_parameter(job.name), |b| b.iter(|| (job.work)()));
        }
        group.finish();
    };
    run("messages of one record", buffer.bytes.len(), single(&buffer));
    let envelopes = packs::envelopes(&buffer);
    check(&buffer, &envelopes);
    run("envelopes of 100 events", envelopes.bytes.len(), plain_envelopes(&buffer, &envelopes));
    let gzip = packs::gzip(&envelopes);
    check(&buffer, &gzip);
    run("gzip of envelopes", envelopes.bytes.len(), gzip_envelopes(&buffer, &envelopes, &gzip));
    let forms = Forms::new(&buffer, envelopes, gzip);
    run("all forms", buffer.bytes.len(), forms.jobs(&buffer));
    criterion.final_summary();
}

/// One record to a message, as most producers to Kafka have it.
fn single(buffer: &Buffer) -> Vec<Job<'_>> {
    let limits = Limits::default();
    vec![
        Job::new("hsmstream_record::parse_into", buffer.failures, move || {
            let mut audit = Audit::default();
            let found = buffer.frames().map(|frame| {
                let is_record = parse_into(frame, &limits, &mut audit).is_ok();
                is_failed_login(is_record.then_some(&audit))
            });
            found.sum()
        }),
        messages("Framer, auto", Format::Auto, buffer, || buffer.frames()).at_least(0.7),
        messages("Framer, raw", Format::Raw, buffer, || buffer.frames()).at_least(0.7),
        plain_job(buffer),
    ]
}

fn plain_envelopes<'b>(buffer: &'b Buffer, envelopes: &'b Pack) -> Vec<Job<'b>> {
    vec![
        messages("Framer, auto", Format::Auto, buffer, || envelopes.messages()),
        structures("simd_json + plain parser", buffer, envelopes, plain::parse).at_most(1.0 / 3.0),
        structures("simd_json + our parser", buffer, envelopes, |frame| {
            hsmstream_record::parse(frame, &Limits::default()).ok()
        }),
        plain_job(buffer),
    ]
}

fn gzip_envelopes<'b>(buffer: &'b Buffer, envelopes: &'b Pack, gzip: &'b Pack) -> Vec<Job<'b>> {
    let (mut alone, mut checked) = (rivals::Inflater::new(INFLATED_MAX), rivals::Inflater::new(INFLATED_MAX));
    let inflated = envelopes.bytes.len() as u64;
    vec![
        messages("Framer, auto", Format::Auto, buffer, || gzip.messages()),
        Job::new("inflater alone", inflated, move || {
            gzip.messages()
                .map(|member| black_box(alone.inflate(member)).expect("a member that fits").len() as u64)
                .sum()
        })
        .at_most(1.0 / 0.7),
        Job::new("inflater and checksum", inflated, move || {
            gzip.messages()
                .map(|member| checksummed(checked.inflate(member).expect("a member that fits")))
                .sum()
        }),
    ]
}

fn checksummed(bytes: &[u8]) -> u64 {
    let mut crc = Crc::new();
    crc.update(bytes);
    black_box(crc.sum());
    bytes.len() as u64
}

/// Each form of the corpus.
struct Forms {
    messages: Vec<(&'static str, Format, Pack)>,
    files: Vec<(&'static str, Format, Vec<u8>)>,
}

impl Forms {
    fn new(buffer: &Buffer, envelopes: Pack, gzip: Pack) -> Self {
        let forms = Self {
            files: vec![
                ("raw file", Format::Raw, buffer.bytes.clone()),
                ("S3 export", Format::S3Export, packs::export(buffer)),
                ("CLI output, JSON", Format::CliJson, packs::cli_json(buffer)),
                ("CLI output, text", Format::CliText, packs::cli_text(buffer)),
            ],
            messages: vec![
                ("base64 of gzip of envelopes", Format::Envelope, packs::base64(&gzip)),
                ("Kinesis", Format::Kinesis, packs::kinesis(&gzip)),
                ("Firehose", Format::Firehose, packs::firehose(&gzip)),
                ("gzip of envelopes", Format::Envelope, gzip),
                ("envelopes", Format::Envelope, envelopes),
            ],
        };
        for (_, _, pack) in &forms.messages {
            check(buffer, pack);
        }
        for (name, format, bytes) in &forms.files {
            for format in [*format, Format::Auto] {
                let mut expected = buffer.frames();
                let counts = stream(format, bytes, &mut |item| see(item, expected.next()));
                assert_eq!((counts, expected.next()), (buffer.len() as u64, None), "{name}");
            }
        }
        forms
    }

    fn jobs<'b>(&'b self, buffer: &'b Buffer) -> Vec<Job<'b>> {
        let files = self.files.iter().map(|(name, format, bytes)| {
            Job::new(name, buffer.failures, move || {
                let mut failures = 0;
                stream(*format, bytes, &mut |item| failures += failed_login(item));
                failures
            })
        });
        let packs = self.messages.iter();
        let packs = packs.map(|(name, format, pack)| messages(name, *format, buffer, || pack.messages()));
        [plain_job(buffer)].into_iter().chain(files).chain(packs).collect()
    }
}

fn plain_job(buffer: &Buffer) -> Job<'_> {
    Job::new("plain parser, bare records", buffer.failures, || {
        buffer.frames().map(|frame| is_failed_login(plain::parse(frame).as_ref())).sum()
    })
}

/// Our framer on messages.
fn messages<'b, M: Iterator<Item = &'b [u8]>>(
    name: &'b str,
    format: Format,
    buffer: &'b Buffer,
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
    buffer: &'b Buffer,
    envelopes: &'b Pack,
    parse: impl Fn(&[u8]) -> Option<Audit<'_>> + 'b,
) -> Job<'b> {
    let mut reader = rivals::Reader::default();
    Job::new(name, buffer.failures, move || {
        let mut failures = 0;
        for message in envelopes.messages() {
            let envelope = reader.read(message).expect("an envelope");
            black_box((envelope.message_type, envelope.owner, envelope.log_group, envelope.log_stream));
            for event in &envelope.log_events {
                black_box((event.id, event.timestamp));
                failures += is_failed_login(parse(event.message.as_bytes()).as_ref());
            }
        }
        failures
    })
}

/// A file in pieces; returns how many records it had.
fn stream(format: Format, bytes: &[u8], take: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>)) -> u64 {
    let mut framer = StreamFramer::new(format, Limits::default());
    for piece in bytes.chunks(PIECE) {
        framer.feed_records(piece, &Origin::default(), take);
    }
    framer.finish_records(&Origin::default(), take).frames
}

fn failed_login(item: &Result<Record<'_>, Reject<'_>>) -> u64 {
    is_failed_login(item.as_ref().ok().and_then(Record::audit))
}

/// The whole record has to be there, not only what is looked at.
fn is_failed_login(audit: Option<&Audit<'_>>) -> u64 {
    let response = black_box(audit).and_then(|audit| audit.response);
    u64::from(response.is_some_and(|response| response.code == FAILED_LOGIN))
}

/// Every record has to come out of a pack, in order, and nothing else.
fn check(buffer: &Buffer, pack: &Pack) {
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let mut expected = buffer.frames();
    for message in pack.messages() {
        framer.records(message, &Origin::default(), &mut |item| see(item, expected.next()));
    }
    assert_eq!(expected.next(), None, "records are missing");
}

fn see(item: &Result<Record<'_>, Reject<'_>>, expected: Option<&[u8]>) {
    let record = item.as_ref().expect("no reject");
    let expected = expected.expect("no more records than there are");
    assert_eq!(record.raw(), hsmstream_record::trim_end(expected));
}
