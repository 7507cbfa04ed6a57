//! Processor time and memory of a process, from `/proc` (Linux only).

pub use hsmstream_bench::machine::{last_cache_bytes, warm_cache};

use std::fs;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all its threads in user mode.
    pub user: Duration,
    /// The same in the kernel.
    pub system: Duration,
}

impl Usage {
    /// Of this process.
    ///
    /// # Panics
    /// Without `/proc`.
    #[must_use]
    pub fn own() -> Self {
        Self::of("self").expect("/proc/self/stat can be read")
    }

    /// Of a running process; `None` when it is gone.
    #[must_use]
    pub fn of_process(id: u32) -> Option<Self> {
        Self::of(&id.to_string())
    }

    /// Both together.
    #[must_use]
    pub fn total(self) -> Duration {
        self.user + self.system
    }

    /// Fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second; the name in field 2 may hold anything, so
    /// counting starts behind its last parenthesis.
    fn of(process: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        let (user, system) = (ticks()?, ticks()?);
        Some(Self { user: Duration::from_millis(user * 10), system: Duration::from_millis(system * 10) })
    }
}

/// Resident memory of this process in bytes.
///
/// # Panics
/// Without `/proc`.
#[must_use]
pub fn resident_bytes() -> usize {
    kib("self", "VmRSS:").expect("/proc/self/status can be read") * 1024
}

/// The most memory that a running process ever had resident, in bytes; `None` when it is gone.
#[must_use]
pub fn peak_resident_bytes(id: u32) -> Option<usize> {
    Some(kib(&id.to_string(), "VmHWM:")? * 1024)
}

fn kib(process: &str, label: &str) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
