//! Parsing: records from a buffer larger than the last cache, beside what bounds it from both sides.
//!
//! * Corpus: [`buffer::RARE`], audit records of both layouts, one per frame, frames known.
//! * Jobs: those of [`hsmstream_bench::stages::parse`]: our parser, the plain parser, one regular expression with
//!   capturing groups, which all fill the same structure; line ends counted (`memchr`); copy of the buffer. The front
//!   of a record alone; our path without vector instructions. Hostile and damaged records beside clean ones.
//! * Expected: for each parser the number of failed logins that the generator made, and, checked before,
//!   records equal field by field.
//!
//! Bias: frames are handed out one by one, as messages are, so nobody has to find them; the plain parser and
//! the expression were written for exactly these layouts and check less than ours does.

use criterion::{BenchmarkId, Criterion, Throughput};
use hsmstream_bench::stages::parse::{Rivals, front_jobs, hostile_jobs, jobs, portable_jobs};
use hsmstream_benches::buffer::{self, Buffer};
use hsmstream_benches::mode::Mode;
use hsmstream_benches::process;
use hsmstream_benches::rounds::{Job, Size, compare};

const ROUNDS: usize = 15;
/// Clean, hostile and damaged records are in memory together.
const HOSTILE: usize = 100_000;

fn main() {
    let mode = Mode::of_arguments();
    let buffer = mode.pick(buffer::RARE, buffer::RARE_SMALL).build();
    let rivals = Rivals::look(&buffer);
    assert_eq!(rivals.check(), Ok(()));
    if mode == Mode::Measure {
        warn_if_cached(&buffer);
    }
    let clean = buffer.first(HOSTILE);
    let (hostile, damaged) = (clean.with_hostile_names(), clean.damaged());
    let mut criterion = Criterion::default().configure_from_args();
    let mut run = |title: &str, buffer: &Buffer, mut jobs: Vec<Job<'_>>| {
        let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
        compare(title, size, mode.pick(ROUNDS, 0), &mut jobs);
        let mut group = criterion.benchmark_group(title);
        group.throughput(Throughput::Bytes(size.bytes as u64)).sample_size(10);
        for job in &mut jobs {
            group.bench_function(BenchmarkId::from_parameter(job.name), |bencher| {
                bencher.iter(|| (job.work)());
            });
        }
        group.finish();
    };
    run("record", &buffer, jobs(&buffer, &rivals));
    run("record, front", &buffer, front_jobs(&buffer));
    run("record, portable", &buffer, portable_jobs(&buffer, &rivals));
    run("record, attacked", &clean, hostile_jobs(&clean, &hostile, &damaged));
    criterion.final_summary();
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
