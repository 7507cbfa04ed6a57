//! YAML text → a tree of nodes, each with the bytes it came from.
//!
//! Built on the events of `saphyr-parser`; no serde, so that a mistake in one key never hides the
//! others and every node knows its place. Next stage: `read`, which turns documents into rules.
//!
//! * YAML 1.2 core schema: `on`, `yes` and `12:30` are text; `true`, `~` and `0x1f` are not.
//! * Documents are told apart before parsing (a line that begins with `---` separates documents
//!   wherever it stands), so a syntax error costs one document, not the rest of the file.
//! * Refused, each with a diagnostic: duplicate keys, keys that are not text, anchors, aliases, tags,
//!   characters that YAML forbids, and whatever exceeds the limits of size, depth and number.
//!
//! Sources: YAML 1.2.2 sections 5.1 (characters), 9.1 (documents), 10.3 (core schema).

mod build;
mod core;
mod locate;
#[cfg(test)]
mod tests;

pub(crate) use self::build::{Chunk, chunks, forbidden, parse};
pub(crate) use self::core::{Scalar as Resolved, resolve};
pub(crate) use self::locate::locate;

use crate::source::ByteSpan;

/// A node of a document.
#[derive(Debug)]
pub(crate) struct Node {
    /// Bytes of the file.
    pub(crate) span: ByteSpan,
    /// What it is.
    pub(crate) value: Value,
}

/// The three kinds of node.
#[derive(Debug)]
pub(crate) enum Value {
    /// Text, number, truth value or null; see [`resolve`].
    Scalar(Scalar),
    /// `[…]` or lines with dashes.
    Sequence(Vec<Node>),
    /// `{…}` or lines with colons, in file order, keys unique.
    Mapping(Vec<Entry>),
}

/// A scalar as written.
#[derive(Debug)]
pub(crate) struct Scalar {
    /// The text with quotes, escapes and folding resolved.
    pub(crate) text: String,
    /// How it was written.
    pub(crate) style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The key's text.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) span: ByteSpan,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The scalar's meaning under the core schema, if the node is a scalar.
    pub(crate) fn scalar(&self) -> Option<Resolved<'_>> {
        match &self.value {
            Value::Scalar(scalar) => Some(resolve(scalar)),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// What the node is, for messages.
    pub(crate) fn what(&self) -> &'static str {
        match &self.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(scalar) => match resolve(scalar) {
                Resolved::Null => "nothing",
                Resolved::Bool(_) => "a truth value",
                Resolved::Integer(_) | Resolved::Float => "a number",
                Resolved::Text(_) => "text",
            },
        }
    }
}
