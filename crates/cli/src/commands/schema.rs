//! `schema`: the JSON Schemas of what is published.

use anyhow::bail;

use crate::args::Schema;
use crate::exit::Exit;
use crate::terminal::Out;

/// Prints one schema, or the list of names.
///
/// # Errors
/// An unknown name.
pub(crate) fn run(args: &Schema) -> anyhow::Result<Exit> {
    let mut out = Out::new();
    match &args.name {
        None => {
            for name in hsmstream_output::schema::SCHEMA_NAMES {
                out.line(name.as_bytes());
            }
        }
        Some(name) => match hsmstream_output::schema::schema(name) {
            Some(text) => out.line(text.trim_end().as_bytes()),
            None => bail!(
                "no schema \"{}\"; there are {}",
                name.escape_debug(),
                hsmstream_output::schema::SCHEMA_NAMES.join(", ")
            ),
        },
    }
    out.flush();
    Ok(Exit::Success)
}
