//! `query`: records that a filter pattern matches, from files; `filter-log-events`, locally.

use anyhow::{anyhow, bail};
use hsmstream_frame::{Reject, StreamFramer};
use hsmstream_pattern::{Limits, Pattern};
use hsmstream_record::{Field, Origin, Record, time};
use hsmstream_rules::{MatchScratch, Query as Searched};

use crate::args::{Query, QueryForm, When};
use crate::commands::files::input_format;
use crate::commands::run::limits;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::{Feed, expand};
use crate::terminal::{Out, Paint, escape};
use crate::{Failure, complain};

/// Searches the inputs; ends with [`Exit::Negative`] if nothing matched.
///
/// # Errors
/// A pattern or time that does not parse; inputs that cannot be read.
pub(crate) fn run(args: &Query, config: &Config, color: When) -> Result<Exit, Failure> {
    let Some(pattern) = compile(&args.pattern) else { return Ok(Exit::Usage) };
    let span = (
        moment(args.start_time.as_deref())?.unwrap_or(0),
        moment(args.end_time.as_deref())?.unwrap_or(u64::MAX),
    );
    let format = input_format(&args.format)?;
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
    let mut feed = Feed::new(&inputs);
    for input in &inputs {
        let mut framer = StreamFramer::new(format, limits(config));
        let mut take = |item: Result<Record<'_>, Reject<'_>>| {
            let Ok(record) = item else { return };
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

/// Compiles a pattern, or prints what is wrong with it.
pub(crate) fn compile(text: &str) -> Option<Pattern> {
    match hsmstream_pattern::parse(text, &Limits::default()) {
        Ok(pattern) => {
            for warning in pattern.warnings() {
                complain(&format!("warning: {}", warning.message));
            }
            Some(pattern)
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                complain(&caret(text, mistake));
            }
            None
        }
    }
}

fn caret(text: &str, mistake: &hsmstream_pattern::Diagnostic) -> String {
    let before = text.get(..mistake.span.start).unwrap_or(text);
    let marked = text.get(mistake.span.clone()).unwrap_or_default();
    let indent = escape(before.as_bytes()).chars().count();
    let width = escape(marked.as_bytes()).chars().count().max(1);
    let help = mistake.suggestion.as_deref().map_or(String::new(), |help| format!(" {help}"));
    format!(
        "error in the pattern: {}\n  {}\n  {:indent$}{}{help}",
        mistake.message,
        escape(text.as_bytes()),
        "",
        "^".repeat(width)
    )
}

/// A moment on the command line: RFC 3339 or epoch milliseconds, as µs.
fn moment(text: Option<&str>) -> anyhow::Result<Option<u64>> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(ms) = text.parse::<u64>() {
        return Ok(Some(ms.saturating_mul(1_000)));
    }
    let stamp: jiff::Timestamp = text
        .parse()
        .map_err(|error| anyhow!("\"{}\" is no time (RFC 3339 or epoch ms): {error}", text.escape_debug()))?;
    match u64::try_from(stamp.as_microsecond()) {
        Ok(micros) => Ok(Some(micros)),
        Err(_) => bail!("\"{text}\" is before 1970"),
    }
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
