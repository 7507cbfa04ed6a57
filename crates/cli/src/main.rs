//! The hsmstream binary: command line, configuration, wiring, terminal.
//!
//! Each command is one module under `commands`; each ends with an [`exit::Exit`] or an error, which is
//! printed here, once.

mod admin;
mod args;
mod commands;
mod config;
mod documents;
mod exit;
mod inputs;
mod kafka_config;
mod logging;
mod markdown;
mod merge;
mod printing;
mod terminal;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;

/// C and C++ parts (librdkafka) use it too: with glibc's allocator its broker threads cost 15-45 % more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The configuration file that is read when none is named.
const DEFAULT_FILE: &str = "hsmstream.toml";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let file =
        cli.common.config.clone().or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
    let exit = match dispatch(&cli, file.as_deref()) {
        Ok(exit) => exit,
        Err(Failure::Mistakes(mistakes)) => {
            for mistake in &mistakes {
                complain(&terminal::escape_lines(mistake));
            }
            complain(&match mistakes.len() {
                1 => "1 mistake; nothing was started".to_owned(),
                count => format!("{count} mistakes; nothing was started"),
            });
            Exit::Usage
        }
        Err(Failure::Other(error)) => {
            complain(&terminal::escape_lines(&format!("{error:#}")));
            Exit::Failure
        }
    };
    exit.into()
}

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Mistakes in the configuration, or in arguments that do not go together.
    Mistakes(Vec<String>),
    /// Anything else.
    Other(anyhow::Error),
}

impl From<Vec<String>> for Failure {
    fn from(mistakes: Vec<String>) -> Self {
        Self::Mistakes(mistakes)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

fn dispatch(cli: &Cli, file: Option<&std::path::Path>) -> Result<Exit, Failure> {
    let sets = &cli.common.set;
    let color = cli.common.color;
    match &cli.command {
        Command::Schema(args) => Ok(commands::schema::run(args)?),
        Command::Config(args) => Ok(commands::config::run(args, file, sets)?),
        Command::Parse(args) => Ok(commands::parse::run(args, &config::load(file, sets)?)?),
        Command::Query(args) => Ok(commands::query::run(args, &config::load(file, sets)?, color)?),
        Command::Check(args) => commands::check::run(args, file, sets, color),
        Command::Test(args) => Ok(commands::test::run(args, &config::load(file, sets)?, color)?),
        Command::Run(args) => commands::run::run(args, &config::load(file, sets)?, color),
        Command::Tail(args) => Ok(commands::tail::run(args, &config::load(file, sets)?, color)?),
        Command::Pattern(args) => commands::pattern::run(args, color),
        Command::Help(args) => Ok(commands::help::run(args, color)),
        Command::Generate(args) => commands::generate::run(args, &config::load(file, sets)?),
        Command::Bench(args) => Ok(commands::bench::run(args, &config::load(file, sets)?)?),
        Command::Demo(args) => commands::demo::run(args, &config::load(file, sets)?, color),
    }
}

/// One message on standard error.
pub(crate) fn complain(message: &str) {
    // Who cannot be told is not told; what was asked for goes on.
    let _is_told = writeln!(io::stderr(), "{message}").is_ok();
}
