//! The stream of records: plans in order of event time, numbered per HSM, then a little disordered.
//!
//! Pseudo-code of [`Corpus::next_into`]:
//!
//! ```text
//! until the earliest arrival cannot be overtaken any more:
//!     until the earliest plan cannot be preceded any more: act, which plans records and moves the clock
//!     take the earliest plan, give it the HSM's next sequence number and an arrival time
//! print the earliest arrival
//! ```
//!
//! Both waits are bounded: acting always moves the clock, and an arrival is at most
//! `disorder_usecs_max` behind its event.

use crate::config::{Config, Share};
use crate::plan::{Answer, Plan};
use crate::print;
use crate::random::Random;
use crate::scenario::Label;
use crate::site::Site;
use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is known about a record that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Its cluster, an argument of [`Corpus::cluster_name`].
    pub cluster: u32,
    /// Its HSM, counted over all clusters, an argument of [`Corpus::hsm_name`].
    pub hsm: u32,
    /// Event time.
    pub usecs: u64,
    /// Reboot counter of the HSM.
    pub reboot: u32,
    /// Sequence number: no gaps per HSM and reboot, in order of event time.
    pub sequence: u64,
    /// Whether its text holds `RET_USER_LOGIN_FAILURE`.
    pub login_failure: bool,
    /// The attack it is part of.
    pub label: Option<Label>,
}

/// A generator of records. Endless; `Clone` gives a second one that goes on in the same way.
#[derive(Debug, Clone)]
pub struct Corpus {
    pub(crate) config: Config,
    pub(crate) random: Random,
    pub(crate) site: Site,
    /// Nothing is planned before this time any more.
    pub(crate) clock_usecs: u64,
    /// Failed logins owed, in millionths of a record. Negative while attacks have brought more.
    pub(crate) failures_owed: i64,
    pub(crate) next_attack_usecs: u64,
    pub(crate) next_reboot_usecs: u64,
    pub(crate) incidents: u32,
    pub(crate) serial: u32,
    plans: BinaryHeap<Reverse<Plan>>,
    planned: u64,
    arrivals: BinaryHeap<Reverse<(u64, u64, Numbered)>>,
}

/// A plan with its place in the HSM's log. Ordered as its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Numbered {
    plan: Plan,
    sequence: u64,
    reboot: u32,
}

impl Corpus {
    /// Starts the traffic that `config` describes.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let config = config.bounded();
        let mut random = Random::new(config.seed);
        let site = Site::new(&config, &mut random);
        Self {
            random,
            site,
            clock_usecs: config.start_usecs,
            failures_owed: 0,
            next_attack_usecs: due(config.start_usecs, config.attack_every_usecs),
            next_reboot_usecs: due(config.start_usecs, config.reboot_every_usecs),
            incidents: 0,
            serial: 0,
            plans: BinaryHeap::new(),
            planned: 0,
            arrivals: BinaryHeap::new(),
            config,
        }
    }

    /// Appends the next record's text to `out`, with a line end behind its last line, and tells about it.
    pub fn next_into(&mut self, out: &mut Vec<u8>) -> Generated {
        let Numbered { plan, sequence, reboot } = self.next_arrival();
        print::write(&plan, sequence, reboot, out);
        Generated {
            cluster: plan.hsm / self.config.hsms_per_cluster,
            hsm: plan.hsm,
            usecs: plan.usecs,
            reboot,
            sequence,
            login_failure: plan.answer == Answer::LoginFailure,
            label: plan.label,
        }
    }

    /// The id of a cluster; empty if there is no such.
    #[must_use]
    pub fn cluster_name(&self, cluster: u32) -> &str {
        let cluster = usize::try_from(cluster).ok().and_then(|index| self.site.clusters.get(index));
        cluster.map_or("", |cluster| &cluster.name)
    }

    /// The id of an HSM, counted over all clusters; empty if there is no such.
    #[must_use]
    pub fn hsm_name(&self, hsm: u32) -> &str {
        let hsm = usize::try_from(hsm).ok().and_then(|index| self.site.hsms.get(index));
        hsm.map_or("", |hsm| &hsm.name)
    }

    /// How many HSMs there are in all.
    #[must_use]
    pub const fn hsm_count(&self) -> u32 {
        self.config.clusters * self.config.hsms_per_cluster
    }

    /// Puts a record on the agenda.
    pub(crate) fn plan(&mut self, plan: Plan) {
        debug_assert!(plan.usecs >= self.clock_usecs);
        if plan.answer == Answer::LoginFailure {
            self.failures_owed -= i64::from(Share::WHOLE);
        }
        let second_layout = self.random.happens(self.config.second_layout);
        self.plans.push(Reverse(Plan { order: self.planned, second_layout, ..plan }));
        self.planned += 1;
    }

    fn next_arrival(&mut self) -> Numbered {
        loop {
            let numbered = self.next_numbered();
            let now = numbered.plan.usecs;
            let delay = if self.random.happens(self.config.disordered) {
                let span = self.config.disorder_usecs_max.saturating_add(1).min(1 << 32);
                self.random.below(span)
            } else {
                0
            };
            self.arrivals.push(Reverse((now.saturating_add(delay), numbered.plan.order, numbered)));
            // All later ones arrive at `now` or after it.
            if self.arrivals.peek().is_some_and(|Reverse((arrival, ..))| *arrival <= now)
                && let Some(Reverse((_, _, earliest))) = self.arrivals.pop()
            {
                return earliest;
            }
        }
    }

    fn next_numbered(&mut self) -> Numbered {
        loop {
            if self.plans.peek().is_none_or(|Reverse(plan)| plan.usecs >= self.clock_usecs) {
                self.act();
                continue;
            }
            if let Some(Reverse(plan)) = self.plans.pop() {
                return self.number(plan);
            }
        }
    }

    /// Gives a plan the next place in its HSM's log.
    fn number(&mut self, plan: Plan) -> Numbered {
        self.failures_owed += i64::from(self.config.login_failures.parts());
        let hsm = usize::try_from(plan.hsm).ok().and_then(|index| self.site.hsms.get_mut(index));
        let Some(hsm) = hsm else { return Numbered { plan, sequence: 0, reboot: 0 } };
        if plan.rebooted {
            hsm.reboot = hsm.reboot.saturating_add(1);
            hsm.sequence = 0;
        }
        let sequence = hsm.sequence;
        hsm.sequence += 1;
        Numbered { plan, sequence, reboot: hsm.reboot }
    }
}

/// When something first happens that happens every so often; never if that is 0.
pub(crate) const fn due(now: u64, every: u64) -> u64 {
    if every == 0 { u64::MAX } else { now.saturating_add(every) }
}
