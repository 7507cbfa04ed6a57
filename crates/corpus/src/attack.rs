//! Attacks, each a short script. Every record of one carries its label.
//!
//! The routine traffic around them may look like an attack by chance (a high rate of failed logins makes
//! bursts): labels say what was scripted, not what a rule ought to find.

use crate::corpus::Corpus;
use crate::plan::{Answer, Command, Plan, Who};
use crate::scenario::{Label, Scenario};
use crate::site::{KMS_USER, OFFICERS, Session, USERS};

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;
/// The time of day that counts as night; so late that the last echo still does.
const NIGHT: core::ops::Range<u64> = 2 * 3600 * SECOND..4 * 3600 * SECOND - SECOND;

/// One attack under way: its label and the cluster that it is made on.
#[derive(Clone, Copy)]
struct Attack {
    label: Option<Label>,
    cluster: usize,
}

impl Corpus {
    /// Scripts the next attack, beginning at the clock's time, on a random cluster.
    pub(crate) fn attack(&mut self) {
        let scenarios = self.config.scenarios;
        let incident = self.incidents;
        let turn = usize::try_from(incident).unwrap_or_default() % scenarios.len().max(1);
        let Some(scenario) = scenarios.iter().nth(turn) else { return };
        self.incidents = incident.wrapping_add(1);
        let label = Some(Label { scenario, incident });
        let attack = Attack { label, cluster: self.cluster() };
        match scenario {
            Scenario::BruteForce => self.brute_force(attack),
            Scenario::Spray => self.spray(attack),
            Scenario::MassDelete => self.mass_delete(attack),
            Scenario::OfficerAtNight => self.officer_at_night(attack),
            Scenario::Enumeration => self.enumeration(attack),
            Scenario::QuorumChange => self.quorum_change(attack),
            Scenario::Zeroize => self.zeroize(attack),
            Scenario::WrongRole => self.wrong_role(attack),
            Scenario::RogueOfficer => self.rogue_officer(attack),
            Scenario::CreateUseDelete => self.create_use_delete(attack),
            Scenario::Takeover => self.takeover(attack),
            Scenario::QuorumBypass => self.quorum_bypass(attack),
            Scenario::MassExport => self.mass_export(attack),
            Scenario::KeyProbing => self.key_probing(attack),
            Scenario::ForgedRecord => self.forged_record(attack),
            Scenario::Preofficer => self.preofficer(attack),
            Scenario::LogEnded => self.log_ended(attack),
        }
    }

    /// A login attempt `after` the clock's time, seen by all HSMs.
    fn attempt(&mut self, attack: Attack, session: Session, after: u64, answer: Answer) {
        self.everywhere(attack, session, Command::Login, after, |plan| Plan { answer, ..plan });
    }

    /// A command that shows on all HSMs.
    fn everywhere(
        &mut self,
        attack: Attack,
        session: Session,
        command: Command,
        after: u64,
        change: impl FnOnce(Plan) -> Plan,
    ) {
        let draft = self.draft(0, command);
        let plan = Plan { usecs: draft.usecs + after, user: session.user, label: attack.label, ..draft };
        self.on_all_hsms(attack.cluster, session, change(plan));
    }

    /// A command in a session, on its own HSM only.
    fn command(
        &mut self,
        attack: Attack,
        session: Session,
        command: Command,
        after: u64,
        change: impl FnOnce(Plan) -> Plan,
    ) {
        let draft = self.draft(session.home, command);
        let handle = session.handle(session.home, 4);
        let (usecs, label) = (draft.usecs + after, attack.label);
        self.plan(change(Plan { usecs, user: session.user, session: handle, label, ..draft }));
    }

    /// A random crypto user.
    fn victim(&mut self) -> Who {
        let victim = self.random.below(u64::from(USERS - OFFICERS));
        Who::User(u16::try_from(victim).unwrap_or_default() + OFFICERS)
    }

    fn brute_force(&mut self, attack: Attack) {
        let victim = self.victim();
        let session = self.new_session(attack.cluster, victim);
        for guess in 0..12 {
            let after = guess * 9 * SECOND + self.random.below(SECOND);
            self.attempt(attack, session, after, Answer::LoginFailure);
        }
        self.attempt(attack, session, 115 * SECOND, Answer::Success);
    }

    fn spray(&mut self, attack: Attack) {
        for user in 0..10 {
            let session = self.new_session(attack.cluster, Who::User(OFFICERS + user));
            let after = u64::from(user) * 28 * SECOND + self.random.below(SECOND);
            self.attempt(attack, session, after, Answer::LoginFailure);
        }
    }

