//! Who was behind a record, where the engine knows it from the sessions before.

use crate::field::Field;
use crate::value::Value;

/// The user to whom a record is attributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// Name of the user.
    pub name: &'a [u8],
    /// Name of the user type.
    pub user_type: Option<&'a [u8]>,
    /// What the attribution rests on.
    pub how: How,
    /// Whether the acting user is the one the record names, if it names one.
    pub is_user: Option<bool>,
}

/// What an attribution rests on. Complete: the three ways of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The login of the record's session.
    Login,
    /// The user id that the record prints.
    Id,
    /// The record is the login itself.
    Record,
}

impl How {
    /// Names the way as the view does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Id => "id",
            Self::Record => "record",
        }
    }
}

impl<'a> Actor<'a> {
    /// The value of a field `actor.*`; `None` for all others.
    #[must_use]
    pub fn value(&self, field: &Field) -> Option<Value<'a>> {
        match field {
            Field::ActorName => Some(Value::Text(self.name)),
            Field::ActorType => self.user_type.map(Value::Text),
            Field::ActorHow => Some(Value::Text(self.how.as_str().as_bytes())),
            Field::ActorIsUser => self.is_user.map(Value::Bool),
            _ => None,
        }
    }
}
