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
//! Budget: 100 ns for the 305 bytes of a mean record. A place that is not filled costs one comparison.

use crate::audit::{Audit, Keys, Outcome, Response, Session};
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
#[must_use]
pub fn parse<'a>(frame: &'a [u8], limits: &Limits) -> Option<Audit<'a>> {
    let mut audit = Audit::default();
    fill(&mut audit, frame, limits)?;
    Some(audit)
}

/// Fills an empty record, where it lies: it is large. One that could not be filled is to be thrown away.
#[inline]
pub(crate) fn fill<'a>(audit: &mut Audit<'a>, frame: &'a [u8], limits: &Limits) -> Option<()> {
    audit.raw = trim_end(frame);
    if audit.raw.len() > limits.frame_bytes_max || limits.frame_lines_max < LINES_MAX {
        return None;
    }
    let (usecs, rest) = time_line(audit.raw)?;
    audit.usecs = usecs;
    let mut lines = Lines { rest };
    audit.version = lines.text(b"Version No")?;
    audit.sequence = lines.hex(b"Sequence No", 16)??.1;
    if let Some((_, reboot)) = lines.hex(b"Reboot counter", 8)? {
        audit.reboot = Some(u32::try_from(reboot).ok()?);
    }
    command(&mut lines, audit)?;
    audit.user.id = lines.text(b"User id")?;
    audit.session = lines.hex(b"Session Handle", 16)?.map(|(text, handle)| Session { text, handle });
    audit.response = lines.response()?;
    (audit.log_type, audit.log_type_code) = lines.named(b"Log type", Base::Decimal)?;
    match lines.rest.first() {
        None => {}
        Some(b'U') => users(&mut lines, audit)?,
        Some(b'P' | b'K') => audit.key = keys(&mut lines)?,
        Some(b'l') => clocks(&mut lines, audit)?,
        _ => return None,
    }
    (lines.rest.is_empty() && (audit.opcode.is_some() || audit.command_type.is_some())).then_some(())
}

/// Reads the first line, if it is in its one usual form and the two times agree.
#[inline]
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

/// Command type and opcode; the second layout has them the other way round.
#[inline]
fn command<'a>(lines: &mut Lines<'a>, audit: &mut Audit<'a>) -> Option<()> {
    (audit.command_type, audit.command_type_code) = lines.command_type()?;
    (audit.opcode, audit.opcode_code) = lines.named(b"Opcode", Base::Hex)?;
    if audit.command_type.is_none() {
        (audit.command_type, audit.command_type_code) = lines.command_type()?;
    }
    Some(())
}

/// User name and what is believed behind it: in the first layout the user type alone.
#[inline]
fn users<'a>(lines: &mut Lines<'a>, audit: &mut Audit<'a>) -> Option<()> {
    audit.user.name = lines.text(b"User Name")?;
    (audit.user.user_type, audit.user.type_code) = lines.named(b"User Type", Base::Decimal)?;
    if lines.rest.is_empty() || audit.version.is_none() {
        return Some(());
    }
    audit.mechanism = lines.text(b"Mechanism")?;
    audit.target_user.name = lines.text(b"Target User Name")?;
    (audit.target_user.user_type, audit.target_user.type_code) =
        lines.named(b"Target User Type", Base::Decimal)?;
    audit.target_user.id = lines.text(b"Target User id")?;
    audit.mfa_enabled = lines.text(b"Mfa enabled")?;
    (audit.operation, audit.operation_code) = lines.named(b"Operation", Base::Decimal)?;
    audit.user_count = lines.text(b"Number of Users")?;
    audit.user_ids = lines.text(b"UserIDs")?;
    Some(())
}

/// Key handles; the second layout has the first two the other way round.
#[inline]
fn keys(lines: &mut Lines<'_>) -> Option<Keys> {
    let mut private_handle = lines.decimal(b"Priv/Secret Key Handle")?;
    let public_handle = lines.decimal(b"Public Key Handle")?;
    if private_handle.is_none() {
        private_handle = lines.decimal(b"Priv/Secret Key Handle")?;
    }
    Some(Keys { private_handle, public_handle, object_handle: lines.decimal(b"Key Handle")? })
}

