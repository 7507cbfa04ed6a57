//! What the framer is measured by: what one writes in an afternoon with the best crates there are.

use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;
use simd_json::Buffers;

/// A subscription envelope, as far as records need it. An escaped name would not fit, which no service prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    pub(crate) message_type: &'a str,
    pub(crate) owner: &'a str,
    pub(crate) log_group: &'a str,
    pub(crate) log_stream: &'a str,
    #[serde(borrow)]
    pub(crate) log_events: Vec<Event<'a>>,
}

/// A log event; `simd_json` unescapes its message in place.
#[derive(Deserialize)]
pub(crate) struct Event<'a> {
    pub(crate) id: &'a str,
    pub(crate) timestamp: i64,
    pub(crate) message: &'a str,
}

/// Reads envelopes with reused buffers.
#[derive(Default)]
pub(crate) struct Reader {
    copy: Vec<u8>,
    buffers: Buffers,
}

impl Reader {
    /// Reads an envelope. It is copied first, as a Kafka payload has to be: `simd_json` writes into its input.
    pub(crate) fn read(&mut self, envelope: &[u8]) -> Envelope<'_> {
        self.copy.clear();
        self.copy.extend_from_slice(envelope);
        simd_json::serde::from_slice_with_buffers(&mut self.copy, &mut self.buffers).expect("an envelope")
    }
}

/// The inflater alone, as fast as it goes: one call for a member, the state and the output reused, header and
/// checksum not looked at.
pub(crate) struct Inflater {
    inflate: Decompress,
    out: Vec<u8>,
}

/// Bytes of a member before and behind what is deflated, if it names no file.
const HEADER: usize = 10;
const TRAILER: usize = 8;

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(false), out: vec![0; 1 << 20] }
    }

    /// Inflates one member.
    pub(crate) fn inflate(&mut self, member: &[u8]) -> &[u8] {
        self.inflate.reset(false);
        let deflated = &member[HEADER..member.len() - TRAILER];
        let status = self.inflate.decompress(deflated, &mut self.out, FlushDecompress::Finish);
        assert!(matches!(status, Ok(Status::StreamEnd)), "a member that fits");
        &self.out[..usize::try_from(self.inflate.total_out()).expect("it fits")]
    }
}
