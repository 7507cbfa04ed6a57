//! The rollup operator: counts and other measures per group and window, published when the window closes.
//!
//! In → out: an accepted, matched record → nothing at once, except rows that a merge of sessions made
//! void; the watermark → rows on time; a commit → revisions of rows that changed later.
//!
//! * On time: when the watermark reaches the end (passes it, for a session: its end is inclusive).
//! * Late: an event of a closed window makes a new revision of the same row at the next
//!   [`Rollup::flush_revisions`], which the engine calls right before each commit, so one per commit.
//! * Idle: when all input is idle, the wall clock stands in for the watermark as far as publishing goes,
//!   never for what is forgotten. Windows that it closes are published complete, others as they stand with
//!   `complete: false`, so that nobody waits for the next record to see a row. An event into a window the
//!   watermark has not closed yet arms it again: it is published once more on time.
//! * Final: at end + lateness the row is forgotten; what changed since its last revision goes out before.
//! * Reopened: an event of a window that was final (its stream lags behind the task, so it is not late)
//!   starts a row of its own, marked and numbered by the watermark, which never replaces the first one.
//! * Merged: the session that starts first goes on; the other, if published, is published once more as
//!   retracted. A session that a late event extends to an earlier start gets a new identity; the old one is
//!   retracted likewise.
//!
//! Aligned windows have one slot per (group, window), key = group + eight bytes of the start, so that a
//! commit writes what changed and no more. Sessions have one slot per group. Windows start at or after the epoch.

use ahash::RandomState;

use crate::changes::Changes;
use crate::codec::{Reader, VERSION};
use crate::error::{ConfigError, RestoreError};
use crate::event::Event;
use crate::keyed::{Keyed, Restored};
use crate::limits::{Counters, Limits, check_window};
use crate::measure::Measure;
use crate::output::{Output, Row};
use crate::rows::{Frame, RowState, Rows};
use crate::time::{EventTime, Span, WindowKind};

/// What a rollup rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupSpec {
    /// Tumbling, hopping or session windows.
    pub window: WindowKind,
    /// What to compute, in the order of [`Event::measures`] and [`Row::measures`].
    pub measures: Vec<Measure>,
    /// The global `allowed_lateness`.
    pub allowed_lateness: Span,
}

/// The rollup operator of one rule.
#[derive(Debug)]
pub struct Rollup {
    frame: Frame,
    keyed: Keyed<Rows>,
    key: Vec<u8>,
    values: Vec<Option<u64>>,
    due: Vec<u32>,
    late: Vec<u32>,
    idle_seen: EventTime,
    counters: Counters,
}

/// One publication that has come due.
#[derive(Clone, Copy, Debug)]
struct Action {
    deadline: EventTime,
    slot: u32,
    start: EventTime,
    complete: bool,
}

impl Rollup {
    /// Builds the operator without state.
    ///
    /// # Errors
    /// A [`ConfigError`] if the windows are sliding, empty or too many.
    pub fn new(spec: RollupSpec, limits: Limits) -> Result<Self, ConfigError> {
        check_window(spec.window, &limits)?;
        if matches!(spec.window, WindowKind::Sliding { .. }) {
            return Err(ConfigError::SlidingRollup);
        }
        let [a, b, c, d] = limits.seeds;
        Ok(Self {
            frame: Frame {
                is_constant_size: !spec.measures.contains(&Measure::Distinct),
                window: spec.window,
                lateness: spec.allowed_lateness,
                measures: spec.measures.into(),
                limits,
                hasher: RandomState::with_seeds(b, c, d, a),
            },
            keyed: Keyed::new(limits.seeds),
            key: Vec::new(),
            values: Vec::new(),
            due: Vec::new(),
            late: Vec::new(),
            idle_seen: EventTime::ZERO,
            counters: Counters::default(),
        })
    }

