//! Parser events → node tree, one document at a time.
//!
//! The tree is built on an explicit stack; the depth limit holds before a level is entered. The parser
//! counts positions in characters, nodes in bytes: a table maps one to the other where they differ.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

use super::{Entry, Node, Scalar, Style, Value};
use crate::limits::Limits;
use crate::report::Report;
use crate::source::ByteSpan;

/// The bytes of one document, with its `---` line and directives.
pub(crate) type Chunk = Range<usize>;

/// The first character that YAML 1.2 forbids in a stream (section 5.1), with its offset.
pub(crate) fn forbidden(text: &str) -> Option<(usize, char)> {
    let allowed = |character: char| {
        matches!(character,
            '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
            | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
    };
    text.char_indices().find(|(_, character)| !allowed(*character))
}

/// Splits a file into documents. A line that begins with `---` ends a document wherever it stands, even
/// inside a quoted or block scalar (YAML 1.2.2, section 9.1.2), so this needs no parser. Comments and
/// directives in front of the first `---` stay with the document that follows.
pub(crate) fn chunks(text: &str) -> Vec<Chunk> {
    let mut found = Vec::new();
    let (mut begin, mut at, mut content) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let marker = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        let is_marker =
            marker.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        let is_start = is_marker && line.starts_with("---");
        if is_start && content {
            found.push(begin..at);
            (begin, content) = (at, false);
        }
        content |= is_start || !(bare.is_empty() || bare.starts_with(['#', '%']) || is_marker);
        at += line.len();
    }
    if content {
        found.push(begin..at);
    }
    found
}

/// Parses one document. `None`: it is empty, or broken and reported.
pub(crate) fn parse(text: &str, chunk: &Chunk, limits: &Limits, report: &mut Report<'_>) -> Option<Node> {
    let part = text.get(chunk.clone())?;
    let mut tree = Tree {
        offsets: Offsets::new(part, chunk.start),
        stack: Vec::new(),
        root: None,
        limits,
        intact: true,
        nodes: 0,
    };
    let mut parser = Parser::new(StrInput::new(part));
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => {
                let span = ByteSpan::new(tree.offsets.byte(span.start), tree.offsets.byte(span.end));
                if !tree.take(event, span, report) {
                    return None;
                }
            }
            Some(Err(error)) => {
                let at = tree.offsets.byte(*error.marker());
                report.error(ByteSpan::new(at, at), format!("not YAML: {}", error.info()), None);
                return None;
            }
        }
    }
    let is_empty = |node: &Node| matches!(&node.value, Value::Scalar(scalar) if scalar.text.is_empty());
    tree.root.filter(|node| tree.intact && !is_empty(node))
}

/// Character index → byte offset of the file.
struct Offsets {
    base: usize,
    /// Empty if every character is one byte.
    table: Vec<usize>,
    end: usize,
}

impl Offsets {
    fn new(part: &str, base: usize) -> Self {
        let table =
            if part.is_ascii() { Vec::new() } else { part.char_indices().map(|(byte, _)| byte).collect() };
        Self { base, table, end: part.len() }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        let inside = if self.table.is_empty() {
            index.min(self.end)
        } else {
            self.table.get(index).copied().unwrap_or(self.end)
        };
        self.base + inside
    }
}

/// A collection that is still open.
enum Open {
    Sequence { start: usize, items: Vec<Node> },
    Mapping { start: usize, entries: Vec<Entry>, key: Option<(String, ByteSpan)> },
}

/// The tree under construction.
struct Tree<'l> {
    offsets: Offsets,
    stack: Vec<Open>,
    root: Option<Node>,
    limits: &'l Limits,
    /// No mistake so far that makes the document unusable.
    intact: bool,
    nodes: usize,
}

impl Tree<'_> {
    /// Takes one event in; `false`: the document is given up.
    fn take(&mut self, event: Event<'_>, span: ByteSpan, report: &mut Report<'_>) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span, report);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let scalar = Scalar { text: text.into_owned(), style };
                self.place(Node { span, value: Value::Scalar(scalar) }, report);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span, report);
                self.stack.push(Open::Sequence { start: span.start, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span, report);
                self.stack.push(Open::Mapping { start: span.start, entries: Vec::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span, report),
            Event::Alias(_) => {
                report.error(span, "aliases are not supported".into(), Some("write the value out".into()));
                self.intact = false;
                self.place(Node { span, value: Value::Sequence(Vec::new()) }, report);
            }
            _ => {}
        }
        self.within_limits(span, report)
    }

    /// Counts nodes and levels.
    fn within_limits(&mut self, span: ByteSpan, report: &mut Report<'_>) -> bool {
        self.nodes += 1;
        let keys = match self.stack.last() {
            Some(Open::Mapping { entries, .. }) => entries.len(),
            Some(Open::Sequence { .. }) | None => 0,
        };
        let message = if keys > self.limits.mapping_keys_max {
            format!("more than {} keys in one mapping", self.limits.mapping_keys_max)
        } else if self.stack.len() > self.limits.depth_max {
            format!("nested deeper than {} levels", self.limits.depth_max)
        } else if self.nodes > self.limits.nodes_max {
            format!("more than {} values in one document", self.limits.nodes_max)
        } else {
            return true;
        };
        report.error(span, message, None);
        false
    }

    /// Anchors and tags are refused by name.
    fn refuse(&mut self, anchor: usize, tag: bool, span: ByteSpan, report: &mut Report<'_>) {
        if anchor != 0 {
            report.error(span, "anchors are not supported".into(), Some("write the value out".into()));
            self.intact = false;
        }
        if tag {
            report.error(
                span,
                "tags are not supported".into(),
                Some("quote text instead of tagging it".into()),
            );
            self.intact = false;
        }
    }

    /// Ends the innermost collection.
    fn close(&mut self, span: ByteSpan, report: &mut Report<'_>) {
        let node = match self.stack.pop() {
            Some(Open::Sequence { start, items }) => {
                Node { span: ByteSpan::new(start, span.end), value: Value::Sequence(items) }
            }
            Some(Open::Mapping { start, entries, .. }) => {
                Node { span: ByteSpan::new(start, span.end), value: Value::Mapping(entries) }
            }
            None => return,
        };
        self.place(node, report);
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, report: &mut Report<'_>) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match (key.take(), node.value) {
                (Some((key, span)), value) => {
                    let first = entries.iter().find(|entry| entry.key == key).map(|entry| entry.span);
                    match first {
                        Some(first) => report.error_related(
                            span,
                            format!("key `{key}` stands twice in this mapping"),
                            (first, "first here".into()),
                        ),
                        None => entries.push(Entry { key, span, value: Node { span: node.span, value } }),
                    }
                }
                (None, Value::Scalar(scalar)) => *key = Some((scalar.text, node.span)),
                (None, _) => {
                    report.error(node.span, "a key has to be text".into(), None);
                    self.intact = false;
                    *key = Some((String::new(), node.span));
                }
            },
        }
    }
}
