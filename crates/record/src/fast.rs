//! The fast parser: the two usual layouts, line by line in the order in which the HSM prints them.
//!
//! In: what the careful parser takes. Out: the record that it would give, or `None`: "ask that one". It never
//! says why; so whatever is odd (another order, an unknown or repeated label, a value that is empty
//! or does not parse, CR, blanks at a line's end, any anomaly) costs a second parse, and is judged in one
//! place only.
//!
//! Why it agrees: each label has one place here, and every line has to be at one. So before a user name the
//! first line of a label, which the careful parser takes, is its only one; behind a user name the same holds
//! for the last, and only labels believed there have a place. Values are read by the same functions, or by a
//! shorter way to the same number.
//!
//! Budget: 100 ns for the 305 bytes of a mean record. A place that is not filled costs one comparison. What a
//! usual record needs is inlined into one function, so that no field passes through memory twice.

use crate::anomaly::Anomalies;
use crate::audit::{Audit, Keys, Outcome, Response, Session, User};
use crate::boundary::{trim_blanks_start, trim_end};
use crate::label::Label;
use crate::limits::Limits;
use crate::reading::{self, Base, Reading};
use crate::swar;
use crate::time;
use memchr::memchr;

/// The fewest lines that a limit has to allow: more than there are places.
const LINES_MAX: u32 = 32;
/// Difference between the printed time and the microseconds that is not worth a word.
const MISMATCH_USECS_MAX: u64 = 1_000_000;

/// Parses a frame of a usual layout. `None`: it is another, or has something odd, or is no record; then
/// [`crate::parse`] asks the careful parser. For tests and benchmarks.
#[inline(always)]
#[must_use]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    let raw = trim_end(frame);
    if raw.len() > limits.frame_bytes_max || limits.frame_lines_max < LINES_MAX {
        return None;
    }
    let (usecs, rest) = time_line(raw)?;
    let mut lines = Lines { rest };
    let version = lines.text(b"Version No")?;
    let sequence = lines.hex(b"Sequence No", 16)??.1;
    let reboot = match lines.hex(b"Reboot counter", 8)? {
        Some((_, reboot)) => Some(u32::try_from(reboot).ok()?),
        None => None,
    };
    let Command { command_type, opcode } = command(&mut lines)?;
    let mut user = User { id: lines.text(b"User id")?, ..User::default() };
    let session = lines.hex(b"Session Handle", 16)?.map(|(text, handle)| Session { text, handle });
    let response = lines.response()?;
    let (log_type, log_type_code) = lines.named(b"Log type", Base::Decimal)?;
    let mut key = Keys::default();
    match lines.rest.first() {
        Some(b'U') => {
            user.name = lines.text(b"User Name")?;
            (user.user_type, user.type_code) = lines.named(b"User Type", Base::Decimal)?;
        }
        Some(b'P' | b'K') => key = keys(&mut lines)?,
        _ => {}
    }
    let rest = if lines.rest.is_empty() {
        Rest::default()
    } else if user.name.is_none() {
        clocks(lines)?
    } else if version.is_some() {
        believed(lines)?
    } else {
        return None;
    };
    // Written at once and nowhere given by reference: so each field goes where the caller wants it, and the
    // record, which is large, is not copied.
    Some(Audit {
        raw,
        usecs,
        sequence,
        reboot,
        version,
        command_type: command_type.0,
        command_type_code: command_type.1,
        opcode: opcode.0,
        opcode_code: opcode.1,
        session,
        response,
        log_type,
        log_type_code,
        user,
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
        extra_lines: 0,
    })
}

/// A name with its code.
type Named<'a> = (Option<&'a [u8]>, Option<u64>);

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

