//! The front of a record: its time, its place in the stream, the command and the answer. What nearly all rules ask first.
//!
//! In: a frame. Out: a [`Brief`], or why the frame is no record. The frame is judged as [`parse`](crate::parse) judges
//! it, with the same reason: what a record stands or falls with is in its front. Values behind are not looked at, nor
//! is anything that only makes an anomaly; whoever asks later ([`Brief::parse`], [`Brief::value`]) gets what the whole
//! parser gives.

use crate::audit::{Audit, Response};
use crate::boundary::trim_end;
use crate::fast;
use crate::field::Field;
use crate::limits::Limits;
use crate::lines::{self, Lines};
use crate::odd;
use crate::parser;
use crate::raw::Raw;
use crate::reading::Base;
use crate::reason::Malformed;
use crate::scan::{self, Index, Scanner, Task};
use crate::value::Value;

/// The front of an audit record. Each field is the one of [`Audit`].
///
/// About 130 bytes, `Copy`, borrows everything from the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief<'a> {
    /// The record's text.
    pub raw: Raw<'a>,
    /// Event time in microseconds since the epoch.
    pub usecs: u64,
    /// Sequence number.
    pub sequence: u64,
    /// Reboot counter.
    pub reboot: Option<u32>,
    /// Name of the opcode.
    pub opcode: Option<&'a [u8]>,
    /// Number of the opcode.
    pub opcode_code: Option<u64>,
    /// How the HSM answered.
    pub response: Option<Response<'a>>,
}

/// Parses the front of a frame.
///
/// Allocates nothing. Costs about three quarters of [`parse`](crate::parse) for a frame of a usual layout, and what that
/// costs for any other.
///
/// # Errors
/// As [`parse`](crate::parse).
#[inline]
pub fn parse_brief<'a>(frame: &'a [u8], limits: &Limits) -> Result<Brief<'a>, Malformed> {
    scan::dispatch(Front { frame, limits })
}

struct Front<'a, 'l> {
    frame: &'a [u8],
    limits: &'l Limits,
}

impl<'a> Task for Front<'a, '_> {
    type Output = Result<Brief<'a>, Malformed>;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> Self::Output {
        let Self { frame, limits } = self;
        let text = trim_end(frame);
        let mut index = Index::EMPTY;
        if !fast::fits(text, limits) || index.add_lines(scanner, text).is_none() {
            return odd::parse(frame, limits).map(|audit| audit.brief());
        }
        match front(scanner, text, &mut index) {
            Some(brief) => Ok(brief),
            None => odd::parse_with(frame, limits, Some(&mut index)).map(|audit| audit.brief()),
        }
    }
}

/// The front of a usual layout. All its lines have to be there, up to the response, and no others than known ones. Then
/// the lines behind cannot change it: the first of each label counts.
#[inline(always)]
fn front<'a, S: Scanner>(scanner: S, text: &'a [u8], index: &mut Index) -> Option<Brief<'a>> {
    let mut lines = Lines::<1, S>::new(scanner, text, index)?;
    let usecs = lines::time(scanner, text)?;
    lines.skip(b"Version No : ")?;
    let (_, sequence) = lines.hex::<_, 16>(b"Sequence No : 0x")??;
    let (_, reboot) = lines.hex::<_, 8>(b"Reboot counter : 0x")??;
    lines.skip(b"Command Type(hex) : ")?;
    let (opcode, opcode_code) = lines.named(b"Opcode : ", Base::Hex)?;
    lines.skip(b"Command Type(hex) : ")?;
    lines.skip(b"User id : ")?;
    lines.skip(b"Session Handle : ")?;
    let response = lines.response()??;
    Some(Brief {
        raw: text.into(),
        usecs,
        sequence,
        reboot: Some(u32::try_from(reboot).ok()?),
        opcode: Some(opcode?),
        opcode_code,
        response: Some(response),
    })
}

impl<'a> Audit<'a> {
    /// The record's front.
    #[must_use]
    pub const fn brief(&self) -> Brief<'a> {
        let Self { raw, usecs, sequence, reboot, opcode, opcode_code, response, .. } = *self;
        Brief { raw, usecs, sequence, reboot, opcode, opcode_code, response }
    }
}

impl<'a> Brief<'a> {
    /// Whether a field is in the front of every record: asked for once, when rules are compiled.
    #[must_use]
    pub const fn has(field: &Field) -> bool {
        matches!(
            field,
            Field::Time
                | Field::Usecs
                | Field::Sequence
                | Field::Reboot
                | Field::Opcode
                | Field::OpcodeCode
                | Field::Outcome
                | Field::ResponseCode
                | Field::ResponseText
        )
    }

    /// The whole record: what [`parse`](crate::parse) gives for the frame, which is parsed now. Whether the transport
    /// held a bad escape is not known here: see [`Audit::with_bad_escape`].
    #[must_use]
    pub fn parse(&self) -> Audit<'a> {
        let limits = Limits { frame_bytes_max: usize::MAX, frame_lines_max: u32::MAX, ..Limits::default() };
        parser::parse(self.raw.bytes(), &limits).unwrap_or(self.alone())
    }

    /// The value of a field of an audit record. For one that is not in the front, the record is parsed each time: who
    /// needs several takes [`Self::parse`].
    #[must_use]
    pub fn value(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::Time => Some(Value::Time(self.usecs)),
            Field::Usecs => Some(Value::Number(self.usecs)),
            Field::Sequence => Some(Value::Number(self.sequence)),
            Field::Reboot => self.reboot.map(|reboot| Value::Number(u64::from(reboot))),
            Field::Opcode => self.opcode.map(Value::Text),
            Field::OpcodeCode => self.opcode_code.map(Value::Number),
            Field::Outcome => self.response.map(|response| Value::Text(response.outcome.as_str().as_bytes())),
            Field::ResponseCode => self.response.map(|response| Value::Number(response.code)),
            Field::ResponseText => self.response.map(|response| Value::Text(response.text)),
            _ => self.parse().value(field),
        }
    }

    /// A record of nothing but its front.
    fn alone(&self) -> Audit<'a> {
        let Self { raw, usecs, sequence, reboot, opcode, opcode_code, response } = *self;
        Audit { raw, usecs, sequence, reboot, opcode, opcode_code, response, ..Audit::default() }
    }
}
