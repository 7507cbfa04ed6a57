//! The sorts of attack: their names, what happens in each, and which of them a corpus plays.
//!
//! Chosen after the MITRE ATT&CK techniques that an HSM's audit log can show, and after the alarms that AWS
//! recommends (Prescriptive Guidance, "Monitor AWS CloudHSM"; CloudHSM user guide, audit log reference and
//! quorum authentication).

use core::fmt;
use core::str::FromStr;

/// An attack of which a record is part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// What sort of attack.
    pub scenario: Scenario,
    /// Which one, counted from 0.
    pub incident: u32,
}

/// The sorts of attack. More may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scenario {
    /// One user's password is guessed: 12 failed logins in two minutes, then one that succeeds. T1110.001.
    BruteForce,
    /// One password is tried with ten users in five minutes. T1110.003.
    Spray,
    /// Fifteen token keys are deleted in one minute. T1485.
    MassDelete,
    /// A crypto officer logs in between 02:00 and 04:00 UTC. T1078.
    OfficerAtNight,
    /// Twelve user names that do not exist are tried in four minutes. T1087.
    Enumeration,
    /// The quorum is changed. T1556.
    QuorumChange,
    /// An HSM is zeroised and initialised anew: its sequence starts at 0 with a higher reboot counter. T1485.
    Zeroize,
    /// A crypto user's name is tried four times with the type of an officer. T1078.
    WrongRole,
    /// An officer creates another officer, who logs in at once. T1136, T1098.
    RogueOfficer,
    /// A user is created, exports a key and is deleted within ten minutes. T1136, T1070.
    CreateUseDelete,
    /// An officer sets a user's password, logs in as that user and exports three keys. T1098, T1552.004.
    Takeover,
    /// An officer tries four times to delete users without the approvals that the quorum asks for. T1548.
    QuorumBypass,
    /// Twelve keys are exported in two minutes. T1552.004.
    MassExport,
    /// One session asks for twelve keys that it may not use or that do not exist. T1552.004, T1087.
    KeyProbing,
    /// Logins fail with user names that hold line ends and forged fields. T1070.
    ForgedRecord,
    /// Somebody logs in as the officer of a cluster that is not activated, and sets the password. T1078.001.
    Preofficer,
    /// The log of an HSM ends, and begins anew after a reboot. T1562.008, T1529.
    LogEnded,
}

impl Scenario {
    /// All of them, in the order in which they take turns.
    pub const ALL: [Self; 17] = [
        Self::BruteForce,
        Self::Spray,
        Self::MassDelete,
        Self::OfficerAtNight,
        Self::Enumeration,
        Self::QuorumChange,
        Self::Zeroize,
        Self::WrongRole,
        Self::RogueOfficer,
        Self::CreateUseDelete,
        Self::Takeover,
        Self::QuorumBypass,
        Self::MassExport,
        Self::KeyProbing,
        Self::ForgedRecord,
        Self::Preofficer,
        Self::LogEnded,
    ];

