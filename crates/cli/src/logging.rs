//! Logs: structured, to standard error, as text or JSON lines.

use tracing_subscriber::EnvFilter;

/// Installs the subscriber. `level` is a level or a filter.
///
/// # Errors
/// The filter does not parse.
pub(crate) fn init(json: bool, level: &str, color: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| format!("log.level \"{}\": {error}", level.escape_debug()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(color).try_init()
    };
    installed.map_err(|error| format!("cannot install the log writer: {error}"))
}
