//! The lines of a record of a usual layout, one after the other, and what stands in them.
//!
//! In: text whose line ends are known. Out: values of lines that have a label that is asked for. Whatever is not
//! printed in the usual way is given up: [`fast`](crate::fast) says why that is right.

use crate::audit::{Outcome, Response};
use crate::boundary::trim_blanks_start;
use crate::known;
use crate::label::Label;
use crate::print::mark;
use crate::reading::{self, Base, Reading};
use crate::scan::{BLOCK, Index, LINES_MAX, NUMBER, PLACES, PRINTED, Scanner};
use crate::swar;
use crate::time;
use crate::vocabulary::{Answer, RESPONSES};

/// A name with its code.
pub(crate) type Named<'a> = (Option<&'a [u8]>, Option<u64>);

/// Line ends of a usual layout that has a line of every label that it has a place for.
const ENDS_MAX: usize = 19;

const _: () = assert!(ENDS_MAX <= LINES_MAX, "an index holds them");

/// Bytes of a first line in its usual form.
pub(crate) const TIME_LINE: usize = 54;

/// The microseconds of a first line of usual length, whatever time is printed.
#[inline(always)]
pub(crate) fn time<S: Scanner>(scanner: S, text: &[u8]) -> Option<u64> {
    let (printed, digits) = first_line(text)?;
    if printed.ends_with(b", usecs:") { usecs(scanner, digits) } else { None }
}

/// A printed time with the label behind it, and the digits of the microseconds.
#[inline(always)]
fn first_line(text: &[u8]) -> Option<(&[u8; PRINTED], &[u8; NUMBER])> {
    let line: &[u8; TIME_LINE] = text.first_chunk()?;
    let (printed, digits) = behind(line, b"Time: ")?.split_first_chunk()?;
    Some((printed, digits.first_chunk()?))
}

/// Sixteen digits, as from 2001 to 2286: less than the largest time.
#[inline(always)]
fn usecs<S: Scanner>(scanner: S, digits: &[u8; NUMBER]) -> Option<u64> {
    let usecs = scanner.decimal(digits, NUMBER)?;
    debug_assert!(usecs <= time::USECS_MAX);
    Some(usecs)
}

/// The same, if the printed time agrees.
#[inline(always)]
pub(crate) fn time_twice<S: Scanner>(scanner: S, text: &[u8]) -> Option<u64> {
    let (printed, digits) = first_line(text)?;
    let (usecs, seconds) = (usecs(scanner, digits)?, scanner.printed_seconds(printed)?);
    let printed: &[u8; 24] = printed.first_chunk()?;
    // The microseconds of both are the same six digits, so that seconds are all there is to compare.
    let agree = if last_word(printed)? >> 16 == last_word(digits)? >> 16 {
        seconds.abs_diff(usecs / 1_000_000) <= time::MISMATCH_USECS_MAX / 1_000_000
    } else {
        swar::printed(printed)?.abs_diff(usecs) <= time::MISMATCH_USECS_MAX
    };
    agree.then_some(usecs)
}

/// The lines not yet read.
///
/// Each method looks whether the line at hand has a label, and takes the line if it has. `None`: give up.
/// `Some(None)`: another label stands there, nothing was taken.
#[derive(Debug)]
pub(crate) struct Lines<'a, 'i, const WIDTH: usize, S> {
    scanner: S,
    text: &'a [u8],
    /// Where lines end. Behind the last end stands 0.
    ends: &'i [u32; PLACES],
    /// The number of the line behind the one at hand.
    next: usize,
    /// Where the line at hand ends.
    end: usize,
    /// The line at hand; empty behind the last.
    pub(crate) line: &'a [u8],
    /// Marks of the lines so far.
    pub(crate) seen: u64,
    /// Numbers of their names, with the codes.
    pub(crate) names: u64,
}

impl<'a, 'i, const WIDTH: usize, S: Scanner> Lines<'a, 'i, WIDTH, S> {
    /// The lines behind the first, whose line ends have `WIDTH` bytes each. `None` if there are too many, or the first
    /// is not of its usual length.
    #[inline(always)]
    pub(crate) fn new(scanner: S, text: &'a [u8], index: &'i mut Index) -> Option<Self> {
        let ends = index.sealed(text.len(), ENDS_MAX)?;
        let [first, ..] = ends;
        if *first as usize != TIME_LINE {
            return None;
        }
        let mut lines = Self { scanner, text, ends, next: 1, end: TIME_LINE, line: &[], seen: 0, names: 0 };
        lines.advance()?;
        Some(lines)
    }