/// Reads a record's last lines: the clocks.
#[inline(never)]
fn clocks(mut lines: Lines<'_>) -> Option<Rest<'_>> {
    let rest = Rest {
        local_time_usecs: lines.clock(b"local time", Label::LocalTime)?,
        host_time_usecs: lines.clock(b"host time", Label::HostTime)?,
        propagation_delay_usecs: lines.clock(b"propagation delay", Label::PropagationDelay)?,
        ..Rest::default()
    };
    lines.rest.is_empty().then_some(rest)
}

/// Reads a record's last lines: what is believed behind a user name in the second layout, besides the user
/// type, which is all in the first.
#[inline(never)]
fn believed(mut lines: Lines<'_>) -> Option<Rest<'_>> {
    let mechanism = lines.text(b"Mechanism")?;
    let name = lines.text(b"Target User Name")?;
    let (user_type, type_code) = lines.named(b"Target User Type", Base::Decimal)?;
    let id = lines.text(b"Target User id")?;
    let rest = Rest {
        target_user: User { name, user_type, type_code, id },
        mechanism,
        mfa_enabled: lines.text(b"Mfa enabled")?,
        operation: lines.named(b"Operation", Base::Decimal)?,
        user_count: lines.text(b"Number of Users")?,
        user_ids: lines.text(b"UserIDs")?,
        ..Rest::default()
    };
    lines.rest.is_empty().then_some(rest)
}

/// Reads the first line, if it is in its one usual form and the two times agree.
#[inline(always)]
fn time_line(raw: &[u8]) -> Option<(u64, &[u8])> {
    let (printed, rest) = behind(raw, b"Time: ")?.split_first_chunk::<24>()?;
    let (high, rest) = behind(rest, b", usecs:")?.split_first_chunk::<8>()?;
    let (low, rest) = rest.split_first_chunk::<8>()?;
    let rest = behind(rest, b"\n")?;
    // Sixteen digits, as from 2001 to 2286: less than the largest time.
    let usecs =
        swar::decimal(u64::from_le_bytes(*high))? * 100_000_000 + swar::decimal(u64::from_le_bytes(*low))?;
    debug_assert!(usecs <= time::USECS_MAX);
    (swar::printed(printed)?.abs_diff(usecs) <= MISMATCH_USECS_MAX).then_some((usecs, rest))
}

/// Names with their codes.
struct Command<'a> {
    command_type: Named<'a>,
    opcode: Named<'a>,
}

/// Command type and opcode, at least one of them; the second layout has them the other way round.
#[inline(always)]
fn command<'a>(lines: &mut Lines<'a>) -> Option<Command<'a>> {
    let mut command_type = lines.command_type()?;
    let opcode = lines.named(b"Opcode", Base::Hex)?;
    if command_type.0.is_none() {
        command_type = lines.command_type()?;
    }
    (opcode.0.is_some() || command_type.0.is_some()).then_some(Command { command_type, opcode })
}

/// Key handles; the second layout has the first two the other way round.
#[inline(always)]
fn keys(lines: &mut Lines<'_>) -> Option<Keys> {
    let mut private_handle = lines.decimal(b"Priv/Secret Key Handle")?;
    let public_handle = lines.decimal(b"Public Key Handle")?;
    if private_handle.is_none() {
        private_handle = lines.decimal(b"Priv/Secret Key Handle")?;
    }
    Some(Keys { private_handle, public_handle, object_handle: lines.decimal(b"Key Handle")? })
}

/// The lines not yet read.
///
/// Each method looks whether the next line has a label, and takes the line if it has. `None`: give up.
/// `Some(None)`: another label stands there, nothing was taken.
#[derive(Debug)]
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The bytes from the next line's value on, if the line has this label.
    #[inline(always)]
    fn value<const N: usize>(&self, label: &[u8; N]) -> Option<&'a [u8]> {
        let rest = behind(self.rest, label)?;
        match behind(rest, b" : ") {
            Some(value @ [first, ..]) if *first > b' ' => Some(value),
            _ => behind_colon(rest),
        }
    }

    /// Takes the value that `rest` begins with, and its line end. No value is empty or ends in a blank or CR.
    #[inline(always)]
    fn take(&mut self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (value, behind) = rest.split_at_checked(line_end(rest))?;
        self.rest = behind.get(1..).unwrap_or_default();
        matches!(value, [.., last] if *last > b' ').then_some(value)
    }

    #[inline]
    fn text<const N: usize>(&mut self, label: &[u8; N]) -> Option<Option<&'a [u8]>> {
        match self.value(label) {
            Some(rest) => self.take(rest).map(Some),
            None => Some(None),
        }
    }

    /// A number and its text. The digits of a short one and the line end come in one word.
    #[inline(always)]
    fn hex<const N: usize>(&mut self, label: &[u8; N], digits_max: usize) -> Option<Option<(&'a [u8], u64)>> {
        let Some(rest) = self.value(label) else { return Some(None) };
        if let Some((word, behind)) = behind(rest, b"0x")?.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            let count = swar::line_end(word);
            if count < 8 || behind.first() == Some(&b'\n') {
                let (text, rest) = rest.split_at_checked(count as usize + 2)?;
                self.rest = rest.get(1..)?;
                return Some(Some((text, swar::hex_front(word, count)?)));
            }
        }
        let text = self.take(rest)?;
        Some(Some((text, reading::hex(text, digits_max)?)))
    }

    /// A number. The digits of a short one and the line end come in one word.
    #[inline(always)]
    fn decimal<const N: usize>(&mut self, label: &[u8; N]) -> Option<Option<u64>> {
        let Some(rest) = self.value(label) else { return Some(None) };
        if let Some((word, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            let count = swar::line_end(word);
            if count < 8 || behind.first() == Some(&b'\n') {
                self.rest = rest.get(count as usize + 1..)?;
                return swar::decimal_front(word, count).map(Some);
            }
        } else if let Some(word) = self.rest.last_chunk() {
            // The record ends here: what is not all digits has something odd.
            self.rest = &[];
            let count = u32::try_from(rest.len()).ok()?;
            return swar::decimal_back(u64::from_le_bytes(*word), count).map(Some);
        }
        reading::decimal(self.take(rest)?).map(Some)
    }

    #[inline]
    fn clock<const N: usize>(&mut self, name: &[u8; N], label: Label) -> Option<Option<u64>> {
        let Some(rest) = self.value(name) else { return Some(None) };
        match reading::read(label, self.take(rest)?) {
            Reading::Clock(number, _) | Reading::Number(number) => Some(Some(number)),
            _ => None,
        }
    }

    /// A name and its code.
    #[inline(always)]
    fn named<const N: usize>(&mut self, label: &[u8; N], base: Base) -> Option<Named<'a>> {
        let Some(rest) = self.value(label) else { return Some((None, None)) };
        let value = self.take(rest)?;
        let (name, code) = match short_code(value, base) {
            Some((name, code)) => (name, Some(code)),
            None => reading::name_code(value, base).ok()?,
        };
        Some((Some(name), code))
    }

    /// As [`Self::named`]; nearly all commands are of one type.
    #[inline(always)]
    fn command_type(&mut self) -> Option<Named<'a>> {
        const USUAL: &[u8; 16] = b"CN_MGMT_CMD (0x0";
        const LABEL: &[u8; 17] = b"Command Type(hex)";
        if let Some(rest) = self.value(LABEL)
            && let Some((value, rest)) = rest.split_first_chunk()
            && value == USUAL
            && let Some(rest) = behind(rest, b")\n")
        {
            self.rest = rest;
            return Some((value.get(..11), Some(0)));
        }
        self.named(LABEL, Base::Hex)
    }

    #[inline(always)]
    fn response(&mut self) -> Option<Option<Response<'a>>> {
        let Some(rest) = self.value(b"Response") else { return Some(None) };
        if let Some((value, rest)) = rest.split_first_chunk()
            && value == b"0:HSM Return: SUCCESS\n"
        {
            self.rest = rest;
            return Some(Some(Response { code: 0, text: value.get(14..21)?, outcome: Outcome::Success }));
        }
        let response = reading::response(self.take(rest)?)?;
        (response.outcome == Outcome::of_code(response.code)).then_some(Some(response))
    }
}

