//! `query`: records that a filter pattern matches, from files; `filter-log-events`, locally.

use hsmstream_frame::{Reject, StreamFramer};
use hsmstream_pattern::{Limits, Lint};
use hsmstream_record::{Field, Kind, Origin, Record, time};
use hsmstream_rules::{MatchScratch, Query as Searched};

use crate::Failure;
use crate::args::{Query, QueryForm, When};
use crate::commands::pattern::{compile, warn};
use crate::commands::run::limits;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::{Feed, expand};
use crate::terminal::{Out, Paint, escape};

/// Searches the inputs; ends with [`Exit::Negative`] if nothing matched.
///
/// # Errors
/// Inputs that cannot be read. A pattern that does not parse ends with [`Exit::Usage`].
pub(crate) fn run(args: &Query, config: &Config, color: When) -> Result<Exit, Failure> {
    let Some(pattern) = compile(&args.pattern, &Limits::default(), color) else { return Ok(Exit::Usage) };
    warn(&args.pattern, pattern.warnings(), color);
    let span = (args.start_time.unwrap_or(0), args.end_time.unwrap_or(u64::MAX));
    let inputs = expand(&args.files)?;
    let fixed = Origin { hsm: args.hsm.as_deref().map(str::as_bytes), ..Origin::default() };
    let matcher = Searched::compile(&pattern);
    let mut scratch = MatchScratch::default();
    let mut found = Found {
        out: Out::new(),
        form: args.output,
        count_only: args.count,
        paint: Paint::stdout(color),
        count: 0,
        line: Vec::new(),
    };
    // What audit records lack may be meant for documents: said as soon as there is an audit record.
    let mut odd = Some(hsmstream_rules::lint(&pattern, Kind::Audit));
    let mut feed = Feed::new(&inputs);
    for input in &inputs {
        let mut framer = StreamFramer::new(args.format, limits(config));
        let mut take = |item: Result<Record<'_>, Reject<'_>>| {
            let Ok(record) = item else { return };
            if record.kind() == Kind::Audit
                && let Some(odd) = odd.take()
            {
                // Looking for a name is what a search is for.
                let odd = odd.iter().filter(|finding| finding.lint != Some(Lint::FreeTextOnly));
                warn(&args.pattern, odd, color);
            }
            let inside = record.time_usecs().is_none_or(|time| span.0 <= time && time < span.1);
            let here = args.hsm.as_deref().is_none_or(|hsm| record.origin.hsm == Some(hsm.as_bytes()));
            if inside && here && matcher.matches(&record, &mut scratch) {
                found.take(&record);
            }
        };
        feed.read(input, &mut |chunk| framer.feed_records(chunk, &fixed, &mut take))
            .map_err(Failure::Other)?;
        framer.finish_records(&fixed, &mut take);
    }
    feed.finish();
    if args.count {
        found.out.line(found.count.to_string().as_bytes());
    }
    found.out.flush();
    Ok(if found.count > 0 { Exit::Success } else { Exit::Negative })
}

struct Found {
    out: Out,
    form: QueryForm,
    count_only: bool,
    paint: Paint,
    count: u64,
    line: Vec<u8>,
}

impl Found {
    fn take(&mut self, record: &Record<'_>) {
        self.count += 1;
        if self.count_only {
            return;
        }
        self.line.clear();
        match self.form {
            QueryForm::Raw => self.line.extend_from_slice(record.raw()),
            QueryForm::Json => record.write_view(&mut self.line),
            QueryForm::Text => self.line = text_line(record, self.paint).into_bytes(),
        }
        self.out.line(&self.line);
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
