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

use crate::anomaly::Anomalies;
use crate::audit::{Audit, Keys, Response, Session, User};
use crate::boundary::trim_end;
use crate::label::Label;
use crate::limits::Limits;
use crate::lines::{self, Lines, Named};
use crate::print::{Print, mark};
use crate::raw::{Raw, TextBuffer};
use crate::reading::Base;
use crate::scan::{self, Index, LINES_MAX, Portable, Scanner, Task};

/// Parses a frame of a usual layout. `None`: it is another, or has something odd, or is no record; then
/// [`crate::parse`] asks the careful parser. For tests and benchmarks.
#[inline]
#[must_use]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    scan::dispatch(Plain { frame, limits, or_else: Then(core::convert::identity) })
}

/// As [`parse`], without vector instructions.
#[must_use]
pub fn parse_portable<'a>(frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    Plain { frame, limits, or_else: Then(core::convert::identity) }.run(Portable)
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
    parse_escaped_then(input, limits, buffer, |audit, length| (audit, length))
}

/// As [`parse_escaped`], and does what is to be done with the record and its length where it is made: a caller that puts
/// it into something larger saves a copy of 600 bytes. `None` if there is no record: `then` was not called.
#[inline]
pub fn parse_escaped_then<'a, R>(
    input: &'a [u8],
    limits: &Limits,
    buffer: &'a mut TextBuffer,
    then: impl FnOnce(Audit<'a>, usize) -> R,
) -> Option<R> {
    buffer.clear();
    scan::dispatch(Escaped { input, limits, buffer, then })
}

/// As [`parse`] of this module, and does what is to be done with the record where it is made. `None` if there is no
/// record here: `then` was not called.
#[inline]
pub fn parse_then<'a, R>(frame: &'a [u8], limits: &Limits, then: impl FnOnce(Audit<'a>) -> R) -> Option<R> {
    scan::dispatch(Plain { frame, limits, or_else: Then(then) })
}

/// As [`parse_escaped`], without vector instructions. For tests and benchmarks.
#[must_use]
pub fn parse_escaped_portable<'a>(
    input: &'a [u8],
    limits: &Limits,
    buffer: &'a mut TextBuffer,
) -> Option<(Audit<'a>, usize)> {
    buffer.clear();
    Escaped { input, limits, buffer, then: |audit, length| (audit, length) }.run(Portable)
}

/// A frame to be parsed, and by whom if it is odd.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<'a, 'l, F> {
    pub(crate) frame: &'a [u8],
    pub(crate) limits: &'l Limits,
    pub(crate) or_else: F,
}

impl<'a, F: Sink<'a>> Task for Plain<'a, '_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let text = trim_end(self.frame);
        let mut index = Index::EMPTY;
        if !fits(text, self.limits) || index.add_lines(scanner, text).is_none() {
            return self.or_else.odd(None);
        }
        record::<1, _, _>(scanner, text, &mut index, text.into(), self.or_else)
    }
}

/// Something is done with a record; nobody reads what is odd.
struct Then<F>(F);

impl<'a, R, F: FnOnce(Audit<'a>) -> R> Sink<'a> for Then<F> {
    type Output = Option<R>;

    #[inline(always)]
    fn read(self, audit: Audit<'a>) -> Self::Output {
        Some((self.0)(audit))
    }

    #[inline(always)]
    fn odd(self, _: Option<&mut Index>) -> Self::Output {
        None
    }
}

struct Escaped<'a, 'l, F> {
    input: &'a [u8],
    limits: &'l Limits,
    buffer: &'a TextBuffer,
    then: F,
}

impl<'a, R, F: FnOnce(Audit<'a>, usize) -> R> Task for Escaped<'a, '_, F> {
    type Output = Option<R>;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let mut index = Index::EMPTY;
        let end = index.add_string(scanner, self.input)?;
        let mut text = self.input.get(..end)?;
        // Line ends behind a frame are no part of it; should there be more than one, the last line is empty.
        if let [trimmed @ .., b'\\', b'n'] = text {
            text = trimmed;
            index.remove_last();
        }
        if !fits(text, self.limits) {
            return None;
        }
        let Self { buffer, then, .. } = self;
        record::<2, _, _>(
            scanner,
            text,
            &mut index,
            Raw::escaped(text, buffer),
            Then(|audit| then(audit, end + 1)),
        )
    }
}

/// Whether limits allow a text of as many lines as an index holds. Escapes only make it longer.
#[inline(always)]
pub(crate) fn fits(text: &[u8], limits: &Limits) -> bool {
    text.len() <= limits.frame_bytes_max
        && usize::try_from(limits.frame_lines_max).is_ok_and(|max| max > LINES_MAX)
}

