//! What users and the HSMs themselves do all day.

use crate::config::Share;
use crate::corpus::{Corpus, due};
use crate::plan::{Answer, Command, Plan, Who};
use crate::site::{OFFICERS, SESSIONS_MAX, Session, USERS};

/// The first key handle.
const KEY_FIRST: u32 = 262_144;
/// By how much the other HSMs of the cluster are behind the home of a session with its login.
const ECHO_USECS_MAX: u64 = 80_000;

/// Key commands, the frequent ones more than once.
const KEY_COMMANDS: [Command; 12] = [
    Command::GenerateKey,
    Command::GenerateKey,
    Command::GenerateKey,
    Command::GenerateKeyPair,
    Command::DestroyKey,
    Command::DestroyKey,
    Command::DestroyKey,
    Command::WrapKey,
    Command::UnwrapKey,
    Command::NistWrap,
    Command::ModifyKey,
    Command::ShareKey,
];

impl Corpus {
    /// Does the next thing and moves the clock on by what it costs at the configured rate.
    pub(crate) fn act(&mut self) {
        let now = self.clock_usecs;
        if now >= self.next_attack_usecs {
            self.next_attack_usecs = due(now, self.config.attack_every_usecs);
            self.attack();
        }
        let records = if now >= self.next_reboot_usecs {
            self.next_reboot_usecs = due(now, self.config.reboot_every_usecs);
            self.reboot()
        } else if self.owes_failed_login() {
            self.failed_login()
        } else {
            self.routine()
        };
        let gap = 1_000_000_u64 * u64::from(records) / u64::from(self.config.rate_per_second);
        // Between half and one and a half of the mean; at least 1 so that the clock always moves.
        self.clock_usecs += (gap / 2 + self.random.below(gap.min(1 << 31) + 1)).max(1);
    }

    /// A random cluster.
    pub(crate) fn cluster(&mut self) -> usize {
        self.random.index(self.site.clusters.len())
    }

    /// A plan for `hsm` at the clock's time; the caller sets what differs.
    pub(crate) const fn draft(&self, hsm: u32, command: Command) -> Plan {
        Plan {
            usecs: self.clock_usecs,
            order: 0,
            hsm,
            command,
            answer: Answer::Success,
            second_layout: false,
            rebooted: false,
            session: 0x100_0001,
            user: Who::Nobody,
            target: Who::Nobody,
            keys: [0, 0],
            label: None,
        }
    }

    /// Plans the record of a login, or of another command that shows on all HSMs, on each of them.
    /// Returns how many that are.
    pub(crate) fn on_all_hsms(&mut self, cluster: usize, session: Session, plan: Plan) -> u32 {
        let Some(hsms) = self.site.clusters.get(cluster).map(|cluster| cluster.hsms.clone()) else {
            return 0;
        };
        let count = u32::try_from(hsms.len()).unwrap_or_default();
        for hsm in hsms {
            let late = if hsm == session.home { 0 } else { 1 + self.random.below(ECHO_USECS_MAX) };
            self.plan(Plan { usecs: plan.usecs + late, hsm, session: session.handle(hsm, 5), ..plan });
        }
        count
    }

    /// A session of `user` with a random home, not yet known to the cluster.
    pub(crate) fn new_session(&mut self, cluster: usize, user: Who) -> Session {
        self.serial = self.serial.wrapping_add(1);
        let hsms = self.site.clusters.get(cluster).map_or(0..1, |cluster| cluster.hsms.clone());
        let home = self.random.below(u64::from(hsms.end - hsms.start));
        Session { user, home: hsms.start + u32::try_from(home).unwrap_or_default(), serial: self.serial }
    }

    /// A new key's handle, or that of one made before.
    pub(crate) fn key(&mut self, cluster: usize, new: bool) -> u32 {
        let Some(cluster) = self.site.clusters.get_mut(cluster) else { return KEY_FIRST };
        if new {
            cluster.keys = cluster.keys.wrapping_add(1) & 0xff_ffff;
            return KEY_FIRST + cluster.keys;
        }
        let made = u64::from(cluster.keys) + 1;
        KEY_FIRST + u32::try_from(self.random.below(made)).unwrap_or_default()
    }

    fn owes_failed_login(&self) -> bool {
        self.failures_owed >= i64::from(Share::WHOLE) * i64::from(self.config.hsms_per_cluster)
    }

    /// Somebody mistypes a password.
    fn failed_login(&mut self) -> u32 {
        let cluster = self.cluster();
        let user = self.user();
        let session = self.new_session(cluster, user);
        let plan = Plan { user, answer: Answer::LoginFailure, ..self.draft(0, Command::Login) };
        self.on_all_hsms(cluster, session, plan)
    }

    fn user(&mut self) -> Who {
        Who::User(
            u16::try_from(self.random.below(u64::from(USERS - OFFICERS))).unwrap_or_default() + OFFICERS,
        )
    }

    /// An HSM comes up again: its log starts anew and its sessions are gone.
    fn reboot(&mut self) -> u32 {
        let cluster = self.cluster();
        let hsm = self.new_session(cluster, Who::Nobody).home;
        self.close_sessions(cluster, hsm);
        self.plan(Plan { rebooted: true, session: 0, ..self.draft(hsm, Command::Clock) });
        1
    }

