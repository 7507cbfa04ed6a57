//! What can be wrong with a JSON text, and where.

use core::fmt;

/// A JSON text breaks the grammar or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The first byte that cannot be right, counted from the start of the reader's bytes.
    pub offset: usize,
}

/// The kinds of [`Error`]. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A byte that the grammar does not allow here.
    Syntax,
    /// The text ends inside the value: more bytes could complete it.
    Eof,
    /// Arrays and objects are nested deeper than the limit.
    TooDeep,
}

const _: () = assert!(size_of::<Error>() <= 16);

impl Error {
    pub(crate) const fn syntax(offset: usize) -> Self {
        Self { kind: ErrorKind::Syntax, offset }
    }

    pub(crate) const fn eof(offset: usize) -> Self {
        Self { kind: ErrorKind::Eof, offset }
    }

    pub(crate) const fn too_deep(offset: usize) -> Self {
        Self { kind: ErrorKind::TooDeep, offset }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::Syntax => "no valid JSON",
            ErrorKind::Eof => "the JSON text ends too early",
            ErrorKind::TooDeep => "JSON nested too deep",
        };
        write!(formatter, "{what} at byte {}", self.offset)
    }
}

impl core::error::Error for Error {}
