//! Rule files → rule set: the entry of this crate.
//!
//! In: files in the order in which duplicates are judged (sort them by name). Out: every rule that has
//! no mistake, and every mistake of the others. A broken rule costs itself only; a syntax error costs
//! its document only. No I/O: the caller reads the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Level, Place};
use crate::limits::Limits;
use crate::read;
use crate::report::Report;
use crate::rule::Rule;
use crate::set::RuleSet;
use crate::source::{ByteSpan, Source};
use crate::yaml;

/// A rule file as read.
#[derive(Clone, Copy, Debug)]
pub struct RuleFile<'a> {
    /// Name for people, usually the path.
    pub name: &'a str,
    /// Content.
    pub bytes: &'a [u8],
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The rules without mistakes.
    pub set: RuleSet,
    /// All mistakes and warnings, in order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The rules that were left out.
    pub left_out: Vec<LeftOut>,
}

/// A rule that was not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its id, as far as it could be made out.
    pub id: Option<String>,
    /// Where it is defined.
    pub place: Place,
}

impl Loaded {
    /// Whether there is no error; warnings do not count.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.level != Level::Error)
    }
}

/// Loads rule files. Never fails as a whole: see [`Loaded::diagnostics`].
#[must_use]
pub fn load<'a>(files: impl IntoIterator<Item = RuleFile<'a>>, limits: &Limits) -> Loaded {
    let mut loading = Loading { limits, rules: Vec::new(), seen: BTreeMap::new(), left_out: Vec::new() };
    let mut diagnostics = Vec::new();
    for file in files {
        diagnostics.extend(loading.file(file));
    }
    Loaded { set: RuleSet::compile(loading.rules), diagnostics, left_out: loading.left_out }
}

/// The load under way.
struct Loading<'l> {
    limits: &'l Limits,
    rules: Vec<Rule>,
    /// Where each id was first seen, and whether a rule of that id was taken.
    seen: BTreeMap<String, (Place, bool)>,
    left_out: Vec<LeftOut>,
}

impl Loading<'_> {
    /// Loads one file; returns its diagnostics.
    fn file(&mut self, file: RuleFile<'_>) -> Vec<Diagnostic> {
        let name: Arc<str> = Arc::from(file.name);
        let bare = file.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file.bytes);
        let skipped = file.bytes.len() - bare.len();
        let shown = bare.get(..self.limits.file_bytes_max).unwrap_or(bare);
        let (text, broken_at) = match str::from_utf8(shown) {
            Ok(text) => (text, None),
            Err(error) => (longest_text(shown, error.valid_up_to()), Some(error.valid_up_to())),
        };
        let source = Source::new(name, text.to_owned(), skipped);
        let mut report = Report::new(&source, self.limits.diagnostics_max);
        if bare.len() > self.limits.file_bytes_max {
            let message = format!("the file is larger than {} bytes", self.limits.file_bytes_max);
            report.error(ByteSpan::default(), message, Some("split it into several files".into()));
        } else if let Some(at) = broken_at {
            report.error(ByteSpan::new(at, at), "the file is not UTF-8".into(), None);
        } else if let Some((at, character)) = yaml::forbidden(&source.text) {
            let message = format!("character U+{:04X} is not allowed in YAML", u32::from(character));
            report.error(ByteSpan::new(at, at + character.len_utf8()), message, None);
        } else {
            return self.documents(&source, report);
        }
        self.left_out.extend(yaml::chunks(&source.text).into_iter().map(|chunk| lost(&source, &chunk)));
        report.finish()
    }

    /// Loads the documents of a file.
    fn documents(&mut self, source: &Source, mut report: Report<'_>) -> Vec<Diagnostic> {
        let mut twins = Vec::new();
        let chunks = yaml::chunks(&source.text);
        if let Some(chunk) = chunks.get(self.limits.documents_max) {
            let message = format!("more than {} documents in one file", self.limits.documents_max);
            report.error(ByteSpan::new(chunk.start, chunk.start), message, None);
        }
        for (index, chunk) in chunks.iter().enumerate() {
            let before = report.errors();
            let node = if index < self.limits.documents_max {
                yaml::parse(&source.text, chunk, self.limits, &mut report)
            } else {
                None
            };
            let Some(node) = node else {
                if report.errors() > before || index >= self.limits.documents_max {
                    self.left_out.push(lost(source, chunk));
                }
                continue;
            };
            let broken_before = report.errors() > before;
            let mut draft = read::draft(&node, self.limits, &mut report);
            if broken_before {
                draft.rule = None;
            }
            self.take(draft, source, &mut report, &mut twins);
        }
        let mut diagnostics = report.finish();
        diagnostics.extend(twins);
        diagnostics.sort_by_key(|diagnostic| diagnostic.place.bytes);
        diagnostics
    }

    /// Takes a rule in unless it has mistakes or its id is taken.
    fn take(
        &mut self,
        draft: read::Draft,
        source: &Source,
        report: &mut Report<'_>,
        twins: &mut Vec<Diagnostic>,
    ) {
        let place = source.place(draft.span);
        let mut rule = draft.rule;
        if let Some(id) = &draft.id {
            match self.seen.get_mut(id) {
                None => {
                    self.seen.insert(id.clone(), (place.clone(), rule.is_some()));
                }
                Some((first, taken)) => {
                    let level = if *taken || rule.is_none() { Level::Error } else { Level::Warning };
                    twins.push(Diagnostic {
                        level,
                        place: place.clone(),
                        rule: Some(id.clone()),
                        message: format!("another rule has the id `{id}`"),
                        help: None,
                        related: Some((first.clone(), "defined here first".to_owned())),
                    });
                    rule = rule.filter(|_| !*taken);
                    *taken |= rule.is_some();
                }
            }
        }
        if rule.is_some() && self.rules.len() >= self.limits.rules_max {
            report.error(draft.span, format!("more than {} rules", self.limits.rules_max), None);
            rule = None;
        }
        match rule {
            Some(rule) => self.rules.push(rule),
            None => self.left_out.push(LeftOut { id: draft.id, place }),
        }
    }
}

/// A document that could not be read: its id is guessed from a line `id: …`.
fn lost(source: &Source, chunk: &yaml::Chunk) -> LeftOut {
    let text = source.text.get(chunk.clone()).unwrap_or("");
    let id =
        text.lines().find_map(|line| line.strip_prefix("id:")).map(|id| id.trim().trim_matches(['"', '\'']));
    let is_id = |id: &&str| {
        !id.is_empty()
            && id.len() <= 100
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    LeftOut {
        id: id.filter(is_id).map(str::to_owned),
        place: source.place(ByteSpan::new(chunk.start, chunk.start)),
    }
}

/// The text before the first byte that is not UTF-8.
fn longest_text(bytes: &[u8], valid: usize) -> &str {
    bytes.get(..valid).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or("")
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
