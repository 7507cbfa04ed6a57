//! What is odd about a record that is one nevertheless: a closed list, kept as a set of bits.

/// An oddity of a record. Declared in the order in which the view lists them; a new one is a new schema
/// version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Anomaly {
    /// The record's lines were folded into one.
    Folded,
    /// The printed time and the microseconds differ by more than a second.
    TimeMismatch,
    /// The printed time is no time of day of any date.
    BadPrintedTime,
    /// A known label stands twice.
    RepeatedLabel,
    /// A label stands behind a user name where it is not believed.
    LabelAfterUser,
    /// A line has no label.
    StrayLine,
    /// A value does not parse and was kept as text.
    BadValue,
    /// The response's word and its code disagree.
    ResponseConflict,
    /// There are more unknown labels than are kept.
    ExtraTruncated,
    /// The transport held a JSON escape that stands for no character.
    BadEscape,
    /// Text that is shown is not UTF-8.
    InvalidUtf8,
}

impl Anomaly {
    /// All anomalies, in the order of the view.
    pub const ALL: [Self; 11] = [
        Self::Folded,
        Self::TimeMismatch,
        Self::BadPrintedTime,
        Self::RepeatedLabel,
        Self::LabelAfterUser,
        Self::StrayLine,
        Self::BadValue,
        Self::ResponseConflict,
        Self::ExtraTruncated,
        Self::BadEscape,
        Self::InvalidUtf8,
    ];

    /// Names the anomaly as the view does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Folded => "folded",
            Self::TimeMismatch => "time_mismatch",
            Self::BadPrintedTime => "bad_printed_time",
            Self::RepeatedLabel => "repeated_label",
            Self::LabelAfterUser => "label_after_user",
            Self::StrayLine => "stray_line",
            Self::BadValue => "bad_value",
            Self::ResponseConflict => "response_conflict",
            Self::ExtraTruncated => "extra_truncated",
            Self::BadEscape => "bad_escape",
            Self::InvalidUtf8 => "invalid_utf8",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// A set of anomalies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Anomalies(u16);

impl Anomalies {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Adds an anomaly.
    #[inline]
    pub const fn insert(&mut self, anomaly: Anomaly) {
        self.0 |= anomaly.bit();
    }

    /// The anomalies of both sets.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether the anomaly is in the set.
    #[must_use]
    pub const fn contains(self, anomaly: Anomaly) -> bool {
        self.0 & anomaly.bit() != 0
    }

    /// Tells whether there is none.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Lists the anomalies in the order of the view.
    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        Anomaly::ALL.into_iter().filter(move |anomaly| self.contains(*anomaly))
    }
}
