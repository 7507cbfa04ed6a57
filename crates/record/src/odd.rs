//! The parser of what is odd: records with lines in any order, unknown, repeated, forged or damaged ones.
//!
//! In: what the careful parser takes. Out: the same record, or the same reason why it is none. It is to the careful
//! parser, which is the definition, what the fast one is for usual layouts, but answers for every frame: what it has no
//! short way for, a value or a label, it reads with that parser's functions.
//!
//! How it is fast: line ends are found before (see [`scan`](crate::scan)), labels are recognised without looking for the
//! colon (see [`hint`]), and no line is looked at twice. A line costs some 10 ns, an unknown one twice that, whatever it
//! holds; nothing is done per byte but the search for line ends.
//!
//! Limits: a text is searched for line ends once more if it has more than [`LINES_MAX`], and its lines are walked once more
//! if more than [`LABELS_MAX`] of them are unknown.

use crate::anomaly::{Anomalies, Anomaly};
use crate::audit::{Audit, Outcome, Response, Session};
use crate::boundary::{trim_blanks_end, trim_blanks_start, trim_end};
use crate::careful;
use crate::extra::{self, LABELS_MAX};
use crate::hint;
use crate::label::Label;
use crate::limits::Limits;
use crate::lines::{self, Named};
use crate::pieces::{Folded, Piece, is_folded, split_line};
use crate::reading::{self, Base, Reading};
use crate::reason::{Malformed, Reason};
use crate::scan::{self, Index, LINES_MAX, Scanner, Task};
use crate::swar;
use crate::time;
use crate::walk::{Belief, Trust, Walk};

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

/// Makes the record where the caller wants it: it is large, and a copy would have to wait until it is written.
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

#[inline(never)]
fn find_lines(text: &[u8], index: &mut Index, from: usize, most: usize) {
    scan::dispatch(Find { text, index, from, most });
}

/// Finds the line ends of a text.
struct Find<'a, 'i> {
    text: &'a [u8],
    index: &'i mut Index,
    from: usize,
    most: usize,
}

impl Task for Find<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) {
        self.index.refill(scanner, self.text, self.from, self.most);
    }
}

/// The lines of a text, in order.
struct Cursor<'a, 'i> {
    text: &'a [u8],
    /// Line ends, as many as it holds.
    index: &'i mut Index,
    /// How many lines can be told by it.
    held: usize,
    /// How many of them were.
    number: usize,
    /// Where the next line starts.
    start: usize,
}

impl<'a, 'i> Cursor<'a, 'i> {
    #[inline(always)]
    fn new(text: &'a [u8], index: &'i mut Index) -> Self {
        let held = index.lines_held();
        Self { text, index, held, number: 0, start: 0 }
    }

    /// Goes back to the first line.
    fn restart(&mut self) {
        find_lines(self.text, self.index, 0, LINES_MAX);
        (self.held, self.number, self.start) = (self.index.lines_held(), 0, 0);
    }

    /// The text from the next line on, and that line without its line end.
    #[inline(always)]
    fn next_line(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.number == self.held {
            if self.index.count() <= LINES_MAX {
                return None;
            }
            find_lines(self.text, self.index, self.start, LINES_MAX);
            (self.held, self.number) = (self.index.lines_held(), 0);
        }
        let (start, end) = (self.start, self.index.end(self.number));
        self.number = self.number.wrapping_add(1);
        self.start = end.wrapping_add(1);
        let rest = self.text.get(start..)?;
        Some((rest, rest.get(..end.wrapping_sub(start))?))
    }
}

/// What the lines so far say besides fields.
struct State {
    trust: Trust,
    v2: bool,
    anomalies: Anomalies,
    extra_lines: u32,
}

impl State {
    #[inline(always)]
    const fn new() -> Self {
        Self { trust: Trust::NONE, v2: false, anomalies: Anomalies::NONE, extra_lines: 0 }
    }

    /// A line is kept as text, if it has a value.
    #[inline(always)]
    fn put_aside(&mut self, value: &[u8]) {
        // Positions have 32 bits, so there are not more lines.
        self.extra_lines = self.extra_lines.wrapping_add(u32::from(!value.is_empty()));
    }