    /// Goes on to the next line, which may not be empty, or behind the last.
    #[inline(always)]
    fn advance(&mut self) -> Option<()> {
        let (begin, end) = (self.end.wrapping_add(WIDTH), *self.ends.get(self.next)? as usize);
        if begin < end {
            self.line = self.text.get(begin..end)?;
            self.end = end;
            self.next = self.next.wrapping_add(1);
            return Some(());
        }
        self.line = &[];
        if end == 0 { Some(()) } else { None }
    }

    /// The value of the line at hand, if it has this label. The label comes with its usual colon and blanks.
    #[inline(always)]
    fn value<const N: usize>(&mut self, label: &[u8; N]) -> Option<&'a [u8]> {
        match self.line.split_first_chunk() {
            Some((front, value @ [first, ..])) if front == label && *first > b' ' => Some(value),
            _ if self.line.first() == label.first() => {
                let value = value_of_odd(self.line, label)?;
                self.seen |= mark::UNUSUAL;
                Some(value)
            }
            _ => None,
        }
    }

    /// Takes a line with its value, which may not end in a blank or CR.
    #[inline(always)]
    fn take(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        self.advance()?;
        matches!(value, [.., last] if *last > b' ').then_some(value)
    }

    #[inline(always)]
    pub(crate) fn text<const N: usize>(&mut self, label: &[u8; N]) -> Option<Option<&'a [u8]>> {
        match self.value(label) {
            Some(value) => self.take(value).map(Some),
            None => Some(None),
        }
    }

    /// The same, of a label whose values are numbers of few digits: its mark.
    #[inline(always)]
    pub(crate) fn id<const N: usize>(&mut self, label: &[u8; N], mark: u64) -> Option<Option<&'a [u8]>> {
        let Some(value) = self.value(label) else { return Some(None) };
        let is_number = swar::decimal_back(last_word(self.line)?, value.len()).is_some();
        self.seen |= if is_number { mark } else { mark::UNUSUAL };
        self.take(value).map(Some)
    }

    /// Takes a line of this label, whatever its value.
    #[inline(always)]
    pub(crate) fn skip<const N: usize>(&mut self, label: &[u8; N]) -> Option<()> {
        match self.value(label) {
            Some(_) => self.advance(),
            None => Some(()),
        }
    }

    /// The last bytes up to the end of the line at hand.
    #[inline(always)]
    fn last_bytes(&self) -> Option<&'a [u8; NUMBER]> {
        self.text.get(..self.end)?.last_chunk()
    }

    /// A number of at most `MAX` digits, and its text. The label comes with its usual colon and blanks, and `0x`.
    #[inline(always)]
    pub(crate) fn hex<const N: usize, const MAX: usize>(
        &mut self,
        label: &[u8; N],
    ) -> Option<Option<(&'a [u8], u64)>> {
        let line = self.line;
        let (text, count) = match line.split_first_chunk() {
            Some((front, digits)) if front == label => (line.get(N - 2..)?, digits.len()),
            _ if line.first() == label.first() => {
                let Some(value) = value_of_odd(line, label.strip_suffix(b"0x")?) else { return Some(None) };
                self.seen |= mark::UNUSUAL;
                (value, behind(value, b"0x")?.len())
            }
            _ => return Some(None),
        };
        if MAX < NUMBER && count > MAX {
            return None;
        }
        let number = self.scanner.hex(line.last_chunk()?, count)?;
        self.advance()?;
        Some(Some((text, number)))
    }

    /// A number.
    #[inline(always)]
    pub(crate) fn decimal<const N: usize>(&mut self, label: &[u8; N]) -> Option<Option<u64>> {
        let Some(value) = self.value(label) else { return Some(None) };
        let number = if value.len() <= NUMBER {
            self.scanner.decimal(self.last_bytes()?, value.len())?
        } else {
            reading::decimal(value)?
        };
        self.advance()?;
        Some(Some(number))
    }

    #[inline(always)]
    pub(crate) fn clock<const N: usize>(&mut self, name: &[u8; N], label: Label) -> Option<Option<u64>> {
        let Some(value) = self.value(name) else { return Some(None) };
        if let Some((front, digits)) = value.split_last_chunk()
            && front.ends_with(b" usec:")
        {
            let is_usual = match front.split_first_chunk() {
                Some((printed, b", usec:")) => label == Label::LocalTime && swar::printed(printed).is_some(),
                Some((printed, b" usec:")) => label == Label::HostTime && swar::printed(printed).is_some(),
                _ => false,
            };
            self.seen |= if is_usual { 0 } else { mark::UNUSUAL };
            self.advance()?;
            return self.scanner.decimal(digits, NUMBER).map(Some);
        }
        let is_usual = label == Label::PropagationDelay
            && value.strip_prefix(b"usec:").is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        self.seen |= if is_usual { 0 } else { mark::UNUSUAL };
        match reading::read(label, self.take(value)?) {
            Reading::Clock(number, _) | Reading::Number(number) => Some(Some(number)),
            _ => None,
        }
    }

    /// A name and its code, of a label that has known names: its mark, and where in [`Self::names`] both are put.
    #[inline(always)]
    pub(crate) fn known<const N: usize>(
        &mut self,
        label: &[u8; N],
        base: Base,
        mark: u64,
        at: u32,
    ) -> Option<Named<'a>> {
        if self.line.first() == label.first()
            && let Some((length, code)) = usual_code(self.scanner, self.line, base)
            && let Some(name) = self.line.get(N..length)
            && let Some(number) = known::number(self.scanner, self.window(length)?, length)
        {
            self.names |= (u64::from(number) | code << 8) << at;
            self.seen |= mark;
            self.advance()?;
            return Some((Some(name), Some(code)));
        }
        let named = self.named(label, base)?;
        self.seen |= if named.0.is_some() { mark::UNUSUAL } else { 0 };
        Some(named)
    }

    /// What stands up to a place in the line at hand.
    #[inline(always)]
    fn window(&self, length: usize) -> Option<&'a [u8; BLOCK]> {
        let end = self.end.wrapping_sub(self.line.len()).wrapping_add(length);
        self.text.get(..end)?.last_chunk()
    }

    /// A name and its code.
    #[inline(always)]
    pub(crate) fn named<const N: usize>(&mut self, label: &[u8; N], base: Base) -> Option<Named<'a>> {
        let Some(value) = self.value(label) else { return Some((None, None)) };
        let value = self.take(value)?;
        if let Some(ShortCode { name, code }) = short_code(value, base) {
            return Some((Some(name), Some(code)));
        }
        let (name, code) = reading::name_code(value, base).ok()?;
        Some((Some(name), code))
    }

    /// As [`Self::named`]; nearly all commands are of one type.
    #[inline(always)]
    pub(crate) fn command_type(&mut self) -> Option<Named<'a>> {
        if self.line == b"Command Type(hex) : CN_MGMT_CMD (0x0)" {
            let name = self.line.get(20..31);
            self.seen |= mark::COMMAND_TYPE;
            self.advance()?;
            return Some((name, Some(0)));
        }
        let is_clock = self.line == b"Command Type(hex) : TIME_INFO_CMD (0xeee2)";
        let named = self.named(b"Command Type(hex) : ", Base::Hex)?;
        if named.0.is_some() {
            self.seen |= if is_clock { mark::COMMAND_TYPE | mark::TIME_INFO } else { mark::UNUSUAL };
        }
        Some(named)
    }

    #[inline(always)]
    pub(crate) fn response(&mut self) -> Option<Option<Response<'a>>> {
        if self.line == b"Response : 0:HSM Return: SUCCESS" {
            let text = self.line.get(25..)?;
            self.seen |= SUCCESS;
            self.advance()?;
            return Some(Some(Response { code: 0, text, outcome: Outcome::Success }));
        }
        let Some(value) = self.value(b"Response : ") else { return Some(None) };
        let response = reading::response(self.take(value)?)?;
        self.seen |= answer(value, &response).unwrap_or(mark::UNUSUAL);
        (response.outcome == Outcome::of_code(response.code)).then_some(Some(response))
    }
}

