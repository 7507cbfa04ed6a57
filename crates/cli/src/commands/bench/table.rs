//! The figures as text for people.

use hsmstream_bench::machine::{BUILD, Machine};
use hsmstream_bench::stages::Measured;

use super::corpus::{Records, Source};
use crate::terminal::{Out, counted};

/// What the figures depend on.
pub(crate) fn head(machine: &Machine, records: &Records, notes: &[String], out: &mut Out) {
    let unknown = || "unknown".to_owned();
    let cache = machine.last_cache_bytes.map_or_else(unknown, |bytes| format!("{} MiB", bytes >> 20));
    let mut lines = vec![
        format!(
            "machine  {}, {}, {} cores, last cache {cache}, vectors {}",
            machine.processor.as_deref().unwrap_or("unknown processor"),
            machine.architecture,
            machine.cores,
            machine.vectors
        ),
        format!(
            "system   {}, {}, load {}",
            machine.system.as_deref().unwrap_or("unknown"),
            machine.kernel.as_deref().unwrap_or("unknown kernel"),
            machine.load.map_or_else(unknown, |load| format!("{load:.2}"))
        ),
        format!(
            "build    hsmstream {}, profile {} (opt-level {}, LTO {}, codegen units {}), {}, {}",
            BUILD.version,
            BUILD.profile,
            BUILD.opt_level,
            BUILD.lto,
            BUILD.codegen_units,
            BUILD.compiler,
            BUILD.target
        ),
        format!("corpus   {}", corpus(records)),
    ];
    lines.extend(notes.iter().map(|note| format!("note     {note}")));
    for line in lines {
        out.line(line.as_bytes());
    }
    out.flush();
}

fn corpus(records: &Records) -> String {
    let buffer = &records.corpus.buffer;
    let source = match &records.source {
        Source::Generated { seed } => format!("generated from seed {seed}"),
        Source::Own { inputs, rejects, documents, is_cut } => {
            let cut = if *is_cut { ", more was left" } else { "" };
            let (rejects, documents) = (counted(*rejects, "reject"), counted(*documents, "other document"));
            format!("{}, {rejects} and {documents} left out{cut}", counted(*inputs, "input"))
        }
    };
    format!(
        "{source}: {}, {:.1} MB, {:.0} B each; {:.1} % of layout v2, {:.2} % failed logins",
        counted(buffer.len(), "record"),
        megabytes(buffer.bytes.len()),
        buffer.mean(),
        percent(records.second_layout(), buffer.len()),
        percent(usize::try_from(buffer.failures).unwrap_or(0), buffer.len())
    )
}

/// A group of jobs.
pub(crate) fn group(group: &Measured, out: &mut Out) {
    let Measured { stage, title, size, unit, rounds, lines, notes } = group;
    out.line(b"");
    let head = format!(
        "{stage}: {title}; {}, {:.1} MB, medians of {} in turns",
        counted(size.records, unit),
        megabytes(size.bytes),
        counted(*rounds, "round")
    );
    out.line(head.as_bytes());
    let (time, rate) = (format!("ns/{unit}"), format!("M {unit}s/s"));
    out.line(format!("  {:<34} {time:>12} {rate:>14} {:>8} {:>9}  budget", "", "GB/s", "speed").as_bytes());
    for line in lines {
        let budget = line.budget.map_or(String::new(), |budget| format!("{budget} {}", line.verdict()));
        let row = format!(
            "  {:<34} {:>12.1} {:>14.2} {:>8.2} {:>8.3}×  {budget}",
            line.name,
            line.nanoseconds_per_record(*size),
            line.records_per_second(*size) / 1e6,
            line.bytes_per_second(*size) / 1e9,
            line.speed,
        );
        out.line(row.trim_end().as_bytes());
    }
    for note in notes {
        out.line(format!("  note: {note}").as_bytes());
    }
    out.flush();
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}