    /// Takes an accepted event in at `watermark`. Runs due timers first.
    pub fn apply(&mut self, event: &Event<'_>, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        self.counters.events += 1;
        self.idle_seen = EventTime::ZERO;
        match self.frame.window.aligned() {
            Some(aligned) => {
                for start in aligned.starts(event.contribution.time.0) {
                    self.add_aligned(event, EventTime(start), watermark);
                }
            }
            None => self.add_session(event, watermark, out),
        }
        let Limits { keys_max, state_bytes_max, .. } = self.frame.limits;
        self.shrink(keys_max, state_bytes_max, out);
    }

    fn add_aligned(&mut self, event: &Event<'_>, start: EventTime, watermark: EventTime) {
        let Self { frame, keyed, key, counters, .. } = self;
        key.clear();
        key.extend_from_slice(event.key);
        key.extend_from_slice(&start.0.to_be_bytes());
        let slot = keyed.entry(key);
        let (_, Rows(rows)) = keyed.key_and_state(slot);
        if rows.is_empty() {
            let row = RowState::new(frame, start, watermark);
            counters.reopened += u64::from(row.is_reopened());
            *rows = vec![row];
        }
        let mut is_settled = false;
        if let [row] = rows.as_mut_slice() {
            let was_armed = row.armed;
            counters.capped_values += row.add(frame, event, watermark);
            is_settled = was_armed && row.armed && frame.is_constant_size;
        }
        if is_settled {
            keyed.mark_changed(slot);
        } else {
            self.settle(slot, 0);
        }
    }

    fn add_session(&mut self, event: &Event<'_>, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        let Self { frame, keyed, counters, values, .. } = self;
        let slot = keyed.entry(event.key);
        let (key, rows) = keyed.key_and_state(slot);
        let joined = rows.join(frame, event.contribution.time, watermark);
        for mut row in joined.void.into_iter().flatten() {
            counters.retracted += 1;
            let complete = row.closed_at(frame) <= watermark;
            let row = row.publish(frame, key, complete, values);
            out(Output::Row(Row { retracted: true, ..row }));
        }
        if let Some(row) = rows.0.get_mut(joined.index) {
            counters.reopened += u64::from(joined.is_new && row.is_reopened());
            counters.capped_values += row.add(frame, event, watermark);
        }
        let is_over = frame.limits.sessions_per_key_max < rows.0.len();
        self.settle(slot, joined.index);
        if is_over {
            self.evict_session(slot, out);
        }
    }

    /// Accounts for a change of a row, and sees to its next deadline.
    fn settle(&mut self, slot: u32, index: usize) {
        let Some(rows) = self.keyed.state(slot) else { return };
        if rows.0.get(index).is_some_and(|row| row.dirty && !row.armed) {
            self.late.push(slot);
        }
        self.account(slot);
    }

    /// Accounts for the bytes and the deadline of a slot that changed.
    fn account(&mut self, slot: u32) {
        let Some(rows) = self.keyed.state(slot) else { return };
        let (bytes, deadline) = (rows.bytes(), rows.deadline(&self.frame));
        self.keyed.set_bytes(slot, bytes);
        self.keyed.touch(slot, deadline);
    }

