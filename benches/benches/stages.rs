//! The stages of `hsmstream bench`, by Criterion: the same corpora, jobs and expected counts.
//!
//! * Corpus: [`buffer::RARE`], audit records of both layouts, in one piece of memory; some stages take fewer of them.
//! * Jobs: those of [`hsmstream_bench::stages`], which say what is compared with what, and where the bias is. `parallel`
//!   is left out: how files are read by several threads is the command line's part.
//! * Expected: of each job what the generator counted, and that all see the same records.

use criterion::{BenchmarkId, Criterion, Throughput};
use hsmstream_bench::stages::{Corpus, Group, Stage};
use hsmstream_benches::buffer;
use hsmstream_benches::mode::Mode;
use hsmstream_benches::process;
use hsmstream_benches::rounds::compare;

const ROUNDS: usize = 15;

fn main() {
    let mode = Mode::of_arguments();
    let buffer = mode.pick(buffer::RARE, buffer::RARE_SMALL).build();
    if mode == Mode::Measure {
        let note = match process::last_cache_bytes() {
            Some(cache) => process::warm_cache(buffer.bytes.len(), cache),
            None => Some("the size of the last cache is unknown".to_owned()),
        };
        note.into_iter().for_each(|note| println!("note: {note}"));
    }
    let corpus = Corpus { buffer, is_own: false };
    let mut criterion = Criterion::default().configure_from_args();
    for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Parallel) {
        let mut run = |mut group: Group<'_>| {
            let title = format!("{stage}: {}", group.title);
            compare(&title, group.size, mode.pick(ROUNDS, 0), &mut group.jobs);
            let mut bench = criterion.benchmark_group(title);
            bench.throughput(Throughput::Bytes(group.size.bytes as u64)).sample_size(10);
            for job in &mut group.jobs {
                bench.bench_function(BenchmarkId::from_parameter(job.name), |bencher| {
                    bencher.iter(|| (job.work)());
                });
            }
            bench.finish();
            Ok(())
        };
        let done = stage.groups(&corpus, &|_, _, _| unreachable!("asked by parallel only"), &mut run);
        assert_eq!(done, Ok(()), "{stage}");
    }
    criterion.final_summary();
}
