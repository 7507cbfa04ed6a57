//! The rows that one slot of a rollup holds: one row of an aligned window, or all sessions of a group.
//!
//! A row is *armed* while it waits for its window to close: then it is published on time, by a timer. A
//! row that changes after that is *late*: the next `flush_revisions` publishes it again. It is final and
//! forgotten once nothing that is on time can change it.

use ahash::RandomState;

use crate::codec::{Reader, len_u64, put_u64};
use crate::error::RestoreError;
use crate::event::Event;
use crate::limits::Limits;
use crate::measure::{Added, Cell, Measure};
use crate::output::Row;
use crate::time::{EventTime, Span, WindowKind};

/// What the rows of a rollup share.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) window: WindowKind,
    pub(crate) lateness: Span,
    pub(crate) measures: Box<[Measure]>,
    /// No event changes the size of a row.
    pub(crate) is_constant_size: bool,
    pub(crate) limits: Limits,
    pub(crate) hasher: RandomState,
}

/// Rows in the order of their starts; sessions do not touch.
#[derive(Debug, Default)]
pub(crate) struct Rows(pub(crate) Vec<RowState>);

#[derive(Clone, Debug)]
pub(crate) struct RowState {
    pub(crate) start: EventTime,
    /// Last event; used by sessions only.
    last: EventTime,
    cells: Box<[Cell]>,
    /// How often this identity has been published.
    pub(crate) published: u32,
    pub(crate) armed: bool,
    /// Holds something that has not been published.
    pub(crate) dirty: bool,
    capped: bool,
    reopened_at: Option<EventTime>,
}

impl Frame {
    fn gap(&self) -> Option<Span> {
        match self.window {
            WindowKind::Session { gap } => Some(gap),
            _ => None,
        }
    }
}

impl RowState {
    /// A row of the window that starts at `start`, without events.
    pub(crate) fn new(frame: &Frame, start: EventTime, watermark: EventTime) -> Self {
        let mut row = Self {
            start,
            last: start,
            cells: frame.measures.iter().map(|&measure| Cell::new(measure)).collect(),
            published: 0,
            armed: false,
            dirty: false,
            capped: false,
            reopened_at: None,
        };
        row.reopened_at = (row.final_at(frame) <= watermark).then_some(watermark);
        row
    }

    pub(crate) fn is_reopened(&self) -> bool {
        self.reopened_at.is_some()
    }

    /// Counts an event; gives how many measures a limit kept from it.
    pub(crate) fn add(&mut self, frame: &Frame, event: &Event<'_>, watermark: EventTime) -> u64 {
        let mut capped = 0;
        let missing = std::iter::repeat(crate::event::MeasureInput::Missing);
        let inputs = event.measures.iter().copied().chain(missing);
        for (cell, input) in self.cells.iter_mut().zip(inputs) {
            capped += u64::from(cell.add(input, &frame.limits, &frame.hasher) == Added::Capped);
        }
        self.capped |= capped > 0;
        self.last = self.last.max(event.contribution.time);
        self.dirty = true;
        self.armed = watermark < self.closed_at(frame);
        capped
    }

    fn end(&self, frame: &Frame) -> EventTime {
        match frame.gap() {
            Some(gap) => self.last.plus(gap),
            None => self.start.plus(frame.window.length()),
        }
    }

    /// The watermark that closes the window: its end, or the µs behind an inclusive one.
    pub(crate) fn closed_at(&self, frame: &Frame) -> EventTime {
        let end = self.end(frame);
        if frame.gap().is_some() { end.plus(Span(1)) } else { end }
    }

    /// The watermark at which the row is final. A reopened one stays for the lateness, and a µs, so that no
    /// two reopened rows of a window have the same identity.
    pub(crate) fn final_at(&self, frame: &Frame) -> EventTime {
        let natural = self.closed_at(frame).plus(frame.lateness);
        match self.reopened_at {
            Some(at) => natural.max(at.plus(frame.lateness).plus(Span(1))),
            None => natural,
        }
    }

    pub(crate) fn deadline(&self, frame: &Frame) -> EventTime {
        if self.armed { self.closed_at(frame) } else { self.final_at(frame) }
    }

