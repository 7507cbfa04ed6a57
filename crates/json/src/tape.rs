//! A whole JSON value laid flat: one entry a value or key, in document order, each container knowing where
//! it ends. Storage is reused from one parse to the next.
//!
//! A tape holds positions, no bytes; a [`Node`] brings tape and bytes together.

use crate::error::{Error, ErrorKind};
use crate::reader::{Reader, Token};
use crate::text::Text;

/// Reusable storage for one parsed value.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    entries: Vec<Entry>,
    /// Open containers while parsing.
    open: Vec<usize>,
}

/// One value or key. `start..end` is its content: a string's without its quotes, else the whole text.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    end: usize,
    /// Index of the entry behind this one and all that is inside it.
    next: usize,
    kind: NodeKind,
    escaped: bool,
}

/// The sorts of JSON values. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// A value of a parsed text: `'t` borrows the tape, `'a` the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Node<'t, 'a> {
    entries: &'t [Entry],
    bytes: &'a [u8],
    entry: Entry,
    /// Index of the entry behind `entry`: the first one inside it, if it is a container.
    inside: usize,
}

impl Tape {
    /// Makes an empty tape; the first parse allocates.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new(), open: Vec::new() }
    }

    /// Parses `bytes`, which must be one value and white space around it. What was on the tape is gone.
    ///
    /// # Errors
    /// As [`Reader::next`]; bytes behind the value are `Syntax`. The tape is then empty.
    pub fn parse<'t, 'a>(&'t mut self, bytes: &'a [u8], nesting_max: u32) -> Result<Node<'t, 'a>, Error> {
        self.entries.clear();
        self.open.clear();
        if let Err(error) = self.fill(bytes, nesting_max) {
            self.entries.clear();
            return Err(error);
        }
        self.root(bytes).ok_or(Error { kind: ErrorKind::Eof, offset: bytes.len() })
    }

    /// The value of the last successful [`Self::parse`]; `bytes` must be the same again (of other bytes the
    /// answers mean nothing). `None` if there was none.
    #[must_use]
    pub fn root<'t, 'a>(&'t self, bytes: &'a [u8]) -> Option<Node<'t, 'a>> {
        Node::at(&self.entries, bytes, 0)
    }

    fn fill(&mut self, bytes: &[u8], nesting_max: u32) -> Result<(), Error> {
        let mut reader = Reader::new(bytes, nesting_max);
        while let Some(token) = reader.next()? {
            let end = reader.position();
            match token {
                Token::ObjectStart => self.open(NodeKind::Object, end),
                Token::ArrayStart => self.open(NodeKind::Array, end),
                Token::ObjectEnd | Token::ArrayEnd => self.close(end),
                Token::Key(text) | Token::String(text) => self.push_text(text),
                Token::Number(lexeme) => self.push(NodeKind::Number, end - lexeme.len(), end),
                Token::True => self.push(NodeKind::True, end - 4, end),
                Token::False => self.push(NodeKind::False, end - 5, end),
                Token::Null => self.push(NodeKind::Null, end - 4, end),
            }
        }
        let behind = reader.value_start();
        if behind < bytes.len() {
            return Err(Error::syntax(behind));
        }
        Ok(())
    }

    fn open(&mut self, kind: NodeKind, end: usize) {
        self.open.push(self.entries.len());
        self.push(kind, end - 1, end);
    }

    fn close(&mut self, end: usize) {
        let next = self.entries.len();
        if let Some(entry) = self.open.pop().and_then(|index| self.entries.get_mut(index)) {
            entry.end = end;
            entry.next = next;
        }
    }

    fn push_text(&mut self, text: Text<'_>) {
        let end = text.offset() + text.raw().len();
        self.push(NodeKind::String, text.offset(), end);
        if let Some(entry) = self.entries.last_mut() {
            entry.escaped = text.is_escaped();
        }
    }

    fn push(&mut self, kind: NodeKind, start: usize, end: usize) {
        let next = self.entries.len() + 1;
        self.entries.push(Entry { start, end, next, kind, escaped: false });
    }
}

impl<'t, 'a> Node<'t, 'a> {
    fn at(entries: &'t [Entry], bytes: &'a [u8], index: usize) -> Option<Self> {
        let entry = *entries.get(index)?;
        Some(Self { entries, bytes, entry, inside: index + 1 })
    }

    /// What the value is.
    #[must_use]
    pub const fn kind(&self) -> NodeKind {
        self.entry.kind
    }

    /// The value's own text: of a string with its quotes.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        let span = self.span();
        self.bytes.get(span).unwrap_or_default()
    }

    /// Where [`Self::raw`] stands in the parsed bytes.
    #[must_use]
    pub const fn span(&self) -> core::ops::Range<usize> {
        match self.entry.kind {
            NodeKind::String => self.entry.start - 1..self.entry.end + 1,
            _ => self.entry.start..self.entry.end,
        }
    }

    /// The text of a string, else `None`.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        match self.entry.kind {
            NodeKind::String => Some(Text::new(self.content(), self.entry.start, self.entry.escaped)),
            _ => None,
        }
    }

    /// A number as printed, else `None`.
    #[must_use]
    pub fn number(&self) -> Option<&'a [u8]> {
        match self.entry.kind {
            NodeKind::Number => Some(self.content()),
            _ => None,
        }
    }

    /// The value of the member `key` of an object: the last one of that name. O(members).
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Self> {
        self.members().filter(|(name, _)| name.eq(key)).last().map(|(_, value)| value)
    }

    /// The element `index` of an array. O(index).
    #[must_use]
    pub fn index(&self, index: usize) -> Option<Self> {
        self.elements().nth(index)
    }

    /// The members of an object in document order, repeated names included; of other values none.
    #[must_use]
    pub fn members(&self) -> Members<'t, 'a> {
        Members { values: self.inside_of(NodeKind::Object) }
    }

    /// The elements of an array in order; of other values none.
    #[must_use]
    pub fn elements(&self) -> Elements<'t, 'a> {
        self.inside_of(NodeKind::Array)
    }

    fn inside_of(&self, kind: NodeKind) -> Elements<'t, 'a> {
        let end = if self.entry.kind == kind { self.entry.next } else { self.inside };
        Elements { entries: self.entries, bytes: self.bytes, index: self.inside, end }
    }

    fn content(&self) -> &'a [u8] {
        self.bytes.get(self.entry.start..self.entry.end).unwrap_or_default()
    }
}

/// Iterates over the elements of an array.
#[derive(Debug, Clone)]
pub struct Elements<'t, 'a> {
    entries: &'t [Entry],
    bytes: &'a [u8],
    index: usize,
    end: usize,
}

impl<'t, 'a> Iterator for Elements<'t, 'a> {
    type Item = Node<'t, 'a>;

    fn next(&mut self) -> Option<Node<'t, 'a>> {
        if self.index >= self.end {
            return None;
        }
        let node = Node::at(self.entries, self.bytes, self.index)?;
        self.index = node.entry.next;
        Some(node)
    }
}

/// Iterates over the members of an object.
#[derive(Debug, Clone)]
pub struct Members<'t, 'a> {
    /// Keys and values in turn.
    values: Elements<'t, 'a>,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (Text<'a>, Node<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.values.next()?.text()?;
        Some((key, self.values.next()?))
    }
}
