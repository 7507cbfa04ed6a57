//! Parsing and matching, with few and with many rules, against parsing alone.
//!
//! * Corpora: [`buffer::RARE`] (1 % of the records match a rule), those where none does, where half do, and where
//!   user names mislead searches.
//! * Rules: [`rule_files`], 3, 100 and 3,000 of them, all matched at once by `RuleSet::matches`.
//! * Expected: as many matches as there are failed logins; beforehand, on the small corpus, exactly the rules
//!   that each rule's own pattern, compiled alone, finds.
//!
//! Bias: rules are distinct and nearly all of them never match; fields are looked up on demand, so records that
//! call many rules cost more than this shows.

use criterion::{BenchmarkId, Criterion, Throughput};
use hsmstream_bench::stages::matching::{each_record, job, parse_alone};
use hsmstream_benches::buffer::{self, Buffer, Definition};
use hsmstream_benches::mode::Mode;
use hsmstream_benches::rounds::{Job, Size, compare};
use hsmstream_benches::rule_files;
use hsmstream_rules::{MatchScratch, Query, RuleSet};

const ROUNDS: usize = 9;
/// Records on which every rule is also matched alone.
const CHECKED: usize = 300;

fn main() {
    let mode = Mode::of_arguments();
    let sets = [3, 100, 3_000].map(rule_files::rule_set);
    check_alone(&sets[2]);
    let buffer = mode.pick(buffer::RARE, buffer::RARE_SMALL).build();
    let mut jobs = jobs(&buffer, &sets, [0.9, 0.8, 0.7]);
    let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
    compare("parse + match, 1 % match", size, mode.pick(ROUNDS, 0), &mut jobs);
    compare_corpora(mode, &sets);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("matching");
    group.throughput(Throughput::Elements(buffer.len() as u64)).sample_size(10);
    for job in &mut jobs {
        group.bench_function(BenchmarkId::from_parameter(job.name), |bencher| bencher.iter(|| (job.work)()));
    }
    group.finish();
    criterion.final_summary();
}

/// Other match rates, each with its own parse alone.
fn compare_corpora(mode: Mode, sets: &[RuleSet; 3]) {
    let corpora: [(&str, Definition, Definition, [f64; 3]); 3] = [
        ("none match", buffer::NEVER, buffer::NEVER_SMALL, [0.9, 0.8, 0.7]),
        ("50 % match", buffer::COMMON, buffer::COMMON_SMALL, [0.4; 3]),
        ("hostile names", buffer::HOSTILE, buffer::HOSTILE_SMALL, [0.4; 3]),
    ];
    for (name, measured, small, budgets) in corpora {
        let buffer = mode.pick(measured, small).build();
        let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
        let mut jobs = jobs(&buffer, sets, budgets);
        compare(&format!("parse + match, {name}"), size, mode.pick(ROUNDS, 0), &mut jobs);
    }
}

/// Parse alone first: all speeds are relative to it.
fn jobs<'a>(buffer: &'a Buffer, sets: &'a [RuleSet; 3], budgets: [f64; 3]) -> Vec<Job<'a>> {
    let names = ["3 rules", "100 rules", "3,000 rules"];
    let matching = names.into_iter().zip(sets).zip(budgets);
    let matching =
        matching.map(|((name, set), budget)| job(name, buffer, set, buffer.failures).at_least(budget));
    std::iter::once(parse_alone(buffer)).chain(matching).collect()
}

fn check_alone(set: &RuleSet) {
    let patterns = set.rules().iter().filter_map(|rule| rule.pattern.as_deref());
    let queries: Vec<Query> = patterns.map(Query::compile).collect();
    assert_eq!(queries.len(), set.len(), "each rule has a pattern");
    let (mut scratch, mut matched) = (MatchScratch::default(), Vec::new());
    for definition in [buffer::RARE_SMALL, buffer::HOSTILE_SMALL] {
        let buffer = definition.build();
        let step = buffer.len() / CHECKED;
        let mut number = 0;
        each_record(&buffer, |record| {
            number += 1;
            if number % step != 0 {
                return;
            }
            set.matches(record, &mut scratch, &mut matched);
            let together: Vec<usize> = matched.iter().map(|index| index.get() as usize).collect();
            let alone: Vec<usize> =
                (0..queries.len()).filter(|&at| queries[at].matches(record, &mut scratch)).collect();
            assert_eq!(together, alone, "{}", record.raw().escape_ascii());
        });
        assert_eq!(number, buffer.len(), "the corpus has no rejects");
    }
}
