//! What the HSM's words mean: opcodes, responses, log types, user types, command types.
//!
//! For help texts, completions, lint hints and the traffic generator. None of these lists is closed: the parser takes any
//! name, as bytes that are printed, and only recognises these sooner. Names decide, numbers are known for some only.
//!
//! Sources: AWS CloudHSM user guide, "Interpreting HSM audit logs", "Audit log reference" and the error
//! tables of the client tools, editions 2018 to 2026 (UG); Microsoft Azure Cloud HSM documentation, which
//! describes the same vendor's firmware (AZ); published records, log patterns and measurements of live
//! deployments: alphagov/cyber-cloudwatch-fluentd-to-hec (GDS), SIEM on Amazon OpenSearch Service (SIEM),
//! aws-samples/cloudhsm-workshop (WS), RadiumGu/pix-proxy-samples (PIX).

/// How far a word is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the current AWS user guide.
    Current,
    /// Only in older editions of the AWS user guide.
    Older,
    /// Seen in published records or dashboards, or documented for the same firmware elsewhere.
    Elsewhere,
}

/// What an opcode is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the groups of the user guide, by their names there")]
pub enum Group {
    Login,
    Users,
    Quorum,
    Keys,
    Clone,
    Backup,
    Certificates,
    Instance,
    Crypto,
    Marker,
    Query,
}

/// An opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opcode {
    /// Name as records print it.
    pub name: &'static str,
    /// Number, where a source prints one.
    pub code: Option<u16>,
    /// What it is about.
    pub group: Group,
    /// How far it is documented.
    pub source: Source,
    /// What the command does, in a few words.
    pub meaning: &'static str,
}

const fn opcode(
    name: &'static str,
    code: Option<u16>,
    group: Group,
    source: Source,
    meaning: &'static str,
) -> Opcode {
    Opcode { name, code, group, source, meaning }
}

