//! `query`: records that a filter pattern matches, from files; `filter-log-events`, locally.

use hsmstream_frame::{Reject, StreamFramer};
use hsmstream_pattern::{Limits, Pattern};
use hsmstream_record::{Field, Origin, Record, time};
use hsmstream_rules::{MatchScratch, Query as Searched};

use crate::args::{Query, QueryForm, When};
use crate::commands::run::limits;
use crate::config::Config;
use crate::exit::Exit;
use crate::inputs::{Feed, expand};
use crate::terminal::{Out, Paint, escape};
use crate::{Failure, complain};

/// Searches the inputs; ends with [`Exit::Negative`] if nothing matched.
///
/// # Errors
/// Inputs that cannot be read. A pattern that does not parse ends with [`Exit::Usage`].
pub(crate) fn run(args: &Query, config: &Config, color: When) -> Result<Exit, Failure> {
    let Some(pattern) = compile(&args.pattern) else { return Ok(Exit::Usage) };
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
    let mut feed = Feed::new(&inputs);
    for input in &inputs {
        let mut framer = StreamFramer::new(args.format, limits(config));
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
                complain(&format!("warning: {}", escape(warning.message.as_bytes())));
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
    let help =
        mistake.suggestion.as_deref().map_or(String::new(), |help| format!(" {}", escape(help.as_bytes())));
    format!(
        "error in the pattern: {}\n  {}\n  {:indent$}{}{help}",
        escape(mistake.message.as_bytes()),
        escape(text.as_bytes()),
        "",
        "^".repeat(width)
    )
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
