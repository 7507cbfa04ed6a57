//! The snapshot codec: LEB128 integers, length-prefixed bytes, events as differences with their lengths.
//!
//! Values begin with [`VERSION`]. Decoding trusts nothing: any bytes give a value or a [`RestoreError`],
//! never a panic, and never an allocation larger than the input justifies.

use crate::error::{RestoreError, RestoreErrorKind};
use crate::event::Contribution;
use crate::time::{EventTime, StreamId};

/// First byte of every snapshot value.
pub(crate) const VERSION: u8 = 1;

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, len_u64(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Writes an event: four bytes that give the lengths of eight numbers, four bits each, then their bytes.
///
/// The numbers are the fields of the contribution as differences to `base`, and the lag. Lengths first make
/// reading, writing and skipping free of a branch per byte: this is what the operator spends its time on.
pub(crate) fn put_event(out: &mut Vec<u8>, base: &Contribution, value: &Contribution, lag_secs: u32) {
    let mut bytes = [0; EVENT_BYTES_MAX + 8];
    let mut end = 4;
    let mut lens = 0u32;
    let mut put = |field: u32, number: u64| {
        let len = (64 - number.leading_zeros()).div_ceil(8);
        lens |= len << (4 * field);
        if let Some(place) = bytes.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
            *place = number.to_le_bytes();
        }
        end += as_usize(len);
    };
    put(0, fold(base.time.0, value.time.0));
    put(1, fold(base.stream.0.into(), value.stream.0.into()));
    put(2, fold(base.reboot.into(), value.reboot.into()));
    put(3, fold(base.sequence, value.sequence));
    put(4, fold(base.offset.cast_unsigned(), value.offset.cast_unsigned()));
    put(5, fold(base.index.into(), value.index.into()));
    put(6, fold(base.source.into(), value.source.into()));
    put(7, lag_secs.into());
    if let Some(place) = bytes.first_chunk_mut() {
        *place = lens.to_le_bytes();
    }
    out.extend_from_slice(bytes.get(..end).unwrap_or_default());
}

const EVENT_BYTES_MAX: usize = 4 + 8 * 8;

/// `value − base` (wrapping), folded so that it is small if the two are near in either direction.
fn fold(base: u64, value: u64) -> u64 {
    let difference = value.wrapping_sub(base);
    difference << 1 ^ (difference >> 63).wrapping_neg()
}

fn unfold(base: u64, folded: u64) -> u64 {
    base.wrapping_add(folded >> 1 ^ (folded & 1).wrapping_neg())
}

pub(crate) fn len_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A cursor over snapshot bytes.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// A reader of what follows a version byte this program can read.
    pub(crate) fn versioned(bytes: &'a [u8]) -> Result<Self, RestoreError> {
        let mut reader = Self::new(bytes);
        match reader.byte()? {
            VERSION => Ok(reader),
            version => Err(RestoreError::new(RestoreErrorKind::Version(version), 0)),
        }
    }

    pub(crate) fn malformed(&self) -> RestoreError {
        RestoreError::new(RestoreErrorKind::Malformed, self.position)
    }

    fn truncated(&self) -> RestoreError {
        RestoreError::new(RestoreErrorKind::Truncated, self.position)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn end(&self) -> Result<(), RestoreError> {
        if self.position == self.bytes.len() { Ok(()) } else { Err(self.malformed()) }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RestoreError> {
        let byte = *self.bytes.get(self.position).ok_or_else(|| self.truncated())?;
        self.position += 1;
        Ok(byte)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, RestoreError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(self.malformed());
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed())
    }

    pub(crate) fn u32(&mut self) -> Result<u32, RestoreError> {
        let value = self.u64()?;
        u32::try_from(value).map_err(|_| self.malformed())
    }

    /// A count of things that take at least one byte each, so it may size an allocation.
    pub(crate) fn count(&mut self) -> Result<usize, RestoreError> {
        let value = self.u64()?;
        match usize::try_from(value) {
            Ok(count) if count <= self.rest().len() => Ok(count),
            _ => Err(self.truncated()),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RestoreError> {
        let len = self.count()?;
        let end = self.position + len;
        let bytes = self.bytes.get(self.position..end).ok_or_else(|| self.truncated())?;
        self.position = end;
        Ok(bytes)
    }

    /// An event written by [`put_event`]: the contribution, and its lag in seconds.
    pub(crate) fn event(&mut self, base: &Contribution) -> Result<(Contribution, u32), RestoreError> {
        let (numbers, len) = self.numbers()?;
        let [time, stream, reboot, sequence, offset, index, source, lag] = numbers;
        let narrow = |value: u64| u32::try_from(value).map_err(|_| self.malformed());
        let contribution = Contribution {
            time: EventTime(unfold(base.time.0, time)),
            stream: StreamId(narrow(unfold(base.stream.0.into(), stream))?),
            reboot: narrow(unfold(base.reboot.into(), reboot))?,
            sequence: unfold(base.sequence, sequence),
            offset: unfold(base.offset.cast_unsigned(), offset).cast_signed(),
            index: narrow(unfold(base.index.into(), index))?,
            source: narrow(unfold(base.source.into(), source))?,
        };
        let lag_secs = narrow(lag)?;
        self.position += len;
        Ok((contribution, lag_secs))
    }

    /// Time and lag of an event, the rest skipped.
    pub(crate) fn event_time(&mut self, base: EventTime) -> Result<(EventTime, u64), RestoreError> {
        let rest = self.rest();
        let lens = u32::from_le_bytes(*rest.first_chunk().ok_or_else(|| self.truncated())?);
        let pairs = (lens & 0x0f0f_0f0f) + (lens >> 4 & 0x0f0f_0f0f);
        let end = 4 + as_usize(pairs.wrapping_mul(0x0101_0101) >> 24);
        let (time_len, lag_len) = (lens & 15, lens >> 28);
        if rest.len() < end || time_len > 8 || lag_len > 8 {
            return Err(self.truncated());
        }
        let time = unfold(base.0, number_at(rest, 4, time_len));
        let lag = number_at(rest, end - as_usize(lag_len), lag_len);
        self.position += end;
        Ok((EventTime(time), lag))
    }

    /// The numbers of an event, and its length.
    fn numbers(&self) -> Result<([u64; 8], usize), RestoreError> {
        let rest = self.rest();
        let mut lens = u32::from_le_bytes(*rest.first_chunk().ok_or_else(|| self.truncated())?);
        let mut numbers = [0; 8];
        let mut at = 4;
        for number in &mut numbers {
            let len = lens & 15;
            lens >>= 4;
            if len > 8 {
                return Err(self.malformed());
            }
            *number = number_at(rest, at, len);
            at += as_usize(len);
        }
        if rest.len() < at { Err(self.truncated()) } else { Ok((numbers, at)) }
    }
}

/// The `len` bytes at `at`, little end first, as a number; bytes that are not there are zeros.
fn number_at(bytes: &[u8], at: usize, len: u32) -> u64 {
    if len == 0 {
        return 0;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let word = match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    word & u64::MAX >> (64 - 8 * len)
}

fn as_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
