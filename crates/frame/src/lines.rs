//! The text machine: records as text, an export's lines, CLI text.
//!
//! Each step takes one event: from its first line to before the next line that begins one. Only `raw` takes
//! a record's own first line for a beginning; in the others an event is one record, whatever its text holds.

use crate::format::Format;
use crate::machine::{Halt, Outcome};
use crate::origin::Named;
use crate::out::Out;
use crate::prefix::{self, Columns, Exported, Prefix};
use crate::text::{Piece, Step, Window, white_len};
use hsmstream_record::{Kind, Reason, is_boundary, trim_end};
use memchr::memmem::Finder;

/// What an export task writes to see whether it may (observed: object `aws-logs-write-test`).
pub(crate) const WRITE_TEST: &[u8] = b"Permission Check Successful";

/// What stands where a record begins behind another.
const BEGINNING: &[u8] = b"\nTime";

/// Finds where records begin.
#[derive(Debug)]
pub(crate) struct Boundaries {
    finder: Finder<'static>,
}

impl Boundaries {
    pub(crate) fn new() -> Self {
        Self { finder: Finder::new(BEGINNING) }
    }

    /// The first line behind `from` that begins a record. At the end of the bytes, a line that is not
    /// complete may turn out to be one: `None` is certain only of a whole text.
    pub(crate) fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..).unwrap_or_default();
        self.finder
            .find_iter(rest)
            .map(|line_end| from + line_end + 1)
            .find(|&line| is_boundary(bytes.get(line..).unwrap_or_default()))
    }
}

/// Whether a file that begins with `bytes` is records as text to its end, whatever follows.
///
/// Such a file may be cut where records begin ([`last_beginning`]): the items of its parts, each split as
/// [`Format::Raw`], are the items of the whole, because an event of it ends where the next record begins.
/// Their offsets count from the part's start, and limits of a message count for each part.
#[must_use]
pub fn is_text(format: Format, bytes: &[u8]) -> bool {
    let text = bytes.get(white_len(bytes)..).unwrap_or_default();
    matches!(format, Format::Auto | Format::Raw) && is_boundary(text)
}

/// Where the last record of a text begins, if that is behind its first byte and can be told: a line that goes on
/// behind the bytes at hand may begin one.
#[must_use]
pub fn last_beginning(text: &[u8]) -> Option<usize> {
    memchr::memmem::rfind_iter(text, BEGINNING)
        .map(|line_end| line_end + 1)
        .find(|&line| is_boundary(text.get(line..).unwrap_or_default()))
}

/// Takes one event of a text of `format`.
pub(crate) fn step(
    format: Format,
    boundaries: &Boundaries,
    window: Window<'_>,
    out: &mut Out<'_>,
) -> Outcome {
    let start = white_len(window.bytes);
    if start == window.bytes.len() {
        return Ok(Step::Wait(start));
    }
    let found = match format {
        Format::CliText => cli_event(window, start),
        Format::S3Export => exported_event(window, start),
        _ => Found::Event { text: start, end: boundaries.next(window.bytes, start), named: Named::default() },
    };
    let (text, end, named) = match found {
        Found::Event { text, end: Some(end), named } => (text, end, named),
        Found::Event { text, named, .. } if !window.more() => (text, window.bytes.len(), named),
        Found::Event { .. } | Found::Short => return Ok(Step::Wait(start)),
        Found::None => return Err(Halt { reason: Reason::WrongFormat, at: start }),
    };
    if !out.has_room() {
        return Err(Halt { reason: Reason::TooManyEvents, at: start });
    }
    let piece = window.piece(text, end);
    match format {
        Format::CliText => {
            let (message, event_timestamp_ms) = without_timestamp(without_summary(piece.bytes));
            let named = Named { event_timestamp_ms, ..named };
            out.message(Piece { bytes: message, ..piece }, false, named);
        }
        Format::S3Export if trim_end(piece.bytes) == WRITE_TEST => {
            out.control();
            return Ok(Step::Go(end));
        }
        Format::S3Export => out.message(piece, false, named),
        _ => out.frame(Kind::Audit, Piece { bytes: trim_end(piece.bytes), ..piece }, false, named),
    }
    out.tally.events += 1;
    Ok(Step::Go(end))
}

