//! The known labels of a record's lines, and how far each is believed.
//!
//! Labels compare exactly, case included. Sources: the AWS CloudHSM user guide, "Interpreting HSM audit
//! logs" (the first layout), and the log pattern of SIEM on Amazon OpenSearch Service (the second).

/// A label that the grammar knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Label {
    Time,
    Version,
    Sequence,
    Reboot,
    CommandType,
    Opcode,
    Session,
    Response,
    LogType,
    UserName,
    UserType,
    UserId,
    TargetUserName,
    TargetUserType,
    TargetUserId,
    PrivateKey,
    PublicKey,
    ObjectKey,
    Mechanism,
    UserCount,
    MfaEnabled,
    UserIds,
    Operation,
    LocalTime,
    HostTime,
    PropagationDelay,
}

/// The labels, each behind its text.
pub(crate) const TABLE: [(&[u8], Label); 26] = [
    (b"Time", Label::Time),
    (b"Version No", Label::Version),
    (b"Sequence No", Label::Sequence),
    (b"Reboot counter", Label::Reboot),
    (b"Command Type(hex)", Label::CommandType),
    (b"Opcode", Label::Opcode),
    (b"Session Handle", Label::Session),
    (b"Response", Label::Response),
    (b"Log type", Label::LogType),
    (b"User Name", Label::UserName),
    (b"User Type", Label::UserType),
    (b"User id", Label::UserId),
    (b"Target User Name", Label::TargetUserName),
    (b"Target User Type", Label::TargetUserType),
    (b"Target User id", Label::TargetUserId),
    (b"Priv/Secret Key Handle", Label::PrivateKey),
    (b"Public Key Handle", Label::PublicKey),
    (b"Key Handle", Label::ObjectKey),
    (b"Mechanism", Label::Mechanism),
    (b"Number of Users", Label::UserCount),
    (b"Mfa enabled", Label::MfaEnabled),
    (b"UserIDs", Label::UserIds),
    (b"Operation", Label::Operation),
    (b"local time", Label::LocalTime),
    (b"host time", Label::HostTime),
    (b"propagation delay", Label::PropagationDelay),
];

/// Places of the table of [`PLACES`].
const PLACES_COUNT: usize = 64;

/// The labels, each at its place; with the factors of [`place`] no two have the same.
static PLACES: [Option<(&[u8], Label)>; PLACES_COUNT] = places();

const fn places() -> [Option<(&'static [u8], Label)>; PLACES_COUNT] {
    let mut places = [None; PLACES_COUNT];
    let mut rest: &[(&[u8], Label)] = &TABLE;
    while let [entry, others @ ..] = rest {
        let (_, behind) = places.split_at_mut(place(entry.0));
        let [free, ..] = behind else { panic!("a place in the table") };
        assert!(free.is_none(), "two labels have the same place");
        *free = Some(*entry);
        rest = others;
    }
    places
}

/// The place of a label, by its length, its second byte and the last but one.
#[inline(always)]
const fn place(text: &[u8]) -> usize {
    let [_, second, .., last_but_one, _] = text else { return 0 };
    (text.len() + 17 * (*second as usize) + 16 * (*last_but_one as usize)) % PLACES_COUNT
}

impl Label {
    /// Finds the label that these bytes are.
    #[inline]
    pub(crate) fn find(text: &[u8]) -> Option<Self> {
        let (known, label) = (*PLACES.get(place(text))?)?;
        (known == text).then_some(label)
    }

    /// Finds the longest label that `text` ends with and that stands behind a blank; and where it starts.
    pub(crate) fn behind_blank(text: &[u8]) -> Option<(Self, usize)> {
        Self::of_end(text.last_chunk()?).iter().find_map(|(label, known)| {
            let before = text.strip_suffix(*known)?;
            matches!(before, [.., b' ' | b'\t']).then_some((*label, before.len()))
        })
    }

    /// The labels that end with these bytes, the longest first.
    fn of_end(end: &[u8; 4]) -> &'static [(Self, &'static [u8])] {
        match end {
            b"Time" => &[(Self::Time, b"Time")],
            b"n No" => &[(Self::Version, b"Version No")],
            b"e No" => &[(Self::Sequence, b"Sequence No")],
            b"nter" => &[(Self::Reboot, b"Reboot counter")],
            b"hex)" => &[(Self::CommandType, b"Command Type(hex)")],
            b"code" => &[(Self::Opcode, b"Opcode")],
            b"ndle" => &[
                (Self::PrivateKey, b"Priv/Secret Key Handle"),
                (Self::PublicKey, b"Public Key Handle"),
                (Self::Session, b"Session Handle"),
                (Self::ObjectKey, b"Key Handle"),
            ],
            b"onse" => &[(Self::Response, b"Response")],
            b"type" => &[(Self::LogType, b"Log type")],
            b"Name" => &[(Self::TargetUserName, b"Target User Name"), (Self::UserName, b"User Name")],
            b"Type" => &[(Self::TargetUserType, b"Target User Type"), (Self::UserType, b"User Type")],
            b"r id" => &[(Self::TargetUserId, b"Target User id"), (Self::UserId, b"User id")],
            b"nism" => &[(Self::Mechanism, b"Mechanism")],
            b"sers" => &[(Self::UserCount, b"Number of Users")],
            b"bled" => &[(Self::MfaEnabled, b"Mfa enabled")],
            b"rIDs" => &[(Self::UserIds, b"UserIDs")],
            b"tion" => &[(Self::Operation, b"Operation")],
            b"time" => &[(Self::LocalTime, b"local time"), (Self::HostTime, b"host time")],
            b"elay" => &[(Self::PropagationDelay, b"propagation delay")],
            _ => &[],
        }
    }

    /// Tells whether a line of this label is believed behind a user name, which may hold forged lines:
    /// in the first layout only what the HSM prints there, in the second (`v2`) somewhat more.
    #[inline]
    pub(crate) fn believed_after_user(self, v2: bool) -> bool {
        match self {
            Self::UserType => true,
            Self::Mechanism
            | Self::TargetUserName
            | Self::TargetUserType
            | Self::TargetUserId
            | Self::MfaEnabled
            | Self::Operation
            | Self::UserCount
            | Self::UserIds => v2,
            _ => false,
        }
    }

    /// The label's bit in a set of labels.
    #[inline]
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests;
