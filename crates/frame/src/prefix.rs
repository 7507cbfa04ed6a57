//! What a line of an export or of CLI text begins with, where an event starts.
//!
//! Each test answers from the bytes at hand, or says that more are needed: a window may end anywhere.

use hsmstream_record::time;

/// What an event's first line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix<T> {
    /// It begins an event: what it says.
    Starts(T),
    /// It begins none.
    No,
    /// The bytes end before that can be told.
    Short,
}

/// An export's prefix: how long it is, and the event's time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) length: usize,
    pub(crate) timestamp_ms: i64,
}

/// A line of an export task begins an event with `2018-01-24T17:44:25.013Z ` or `1516815865013 `.
pub(crate) fn exported(line: &[u8]) -> Prefix<Exported> {
    // Nearly all lines are told by this.
    if line.first().is_some_and(|first| !first.is_ascii_digit()) {
        return Prefix::No;
    }
    let word = line.iter().take(WORD_BYTES_MAX).position(|byte| !is_of_time(*byte));
    match word {
        None if line.len() < WORD_BYTES_MAX => Prefix::Short,
        None | Some(0) => Prefix::No,
        Some(length) => {
            let (word, rest) = line.split_at(length);
            match milliseconds(word) {
                Some(timestamp_ms) if rest.first() == Some(&b' ') => {
                    Prefix::Starts(Exported { length: length + 1, timestamp_ms })
                }
                _ => Prefix::No,
            }
        }
    }
}

/// More than any time takes: `2018-01-24T17:44:25.013218123Z`.
const WORD_BYTES_MAX: usize = 32;

const fn is_of_time(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b':' | b'.' | b'T' | b'Z')
}

fn milliseconds(word: &[u8]) -> Option<i64> {
    if word.len() == 13 && word.iter().all(u8::is_ascii_digit) {
        return decimal(word);
    }
    let utc = word.len() >= 20 && word.ends_with(b"Z");
    let usecs = time::parse_rfc3339(word).filter(|_| utc)?;
    i64::try_from(usecs / 1000).ok()
}

/// A decimal number with an optional sign, as JSON writes integers.
pub(crate) fn decimal(digits: &[u8]) -> Option<i64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// The columns before an event's message in CLI text, and where the message starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns<'a> {
    pub(crate) event_id: &'a [u8],
    pub(crate) log_stream: &'a [u8],
    pub(crate) length: usize,
}

/// A line of CLI text begins an event with `EVENTS`, event id, ingestion time (both decimal), log stream.
pub(crate) fn columns(line: &[u8]) -> Prefix<Columns<'_>> {
    const WORD: &[u8] = b"EVENTS\t";
    // Nearly all lines are told by this.
    if line.first().is_some_and(|first| *first != b'E') {
        return Prefix::No;
    }
    if line.len() < WORD.len() && WORD.starts_with(line) {
        return Prefix::Short;
    }
    let Some(rest) = line.strip_prefix(WORD) else { return Prefix::No };
    let mut columns = rest.splitn(4, |&byte| byte == b'\t');
    let (event_id, ingestion, log_stream) = (columns.next(), columns.next(), columns.next());
    let complete = columns.next().is_some();
    let digits = |column: Option<&[u8]>| column.is_none_or(|text| text.iter().all(u8::is_ascii_digit));
    let one_line = |column: Option<&[u8]>| column.is_none_or(|text| !text.contains(&b'\n'));
    if !digits(event_id) || !digits(ingestion) || !one_line(log_stream) {
        return Prefix::No;
    }
    match (event_id, ingestion, log_stream) {
        (Some(event_id), Some(ingestion), Some(log_stream)) if complete && !event_id.is_empty() => {
            let length = WORD.len() + event_id.len() + ingestion.len() + log_stream.len() + 3;
            Prefix::Starts(Columns { event_id, log_stream, length })
        }
        _ if complete => Prefix::No,
        _ => Prefix::Short,
    }
}
