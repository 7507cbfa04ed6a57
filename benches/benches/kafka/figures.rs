//! What one process has cost, and the table of all.

use std::time::Duration;

use hsmstream_benches::rounds::median;

use crate::topic::Topic;

/// A moment in the life of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Since the process began.
    pub(crate) wall: Duration,
    /// Processor time so far.
    pub(crate) cpu: Duration,
}

/// A process at the middle and at the end of the topic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) half: Sample,
    pub(crate) end: Sample,
    pub(crate) peak_resident_bytes: usize,
    /// Upper bounds of commit durations in seconds, with how many commits took at most that long.
    pub(crate) commits: Vec<(f64, u64)>,
}

impl Figures {
    fn of_half(&self) -> Sample {
        Sample {
            wall: self.end.wall.saturating_sub(self.half.wall),
            cpu: self.end.cpu.saturating_sub(self.half.cpu),
        }
    }

    /// The duration in milliseconds that `share` of all commits did not exceed, between the bounds by proportion.
    fn commit_millis(&self, share: f64) -> f64 {
        let total = self.commits.last().map_or(0, |&(_, count)| count) as f64;
        let wanted = total * share;
        let mut below = (0.0, 0.0);
        for &(bound, count) in &self.commits {
            let count = count as f64;
            if wanted <= count && count > below.1 {
                let bound = if bound.is_finite() { bound } else { below.0 };
                let part = (wanted - below.1) / (count - below.1);
                return (below.0 + (bound - below.0) * part) * 1e3;
            }
            below = (bound, count);
        }
        0.0
    }
}

/// Commit durations of one run.
pub(crate) fn print_commits(round: usize, figures: &Figures) {
    let total = figures.commits.last().map_or(0, |&(_, count)| count);
    println!(
        "run {round}: {total} commits, median {:.1} ms, 99th percentile {:.1} ms (from a histogram with steps of 1.6×)",
        figures.commit_millis(0.5),
        figures.commit_millis(0.99)
    );
}

/// Prints medians; ratios are medians of the ratios of one round to its first process.
pub(crate) fn print_table(topic: &Topic, rows: &[(&str, &Vec<Figures>)]) {
    let records = topic.records as f64;
    println!(
        "\n{} records of {:.0} B, medians of {} runs in turns",
        topic.records,
        topic.mean_bytes(),
        rows[0].1.len()
    );
    println!(
        "{:<26} {:>9} {:>9} {:>11} {:>9} {:>8} {:>9} {:>9}",
        "", "k rec/s", "2nd half", "k rec/CPU-s", "2nd half", "RSS MiB", "× wall", "× CPU"
    );
    let first = rows[0].1;
    for (name, runs) in rows {
        let rate = |pick: &dyn Fn(&Figures) -> Duration, records: f64| {
            median(runs.iter().map(|run| records / pick(run).as_secs_f64() / 1e3).collect())
        };
        let ratio = |pick: &dyn Fn(Sample) -> Duration| {
            let ratios = first.iter().zip(runs.iter());
            median(
                ratios
                    .map(|(a, b)| pick(a.of_half()).as_secs_f64() / pick(b.of_half()).as_secs_f64())
                    .collect(),
            )
        };
        println!(
            "{name:<26} {:>9.0} {:>9.0} {:>11.0} {:>9.0} {:>8.0} {:>9.3} {:>9.3}",
            rate(&|run| run.end.wall, records),
            rate(&|run| run.of_half().wall, records / 2.0),
            rate(&|run| run.end.cpu, records),
            rate(&|run| run.of_half().cpu, records / 2.0),
            median(runs.iter().map(|run| run.peak_resident_bytes as f64 / f64::from(1 << 20)).collect()),
            ratio(&|sample| sample.wall),
            ratio(&|sample| sample.cpu),
        );
    }
    println!("× = speed relative to the first line, second half");
}
