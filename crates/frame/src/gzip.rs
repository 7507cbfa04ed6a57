//! Gunzip in pieces of any size: members one after the other, capped, and checked.
//!
//! Driven by steps, each giving at most [`BLOCK_BYTES`], so that a caller holds no more than he wants to.
//! Limits are looked at where a block of the output is full: the outcome depends on the bytes alone, not on
//! how they were cut. Checked: header, CRC-32 and length of each member; *not* checked: the CRC of a header.
//!
//! Source: RFC 1952 (header, trailer), by the section numbers below.

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};
use hsmstream_record::Limits;

/// Output bytes between two looks at the limits.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;
const BLOCK: u64 = BLOCK_BYTES as u64;
/// Room for output that is made at once, if there is none and the input is short.
const ROOM_MIN: usize = 4 << 10;
/// And for each byte of the input: more than text is compressed by.
const ROOM_PER_BYTE: usize = 16;

/// Whether the bytes begin like a gzip member.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// RFC 1952, 2.3.1: ID1 and ID2.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something came out, or was read; there may be more.
    Some,
    /// A member is complete, its checksum right.
    Member,
    /// The input is used up.
    Starved,
}

/// Why there will be no more output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No gzip, from here on.
    Broken,
    /// The bytes of this member are not the ones that were compressed; which of them, nobody knows.
    Checksum,
    /// More comes out than a limit allows.
    TooLarge,
}

/// What came out. Keeps its room from one text to the next, so that nothing is cleared twice.
#[derive(Debug, Default)]
pub(crate) struct Inflated {
    /// The text, and behind it what texts before left.
    bytes: Vec<u8>,
    length: usize,
}

impl Inflated {
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Forgets all but the first bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Room behind the text: at least so many bytes and at most so many, all that there is if possible.
    fn room(&mut self, least: usize, most: usize) -> &mut [u8] {
        let needed = self.length.saturating_add(least);
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
        let end = self.length.saturating_add(most).min(self.bytes.len());
        self.bytes.get_mut(self.length..end).unwrap_or_default()
    }

    /// So many bytes of the room were filled. Returns them.
    fn filled(&mut self, count: usize) -> &[u8] {
        let before = self.length;
        self.length = before.saturating_add(count).min(self.bytes.len());
        self.bytes.get(before..self.length).unwrap_or_default()
    }
}

/// What may come out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) bytes_max: u64,
    pub(crate) ratio_max: u64,
    pub(crate) free_bytes: u64,
}

impl Allowance {
    pub(crate) fn new(limits: &Limits, bytes_max: u64) -> Self {
        Self {
            bytes_max,
            ratio_max: u64::from(limits.inflation_ratio_max),
            free_bytes: crate::item::wide(limits.inflation_free_bytes),
        }
    }
}

/// The decoder.
#[derive(Debug)]
pub(crate) struct Gunzip {
    inflate: Decompress,
    crc: Hasher,
    part: Part,
    total_in: u64,
    total_out: u64,
    member_out: u64,
    trailer: [u8; 8],
}

/// The part of a member that comes next (RFC 1952, 2.2 and 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Between,
    /// So many of the ten fixed bytes were read; the flags among them.
    Fixed {
        read: u8,
        flags: u8,
    },
    ExtraLengthLow {
        flags: u8,
    },
    ExtraLengthHigh {
        flags: u8,
        low: u8,
    },
    Extra {
        flags: u8,
        left: u16,
    },
    Name {
        flags: u8,
    },
    Comment {
        flags: u8,
    },
    HeaderCrc {
        left: u8,
    },
    Body,
    Trailer {
        read: u8,
    },
}

