//! What a pattern may hold.
//!
//! The defaults are the service's where it has one (user guide "Filter pattern syntax"; captured refusals),
//! ours where it has none. A deployment may lift them; what the crate needs for its own safety stays capped.

/// Limits of one pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most characters of a pattern. The service: 1,024.
    pub chars_max: usize,
    /// Most regular expressions of a pattern. The service: 2.
    pub regexes_max: usize,
    /// Most selectors with a wildcard in a pattern. The service: 3.
    pub wildcard_selectors_max: usize,
    /// Most wildcards of one selector. The service: 1.
    pub wildcards_per_selector_max: usize,
    /// Deepest parentheses; never more than [`NESTING_MAX`]. Ours.
    pub nesting_max: usize,
    /// Largest count in a regular expression's `{n,m}`. Ours.
    pub regex_repeat_max: u32,
    /// Most positions of a regular expression once its counts are written out; never more than
    /// [`REGEX_SIZE_MAX`]. Ours.
    pub regex_size_max: usize,
}

/// A limit that a deployment may lift, as far as [`Limits::lifted`]. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// [`Limits::chars_max`].
    Characters,
    /// [`Limits::regexes_max`].
    Regexes,
    /// [`Limits::wildcard_selectors_max`].
    WildcardSelectors,
    /// [`Limits::wildcards_per_selector_max`].
    WildcardsPerSelector,
    /// [`Limits::nesting_max`].
    Nesting,
    /// [`Limits::regex_size_max`].
    RegexSize,
}

impl Limit {
    /// All limits that may be lifted.
    pub const ALL: [Self; 6] = [
        Self::Characters,
        Self::Regexes,
        Self::WildcardSelectors,
        Self::WildcardsPerSelector,
        Self::Nesting,
        Self::RegexSize,
    ];

    /// As settings name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Regexes => "regexes",
            Self::WildcardSelectors => "wildcard_selectors",
            Self::WildcardsPerSelector => "wildcards_per_selector",
            Self::Nesting => "nesting",
            Self::RegexSize => "regex_size",
        }
    }
}

/// The deepest parentheses whatever the limits say: evaluation recurses that deep.
pub const NESTING_MAX: usize = 128;

/// The most positions of a regular expression whatever the limits say: what its automaton is sized for.
pub const REGEX_SIZE_MAX: usize = 4000;

/// The most positions of all regular expressions of a pattern together, whatever the limits say: a search
/// may cost this many steps a byte.
pub(crate) const REGEX_SIZES_MAX: usize = 4000;

/// The deepest JSON event that is looked at; a deeper one matches no JSON pattern.
pub const JSON_NESTING_MAX: u32 = 128;

/// The most problems reported for one pattern.
pub(crate) const PROBLEMS_MAX: usize = 64;

impl Default for Limits {
    fn default() -> Self {
        Self {
            chars_max: 1024,
            regexes_max: 2,
            wildcard_selectors_max: 3,
            wildcards_per_selector_max: 1,
            nesting_max: 64,
            regex_repeat_max: 1000,
            regex_size_max: 1000,
        }
    }
}

impl Limits {
    /// Limits beyond the service's, for rules that need never run there: as far as an untrusted pattern may
    /// go without costing much to read or to match.
    #[must_use]
    pub fn lifted() -> Self {
        Self {
            chars_max: 16_384,
            regexes_max: 32,
            wildcard_selectors_max: 32,
            wildcards_per_selector_max: 4,
            nesting_max: NESTING_MAX,
            regex_size_max: REGEX_SIZE_MAX,
            ..Self::default()
        }
    }

    /// The value of one limit.
    #[must_use]
    pub const fn of(&self, limit: Limit) -> usize {
        match limit {
            Limit::Characters => self.chars_max,
            Limit::Regexes => self.regexes_max,
            Limit::WildcardSelectors => self.wildcard_selectors_max,
            Limit::WildcardsPerSelector => self.wildcards_per_selector_max,
            Limit::Nesting => self.nesting_max,
            Limit::RegexSize => self.regex_size_max,
        }
    }

    /// Sets one limit.
    pub const fn set(&mut self, limit: Limit, value: usize) {
        *match limit {
            Limit::Characters => &mut self.chars_max,
            Limit::Regexes => &mut self.regexes_max,
            Limit::WildcardSelectors => &mut self.wildcard_selectors_max,
            Limit::WildcardsPerSelector => &mut self.wildcards_per_selector_max,
            Limit::Nesting => &mut self.nesting_max,
            Limit::RegexSize => &mut self.regex_size_max,
        } = value;
    }
}
