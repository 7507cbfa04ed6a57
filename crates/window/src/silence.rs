//! The silence after a firing, and the two places where its suppressed firings are told.
//!
//! A firing with fire time t silences its key for fire times < t + suppress, older ones included, for as long as
//! the key is remembered. The number of would-be firings inside goes into the key's next alert and into one
//! closing update, due when watermark − lateness reaches t + suppress.
//!
//! After that the number waits for a next alert until `suppressed_memory` more event time has passed. Where
//! late records come (plain rules), the silence waits as long, because they are older than it.
//!
//! With t older than watermark − lateness (a stream behind the task) the deadlines count from there: else the
//! closing update would come before what it is to tell of.
//!
//! What is suppressed after the closing update stands in the next alert only. If the wall clock closed the
//! silence (all input idle) and more was suppressed before the normal deadline, that brings a second update
//! with the whole number. Otherwise there is exactly one.

use crate::codec::{Reader, put_event, put_u64};
use crate::error::RestoreError;
use crate::event::Contribution;
use crate::output::{Closing, Output};
use crate::time::{EventTime, Span};

/// The settings that silences of one rule share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    pub(crate) suppress: Span,
    pub(crate) lateness: Span,
    pub(crate) memory: Span,
    /// Late records reach this operator, so that a silence without suppressed firings is remembered too.
    pub(crate) sees_late: bool,
}

/// The last alert of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) time: EventTime,
    /// `max(time, watermark − lateness)` at the firing: deadlines count from here.
    pub(crate) base: EventTime,
    pub(crate) suppressed: u64,
    /// How many of them a closing update has told.
    pub(crate) reported: u64,
    pub(crate) first: Contribution,
    pub(crate) last: Contribution,
}

impl Silence {
    pub(crate) fn begin(
        self,
        first: Contribution,
        last: Contribution,
        time: EventTime,
        watermark: EventTime,
    ) -> Fired {
        let base = time.max(watermark.minus(self.lateness));
        Fired { time, base, suppressed: 0, reported: 0, first, last }
    }

    /// Whether a firing at `fire_time` falls into the silence. Fire times decide, not the watermark: a late
    /// record that is older than the alert is silent however late it comes, while the alert is remembered.
    pub(crate) fn covers(self, fired: &Fired, fire_time: EventTime) -> bool {
        self.suppress > Span::ZERO && fire_time < fired.time.plus(self.suppress)
    }

    /// Counts a firing inside the silence. After the closing update, of which there is one, only the next alert
    /// can tell of it.
    pub(crate) fn suppress(self, fired: &mut Fired, watermark: EventTime) {
        fired.suppressed = fired.suppressed.saturating_add(1);
        if self.closing_due(fired) <= watermark && fired.reported > 0 {
            fired.reported = fired.suppressed;
        }
    }

    /// When the closing update is due, and the silence over.
    pub(crate) fn closing_due(self, fired: &Fired) -> EventTime {
        fired.base.plus(self.suppress).plus(self.lateness)
    }

    /// The number that the key's next alert carries.
    pub(crate) fn suppressed_before(self, fired: &Fired, watermark: EventTime) -> u64 {
        if watermark < self.forgotten_at(fired) { fired.suppressed } else { 0 }
    }

    /// The watermark from which on nothing of the alert matters any more.
    pub(crate) fn forgotten_at(self, fired: &Fired) -> EventTime {
        let over = self.closing_due(fired);
        let remembered = fired.suppressed > 0 || self.sees_late;
        if remembered { over.plus(self.memory).max(over.plus(Span(1))) } else { over }
    }

    /// The next deadline of the alert.
    pub(crate) fn next_deadline(self, fired: &Fired) -> EventTime {
        if fired.unreported() { self.closing_due(fired) } else { self.forgotten_at(fired) }
    }
}

impl Fired {
    pub(crate) fn unreported(&self) -> bool {
        self.suppressed > self.reported
    }

    /// Publishes the closing update if there is something to tell; says whether it did.
    pub(crate) fn close(&mut self, key: &[u8], out: &mut dyn FnMut(Output<'_>)) -> bool {
        if !self.unreported() {
            return false;
        }
        self.reported = self.suppressed;
        out(Output::Closing(Closing {
            key,
            fire_time: self.time,
            first: self.first,
            last: self.last,
            suppressed: self.suppressed,
        }));
        true
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.time.0);
        put_u64(out, self.base.0.saturating_sub(self.time.0));
        put_u64(out, self.suppressed);
        put_u64(out, self.reported);
        put_event(out, &Contribution { time: self.time, ..Contribution::default() }, &self.first, 0);
        put_event(out, &self.first, &self.last, 0);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let time = EventTime(reader.u64()?);
        let base = time.plus(Span(reader.u64()?));
        let suppressed = reader.u64()?;
        let reported = reader.u64()?;
        let (first, _) = reader.event(&Contribution { time, ..Contribution::default() })?;
        let (last, _) = reader.event(&first)?;
        Ok(Self { time, base, suppressed, reported, first, last })
    }
}
