//! `parse`: each record as its JSON view, one a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::Reject;
use hsmstream_record::{Origin, Record, escape};

use crate::args::Parse;
use crate::commands::files::fixed_origin;
use crate::commands::run::limits;
use crate::complain;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::parallel::{self, Block, Reading, Work};
use crate::inputs::rejected::Rejected;
use crate::inputs::{Input, expand, threads};
use crate::terminal::Out;

/// Raw bytes of a reject that are shown.
const RAW_MAX: usize = 64 << 10;

/// Parses the inputs.
///
/// # Errors
/// Inputs that cannot be read.
pub(crate) fn run(args: &Parse, config: &Config) -> anyhow::Result<Exit> {
    let inputs = expand(&args.files)?;
    let is_live = !inputs.iter().all(Input::is_regular);
    let fixed = fixed_origin(&args.origin);
    let reading = Reading {
        format: args.format,
        limits: limits(config),
        fixed: &fixed,
        threads: threads(args.threads),
    };
    let mut out = Out::new();
    let mut rejected = Rejected::default();
    let views = Views { rejects: args.rejects };
    parallel::read(&inputs, reading, &views, &mut |block| {
        rejected += block.rejected;
        out.lines(&block.lines);
        if is_live {
            out.flush();
        }
    })?;
    out.flush();
    if !rejected.is_empty() && !args.rejects {
        complain(&format!("{rejected}; --rejects prints what was rejected"));
    }
    Ok(if args.strict && !rejected.is_empty() { Exit::Negative } else { Exit::Success })
}

/// Prints views, and rejects if they are asked for.
struct Views {
    rejects: bool,
}

impl Work for Views {
    type Scratch = ();
    const PRINTS_ALL: bool = true;

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, (): &mut (), block: &mut Block) {
        match item {
            Ok(record) => record.write_view(&mut block.lines),
            Err(reject) => {
                block.rejected.add(reject);
                if !self.rejects {
                    return;
                }
                write_reject(reject, &mut block.lines);
            }
        }
        block.lines.push(b'\n');
    }
}

/// Appends a reject as the record contract shows it: `{"kind":"reject","reason":…,"offset":…,…}`.
pub(crate) fn write_reject(reject: &Reject<'_>, line: &mut Vec<u8>) {
    let raw = reject.raw.get(..RAW_MAX).unwrap_or(reject.raw);
    let head = format!(
        "{{\"kind\":\"reject\",\"reason\":\"{}\",\"offset\":{},\"message_offset\":{},\"length\":{},\"raw\":\"{}\"",
        reject.reason.as_str(),
        reject.offset,
        reject.message_offset,
        reject.length,
        STANDARD.encode(raw)
    );
    line.extend_from_slice(head.as_bytes());
    write_origin(&reject.origin, line);
    line.push(b'}');
}

fn write_origin(origin: &Origin<'_>, line: &mut Vec<u8>) {
    let parts = [
        ("account", origin.account),
        ("log_group", origin.log_group),
        ("log_stream", origin.log_stream),
        ("cluster", origin.cluster),
        ("hsm", origin.hsm),
        ("event_id", origin.event_id),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            line.extend_from_slice(format!(",\"{name}\":").as_bytes());
            let _shown = escape::json_string(value, line);
        }
    }
    if let Some(ms) = origin.event_timestamp_ms {
        line.extend_from_slice(format!(",\"event_timestamp\":{ms}").as_bytes());
    }
}
