//! What framing gives out: frames, rejects, and how many of each.

use hsmstream_record::{Body, Document, Kind, Limits, Malformed, Origin, Reason, Record, parse_into};

/// A reject keeps at most this many raw bytes; its `length` is the true one.
pub const RAW_BYTES_MAX: usize = 64 << 10;

/// The bytes of one audit entry or document, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The entry's own text, unescaped, without transport prefix and trailing line ends and blanks. If
    /// `kind` is not [`Kind::Audit`], valid JSON.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub origin: Origin<'a>,
    /// What it is by its form; whether an audit frame is a record, the parser decides.
    pub kind: Kind,
    /// Where it starts in the message, or in what it was inflated or decoded to; of a JSON string, the
    /// first byte behind its quote.
    pub message_offset: u64,
    /// A JSON escape in it stands for no character and became U+FFFD.
    pub bad_escape: bool,
}

/// Bytes that are no frame, or a frame that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject<'a> {
    /// Why.
    pub reason: Reason,
    /// Where in the frame that shows, in bytes; 0 for the reasons of the transport.
    pub offset: u32,
    /// Where `raw` starts in the message, or in what it was inflated or decoded to.
    pub message_offset: u64,
    /// The bytes in question, at most [`RAW_BYTES_MAX`] of them.
    pub raw: &'a [u8],
    /// How many bytes they are in truth.
    pub length: u64,
    /// Where they came from, as far as it is known.
    pub origin: Origin<'a>,
}

/// One piece of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// A reject.
    Reject(Reject<'a>),
}

impl Item<'_> {
    /// Parses a frame, and gives `sink` the record, or the reject of what is none; a reject goes on as it is.
    /// Returns whether it is a record. What [`Framer::records`](crate::Framer::records) does with the items of
    /// [`Framer::split`](crate::Framer::split), for who has them parsed elsewhere.
    pub fn parse(self, limits: &Limits, sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>)) -> bool {
        let frame = match self {
            Self::Frame(frame) => frame,
            Self::Reject(reject) => {
                sink(&Err(reject));
                return false;
            }
        };
        let Frame { bytes, origin, kind, message_offset, bad_escape } = frame;
        if kind != Kind::Audit {
            sink(&Ok(Record { origin, body: Body::Document(Document::new(kind, bytes)) }));
            return true;
        }
        let mut record = Ok(Record::of(origin));
        if let Some(audit) = record.as_mut().ok().and_then(Record::audit_mut) {
            match parse_into(bytes, limits, audit) {
                Ok(()) if bad_escape => *audit = audit.with_bad_escape(true),
                Ok(()) => {}
                Err(Malformed { reason, offset }) => {
                    let (raw, length) = (capped(bytes), wide(bytes.len()));
                    record = Err(Reject { reason, offset, message_offset, raw, length, origin });
                }
            }
        }
        sink(&record);
        record.is_ok()
    }
}

/// What was found in a message, or in a file so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames; of [`records`](crate::Framer::records), those that are records.
    pub frames: u64,
    /// Rejects.
    pub rejects: u64,
    /// Control messages, which carry no record.
    pub control: u64,
    /// Empty messages and log events.
    pub empty: u64,
}

impl Counts {
    /// The same, when so many of the frames turned out to be no records.
    pub(crate) const fn without_malformed(mut self, malformed: u64) -> Self {
        self.frames -= malformed;
        self.rejects += malformed;
        self
    }
}

/// The first bytes of `bytes` that a reject keeps.
pub(crate) fn capped(bytes: &[u8]) -> &[u8] {
    bytes.get(..RAW_BYTES_MAX).unwrap_or(bytes)
}

/// A size as a position in a file.
pub(crate) fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
