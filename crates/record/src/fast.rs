//! The fast parser: the two usual layouts, line by line in the order in which the HSM prints them.
//!
//! In: what the careful parser takes, or the same as a JSON string that is still escaped. Out: the record that the
//! careful parser would give, or `None`: "ask that one". It never
//! says why; so whatever is odd (another order, an unknown or repeated label, a value that is empty
//! or does not parse, CR, blanks at a line's end, any anomaly) costs a second parse, and is judged in one
//! place only.
//!
//! Why it agrees: each label has one place here, and every line has to be at one. So before a user name the
//! first line of a label, which the careful parser takes, is its only one; behind a user name the same holds
//! for the last, and only labels believed there have a place. Values are read by the same functions, or by a
//! shorter way to the same number.
//!
//! How it is fast: all line ends are found before (see [`scan`](crate::scan)), so no line waits for the one before,
//! and the digits of a number are the last bytes of their line. A place that is not filled costs one comparison.
//! What a usual record needs is inlined into one function, so that no field passes through memory twice.

use crate::audit::{Audit, Keys, Session};
use crate::boundary::trim_end;
use crate::label::Label;
use crate::limits::Limits;
use crate::lines::{self, Lines};
use crate::print::{Print, mark};
use crate::raw::{Raw, TextBuffer};
use crate::reading::Base;
use crate::scan::{self, Index, LINES_MAX, Scanner, Task, Vectors};

/// Parses a frame of a usual layout. `None`: it is another, or has something odd, or is no record; then
/// [`crate::parse`] asks the careful parser. For tests and benchmarks.
#[inline]
#[must_use]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    let mut audit = Audit::default();
    if parse_into(frame, limits, &mut audit) { Some(audit) } else { None }
}

/// As [`parse`] of this module, to where the record is to stay. What it held is gone; if the answer is `false`, it holds
/// anything.
#[inline]
#[must_use]
pub fn parse_into<'a>(frame: &'a [u8], limits: &Limits, audit: &mut Audit<'a>) -> bool {
    scan::dispatch(Plain { frame, limits, audit })
}

/// As [`parse`] of this module, with those vector instructions, or the next best that the processor has. For tests and
/// benchmarks.
#[must_use]
pub fn parse_with<'a>(vectors: Vectors, frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    let mut audit = Audit::default();
    scan::dispatch_with(vectors, Plain { frame, limits, audit: &mut audit }).then_some(audit)
}

/// Parses the message of a log event where it lies in its JSON envelope, still escaped.
///
/// `input` begins behind the string's opening quote and may go on behind its end. Gives the record, and how many
/// bytes the string has, its closing quote included. The fields borrow from `input`; the record's text is unescaped
/// into `buffer` if somebody asks for it.
///
/// `None`: the string does not end, or holds an escape other than `\n`, or the record is not of a usual layout or has
/// something odd, or is none. Then it has to be unescaped and given to [`crate::parse`], which gives the same record
/// where this function gives one.
///
/// Costs one pass over the string, which finds its end and its lines, and about what [`crate::parse`] costs besides.
/// Allocates nothing.
#[inline]
#[must_use]
pub fn parse_escaped<'a>(
    input: &'a [u8],
    limits: &Limits,
    buffer: &'a mut TextBuffer,
) -> Option<(Audit<'a>, usize)> {
    let mut audit = Audit::default();
    let length = parse_escaped_into(input, limits, buffer, &mut audit)?;
    Some((audit, length))
}

/// As [`parse_escaped`], to where the record is to stay; gives how many bytes the string has. What `audit` held is gone;
/// if the answer is `None`, it holds anything.
#[inline]
#[must_use]
pub fn parse_escaped_into<'a>(
    input: &'a [u8],
    limits: &Limits,
    buffer: &'a mut TextBuffer,
    audit: &mut Audit<'a>,
) -> Option<usize> {
    buffer.clear();
    scan::dispatch(Escaped { input, limits, buffer, audit })
}

/// As [`parse_escaped`], with those vector instructions, or the next best that the processor has. For tests and
/// benchmarks.
#[must_use]
pub fn parse_escaped_with<'a>(
    vectors: Vectors,
    input: &'a [u8],
    limits: &Limits,
    buffer: &'a mut TextBuffer,
) -> Option<(Audit<'a>, usize)> {
    buffer.clear();
    let mut audit = Audit::default();
    let length = scan::dispatch_with(vectors, Escaped { input, limits, buffer, audit: &mut audit })?;
    Some((audit, length))
}

