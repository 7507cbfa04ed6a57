//! Parsing: records from a buffer larger than the last cache, beside what bounds it from both sides.
//!
//! * Corpus: [`buffer::RARE`], audit records of both layouts, one per frame, frames known.
//! * Jobs: copy of the buffer; count of its line ends (`memchr`); our parser; the plain parser; one regular
//!   expression with capturing groups. The three parsers fill the same structure.
//! * Expected: for each parser the number of failed logins that the generator made, and, checked before,
//!   records equal field by field.
//!
//! Bias: frames are handed out one by one, as messages are, so nobody has to find them; the plain parser and
//! the expression were written for exactly these layouts and check less than ours does.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use hsmstream_benches::buffer::{self, Buffer};
use hsmstream_benches::captures;
use hsmstream_benches::mode::Mode;
use hsmstream_benches::rounds::{Job, Size, compare};
use hsmstream_benches::{plain, process};
use hsmstream_record::{Audit, Limits};

const FAILED_LOGIN: u64 = 163;
const ROUNDS: usize = 15;

fn main() {
    let mode = Mode::of_arguments();
    let buffer = mode.pick(buffer::RARE, buffer::RARE_SMALL).build();
    check_equal(&buffer);
    if mode == Mode::Measure {
        warn_if_cached(&buffer);
    }
    let mut jobs = jobs(&buffer);
    let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
    compare("parse", size, mode.pick(ROUNDS, 0), &mut jobs);
    compare_hostile(mode);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Bytes(buffer.bytes.len() as u64)).sample_size(10);
    for job in &mut jobs {
        group.bench_function(BenchmarkId::from_parameter(job.name), |bencher| bencher.iter(|| (job.work)()));
    }
    group.finish();
    criterion.final_summary();
}

/// Ours again, with names that an attacker chose; their failed logins are those of the ordinary corpus.
fn compare_hostile(mode: Mode) {
    let buffer = mode.pick(buffer::HOSTILE, buffer::HOSTILE_SMALL).build();
    let limits = Limits::default();
    let ours = Job::new("hsmstream_record::parse", buffer.failures, || {
        failures(&buffer, |frame| hsmstream_record::parse(frame, &limits).ok())
    });
    let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
    compare("parse, hostile names", size, mode.pick(ROUNDS, 0), &mut [ours]);
}

/// Ours first: all speeds are relative to it.
fn jobs(buffer: &Buffer) -> Vec<Job<'_>> {
    let limits = Limits::default();
    let mut regex = captures::Parser::new();
    let mut copy = vec![0; buffer.bytes.len()];
    let lines = memchr::memchr_iter(b'\n', &buffer.bytes).count() as u64;
    vec![
        Job::new("hsmstream_record::parse", buffer.failures, move || {
            failures(buffer, |frame| hsmstream_record::parse(frame, &limits).ok())
        }),
        Job::new("plain parser", buffer.failures, || failures(buffer, plain::parse)).at_most(1.0 / 3.0),
        Job::new("capturing regex", buffer.failures, move || regex_failures(buffer, &mut regex))
            .at_most(1.0 / 20.0),
        Job::new("memchr, line ends counted", lines, || {
            memchr::memchr_iter(b'\n', black_box(&buffer.bytes)).count() as u64
        })
        .at_most(1.0 / 0.15),
        Job::new("memcpy", buffer.bytes.len() as u64, move || {
            copy.copy_from_slice(black_box(&buffer.bytes));
            black_box(&copy).len() as u64
        }),
    ]
}

fn failures<'b>(buffer: &'b Buffer, parse: impl Fn(&'b [u8]) -> Option<Audit<'b>>) -> u64 {
    buffer.frames().map(|frame| is_failed_login(parse(frame).as_ref())).sum()
}

fn regex_failures(buffer: &Buffer, regex: &mut captures::Parser) -> u64 {
    buffer.frames().map(|frame| is_failed_login(regex.parse(frame).as_ref())).sum()
}

/// The whole record has to be there, not only what is looked at.
fn is_failed_login(audit: Option<&Audit<'_>>) -> u64 {
    let response = black_box(audit).and_then(|audit| audit.response);
    u64::from(response.is_some_and(|response| response.code == FAILED_LOGIN))
}

fn check_equal(buffer: &Buffer) {
    let limits = Limits::default();
    let mut regex = captures::Parser::new();
    for frame in buffer.frames() {
        let ours = hsmstream_record::parse(frame, &limits).ok();
        let text = || frame.escape_ascii();
        assert!(ours.is_some_and(|audit| audit.anomalies.is_empty()), "not a clean record: {}", text());
        assert_eq!(plain::parse(frame), ours, "the plain parser differs: {}", text());
        assert_eq!(regex.parse(frame), ours, "the expression differs: {}", text());
    }
}

fn warn_if_cached(buffer: &Buffer) {
    match process::last_cache_bytes() {
        Some(cache) if buffer.bytes.len() < 2 * cache => {
            println!("note: the buffer is less than twice the last cache of {} MiB", cache >> 20);
        }
        Some(_) => {}
        None => println!("note: the size of the last cache is unknown"),
    }
}
