//! Ctrl-C while a stage has files in the folder for temporary files: they are removed first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Ends the process by the signal that came, at once or when a stage has ended.
pub(crate) struct Stop {
    /// The signal; 0: none.
    came: Arc<AtomicUsize>,
    at_once: Arc<AtomicBool>,
}

impl Stop {
    /// Listens for signals, which end the process at once.
    ///
    /// # Errors
    /// Signals that cannot be listened for.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let stop = Self { came: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&stop.at_once)).context("signals")?;
            let number = usize::try_from(signal).context("signals")?;
            flag::register_usize(signal, Arc::clone(&stop.came), number).context("signals")?;
        }
        Ok(stop)
    }

    /// Whether a signal that comes from now on waits for [`Self::end_if_come`].
    pub(crate) fn wait_for_end(&self, waits: bool) {
        self.at_once.store(!waits, Ordering::SeqCst);
    }

    /// Whether a signal waits: what is being measured may end.
    pub(crate) fn has_come(&self) -> bool {
        self.came.load(Ordering::SeqCst) != 0
    }

    /// Ends the process, if a signal waits.
    ///
    /// # Errors
    /// What the system says, if it does not end.
    pub(crate) fn end_if_come(&self) -> anyhow::Result<()> {
        match i32::try_from(self.came.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => Ok(()),
            Ok(signal) => low_level::emulate_default_handler(signal).context("signals"),
        }
    }
}