    /// Puts a value where it belongs, if it is believed; it is the end of `line`. `None`: it is no sequence number, and has
    /// to be one.
    #[inline(always)]
    fn put<'a>(
        &mut self,
        audit: &mut Audit<'a>,
        label: Label,
        line: &'a [u8],
        value: &'a [u8],
    ) -> Option<()> {
        match self.trust.judge(label, self.v2, &mut self.anomalies) {
            Belief::Taken => {}
            Belief::Repeated => return Some(()),
            Belief::Aside => {
                self.put_aside(value);
                return Some(());
            }
        }
        if set(audit, self, label, line, value).is_none() {
            if label == Label::Sequence {
                return None;
            }
            self.anomalies.insert(Anomaly::BadValue);
            self.put_aside(value);
        }
        Some(())
    }

    /// Puts the first line's time: the microseconds, and the time as printed.
    #[inline]
    fn put_time(&mut self, audit: &mut Audit<'_>, (usecs, printed): (u64, &[u8])) {
        self.trust.judge(Label::Time, false, &mut self.anomalies);
        audit.usecs = usecs;
        let usual = if printed.len() == 24 { printed.first_chunk().and_then(swar::printed) } else { None };
        match usual.or_else(|| time::parse_printed(printed)) {
            None => self.anomalies.insert(Anomaly::BadPrintedTime),
            Some(printed) if printed.abs_diff(usecs) > time::MISMATCH_USECS_MAX => {
                self.anomalies.insert(Anomaly::TimeMismatch);
            }
            Some(_) => {}
        }
    }
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
    finish(audit, &state)?;
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

impl<'a> Iterator for Cursor<'a, '_> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let (rest, line) = self.next_line()?;
            if let Some(piece) = look(rest, trim_line(line)) {
                return Some(piece);
            }
        }
    }
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
    finish(audit, &state)
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
        && let Some(usecs) = lines::time_twice(line)
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

/// Takes a line apart that has no blanks behind, as the careful parser does; where its value starts is not told. `rest`
/// is the text from the line on. `None`: the line is empty.
#[inline(never)]
fn look<'a>(rest: &[u8], line: &'a [u8]) -> Option<Piece<'a>> {
    if line.is_empty() {
        return None;
    }
    let (label, value) = line.split_at(hint::colon(rest, line).unwrap_or_default());
    let label = trim_blanks_end(label);
    if label.is_empty() {
        return Some(Piece { label, known: None, value: trim_blanks_start(line), offset: 0 });
    }
    let value = trim_blanks_start(value.get(1..).unwrap_or_default());
    Some(Piece { label, known: Label::find(label), value, offset: 0 })
}

/// Cuts off one CR and the blanks before it.
#[inline(always)]
fn trim_line(line: &[u8]) -> &[u8] {
    match line {
        [.., last] if *last > b' ' => line,
        _ => trim_blanks_end(line.strip_suffix(b"\r").unwrap_or(line)),
    }
}

/// Where the value of a line starts in the frame, of a line that starts at `start`.
#[cold]
fn value_offset(start: usize, line: &[u8]) -> usize {
    split_line(line.strip_suffix(b"\r").unwrap_or(line), start).offset
}

/// Sets the field of a label. `None`: the value is not what the label demands. The value is the end of the line.
#[inline(always)]
fn set<'a>(
    audit: &mut Audit<'a>,
    state: &mut State,
    label: Label,
    line: &'a [u8],
    value: &'a [u8],
) -> Option<()> {
    // What is not printed is absent, except where the record falls with it; a name may be empty.
    let text = (!value.is_empty()).then_some(value);
    match label {
        Label::Time => {}
        Label::Version => {
            audit.version = text;
            state.v2 = text.is_some();
        }
        Label::Sequence => audit.sequence = hex(line, value, 16)?,
        Label::Reboot if text.is_some() => audit.reboot = u32::try_from(hex(line, value, 8)?).ok(),
        Label::Session if text.is_some() => {
            audit.session = Some(Session { text: value, handle: hex(line, value, 16)? });
        }
        Label::Response if text.is_some() => audit.response = Some(response(value)?),
        Label::PrivateKey if text.is_some() => audit.key.private_handle = Some(decimal(line, value)?),
        Label::PublicKey if text.is_some() => audit.key.public_handle = Some(decimal(line, value)?),
        Label::ObjectKey if text.is_some() => audit.key.object_handle = Some(decimal(line, value)?),
        Label::LocalTime if text.is_some() => audit.local_time_usecs = Some(clock(value)?.0),
        Label::HostTime if text.is_some() => audit.host_time_usecs = Some(clock(value)?.0),
        Label::PropagationDelay if text.is_some() => {
            audit.propagation_delay_usecs = Some(delay(value)?);
        }
        // Only the first line of a label before the user name counts, so an absent value is what is there already.
        Label::Reboot
        | Label::Session
        | Label::Response
        | Label::PrivateKey
        | Label::PublicKey
        | Label::ObjectKey
        | Label::LocalTime
        | Label::HostTime
        | Label::PropagationDelay => {}
        Label::CommandType => {
            (audit.command_type, audit.command_type_code) = named(text, Base::Hex, &mut state.anomalies);
        }
        Label::Opcode => (audit.opcode, audit.opcode_code) = named(text, Base::Hex, &mut state.anomalies),
        Label::LogType => {
            (audit.log_type, audit.log_type_code) = named(text, Base::Decimal, &mut state.anomalies);
        }
        Label::UserName => audit.user.name = Some(value),
        Label::UserId => audit.user.id = text,
        Label::TargetUserName => audit.target_user.name = Some(value),
        Label::TargetUserId => audit.target_user.id = text,
        // Behind a user name the last line counts: these are split at the end.
        Label::UserType => audit.user.user_type = text,
        Label::TargetUserType => audit.target_user.user_type = text,
        Label::Operation => audit.operation = text,
        Label::Mechanism => audit.mechanism = text,
        Label::UserCount => audit.user_count = text,
        Label::MfaEnabled => audit.mfa_enabled = text,
        Label::UserIds => audit.user_ids = text,
    }
    Some(())
}

