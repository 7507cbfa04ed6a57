//! `parse`: each record as its JSON view, one a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Reject, StreamFramer};
use hsmstream_record::{Origin, Record, escape};

use crate::args::Parse;
use crate::commands::files::fixed_origin;
use crate::commands::run::limits;
use crate::complain;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::{Feed, expand};
use crate::terminal::Out;

/// Raw bytes of a reject that are shown.
const RAW_MAX: usize = 64 << 10;

/// Parses the inputs.
///
/// # Errors
/// Inputs that cannot be read.
pub(crate) fn run(args: &Parse, config: &Config) -> anyhow::Result<Exit> {
    let inputs = expand(&args.files)?;
    let fixed = fixed_origin(&args.origin);
    let mut out = Out::new();
    let mut feed = Feed::new(&inputs);
    let mut line = Vec::new();
    let mut rejects = 0_u64;
    for input in &inputs {
        let mut framer = StreamFramer::new(args.format, limits(config));
        let mut take = |item: Result<Record<'_>, Reject<'_>>| {
            line.clear();
            match item {
                Ok(record) => record.write_view(&mut line),
                Err(reject) => {
                    rejects += 1;
                    if !args.rejects {
                        return;
                    }
                    write_reject(&reject, &mut line);
                }
            }
            out.line(&line);
        };
        feed.read(input, &mut |chunk| framer.feed_records(chunk, &fixed, &mut take))?;
        framer.finish_records(&fixed, &mut take);
    }
    feed.finish();
    out.flush();
    if rejects > 0 && !args.rejects {
        complain(&match rejects {
            1 => "1 reject; --rejects prints it".to_owned(),
            _ => format!("{rejects} rejects; --rejects prints them"),
        });
    }
    Ok(if args.strict && rejects > 0 { Exit::Negative } else { Exit::Success })
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
