//! Records to matches: 3, 100 and 3,000 rules at once, beside parsing alone.
//!
//! Rules are distinct and nearly all of them never match; fields are looked up on demand, so records that call many
//! rules cost more than this shows.

use super::{Corpus, Error, Group, Take};
use crate::buffer::Buffer;
use crate::rounds::Job;
use crate::rule_files;
use core::hint::black_box;
use hsmstream_record::{Limits, Origin, Record, parse_into};
use hsmstream_rules::{MatchScratch, RuleIndex, RuleSet};

/// Sizes of the rule sets, and how fast parse and match should be beside parse alone.
const SETS: [(&str, usize, f64); 3] =
    [("3 rules", 3, 0.9), ("100 rules", 100, 0.8), ("3,000 rules", 3_000, 0.7)];

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let buffer = &corpus.buffer;
    let sets = SETS.map(|(name, rules, speed)| (name, rule_files::rule_set(rules), speed));
    let mut jobs = vec![parse_alone(buffer)];
    for (name, set, speed) in &sets {
        // In generated records each failed login meets the first rule, and nothing meets another. What somebody's
        // own records meet shows in a first run.
        let expected = if corpus.is_own { job(name, buffer, set, 0).run() } else { buffer.failures };
        jobs.push(job(name, buffer, set, expected).at_least(*speed));
    }
    let share = |matches: u64| matches as f64 * 100.0 / buffer.len().max(1) as f64;
    let told = |job: &Job<'_>| format!("{} of {} ({:.2} %)", job.expected, job.name, share(job.expected));
    let matches: Vec<String> = jobs.iter().skip(1).map(told).collect();
    let mut group = Group::of_records("parse and match", buffer, jobs);
    group.notes.push(format!("matches: {}; shares are of the {} records", matches.join(", "), buffer.len()));
    take(group)
}

/// Parses all records.
#[must_use]
pub fn parse_alone(buffer: &Buffer) -> Job<'_> {
    Job::new("parse alone", buffer.len() as u64, || {
        let mut count = 0;
        each_record(buffer, |record| count += u64::from(record.sequence().is_some()));
        count
    })
}

/// Parses and matches all records; counts the matches.
#[must_use]
pub fn job<'a>(name: &'a str, buffer: &'a Buffer, set: &'a RuleSet, expected: u64) -> Job<'a> {
    let mut scratch = MatchScratch::default();
    let mut matched: Vec<RuleIndex> = Vec::new();
    Job::new(name, expected, move || {
        let mut count = 0;
        each_record(buffer, |record| {
            set.matches(record, &mut scratch, &mut matched);
            count += matched.len() as u64;
        });
        count
    })
}

/// Parses each record to one place, as the engine does: a record is large, and moving it costs as much as matching.
#[inline(always)]
pub fn each_record<'b>(buffer: &'b Buffer, mut visit: impl FnMut(&Record<'b>)) {
    let limits = Limits::default();
    for frame in buffer.frames() {
        let mut record = Record::of(Origin::default());
        if record.audit_mut().is_some_and(|audit| parse_into(frame, &limits, audit).is_ok()) {
            visit(black_box(&record));
        }
    }
}
