//! The events behind an alert, and the group they belong to.

use hsmstream_record::Origin;

use crate::Timestamp;

/// Where a record was read. For files the topic is the path, the partition 0 and the offset the message's
/// number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position<'a> {
    /// Kafka topic, or path of a file.
    pub topic: &'a str,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset of the message.
    pub offset: i64,
    /// Number of the frame or reject in the message, from 0.
    pub index: u32,
}

/// One contributing event, as far as it is still known.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Where it was read.
    pub position: Position<'a>,
    /// Where it was logged.
    pub origin: Origin<'a>,
    /// Reboot counter of the HSM, for audit records that print it.
    pub reboot: Option<u32>,
    /// Sequence number within the reboot, for audit records.
    pub sequence: Option<u64>,
    /// Event time.
    pub time: Option<Timestamp>,
    /// Opcode, for audit records.
    pub opcode: Option<&'a [u8]>,
    /// The user named by the record.
    pub user: Option<&'a [u8]>,
    /// Its text.
    pub raw: Raw<'a>,
}

/// The text of a contributing event. Complete by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Its first bytes.
    Cut {
        /// The first bytes.
        bytes: &'a [u8],
        /// Length of the whole text in bytes.
        length: u64,
    },
    /// Only the reference was kept; the position tells where to read it.
    NotHeld,
}

/// One part of a group key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupField<'a> {
    /// Field path as written in the rule: `user.name`, `extra.some label`.
    pub name: &'a str,
    /// The group's value of that field.
    pub value: GroupValue<'a>,
}

/// The value of a group field. Complete by nature: the record view has no other scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupValue<'a> {
    /// The records of this group lack the field. Shown as null.
    Missing,
    /// A number of the record view.
    Number(u64),
    /// Text; hostile bytes.
    Text(&'a [u8]),
    /// A JSON scalar other than a string, as its document spelled it: `4.50`, `true`. Shown as that scalar,
    /// or as text where it is none or where a common JSON reader would refuse it (`1e999`).
    Lexeme(&'a [u8]),
}