    /// The row to publish, and one publication more. `values` is scratch.
    pub(crate) fn publish<'a>(
        &mut self,
        frame: &Frame,
        key: &'a [u8],
        complete: bool,
        values: &'a mut Vec<Option<u64>>,
    ) -> Row<'a> {
        values.clear();
        values.extend(self.cells.iter().map(Cell::value));
        let revision = self.published;
        self.published = revision.saturating_add(1);
        self.dirty = false;
        Row {
            key,
            start: self.start,
            end: self.end(frame),
            measures: values,
            complete,
            revision,
            retracted: false,
            reopened: self.is_reopened(),
            reopened_at: self.reopened_at,
            capped: self.capped,
        }
    }

    fn merge(&mut self, frame: &Frame, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            self.capped |= cell.merge(other, &frame.limits, &frame.hasher) == Added::Capped;
        }
        self.capped |= other.capped;
        self.last = self.last.max(other.last);
    }

    /// Marks the row as incomplete for good: a limit ends it here.
    pub(crate) fn cut(&mut self) {
        self.capped = true;
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.cells.iter().map(Cell::bytes).sum::<usize>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.start.0);
        put_u64(out, self.last.0.saturating_sub(self.start.0));
        put_u64(out, self.published.into());
        let flags = [self.armed, self.dirty, self.capped, self.is_reopened()];
        out.push(flags.iter().rev().fold(0, |byte, &flag| byte << 1 | u8::from(flag)));
        if let Some(at) = self.reopened_at {
            put_u64(out, at.0);
        }
        for cell in &self.cells {
            cell.encode(out);
        }
    }

    fn decode(frame: &Frame, reader: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let start = EventTime(reader.u64()?);
        let last = start.plus(Span(reader.u64()?));
        let published = reader.u32()?;
        let flags = reader.byte()?;
        if flags >> 4 != 0 {
            return Err(reader.malformed());
        }
        let reopened_at = if flags & 8 != 0 { Some(EventTime(reader.u64()?)) } else { None };
        let cells = frame
            .measures
            .iter()
            .map(|&measure| Cell::decode(measure, reader, &frame.limits, &frame.hasher))
            .collect::<Result<_, _>>()?;
        let (armed, dirty, capped) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        Ok(Self { start, last, cells, published, armed, dirty, capped, reopened_at })
    }
}

/// Which row an event went to, and which rows its coming made void, as they were.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) index: usize,
    pub(crate) is_new: bool,
    pub(crate) void: [Option<RowState>; 2],
}

impl Rows {
    /// Finds or makes the session that an event at `time` belongs to, merging what it bridges.
    pub(crate) fn join(&mut self, frame: &Frame, time: EventTime, watermark: EventTime) -> Joined {
        let gap = frame.window.length();
        let end = self.0.partition_point(|row| row.start <= time.plus(gap));
        let before = self.0.get(..end).unwrap_or_default();
        let reaching = before.iter().rev().take(2).take_while(|row| time <= row.last.plus(gap)).count();
        let index = end - reaching;
        if reaching == 0 {
            self.0.insert(index, RowState::new(frame, time, watermark));
            return Joined { index, is_new: true, void: [None, None] };
        }
        let absorbed = (reaching == 2).then(|| self.0.remove(index + 1));
        let mut outrun = None;
        if let Some(row) = self.0.get_mut(index) {
            if let Some(other) = &absorbed {
                row.merge(frame, other);
            }
            if time < row.start {
                outrun = (row.published > 0).then(|| row.clone());
                row.restart(frame, time, watermark);
            }
        }
        let void = [outrun, absorbed.filter(|row| row.published > 0)];
        Joined { index, is_new: false, void }
    }

    pub(crate) fn deadline(&self, frame: &Frame) -> EventTime {
        self.0.iter().map(|row| row.deadline(frame)).min().unwrap_or(EventTime::ZERO)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(RowState::bytes).sum()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, len_u64(self.0.len()));
        for row in &self.0 {
            row.encode(out);
        }
    }

    pub(crate) fn decode(frame: &Frame, reader: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let count = reader.count()?;
        let mut rows = Vec::with_capacity(count.min(frame.limits.sessions_per_key_max));
        for _ in 0..count {
            let row = RowState::decode(frame, reader)?;
            if rows.last().is_some_and(|before: &RowState| row.start <= before.start) {
                return Err(reader.malformed());
            }
            rows.push(row);
        }
        Ok(Self(rows))
    }
}

impl RowState {
    /// Gives the session an earlier start, and with it a new identity.
    fn restart(&mut self, frame: &Frame, start: EventTime, watermark: EventTime) {
        self.start = start;
        self.published = 0;
        // Alone, the event would have opened a row anew: an earlier one may have had this very start.
        if RowState::new(frame, start, watermark).is_reopened() {
            self.reopened_at = self.reopened_at.or(Some(watermark));
        }
    }
}
