//! Where the events of `pattern test` come from: arguments, standard input or a file; each event once, in order.
//!
//! Lines are handed on as they come, so any number of them takes the memory of one. A JSON array is read whole,
//! up to [`ARRAY_BYTES_MAX`].

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};

/// Bytes of one line.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a JSON array of events.
const ARRAY_BYTES_MAX: u64 = 64 << 20;
/// Bytes looked at to tell an array from lines; blanks before an array may take most of them.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Events to come.
pub(super) enum Events {
    /// As they are.
    Given(Vec<Vec<u8>>),
    /// From a reader, with its name for messages.
    Lines(String, Box<dyn BufRead>),
}

impl Events {
    /// Events given as arguments: each is one, but `-` alone is standard input, `file://NAME` alone a file, and
    /// one alone that begins like a JSON array of strings is that array.
    ///
    /// # Errors
    /// A file that cannot be read; an array that breaks.
    pub(super) fn of_arguments(arguments: &[OsString], by_lines: bool) -> anyhow::Result<Self> {
        if let [only] = arguments {
            let bytes = only.as_encoded_bytes();
            if bytes == b"-" {
                return Self::of_reader("standard input", Box::new(io::stdin().lock()), by_lines);
            }
            if let Some(name) = only.to_str().and_then(|text| text.strip_prefix("file://")) {
                return Self::of_file(Path::new(name), by_lines);
            }
            if is_array(bytes) == Some(true) {
                return array("the argument", bytes).map(Self::Given);
            }
        }
        Ok(Self::Given(arguments.iter().map(|one| one.as_encoded_bytes().to_vec()).collect()))
    }

    /// Events of a file.
    ///
    /// # Errors
    /// A file that cannot be read; an array that breaks.
    pub(super) fn of_file(path: &Path, by_lines: bool) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        Self::of_reader(&name, Box::new(file), by_lines)
    }

    fn of_reader(name: &str, mut reader: Box<dyn Read>, by_lines: bool) -> anyhow::Result<Self> {
        let context = || format!("cannot read {name}");
        let mut head = Vec::new();
        let mut is_array_told = None;
        while !by_lines && is_array_told.is_none() && head.len() < HEAD_BYTES_MAX {
            let before = head.len();
            head.resize(before + 4096, 0);
            let room = head.get_mut(before..).unwrap_or_default();
            let count = match reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                result => {
                    let count = result.with_context(context)?;
                    if count == 0 {
                        head.truncate(before);
                        break;
                    }
                    count
                }
            };
            head.truncate(before + count);
            is_array_told = is_array(&head);
        }
        let whole = Cursor::new(head).chain(reader);
        if is_array_told != Some(true) {
            return Ok(Self::Lines(name.to_owned(), Box::new(BufReader::with_capacity(64 << 10, whole))));
        }
        let mut bytes = Vec::new();
        let count = whole.take(ARRAY_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(context)?;
        ensure!(
            count as u64 <= ARRAY_BYTES_MAX,
            "{name}: a JSON array of more than {} MiB; give one event per line, those are taken as they come",
            ARRAY_BYTES_MAX >> 20
        );
        array(name, &bytes).map(Self::Given)
    }

    /// Visits every event; returns how many there were.
    ///
    /// # Errors
    /// What the reader says; a line that is too long.
    pub(super) fn each(self, visit: &mut dyn FnMut(&[u8])) -> anyhow::Result<u64> {
        match self {
            Self::Given(events) => {
                events.iter().for_each(|event| visit(event));
                Ok(events.len() as u64)
            }
            Self::Lines(name, mut reader) => {
                let mut count = 0;
                let mut line = Vec::new();
                loop {
                    line.clear();
                    let read = (&mut reader).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
                    if read.with_context(|| format!("cannot read {name}"))? == 0 {
                        return Ok(count);
                    }
                    count += 1;
                    let event = line.strip_suffix(b"\n").unwrap_or(&line);
                    let event = event.strip_suffix(b"\r").unwrap_or(event);
                    if event.len() as u64 > LINE_BYTES_MAX {
                        bail!("{name}: line {count} has more than {} MiB", LINE_BYTES_MAX >> 20);
                    }
                    visit(event);
                }
            }
        }
    }
}

/// Whether text begins like a JSON array of strings: `[` and a quote, or nothing but `[]`. `None` if more
/// bytes would tell.
fn is_array(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes.trim_ascii_start().iter();
    match rest.next() {
        None => None,
        Some(b'[') => match rest.as_slice().trim_ascii_start() {
            [] => None,
            [b'"', ..] => Some(true),
            [b']', behind @ ..] => Some(behind.trim_ascii().is_empty()),
            _ => Some(false),
        },
        Some(_) => Some(false),
    }
}

/// The events of a JSON array.
fn array(name: &str, bytes: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    if let Err(error) = str::from_utf8(bytes) {
        bail!("{name}: the JSON array is not UTF-8 at byte {}", error.valid_up_to());
    }
    let events: Vec<String> = serde_json::from_slice(bytes).map_err(|error| {
        anyhow!(
            "{name}: this begins like a JSON array of strings and is none: {error}; \
             if it is text, --lines takes each line of a file or of standard input as one event"
        )
    })?;
    Ok(events.into_iter().map(String::into_bytes).collect())
}
