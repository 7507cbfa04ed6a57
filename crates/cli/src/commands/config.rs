//! `config`: the effective configuration with the origin of every value.

use std::path::Path;

use crate::args::ShowConfig;
use crate::config;
use crate::exit::Exit;
use crate::terminal::Out;

/// Prints every key, its value and where it is from; secrets only by their name.
///
/// # Errors
/// Every mistake of the configuration.
pub(crate) fn run(args: &ShowConfig, file: Option<&Path>, sets: &[String]) -> Result<Exit, Vec<String>> {
    let mut out = Out::new();
    if args.reference {
        out.line(config::DEFAULT.trim_end().as_bytes());
        out.flush();
        return Ok(Exit::Success);
    }
    let rows = config::show(file, sets)?;
    let width =
        rows.iter().map(|(key, value, _)| key.len() + value.len() + 3).filter(|&width| width < 72).max();
    let width = width.unwrap_or(0);
    for (key, value, source) in rows {
        let assignment = format!("{key} = {value}");
        out.line(format!("{assignment:width$}  # {source}").as_bytes());
    }
    out.flush();
    Ok(Exit::Success)
}
