//! Several jobs measured in turns: A B C, A B C, … Whatever disturbs the machine disturbs all of them, so
//! the ratio of two jobs of one round is steadier than either time. The median over rounds is what counts.

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
    budget: Option<Budget>,
}

/// A bound on a speed. A budget that is missed is printed and fails nothing: machines differ, and so do profiles.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Budget {
    AtLeast(f64),
    AtMost(f64),
}

impl Budget {
    fn judge(self, speed: f64) -> String {
        let (is_kept, sign, bound) = match self {
            Self::AtLeast(bound) => (bound <= speed, '≥', bound),
            Self::AtMost(bound) => (speed <= bound, '≤', bound),
        };
        format!("{sign} {bound:.3} {}", if is_kept { "kept" } else { "MISSED" })
    }
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
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

/// What one run of a job works on.
#[derive(Debug, Clone, Copy)]
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
    /// Median time of one run.
    pub time: Duration,
    /// Median over rounds of (time of the first job / time of this job): how much faster it is.
    pub speed: f64,
    budget: Option<Budget>,
}

/// Runs all jobs once untimed, then `rounds` times in turns, and prints a table: time per record, throughput, and
/// speed relative to the first job.
///
/// # Panics
/// If a job does not give what it must.
pub fn compare(title: &str, size: Size, rounds: usize, jobs: &mut [Job<'_>]) -> Vec<Line> {
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds); jobs.len()];
    for round in 0..=rounds {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            let start = Instant::now();
            let found = (job.work)();
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(found, job.expected, "{title}: {} finds something else", job.name);
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    if rounds == 0 {
        return Vec::new();
    }
    let first = times.first().cloned().unwrap_or_default();
    let lines: Vec<Line> = jobs
        .iter()
        .zip(&times)
        .map(|(job, times)| Line {
            name: job.name.to_owned(),
            time: Duration::from_secs_f64(median(times.clone())),
            speed: median(first.iter().zip(times).map(|(first, own)| first / own).collect()),
            budget: job.budget,
        })
        .collect();
    print(title, size, rounds, &lines);
    lines
}

fn print(title: &str, size: Size, rounds: usize, lines: &[Line]) {
    let (records, bytes) = (size.records as f64, size.bytes as f64);
    println!("\n{title}: {records} records, {:.1} MB, medians of {rounds} rounds in turns", bytes / 1e6);
    println!("{:<34} {:>10} {:>10} {:>8} {:>10}  budget", "", "ns/record", "k rec/s", "GB/s", "speed");
    for line in lines {
        let seconds = line.time.as_secs_f64();
        println!(
            "{:<34} {:>10.1} {:>10.0} {:>8.2} {:>9.3}×  {}",
            line.name,
            seconds * 1e9 / records,
            records / seconds / 1e3,
            bytes / seconds / 1e9,
            line.speed,
            line.budget.map_or(String::new(), |budget| budget.judge(line.speed)),
        );
    }
}

/// The middle of some numbers; 0 of none.
#[must_use]
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
