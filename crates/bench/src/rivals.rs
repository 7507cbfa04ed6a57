//! What the framer is measured by: what one writes in an afternoon with the best crates there are.

use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;
use simd_json::Buffers;

/// A subscription envelope, as far as records need it. An escaped name would not fit, which no service prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    /// `DATA_MESSAGE`, or another.
    pub message_type: &'a str,
    /// Account.
    pub owner: &'a str,
    /// Log group.
    pub log_group: &'a str,
    /// Log stream.
    pub log_stream: &'a str,
    /// Log events.
    #[serde(borrow)]
    pub log_events: Vec<Event<'a>>,
}

/// A log event; `simd_json` unescapes its message in place.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    /// Event id.
    pub id: &'a str,
    /// Time in ms.
    pub timestamp: i64,
    /// The record's text.
    pub message: &'a str,
}

/// Reads envelopes with reused buffers.
#[derive(Default)]
pub struct Reader {
    copy: Vec<u8>,
    buffers: Buffers,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Reads an envelope; `None` if it is none. It is copied first, as a Kafka payload has to be: `simd_json` writes
    /// into its input.
    pub fn read(&mut self, envelope: &[u8]) -> Option<Envelope<'_>> {
        self.copy.clear();
        self.copy.extend_from_slice(envelope);
        simd_json::serde::from_slice_with_buffers(&mut self.copy, &mut self.buffers).ok()
    }
}

/// The inflater alone, as fast as it goes: one call for a member, the state and the output reused, header and
/// checksum not looked at.
#[derive(Debug)]
pub struct Inflater {
    inflate: Decompress,
    out: Vec<u8>,
}

/// Bytes of a member before and behind what is deflated, if it names no file.
const HEADER: usize = 10;
const TRAILER: usize = 8;

impl Inflater {
    /// An inflater of members that inflate to so many bytes at most.
    #[must_use]
    pub fn new(inflated_max: usize) -> Self {
        Self { inflate: Decompress::new(false), out: vec![0; inflated_max] }
    }

    /// Inflates one member without a file name; `None` if it is none, or too large.
    pub fn inflate(&mut self, member: &[u8]) -> Option<&[u8]> {
        self.inflate.reset(false);
        let deflated = member.get(HEADER..member.len().checked_sub(TRAILER)?)?;
        let status = self.inflate.decompress(deflated, &mut self.out, FlushDecompress::Finish).ok()?;
        if status != Status::StreamEnd {
            return None;
        }
        self.out.get(..usize::try_from(self.inflate.total_out()).ok()?)
    }
}
