//! Jobs in turns ([`hsmstream_bench::rounds`]), printed as a table.

pub use hsmstream_bench::rounds::{Job, Line, Size, median};

/// Runs all jobs once untimed, then `rounds` times in turns, and prints a table: time per record, throughput, and
/// speed relative to the first job.
///
/// # Panics
/// If a job does not give what it must.
pub fn compare(title: &str, size: Size, rounds: usize, jobs: &mut [Job<'_>]) -> Vec<Line> {
    let lines = match hsmstream_bench::rounds::measure(rounds, jobs) {
        Ok(lines) => lines,
        Err(wrong) => panic!("{title}: {wrong}"),
    };
    if !lines.is_empty() {
        print(title, size, rounds, &lines);
    }
    lines
}

fn print(title: &str, size: Size, rounds: usize, lines: &[Line]) {
    println!(
        "\n{title}: {} records, {:.1} MB, medians of {rounds} rounds in turns",
        size.records,
        size.bytes as f64 / 1e6
    );
    println!("{:<34} {:>10} {:>10} {:>8} {:>10}  budget", "", "ns/record", "k rec/s", "GB/s", "speed");
    for line in lines {
        println!(
            "{:<34} {:>10.1} {:>10.0} {:>8.2} {:>9.3}×  {}",
            line.name,
            line.nanoseconds_per_record(size),
            line.records_per_second(size) / 1e3,
            line.bytes_per_second(size) / 1e9,
            line.speed,
            line.budget.map_or(String::new(), |budget| budget.to_string() + " " + line.verdict()),
        );
    }
}