/// A name and its code.
#[inline(always)]
fn named<'a>(text: Option<&'a [u8]>, base: Base, anomalies: &mut Anomalies) -> Named<'a> {
    let Some(value) = text else { return (None, None) };
    // Nearly all commands are of this type.
    if base == Base::Hex && value == b"CN_MGMT_CMD (0x0)" {
        return (value.get(..11), Some(0));
    }
    if let Some((name, code)) = lines::short_code(value, base) {
        return (Some(name), Some(code));
    }
    match reading::name_code(value, base) {
        Ok((name, code)) => (Some(name), code),
        Err(name) => {
            anomalies.insert(Anomaly::BadValue);
            (Some(name), None)
        }
    }
}

/// A number at the end of a line.
#[inline(always)]
fn hex(line: &[u8], value: &[u8], digits_max: usize) -> Option<u64> {
    let count = value.strip_prefix(b"0x")?.len();
    match line.last_chunk() {
        Some(word) if count <= 8 => swar::hex_back(u64::from_le_bytes(*word), count),
        _ => reading::hex(value, digits_max),
    }
}

/// A number at the end of a line.
#[inline(always)]
fn decimal(line: &[u8], value: &[u8]) -> Option<u64> {
    match line.last_chunk() {
        Some(word) if value.len() <= 8 => swar::decimal_back(u64::from_le_bytes(*word), value.len()),
        _ => reading::decimal(value),
    }
}

/// A time: its microseconds, and the time as printed before them. Nearly all have sixteen digits.
#[inline(never)]
fn clock(value: &[u8]) -> Option<(u64, &[u8])> {
    if let Some((before, digits)) = value.split_last_chunk()
        && let Some(before) = before.strip_suffix(b":")
        && let Some(usecs) = swar::decimal_16(digits)
    {
        return Some((usecs, reading::printed(before)?));
    }
    match reading::read(Label::Time, value) {
        Reading::Clock(usecs, printed) => Some((usecs, printed)),
        _ => None,
    }
}

/// A delay in microseconds.
#[cold]
fn delay(value: &[u8]) -> Option<u64> {
    match reading::read(Label::PropagationDelay, value) {
        Reading::Number(usecs) => Some(usecs),
        _ => None,
    }
}

#[inline(always)]
fn response(value: &[u8]) -> Option<Response<'_>> {
    match value.strip_prefix(b"0:HSM Return: ") {
        Some(b"SUCCESS") => Some(Response { code: 0, text: value.get(14..)?, outcome: Outcome::Success }),
        _ => reading::response(value),
    }
}

/// Does what needs all lines: splits names from codes, compares, counts.
#[inline(always)]
fn finish(audit: &mut Audit<'_>, state: &State) -> Result<(), Malformed> {
    let end = audit.raw.parsed().0.len();
    if !state.trust.has_seen(Label::Sequence) {
        return Err(Malformed::new(Reason::MissingSequence, end));
    }
    if audit.opcode.is_none() && audit.command_type.is_none() {
        return Err(Malformed::new(Reason::MissingOpcode, end));
    }
    let mut anomalies = state.anomalies;
    let Audit { user, target_user, operation, operation_code, .. } = audit;
    (user.user_type, user.type_code) = named(user.user_type, Base::Decimal, &mut anomalies);
    (target_user.user_type, target_user.type_code) =
        named(target_user.user_type, Base::Decimal, &mut anomalies);
    (*operation, *operation_code) = named(*operation, Base::Decimal, &mut anomalies);
    if audit.response.is_some_and(|response| response.outcome != Outcome::of_code(response.code)) {
        anomalies.insert(Anomaly::ResponseConflict);
    }
    audit.anomalies = anomalies;
    audit.extra_lines = state.extra_lines;
    Ok(())
}
