//! The project's own files, for tests that keep its structure: what git tracks or would track, and source as code.
//!
//! [`code`] blanks comments, strings and character literals, so that a word found in the rest is a word of the program.
//! It knows nested comments, raw strings and lifetimes. It does not know macros that invent their own literals.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One file of the repository.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text, with U+FFFD for what is not UTF-8.
    pub text: String,
}

impl SourceFile {
    /// Whether the file holds only tests (or a generator, a fuzz target or a benchmark that runs none of production).
    #[must_use]
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let in_folder = |folder: &str| self.path.contains(&format!("/{folder}/"));
        name == "tests.rs"
            || name.ends_with("_tests.rs")
            || in_folder("tests")
            || in_folder("fuzz_targets")
            || in_folder("benches")
    }

    /// The text before the file's inline test module.
    #[must_use]
    pub fn production(&self) -> &str {
        if self.is_test() {
            return "";
        }
        let inline = self.text.match_indices("#[cfg(test)]\nmod ").find(|(at, start)| {
            let line = self.text[at + start.len()..].lines().next().unwrap_or_default();
            line.ends_with('{')
        });
        inline.map_or(&self.text, |(at, _)| &self.text[..at])
    }

    /// The crate's folder name under `crates/`, if it lies there.
    #[must_use]
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The paths that git tracks, or would track if they were added.
///
/// # Panics
///
/// When git is missing or this is no clone.
#[must_use]
pub fn paths() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let text = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let mut paths: Vec<String> =
        text.split('\0').filter(|path| root().join(path).is_file()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// All files whose path `wanted` accepts.
#[must_use]
pub fn files(wanted: impl Fn(&str) -> bool) -> Vec<SourceFile> {
    let read = |path: String| {
        let bytes = fs::read(root().join(&path)).expect("a listed file can be read");
        SourceFile { text: String::from_utf8_lossy(&bytes).into_owned(), path }
    };
    paths().into_iter().filter(|path| wanted(path)).map(read).collect()
}

/// All Rust files.
#[must_use]
pub fn rust_files() -> Vec<SourceFile> {
    let files = files(|path| path.ends_with(".rs"));
    assert!(files.len() > 10, "the repository holds Rust files");
    files
}

/// The source with every character of comments, strings and character literals replaced by a space; lines stay.
#[must_use]
pub fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        let length = literal_or_comment(rest, before);
        let taken = length.max(next.len_utf8());
        if length > 0 {
            code.extend(rest[..taken].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            before = ' ';
        } else {
            code.push(next);
            before = next;
        }
        rest = &rest[taken..];
    }
    code
}

/// The length of the comment or literal that `rest` begins with, 0 if it begins with code.
fn literal_or_comment(rest: &str, before: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    if before.is_alphanumeric() || before == '_' {
        return 0;
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'));
    let Some(raw) = raw else { return 0 };
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if !raw[hashes..].starts_with('"') {
        return 0;
    }
    let opened = rest.len() - raw.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    rest[opened..].find(&close).map_or(rest.len(), |at| opened + at + close.len())
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a literal that ends at the next unescaped `quote`.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    rest.len()
}

/// The length of a character literal, 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => 0,
    }
}
