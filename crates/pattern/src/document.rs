//! Events as JSON patterns see them.

use hsmstream_json::{Node, NodeKind, Tape};

use crate::limits::JSON_NESTING_MAX;
use crate::paths::{PathScratch, Paths};
use crate::selector::Selector;
use crate::walk::walk;

/// A value that a selector reached. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'v> {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number as the event writes it: `1`, `1.0` and `1e0` are three texts.
    Number(&'v [u8]),
    /// A text without its escapes.
    String(&'v [u8]),
    /// An array.
    Array {
        /// Whether one of its direct elements is `null`.
        has_null: bool,
    },
    /// An object.
    Object,
}

/// An event whose root is a JSON object.
pub trait Document {
    /// Calls `visit` with each value that selector number `selector` reaches, until it returns true; returns
    /// whether it did. Where no value is reached it is never called. Of members with the same name only the
    /// last counts.
    fn visit(&mut self, selector: usize, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool;

    /// Calls the second with each value that the selectors of the first reach, all in one pass; returns false, and
    /// calls nothing, if following each alone is better.
    fn visit_all(&mut self, _paths: &Paths, _visit: &mut dyn FnMut(usize, Scalar<'_>)) -> bool {
        false
    }
}

/// A JSON text under the selectors of a pattern or set.
#[derive(Debug)]
pub struct TextDocument<'d, 'a> {
    root: Node<'d, 'a>,
    selectors: &'d [Selector],
    storage: &'d mut PathScratch,
}

impl<'d, 'a> TextDocument<'d, 'a> {
    /// Parses `event`; `None` unless it is one JSON object (with white space around it, nothing else).
    /// `tape` and `storage` are storage, used again from event to event.
    pub fn parse(
        event: &'a [u8],
        selectors: &'d [Selector],
        tape: &'d mut Tape,
        storage: &'d mut PathScratch,
    ) -> Option<Self> {
        let first = event.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return None;
        }
        let root = tape.parse(event, JSON_NESTING_MAX).ok()?;
        (root.kind() == NodeKind::Object).then_some(Self { root, selectors, storage })
    }
}

/// Whether JSON patterns can match `event`: it is one JSON object, not nested too deep. Allocates.
#[must_use]
pub fn is_object(event: &[u8]) -> bool {
    TextDocument::parse(event, &[], &mut Tape::new(), &mut PathScratch::default()).is_some()
}

impl Document for TextDocument<'_, '_> {
    fn visit(&mut self, selector: usize, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
        match self.selectors.get(selector) {
            Some(selector) => walk(self.root, selector.steps(), self.storage, visit),
            None => false,
        }
    }

    fn visit_all(&mut self, paths: &Paths, visit: &mut dyn FnMut(usize, Scalar<'_>)) -> bool {
        paths.follow(self.root, self.storage, visit);
        true
    }
}

/// What a value is to a condition. `text` is for strings that have to be unescaped.
#[inline]
pub(crate) fn scalar<'v>(node: &Node<'_, 'v>, text: &'v mut Vec<u8>) -> Scalar<'v> {
    match node.kind() {
        NodeKind::Null => Scalar::Null,
        NodeKind::True => Scalar::True,
        NodeKind::False => Scalar::False,
        NodeKind::Number => Scalar::Number(node.raw()),
        NodeKind::Object => Scalar::Object,
        NodeKind::Array => {
            Scalar::Array { has_null: node.elements().any(|element| element.kind() == NodeKind::Null) }
        }
        NodeKind::String => match node.text() {
            Some(string) if string.is_escaped() => {
                text.clear();
                string.unescape_into(text);
                Scalar::String(text)
            }
            string => Scalar::String(string.map_or(b"", |string| string.raw())),
        },
    }
}
