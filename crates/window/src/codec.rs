//! The snapshot codec: LEB128 integers, length-prefixed bytes, contributions as differences.
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

/// Writes `value − base` (wrapping), small if the two are near in either direction.
pub(crate) fn put_difference(out: &mut Vec<u8>, base: u64, value: u64) {
    let difference = value.wrapping_sub(base);
    let negative = difference >> 63 == 1;
    put_u64(out, if negative { !(difference << 1) } else { difference << 1 });
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, len_u64(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Writes time, then a byte that tells which other fields differ from `base`, then those.
pub(crate) fn put_contribution(out: &mut Vec<u8>, base: &Contribution, value: &Contribution) {
    put_difference(out, base.time.0, value.time.0);
    let fields = contribution_fields(base, value);
    let mask =
        fields.iter().enumerate().fold(0, |mask, (bit, (was, is))| mask | (u8::from(was != is) << bit));
    out.push(mask);
    for (was, is) in fields {
        if was != is {
            put_difference(out, was, is);
        }
    }
}

fn contribution_fields(base: &Contribution, value: &Contribution) -> [(u64, u64); 6] {
    [
        (base.stream.0.into(), value.stream.0.into()),
        (base.reboot.into(), value.reboot.into()),
        (base.sequence, value.sequence),
        (base.offset.cast_unsigned(), value.offset.cast_unsigned()),
        (base.index.into(), value.index.into()),
        (base.source.into(), value.source.into()),
    ]
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

    pub(crate) fn difference(&mut self, base: u64) -> Result<u64, RestoreError> {
        let folded = self.u64()?;
        let difference = if folded & 1 == 1 { !(folded >> 1) } else { folded >> 1 };
        Ok(base.wrapping_add(difference))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RestoreError> {
        let len = self.count()?;
        let end = self.position + len;
        let bytes = self.bytes.get(self.position..end).ok_or_else(|| self.truncated())?;
        self.position = end;
        Ok(bytes)
    }

    pub(crate) fn contribution(&mut self, base: &Contribution) -> Result<Contribution, RestoreError> {
        let time = EventTime(self.difference(base.time.0)?);
        let mask = self.byte()?;
        if mask >> 6 != 0 {
            return Err(self.malformed());
        }
        let mut fields = contribution_fields(base, base).map(|(value, _)| value);
        for (bit, field) in fields.iter_mut().enumerate() {
            if mask >> bit & 1 == 1 {
                *field = self.difference(*field)?;
            }
        }
        let [stream, reboot, sequence, offset, index, source] = fields;
        let narrow = |value: u64| u32::try_from(value).map_err(|_| self.malformed());
        Ok(Contribution {
            time,
            stream: StreamId(narrow(stream)?),
            reboot: narrow(reboot)?,
            sequence,
            offset: offset.cast_signed(),
            index: narrow(index)?,
            source: narrow(source)?,
        })
    }
}
