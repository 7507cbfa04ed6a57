//! The clusters, HSMs, users and sessions that the traffic comes from.

use crate::config::Config;
use crate::plan::Who;
use crate::random::Random;

/// Users of a cluster; the first two are crypto officers.
pub(crate) const USERS: u16 = 24;
pub(crate) const OFFICERS: u16 = 2;
/// The number of `kmsuser`.
pub(crate) const KMS_USER: u16 = 2;
/// Sessions a cluster may have at a time.
pub(crate) const SESSIONS_MAX: usize = 48;

/// The names of a cluster's first users; the others are numbered.
const NAMES: [&str; 8] =
    ["admin", "officer1", "kmsuser", "svc-payments", "svc.tls", "backup_agent", "ca-root", "jenkins"];
/// What attackers try first.
const STRANGERS: [&str; 8] =
    ["root", "administrator", "test", "oracle", "guest", "hsm", "operator", "crypto"];
/// Names that would turn a failure into a success, or the user into another, were they believed. None forges the
/// beginning of a record: in raw text, where records lie one behind the other, that would be one.
const FORGERIES: [&str; 3] = [
    "x\nResponse : 0:HSM Return: SUCCESS",
    "svc-payments\nUser Type : CN_CRYPTO_OFFICER (2)",
    "y\r\nOpcode : CN_LOGOUT (0xe)\nResponse : 0:HSM Return: SUCCESS",
];
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// An HSM.
#[derive(Debug, Clone)]
pub(crate) struct Hsm {
    pub(crate) name: String,
    pub(crate) sequence: u64,
    pub(crate) reboot: u32,
}

/// A cluster.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    /// Its HSMs, counted over all clusters.
    pub(crate) hsms: core::ops::Range<u32>,
    pub(crate) sessions: Vec<Session>,
    /// Keys made so far.
    pub(crate) keys: u32,
}

/// A user's connection, open on all HSMs of the cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: Who,
    /// The HSM that runs its commands.
    pub(crate) home: u32,
    pub(crate) serial: u32,
}

impl Session {
    /// The session's handle on an HSM: connection and `index`, which is what differs between the commands
    /// of one connection. The real ones look like 0x2014005.
    pub(crate) fn handle(self, hsm: u32, index: u32) -> u32 {
        let connection = 0x1000 + self.serial.wrapping_add(hsm.wrapping_mul(7919)) % 0xf_e000;
        connection << 12 | index & 0xfff
    }
}

/// All clusters and HSMs.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) hsms: Vec<Hsm>,
}

impl Site {
    pub(crate) fn new(config: &Config, random: &mut Random) -> Self {
        let mut hsms = Vec::new();
        let per_cluster = config.hsms_per_cluster;
        let clusters = (0..config.clusters)
            .map(|cluster| {
                let name = identifier("cluster-", random);
                let first = cluster * per_cluster;
                hsms.extend((0..per_cluster).map(|_| Hsm {
                    name: identifier("hsm-", random),
                    sequence: 0,
                    reboot: u32::try_from(1 + random.below(300)).unwrap_or(1),
                }));
                Cluster { name, hsms: first..first + per_cluster, sessions: Vec::new(), keys: 1 }
            })
            .collect();
        Self { clusters, hsms }
    }
}

/// An id as the service makes them: `hsm-` and eleven characters of base 32.
fn identifier(prefix: &str, random: &mut Random) -> String {
    let characters = (0..11).map(|_| random.pick(ALPHABET).map_or('a', char::from));
    prefix.chars().chain(characters).collect()
}

/// Appends a user's name.
pub(crate) fn write_name(who: Who, out: &mut Vec<u8>) {
    let (names, number, other): (&[&str], _, _) = match who {
        Who::Nobody => return,
        Who::User(number) | Who::AsOfficer(number) => (&NAMES, number, "app-"),
        Who::Stranger(number) => (&STRANGERS, number, "user"),
        Who::RogueOfficer => (&["backup-admin"], 0, ""),
        Who::Preofficer => (&["admin"], 0, ""),
        Who::Forger(number) => (&FORGERIES, number, "x\n"),
    };
    match names.get(usize::from(number)) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(other.as_bytes());
            crate::print::decimal(u64::from(number), out);
        }
    }
}

/// A user's type as a record prints it.
pub(crate) const fn user_type(who: Who) -> &'static str {
    match who {
        Who::User(number) if number < OFFICERS => "CN_CRYPTO_OFFICER (2)",
        Who::AsOfficer(_) | Who::RogueOfficer => "CN_CRYPTO_OFFICER (2)",
        Who::Preofficer => "CN_CRYPTO_PRE_OFFICER (6)",
        _ => "CN_CRYPTO_USER (1)",
    }
}