/// A frame to be parsed.
struct Plain<'a, 'l, 'r> {
    frame: &'a [u8],
    limits: &'l Limits,
    audit: &'r mut Audit<'a>,
}

impl Task for Plain<'_, '_, '_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> bool {
        let text = trim_end(self.frame);
        let mut index = Index::EMPTY;
        fits(text, self.limits)
            && index.add_lines(scanner, text).is_some()
            && read_plain(scanner, text, &mut index, self.audit).is_some()
    }
}

/// A string to be parsed, its buffer empty.
pub(crate) struct Escaped<'a, 'l, 'r> {
    pub(crate) input: &'a [u8],
    pub(crate) limits: &'l Limits,
    pub(crate) buffer: &'a TextBuffer,
    pub(crate) audit: &'r mut Audit<'a>,
}

impl Task for Escaped<'_, '_, '_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Option<usize> {
        let mut index = Index::EMPTY;
        let end = index.add_string(scanner, self.input)?;
        // Line ends behind a frame are no part of it; should there be more than one, the last line is empty.
        let text = self.input.get(..index.remove_at(end.wrapping_sub(2)).unwrap_or(end))?;
        if !fits(text, self.limits) {
            return None;
        }
        let Self { buffer, audit, .. } = self;
        record::<2, _>(scanner, text, &mut index, Raw::escaped(text, buffer), audit)?;
        Some(end + 1)
    }
}

/// Whether limits allow a text of as many lines as an index holds. Escapes only make it longer.
#[inline(always)]
pub(crate) fn fits(text: &[u8], limits: &Limits) -> bool {
    text.len() <= limits.frame_bytes_max
        && usize::try_from(limits.frame_lines_max).is_ok_and(|max| max > LINES_MAX)
}

/// Reads a text whose line ends are known, and seals them. `None`: it is odd.
#[inline(always)]
pub(crate) fn read_plain<'a, S: Scanner>(
    scanner: S,
    text: &'a [u8],
    index: &mut Index,
    audit: &mut Audit<'a>,
) -> Option<()> {
    record::<1, _>(scanner, text, index, text.into(), audit)
}

/// Reads a record whose line ends are known and have `WIDTH` bytes each. Each field is written to where it stays as soon
/// as it is read: so it is neither kept in a register nor copied. Whatever `audit` held is gone; if there is no record, it
/// holds anything.
#[inline(always)]
fn record<'a, const WIDTH: usize, S: Scanner>(
    scanner: S,
    text: &'a [u8],
    index: &mut Index,
    raw: Raw<'a>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    let mut lines = Lines::<WIDTH, S>::new(scanner, text, index)?;
    audit.clear_optional();
    audit.raw = raw;
    audit.usecs = lines::time_twice(scanner, text)?;
    header(&mut lines, audit)?;
    details(lines, audit)
}

/// Reads what all records have.
#[inline(always)]
fn header<'a, const WIDTH: usize, S: Scanner>(
    lines: &mut Lines<'a, '_, WIDTH, S>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    audit.version = lines.text(b"Version No : ")?;
    audit.sequence = lines.hex::<_, 16>(b"Sequence No : 0x")??.1;
    audit.reboot = match lines.hex::<_, 8>(b"Reboot counter : 0x")? {
        Some((_, reboot)) => Some(u32::try_from(reboot).ok()?),
        None => None,
    };
    lines.seen |= if_some(&audit.reboot, mark::REBOOT);
    command(lines, audit)?;
    audit.user.id = lines.id(b"User id : ", mark::USER_ID)?;
    let session = lines.hex::<_, 16>(b"Session Handle : 0x")?;
    audit.session = session.map(|(text, handle)| Session { text, handle });
    lines.seen |= if_some(&audit.session, mark::SESSION);
    audit.response = lines.response()?;
    (audit.log_type, audit.log_type_code) =
        lines.known(b"Log type : ", Base::Decimal, mark::LOG_TYPE, mark::LOG_TYPE_NAME)?;
    lines.seen |= match audit.version {
        None => 0,
        Some(b"2") => mark::VERSION,
        Some(_) => mark::UNUSUAL,
    };
    Some(())
}

/// A mark, if there is something to be marked.
#[inline(always)]
const fn if_some<T>(option: &Option<T>, mark: u64) -> u64 {
    if option.is_some() { mark } else { 0 }
}

