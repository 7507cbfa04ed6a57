//! Attacks, each a short script. Every record of one carries its label.
//!
//! The routine traffic around them may look like an attack by chance (a high rate of failed logins makes
//! bursts): labels say what was scripted, not what a rule ought to find.

use crate::corpus::Corpus;
use crate::plan::{Answer, Command, Label, Plan, Scenario, Who};
use crate::site::{OFFICERS, Session, USERS};

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

impl Corpus {
    /// Scripts the next attack, beginning at the clock's time, on a random cluster.
    pub(crate) fn attack(&mut self) {
        let incident = self.incidents;
        self.incidents = incident.wrapping_add(1);
        let turn = usize::try_from(incident).unwrap_or_default() % Scenario::ALL.len();
        let Some(scenario) = Scenario::ALL.get(turn).copied() else { return };
        let label = Some(Label { scenario, incident });
        let cluster = self.cluster();
        match scenario {
            Scenario::BruteForce => self.brute_force(cluster, label),
            Scenario::Spray => self.spray(cluster, label),
            Scenario::MassDelete => self.mass_delete(cluster, label),
            Scenario::OfficerAtNight => self.officer_at_night(cluster, label),
            Scenario::Enumeration => self.enumeration(cluster, label),
            Scenario::QuorumChange => self.quorum_change(cluster, label),
            Scenario::Zeroize => self.zeroize(cluster, label),
        }
    }

    /// A login attempt `after` the clock's time, seen by all HSMs.
    fn attempt(
        &mut self,
        cluster: usize,
        session: Session,
        after: u64,
        answer: Answer,
        label: Option<Label>,
    ) {
        let draft = self.draft(0, Command::Login);
        let plan = Plan { usecs: draft.usecs + after, user: session.user, answer, label, ..draft };
        self.on_all_hsms(cluster, session, plan);
    }

    fn brute_force(&mut self, cluster: usize, label: Option<Label>) {
        let victim = self.random.below(u64::from(USERS - OFFICERS));
        let session =
            self.new_session(cluster, Who::User(u16::try_from(victim).unwrap_or_default() + OFFICERS));
        for guess in 0..12 {
            let after = guess * 9 * SECOND + self.random.below(SECOND);
            self.attempt(cluster, session, after, Answer::LoginFailure, label);
        }
        self.attempt(cluster, session, 115 * SECOND, Answer::Success, label);
    }

    fn spray(&mut self, cluster: usize, label: Option<Label>) {
        for user in 0..10 {
            let session = self.new_session(cluster, Who::User(OFFICERS + user));
            let after = u64::from(user) * 28 * SECOND + self.random.below(SECOND);
            self.attempt(cluster, session, after, Answer::LoginFailure, label);
        }
    }

    fn enumeration(&mut self, cluster: usize, label: Option<Label>) {
        let session = self.new_session(cluster, Who::Nobody);
        for name in 0..12 {
            let session = Session { user: Who::Stranger(name), ..session };
            let after = u64::from(name) * 18 * SECOND + self.random.below(SECOND);
            self.attempt(cluster, session, after, Answer::NoSuchUser, label);
        }
    }

    fn officer_at_night(&mut self, cluster: usize, label: Option<Label>) {
        let session = self.new_session(cluster, Who::User(0));
        let now = self.clock_usecs;
        let into_night = (2 * 3600 + self.random.below(7000)) * SECOND;
        let tonight = now - now % DAY + into_night;
        let at = if tonight >= now { tonight } else { tonight + DAY };
        self.attempt(cluster, session, at - now, Answer::Success, label);
    }

    /// A command in a session, on its own HSM only.
    fn command(&mut self, session: Session, command: Command, after: u64, plan: impl FnOnce(Plan) -> Plan) {
        let draft = self.draft(session.home, command);
        let handle = session.handle(session.home, 4);
        let planned = Plan { usecs: draft.usecs + after, user: session.user, session: handle, ..draft };
        self.plan(plan(planned));
    }

    fn mass_delete(&mut self, cluster: usize, label: Option<Label>) {
        let session = self.new_session(cluster, Who::User(OFFICERS));
        self.attempt(cluster, session, 0, Answer::Success, label);
        for deletion in 0..15 {
            let keys = [self.key(cluster, true), 0];
            let after = SECOND + deletion * 3 * SECOND + self.random.below(SECOND);
            self.command(session, Command::TombstoneKey, after, |plan| Plan { keys, label, ..plan });
        }
    }

    fn quorum_change(&mut self, cluster: usize, label: Option<Label>) {
        let session = self.new_session(cluster, Who::User(1));
        self.attempt(cluster, session, 0, Answer::Success, label);
        let script = [Command::GetToken, Command::ApproveToken, Command::SetQuorum];
        for (command, after) in script.into_iter().zip([20, 45, 60]) {
            self.command(session, command, after * SECOND, |plan| Plan { label, ..plan });
        }
    }

    fn zeroize(&mut self, cluster: usize, label: Option<Label>) {
        let session = self.new_session(cluster, Who::Nobody);
        self.command(session, Command::Zeroize, 0, |plan| Plan { label, ..plan });
        self.command(session, Command::InitToken, 30 * SECOND, |plan| Plan { label, rebooted: true, ..plan });
    }
}
