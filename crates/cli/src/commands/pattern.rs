//! `pattern`: filter patterns by themselves. Here is what its parts and `query` share: reading a pattern, and
//! showing what is wrong or odd about it.

pub(crate) mod args;
mod check;
mod events;
mod explain;
mod report;
mod test;

use hsmstream_pattern::Limits;

use crate::Failure;
use crate::args::When;
use crate::commands::pattern::args::{Pattern, PatternCommand};
use crate::exit::Exit;

pub(crate) use report::{compile, warn};

/// Runs the part that is asked for.
///
/// # Errors
/// See [`test::run`] and [`explain::run`].
pub(crate) fn run(args: &Pattern, color: When) -> Result<Exit, Failure> {
    match &args.command {
        PatternCommand::Test(args) => test::run(args, color),
        PatternCommand::Explain(args) => explain::run(args, color),
        PatternCommand::Check(args) => Ok(check::run(args, color)),
    }
}

/// The service's limits, or those that a rule may have.
fn limits(are_lifted: bool) -> Limits {
    if are_lifted { Limits::lifted() } else { Limits::default() }
}