/// Reads what only some records have, up to the end.
#[inline(always)]
fn details<'a, const WIDTH: usize, S: Scanner>(
    mut lines: Lines<'a, '_, WIDTH, S>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    match lines.line.first() {
        Some(b'U') => {
            audit.user.name = lines.text(b"User Name : ")?;
            lines.seen |= if_some(&audit.user.name, mark::USER_NAME);
            (audit.user.user_type, audit.user.type_code) =
                lines.known(b"User Type : ", Base::Decimal, mark::USER_TYPE, mark::USER_TYPE_NAME)?;
        }
        Some(b'P' | b'K') => keys(&mut lines, &mut audit.key)?,
        _ => {}
    }
    if lines.line.is_empty() {
        audit.print = Print::of(lines.seen, lines.names);
        return Some(());
    }
    if audit.user.name.is_none() {
        clocks(lines, audit)
    } else if audit.version.is_some() {
        believed(lines, audit)
    } else {
        None
    }
}

/// Reads a record's last lines: the clocks.
#[inline(never)]
fn clocks<'a, const WIDTH: usize, S: Scanner>(
    mut lines: Lines<'a, '_, WIDTH, S>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    let details = audit.details_mut();
    details.local_time_usecs = lines.clock(b"local time : ", Label::LocalTime)?;
    details.host_time_usecs = lines.clock(b"host time : ", Label::HostTime)?;
    details.propagation_delay_usecs = lines.clock(b"propagation delay : ", Label::PropagationDelay)?;
    let has_all = details.local_time_usecs.is_some()
        && details.host_time_usecs.is_some()
        && details.propagation_delay_usecs.is_some()
        && lines.seen & mark::TIME_INFO != 0;
    // With their command type they are no longer unusual, if nothing else is.
    let seen = if has_all { lines.seen & !mark::TIME_INFO | mark::CLOCKS } else { mark::UNUSUAL };
    audit.print = Print::of(seen, lines.names);
    lines.line.is_empty().then_some(())
}

/// Reads a record's last lines: what is believed behind a user name in the second layout, besides the user
/// type, which is all in the first.
#[inline(never)]
fn believed<'a, const WIDTH: usize, S: Scanner>(
    mut lines: Lines<'a, '_, WIDTH, S>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    audit.print = Print::UNKNOWN;
    let details = audit.details_mut();
    details.mechanism = lines.text(b"Mechanism : ")?;
    let target = &mut details.target_user;
    target.name = lines.text(b"Target User Name : ")?;
    (target.user_type, target.type_code) = lines.named(b"Target User Type : ", Base::Decimal)?;
    target.id = lines.text(b"Target User id : ")?;
    details.mfa_enabled = lines.text(b"Mfa enabled : ")?;
    (details.operation, details.operation_code) = lines.named(b"Operation : ", Base::Decimal)?;
    details.user_count = lines.text(b"Number of Users : ")?;
    details.user_ids = lines.text(b"UserIDs : ")?;
    lines.line.is_empty().then_some(())
}

/// Command type and opcode, at least one of them; the second layout has them the other way round.
#[inline(always)]
fn command<'a, const WIDTH: usize, S: Scanner>(
    lines: &mut Lines<'a, '_, WIDTH, S>,
    audit: &mut Audit<'a>,
) -> Option<()> {
    (audit.command_type, audit.command_type_code) = lines.command_type()?;
    (audit.opcode, audit.opcode_code) =
        lines.known(b"Opcode : ", Base::Hex, mark::OPCODE, mark::OPCODE_NAME)?;
    if audit.command_type.is_none() {
        (audit.command_type, audit.command_type_code) = lines.command_type()?;
        lines.seen |= if_some(&audit.command_type, mark::OPCODE_FIRST);
    }
    (audit.opcode.is_some() || audit.command_type.is_some()).then_some(())
}

/// Key handles; the second layout has the first two the other way round.
#[inline(always)]
fn keys<const WIDTH: usize, S: Scanner>(lines: &mut Lines<'_, '_, WIDTH, S>, keys: &mut Keys) -> Option<()> {
    keys.private_handle = lines.decimal(b"Priv/Secret Key Handle : ")?;
    keys.public_handle = lines.decimal(b"Public Key Handle : ")?;
    if keys.private_handle.is_none() {
        keys.private_handle = lines.decimal(b"Priv/Secret Key Handle : ")?;
        lines.seen |= if_some(&keys.private_handle, mark::PUBLIC_FIRST);
    }
    keys.object_handle = lines.decimal(b"Key Handle : ")?;
    lines.seen |= if_some(&keys.private_handle, mark::PRIVATE_KEY)
        | if_some(&keys.public_handle, mark::PUBLIC_KEY)
        | if_some(&keys.object_handle, mark::OBJECT_KEY);
    Some(())
}
