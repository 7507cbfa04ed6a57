//! Input files: names, globs and standard input → chunks of bytes, with progress on a terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use walkdir::WalkDir;

use crate::args::THREADS_MAX;

mod batch;
mod lane;
pub(crate) mod parallel;
pub(crate) mod rejected;
mod room;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

impl Input {
    /// The name shown in evidence and messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether reading it never waits for somebody else, nor somebody for what it gave before it ends.
    pub(crate) fn is_regular(&self) -> bool {
        match self {
            Self::Stdin => false,
            Self::File(path) => std::fs::metadata(path).is_ok_and(|meta| meta.is_file()),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Stdin => 0,
            Self::File(path) => std::fs::metadata(path).map_or(0, |meta| meta.len()),
        }
    }
}

/// Expands names and globs; a directory stands for all regular files below it, what links point at included, but for
/// directories. Sorted within each glob and directory.
///
/// # Errors
/// A pattern that is not one, or that finds nothing; a directory that cannot be read.
pub(crate) fn expand(patterns: &[String]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for pattern in patterns {
        if pattern == "-" {
            inputs.push(Input::Stdin);
            continue;
        }
        let (path, before) = (PathBuf::from(pattern), inputs.len());
        if path.is_dir() {
            push_below(&path, &mut inputs)?;
            if inputs.len() == before {
                bail!("{pattern}: no file below it");
            }
        } else if path.try_exists().with_context(|| format!("cannot open {pattern}"))? {
            inputs.push(Input::File(path));
        } else {
            push_files(pattern, &mut inputs)?;
            if inputs.len() == before {
                bail!("{pattern}: no such file, and as a glob pattern it finds none");
            }
        }
    }
    Ok(inputs)
}

fn push_below(directory: &Path, inputs: &mut Vec<Input>) -> anyhow::Result<()> {
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let path = entry.context("reading a directory")?.into_path();
        // A link to a directory is not followed: it may lead back.
        if path.is_file() {
            inputs.push(Input::File(path));
        }
    }
    Ok(())
}

fn push_files(pattern: &str, inputs: &mut Vec<Input>) -> anyhow::Result<()> {
    let paths = glob::glob(pattern).with_context(|| format!("{pattern} is no glob pattern"))?;
    for path in paths {
        let path = path.context("reading a directory")?;
        if path.is_file() {
            inputs.push(Input::File(path));
        }
    }
    Ok(())
}

/// How many threads read: what was asked for, or one for each core, but not more than may be asked for.
pub(crate) fn threads(asked: Option<u16>) -> usize {
    let most = usize::try_from(THREADS_MAX).unwrap_or(usize::MAX);
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(most);
    asked.map_or_else(cores, usize::from)
}

/// An open input.
pub(crate) struct Source {
    name: String,
    reader: Box<dyn Read + Send>,
}

impl Source {
    /// Opens an input.
    ///
    /// # Errors
    /// What the file system says, with the input's name.
    pub(crate) fn open(input: &Input) -> anyhow::Result<Self> {
        let name = input.name();
        let reader: Box<dyn Read + Send> = match input {
            Input::Stdin => Box::new(io::stdin()),
            Input::File(path) => Box::new(File::open(path).with_context(|| format!("cannot open {name}"))?),
        };
        Ok(Self { name, reader })
    }

    /// Reads what comes next, at most as much as `buffer` holds; 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> anyhow::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.name)),
            }
        }
    }
}

/// How far reading has come, shown on standard error if that is a terminal and there is much to read.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(inputs: &[Input]) -> Self {
        let total: u64 = inputs.iter().map(Input::bytes).sum();
        let visible = io::stderr().is_terminal() && total > 16 << 20;
        let bar = if visible { ProgressBar::new(total) } else { ProgressBar::hidden() };
        if let Ok(style) =
            ProgressStyle::with_template("{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}")
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    fn add(&self, count: usize) {
        self.bar.inc(count as u64);
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Reads inputs chunk by chunk.
pub(crate) struct Feed {
    progress: Progress,
    buffer: Vec<u8>,
}

impl Feed {
    /// Prepares to read `inputs`; shows progress on standard error if that is a terminal.
    pub(crate) fn new(inputs: &[Input]) -> Self {
        Self { progress: Progress::new(inputs), buffer: vec![0; CHUNK] }
    }

    /// Reads one input to its end.
    ///
    /// # Errors
    /// What the file system says, with the input's name.
    pub(crate) fn read(&mut self, input: &Input, visit: &mut dyn FnMut(&[u8])) -> anyhow::Result<()> {
        let mut source = Source::open(input)?;
        while let Some(chunk) = self.chunk(&mut source)? {
            visit(chunk);
        }
        Ok(())
    }

    /// Reads the next chunk; `None` at the end.
    ///
    /// # Errors
    /// What the file system says, with the input's name.
    pub(crate) fn chunk(&mut self, source: &mut Source) -> anyhow::Result<Option<&[u8]>> {
        let count = source.read(&mut self.buffer)?;
        self.progress.add(count);
        Ok(self.buffer.get(..count).filter(|chunk| !chunk.is_empty()))
    }

    /// Takes the progress bar away.
    pub(crate) fn finish(&self) {
        self.progress.finish();
    }
}