/// The opcodes known from any source, by group.
pub const OPCODES: &[Opcode] = {
    use Group::{Backup, Certificates, Clone, Crypto, Instance, Keys, Login, Marker, Query, Quorum, Users};
    use Source::{Current, Elsewhere, Older};
    &[
        opcode("CN_LOGIN", Some(0xd), Login, Current, "a user logs in"),
        opcode("CN_LOGOUT", Some(0xe), Login, Current, "a user logs out"),
        opcode("CN_APP_FINALIZE", None, Login, Current, "the client's connection closes"),
        opcode("CN_CLOSE_SESSION", None, Login, Current, "a session closes"),
        opcode("CN_AUTHORIZE_SESSION", None, Login, Elsewhere, "a session is authorised"),
        opcode("CN_ENCRYPT_SESSION_V2", None, Login, Elsewhere, "end-to-end encryption is set up"),
        opcode("CN_CREATE_USER", Some(0x3), Users, Current, "a crypto user is created"),
        opcode("CN_CREATE_CO", Some(0x4), Users, Current, "a crypto officer is created"),
        opcode("CN_CREATE_APPLIANCE_USER", Some(0xfc), Users, Older, "the appliance user is created"),
        opcode("CN_DELETE_USER", Some(0xa1), Users, Current, "a user is deleted"),
        opcode("CN_CHANGE_PSWD", Some(0x9), Users, Current, "a password is changed"),
        opcode("CN_SET_M_VALUE", None, Quorum, Current, "the quorum's size is set"),
        opcode("CN_APPROVE_TOKEN", None, Quorum, Current, "a quorum token is approved"),
        opcode("CN_DELETE_TOKEN", None, Quorum, Current, "quorum tokens are deleted"),
        opcode("CN_GET_TOKEN", None, Quorum, Current, "a quorum token is asked for"),
        opcode("CN_GENERATE_KEY", Some(0x17), Keys, Current, "a symmetric key is generated"),
        opcode("CN_GENERATE_KEY_PAIR", Some(0x19), Keys, Current, "a key pair is generated"),
        opcode("CN_CREATE_OBJECT", None, Keys, Current, "a public key is imported"),
        opcode("CN_MODIFY_OBJECT", None, Keys, Current, "a key's attribute is set"),
        opcode("CN_DESTROY_OBJECT", Some(0x11), Keys, Current, "a session key is deleted"),
        opcode("CN_TOMBSTONE_OBJECT", None, Keys, Current, "a token key is deleted"),
        opcode("CN_SHARE_OBJECT", Some(0x12), Keys, Current, "a key is shared or unshared"),
        opcode("CN_WRAP_KEY", Some(0x1a), Keys, Current, "a key is exported wrapped"),
        opcode("CN_UNWRAP_KEY", Some(0x1b), Keys, Current, "a wrapped key is imported"),
        opcode("CN_DERIVE_KEY", None, Keys, Current, "a key is derived"),
        opcode("CN_NIST_AES_WRAP", Some(0x1e), Keys, Current, "a key is wrapped or unwrapped with AES"),
        opcode("CN_INSERT_MASKED_OBJECT_USER", Some(0xf1), Keys, Current, "a masked key arrives"),
        opcode("CN_EXTRACT_MASKED_OBJECT_USER", Some(0xf0), Keys, Current, "a masked key leaves"),
        opcode("CN_CLONE_SOURCE_INIT", None, Clone, Older, "cloning begins at the source"),
        opcode("CN_CLONE_SOURCE_STAGE1", None, Clone, Older, "cloning ends at the source"),
        opcode("CN_CLONE_TARGET_INIT", None, Clone, Older, "cloning begins at the target"),
        opcode("CN_CLONE_TARGET_STAGE1", None, Clone, Older, "cloning ends at the target"),
        opcode("CN_BACKUP_BEGIN", None, Backup, Current, "a backup begins"),
        opcode("CN_BACKUP_END", None, Backup, Current, "a backup ends"),
        opcode("CN_RESTORE_BEGIN", None, Backup, Current, "a restore from backup begins"),
        opcode("CN_RESTORE_END", None, Backup, Current, "a restore from backup ends"),
        opcode("CN_CERT_AUTH_STORE_CERT", None, Certificates, Current, "a certificate is stored"),
        opcode(
            "CN_CERT_AUTH_VALIDATE_PEER_CERTS",
            None,
            Certificates,
            Older,
            "a peer's certificates are validated",
        ),
        opcode(
            "CN_CERT_AUTH_SOURCE_KEY_EXCHANGE",
            None,
            Certificates,
            Older,
            "keys are exchanged at the source",
        ),
        opcode(
            "CN_CERT_AUTH_TARGET_KEY_EXCHANGE",
            None,
            Certificates,
            Older,
            "keys are exchanged at the target",
        ),
        opcode("CN_INIT_TOKEN", Some(0x1), Instance, Current, "the HSM's initialisation begins"),
        opcode("CN_INIT_DONE", Some(0x95), Instance, Current, "the HSM's initialisation ends"),
        opcode("CN_GEN_PSWD_ENC_KEY", Some(0x1d), Instance, Current, "the password key is generated"),
        opcode("CN_GEN_KEY_ENC_KEY", None, Instance, Current, "the key encryption key is generated"),
        opcode("CN_CLOSE_PARTITION_SESSIONS", None, Instance, Older, "all sessions are closed"),
        opcode("CN_STORE_KBK_SHARE", None, Instance, Older, "a share of the backup key is stored"),
        opcode("CN_SET_NODEID", None, Instance, Older, "the HSM's node id is set"),
        opcode("CN_ZEROIZE", None, Instance, Older, "the HSM is zeroised"),
        opcode("CN_FIPS_RAND", None, Crypto, Current, "random bytes are drawn (hsm1.medium)"),
        opcode("HASH_SINGLE_CALL", None, Crypto, Elsewhere, "a signature is made or verified"),
        opcode("END_MARKER_OPCODE", Some(0xffff), Marker, Elsewhere, "the log ends"),
        opcode("UNKNOWN_OPCODE", None, Marker, Elsewhere, "no opcode, as in clock records"),
        opcode("CN_FIND_OBJECTS_FROM_INDEX", None, Query, Elsewhere, "keys are searched"),
        opcode("CN_FIND_OBJECTS_USING_COUNT", None, Query, Elsewhere, "keys are searched"),
        opcode("CN_GET_OBJECT_INFO", None, Query, Elsewhere, "a key's description is read"),
        opcode("CN_LIST_TOKENS", None, Query, Elsewhere, "quorum tokens are listed"),
        opcode("CN_LIST_USERS", None, Query, Elsewhere, "users are listed"),
        opcode("CN_GET_ATTRIBUTE_VALUE", None, Query, Elsewhere, "a key's attribute is read"),
        opcode("CN_GET_ALL_ATTRIBUTE_VALUE", None, Query, Elsewhere, "a key's attributes are read"),
        opcode("CN_GET_ATTRIBUTE_SIZE", None, Query, Elsewhere, "an attribute's size is read"),
        opcode("CN_GET_ALL_ATTRIBUTE_SIZE", None, Query, Elsewhere, "attributes' sizes are read"),
        opcode("CN_TOKEN_INFO", None, Query, Elsewhere, "the HSM's description is read"),
        opcode("CN_PARTITION_INFO", None, Query, Elsewhere, "the partition's description is read"),
    ]
};

/// Misspellings of the documentation, and the opcodes they mean.
pub const OPCODE_ALIASES: &[(&str, &str)] =
    &[("CN_SESSION_CLOSE", "CN_CLOSE_SESSION"), ("CM_SHARE_OBJECT", "CN_SHARE_OBJECT")];

