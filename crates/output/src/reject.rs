//! Bytes that did not become a record.

use hsmstream_record::{Origin, Reason};

use crate::{Id, Position, Timestamp};

/// Raw bytes of a reject that are published at most.
pub const REJECT_RAW_BYTES_MAX: usize = 64 * 1024;

/// A frame, or a part of a message, that did not parse.
#[derive(Clone, Copy, Debug)]
pub struct Reject<'a> {
    /// See [`reject_id`](crate::reject_id).
    pub id: Id,
    /// Why.
    pub reason: Reason,
    /// Byte in the frame at which that shows.
    pub offset: u32,
    /// Byte of the message, or of what it inflates to, at which the frame starts.
    pub message_offset: u64,
    /// The bytes; the encoder cuts them to [`REJECT_RAW_BYTES_MAX`].
    pub raw: &'a [u8],
    /// How many bytes there were.
    pub length: u64,
    /// Where the frame was logged, as far as the transport told.
    pub origin: Origin<'a>,
    /// Where the message was read; `index` counts frames and rejects of the message.
    pub position: Position<'a>,
    /// Kafka timestamp of the message.
    pub first_seen: Option<Timestamp>,
}