/// What stands behind a prefix.
#[inline(always)]
fn behind<'a, const N: usize>(bytes: &'a [u8], prefix: &[u8; N]) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_first_chunk()?;
    (front == prefix).then_some(rest)
}

#[inline(always)]
fn last_word(line: &[u8]) -> Option<u64> {
    line.last_chunk().copied().map(u64::from_le_bytes)
}

/// The value of a line whose label stands with any other spacing: blanks, a colon, blanks, a value.
#[cold]
#[inline(never)]
fn value_of_odd<'a>(line: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(label.strip_suffix(b" : ")?)?;
    let value = trim_blanks_start(trim_blanks_start(rest).strip_prefix(b":")?);
    value.first().is_some_and(|first| *first > b' ').then_some(value)
}

/// Marks of the answer `0:HSM Return: SUCCESS`.
const SUCCESS: u64 = mark::RESPONSE | 1 << mark::ANSWER;
const _: () = assert!(matches!(RESPONSES, [Answer { code: Some(0), .. }, ..]), "success is the first");

/// Marks of an answer that is printed `CODE:HSM Error: TEXT`, the code without leading zeros and the text a known one.
#[inline(never)]
fn answer(value: &[u8], response: &Response<'_>) -> Option<u64> {
    const CODE_MAX: u64 = (1 << (u64::BITS - mark::ANSWER_CODE)) - 1;
    let front = value.strip_suffix(response.text).and_then(|front| front.strip_suffix(b":HSM Error: "));
    let is_usual = matches!(front, Some([b'1'..=b'9', ..])) && response.code <= CODE_MAX;
    let number = RESPONSES.iter().position(|answer| answer.text.as_bytes() == response.text)? as u64 + 1;
    let marks = mark::RESPONSE | number << mark::ANSWER | response.code << mark::ANSWER_CODE;
    is_usual.then_some(marks)
}

