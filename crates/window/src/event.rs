//! What goes into an operator: an event of a group key, and the record it comes from.

use crate::time::{EventTime, StreamId};

/// Identity and place of the record behind an event; 40 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Contribution {
    /// Event time.
    pub time: EventTime,
    /// HSM stream, interned by the task.
    pub stream: StreamId,
    /// Reboot counter.
    pub reboot: u32,
    /// Sequence number.
    pub sequence: u64,
    /// Kafka offset or position in a file.
    pub offset: i64,
    /// Index of the record in its message.
    pub index: u32,
    /// Partition or file.
    pub source: u32,
}

const _: () = assert!(size_of::<Contribution>() == 40, "the size that capacity planning documents");

/// One matched record for one operator. Borrowed for the call; the operator copies what it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Encoded group key; how missing values are encoded is the caller's business.
    pub key: &'a [u8],
    /// The record.
    pub contribution: Contribution,
    /// Encoded value or tuple of a `distinct` threshold; `None` = missing, which is no event.
    pub value: Option<&'a [u8]>,
    /// Number of a `sum` threshold; `None` = missing or no JSON number, which is no event.
    pub number: Option<u64>,
    /// One input per measure of a rollup, in the order of its measures.
    pub measures: &'a [MeasureInput<'a>],
}

/// The value of a measure's field in one record. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureInput<'a> {
    /// The record has no such field (or, for numbers, no usable one).
    Missing,
    /// Encoded value for `distinct`; ignored by `sum`, `min`, `max`.
    Bytes(&'a [u8]),
    /// Number for `sum`, `min`, `max`; for `distinct` it stands for its eight big-endian bytes.
    Number(u64),
}
