//! Exit codes, documented in `hsmstream --help`.

use std::process::ExitCode;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `query`: something matched.
    Success,
    /// `query`: nothing matched; `test`: a test failed; `parse`: there were rejects and `--strict` was given;
    /// `pattern check`: there are warnings; `bench`: a job finds something else than it must.
    Negative,
    /// Mistakes in the command line, the configuration or the rules; nothing was started.
    Usage,
    /// The world failed: a file, the broker, permissions.
    Failure,
    /// Another instance took over.
    Fenced,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Negative => 1,
            Exit::Usage => 2,
            Exit::Failure => 3,
            Exit::Fenced => 4,
        })
    }
}
