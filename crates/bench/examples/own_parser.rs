//! Your parser beside ours, on the same records, in turns: put it in the place of [`yours`] and run
//! `cargo run --profile fast -p hsmstream-bench --example own_parser`.

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;

use hsmstream_bench::buffer::RARE;
use hsmstream_bench::plain;
use hsmstream_bench::rounds::{Job, Size, measure};
use hsmstream_record::{Limits, parse};

const ROUNDS: usize = 5;
const FAILED_LOGIN: u64 = 163;

/// The answer's number of a record. Here it is the plain parser's.
fn yours(record: &[u8]) -> Option<u64> {
    let audit = plain::parse(record);
    black_box(&audit).and_then(|audit| Some(audit.response?.code))
}

fn ours(record: &[u8]) -> Option<u64> {
    let audit = parse(record, &Limits::default()).ok();
    black_box(&audit).and_then(|audit| Some(audit.response?.code))
}

fn main() -> Result<(), Box<dyn Error>> {
    let buffer = RARE.build();
    let count = |parser: fn(&[u8]) -> Option<u64>| {
        buffer.frames().filter(|record| parser(record) == Some(FAILED_LOGIN)).count() as u64
    };
    let mut jobs = [
        Job::new("yours", buffer.failures, || count(yours)),
        Job::new("ours", buffer.failures, || count(ours)),
    ];
    let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
    let mut out = std::io::stdout().lock();
    for line in measure(ROUNDS, &mut jobs)? {
        let nanoseconds = line.nanoseconds_per_record(size);
        writeln!(out, "{:<6} {nanoseconds:>8.1} ns/record {:>8.3} × yours", line.name, line.speed)?;
    }
    Ok(())
}