/// An event at the start of a window: where its text begins, where the next event does, if that is known.
enum Found<'w> {
    Event { text: usize, end: Option<usize>, named: Named<'w> },
    None,
    Short,
}

fn exported_event(window: Window<'_>, start: usize) -> Found<'_> {
    let line = window.bytes.get(start..).unwrap_or_default();
    let (length, event_timestamp_ms) = match prefix::exported(line) {
        Prefix::Starts(Exported { length, timestamp_ms }) => (length, Some(timestamp_ms)),
        Prefix::Short if window.more() => return Found::Short,
        _ if line.starts_with(WRITE_TEST) => (0, None),
        _ => return Found::None,
    };
    let text = start + length;
    let end = next_line(window, text, |line, _| match prefix::exported(line) {
        Prefix::Starts(_) => Prefix::Starts(()),
        Prefix::No => Prefix::No,
        Prefix::Short => Prefix::Short,
    });
    Found::Event { text, end, named: Named { event_timestamp_ms, ..Named::default() } }
}

fn cli_event(window: Window<'_>, start: usize) -> Found<'_> {
    let line = window.bytes.get(start..).unwrap_or_default();
    let columns = match prefix::columns(line) {
        Prefix::Starts(columns) => columns,
        Prefix::Short if window.more() => return Found::Short,
        _ => return Found::None,
    };
    let Columns { event_id, log_stream, length } = columns;
    let text = start + length;
    let end = next_line(window, text, |line, before| match prefix::columns(line) {
        Prefix::Starts(_) if ends_event(before) => Prefix::Starts(()),
        Prefix::Short => Prefix::Short,
        _ => Prefix::No,
    });
    let named = Named { event_id: Some(event_id), log_stream: Some(log_stream), ..Named::default() };
    Found::Event { text, end, named }
}

/// The first line behind `from` that passes `test`, which sees the text from that line on and the text
/// before it. `None` if there is none, or if the bytes end before that is certain.
fn next_line(window: Window<'_>, from: usize, test: impl Fn(&[u8], &[u8]) -> Prefix<()>) -> Option<usize> {
    let rest = window.bytes.get(from..).unwrap_or_default();
    for line_end in memchr::memchr_iter(b'\n', rest) {
        let (before, line) = rest.split_at(line_end + 1);
        match test(line, before) {
            Prefix::Starts(()) => return Some(from + line_end + 1),
            Prefix::Short if window.more() => return None,
            Prefix::Short | Prefix::No => {}
        }
    }
    None
}

/// Whether text of a CLI event, up to a line end, is a complete event: its last line ends with a timestamp,
/// or is one of the lines that the CLI prints behind the events of a page.
fn ends_event(text: &[u8]) -> bool {
    let text = trim_end(text);
    without_summary(text).len() < text.len() || without_timestamp(text).1.is_some()
}

/// Cuts the timestamp column off an event's text.
fn without_timestamp(text: &[u8]) -> (&[u8], Option<i64>) {
    let trimmed = trim_end(text);
    let Some(tab) = memchr::memrchr(b'\t', trimmed) else { return (text, None) };
    let (message, column) = trimmed.split_at(tab);
    match column.get(1..).filter(|digits| digits.iter().all(u8::is_ascii_digit)).and_then(prefix::decimal) {
        Some(timestamp) => (message, Some(timestamp)),
        None => (text, None),
    }
}

/// Cuts off the lines that the CLI prints behind the events of a page.
fn without_summary(text: &[u8]) -> &[u8] {
    let mut text = text;
    loop {
        let trimmed = trim_end(text);
        let line = memchr::memrchr(b'\n', trimmed).map_or(0, |line_end| line_end + 1);
        let (before, last) = trimmed.split_at(line);
        if line == 0 || !(last.starts_with(b"SEARCHEDLOGSTREAMS\t") || last == b"None") {
            return text;
        }
        text = before;
    }
}
