//! The stages that records go through, each with its jobs: ours, and what it is measured by.
//!
//! A stage makes what its jobs need, checks that all of them see the same records, and gives its groups of jobs, one
//! after the other, to be measured in turns ([`crate::rounds`]) or by Criterion. The first job of a group is the one that the
//! others' speeds are relative to.
//!
//! Budgets are those that the project has set itself; they say what `speed` should be in the profile `release`.

pub mod encode;
pub mod matching;
pub mod parallel;
pub mod parse;
pub mod scan;
pub mod transport;
pub mod windows;

use crate::buffer::Buffer;
use crate::packs::Unfaithful;
use crate::rounds::{Job, Line, Size, Wrong, measure};
use core::fmt;
use core::str::FromStr;
use hsmstream_record::{Audit, Limits, Response, parse_into};
use parallel::ReadFiles;

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Line ends counted, and the memory copied: what bounds any parser.
    Scan,
    /// Frames to records.
    Parse,
    /// Messages and files to records.
    Transport,
    /// Files to records by several threads.
    Parallel,
    /// Records to matches of rules.
    Match,
    /// Matches to firings of a threshold.
    Windows,
    /// Records and alerts to JSON.
    Encode,
}

impl Stage {
    /// All of them, in the order in which a record meets them.
    pub const ALL: [Self; 7] =
        [Self::Scan, Self::Parse, Self::Transport, Self::Parallel, Self::Match, Self::Windows, Self::Encode];

    /// Names the stage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Parse => "parse",
            Self::Transport => "transport",
            Self::Parallel => "parallel",
            Self::Match => "match",
            Self::Windows => "windows",
            Self::Encode => "encode",
        }
    }

    /// Makes what the stage needs from the records, and gives its groups of jobs to `take`. `read` is asked by
    /// [`Self::Parallel`] only.
    ///
    /// # Errors
    /// If forms and rivals do not agree about generated records, files cannot be written, or `take` says so.
    pub fn groups(self, corpus: &Corpus, read: ReadFiles<'_>, take: Take<'_>) -> Result<(), Error> {
        match self {
            Self::Scan => scan::groups(corpus, take),
            Self::Parse => parse::groups(corpus, take),
            Self::Transport => transport::groups(corpus, take),
            Self::Parallel => parallel::groups(corpus, read, take),
            Self::Match => matching::groups(corpus, take),
            Self::Windows => windows::groups(corpus, take),
            Self::Encode => encode::groups(corpus, take),
        }
    }

    /// Measures the stage's groups.
    ///
    /// # Errors
    /// As [`Self::groups`], or if a job does not find what it must.
    pub fn measure(
        self,
        corpus: &Corpus,
        rounds: usize,
        read: ReadFiles<'_>,
    ) -> Result<Vec<Measured>, Error> {
        let mut measured = Vec::new();
        self.groups(corpus, read, &mut |group| {
            measured.push(group.measure(self, rounds)?);
            Ok(())
        })?;
        Ok(measured)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Takes a group of jobs, and measures it or has it measured.
pub type Take<'t> = &'t mut dyn FnMut(Group<'_>) -> Result<(), Error>;

/// A name that no stage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownStage;

impl fmt::Display for UnknownStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no such stage")
    }
}

impl core::error::Error for UnknownStage {}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name).ok_or(UnknownStage)
    }
}

/// The records to measure with.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// The records.
    pub buffer: Buffer,
    /// Whether they are somebody's own, and nothing about them is known but what the careful parser says.
    pub is_own: bool,
}

/// What was measured of a group of jobs.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The stage.
    pub stage: Stage,
    /// What the group measures.
    pub title: String,
    /// What one run of a job works on.
    pub size: Size,
    /// What is counted by `size.records`.
    pub unit: &'static str,
    /// How often each job was measured.
    pub rounds: usize,
    /// The jobs' figures; the first is what `speed` is relative to. None without rounds.
    pub lines: Vec<Line>,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

