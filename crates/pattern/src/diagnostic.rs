//! What is wrong, or odd, about a pattern, and where.

use core::fmt;
use core::ops::Range;

use crate::limits::Limit;
use crate::lint::Lint;

/// A mistake (of [`parse`](crate::parse)) or a warning (of
/// [`Pattern::warnings`](crate::Pattern::warnings)).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Bytes of the pattern it is about. May be empty: then something is missing there.
    pub span: Range<usize>,
    /// What is wrong: a fragment without a full stop.
    pub message: String,
    /// What the service answers, where that is known.
    pub service_reason: Option<String>,
    /// What to do, in words.
    pub suggestion: Option<String>,
    /// What to write in place of `span`, where that alone mends it.
    pub replacement: Option<String>,
    /// What a warning is about; `None` for mistakes.
    pub lint: Option<Lint>,
    /// The limit that a mistake is about.
    pub limit: Option<Limit>,
}

/// The service's answer to patterns it says nothing more precise about.
pub(crate) const INVALID: &str = "Invalid metric filter pattern";

impl Diagnostic {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            service_reason: None,
            suggestion: None,
            replacement: None,
            lint: None,
            limit: None,
        }
    }

    /// Adds the service's words.
    pub(crate) fn reason(&mut self, reason: impl Into<String>) -> &mut Self {
        self.service_reason = Some(reason.into());
        self
    }

    /// Adds the service's words for a bad character; `lexeme` ends with it.
    pub(crate) fn bad_character(&mut self, lexeme: &str) -> &mut Self {
        self.reason(format!("Invalid character(s) in term '{lexeme}'"))
    }

    /// Says which limit it is about.
    pub(crate) fn limited(&mut self, limit: Limit) -> &mut Self {
        self.limit = Some(limit);
        self
    }

    /// Adds what to do.
    pub(crate) fn suggest(&mut self, suggestion: impl Into<String>) -> &mut Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Adds what to write instead, and says so.
    pub(crate) fn replace(&mut self, replacement: impl Into<String>) -> &mut Self {
        let replacement = replacement.into();
        self.suggestion = Some(format!("write `{replacement}`"));
        self.replacement = Some(replacement);
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}..{}: {}", self.span.start, self.span.end, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(formatter, " ({suggestion})"),
            None => Ok(()),
        }
    }
}
