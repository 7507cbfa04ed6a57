//! Event time, windows and keyed operators with bounded state.
//!
//! ```text
//!  record ─► Watermarks::observe ─► Admission (late? skewed?) ─► Operator::apply ─► Firing │ Closing │ Row
//!                 └─► watermark() ─► Operator::advance            (timers)  ──────► Closing │ Row
//!  wall clock ─► Watermarks::tick ─► idle_horizon() ─► Operator::advance_idle ────► Closing │ Row
//!  commit ─► Operator::flush_revisions, then drain_dirty ─► changelog ─► restore
//! ```
//!
//! Invariants of the whole crate:
//! * no I/O and no clock: wall-clock milliseconds are arguments;
//! * the same sequence of calls gives the same outputs and the same snapshot bytes; nothing iterates in
//!   hash order, timers speak in the order of (deadline, key), events in the order of arrival;
//! * `apply` runs the timers that are due at its watermark first, so outputs do not depend on how often
//!   `advance` is called in between, that is on batch sizes;
//! * what a key holds equals what its last changelog entry holds, so a restored operator goes on as the
//!   original would;
//! * everything that grows has a limit in [`Limits`], and what a limit cuts is counted.
//!
//! # Retention
//!
//! An event counts for later ones while `max(time, arrival − lateness) + length + lateness >= watermark`,
//! where `arrival` is the watermark at which the event came. For an event within the lateness of the task
//! that is `time + length + lateness`. One that is older (its stream is behind the others, so it is not
//! late) is kept as if it had happened at `watermark − lateness`: otherwise a stream that catches up could
//! never reach a threshold. `length` is `within`, the size, or the gap behind the last event of a session.
//! Events leave from the front only: one that is due stays while an older one of its key is not.
//!
//! # Layers
//!
//! [`Operator`] over `plain`, `threshold` (`history`, `scan`, `values`, `encoded`), `rollup` (`rows`,
//! `measure`), all of which use `silence` where they alert and `keyed` for their keys; `keyed` is made of
//! `index`, `cells` (with `header`), `wheel` and `changes`.

mod cells;
mod changes;
mod codec;
mod encoded;
mod error;
mod event;
mod header;
mod history;
mod index;
mod keyed;
mod limits;
mod measure;
mod operator;
mod output;
mod plain;
mod rollup;
mod rows;
mod scan;
mod silence;
mod threshold;
mod time;
mod values;
mod watermark;
mod wheel;

pub use changes::Changes;
pub use error::{ConfigError, RestoreError};
pub use event::{Contribution, Event, MeasureInput};
pub use limits::{Counters, Limits};
pub use measure::Measure;
pub use operator::{Operator, enforce_bytes_max};
pub use output::{Closing, Firing, Output, Row};
pub use plain::Plain;
pub use rollup::{Rollup, RollupSpec};
pub use threshold::{Threshold, ThresholdSpec};
pub use time::{EventTime, Settings, Span, StreamId, ThresholdWhat, WindowKind};
pub use watermark::{Admission, WatermarkCounters, Watermarks};
