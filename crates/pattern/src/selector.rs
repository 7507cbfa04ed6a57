//! Selectors: the paths by which JSON patterns reach values.

use core::fmt;

/// A path from the root of an event: `$.user.name`, `$.extra.['Number of Users']`, `$.items[*].id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    steps: Box<[Step]>,
}

/// One step of a selector. Complete by nature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `.name` or `.['any name']`: the member of an object.
    Name(Box<[u8]>),
    /// `[7]`: the element of an array, from 0.
    Index(u32),
    /// `.*`: every direct value of an object.
    AnyMember,
    /// `[*]`: every element of an array, and every value of an object.
    AnyElement,
}

impl Selector {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self { steps: steps.into_boxed_slice() }
    }

    /// The steps from the root; at least one.
    #[must_use]
    pub const fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it may reach more than one value.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.steps.iter().any(Step::is_wildcard)
    }
}

impl Step {
    /// Whether it may reach more than one value.
    #[must_use]
    pub const fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyMember | Self::AnyElement)
    }
}

/// Whether a name may stand behind a dot without quotes.
pub(crate) const fn is_name_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("$")?;
        self.steps.iter().try_for_each(|step| step.fmt(formatter))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                let name = String::from_utf8_lossy(name);
                if !name.is_empty() && name.chars().all(is_name_char) {
                    write!(formatter, ".{name}")
                } else {
                    write!(formatter, ".['{name}']")
                }
            }
            Self::Index(index) => write!(formatter, "[{index}]"),
            Self::AnyMember => formatter.write_str(".*"),
            Self::AnyElement => formatter.write_str("[*]"),
        }
    }
}
