//! Files of messages, as they are or compressed, one or one for each HSM.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::write::EncoderWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use hsmstream_corpus::Form;

use super::args::Compress;

/// Files that a directory can have: each stays open, and systems allow a process about a thousand.
pub(crate) const FILES_MAX: u32 = 512;
/// As `gzip` and AWS compress.
const LEVEL: u32 = 6;
const BUFFER: usize = 256 << 10;

type Raw = BufWriter<Box<dyn Write>>;

/// A file in its coat.
pub(crate) enum Coated {
    Plain(Raw),
    Gzip(Box<GzEncoder<Raw>>),
    Base64(Box<GzEncoder<EncoderWriter<'static, GeneralPurpose, Raw>>>),
}

impl Coated {
    /// Puts the coat on.
    pub(crate) fn new(file: Box<dyn Write>, compress: Compress) -> Self {
        let raw = BufWriter::with_capacity(BUFFER, file);
        let level = Compression::new(LEVEL);
        match compress {
            Compress::None => Self::Plain(raw),
            Compress::Gzip => Self::Gzip(Box::new(GzEncoder::new(raw, level))),
            Compress::Base64 => {
                Self::Base64(Box::new(GzEncoder::new(EncoderWriter::new(raw, &STANDARD), level)))
            }
        }
    }

    /// Makes a file anew.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn create(path: &Path, compress: Compress) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self::new(Box::new(file), compress))
    }

    /// Writes a message and what stands behind it.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn write(&mut self, message: &[u8], separator: &[u8]) -> io::Result<()> {
        let writer: &mut dyn Write = match self {
            Self::Plain(writer) => writer,
            Self::Gzip(writer) => writer,
            Self::Base64(writer) => writer,
        };
        writer.write_all(message)?;
        writer.write_all(separator)
    }

    /// Writes out what is buffered, if that does not harm the compression.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.flush(),
            Self::Gzip(_) | Self::Base64(_) => Ok(()),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut writer) => writer.flush(),
            Self::Gzip(writer) => writer.finish()?.flush(),
            Self::Base64(writer) => writer.finish()?.finish()?.flush(),
        }
    }
}

/// Compresses one message into `out`.
///
/// # Errors
/// None that a vector could have.
pub(crate) fn compressed(message: &[u8], compress: Compress, out: &mut Vec<u8>) -> io::Result<()> {
    out.clear();
    match compress {
        Compress::None => out.extend_from_slice(message),
        Compress::Gzip => {
            let mut writer = GzEncoder::new(out, Compression::new(LEVEL));
            writer.write_all(message)?;
            writer.finish()?;
        }
        Compress::Base64 => {
            let mut writer = GzEncoder::new(EncoderWriter::new(out, &STANDARD), Compression::new(LEVEL));
            writer.write_all(message)?;
            writer.finish()?.finish()?;
        }
    }
    Ok(())
}

/// A file for each HSM: `DIR/<hsm>/000000.txt`, as an export task lays them out.
pub(crate) struct Directory {
    path: PathBuf,
    name: String,
    compress: Compress,
    files: BTreeMap<String, (PathBuf, Coated)>,
}

impl Directory {
    /// Makes the directory.
    ///
    /// # Errors
    /// It holds something already, or cannot be made.
    pub(crate) fn create(path: &Path, form: Form, compress: Compress) -> anyhow::Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).with_context(|| format!("cannot create {shown}"))?;
        let mut entries = fs::read_dir(path).with_context(|| format!("cannot read {shown}"))?;
        if entries.next().is_some() {
            bail!("{shown} is not empty: name another directory");
        }
        let kind = match form {
            Form::Raw | Form::S3Export | Form::CliText => ".txt",
            Form::GzipEnvelope => ".gz",
            _ => ".jsonl",
        };
        let coat = match compress {
            Compress::None => "",
            Compress::Gzip => ".gz",
            Compress::Base64 => ".gz.b64",
        };
        let name = format!("000000{kind}{coat}");
        Ok(Self { path: path.to_owned(), name, compress, files: BTreeMap::new() })
    }

    /// Writes a message to the file of its HSM.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn write(&mut self, hsm: &str, message: &[u8], separator: &[u8]) -> anyhow::Result<()> {
        if !self.files.contains_key(hsm) {
            let folder = self.path.join(hsm);
            fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            let path = folder.join(&self.name);
            let file = Coated::create(&path, self.compress)?;
            self.files.insert(hsm.to_owned(), (path, file));
        }
        let Some((path, file)) = self.files.get_mut(hsm) else { return Ok(()) };
        file.write(message, separator).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        for (path, file) in self.files.values_mut() {
            file.flush().with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Ends all files.
    ///
    /// # Errors
    /// What the file system says, with the file's name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        for (path, file) in self.files.into_values() {
            file.finish().with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}
