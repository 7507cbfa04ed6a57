//! The parser of what is odd: records with lines in any order, unknown, repeated, forged or damaged ones.
//!
//! In: what the careful parser takes. Out: the same record, or the same reason why it is none. It is to the careful
//! parser, which is the definition, what the fast one is for usual layouts, but answers for every frame: what it has no
//! short way for, a value or a label, it reads with that parser's functions.
//!
//! How it is fast: line ends are found before (see [`scan`](crate::scan)), and labels are recognised without looking for
//! the colon (see [`hint`]). A line costs some 10 ns however long it is; one that has no known label twice that, and a
//! search for its colon.
//!
//! Limits: a text is searched for line ends once more if it has more than an index holds, and its lines are walked once
//! more if more than [`LABELS_MAX`] of them are kept as text.

mod cursor;
mod state;

use crate::anomaly::Anomaly;
use crate::audit::Audit;
use crate::boundary::trim_end;
use crate::careful;
use crate::extra::{self, LABELS_MAX};
use crate::hint;
use crate::label::Label;
use crate::limits::Limits;
use crate::lines;
use crate::pieces::{Folded, Piece, is_folded, split_line};
use crate::reason::{Malformed, Reason};
use crate::scan::{Index, Portable};
use crate::walk::Walk;
use cursor::{Cursor, find_lines, look, trim_line};
use state::{State, clock};

/// Parses a frame as [`crate::parse`] does, always with this parser: for tests and benchmarks.
///
/// # Errors
/// The frame is no record: the first reason that applies, in the order of [`Reason::ALL`].
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Result<Audit<'a>, Malformed> {
    let text = trim_end(frame);
    if text.len() > limits.frame_bytes_max {
        return Err(Malformed::new(Reason::TooLarge, 0));
    }
    let mut index = Index::EMPTY;
    find_lines(text, &mut index, 0, usize::MAX);
    read(text, limits, &mut index)
}

/// As [`parse`], with the line ends of the frame if somebody has found them all already.
#[inline]
pub(crate) fn parse_with<'a>(
    frame: &'a [u8],
    limits: &Limits,
    index: Option<&mut Index>,
) -> Result<Audit<'a>, Malformed> {
    match index {
        Some(index) => read(trim_end(frame), limits, index),
        None => parse(frame, limits),
    }
}

/// Reads a text that is not too large, all of whose line ends are counted.
#[inline(never)]
fn read<'a>(text: &'a [u8], limits: &Limits, index: &mut Index) -> Result<Audit<'a>, Malformed> {
    if u32::try_from(index.count()).map_or(true, |count| count >= limits.frame_lines_max) {
        return Err(Malformed::new(Reason::TooManyLines, 0));
    }
    // Positions of an index have 32 bits.
    if u32::try_from(text.len()).is_err() {
        return careful::parse(text, limits);
    }
    read_text(text, index)
}

/// Reads a text whose line ends are held.
#[inline(never)]
fn read_text<'a>(text: &'a [u8], index: &mut Index) -> Result<Audit<'a>, Malformed> {
    let mut audit = Audit { raw: text.into(), ..Audit::default() };
    if index.count() == 0 && is_folded(text) {
        fill_folded(&mut audit, text)?;
    } else {
        fill(&mut audit, text, index)?;
    }
    Ok(audit)
}

/// Reads all lines. A function of its own, so that fields are written once, and not kept in registers or a copy.
#[inline(never)]
fn fill<'a>(audit: &mut Audit<'a>, text: &'a [u8], index: &mut Index) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(text, index);
    let mut state = State::new();
    read_time(audit, &mut cursor, &mut state)?;
    while let Some((rest, line)) = cursor.next_line() {
        let trimmed = trim_line(line);
        let (label, value) = match hint::label(rest, trimmed) {
            Some(found) => found,
            None => match look(rest, trimmed) {
                Some(Piece { known: Some(label), value, .. }) => (label, value),
                Some(piece) => {
                    if piece.label.is_empty() {
                        state.anomalies.insert(Anomaly::StrayLine);
                    }
                    state.put_aside(piece.value);
                    continue;
                }
                None => continue,
            },
        };
        if state.put(audit, label, trimmed, value).is_none() {
            return Err(Malformed::new(Reason::BadSequence, value_offset(text.len() - rest.len(), line)));
        }
    }
    state.finish(audit)?;
    let many = usize::try_from(state.extra_lines).map_or(true, |lines| lines > LABELS_MAX);
    if many && exceeds_limit(cursor) {
        audit.anomalies.insert(Anomaly::ExtraTruncated);
    }
    Ok(())
}

/// Whether the lines put aside have more labels than are kept.
#[cold]
fn exceeds_limit(mut cursor: Cursor<'_, '_>) -> bool {
    cursor.restart();
    extra::exceeds_limit(Walk::of_pieces(cursor))
}

/// Reads a record that is folded into one line.
#[inline(never)]
fn fill_folded<'a>(audit: &mut Audit<'a>, text: &'a [u8]) -> Result<(), Malformed> {
    let mut state = State::new();
    state.anomalies.insert(Anomaly::Folded);
    let mut pieces = Folded::new(text);
    while let Some(Piece { known, value, offset, .. }) = pieces.next() {
        // All pieces of a folded record have known labels, and the first is the time.
        let Some(label) = known else { continue };
        if label == Label::Time && !state.trust.has_seen(label) {
            let time = clock(value).ok_or(Malformed::new(Reason::BadTime, offset))?;
            state.put_time(audit, time);
            continue;
        }
        let line = text.get(..offset + value.len()).unwrap_or_default();
        if state.put(audit, label, line, value).is_none() {
            return Err(Malformed::new(Reason::BadSequence, offset));
        }
    }
    // There are fewer labels than are kept as extra.
    state.finish(audit)
}

/// The first line that is not blank has to be the time.
#[inline(always)]
fn read_time<'a>(
    audit: &mut Audit<'a>,
    cursor: &mut Cursor<'a, '_>,
    state: &mut State,
) -> Result<(), Malformed> {
    let not_a_record = Malformed::new(Reason::NotARecord, 0);
    let (mut rest, mut line) = cursor.next_line().ok_or(not_a_record)?;
    if line.len() == lines::TIME_LINE
        && let Some(usecs) = lines::time_twice(Portable, line)
    {
        state.trust.judge(Label::Time, false, &mut state.anomalies);
        audit.usecs = usecs;
        return Ok(());
    }
    while trim_line(line).is_empty() {
        (rest, line) = cursor.next_line().ok_or(not_a_record)?;
    }
    let Some(Piece { known: Some(Label::Time), value, .. }) = look(rest, trim_line(line)) else {
        return Err(not_a_record);
    };
    let time = clock(value)
        .ok_or_else(|| Malformed::new(Reason::BadTime, value_offset(cursor.text.len() - rest.len(), line)))?;
    state.put_time(audit, time);
    Ok(())
}

/// Where the value of a line starts in the frame, of a line that starts at `start`.
#[cold]
fn value_offset(start: usize, line: &[u8]) -> usize {
    split_line(line.strip_suffix(b"\r").unwrap_or(line), start).offset
}