/// The code behind a name, and where the name ends: hex with `0x` and small letters, of at most four digits, or decimal, of
/// one or two digits, without leading zeros.
#[inline(always)]
fn usual_code<S: Scanner>(scanner: S, line: &[u8], base: Base) -> Option<(usize, u64)> {
    if base == Base::Decimal {
        return usual_decimal(line);
    }
    let [front @ .., b')'] = line else { return None };
    let word = last_word(front)?;
    // From the blank on. A name with an x of its own that is taken for that of the code only costs a longer way.
    let shift = swar::bits_before(word, b'x').wrapping_sub(24);
    if shift > 24 || halves(word.wrapping_shr(shift))[0] != u32::from_le_bytes(*b" (0x") {
        return None;
    }
    let [_, last] = halves(word);
    let used = u32::MAX << shift;
    let code = scanner.hex_4(last & used | u32::from_le_bytes(*b"0000") & !used)?;
    // The least code of so many digits. How many there are the processor cannot guess: so nothing branches on it.
    let least = 1 << ((24 - shift) / 2) & !1;
    let length = line.len().checked_sub(9)? + shift as usize / 8;
    if code < least { None } else { Some((length, u64::from(code))) }
}

/// The same, decimal.
#[inline(always)]
fn usual_decimal(line: &[u8]) -> Option<(usize, u64)> {
    const ONE: u32 = u32::from_le_bytes(*b" (\0)");
    let (front, last) = line.split_last_chunk()?;
    let word = u32::from_le_bytes(*last);
    let digit = u64::from(last[2].wrapping_sub(b'0'));
    if word & 0xff00_ffff == ONE {
        return if digit < 10 { Some((front.len(), digit)) } else { None };
    }
    match (front, last) {
        ([name @ .., b' '], [b'(', tens @ b'1'..=b'9', _, b')']) if digit < 10 => {
            Some((name.len(), u64::from(tens - b'0') * 10 + digit))
        }
        _ => None,
    }
}

/// The first and the last four bytes of a word.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half, and what is left of the upper")]
const fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

/// A name with a short code.
pub(crate) struct ShortCode<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) code: u64,
}

/// Splits `NAME (CODE)` if the code is so short that all from the blank on fits into a word.
#[inline(always)]
pub(crate) fn short_code(value: &[u8], base: Base) -> Option<ShortCode<'_>> {
    // Nearly all decimal codes have one digit.
    if base == Base::Decimal
        && let [name @ .., b' ', b'(', digit @ b'0'..=b'9', b')'] = value
        && name.last().is_some_and(|last| *last > b' ')
    {
        return Some(ShortCode { name, code: u64::from(digit - b'0') });
    }
    let (front, [word @ .., b')']) = value.split_last_chunk::<9>()? else { return None };
    let word = u64::from_le_bytes(*word);
    let open = swar::last(word, b'(')?;
    let before = open.checked_sub(1)?;
    let name = value.get(..front.len().wrapping_add(before as usize))?;
    if swar::byte(word, before) != b' ' || name.last().is_none_or(|last| *last <= b' ') {
        return None;
    }
    let (digits, count) = (swar::behind(word, open), 7_usize.wrapping_sub(open as usize));
    let (digits, count) = match base {
        Base::Hex if digits & 0xffff == u64::from(u16::from_le_bytes(*b"0x")) => {
            (digits >> 16, count.checked_sub(2)?)
        }
        Base::Hex | Base::Decimal => (digits, count),
    };
    let code = match base {
        Base::Hex => swar::hex_front(digits, count)?,
        Base::Decimal => swar::decimal_front(digits, count)?,
    };
    Some(ShortCode { name, code })
}