/// What stands behind a prefix.
#[inline(always)]
fn behind<'a, const N: usize>(bytes: &'a [u8], prefix: &[u8; N]) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_first_chunk()?;
    (front == prefix).then_some(rest)
}

/// Where the first line ends: before its line end, or with the bytes. Most values have less than 32 bytes, and
/// their lengths vary: so few branches as can be.
#[inline(always)]
fn line_end(bytes: &[u8]) -> usize {
    let Some((front, rest)) = bytes.split_first_chunk() else { return line_end_near(bytes) };
    let end = swar::line_end_16(front);
    if end < 16 {
        return end as usize;
    }
    let (more, known) = match rest.first_chunk() {
        Some(next) => (next, 16),
        // The last 16 bytes of a text of 16 to 31: those that are looked at again are known to be no line end.
        None => match bytes.last_chunk() {
            Some(last) => (last, rest.len()),
            None => return bytes.len(),
        },
    };
    let end = swar::line_end_16(more);
    if end < 16 || known < 16 { known + end as usize } else { line_end_far(bytes) }
}

#[inline(never)]
fn line_end_far(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).unwrap_or(bytes.len())
}

/// The same for less than 16 bytes.
#[inline]
fn line_end_near(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len())
}

/// Any other spacing: blanks, a colon, blanks, a value.
#[inline(never)]
fn behind_colon(rest: &[u8]) -> Option<&[u8]> {
    let value = trim_blanks_start(trim_blanks_start(rest).strip_prefix(b":")?);
    value.first().is_some_and(|first| *first > b' ').then_some(value)
}

/// Splits `NAME (CODE)` if the code is so short that all from the blank on fits into a word.
#[inline(always)]
fn short_code(value: &[u8], base: Base) -> Option<(&[u8], u64)> {
    let (front, [word @ .., b')']) = value.split_last_chunk::<9>()? else { return None };
    let word = u64::from_le_bytes(*word);
    let open = swar::last(word, b'(').filter(|open| (1..7).contains(open))?;
    let name = value.get(..front.len() + open as usize - 1)?;
    if (word >> ((open - 1) * 8)) & 0xff != u64::from(b' ') || name.last().is_none_or(|last| *last <= b' ') {
        return None;
    }
    let (digits, count) = (word >> ((open + 1) * 8), 7 - open);
    let code = match base {
        Base::Hex if digits & 0xffff == u64::from(u16::from_le_bytes(*b"0x")) => {
            swar::hex_front(digits >> 16, count.checked_sub(2)?)
        }
        Base::Hex => swar::hex_front(digits, count),
        Base::Decimal => swar::decimal_front(digits, count),
    };
    Some((name, code?))
}
