//! Frames to records: our parser, beside a plain one, one capturing expression, and what bounds them all.
//!
//! Frames are handed out one by one, as messages are, so nobody has to find them. All parsers fill the same structure.
//! The plain parser and the expression are written for the generator's layouts and check less than ours; see there.

use super::scan::{copy, line_ends};
use super::{Corpus, Error, Group, Take, failures, parse_alone};
use crate::buffer::Buffer;
use crate::rounds::Job;
use crate::shapes::Shapes;
use crate::{captures, plain};
use core::hint::black_box;
use hsmstream_record::{Audit, Limits, Vectors, parse_brief, parse_carefully, parse_fast_with};

/// Name of our parser in the tables.
const OURS: &str = "hsmstream_record::parse_into";

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let buffer = &corpus.buffer;
    let rivals = Rivals::look(buffer);
    if !corpus.is_own {
        rivals.check()?;
    }
    let mut bounds = Group::of_records("parse, all fields", buffer, jobs(buffer, &rivals));
    bounds.notes = rivals.notes();
    bounds.notes.push(Shapes::of(buffer.frames()).to_string());
    let title = "parse without vector instructions";
    let portable = Group::of_records(title, buffer, portable_jobs(buffer, &rivals));
    let title = "parse the front: time, sequence, reboot, opcode, response";
    let front = Group::of_records(title, buffer, front_jobs(buffer));
    let clean = &buffer.first(ATTACKED_MAX);
    let (hostile, damaged) = (clean.with_hostile_names(), clean.damaged());
    let title = "parse what an attacker chose, GB/s of the clean records";
    let attacked = Group::of_records(title, clean, hostile_jobs(clean, &hostile, &damaged));
    [bounds, front, portable, attacked].into_iter().try_for_each(take)
}

/// The whole record first; fields that are not asked for need not be parsed.
fn front_jobs(buffer: &Buffer) -> Vec<Job<'_>> {
    let limits = Limits::default();
    let front = move || {
        let fronts = buffer.frames().map(|frame| parse_brief(frame, &limits).ok());
        fronts.map(|front| super::is_failure(black_box(&front).and_then(|front| front.response))).sum()
    };
    vec![parse_alone("the whole record", buffer), Job::new("its front", buffer.failures, front).at_least(1.3)]
}

/// Clean, hostile and damaged records are in memory together.
const ATTACKED_MAX: usize = 100_000;

/// Clean records first; as many with user names of 600 bytes that forge fields; as many that are damaged, most of
/// which are none any more.
fn hostile_jobs<'b>(clean: &'b Buffer, hostile: &'b Buffer, damaged: &'b Buffer) -> Vec<Job<'b>> {
    vec![
        parse_alone("clean records", clean),
        parse_alone("hostile user names", hostile).at_least(0.25),
        parse_alone("damaged records", damaged).at_least(0.25),
    ]
}

/// What the rivals make of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rivals {
    records: usize,
    plain: Rival,
    regex: Rival,
}

/// Failed logins found, and records that are read in another way than ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rival {
    failures: u64,
    differ: usize,
}

impl Rival {
    fn take(&mut self, found: Option<Audit<'_>>, ours: Option<&Audit<'_>>) {
        self.failures += super::is_failed_login(found.as_ref());
        self.differ += usize::from(found.as_ref() != ours);
    }
}

impl Rivals {
    /// Compares the rivals with our parser, record by record, all fields.
    #[must_use]
    pub fn look(buffer: &Buffer) -> Self {
        let limits = Limits::default();
        let mut regex = captures::Parser::new();
        let mut rivals = Self { records: buffer.len(), plain: Rival::default(), regex: Rival::default() };
        for frame in buffer.frames() {
            let ours = hsmstream_record::parse(frame, &limits).ok();
            rivals.plain.take(plain::parse(frame), ours.as_ref());
            rivals.regex.take(regex.parse(frame), ours.as_ref());
        }
        rivals
    }

    /// Of generated records every field has to be equal.
    ///
    /// # Errors
    /// If one is not.
    pub fn check(&self) -> Result<(), Error> {
        for (name, rival) in [("the plain parser", self.plain), ("the capturing expression", self.regex)] {
            if rival.differ > 0 {
                return Err(Error::Rival { name, records: rival.differ });
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        [("the plain parser", self.plain), ("the capturing expression", self.regex)]
            .into_iter()
            .filter(|(_, rival)| rival.differ > 0)
            .map(|(name, rival)| {
                format!("{name} reads {} of {} records in another way than ours", rival.differ, self.records)
            })
            .collect()
    }
}

/// Ours first.
fn jobs<'b>(buffer: &'b Buffer, rivals: &Rivals) -> Vec<Job<'b>> {
    let mut regex = captures::Parser::new();
    vec![
        parse_alone(OURS, buffer),
        plain_job(buffer, rivals).at_most(1.0 / 3.0),
        Job::new("one capturing regex", rivals.regex.failures, move || {
            buffer.frames().map(|frame| super::is_failed_login(regex.parse(frame).as_ref())).sum()
        })
        .at_most(1.0 / 30.0),
        line_ends(buffer).at_most(1.0 / 0.15),
        copy(buffer),
    ]
}

fn plain_job<'b>(buffer: &'b Buffer, rivals: &Rivals) -> Job<'b> {
    Job::new("plain parser", rivals.plain.failures, move || failures(buffer, plain::parse))
}

/// The plain parser first: the path for processors without vector instructions has a bound of its own.
fn portable_jobs<'b>(buffer: &'b Buffer, rivals: &Rivals) -> Vec<Job<'b>> {
    let limits = Limits::default();
    vec![
        plain_job(buffer, rivals),
        Job::new("our portable path", buffer.failures, move || {
            failures(buffer, |frame| {
                parse_fast_with(Vectors::Portable, frame, &limits)
                    .or_else(|| parse_carefully(frame, &limits).ok())
            })
        })
        .at_least(1.3),
        Job::new("our careful parser", buffer.failures, move || {
            failures(buffer, |frame| parse_carefully(frame, &limits).ok())
        }),
    ]
}
