//! Rule files from disk: what `run`, `check`, `test` and the reload share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use hsmstream_rules::{Limits, Loaded, RuleFile, load};

/// Rule files in a set at most; more is a wrong path (a home directory, say).
const FILES_MAX: usize = 10_000;
/// Folders below each other at most.
const DEPTH_MAX: usize = 32;

/// Files with their content, in order of their names.
pub(crate) struct RuleFiles {
    files: Vec<(String, Vec<u8>)>,
}

impl RuleFiles {
    /// Reads files and directories (recursively, `*.yaml` and `*.yml`).
    ///
    /// # Errors
    /// A path that cannot be read, with its name; a path without any rule file.
    pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        for path in paths {
            let before = found.len();
            collect(path, 0, &mut found)?;
            anyhow::ensure!(before < found.len(), "{}: no rule files (*.yaml, *.yml) in it", path.display());
        }
        found.sort();
        found.dedup();
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path.display().to_string(), bytes))
        };
        Ok(Self { files: found.into_iter().map(read).collect::<anyhow::Result<_>>()? })
    }

    /// The shipped rules that the binary carries.
    pub(crate) fn shipped() -> Self {
        Self {
            files: SHIPPED
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect(),
        }
    }

    /// Loads them.
    pub(crate) fn load(&self) -> Loaded {
        load(self.files.iter().map(|(name, bytes)| RuleFile { name, bytes }), &Limits::default())
    }

    /// How many files.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }
}

fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let meta = std::fs::metadata(path).with_context(|| {
        format!("cannot read the rules at {} (--rules or rules.paths says where they are)", path.display())
    })?;
    if !meta.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    anyhow::ensure!(depth < DEPTH_MAX, "{}: folders nest deeper than {DEPTH_MAX}", path.display());
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let path = entry?.path();
        let named = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        if path.is_dir() {
            collect(&path, depth + 1, found)?;
        } else if named {
            found.push(path);
        }
        anyhow::ensure!(found.len() <= FILES_MAX, "more than {FILES_MAX} rule files; is the path right?");
    }
    Ok(())
}

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
