//! The labels file: which records are part of which attack.
//!
//! A JSON line for each such record, in the order in which records are written: `scenario`, `incident` (counted from
//! 0), the record's identity (`cluster`, `hsm`, `reboot`, `sequence`), its event time (`time`, `usecs`), and its place:
//! `record` and `message`, counted from 0 over all that is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use hsmstream_corpus::{Corpus, Generated};
use hsmstream_record::time;

/// Writes labels, or does nothing.
pub(crate) struct Labels {
    file: Option<(PathBuf, BufWriter<File>)>,
}

impl Labels {
    /// Opens the file, if one is named. What it holds stays until [`Self::begin`].
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self { file: None }) };
        let file = File::options().write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { file: Some((path.to_owned(), BufWriter::new(file))) })
    }

    /// Empties the file: nothing stands in the way of writing any more.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn begin(&mut self) -> anyhow::Result<()> {
        let Some((path, file)) = &self.file else { return Ok(()) };
        // What is no ordinary file, a pipe say, has nothing to be emptied.
        if file.get_ref().metadata().is_ok_and(|meta| meta.is_file()) {
            file.get_ref().set_len(0).with_context(|| format!("cannot empty {}", path.display()))?;
        }
        Ok(())
    }

    /// Writes the label of a record, if it has one.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn write(
        &mut self,
        record: &Generated,
        names: &Corpus,
        number: u64,
        message: u64,
    ) -> anyhow::Result<()> {
        let (Some((path, file)), Some(label)) = (&mut self.file, record.label) else { return Ok(()) };
        let mut stamp = Vec::new();
        time::rfc3339_micros(record.usecs, &mut stamp);
        // Names are letters, digits and hyphens.
        writeln!(
            file,
            "{{\"scenario\":\"{}\",\"incident\":{},\"cluster\":\"{}\",\"hsm\":\"{}\",\"reboot\":{},\"sequence\":{},\
             \"time\":\"{}\",\"usecs\":{},\"record\":{number},\"message\":{message}}}",
            label.scenario,
            label.incident,
            names.cluster_name(record.cluster),
            names.hsm_name(record.hsm),
            record.reboot,
            record.sequence,
            String::from_utf8_lossy(&stamp),
            record.usecs,
        )
        .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.file {
            Some((path, mut file)) => {
                file.flush().with_context(|| format!("cannot write {}", path.display()))
            }
            None => Ok(()),
        }
    }
}
