//! The fields of the view by name: what rules group by, compare and print.
//!
//! A name is the path of a scalar in the JSON view. Two names are open: `extra.<label>`, where all behind
//! the first dot is the label, dots and blanks included, and `event.<path>` for the documents. A path's
//! steps are separated by dots; a step that holds a dot or a bracket is written `['…']`, as in JSON
//! patterns (`event.value['p99.9']`), with `\'` and `\\` inside.
//!
//! Limits: 32 steps of a path, 1,024 bytes of name.

use core::fmt;

/// Steps of an `event` path.
const PATH_STEPS_MAX: usize = 32;
/// Bytes of a field's name.
const NAME_BYTES_MAX: usize = 1024;

/// A scalar of the view. Complete: one variant a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the view's field of the same name, listed in TABLE")]
pub enum Field {
    Kind,
    Time,
    Usecs,
    Version,
    Sequence,
    Reboot,
    CommandType,
    CommandTypeCode,
    Opcode,
    OpcodeCode,
    Session,
    Connection,
    Outcome,
    ResponseCode,
    ResponseText,
    LogType,
    LogTypeCode,
    UserName,
    UserType,
    UserTypeCode,
    UserId,
    TargetUserName,
    TargetUserType,
    TargetUserTypeCode,
    TargetUserId,
    KeyHandle,
    KeyPrivateHandle,
    KeyPublicHandle,
    KeyObjectHandle,
    Mechanism,
    MfaEnabled,
    Operation,
    OperationCode,
    UserCount,
    UserIds,
    LocalTimeUsecs,
    HostTimeUsecs,
    PropagationDelayUsecs,
    ActorName,
    ActorType,
    ActorHow,
    ActorIsUser,
    Account,
    LogGroup,
    LogStream,
    Cluster,
    Hsm,
    EventId,
    EventTimestamp,
    /// `extra.<label>`: the value of a line whose label is not known, or not believed.
    Extra(Box<[u8]>),
    /// `event.<path>`: a scalar of a document, by the names of its members from the root.
    Event(Box<[Box<str>]>),
}

static TABLE: [(&str, Field); 49] = [
    ("kind", Field::Kind),
    ("time", Field::Time),
    ("usecs", Field::Usecs),
    ("version", Field::Version),
    ("sequence", Field::Sequence),
    ("reboot", Field::Reboot),
    ("command_type", Field::CommandType),
    ("command_type_code", Field::CommandTypeCode),
    ("opcode", Field::Opcode),
    ("opcode_code", Field::OpcodeCode),
    ("session", Field::Session),
    ("connection", Field::Connection),
    ("outcome", Field::Outcome),
    ("response.code", Field::ResponseCode),
    ("response.text", Field::ResponseText),
    ("log_type", Field::LogType),
    ("log_type_code", Field::LogTypeCode),
    ("user.name", Field::UserName),
    ("user.type", Field::UserType),
    ("user.type_code", Field::UserTypeCode),
    ("user.id", Field::UserId),
    ("target_user.name", Field::TargetUserName),
    ("target_user.type", Field::TargetUserType),
    ("target_user.type_code", Field::TargetUserTypeCode),
    ("target_user.id", Field::TargetUserId),
    ("key.handle", Field::KeyHandle),
    ("key.private_handle", Field::KeyPrivateHandle),
    ("key.public_handle", Field::KeyPublicHandle),
    ("key.object_handle", Field::KeyObjectHandle),
    ("mechanism", Field::Mechanism),
    ("mfa_enabled", Field::MfaEnabled),
    ("operation", Field::Operation),
    ("operation_code", Field::OperationCode),
    ("user_count", Field::UserCount),
    ("user_ids", Field::UserIds),
    ("local_time_usecs", Field::LocalTimeUsecs),
    ("host_time_usecs", Field::HostTimeUsecs),
    ("propagation_delay_usecs", Field::PropagationDelayUsecs),
    ("actor.name", Field::ActorName),
    ("actor.type", Field::ActorType),
    ("actor.how", Field::ActorHow),
    ("actor.is_user", Field::ActorIsUser),
    ("account", Field::Account),
    ("log_group", Field::LogGroup),
    ("log_stream", Field::LogStream),
    ("cluster", Field::Cluster),
    ("hsm", Field::Hsm),
    ("event_id", Field::EventId),
    ("event_timestamp", Field::EventTimestamp),
];

/// The names of objects and lists of the view, which are no scalars.
const NOT_SCALAR: [&str; 8] =
    ["response", "user", "target_user", "key", "actor", "extra", "event", "anomalies"];

