//! The figures as one JSON document for programs.

use hsmstream_bench::machine::{BUILD, Machine};
use hsmstream_bench::rounds::{Budget, Line, Size};
use hsmstream_bench::stages::Measured;
use serde_json::{Value, json};

use super::args::Bench;
use super::corpus::{Records, Source};

/// `machine`, `build`, `corpus`, `notes` and `groups`.
pub(crate) fn document(
    args: &Bench,
    machine: &Machine,
    records: &Records,
    notes: &[String],
    groups: &[Measured],
) -> Value {
    json!({
        "machine": {
            "processor": machine.processor,
            "architecture": machine.architecture,
            "cores": machine.cores,
            "last_cache_bytes": machine.last_cache_bytes,
            "vectors": machine.vectors,
            "system": machine.system,
            "kernel": machine.kernel,
            "load": machine.load,
        },
        "build": {
            "version": BUILD.version,
            "profile": BUILD.profile,
            "opt_level": BUILD.opt_level,
            "lto": BUILD.lto,
            "codegen_units": BUILD.codegen_units,
            "debug_assertions": BUILD.debug_assertions,
            "compiler": BUILD.compiler,
            "target": BUILD.target,
            "target_features": BUILD.target_features,
        },
        "corpus": corpus(records),
        "rounds": args.rounds,
        "notes": notes,
        "groups": groups.iter().map(group).collect::<Vec<_>>(),
    })
}

fn corpus(records: &Records) -> Value {
    let buffer = &records.corpus.buffer;
    let source = match &records.source {
        Source::Generated { seed } => json!({ "kind": "generated", "seed": seed }),
        Source::Own { inputs, rejects, documents, is_cut } => json!({
            "kind": "own",
            "inputs": inputs,
            "rejects": rejects,
            "documents": documents,
            "cut": is_cut,
        }),
    };
    json!({
        "source": source,
        "records": buffer.len(),
        "bytes": buffer.bytes.len(),
        "second_layout": records.second_layout(),
        "failed_logins": buffer.failures,
    })
}

fn group(group: &Measured) -> Value {
    json!({
        "stage": group.stage.as_str(),
        "title": group.title,
        "unit": group.unit,
        "count": group.size.records,
        "bytes": group.size.bytes,
        "rounds": group.rounds,
        "jobs": group.lines.iter().map(|line| job(line, group.size)).collect::<Vec<_>>(),
        "notes": group.notes,
    })
}

/// Times are of one unit, speeds relative to the group's first job.
fn job(line: &Line, size: Size) -> Value {
    let budget = line.budget.map(|budget| match budget {
        Budget::AtLeast(bound) => json!({ "at_least": bound, "kept": budget.is_kept(line.speed) }),
        Budget::AtMost(bound) => json!({ "at_most": bound, "kept": budget.is_kept(line.speed) }),
    });
    json!({
        "name": line.name,
        "found": line.found,
        "ns": line.nanoseconds_per_record(size),
        "per_second": line.records_per_second(size),
        "bytes_per_second": line.bytes_per_second(size),
        "speed": line.speed,
        "budget": budget,
    })
}