    /// Ends all sessions at home on `hsm`, without a record.
    pub(crate) fn close_sessions(&mut self, cluster: usize, hsm: u32) {
        if let Some(cluster) = self.site.clusters.get_mut(cluster) {
            cluster.sessions.retain(|session| session.home != hsm);
        }
    }

    fn routine(&mut self) -> u32 {
        let cluster = self.cluster();
        let sessions = self.site.clusters.get(cluster).map_or(&[][..], |cluster| &cluster.sessions);
        let open = sessions.len();
        match self.random.below(1000) {
            0..450 if open > 0 => self.key_command(cluster),
            450..720 => self.on_some_hsm(cluster, Command::EncryptSession),
            720..780 => self.on_some_hsm(cluster, Command::Clock),
            780..900 if open > 0 => self.end_session(cluster),
            900..910 => self.masked_copy(cluster),
            910..915 => self.change_user(cluster),
            915..918 => {
                self.on_some_hsm(cluster, Command::BackupBegin)
                    + self.on_some_hsm(cluster, Command::BackupEnd)
            }
            _ if open < SESSIONS_MAX => self.login(cluster),
            _ => self.end_session(cluster),
        }
    }

    fn login(&mut self, cluster: usize) -> u32 {
        let user = self.user();
        let session = self.new_session(cluster, user);
        if let Some(cluster) = self.site.clusters.get_mut(cluster) {
            cluster.sessions.push(session);
        }
        let plan = Plan { user, ..self.draft(0, Command::Login) };
        self.on_all_hsms(cluster, session, plan)
    }

    fn end_session(&mut self, cluster: usize) -> u32 {
        let command = [Command::Logout, Command::AppFinalize, Command::CloseSession];
        let command = self.random.pick(&command).unwrap_or(Command::Logout);
        let Some((index, session)) = self.session(cluster) else { return 0 };
        if let Some(cluster) = self.site.clusters.get_mut(cluster) {
            cluster.sessions.swap_remove(index);
        }
        let draft = self.draft(session.home, command);
        self.plan(Plan { user: session.user, session: session.handle(session.home, 4), ..draft });
        1
    }

    /// An open session of the cluster and its place in the list.
    fn session(&mut self, cluster: usize) -> Option<(usize, Session)> {
        let sessions = &self.site.clusters.get(cluster)?.sessions;
        let index = self.random.index(sessions.len());
        Some((index, *sessions.get(index)?))
    }

    fn key_command(&mut self, cluster: usize) -> u32 {
        let command = self.random.pick(&KEY_COMMANDS).unwrap_or(Command::GenerateKey);
        let Some((_, session)) = self.session(cluster) else { return 0 };
        let new = matches!(command, Command::GenerateKey | Command::GenerateKeyPair | Command::UnwrapKey);
        let private = self.key(cluster, new);
        let public = if command == Command::GenerateKeyPair { self.key(cluster, true) } else { 0 };
        let denied = self.random.below(200) == 0 && !new;
        let answer = if denied { Answer::KeyDenied } else { Answer::Success };
        let index = 4 + u32::try_from(self.random.below(4)).unwrap_or_default();
        let draft = self.draft(session.home, command);
        let session_handle = session.handle(session.home, index);
        self.plan(Plan {
            user: session.user,
            session: session_handle,
            keys: [private, public],
            answer,
            ..draft
        });
        1
    }

    fn on_some_hsm(&mut self, cluster: usize, command: Command) -> u32 {
        let session = self.new_session(cluster, Who::Nobody);
        let handle = if command == Command::Clock { 0 } else { session.handle(session.home, 1) };
        self.plan(Plan { session: handle, ..self.draft(session.home, command) });
        1
    }

    /// A key goes from one HSM to all others of the cluster.
    fn masked_copy(&mut self, cluster: usize) -> u32 {
        let Some((_, session)) = self.session(cluster) else { return 0 };
        let Some(hsms) = self.site.clusters.get(cluster).map(|cluster| cluster.hsms.clone()) else {
            return 0;
        };
        let keys = [self.key(cluster, false), 0];
        let count = u32::try_from(hsms.len()).unwrap_or_default();
        for hsm in hsms {
            let (command, late) = if hsm == session.home {
                (Command::ExtractMasked, 0)
            } else {
                (Command::InsertMasked, 78_000)
            };
            let draft = self.draft(hsm, command);
            let usecs = draft.usecs + late;
            self.plan(Plan { usecs, keys, user: session.user, session: session.handle(hsm, 6), ..draft });
        }
        count
    }

    /// An officer creates or deletes a user, or changes a password, on all HSMs.
    fn change_user(&mut self, cluster: usize) -> u32 {
        let commands =
            [Command::CreateUser, Command::DeleteUser, Command::ChangePassword, Command::CreateOfficer];
        // Officers are created rarely: the last command is drawn half as often as chance would.
        let command = self.random.pick(&commands).unwrap_or(Command::ChangePassword);
        let command = if command == Command::CreateOfficer && self.random.below(2) == 0 {
            Command::ChangePassword
        } else {
            command
        };
        let officer = Who::User(0);
        let target = if command == Command::CreateOfficer { Who::User(1) } else { self.user() };
        let session = self.new_session(cluster, officer);
        let plan = Plan { user: officer, target, ..self.draft(0, command) };
        self.on_all_hsms(cluster, session, plan)
    }
}