impl Field {
    /// The names of all closed fields, in the order of the view; `extra.<label>` and `event.<path>` come
    /// on top.
    pub const NAMES: [&'static str; 49] = names();

    /// Finds the field of that name.
    ///
    /// # Errors
    /// The name is none of a scalar of the view; the error tells why and which name is near.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        if name.len() > NAME_BYTES_MAX {
            return Err(UnknownField { why: Why::TooLong, nearest: None });
        }
        if let Some((_, field)) = TABLE.iter().find(|(known, _)| *known == name) {
            return Ok(field.clone());
        }
        if let Some(label) = name.strip_prefix("extra.") {
            return Ok(Self::Extra(label.as_bytes().into()));
        }
        if let Some(path) = name.strip_prefix("event").filter(|rest| rest.starts_with(['.', '['])) {
            return event_path(path)
                .map(|steps| Self::Event(steps.into()))
                .ok_or(UnknownField { why: Why::BadPath, nearest: None });
        }
        let why = if name == "anomalies" {
            Why::List
        } else if NOT_SCALAR.contains(&name) {
            Why::Object
        } else {
            Why::Unknown
        };
        Err(UnknownField { why, nearest: nearest(name) })
    }

    /// Prints the field's name; [`Field::parse`] reads it back. Bytes of a label that are no UTF-8 are
    /// shown as U+FFFD.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Extra(label) => format!("extra.{}", String::from_utf8_lossy(label)),
            Self::Event(steps) => {
                steps.iter().fold("event".to_owned(), |name, step| name + &print_step(step))
            }
            closed => TABLE.iter().find(|(_, field)| field == closed).map_or("", |(name, _)| name).to_owned(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.name())
    }
}

/// A name that is no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownField {
    /// Why it is none.
    pub why: Why,
    /// The field whose name looks most like it, if one does.
    pub nearest: Option<&'static str>,
}

/// Why a name is no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The view has nothing of that name.
    Unknown,
    /// It is an object of the view: one of its members has to be named.
    Object,
    /// It is a list of the view, and a field is a scalar.
    List,
    /// The path behind `event` is empty, too long, or has a step that does not end.
    BadPath,
    /// The name is longer than a field's name may be.
    TooLong,
}

impl fmt::Display for UnknownField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.why {
            Why::Unknown => "no such field",
            Why::Object => "an object, not a field; name one of its members",
            Why::List => "a list, not a single value",
            Why::BadPath => "not a path; write `event.name.name`, or `event['a.b']` for a name with a dot",
            Why::TooLong => "too long for a field's name",
        })?;
        match self.nearest {
            Some(name) => write!(formatter, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for UnknownField {}

/// Where a closed field stands in the view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The object that it is a member of. Absent: the view itself. Not an empty name: two of those are compared by a call
    /// that takes 40 ns on a processor that looks where they lie, which is nowhere.
    pub(crate) object: Option<&'static str>,
    /// Its name there.
    pub(crate) member: &'static str,
}

/// The closed fields with their places, in the order of the view. Members of an object stand together.
pub(crate) fn closed() -> impl Iterator<Item = (&'static Place, &'static Field)> {
    PLACES.iter().zip(&TABLE).map(|(place, (_, field))| (place, field))
}

static PLACES: [Place; TABLE.len()] = places();

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, bounded by the loop")]
const fn places() -> [Place; TABLE.len()] {
    let mut places = [Place { object: None, member: "" }; TABLE.len()];
    let mut index = 0;
    while index < places.len() {
        places[index] = place(TABLE[index].0);
        index += 1;
    }
    places
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, bounded by the loop")]
const fn place(name: &'static str) -> Place {
    let mut dot = 0;
    while dot < name.len() {
        if name.as_bytes()[dot] == b'.' {
            let (object, member) = name.split_at(dot);
            return Place { object: Some(object), member: member.split_at(1).1 };
        }
        dot += 1;
    }
    Place { object: None, member: name }
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, bounded by the loop")]
const fn names() -> [&'static str; 49] {
    let mut names = [""; 49];
    let mut index = 0;
    while index < names.len() {
        names[index] = TABLE[index].0;
        index += 1;
    }
    names
}

/// The closed field whose name is nearest, if it is near enough to be a slip.
fn nearest(name: &str) -> Option<&'static str> {
    let member = |known: &str| known.rsplit('.').next() == Some(name);
    if let Some((known, _)) = TABLE.iter().find(|(known, _)| known.contains('.') && member(known)) {
        return Some(known);
    }
    TABLE
        .iter()
        .map(|(known, _)| (strsim::osa_distance(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance * 3 <= known.len().max(3))
        .map(|(_, known)| known)
}

/// Splits `.a.b['c.d']` into its steps.
fn event_path(path: &str) -> Option<Vec<Box<str>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let undotted = rest.strip_prefix('.').unwrap_or(rest);
        let (step, tail) = match undotted.strip_prefix("['") {
            Some(quoted) => quoted_step(quoted)?,
            None if undotted.len() == rest.len() => return None,
            None => {
                let end = undotted.find(['.', '[']).unwrap_or(undotted.len());
                let (step, tail) = undotted.split_at(end);
                (step.to_owned(), tail)
            }
        };
        if step.is_empty() && !undotted.starts_with('[') || steps.len() == PATH_STEPS_MAX {
            return None;
        }
        steps.push(step.into_boxed_str());
        rest = tail;
    }
    Some(steps)
}

/// Reads a step up to its `']`, and what follows.
fn quoted_step(quoted: &str) -> Option<(String, &str)> {
    let mut step = String::new();
    let mut characters = quoted.char_indices();
    loop {
        match characters.next()? {
            (_, '\\') => step.push(characters.next().filter(|(_, next)| matches!(next, '\'' | '\\'))?.1),
            (at, '\'') => return Some((step, quoted.get(at..)?.strip_prefix("']")?)),
            (_, character) => step.push(character),
        }
    }
}

fn print_step(step: &str) -> String {
    if step.is_empty() || step.contains(['.', '[']) {
        format!("['{}']", step.replace('\\', "\\\\").replace('\'', "\\'"))
    } else {
        format!(".{step}")
    }
}