/// What becomes of a record that was read, and of one that is not for this parser.
///
/// So that what comes out of [`record`] is what its caller gives on: a record is large, and a copy of it would have to
/// wait until it is written.
pub(crate) trait Sink<'a> {
    type Output;

    fn read(self, audit: Audit<'a>) -> Self::Output;

    /// Gets the line ends, sealed, if they were looked for.
    fn odd(self, index: Option<&mut Index>) -> Self::Output;
}

/// Reads a record whose line ends are known and have `WIDTH` bytes each.
#[inline(always)]
fn record<'a, const WIDTH: usize, S: Scanner, K: Sink<'a>>(
    scanner: S,
    text: &'a [u8],
    index: &mut Index,
    raw: Raw<'a>,
    sink: K,
) -> K::Output {
    let Some(mut lines) = Lines::<WIDTH, S>::new(scanner, text, index) else { return sink.odd(Some(index)) };
    let Some(usecs) = lines::time_twice(scanner, text) else { return sink.odd(Some(index)) };
    let Some(Header { version, sequence, reboot, command, user_id, session, response, log_type }) =
        header(&mut lines)
    else {
        return sink.odd(Some(index));
    };
    let Some((user, key, rest, seen)) = details(lines, version.is_some()) else {
        return sink.odd(Some(index));
    };
    // Written at once and nowhere given by reference: so each field goes where the caller wants it, and the
    // record, which is large, is not copied.
    sink.read(Audit {
        raw,
        usecs,
        sequence,
        reboot,
        version,
        command_type: command.command_type.0,
        command_type_code: command.command_type.1,
        opcode: command.opcode.0,
        opcode_code: command.opcode.1,
        session,
        response,
        log_type: log_type.0,
        log_type_code: log_type.1,
        user: User { id: user_id, ..user },
        target_user: rest.target_user,
        key,
        mechanism: rest.mechanism,
        mfa_enabled: rest.mfa_enabled,
        operation: rest.operation.0,
        operation_code: rest.operation.1,
        user_count: rest.user_count,
        user_ids: rest.user_ids,
        local_time_usecs: rest.local_time_usecs,
        host_time_usecs: rest.host_time_usecs,
        propagation_delay_usecs: rest.propagation_delay_usecs,
        anomalies: Anomalies::NONE,
        print: Print::of(seen),
        extra_lines: 0,
    })
}

/// What all records have.
struct Header<'a> {
    version: Option<&'a [u8]>,
    sequence: u64,
    reboot: Option<u32>,
    command: Command<'a>,
    user_id: Option<&'a [u8]>,
    session: Option<Session<'a>>,
    response: Option<Response<'a>>,
    log_type: Named<'a>,
}

#[inline(always)]
fn header<'a, const WIDTH: usize, S: Scanner>(lines: &mut Lines<'a, '_, WIDTH, S>) -> Option<Header<'a>> {
    let header = Header {
        version: lines.text(b"Version No : ")?,
        sequence: lines.hex(b"Sequence No : ", 16)??.1,
        reboot: match lines.hex(b"Reboot counter : ", 8)? {
            Some((_, reboot)) => Some(u32::try_from(reboot).ok()?),
            None => None,
        },
        command: command(lines)?,
        user_id: lines.text(b"User id : ")?,
        session: lines.hex(b"Session Handle : ", 16)?.map(|(text, handle)| Session { text, handle }),
        response: lines.response()?,
        log_type: lines.named(b"Log type : ", Base::Decimal)?,
    };
    lines.seen |= if_some(&header.reboot, mark::REBOOT)
        | if_some(&header.command.command_type.0, mark::COMMAND_TYPE)
        | if_some(&header.command.opcode.0, mark::OPCODE)
        | if_some(&header.session, mark::SESSION)
        | if_some(&header.response, mark::RESPONSE)
        | if_some(&header.log_type.0, mark::LOG_TYPE);
    lines.seen |= match header.version {
        None => 0,
        Some(b"2") => mark::VERSION,
        Some(_) => mark::UNUSUAL,
    };
    lines.seen |= match header.user_id {
        None => 0,
        Some(id) if id.iter().all(u8::is_ascii_digit) => mark::USER_ID,
        Some(_) => mark::UNUSUAL,
    };
    Some(header)
}

/// A mark, if there is something to be marked.
#[inline(always)]
const fn if_some<T>(option: &Option<T>, mark: u32) -> u32 {
    if option.is_some() { mark } else { 0 }
}