    /// Names the scenario.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.told().name
    }

    /// What happens, in one line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        self.told().summary
    }

    /// Techniques of MITRE ATT&CK (v18) that it is an example of.
    #[must_use]
    pub const fn attack(self) -> &'static [&'static str] {
        self.told().attack
    }

    /// Ids of the shipped rules (`deploy/rules`) that are meant to find it.
    #[must_use]
    pub const fn rules(self) -> &'static [&'static str] {
        self.told().rules
    }

    /// How long it takes from its first record to its last at most, in seconds of event time. An officer at night
    /// waits for the night before.
    #[must_use]
    pub const fn seconds_max(self) -> u64 {
        self.told().seconds_max
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn told(self) -> Told {
        match self {
            Self::BruteForce => Told {
                name: "brute-force",
                summary: "12 wrong passwords for one user in two minutes, then the right one",
                attack: &["T1110.001"],
                rules: &["login-failures-per-session", "login-failures-per-user", "login-lockout"],
                seconds_max: 116,
            },
            Self::Spray => Told {
                name: "spray",
                summary: "a wrong password for each of ten users in five minutes",
                attack: &["T1110.003"],
                rules: &["password-spraying"],
                seconds_max: 254,
            },
            Self::MassDelete => Told {
                name: "mass-delete",
                summary: "15 token keys deleted within a minute",
                attack: &["T1485"],
                rules: &["key-deletion-burst", "token-key-deleted"],
                seconds_max: 45,
            },
            Self::OfficerAtNight => Told {
                name: "officer-at-night",
                summary: "a crypto officer logs in between 02:00 and 04:00 UTC",
                attack: &["T1078"],
                rules: &["crypto-officer-login"],
                seconds_max: 1,
            },
            Self::Enumeration => Told {
                name: "enumeration",
                summary: "12 user names that do not exist, tried in four minutes",
                attack: &["T1087", "T1110"],
                rules: &["unknown-user", "password-spraying"],
                seconds_max: 200,
            },
            Self::QuorumChange => Told {
                name: "quorum-change",
                summary: "an officer changes how many approvals a command needs",
                attack: &["T1556", "T1098"],
                rules: &["quorum-value-changed"],
                seconds_max: 60,
            },
            Self::Zeroize => Told {
                name: "zeroize",
                summary: "an HSM is erased and initialised anew",
                attack: &["T1485", "T1490"],
                rules: &["hsm-zeroized", "hsm-initialized"],
                seconds_max: 30,
            },
            Self::WrongRole => Told {
                name: "wrong-role",
                summary: "a crypto user's name tried four times as an officer's",
                attack: &["T1078"],
                rules: &["wrong-role"],
                seconds_max: 80,
            },
            Self::RogueOfficer => Told {
                name: "rogue-officer",
                summary: "a new crypto officer is created and logs in at once",
                attack: &["T1136", "T1098"],
                rules: &["officer-created", "crypto-officer-login"],
                seconds_max: 31,
            },
            Self::CreateUseDelete => Told {
                name: "create-use-delete",
                summary: "a user is created, exports a key and is deleted",
                attack: &["T1136", "T1070"],
                rules: &["user-created", "key-exported", "user-deleted"],
                seconds_max: 121,
            },
            Self::Takeover => Told {
                name: "takeover",
                summary: "an officer sets a user's password and exports keys as that user",
                attack: &["T1098", "T1552.004"],
                rules: &["password-changed", "key-exported"],
                seconds_max: 90,
            },
            Self::QuorumBypass => Told {
                name: "quorum-bypass",
                summary: "users are to be deleted without the approvals of other officers",
                attack: &["T1548"],
                rules: &["quorum-not-satisfied"],
                seconds_max: 101,
            },
            Self::MassExport => Told {
                name: "mass-export",
                summary: "12 keys exported in two minutes",
                attack: &["T1552.004"],
                rules: &["key-export-burst", "key-exported"],
                seconds_max: 120,
            },
            Self::KeyProbing => Told {
                name: "key-probing",
                summary: "one session asks for 12 keys that are not its own",
                attack: &["T1552.004", "T1087"],
                rules: &["key-access-denied"],
                seconds_max: 60,
            },
            Self::ForgedRecord => Told {
                name: "forged-record",
                summary: "failed logins whose user names hold line ends and forged fields",
                attack: &["T1070"],
                rules: &["record-tampered"],
                seconds_max: 41,
            },
            Self::Preofficer => Told {
                name: "preofficer",
                summary: "the officer of a cluster that is not activated logs in and sets a password",
                attack: &["T1078.001"],
                rules: &["preofficer-activity"],
                seconds_max: 20,
            },
            Self::LogEnded => Told {
                name: "log-ended",
                summary: "the log of an HSM ends and begins anew",
                attack: &["T1562.008", "T1529"],
                rules: &["log-stream-ended"],
                seconds_max: 1,
            },
        }
    }
}

/// What is told of a scenario.
struct Told {
    name: &'static str,
    summary: &'static str,
    attack: &'static [&'static str],
    rules: &'static [&'static str],
    seconds_max: u64,
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A name that no scenario has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScenario;

impl fmt::Display for UnknownScenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no such scenario")
    }
}

impl core::error::Error for UnknownScenario {}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        Self::ALL.into_iter().find(|scenario| scenario.as_str() == name).ok_or(UnknownScenario)
    }
}

/// A set of scenarios. They take turns in the order of [`Scenario::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenarios(u32);

impl Scenarios {
    /// None: no attacks.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << Scenario::ALL.len()) - 1);
    /// The first seven, those of [`Config::new`](crate::Config::new): the corpora of the benchmarks hold them, so
    /// the set stays as it is.
    pub const FIRST: Self = Self((1 << (Scenario::Zeroize as u32 + 1)) - 1);

    /// The set with `scenario` in it.
    #[must_use]
    pub const fn with(self, scenario: Scenario) -> Self {
        Self(self.0 | 1 << scenario as u32)
    }

    /// Whether `scenario` is in it.
    #[must_use]
    pub const fn contains(self, scenario: Scenario) -> bool {
        self.0 >> scenario as u32 & 1 == 1
    }

    /// Its scenarios in order.
    pub fn iter(self) -> impl Iterator<Item = Scenario> {
        Scenario::ALL.into_iter().filter(move |scenario| self.contains(*scenario))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scenario> for Scenarios {
    fn from_iter<I: IntoIterator<Item = Scenario>>(scenarios: I) -> Self {
        scenarios.into_iter().fold(Self::NONE, Self::with)
    }
}
