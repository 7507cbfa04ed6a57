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
    /// Makes the file anew, if one is named.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self { file: None }) };
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { file: Some((path.to_owned(), BufWriter::new(file))) })
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
