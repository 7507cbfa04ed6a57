//! The encoded form of a history, in memory and in the changelog.
//!
//! ```text
//! flags · count · events, the newest first · [dropped] · [alert]
//! event = contribution as difference to the event before it here, and lag in s · value (number or bytes)
//! ```
//!
//! The newest is first so that an event in order can be put in front of the others without decoding
//! them: [`append`], the path of nearly all events of nearly all keys. About 20 bytes for one event, 12 for
//! each further one of the same stream.
//!
//! Canonical: what was read from it writes the same bytes.

use crate::codec::{Reader, len_u64, put_bytes, put_event, put_u64};
use crate::error::RestoreError;
use crate::event::Contribution;
use crate::history::{History, Input, Item, Shape, front_from, retained_until};
use crate::silence::Fired;
use crate::time::{EventTime, Span, ThresholdWhat, WindowKind};

const HAS_FIRED: u8 = 1;
const HAS_DROPPED: u8 = 2;

impl History {
    pub(crate) fn encode(&self, shape: Shape, out: &mut Vec<u8>) {
        let has_dropped = if self.dropped.is_some() { HAS_DROPPED } else { 0 };
        out.push(u8::from(self.fired.is_some()) | has_dropped);
        put_u64(out, len_u64(self.items.len()));
        let mut newer = Contribution::default();
        for item in self.items.iter().rev() {
            put_event(out, &newer, &item.contribution, item.lag_secs);
            match shape.what {
                ThresholdWhat::Count(_) => {}
                ThresholdWhat::Sum { .. } => put_u64(out, item.value),
                ThresholdWhat::Distinct { .. } => put_bytes(out, self.values.bytes(item.value)),
            }
            newer = item.contribution;
        }
        if let Some(dropped) = self.dropped {
            put_u64(out, dropped.0);
        }
        if let Some(fired) = &self.fired {
            fired.encode(out);
        }
    }

    /// Replaces the history by what `reader` holds.
    pub(crate) fn decode(&mut self, shape: Shape, reader: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.clear();
        let flags = reader.byte()?;
        if flags & !(HAS_FIRED | HAS_DROPPED) != 0 {
            return Err(reader.malformed());
        }
        let count = reader.count()?;
        let mut newer = Contribution::default();
        for index in 0..count {
            let (contribution, lag_secs) = reader.event(&newer)?;
            if index > 0 && newer.time < contribution.time {
                return Err(reader.malformed());
            }
            let value = match shape.what {
                ThresholdWhat::Count(_) => 0,
                ThresholdWhat::Sum { .. } => reader.u64()?,
                ThresholdWhat::Distinct { .. } => self.values.admit(reader.bytes()?),
            };
            self.items.push_front(Item { contribution, value, lag_secs });
            newer = contribution;
        }
        if flags & HAS_DROPPED != 0 {
            self.dropped = Some(EventTime(reader.u64()?));
        }
        if flags & HAS_FIRED != 0 {
            self.fired = Some(Fired::decode(reader)?);
        }
        self.recount(shape);
        Ok(())
    }
}

/// Whether an encoded history remembers an alert.
pub(crate) fn has_fired(encoded: &[u8]) -> bool {
    encoded.first().is_some_and(|flags| flags & HAS_FIRED != 0)
}

/// Writes to `out` the history `encoded` with an event more, if it is in order and on time, and cannot
/// make the threshold hold, and the history has no alert and at most `count_max` events then. Says whether
/// it did. Does what the long way does: first, events that no longer count leave from the far end.
///
/// Of sessions they stay: the long way takes them out, before they could count again.
pub(crate) fn append(
    shape: Shape,
    encoded: &[u8],
    event: &Contribution,
    input: Input<'_>,
    watermark: EventTime,
    out: &mut Vec<u8>,
) -> bool {
    try_append(shape, encoded, event, input, watermark, out).is_some()
}

const COUNT_MAX: u8 = 15;

fn try_append(
    shape: Shape,
    encoded: &[u8],
    event: &Contribution,
    input: Input<'_>,
    watermark: EventTime,
    out: &mut Vec<u8>,
) -> Option<()> {
    let reaches = match shape.what {
        ThresholdWhat::Count(reaches) | ThresholdWhat::Distinct { reaches } => reaches,
        ThresholdWhat::Sum { .. } => return None,
    };
    let (count, events) = match encoded {
        [] => (0, &[][..]),
        [0, count, events @ ..] if *count <= COUNT_MAX => (*count, events),
        _ => return None,
    };
    if event.time < watermark.minus(shape.lateness) {
        return None;
    }
    let kept = walk(shape, events, count, event.time, watermark)?;
    if reaches <= kept.in_front + 1 {
        return None;
    }
    out.clear();
    out.extend_from_slice(&[0, kept.count + 1]);
    put_event(out, &Contribution::default(), event, 0);
    if let Input::Bytes(bytes) = input {
        put_bytes(out, bytes);
    }
    if kept.count > 0 {
        let mut reader = Reader::new(events);
        let (newest, lag_secs) = reader.event(&Contribution::default()).ok()?;
        put_event(out, event, &newest, lag_secs);
        let first_len = events.len() - reader.rest().len();
        out.extend_from_slice(events.get(first_len..kept.len)?);
    }
    Some(())
}

/// What of an encoded history still counts.
struct Kept {
    count: u8,
    /// Bytes of those events.
    len: usize,
    /// Events that share the earliest window with a new one.
    in_front: u64,
}

/// Looks at the times of `count` events, the newest first; `None` if one is later than `time`.
fn walk(shape: Shape, events: &[u8], count: u8, time: EventTime, watermark: EventTime) -> Option<Kept> {
    let gap = match shape.window {
        WindowKind::Session { gap } => Some(gap),
        _ => None,
    };
    let from = front_from(shape, time.0);
    let mut reader = Reader::new(events);
    let (mut newer, mut base) = (time, EventTime::ZERO);
    let mut kept = Kept { count: 0, len: 0, in_front: 0 };
    let mut is_front = true;
    for number in 1..=count {
        let (older, lag) = reader.event_time(base).ok()?;
        if older > newer {
            return None;
        }
        if matches!(shape.what, ThresholdWhat::Distinct { .. }) {
            reader.bytes().ok()?;
        }
        is_front &= gap.map_or(from <= older.0, |gap| newer <= older.plus(gap));
        kept.in_front += u64::from(is_front);
        let kept_from = older.plus(Span::from_secs(lag));
        if gap.is_some() || watermark <= retained_until(kept_from, shape) {
            kept.count = number;
            kept.len = events.len() - reader.rest().len();
        }
        (newer, base) = (older, older);
    }
    Some(kept)
}
