//! Limits of an operator, what was cut or counted, and the checks of its configuration.

use crate::error::ConfigError;
use crate::time::{Span, ThresholdWhat, WindowKind};

/// Limits of one operator. At each of them the behaviour is stated, and counted in [`Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Keys (of a rollup: rows or groups of sessions) per rule; beyond it the one whose deadline is
    /// nearest, that is whose last event is oldest, is evicted.
    pub keys_max: usize,
    /// Estimated bytes per rule; beyond it the same eviction.
    pub state_bytes_max: usize,
    /// Events a threshold keeps per key; beyond it the oldest is dropped and firings say `capped`.
    pub events_per_key_max: usize,
    /// Distinct values per rollup row and measure; beyond it new values are not counted, rows say `capped`.
    pub values_max: usize,
    /// Bytes of those values; the same.
    pub values_bytes_max: usize,
    /// Sessions a rollup keeps per group key; beyond it the oldest is published and forgotten.
    pub sessions_per_key_max: usize,
    /// Records listed as evidence of a firing.
    pub evidence_max: usize,
    /// Hopping windows an event may belong to; a rule beyond it is refused.
    pub panes_max: u64,
    /// How long, in event time, the number of suppressed firings waits for the key's next alert after it
    /// has been told in the closing update.
    pub suppressed_memory: Span,
    /// Seeds of the key hash. No output depends on them; random ones keep hostile keys from colliding.
    pub seeds: [u64; 4],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keys_max: 4_000_000,
            state_bytes_max: 1 << 30,
            events_per_key_max: 10_000,
            values_max: 100_000,
            values_bytes_max: 16 << 20,
            sessions_per_key_max: 4_096,
            evidence_max: 10,
            panes_max: 1_440,
            suppressed_memory: Span::from_secs(86_400),
            seeds: [
                0x243f_6a88_85a3_08d3,
                0x1319_8a2e_0370_7344,
                0xa409_3822_299f_31d0,
                0x082e_fa98_ec4e_6c89,
            ],
        }
    }
}

/// What an operator has counted since it was made; not part of its snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events that took part.
    pub events: u64,
    /// Records without the value of a `distinct` or `sum` threshold.
    pub missing: u64,
    /// Alerts.
    pub firings: u64,
    /// Would-be alerts inside a silence.
    pub suppressed: u64,
    /// Closing updates.
    pub closings: u64,
    /// Rows published for the first time.
    pub rows: u64,
    /// Rows published again.
    pub revisions: u64,
    /// Rows made void by a merge of sessions.
    pub retracted: u64,
    /// Rows made for windows that had been final and forgotten.
    pub reopened: u64,
    /// Keys or rows evicted by a limit.
    pub evicted: u64,
    /// Events dropped by the limit per key.
    pub capped_events: u64,
    /// Values not counted because of the limit per row.
    pub capped_values: u64,
}

pub(crate) fn check_window(window: WindowKind, limits: &Limits) -> Result<(), ConfigError> {
    if window.length() == Span::ZERO {
        return Err(ConfigError::ZeroWindow);
    }
    if let WindowKind::Hopping { size, every } = window {
        if every == Span::ZERO {
            return Err(ConfigError::ZeroWindow);
        }
        if every > size {
            return Err(ConfigError::EveryExceedsSize);
        }
        let panes = size.0.div_ceil(every.0);
        if panes > limits.panes_max {
            return Err(ConfigError::TooManyPanes { panes, panes_max: limits.panes_max });
        }
    }
    Ok(())
}

pub(crate) fn check_threshold(what: ThresholdWhat, limits: &Limits) -> Result<(), ConfigError> {
    let events_per_key_max = u64::try_from(limits.events_per_key_max).unwrap_or(u64::MAX);
    match what {
        _ if what.reaches() == 0 => Err(ConfigError::ZeroThreshold),
        ThresholdWhat::Count(reaches) | ThresholdWhat::Distinct { reaches }
            if reaches > events_per_key_max =>
        {
            Err(ConfigError::Unreachable { reaches, events_per_key_max })
        }
        _ => Ok(()),
    }
}
