//! What traffic to make.

use crate::scenario::Scenarios;

/// A share, in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// None of it.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(Self::WHOLE);

    pub(crate) const WHOLE: u32 = 1_000_000;

    /// `parts` of a million; more than a million is all.
    #[must_use]
    pub const fn per_million(parts: u32) -> Self {
        Self(if parts < Self::WHOLE { parts } else { Self::WHOLE })
    }

    /// So many percent; more than 100 is all.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self::per_million(percent.saturating_mul(10_000))
    }

    pub(crate) const fn parts(self) -> u32 {
        self.0
    }
}

/// The parameters of a corpus. Counts of 0 are taken as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// From which all chance comes.
    pub seed: u64,
    /// Event time of the first record, microseconds since the epoch; the years 2000 to 2099 print right.
    pub start_usecs: u64,
    /// Clusters, at most 4,096.
    pub clusters: u32,
    /// HSMs of each cluster, at most 28, as the service allows.
    pub hsms_per_cluster: u32,
    /// Records a second of event time, all HSMs together, attacks not counted.
    pub rate_per_second: u32,
    /// How many records are of the second layout.
    pub second_layout: Share,
    /// How many of all records say `RET_USER_LOGIN_FAILURE`, attacks included: the traffic makes up for what
    /// attacks bring. The count is exact but for the logins under way (80 ms of them, and a running attack),
    /// unless attacks alone are more.
    pub login_failures: Share,
    /// How many records arrive late.
    pub disordered: Share,
    /// By how much at most, in microseconds of event time.
    pub disorder_usecs_max: u64,
    /// Event time between the beginnings of attacks; 0 for none.
    pub attack_every_usecs: u64,
    /// Which attacks, in turns.
    pub scenarios: Scenarios,
    /// Event time between reboots of some HSM; 0 for none.
    pub reboot_every_usecs: u64,
}

impl Config {
    /// A small, lively site: 4 clusters of 3 HSMs, 1,000 records a second from 2026-01-05 08:00 UTC (a
    /// Monday), a fifth in the second layout, 1 % failed logins, 5 % up to 2 s late, an attack every ten
    /// minutes, a reboot a day.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            start_usecs: 1_767_600_000_000_000,
            clusters: 4,
            hsms_per_cluster: 3,
            rate_per_second: 1000,
            second_layout: Share::percent(20),
            login_failures: Share::percent(1),
            disordered: Share::percent(5),
            disorder_usecs_max: 2_000_000,
            attack_every_usecs: 600_000_000,
            scenarios: Scenarios::FIRST,
            reboot_every_usecs: 86_400_000_000,
        }
    }

    /// The same with each count inside its bounds.
    pub(crate) fn bounded(self) -> Self {
        Self {
            clusters: self.clusters.clamp(1, 4096),
            hsms_per_cluster: self.hsms_per_cluster.clamp(1, 28),
            rate_per_second: self.rate_per_second.clamp(1, 1_000_000),
            ..self
        }
    }
}
