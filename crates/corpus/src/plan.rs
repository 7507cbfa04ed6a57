//! One record before it is printed: who does what, where and when, and how it ends.
//!
//! A plan is small and `Copy`; the text is made when it is handed out.

use crate::scenario::Label;
use core::cmp::Ordering;

/// A command, as far as its record differs from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Login,
    Logout,
    AppFinalize,
    CloseSession,
    EncryptSession,
    CreateUser,
    CreateOfficer,
    DeleteUser,
    ChangePassword,
    SetQuorum,
    GetToken,
    ApproveToken,
    GenerateKey,
    GenerateKeyPair,
    DestroyKey,
    TombstoneKey,
    WrapKey,
    UnwrapKey,
    NistWrap,
    ShareKey,
    ModifyKey,
    InsertMasked,
    ExtractMasked,
    BackupBegin,
    BackupEnd,
    InitToken,
    Zeroize,
    EndMarker,
    Clock,
}

/// What follows the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    Nothing,
    /// Who logs in or out.
    Login,
    /// Who is created, deleted or changed.
    User,
    Key,
    Clock,
}

impl Command {
    /// Opcode with its number. Numbers from `0x100` up are invented, all others published.
    pub(crate) const fn opcode(self) -> &'static str {
        match self {
            Self::Login => "CN_LOGIN (0xd)",
            Self::Logout => "CN_LOGOUT (0xe)",
            Self::AppFinalize => "CN_APP_FINALIZE (0x100)",
            Self::CloseSession => "CN_CLOSE_SESSION (0x101)",
            Self::EncryptSession => "CN_ENCRYPT_SESSION_V2 (0x102)",
            Self::CreateUser => "CN_CREATE_USER (0x3)",
            Self::CreateOfficer => "CN_CREATE_CO (0x4)",
            Self::DeleteUser => "CN_DELETE_USER (0xa1)",
            Self::ChangePassword => "CN_CHANGE_PSWD (0x9)",
            Self::SetQuorum => "CN_SET_M_VALUE (0x103)",
            Self::GetToken => "CN_GET_TOKEN (0x104)",
            Self::ApproveToken => "CN_APPROVE_TOKEN (0x105)",
            Self::GenerateKey => "CN_GENERATE_KEY (0x17)",
            Self::GenerateKeyPair => "CN_GENERATE_KEY_PAIR (0x19)",
            Self::DestroyKey => "CN_DESTROY_OBJECT (0x11)",
            Self::TombstoneKey => "CN_TOMBSTONE_OBJECT (0x106)",
            Self::WrapKey => "CN_WRAP_KEY (0x1a)",
            Self::UnwrapKey => "CN_UNWRAP_KEY (0x1b)",
            Self::NistWrap => "CN_NIST_AES_WRAP (0x1e)",
            Self::ShareKey => "CN_SHARE_OBJECT (0x12)",
            Self::ModifyKey => "CN_MODIFY_OBJECT (0x107)",
            Self::InsertMasked => "CN_INSERT_MASKED_OBJECT_USER (0xf1)",
            Self::ExtractMasked => "CN_EXTRACT_MASKED_OBJECT_USER (0xf0)",
            Self::BackupBegin => "CN_BACKUP_BEGIN (0x108)",
            Self::BackupEnd => "CN_BACKUP_END (0x109)",
            Self::InitToken => "CN_INIT_TOKEN (0x1)",
            Self::Zeroize => "CN_ZEROIZE (0x10a)",
            Self::EndMarker => "END_MARKER_OPCODE (0xffff)",
            Self::Clock => "UNKNOWN_OPCODE (0xffff)",
        }
    }

    pub(crate) const fn tail(self) -> Tail {
        match self {
            Self::Login | Self::Logout => Tail::Login,
            Self::CreateUser | Self::CreateOfficer | Self::DeleteUser | Self::ChangePassword => Tail::User,
            Self::GenerateKey
            | Self::GenerateKeyPair
            | Self::DestroyKey
            | Self::TombstoneKey
            | Self::WrapKey
            | Self::UnwrapKey
            | Self::NistWrap
            | Self::ModifyKey
            | Self::InsertMasked
            | Self::ExtractMasked => Tail::Key,
            Self::Clock => Tail::Clock,
            _ => Tail::Nothing,
        }
    }
}

/// How the HSM answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Success,
    /// A wrong password: the answer that [`crate::Config::login_failures`] counts.
    LoginFailure,
    NoSuchUser,
    /// The user exists with another type.
    WrongRole,
    KeyDenied,
    NoSuchKey,
    /// Approvals of other officers are missing.
    NoQuorum,
}

impl Answer {
    /// The value of the `Response` line. Texts and numbers are published, but for the number of the quorum's.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Success => "0:HSM Return: SUCCESS",
            Self::LoginFailure => "163:HSM Error: RET_USER_LOGIN_FAILURE",
            Self::NoSuchUser => "206:HSM Error: This user doesn't exist",
            Self::WrongRole => "219:HSM Error: Invalid User Type",
            Self::KeyDenied => "198:HSM Error: Key Access is denied",
            Self::NoSuchKey => "168:HSM Error: Invalid object handle is passed to this operation",
            Self::NoQuorum => "256:HSM Error: RET_MXN_AUTH_FAILED",
        }
    }
}

/// A user, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    /// A user of the cluster.
    User(u16),
    /// A name that an attacker tries, or a user that is not one of the cluster's for long.
    Stranger(u16),
    /// A user of the cluster, but named as a crypto officer.
    AsOfficer(u16),
    /// An officer that an attacker creates.
    RogueOfficer,
    /// The officer of a cluster that is not activated.
    Preofficer,
    /// A name with line ends, to forge fields.
    Forger(u16),
}

/// A record to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) usecs: u64,
    /// Tells plans of one microsecond apart: first planned, first printed.
    pub(crate) order: u64,
    /// HSM, counted over all clusters.
    pub(crate) hsm: u32,
    pub(crate) command: Command,
    pub(crate) answer: Answer,
    pub(crate) second_layout: bool,
    /// The HSM has rebooted just before.
    pub(crate) rebooted: bool,
    /// Session handle.
    pub(crate) session: u32,
    /// Who acts; in the first layout, of user management, who is acted on.
    pub(crate) user: Who,
    /// Who is acted on.
    pub(crate) target: Who,
    /// Private or secret key, and public key.
    pub(crate) keys: [u32; 2],
    pub(crate) label: Option<Label>,
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Plan {}

impl PartialOrd for Plan {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Plan {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.usecs, self.order).cmp(&(other.usecs, other.order))
    }
}
