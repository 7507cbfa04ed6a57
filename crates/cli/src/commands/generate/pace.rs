//! When to go on: the asked rate, signals, and progress for whoever waits.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use hsmstream_engine::clock::{Clock, SystemClock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Progress shows once it takes longer than this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Records between two looks at the clock, without a rate.
const LOOK_EVERY: u64 = 20_000;
/// The longest wait; signals are noticed behind it.
const SLICE: Duration = Duration::from_millis(50);
/// A wait shorter than this is not worth a system call.
const WAIT_MIN: Duration = Duration::from_millis(2);
/// What a second signal ends the process with, as shells have it.
const INTERRUPTED: i32 = 130;

/// The clock of one run.
pub(crate) struct Pace {
    clock: SystemClock,
    stop: Arc<AtomicBool>,
    rate: Option<u64>,
    bar: Option<ProgressBar>,
    is_shown: bool,
    look_at: u64,
}

impl Pace {
    /// Starts the clock and listens for signals: the first ends the run in good order, a second at once.
    ///
    /// # Errors
    /// Signals that cannot be listened for.
    pub(crate) fn start(rate: Option<u64>, limit: u64, on_terminal: bool) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stop)).context("signals")?;
            flag::register(signal, Arc::clone(&stop)).context("signals")?;
        }
        let bar = (io::stderr().is_terminal() && !on_terminal).then(|| bar(limit));
        let clock = SystemClock::new();
        Ok(Self { clock, stop, rate, bar, is_shown: false, look_at: LOOK_EVERY })
    }

    /// Whether a signal came.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Shows progress; gives how long to wait before going on behind `records`, if at all.
    pub(crate) fn pause(&mut self, records: u64) -> Option<Duration> {
        if records >= self.look_at || self.rate.is_some() {
            self.look_at = records + LOOK_EVERY;
            self.show(records);
        }
        let rate = self.rate?;
        let due = Duration::from_nanos(nanoseconds(records, rate));
        due.checked_sub(self.elapsed()).filter(|pause| *pause >= WAIT_MIN)
    }

    /// Waits, but not beyond a signal.
    pub(crate) fn wait(&self, pause: Duration) {
        let until = self.elapsed() + pause;
        while !self.is_stopped() {
            match until.checked_sub(self.elapsed()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left.min(SLICE)),
                _ => return,
            }
        }
    }

    /// Takes the progress bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, records: u64) {
        let Some(bar) = &self.bar else { return };
        if !self.is_shown && self.clock.monotonic() > PATIENCE {
            self.is_shown = true;
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(records);
    }
}

/// Hidden at first.
fn bar(limit: u64) -> ProgressBar {
    let (bar, template) = if limit == u64::MAX {
        (ProgressBar::no_length(), "{human_pos} records {rate} {elapsed}")
    } else {
        (ProgressBar::new(limit), "{human_pos}/{human_len} records {wide_bar} {rate} {eta}")
    };
    bar.set_draw_target(ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // A line that cannot be drawn is nobody's loss.
            write!(out, "{:.0}/s", state.per_sec()).unwrap_or_default();
        }));
    }
    bar
}

/// When that many records are due at a rate.
fn nanoseconds(records: u64, rate: u64) -> u64 {
    u64::try_from(u128::from(records) * 1_000_000_000 / u128::from(rate.max(1))).unwrap_or(u64::MAX)
}
