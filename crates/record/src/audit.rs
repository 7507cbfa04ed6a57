//! The parsed audit record: borrowed slices and numbers, nothing copied.

use crate::anomaly::{Anomalies, Anomaly};
use crate::extra::Extra;
use crate::field::Field;
use crate::print::Print;
use crate::raw::Raw;
use crate::value::Value;

/// An audit record. What was not printed is `None`; names are bytes as printed and may be no UTF-8.
///
/// About 600 bytes, `Copy`, borrows everything from the frame. It begins where a cache line does: elsewhere, filling it takes
/// up to a tenth longer, as chance has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Audit<'a> {
    /// The record's text: the frame, without line ends and blanks behind.
    pub raw: Raw<'a>,
    /// Event time in microseconds since the epoch, at most [`crate::time::USECS_MAX`].
    pub usecs: u64,
    /// Sequence number, counted by the HSM from 0 for each reboot.
    pub sequence: u64,
    /// Reboot counter of the HSM.
    pub reboot: Option<u32>,
    /// The layout's version, as printed.
    pub version: Option<&'a [u8]>,
    /// Name of the command type.
    pub command_type: Option<&'a [u8]>,
    /// Number of the command type.
    pub command_type_code: Option<u64>,
    /// Name of the opcode.
    pub opcode: Option<&'a [u8]>,
    /// Number of the opcode.
    pub opcode_code: Option<u64>,
    /// Session handle.
    pub session: Option<Session<'a>>,
    /// How the HSM answered the command.
    pub response: Option<Response<'a>>,
    /// Name of the log type.
    pub log_type: Option<&'a [u8]>,
    /// Number of the log type.
    pub log_type_code: Option<u64>,
    /// The user who acted, or who was acted on: the first layout does not tell them apart.
    pub user: User<'a>,
    /// Key handles.
    pub key: Keys,
    /// What is odd about the record. [`Anomaly::InvalidUtf8`] is never among them: only who prints the
    /// record finds that out.
    pub anomalies: Anomalies,
    /// How it is printed, if the parser saw that.
    pub print: Print,
    /// Lines that go to `extra`, repetitions counted; spares the walk for the usual 0.
    pub(crate) extra_lines: u32,
    /// Apart, so that records that have none need not say so field by field.
    pub(crate) details: Rare<'a>,
}

/// What few records print: those of some commands of the second layout, and clock records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details<'a> {
    /// The user who was acted on, in the second layout.
    pub target_user: User<'a>,
    /// Mechanism, as printed.
    pub mechanism: Option<&'a [u8]>,
    /// Whether the user has a second factor, as printed.
    pub mfa_enabled: Option<&'a [u8]>,
    /// Name of a share operation.
    pub operation: Option<&'a [u8]>,
    /// Number of a share operation.
    pub operation_code: Option<u64>,
    /// Number of users of a share operation, as printed.
    pub user_count: Option<&'a [u8]>,
    /// Users of a share operation, as printed.
    pub user_ids: Option<&'a [u8]>,
    /// The HSM's clock, of a clock record.
    pub local_time_usecs: Option<u64>,
    /// The host's clock, of a clock record.
    pub host_time_usecs: Option<u64>,
    /// Delay between the two, of a clock record.
    pub propagation_delay_usecs: Option<u64>,
}

impl Details<'_> {
    /// Nothing of that.
    pub const NONE: Self = Self {
        target_user: User::NONE,
        mechanism: None,
        mfa_enabled: None,
        operation: None,
        operation_code: None,
        user_count: None,
        user_ids: None,
        local_time_usecs: None,
        host_time_usecs: None,
        propagation_delay_usecs: None,
    };
}

/// Details, if there are any. None, and details that say nothing, are the same.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rare<'a>(Option<Details<'a>>);

impl<'a> Rare<'a> {
    #[inline]
    const fn get(&self) -> &Details<'a> {
        match &self.0 {
            Some(details) => details,
            None => &Details::NONE,
        }
    }
}

impl PartialEq for Rare<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Rare<'_> {}

/// A session handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session<'a> {
    /// As printed: `0x` and hex digits of either case.
    pub text: &'a [u8],
    /// Its number.
    pub handle: u64,
}

impl Session<'_> {
    /// What the commands of one connection have in common: all but the lowest twelve bits.
    #[must_use]
    pub const fn connection(self) -> u64 {
        self.handle >> 12
    }
}

/// The HSM's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// Number; 0 is success.
    pub code: u64,
    /// Words behind `HSM Return:` or `HSM Error:`, or all words if it is neither. May be empty.
    pub text: &'a [u8],
    /// What the words say, or else the code.
    pub outcome: Outcome,
}

/// Success or failure. As large as what stands beside it, so that records are copied without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u64)]
pub enum Outcome {
    /// The command was carried out.
    Success,
    /// The command was refused or failed.
    Failure,
}

impl Outcome {
    /// Names the outcome as the view does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }

    /// The outcome that a response code stands for.
    #[inline]
    pub(crate) const fn of_code(code: u64) -> Self {
        if code == 0 { Self::Success } else { Self::Failure }
    }
}

/// A user as a record names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// Name, possibly empty. Chosen by whoever tried to log in: hostile bytes.
    pub name: Option<&'a [u8]>,
    /// Name of the user type.
    pub user_type: Option<&'a [u8]>,
    /// Number of the user type.
    pub type_code: Option<u64>,
    /// Id, as printed.
    pub id: Option<&'a [u8]>,
}

impl User<'_> {
    /// Nobody.
    const NONE: Self = Self { name: None, user_type: None, type_code: None, id: None };
}

