//! `query`: records that a filter pattern matches, from files; `filter-log-events`, locally.

use std::sync::Once;

use hsmstream_frame::Reject;
use hsmstream_pattern::{Limits, Lint};
use hsmstream_record::{Field, Kind, Origin, Record, time};
use hsmstream_rules::{MatchScratch, Query as Searched};

use crate::args::{Query, QueryForm, When};
use crate::commands::pattern::{compile, warn};
use crate::commands::run::limits;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::parallel::{self, Block, Reading, Work};
use crate::inputs::rejected::Rejected;
use crate::inputs::{Input, expand, threads};
use crate::terminal::{Out, Paint, escape};
use crate::{Failure, complain};

/// Searches the inputs; ends with [`Exit::Negative`] if nothing matched. What was rejected is told: nothing was found there
/// because nothing could be read.
///
/// # Errors
/// Inputs that cannot be read. A pattern that does not parse ends with [`Exit::Usage`].
pub(crate) fn run(args: &Query, config: &Config, color: When) -> Result<Exit, Failure> {
    let Some(pattern) = compile(&args.pattern, &Limits::default(), color) else { return Ok(Exit::Usage) };
    warn(&args.pattern, pattern.warnings(), color);
    let inputs = expand(&args.files)?;
    let is_live = !inputs.iter().all(Input::is_regular);
    let fixed = Origin { hsm: args.hsm.as_deref().map(str::as_bytes), ..Origin::default() };
    let reading = Reading {
        format: args.format,
        limits: limits(config),
        fixed: &fixed,
        threads: threads(args.threads),
    };
    let search = Search {
        matcher: Searched::compile(&pattern),
        span: (args.start_time.unwrap_or(0), args.end_time.unwrap_or(u64::MAX)),
        hsm: args.hsm.as_deref().map(str::as_bytes),
        form: (!args.count).then_some(args.output),
        paint: Paint::stdout(color),
        audit_met: Once::new(),
        warn: &|| {
            // Looking for a name is what a search is for.
            let odd = hsmstream_rules::lint(&pattern, Kind::Audit);
            let odd = odd.iter().filter(|finding| finding.lint != Some(Lint::FreeTextOnly));
            warn(&args.pattern, odd, color);
        },
    };
    let mut out = Out::new();
    let (mut count, mut rejected) = (0_u64, Rejected::default());
    parallel::read(&inputs, reading, &search, &mut |block| {
        count += block.count;
        rejected += block.rejected;
        out.lines(&block.lines);
        if is_live {
            out.flush();
        }
    })
    .map_err(Failure::Other)?;
    if args.count {
        out.line(count.to_string().as_bytes());
    }
    out.flush();
    if !rejected.is_empty() {
        complain(&format!("{rejected} not searched; hsmstream parse --rejects prints what was rejected"));
    }
    Ok(if count > 0 { Exit::Success } else { Exit::Negative })
}

/// Prints records that match; counts them.
struct Search<'q> {
    matcher: Searched,
    span: (u64, u64),
    hsm: Option<&'q [u8]>,
    /// How they are printed; `None`: only counted.
    form: Option<QueryForm>,
    paint: Paint,
    /// What audit records lack may be meant for documents: said as soon as there is an audit record.
    audit_met: Once,
    warn: &'q (dyn Fn() + Sync),
}

impl Work for Search<'_> {
    type Scratch = MatchScratch;
    const PRINTS_ALL: bool = false;

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, scratch: &mut MatchScratch, block: &mut Block) {
        let record = match item {
            Ok(record) => record,
            Err(reject) => return block.rejected.add(reject),
        };
        if record.kind() == Kind::Audit {
            self.audit_met.call_once(self.warn);
        }
        let inside = record.time_usecs().is_none_or(|time| self.span.0 <= time && time < self.span.1);
        let here = self.hsm.is_none_or(|hsm| record.origin.hsm == Some(hsm));
        if !inside || !here || !self.matcher.matches(record, scratch) {
            return;
        }
        block.count += 1;
        match self.form {
            None => return,
            Some(QueryForm::Raw) => block.lines.extend_from_slice(record.raw()),
            Some(QueryForm::Json) => record.write_view(&mut block.lines),
            Some(QueryForm::Text) => {
                block.lines.extend_from_slice(text_line(record, self.paint).as_bytes());
            }
        }
        block.lines.push(b'\n');
    }
}

/// One line for a record: time, HSM, opcode, response, user, keys. Untrusted bytes are escaped.
pub(crate) fn text_line(record: &Record<'_>, paint: Paint) -> String {
    let mut stamp = Vec::new();
    if let Some(usecs) = record.time_usecs() {
        time::rfc3339_micros(usecs, &mut stamp);
    }
    let mut line = paint.dim(&String::from_utf8_lossy(&stamp));
    if record.audit().is_none() {
        line.push_str("  ");
        line.push_str(&escape(record.raw()));
        return line;
    }
    let shown = [
        (Field::Hsm, ""),
        (Field::Sequence, "seq="),
        (Field::Opcode, ""),
        (Field::ResponseText, ""),
        (Field::UserName, "user="),
        (Field::UserType, ""),
        (Field::KeyHandle, "key="),
        (Field::Session, "session="),
    ];
    let mut value = Vec::new();
    for (field, prefix) in &shown {
        if let Some(found) = record.value(field) {
            value.clear();
            found.write_text(&mut value);
            line.push_str("  ");
            line.push_str(prefix);
            line.push_str(&escape(&value));
        }
    }
    line
}