/// Reads what only some records have, up to the end.
#[inline(always)]
fn details<'a, const WIDTH: usize, S: Scanner>(
    mut lines: Lines<'a, '_, WIDTH, S>,
    has_version: bool,
) -> Option<(User<'a>, Keys, Rest<'a>, u32)> {
    let (mut user, mut key) = (User::default(), Keys::default());
    match lines.line.first() {
        Some(b'U') => {
            user.name = lines.text(b"User Name : ")?;
            (user.user_type, user.type_code) = lines.named(b"User Type : ", Base::Decimal)?;
        }
        Some(b'P' | b'K') => key = keys(&mut lines)?,
        _ => {}
    }
    let mut seen = lines.seen;
    let rest = if lines.line.is_empty() {
        Rest::default()
    } else if user.name.is_none() {
        let (rest, marks) = clocks(lines)?;
        seen = marks;
        rest
    } else if has_version {
        seen |= mark::UNUSUAL;
        believed(lines)?
    } else {
        return None;
    };
    seen |= if_some(&user.name, mark::USER_NAME)
        | if_some(&user.user_type, mark::USER_TYPE)
        | if_some(&key.private_handle, mark::PRIVATE_KEY)
        | if_some(&key.public_handle, mark::PUBLIC_KEY)
        | if_some(&key.object_handle, mark::OBJECT_KEY);
    Some((user, key, rest, seen))
}

/// The fields of rarer records.
#[derive(Default)]
struct Rest<'a> {
    target_user: User<'a>,
    mechanism: Option<&'a [u8]>,
    mfa_enabled: Option<&'a [u8]>,
    operation: Named<'a>,
    user_count: Option<&'a [u8]>,
    user_ids: Option<&'a [u8]>,
    local_time_usecs: Option<u64>,
    host_time_usecs: Option<u64>,
    propagation_delay_usecs: Option<u64>,
}

/// Reads a record's last lines: the clocks, and the marks of all lines.
#[inline(never)]
fn clocks<'a, const WIDTH: usize, S: Scanner>(mut lines: Lines<'a, '_, WIDTH, S>) -> Option<(Rest<'a>, u32)> {
    let rest = Rest {
        local_time_usecs: lines.clock(b"local time : ", Label::LocalTime)?,
        host_time_usecs: lines.clock(b"host time : ", Label::HostTime)?,
        propagation_delay_usecs: lines.clock(b"propagation delay : ", Label::PropagationDelay)?,
        ..Rest::default()
    };
    let has_all = rest.local_time_usecs.is_some()
        && rest.host_time_usecs.is_some()
        && rest.propagation_delay_usecs.is_some()
        && lines.seen & mark::TIME_INFO != 0;
    // With their command type they are no longer unusual, if nothing else is.
    let seen = if has_all { lines.seen & !mark::TIME_INFO | mark::CLOCKS } else { mark::UNUSUAL };
    lines.line.is_empty().then_some((rest, seen))
}

/// Reads a record's last lines: what is believed behind a user name in the second layout, besides the user
/// type, which is all in the first.
#[inline(never)]
fn believed<'a, const WIDTH: usize, S: Scanner>(mut lines: Lines<'a, '_, WIDTH, S>) -> Option<Rest<'a>> {
    let mechanism = lines.text(b"Mechanism : ")?;
    let name = lines.text(b"Target User Name : ")?;
    let (user_type, type_code) = lines.named(b"Target User Type : ", Base::Decimal)?;
    let id = lines.text(b"Target User id : ")?;
    let rest = Rest {
        target_user: User { name, user_type, type_code, id },
        mechanism,
        mfa_enabled: lines.text(b"Mfa enabled : ")?,
        operation: lines.named(b"Operation : ", Base::Decimal)?,
        user_count: lines.text(b"Number of Users : ")?,
        user_ids: lines.text(b"UserIDs : ")?,
        ..Rest::default()
    };
    lines.line.is_empty().then_some(rest)
}

/// Names with their codes.
struct Command<'a> {
    command_type: Named<'a>,
    opcode: Named<'a>,
}

/// Command type and opcode, at least one of them; the second layout has them the other way round.
#[inline(always)]
fn command<'a, const WIDTH: usize, S: Scanner>(lines: &mut Lines<'a, '_, WIDTH, S>) -> Option<Command<'a>> {
    let mut command_type = lines.command_type()?;
    let opcode = lines.named(b"Opcode : ", Base::Hex)?;
    if command_type.0.is_none() {
        command_type = lines.command_type()?;
        lines.seen |= if_some(&command_type.0, mark::OPCODE_FIRST);
    }
    (opcode.0.is_some() || command_type.0.is_some()).then_some(Command { command_type, opcode })
}

/// Key handles; the second layout has the first two the other way round.
#[inline(always)]
fn keys<const WIDTH: usize, S: Scanner>(lines: &mut Lines<'_, '_, WIDTH, S>) -> Option<Keys> {
    let mut private_handle = lines.decimal(b"Priv/Secret Key Handle : ")?;
    let public_handle = lines.decimal(b"Public Key Handle : ")?;
    if private_handle.is_none() {
        private_handle = lines.decimal(b"Priv/Secret Key Handle : ")?;
        lines.seen |= if_some(&private_handle, mark::PUBLIC_FIRST);
    }
    Some(Keys { private_handle, public_handle, object_handle: lines.decimal(b"Key Handle : ")? })
}