/// The key handles of a record; 0 means "none" in the log and is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// `Priv/Secret Key Handle`.
    pub private_handle: Option<u64>,
    /// `Public Key Handle`.
    pub public_handle: Option<u64>,
    /// `Key Handle`.
    pub object_handle: Option<u64>,
}

impl Keys {
    /// None at all.
    const NONE: Self = Self { private_handle: None, public_handle: None, object_handle: None };

    /// The handle of the key the command was about: the first of object, private, public that is not 0.
    #[inline]
    #[must_use]
    pub const fn handle(self) -> Option<u64> {
        let Self { private_handle, public_handle, object_handle } = self;
        match (object_handle, private_handle, public_handle) {
            (Some(handle @ 1..), ..) | (_, Some(handle @ 1..), _) | (.., Some(handle @ 1..)) => Some(handle),
            _ => None,
        }
    }
}

impl<'a> Audit<'a> {
    /// What few records print.
    #[inline]
    #[must_use]
    pub const fn details(&self) -> &Details<'a> {
        self.details.get()
    }

    /// The same, to be written.
    #[inline]
    pub fn details_mut(&mut self) -> &mut Details<'a> {
        self.details.0.get_or_insert(Details::NONE)
    }

    /// Empties what only some records print, for a parser that writes all else.
    #[inline(always)]
    pub(crate) const fn clear_optional(&mut self) {
        self.user = User::NONE;
        self.key = Keys::NONE;
        self.anomalies = Anomalies::NONE;
        self.extra_lines = 0;
        self.details = Rare(None);
    }

    /// Walks the raw text again for the labels that are not known or not believed, with their values: at
    /// most 32, the first of each label, in the order printed. Costs nothing if there are none.
    #[must_use]
    pub fn extra(&self) -> Extra<'a> {
        Extra::new(if self.extra_lines == 0 { &[] } else { self.raw.bytes() })
    }

    /// Whether every line has a known label that is believed, and nothing is odd: then the fields say all that
    /// the text says, but for blanks, spellings of numbers, and lines without a value.
    #[inline]
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.extra_lines == 0 && self.anomalies.is_empty()
    }

    /// Marks that the transport held a JSON escape in this frame that stands for no character.
    #[must_use]
    pub const fn with_bad_escape(mut self, bad_escape: bool) -> Self {
        if bad_escape {
            self.anomalies.insert(Anomaly::BadEscape);
            self.print = Print::UNKNOWN;
        }
        self
    }

    /// The outcome, if a response was printed.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.response.map(|response| response.outcome)
    }

    /// The value of a field of an audit record; `None` if it was not printed, or is no such field.
    pub(crate) fn value(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::Time => Some(Value::Time(self.usecs)),
            Field::Usecs => Some(Value::Number(self.usecs)),
            Field::Version => self.version.map(Value::Text),
            Field::Sequence => Some(Value::Number(self.sequence)),
            Field::Reboot => self.reboot.map(|reboot| Value::Number(u64::from(reboot))),
            Field::CommandType => self.command_type.map(Value::Text),
            Field::CommandTypeCode => self.command_type_code.map(Value::Number),
            Field::Opcode => self.opcode.map(Value::Text),
            Field::OpcodeCode => self.opcode_code.map(Value::Number),
            Field::Session => self.session.map(|session| Value::Lower(session.text)),
            Field::Connection => self.session.map(|session| Value::Hex(session.connection())),
            Field::Outcome => self.outcome().map(|outcome| Value::Text(outcome.as_str().as_bytes())),
            Field::ResponseCode => self.response.map(|response| Value::Number(response.code)),
            Field::ResponseText => self.response.map(|response| Value::Text(response.text)),
            Field::LogType => self.log_type.map(Value::Text),
            Field::LogTypeCode => self.log_type_code.map(Value::Number),
            Field::UserName => self.user.name.map(Value::Text),
            Field::UserType => self.user.user_type.map(Value::Text),
            Field::UserTypeCode => self.user.type_code.map(Value::Number),
            Field::UserId => self.user.id.map(Value::Text),
            Field::TargetUserName => self.details().target_user.name.map(Value::Text),
            Field::TargetUserType => self.details().target_user.user_type.map(Value::Text),
            Field::TargetUserTypeCode => self.details().target_user.type_code.map(Value::Number),
            Field::TargetUserId => self.details().target_user.id.map(Value::Text),
            _ => self.detail(field),
        }
    }

    /// The fields that only some commands print.
    fn detail(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::KeyHandle => self.key.handle().map(Value::Number),
            Field::KeyPrivateHandle => self.key.private_handle.map(Value::Number),
            Field::KeyPublicHandle => self.key.public_handle.map(Value::Number),
            Field::KeyObjectHandle => self.key.object_handle.map(Value::Number),
            Field::Mechanism => self.details().mechanism.map(Value::Text),
            Field::MfaEnabled => self.details().mfa_enabled.map(Value::Text),
            Field::Operation => self.details().operation.map(Value::Text),
            Field::OperationCode => self.details().operation_code.map(Value::Number),
            Field::UserCount => self.details().user_count.map(Value::Text),
            Field::UserIds => self.details().user_ids.map(Value::Text),
            Field::LocalTimeUsecs => self.details().local_time_usecs.map(Value::Number),
            Field::HostTimeUsecs => self.details().host_time_usecs.map(Value::Number),
            Field::PropagationDelayUsecs => self.details().propagation_delay_usecs.map(Value::Number),
            Field::Extra(label) => self.extra().find(label).map(Value::Text),
            _ => None,
        }
    }
}
