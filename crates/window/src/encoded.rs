//! The encoded form of a history, in memory and in the changelog.
//!
//! ```text
//! flags · [alert] · [dropped] · count · events, the newest first
//! event = contribution as difference to the event before it here · lag in s · value (number or bytes)
//! ```
//!
//! The newest is first so that an event in order can be put in front of the others without decoding
//! them: [`append`], the path of nearly all events of nearly all keys. About 20 bytes for one event, 10 for
//! each further one of the same stream.
//!
//! Canonical: what was read from it writes the same bytes.

use crate::codec::{Reader, len_u64, put_bytes, put_contribution, put_u64};
use crate::error::RestoreError;
use crate::event::Contribution;
use crate::history::{History, Input, Item, Shape};
use crate::silence::Fired;
use crate::time::{EventTime, ThresholdWhat};

const HAS_FIRED: u8 = 1;
const HAS_DROPPED: u8 = 2;
/// Above this, events are decoded, so that those that no longer count leave.
const APPEND_MAX: u8 = 8;

impl History {
    pub(crate) fn encode(&self, shape: Shape, out: &mut Vec<u8>) {
        let has_dropped = if self.dropped.is_some() { HAS_DROPPED } else { 0 };
        out.push(u8::from(self.fired.is_some()) | has_dropped);
        if let Some(fired) = &self.fired {
            fired.encode(out);
        }
        if let Some(dropped) = self.dropped {
            put_u64(out, dropped.0);
        }
        put_u64(out, len_u64(self.items.len()));
        let mut newer = Contribution::default();
        for item in self.items.iter().rev() {
            put_contribution(out, &newer, &item.contribution);
            put_u64(out, item.lag_secs.into());
            match shape.what {
                ThresholdWhat::Count(_) => {}
                ThresholdWhat::Sum { .. } => put_u64(out, item.value),
                ThresholdWhat::Distinct { .. } => put_bytes(out, self.values.bytes(item.value)),
            }
            newer = item.contribution;
        }
    }

    /// Replaces the history by what `reader` holds.
    pub(crate) fn decode(&mut self, shape: Shape, reader: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.clear();
        let flags = reader.byte()?;
        if flags & !(HAS_FIRED | HAS_DROPPED) != 0 {
            return Err(reader.malformed());
        }
        if flags & HAS_FIRED != 0 {
            self.fired = Some(Fired::decode(reader)?);
        }
        if flags & HAS_DROPPED != 0 {
            self.dropped = Some(EventTime(reader.u64()?));
        }
        let count = reader.count()?;
        let mut newer = Contribution::default();
        for index in 0..count {
            let contribution = reader.contribution(&newer)?;
            if index > 0 && newer.time < contribution.time {
                return Err(reader.malformed());
            }
            let lag_secs = reader.u32()?;
            let value = match shape.what {
                ThresholdWhat::Count(_) => 0,
                ThresholdWhat::Sum { .. } => reader.u64()?,
                ThresholdWhat::Distinct { .. } => self.values.admit(reader.bytes()?),
            };
            self.items.push_front(Item { contribution, value, lag_secs });
            newer = contribution;
        }
        self.recount(shape);
        Ok(())
    }
}

/// Writes to `out` the history `encoded` with an event more, if it is in order and on time, and cannot
/// make the threshold hold. Says whether it did.
///
/// Events that no longer count may stay: they leave at the next call that cannot go this way, which is
/// before they could count again, because nothing is put before them here.
pub(crate) fn append(
    shape: Shape,
    encoded: &[u8],
    event: &Contribution,
    input: Input<'_>,
    oldest_on_time: EventTime,
    out: &mut Vec<u8>,
) -> bool {
    try_append(shape, encoded, event, input, oldest_on_time, out).is_some()
}

fn try_append(
    shape: Shape,
    encoded: &[u8],
    event: &Contribution,
    input: Input<'_>,
    oldest_on_time: EventTime,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut reader = Reader::new(encoded);
    let count = match encoded {
        [] => 0,
        [0, count, ..] => {
            reader.byte().ok()?;
            reader.byte().ok()?;
            *count
        }
        _ => return None,
    };
    let is_out_of_reach = match shape.what {
        ThresholdWhat::Count(reaches) | ThresholdWhat::Distinct { reaches } => u64::from(count) + 1 < reaches,
        ThresholdWhat::Sum { .. } => false,
    };
    if !is_out_of_reach || APPEND_MAX <= count || event.time < oldest_on_time {
        return None;
    }
    out.clear();
    out.extend_from_slice(&[0, count + 1]);
    put_contribution(out, &Contribution::default(), event);
    out.push(0);
    if let Input::Bytes(bytes) = input {
        put_bytes(out, bytes);
    }
    if count > 0 {
        let newest = reader.contribution(&Contribution::default()).ok()?;
        if event.time < newest.time {
            return None;
        }
        put_contribution(out, event, &newest);
        out.extend_from_slice(reader.rest());
    }
    Some(())
}
