//! Several jobs measured in turns: A B C, A B C, … Whatever disturbs the machine disturbs all of them, so
//! the ratio of two jobs of one round is steadier than either time. The median over rounds is what counts.

use core::fmt;
use std::time::{Duration, Instant};

/// A job: its name, and the work, which gives a count that has to be the expected one.
pub struct Job<'a> {
    /// Name, as printed.
    pub name: &'a str,
    /// Does the work once.
    pub work: Box<dyn FnMut() -> u64 + 'a>,
    /// What `work` must give.
    pub expected: u64,
    /// What its speed relative to the first job should be.
    pub budget: Option<Budget>,
}

/// A bound on a speed relative to the first job. A budget that is missed is shown and fails nothing: machines
/// differ, and so do profiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// The job should be at least so fast.
    AtLeast(f64),
    /// The job should be at most so fast: a rival of the first.
    AtMost(f64),
}

impl Budget {
    /// Whether `speed` is inside.
    #[must_use]
    pub fn is_kept(self, speed: f64) -> bool {
        match self {
            Self::AtLeast(bound) => bound <= speed,
            Self::AtMost(bound) => speed <= bound,
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(formatter, "≥ {bound:.3}"),
            Self::AtMost(bound) => write!(formatter, "≤ {bound:.3}"),
        }
    }
}

impl fmt::Debug for Job<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Job")
            .field("name", &self.name)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

impl<'a> Job<'a> {
    /// Names a job and what it must give.
    pub fn new(name: &'a str, expected: u64, work: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, work: Box::new(work), expected, budget: None }
    }

    /// Does the work once and gives the count.
    pub fn run(&mut self) -> u64 {
        (self.work)()
    }

    /// The job should be at least so fast, relative to the first.
    #[must_use]
    pub fn at_least(self, speed: f64) -> Self {
        Self { budget: Some(Budget::AtLeast(speed)), ..self }
    }

    /// The job should be at most so fast, relative to the first: a rival of it.
    #[must_use]
    pub fn at_most(self, speed: f64) -> Self {
        Self { budget: Some(Budget::AtMost(speed)), ..self }
    }
}

/// A job that found something else than it must: its time says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Name of the job.
    pub job: String,
    /// What it gave.
    pub found: u64,
    /// What it must give.
    pub expected: u64,
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\" finds {} instead of {}", self.job, self.found, self.expected)
    }
}

impl core::error::Error for Wrong {}

/// What one run of a job works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Records.
    pub records: usize,
    /// Bytes.
    pub bytes: usize,
}

/// The medians of a job.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name of the job.
    pub name: String,
    /// What each run gave.
    pub found: u64,
    /// Median time of one run.
    pub time: Duration,
    /// Median over rounds of (time of the first job / time of this job): how much faster it is.
    pub speed: f64,
    /// What `speed` should be.
    pub budget: Option<Budget>,
}

impl Line {
    /// Time of a record in ns.
    #[must_use]
    pub fn nanoseconds_per_record(&self, size: Size) -> f64 {
        self.time.as_secs_f64() * 1e9 / size.records.max(1) as f64
    }

    /// Records a second.
    #[must_use]
    pub fn records_per_second(&self, size: Size) -> f64 {
        size.records as f64 / self.seconds()
    }

    /// Bytes a second.
    #[must_use]
    pub fn bytes_per_second(&self, size: Size) -> f64 {
        size.bytes as f64 / self.seconds()
    }

    /// `kept`, `MISSED`, or nothing without a budget.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.budget {
            Some(budget) if budget.is_kept(self.speed) => "kept",
            Some(_) => "MISSED",
            None => "",
        }
    }

    /// Never 0, so that a rate is a number.
    fn seconds(&self) -> f64 {
        self.time.as_secs_f64().max(1e-9)
    }
}

/// Runs all jobs once untimed, then `rounds` times in turns. Without rounds there are no lines, only the check.
///
/// # Errors
/// If a job does not give what it must.
pub fn measure(rounds: usize, jobs: &mut [Job<'_>]) -> Result<Vec<Line>, Wrong> {
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds); jobs.len()];
    for round in 0..=rounds {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            let (found, seconds) = timed(&mut job.work);
            if found != job.expected {
                return Err(Wrong { job: job.name.to_owned(), found, expected: job.expected });
            }
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    if rounds == 0 {
        return Ok(Vec::new());
    }
    let first = times.first().cloned().unwrap_or_default();
    let line = |(job, times): (&Job<'_>, &Vec<f64>)| Line {
        name: job.name.to_owned(),
        found: job.expected,
        time: Duration::from_secs_f64(median(times.clone())),
        speed: median(first.iter().zip(times).map(|(first, own)| first / own.max(1e-9)).collect()),
        budget: job.budget,
    };
    Ok(jobs.iter().zip(&times).map(line).collect())
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock; nothing else here does")]
fn timed(work: &mut dyn FnMut() -> u64) -> (u64, f64) {
    let start = Instant::now();
    let found = work();
    (found, start.elapsed().as_secs_f64())
}

/// The middle of some numbers; 0 of none.
#[must_use]
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