/// What a clock record says.
#[inline(never)]
fn clocks(lines: &mut Lines<'_>, audit: &mut Audit<'_>) -> Option<()> {
    audit.local_time_usecs = lines.clock(b"local time", Label::LocalTime)?;
    audit.host_time_usecs = lines.clock(b"host time", Label::HostTime)?;
    audit.propagation_delay_usecs = lines.clock(b"propagation delay", Label::PropagationDelay)?;
    Some(())
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
    #[inline]
    fn value<const N: usize>(&self, label: &[u8; N]) -> Option<&'a [u8]> {
        let rest = behind(self.rest, label)?;
        match behind(rest, b" : ") {
            Some(value @ [first, ..]) if *first > b' ' => Some(value),
            _ => behind_colon(rest),
        }
    }

    /// Takes the value that `rest` begins with, and its line end. No value is empty or ends in a blank or CR.
    #[inline]
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
    #[inline]
    fn hex<const N: usize>(&mut self, label: &[u8; N], digits_max: usize) -> Option<Option<(&'a [u8], u64)>> {
        let Some(rest) = self.value(label) else { return Some(None) };
        if let Some((word, _)) = behind(rest, b"0x")?.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            let count = swar::line_end(word);
            if let 1..8 = count {
                let (text, rest) = rest.split_at_checked(count as usize + 2)?;
                self.rest = rest.get(1..)?;
                return Some(Some((text, swar::hex_front(word, count)?)));
            }
        }
        let text = self.take(rest)?;
        Some(Some((text, reading::hex(text, digits_max)?)))
    }

    /// A number. The digits of a short one and the line end come in one word.
    #[inline]
    fn decimal<const N: usize>(&mut self, label: &[u8; N]) -> Option<Option<u64>> {
        let Some(rest) = self.value(label) else { return Some(None) };
        if let Some((word, _)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            let count = swar::line_end(word);
            if let 1..8 = count {
                self.rest = rest.get(count as usize + 1..)?;
                return swar::decimal_front(word, count).map(Some);
            }
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
    #[inline]
    fn named<const N: usize>(
        &mut self,
        label: &[u8; N],
        base: Base,
    ) -> Option<(Option<&'a [u8]>, Option<u64>)> {
        let Some(rest) = self.value(label) else { return Some((None, None)) };
        let value = self.take(rest)?;
        let (name, code) = match short_code(value, base) {
            Some((name, code)) => (name, Some(code)),
            None => reading::name_code(value, base).ok()?,
        };
        Some((Some(name), code))
    }

    /// As [`Self::named`]; nearly all commands are of one type.
    #[inline]
    fn command_type(&mut self) -> Option<(Option<&'a [u8]>, Option<u64>)> {
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

    #[inline]
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
#[inline]
fn behind<'a, const N: usize>(bytes: &'a [u8], prefix: &[u8; N]) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_first_chunk()?;
    (front == prefix).then_some(rest)
}

/// Where the first line ends: before its line end, or with the bytes. Values are short, so nothing is called
/// for them.
#[inline]
fn line_end(bytes: &[u8]) -> usize {
    match bytes.first_chunk() {
        Some(front) => match swar::line_end_32(front) as usize {
            32 => line_end_far(bytes),
            end => end,
        },
        None => line_end_near(bytes),
    }
}

#[inline(never)]
fn line_end_far(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).unwrap_or(bytes.len())
}

#[inline]
fn line_end_near(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let end = swar::line_end(u64::from_le_bytes(*word));
        if end < 8 {
            return at * 8 + end as usize;
        }
    }
    let end = rest.iter().position(|byte| *byte == b'\n');
    bytes.len() - rest.len() + end.unwrap_or(rest.len())
}

/// Any other spacing: blanks, a colon, blanks, a value.
#[inline(never)]
fn behind_colon(rest: &[u8]) -> Option<&[u8]> {
    let value = trim_blanks_start(trim_blanks_start(rest).strip_prefix(b":")?);
    value.first().is_some_and(|first| *first > b' ').then_some(value)
}

/// Splits `NAME (CODE)` if the code is so short that all from the blank on fits into a word.
#[inline]
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