    fn enumeration(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::Nobody);
        for name in 0..12 {
            let session = Session { user: Who::Stranger(name), ..session };
            let after = u64::from(name) * 18 * SECOND + self.random.below(SECOND);
            self.attempt(attack, session, after, Answer::NoSuchUser);
        }
    }

    /// At once if it is night, else some time in the next.
    fn officer_at_night(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::User(0));
        let now = self.clock_usecs;
        let into_night = NIGHT.start + self.random.below(7000) * SECOND;
        let time_of_day = now % DAY;
        let after = if NIGHT.contains(&time_of_day) {
            0
        } else if time_of_day <= into_night {
            into_night - time_of_day
        } else {
            into_night + DAY - time_of_day
        };
        self.attempt(attack, session, after, Answer::Success);
    }

    fn mass_delete(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::User(OFFICERS));
        self.attempt(attack, session, 0, Answer::Success);
        for deletion in 0..15 {
            let keys = [self.key(attack.cluster, true), 0];
            let after = SECOND + deletion * 3 * SECOND + self.random.below(SECOND);
            self.command(attack, session, Command::TombstoneKey, after, |plan| Plan { keys, ..plan });
        }
    }

    fn quorum_change(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::User(1));
        self.attempt(attack, session, 0, Answer::Success);
        let script = [Command::GetToken, Command::ApproveToken, Command::SetQuorum];
        for (command, after) in script.into_iter().zip([20, 45, 60]) {
            self.command(attack, session, command, after * SECOND, |plan| plan);
        }
    }

    fn zeroize(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::Nobody);
        self.command(attack, session, Command::Zeroize, 0, |plan| plan);
        let after = 30 * SECOND;
        self.command(attack, session, Command::InitToken, after, |plan| Plan { rebooted: true, ..plan });
    }

    fn wrong_role(&mut self, attack: Attack) {
        let Who::User(number) = self.victim() else { return };
        let session = self.new_session(attack.cluster, Who::AsOfficer(number));
        for attempt in 0..4 {
            let after = attempt * 25 * SECOND + self.random.below(SECOND);
            self.attempt(attack, session, after, Answer::WrongRole);
        }
    }

    fn rogue_officer(&mut self, attack: Attack) {
        let officer = self.new_session(attack.cluster, Who::User(0));
        let target = Who::RogueOfficer;
        self.everywhere(attack, officer, Command::CreateOfficer, 0, |plan| Plan { target, ..plan });
        let rogue = self.new_session(attack.cluster, target);
        self.attempt(attack, rogue, 30 * SECOND, Answer::Success);
    }

    fn create_use_delete(&mut self, attack: Attack) {
        let officer = self.new_session(attack.cluster, Who::User(1));
        let target = Who::Stranger(2);
        self.everywhere(attack, officer, Command::CreateUser, 0, |plan| Plan { target, ..plan });
        let user = self.new_session(attack.cluster, target);
        self.attempt(attack, user, 30 * SECOND, Answer::Success);
        let keys = [self.key(attack.cluster, true), 0];
        for (command, after) in [(Command::UnwrapKey, 45), (Command::WrapKey, 60)] {
            self.command(attack, user, command, after * SECOND, |plan| Plan { keys, ..plan });
        }
        let after = 120 * SECOND;
        self.everywhere(attack, officer, Command::DeleteUser, after, |plan| Plan { target, ..plan });
    }

    /// Not with `kmsuser`, whose password AWS KMS changes at every connection.
    fn takeover(&mut self, attack: Attack) {
        let target = match self.victim() {
            Who::User(KMS_USER) => Who::User(KMS_USER + 1),
            other => other,
        };
        let officer = self.new_session(attack.cluster, Who::User(0));
        self.everywhere(attack, officer, Command::ChangePassword, 0, |plan| Plan { target, ..plan });
        let taken = self.new_session(attack.cluster, target);
        self.attempt(attack, taken, 30 * SECOND, Answer::Success);
        for export in 0..3 {
            let keys = [self.key(attack.cluster, true), 0];
            let after = (50 + 20 * export) * SECOND;
            self.command(attack, taken, Command::WrapKey, after, |plan| Plan { keys, ..plan });
        }
    }

    fn quorum_bypass(&mut self, attack: Attack) {
        let officer = self.new_session(attack.cluster, Who::User(1));
        self.attempt(attack, officer, 0, Answer::Success);
        for attempt in 0..4 {
            let (target, answer) = (self.victim(), Answer::NoQuorum);
            let after = (10 + 30 * attempt) * SECOND;
            self.everywhere(attack, officer, Command::DeleteUser, after, |plan| Plan {
                target,
                answer,
                ..plan
            });
        }
    }

    fn mass_export(&mut self, attack: Attack) {
        let victim = self.victim();
        let session = self.new_session(attack.cluster, victim);
        self.attempt(attack, session, 0, Answer::Success);
        for export in 0..12 {
            let keys = [self.key(attack.cluster, true), 0];
            let after = SECOND + export * 10 * SECOND + self.random.below(SECOND);
            self.command(attack, session, Command::WrapKey, after, |plan| Plan { keys, ..plan });
        }
    }

    fn key_probing(&mut self, attack: Attack) {
        let victim = self.victim();
        let session = self.new_session(attack.cluster, victim);
        self.attempt(attack, session, 0, Answer::Success);
        for probe in 0..12_u32 {
            let answer = if probe % 3 == 0 { Answer::NoSuchKey } else { Answer::KeyDenied };
            let keys = [self.key(attack.cluster, true), 0];
            let after = SECOND + u64::from(probe) * 5 * SECOND;
            self.command(attack, session, Command::WrapKey, after, |plan| Plan { keys, answer, ..plan });
        }
    }

    fn forged_record(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::Nobody);
        for name in 0..3 {
            let session = Session { user: Who::Forger(name), ..session };
            self.attempt(attack, session, u64::from(name) * 20 * SECOND, Answer::LoginFailure);
        }
    }

    fn preofficer(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::Preofficer);
        self.attempt(attack, session, 0, Answer::Success);
        let (target, after) = (Who::Preofficer, 20 * SECOND);
        self.command(attack, session, Command::ChangePassword, after, |plan| Plan { target, ..plan });
    }

    /// Nothing of this HSM may come between the mark and the reboot.
    fn log_ended(&mut self, attack: Attack) {
        let session = self.new_session(attack.cluster, Who::Nobody);
        self.close_sessions(attack.cluster, session.home);
        self.command(attack, session, Command::EndMarker, 0, |plan| Plan { session: 0, ..plan });
        let rebooted = |plan| Plan { session: 0, rebooted: true, ..plan };
        self.command(attack, session, Command::Clock, 0, rebooted);
    }
}
