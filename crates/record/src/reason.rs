//! Why bytes did not become a record: the closed list of reject reasons.
//!
//! A malformed frame is data, not an error: it is counted and published. So the reason is a small `Copy`
//! value; text about it is rendered at the edge, with the bytes at hand.

/// The reasons of a reject, of records and of their transport. A new one is a new schema version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The frame, or the message, has more bytes than the limit.
    TooLarge,
    /// The frame has more lines than the limit.
    TooManyLines,
    /// The frame's first line is no `Time` line.
    NotARecord,
    /// The microseconds are missing, not decimal, or beyond the year 9999.
    BadTime,
    /// There is no `Sequence No`.
    MissingSequence,
    /// `Sequence No` is not `0x` hex of at most 16 digits.
    BadSequence,
    /// Neither `Opcode` nor `Command Type(hex)` has a name.
    MissingOpcode,
    /// The message is not of the configured format.
    WrongFormat,
    /// No format was recognised.
    UnknownFormat,
    /// A JSON document breaks in the middle.
    BrokenJson,
    /// A gzip stream breaks; what was inflated before counts.
    BrokenGzip,
    /// Base64 breaks.
    BrokenBase64,
    /// The message inflates to more bytes, or by a larger ratio, than the limit.
    InflatedTooLarge,
    /// The message holds more events than the limit.
    TooManyEvents,
    /// JSON is nested deeper than the limit.
    NestedTooDeep,
}

impl Reason {
    /// All reasons: those of a record in the order they are checked, then those of the transport.
    pub const ALL: [Self; 15] = [
        Self::TooLarge,
        Self::TooManyLines,
        Self::NotARecord,
        Self::BadTime,
        Self::MissingSequence,
        Self::BadSequence,
        Self::MissingOpcode,
        Self::WrongFormat,
        Self::UnknownFormat,
        Self::BrokenJson,
        Self::BrokenGzip,
        Self::BrokenBase64,
        Self::InflatedTooLarge,
        Self::TooManyEvents,
        Self::NestedTooDeep,
    ];

    /// Names the reason as rejects and metrics print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooManyLines => "too_many_lines",
            Self::NotARecord => "not_a_record",
            Self::BadTime => "bad_time",
            Self::MissingSequence => "missing_sequence",
            Self::BadSequence => "bad_sequence",
            Self::MissingOpcode => "missing_opcode",
            Self::WrongFormat => "wrong_format",
            Self::UnknownFormat => "unknown_format",
            Self::BrokenJson => "broken_json",
            Self::BrokenGzip => "broken_gzip",
            Self::BrokenBase64 => "broken_base64",
            Self::InflatedTooLarge => "inflated_too_large",
            Self::TooManyEvents => "too_many_events",
            Self::NestedTooDeep => "nested_too_deep",
        }
    }
}

/// Why a frame is no record, and where in the frame that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The first reason that applies, in the order of [`Reason::ALL`].
    pub reason: Reason,
    /// Byte offset in the frame.
    pub offset: u32,
}

const _: () = assert!(size_of::<Malformed>() <= 16);

impl Malformed {
    /// States `reason` at `offset`; an offset beyond `u32` is shown as the largest one.
    #[must_use]
    pub fn new(reason: Reason, offset: usize) -> Self {
        Self { reason, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }
}
