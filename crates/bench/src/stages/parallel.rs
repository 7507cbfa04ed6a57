//! Files to records by one thread and by two: what a second core gains.
//!
//! The records lie in one file of text, and in eight files of compressed envelopes. The files are written before,
//! so they are read from memory. How files are read is the command line's part, as `hsmstream parse --threads` has it:
//! the caller gives it.
//!
//! Beside it stand two readers of one thread each, with half of the records, at the same time: they share nothing,
//! so they show what the second core of this machine has to give. On a virtual machine that is often less than one
//! core, and differs from minute to minute: a figure of two threads says something only beside theirs.

use super::transport::EVENTS;
use super::{Corpus, Error, Group, Take};
use crate::packs::{Pack, Unfaithful};
use crate::rounds::{Job, Line};
use hsmstream_corpus::Form;
use hsmstream_frame::{Format, Reject};
use hsmstream_record::Record;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process, slice, thread};

/// Reads files, one behind the other, with so many threads, and gives the sum of [`count`] over all items. Files that
/// cannot be read count nothing.
pub type ReadFiles<'r> = &'r (dyn Fn(&[PathBuf], Format, usize) -> u64 + Sync);

/// Files of compressed envelopes: some for each thread.
const FILES: usize = 8;
/// Rounds for each one asked for: runs are short, and other guests of a machine take a core away for seconds at a time.
const ROUNDS: usize = 8;
/// What two threads should gain, where there are two cores.
const GAIN_MIN: f64 = 1.7;
/// The most records that are compressed.
const COMPRESSED_MAX: usize = 100_000;

/// What an item counts: 1 for an audit record. The whole record has to be there, not only what is looked at.
#[must_use]
pub fn count(item: &Result<Record<'_>, Reject<'_>>) -> u64 {
    u64::from(core::hint::black_box(item).as_ref().is_ok_and(|record| record.audit().is_some()))
}

pub(super) fn groups(corpus: &Corpus, read: ReadFiles<'_>, take: Take<'_>) -> Result<(), Error> {
    let few = corpus.buffer.first(COMPRESSED_MAX);
    let text = ("a file of text".to_owned(), Form::Raw, 1, &corpus.buffer);
    let compressed = (format!("{FILES} files of gzip envelopes"), Form::GzipEnvelope, FILES, &few);
    [text, compressed].into_iter().try_for_each(|(title, form, files, buffer)| {
        let pack = match Pack::of(buffer, form, EVENTS) {
            Ok(pack) => pack,
            Err(Unfaithful { form }) if corpus.is_own => {
                let note = format!("{form} is left out: it does not give back these records as they were");
                return take(Group { notes: vec![note], ..Group::of_records(title, buffer, Vec::new()) });
            }
            Err(unfaithful) => return Err(Error::Form(unfaithful)),
        };
        let write = |count| {
            let parent = env::temp_dir();
            Files::write(&pack, count, &parent)
                .map_err(|error| Error::Files(format!("{}: {error}", parent.display())))
        };
        let (files, halves) = (write(files)?, write(2)?);
        let format = pack.format();
        let job = |name, work| Job::new(name, buffer.len() as u64, work);
        let jobs = vec![
            job("1 thread", Box::new(|| read(&files.paths, format, 1)) as Box<dyn FnMut() -> u64>),
            job("2 threads", Box::new(|| read(&files.paths, format, 2))).at_least(GAIN_MIN),
            job("2 readers of 1 thread", Box::new(|| apart(&halves.paths, format, read))),
        ];
        take(Group { rounds: ROUNDS, judge: no_second_core, ..Group::of_records(title, buffer, jobs) })
    })
}

/// What has to be known if even readers that share nothing gain too little.
fn no_second_core(lines: &[Line]) -> Option<String> {
    let apart = lines.last()?;
    let note = || {
        format!(
            "two readers that share nothing gain {:.2}: no whole second core was free meanwhile",
            apart.speed
        )
    };
    (apart.speed < GAIN_MIN).then(note)
}

/// Reads each file with a thread of its own, which knows nothing of the others.
fn apart(files: &[PathBuf], format: Format, read: ReadFiles<'_>) -> u64 {
    thread::scope(|scope| {
        let readers = files.iter().map(|file| scope.spawn(move || read(slice::from_ref(file), format, 1)));
        // All begin before the first is waited for. One that panicked counts nothing, so the sum is not the expected one.
        readers.collect::<Vec<_>>().into_iter().map(|reader| reader.join().unwrap_or(0)).sum()
    })
}

/// Files in a folder of their own, which goes with them.
struct Files {
    folder: PathBuf,
    paths: Vec<PathBuf>,
}

impl Files {
    /// Writes the messages of a pack to so many files, in order, as many to each as to another, but for the last.
    fn write(pack: &Pack, count: usize, parent: &Path) -> io::Result<Self> {
        let mut files = Self { folder: new_folder(parent)?, paths: Vec::new() };
        let messages: Vec<&[u8]> = pack.messages().collect();
        for (number, part) in messages.chunks(messages.len().div_ceil(count).max(1)).enumerate() {
            let path = files.folder.join(number.to_string());
            fs::write(&path, part.concat())?;
            files.paths.push(path);
        }
        Ok(files)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left in a folder for temporary files hurts nobody.
        let _removed = fs::remove_dir_all(&self.folder).is_ok();
    }
}

/// A folder that nobody else has.
fn new_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut number = 0_u32;
    loop {
        let folder = parent.join(format!("hsmstream-bench-{}-{number}", process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            made => return made.map(|()| folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_missing_core_is_told() {
        let line = |speed| Line { name: String::new(), found: 0, time: Duration::ZERO, speed, budget: None };
        let apart = |speed| [line(speed)];
        assert_eq!(no_second_core(&[]), None);
        assert_eq!(no_second_core(&apart(GAIN_MIN)), None);
        assert!(no_second_core(&apart(1.25)).is_some_and(|note| note.contains("1.25")));
    }
}