/// Finds an opcode by its name or a documented misspelling of it.
#[must_use]
pub fn opcode_named(name: &str) -> Option<&'static Opcode> {
    let name = OPCODE_ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, meant)| meant);
    OPCODES.iter().find(|opcode| opcode.name == name)
}

/// A name with its number, where a source prints one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Name as records print it.
    pub name: &'static str,
    /// Number.
    pub code: Option<u16>,
    /// What it stands for.
    pub meaning: &'static str,
}

const fn named(name: &'static str, code: Option<u16>, meaning: &'static str) -> Named {
    Named { name, code, meaning }
}

/// Command types: UG, AZ; the number of `TIME_INFO_CMD` is inferred from a dashboard query (WS).
pub const COMMAND_TYPES: &[Named] = &[
    named("CN_MGMT_CMD", Some(0x0), "management of users, keys and the HSM"),
    named("CN_CERT_AUTH_CMD", Some(0x9), "certificates between HSMs"),
    named("TIME_INFO_CMD", Some(0xeee2), "clock record"),
    named("SPECIAL", Some(0xffff), "marker"),
];

/// Log types: UG, SIEM, PIX. Numbers are published for four only.
pub const LOG_TYPES: &[Named] = &[
    named("MINIMAL_LOG_ENTRY", Some(0), "nothing beyond the header"),
    named("MGMT_KEY_DETAILS_LOG", Some(1), "key handles"),
    named("MGMT_USER_DETAILS_LOG", Some(2), "user name and type"),
    named("UNKNOWN_LOG_TYPE", Some(5), "nothing beyond the header; seen with shares"),
    named("TIME_INFO_LOG", Some(16), "local time, host time, propagation delay"),
    named("GENERIC_LOG", None, "not published"),
    named("USER_AUTH_LOG", None, "logins, second layout"),
    named("USER_MANAGE_LOG", None, "user management, second layout"),
    named("KEY_DETAILS_LOG", None, "key handles, second layout"),
    named("PARTITION_BACKUP_RESTORE_LOG", None, "backup and restore"),
];

/// User types: UG; the last from a client's source, without number.
pub const USER_TYPES: &[Named] = &[
    named("CN_CRYPTO_USER", Some(1), "crypto user, CU"),
    named("CN_CRYPTO_OFFICER", Some(2), "crypto officer, CO, admin"),
    named("CN_APPLIANCE_USER", Some(5), "appliance user, AU, the service itself"),
    named("CN_CRYPTO_PRE_OFFICER", Some(6), "officer of an HSM not yet activated, PRECO"),
    named("CN_2FA_CRYPTO_USER", None, "crypto user with a second factor"),
];

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// None: the command succeeded.
    None,
    /// A wrong password.
    Password,
    /// There is no such user on this HSM.
    NoSuchUser,
    /// The quorum is missing.
    Quorum,
    /// Already logged in; mostly noise.
    AlreadyLoggedIn,
    /// A key that is not there, or not the user's.
    Key,
    /// Against a policy or a type.
    Policy,
}

/// A response of the HSM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Number in decimal, as records print it, where a source prints one.
    pub code: Option<u16>,
    /// Words behind `HSM Return:` or `HSM Error:`.
    pub text: &'static str,
    /// What it comes to.
    pub refusal: Refusal,
}

const fn answer(code: Option<u16>, text: &'static str, refusal: Refusal) -> Answer {
    Answer { code, text, refusal }
}

/// Responses: records and error tables of UG, records of GDS, dashboard of SIEM. No complete list exists.
pub const RESPONSES: &[Answer] = &[
    answer(Some(0), "SUCCESS", Refusal::None),
    answer(Some(157), "user isn't initialized or user with this name doesn't exist", Refusal::NoSuchUser),
    answer(Some(163), "RET_USER_LOGIN_FAILURE", Refusal::Password),
    answer(Some(168), "Invalid object handle is passed to this operation", Refusal::Key),
    answer(Some(179), "This operation violates the current configured/FIPS policies", Refusal::Policy),
    answer(Some(198), "Key Access is denied", Refusal::Key),
    answer(Some(206), "This user doesn't exist", Refusal::NoSuchUser),
    answer(Some(219), "Invalid User Type", Refusal::Policy),
    answer(None, "RET_MXN_AUTH_FAILED", Refusal::Quorum),
    answer(None, "Other type of user has already logged in", Refusal::AlreadyLoggedIn),
    answer(None, "This type of user has already logged in", Refusal::AlreadyLoggedIn),
    answer(None, "Key not found or Invalid key handle is passed to this operation", Refusal::Key),
];