/// Why a stage was not measured: a wrong result, of which no figure means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A job finds something else than it must.
    Count {
        /// Of which group.
        title: String,
        /// What it found.
        wrong: Wrong,
    },
    /// A form does not give back what was put in.
    Form(Unfaithful),
    /// A rival reads generated records in another way.
    Rival {
        /// Its name.
        name: &'static str,
        /// How many records.
        records: usize,
    },
    /// The files to be read cannot be written, with what the file system says.
    Files(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { title, wrong } => write!(formatter, "{title}: {wrong}"),
            Self::Form(Unfaithful { form }) => {
                write!(formatter, "the form {form} does not give back the records that were put in")
            }
            Self::Rival { name, records } => {
                write!(formatter, "{name} reads {records} records in another way than ours")
            }
            Self::Files(error) => write!(formatter, "cannot write files to be read: {error}"),
        }
    }
}

impl core::error::Error for Error {}

/// A group of jobs, ready to be measured.
#[derive(Debug)]
pub struct Group<'a> {
    /// What it measures.
    pub title: String,
    /// What one run of a job works on.
    pub size: Size,
    /// What is counted by `size.records`.
    pub unit: &'static str,
    /// The jobs; speeds are relative to the first.
    pub jobs: Vec<Job<'a>>,
    /// Rounds for each one asked for: more than 1 where a run is short.
    pub rounds: usize,
    /// What a reader has to know.
    pub notes: Vec<String>,
    /// What he has to know besides, when the figures are there.
    pub judge: fn(&[Line]) -> Option<String>,
}

impl<'a> Group<'a> {
    /// A group of jobs that work on the records of `buffer`.
    pub fn of_records(title: impl Into<String>, buffer: &Buffer, jobs: Vec<Job<'a>>) -> Self {
        let size = Size { records: buffer.len(), bytes: buffer.bytes.len() };
        let (notes, judge) = (Vec::new(), |_: &[Line]| None);
        Self { title: title.into(), size, unit: "record", jobs, rounds: 1, notes, judge }
    }

    /// Measures it.
    ///
    /// # Errors
    /// If a job does not find what it must.
    pub fn measure(mut self, stage: Stage, rounds: usize) -> Result<Measured, Error> {
        let rounds = rounds.saturating_mul(self.rounds);
        let lines = measure(rounds, &mut self.jobs)
            .map_err(|wrong| Error::Count { title: self.title.clone(), wrong })?;
        let Self { title, size, unit, mut notes, judge, .. } = self;
        notes.extend(judge(&lines));
        Ok(Measured { stage, title, size, unit, rounds, lines, notes })
    }
}

/// A wrong password.
const FAILED_LOGIN: u64 = 163;

/// Whether a record is a failed login, as 0 or 1. The whole record has to be there, not only what is looked at.
fn is_failed_login(audit: Option<&Audit<'_>>) -> u64 {
    is_failure(core::hint::black_box(audit).and_then(|audit| audit.response))
}

fn is_failure(response: Option<Response<'_>>) -> u64 {
    u64::from(response.is_some_and(|response| response.code == FAILED_LOGIN))
}

/// The failed logins among all frames, by a parser.
fn failures<'b>(buffer: &'b Buffer, mut parse: impl FnMut(&'b [u8]) -> Option<Audit<'b>>) -> u64 {
    buffer.frames().map(|frame| is_failed_login(parse(frame).as_ref())).sum()
}

/// Our parser on known frames: what finding frames, matching and so on is added to.
fn parse_alone<'b>(name: &'b str, buffer: &'b Buffer) -> Job<'b> {
    let limits = Limits::default();
    Job::new(name, buffer.failures, move || {
        // Looked at where the parser wrote it, as the rivals' records are.
        let mut audit = Audit::default();
        let found = buffer.frames().map(|frame| {
            let parsed = parse_into(frame, &limits, &mut audit);
            is_failed_login(parsed.is_ok().then_some(&audit))
        });
        found.sum()
    })
}