    /// Publishes the rows whose windows close by `watermark`, and forgets those that are final.
    pub fn advance(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        if self.keyed.next_deadline().is_none_or(|deadline| watermark < deadline) {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.keyed.take_due(watermark, &mut due);
        self.publish_where(&due, out, |row, frame| {
            let deadline = if row.armed { row.closed_at(frame) } else { row.final_at(frame) };
            (deadline <= watermark && (row.armed || row.dirty)).then_some((deadline, true))
        });
        for slot in due.drain(..) {
            let (_, Rows(rows)) = self.keyed.key_and_state(slot);
            let before = rows.len();
            rows.retain(|row| watermark < row.final_at(&self.frame));
            if rows.is_empty() {
                self.keyed.remove(slot);
            } else if rows.len() < before {
                self.account(slot);
            } else {
                let deadline =
                    self.keyed.state(slot).map_or(EventTime::ZERO, |rows| rows.deadline(&self.frame));
                self.keyed.schedule(slot, deadline);
            }
        }
        self.due = due;
    }

    /// Publishes all open rows while all input is idle: complete if the wall clock, given as event time,
    /// has passed their end.
    pub fn advance_idle(&mut self, horizon: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        if horizon < self.idle_seen {
            return;
        }
        let live: Vec<u32> = self.keyed.live().collect();
        self.publish_where(&live, out, |row, frame| {
            let deadline = row.closed_at(frame);
            let is_closed = deadline <= horizon;
            (row.armed && (is_closed || row.dirty)).then_some((deadline, is_closed))
        });
        let frame = &self.frame;
        let rows = live.iter().filter_map(|&slot| self.keyed.state(slot)).flat_map(|rows| &rows.0);
        let armed = rows.filter(|row| row.armed);
        self.idle_seen = armed.map(|row| row.closed_at(frame)).min().unwrap_or(EventTime::MAX);
    }

    /// Publishes the rows that changed after their windows had closed, in the order of (key, start). The engine calls
    /// it right before each commit.
    pub fn flush_revisions(&mut self, out: &mut dyn FnMut(Output<'_>)) {
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable();
        late.dedup();
        self.publish_where(&late, out, |row, _| (row.dirty && !row.armed).then_some((EventTime::ZERO, true)));
        late.clear();
        self.late = late;
    }

    /// End of finite input: publishes what is open or changed, complete if `watermark` passed its end, and
    /// forgets everything.
    pub fn finish(&mut self, watermark: EventTime, out: &mut dyn FnMut(Output<'_>)) {
        self.advance(watermark, out);
        let live: Vec<u32> = self.keyed.live().collect();
        self.publish_where(&live, out, |row, frame| {
            let deadline = row.closed_at(frame);
            (row.armed || row.dirty).then_some((deadline, deadline <= watermark))
        });
        self.keyed.clear();
        self.late.clear();
    }

    /// Publishes the rows of `slots` that `select` gives a deadline and a completeness, in the order of
    /// (deadline, key, start).
    fn publish_where(
        &mut self,
        slots: &[u32],
        out: &mut dyn FnMut(Output<'_>),
        select: impl Fn(&RowState, &Frame) -> Option<(EventTime, bool)>,
    ) {
        let mut actions = Vec::new();
        for &slot in slots {
            for row in self.keyed.state(slot).map_or(&[][..], |rows| &rows.0) {
                if let Some((deadline, complete)) = select(row, &self.frame) {
                    actions.push(Action { deadline, slot, start: row.start, complete });
                }
            }
        }
        actions.sort_by(|a, b| {
            let keys = || self.keyed.key(a.slot).cmp(self.keyed.key(b.slot));
            a.deadline.cmp(&b.deadline).then_with(keys).then(a.start.cmp(&b.start))
        });
        for action in actions {
            self.publish(action, out);
        }
    }

    fn publish(&mut self, action: Action, out: &mut dyn FnMut(Output<'_>)) {
        let Self { frame, keyed, values, counters, .. } = self;
        let (key, Rows(rows)) = keyed.key_and_state(action.slot);
        let key = if frame.window.aligned().is_some() {
            key.split_last_chunk::<8>().map_or(key, |(key, _)| key)
        } else {
            key
        };
        let index = rows.partition_point(|row| row.start < action.start);
        if let Some(row) = rows.get_mut(index).filter(|row| row.start == action.start) {
            row.armed &= !action.complete;
            if row.published == 0 {
                counters.rows += 1;
            } else {
                counters.revisions += 1;
            }
            out(Output::Row(row.publish(frame, key, action.complete, values)));
        }
        self.account(action.slot);
    }

    /// The earliest watermark at which [`Rollup::advance`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<EventTime> {
        self.keyed.next_deadline()
    }

    /// Evicts slots until at most `keys_max` and `bytes_max` remain; their rows are published as they stand.
    pub fn shrink(&mut self, keys_max: usize, bytes_max: usize, out: &mut dyn FnMut(Output<'_>)) {
        while keys_max < self.keyed.len() || bytes_max < self.keyed.bytes() {
            let Some(slot) = self.keyed.victim() else { return };
            self.publish_cut(slot, usize::MAX, out);
            self.keyed.remove(slot);
            self.counters.evicted += 1;
        }
    }

    fn evict_session(&mut self, slot: u32, out: &mut dyn FnMut(Output<'_>)) {
        self.publish_cut(slot, 1, out);
        let (_, Rows(rows)) = self.keyed.key_and_state(slot);
        rows.remove(0);
        self.account(slot);
        self.counters.evicted += 1;
    }

    /// Publishes the first `count` rows of a slot, if there is news in them, as incomplete and capped.
    fn publish_cut(&mut self, slot: u32, count: usize, out: &mut dyn FnMut(Output<'_>)) {
        let (_, Rows(rows)) = self.keyed.key_and_state(slot);
        let mut starts = Vec::new();
        for row in rows.iter_mut().take(count).filter(|row| row.dirty || row.armed) {
            row.cut();
            starts.push(row.start);
        }
        for start in starts {
            self.publish(Action { deadline: EventTime::ZERO, slot, start, complete: false }, out);
        }
    }

    /// Gives the changelog entries of what changed since the last call; `None` = the slot is gone.
    pub fn drain_dirty(&mut self, f: &mut Changes<'_>) {
        self.keyed.drain_dirty(encode, f);
    }

    /// Gives the entries of all slots.
    pub fn export(&self, f: &mut Changes<'_>) {
        self.keyed.export(encode, f);
    }

    /// Takes a changelog entry; [`Rollup::finish_restore`] must follow the last one.
    ///
    /// # Errors
    /// The entry is none of this operator's, damaged or of a newer version; it is then left out.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), RestoreError> {
        let Self { keyed, frame, .. } = self;
        keyed.restore(key, value, &mut |key, bytes| decode(frame, key, bytes))
    }

    /// Ends a restore.
    ///
    /// # Errors
    /// A state of several entries lacks one, or is damaged.
    pub fn finish_restore(&mut self) -> Result<(), RestoreError> {
        let Self { keyed, frame, .. } = self;
        keyed.finish_restore(&mut |key, bytes| decode(frame, key, bytes))?;
        let is_late = |slot: &u32| {
            keyed.state(*slot).is_some_and(|rows| rows.0.iter().any(|row| row.dirty && !row.armed))
        };
        self.late = keyed.live().filter(is_late).collect();
        Ok(())
    }

    /// Live slots: rows of aligned windows, or groups with sessions.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keyed.len()
    }

    /// Estimated bytes of all slots: per slot 48 and the key, in steps of 32, per row a constant, 24 per
    /// measure, and per distinct value its bytes and 12.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.keyed.bytes()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

fn encode(rows: Option<&Rows>, _encoded: &[u8], out: &mut Vec<u8>) {
    out.push(VERSION);
    if let Some(rows) = rows {
        rows.encode(out);
    }
}

fn decode<'a>(frame: &Frame, key: &[u8], bytes: &'a [u8]) -> Result<Restored<'a, Rows>, RestoreError> {
    let mut reader = Reader::versioned(bytes)?;
    let rows = Rows::decode(frame, &mut reader)?;
    reader.end()?;
    let is_aligned = frame.window.aligned().is_some();
    if rows.0.is_empty() || (is_aligned && (rows.0.len() != 1 || key.len() < 8)) {
        return Err(reader.malformed());
    }
    let (bytes, deadline) = (rows.bytes(), rows.deadline(frame));
    Ok(Restored { state: Some(rows), encoded: &[], bytes, deadline })
}