const HAS_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            crc: Hasher::new(),
            part: Part::Between,
            total_in: 0,
            total_out: 0,
            member_out: 0,
            trailer: [0; 8],
        }
    }

    /// Begins a new stream.
    pub(crate) fn restart(&mut self) {
        self.part = Part::Between;
        (self.total_in, self.total_out) = (0, 0);
    }

    /// Whether the stream may end here.
    pub(crate) fn is_between(&self) -> bool {
        self.part == Part::Between
    }

    /// Whether a block of the output is full: the steps end there, however the input is cut.
    pub(crate) fn is_at_block(&self) -> bool {
        self.total_out.is_multiple_of(BLOCK)
    }

    /// Goes on by at most one block, taking bytes from the front of `input` and appending to `out`.
    pub(crate) fn step(
        &mut self,
        input: &mut &[u8],
        allowance: Allowance,
        out: &mut Inflated,
    ) -> Result<Progress, Fault> {
        match (self.part, *input) {
            (Part::Body, _) => return self.body(input, allowance, out),
            // All at once what nearly all members have: no file name or other.
            (Part::Between, [id1, id2, 8, 0, _, _, _, _, _, _, rest @ ..]) if [*id1, *id2] == MAGIC => {
                *input = rest;
                self.total_in += 10;
                self.begin();
                return Ok(Progress::Some);
            }
            _ => {}
        }
        let Some((&byte, rest)) = input.split_first() else { return Ok(Progress::Starved) };
        *input = rest;
        self.total_in += 1;
        if let Part::Trailer { read } = self.part {
            return self.trailer(read, byte);
        }
        self.part = header(self.part, byte).ok_or(Fault::Broken)?;
        if self.part == Part::Body {
            self.begin();
        }
        Ok(Progress::Some)
    }

    /// Begins a member's body.
    fn begin(&mut self) {
        self.part = Part::Body;
        self.inflate.reset(false);
        self.crc.reset();
        self.member_out = 0;
    }

    fn body(
        &mut self,
        input: &mut &[u8],
        allowance: Allowance,
        out: &mut Inflated,
    ) -> Result<Progress, Fault> {
        let most = usize::try_from(BLOCK - self.total_out % BLOCK).unwrap_or(usize::MAX);
        let expected = input.len().saturating_mul(ROOM_PER_BYTE).max(ROOM_MIN);
        let before = (self.inflate.total_in(), self.inflate.total_out());
        let status =
            self.inflate.decompress(input, out.room(expected.min(most), most), FlushDecompress::None);
        let read = self.inflate.total_in() - before.0;
        let wrote = self.inflate.total_out() - before.1;
        *input = usize::try_from(read).ok().and_then(|read| input.get(read..)).unwrap_or_default();
        self.total_in += read;
        self.total_out += wrote;
        self.member_out += wrote;
        self.crc.update(out.filled(usize::try_from(wrote).unwrap_or(usize::MAX)));
        if self.total_out > allowance.bytes_max {
            let excess = usize::try_from(self.total_out - allowance.bytes_max).unwrap_or(usize::MAX);
            out.truncate(out.text().len().saturating_sub(excess));
            return Err(Fault::TooLarge);
        }
        match status {
            Err(_) => Err(Fault::Broken),
            Ok(Status::StreamEnd) => {
                self.part = Part::Trailer { read: 0 };
                Ok(Progress::Some)
            }
            Ok(_) if self.is_bomb(allowance) => Err(Fault::TooLarge),
            Ok(_) if wrote == 0 && input.is_empty() => Ok(Progress::Starved),
            Ok(_) if wrote == 0 && read == 0 => Err(Fault::Broken),
            Ok(_) => Ok(Progress::Some),
        }
    }

    fn is_bomb(&self, allowance: Allowance) -> bool {
        self.is_at_block()
            && self.total_out > allowance.free_bytes
            && self.total_out > self.total_in.saturating_mul(allowance.ratio_max)
    }

    fn trailer(&mut self, read: u8, byte: u8) -> Result<Progress, Fault> {
        if let Some(place) = self.trailer.get_mut(usize::from(read)) {
            *place = byte;
        }
        if read < 7 {
            self.part = Part::Trailer { read: read + 1 };
            return Ok(Progress::Some);
        }
        self.part = Part::Between;
        let [a, b, c, d, e, f, g, h] = self.trailer;
        let length = u64::from(u32::from_le_bytes([e, f, g, h]));
        if u32::from_le_bytes([a, b, c, d]) == self.crc.clone().finalize()
            && length == self.member_out & 0xffff_ffff
        {
            Ok(Progress::Member)
        } else {
            Err(Fault::Checksum)
        }
    }
}

/// What comes behind `byte` of a header; `None` if it is no header.
fn header(part: Part, byte: u8) -> Option<Part> {
    let [id1, id2] = MAGIC;
    match part {
        Part::Between => (byte == id1).then_some(Part::Fixed { read: 1, flags: 0 }),
        Part::Fixed { read: 1, .. } => (byte == id2).then_some(Part::Fixed { read: 2, flags: 0 }),
        Part::Fixed { read: 2, .. } => (byte == 8).then_some(Part::Fixed { read: 3, flags: 0 }),
        Part::Fixed { read: 3, .. } => (byte & RESERVED == 0).then_some(Part::Fixed { read: 4, flags: byte }),
        Part::Fixed { read: 9, flags } if flags & HAS_EXTRA != 0 => Some(Part::ExtraLengthLow { flags }),
        Part::Fixed { read: 9, flags } => Some(behind_extra(flags)),
        Part::Fixed { read, flags } => Some(Part::Fixed { read: read + 1, flags }),
        Part::ExtraLengthLow { flags } => Some(Part::ExtraLengthHigh { flags, low: byte }),
        Part::ExtraLengthHigh { flags, low } => match u16::from_le_bytes([low, byte]) {
            0 => Some(behind_extra(flags)),
            left => Some(Part::Extra { flags, left }),
        },
        Part::Extra { flags, left: 1 } => Some(behind_extra(flags)),
        Part::Extra { flags, left } => Some(Part::Extra { flags, left: left - 1 }),
        Part::Name { flags } if byte == 0 => Some(behind_name(flags)),
        Part::Comment { flags } if byte == 0 => Some(behind_comment(flags)),
        Part::Name { .. } | Part::Comment { .. } => Some(part),
        Part::HeaderCrc { left: 1 } => Some(Part::Body),
        Part::HeaderCrc { left } => Some(Part::HeaderCrc { left: left - 1 }),
        Part::Body | Part::Trailer { .. } => None,
    }
}

const fn behind_extra(flags: u8) -> Part {
    if flags & HAS_NAME != 0 { Part::Name { flags } } else { behind_name(flags) }
}

const fn behind_name(flags: u8) -> Part {
    if flags & HAS_COMMENT != 0 { Part::Comment { flags } } else { behind_comment(flags) }
}

const fn behind_comment(flags: u8) -> Part {
    if flags & HAS_CRC != 0 { Part::HeaderCrc { left: 2 } } else { Part::Body }
}
