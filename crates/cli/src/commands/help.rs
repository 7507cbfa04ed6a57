//! `help`: the languages that have a page, and the help of every command.

use clap::{Args, CommandFactory};

use crate::args::{Cli, When};
use crate::complain;
use crate::exit::Exit;
use crate::markdown::render;
use crate::terminal::{Out, Paint};

/// Print the help of a command, or a page: pattern (the filter-pattern language), rules (rule files).
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// A page (pattern, rules) or a command, such as `query` or `pattern test`.
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Vec<String>,
}

/// Pages by topic. One that is also a command comes before it: `hsmstream pattern --help` is the command's.
const PAGES: [(&str, &str); 2] =
    [("pattern", hsmstream_pattern::REFERENCE), ("rules", hsmstream_rules::REFERENCE)];

/// Prints help; ends with [`Exit::Usage`] if there is none on the topic.
pub(crate) fn run(args: &Help, color: When) -> Exit {
    let mut out = Out::new();
    if let [topic] = args.topic.as_slice()
        && let Some((_, page)) = PAGES.iter().find(|(name, _)| name == topic)
    {
        out.line(render(page, Paint::stdout(color)).trim_end().as_bytes());
        out.flush();
        return Exit::Success;
    }
    let mut root = Cli::command();
    // Building gives subcommands their full names and the global options.
    root.build();
    let mut command = &mut root;
    for name in &args.topic {
        match command.find_subcommand_mut(name) {
            Some(found) => command = found,
            None => {
                let names: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
                let topic = args.topic.join(" ").escape_debug().to_string();
                complain(&format!(
                    "no help on \"{topic}\"; there are the pages {} and the commands that \
                    `hsmstream --help` lists",
                    names.join(", ")
                ));
                return Exit::Usage;
            }
        }
    }
    let help = command.render_long_help();
    let shown = if Paint::stdout(color).is_on() { help.ansi().to_string() } else { help.to_string() };
    out.line(shown.trim_end().as_bytes());
    out.flush();
    Exit::Success
}
