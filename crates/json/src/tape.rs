//! A whole JSON value laid flat: the positions of every value and key, in document order, each container knowing where
//! it ends. Storage is reused from one parse to the next.
//!
//! A tape holds positions, no bytes; a [`Node`] brings tape and bytes together. It is made in two passes: one over
//! all bytes for what concerns strings (`quotes`), one from value to value that steps over strings (`flatten`).
//! What they accept is what [`Reader`] accepts; it is asked what is wrong with what they do not.

use crate::error::{Error, ErrorKind};
use crate::flatten::{self, CONTAINER, Word};
use crate::quotes::{ESCAPED, LENGTH_MAX, Quotes};
use crate::reader::Reader;
use crate::text::Text;

/// Reusable storage for one parsed value.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    quotes: Quotes,
    /// The first `count` are of the last value; the others wait to be written again.
    words: Vec<Word>,
    count: usize,
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
    words: &'t [Word],
    bytes: &'a [u8],
    kind: NodeKind,
    /// Its word, and the number of that.
    word: Word,
    number: usize,
}

impl Tape {
    /// Makes an empty tape; the first parse allocates.
    #[must_use]
    pub const fn new() -> Self {
        Self { quotes: Quotes::new(), words: Vec::new(), count: 0 }
    }

    /// Parses `bytes`, which must be one value and white space around it. What was on the tape is gone.
    ///
    /// # Errors
    /// As [`Reader::next`]; bytes behind the value are `Syntax`. A text of 2 GiB or more ends too early, there. The
    /// tape is then empty.
    pub fn parse<'t, 'a>(&'t mut self, bytes: &'a [u8], nesting_max: u32) -> Result<Node<'t, 'a>, Error> {
        self.count = 0;
        if bytes.len() > LENGTH_MAX {
            return Err(Error::eof(LENGTH_MAX));
        }
        let is_possible = self.quotes.find(bytes);
        let count = match is_possible {
            true => flatten::flatten(bytes, self.quotes.pairs(), nesting_max, &mut self.words),
            false => None,
        };
        self.count = count.ok_or_else(|| first_error(bytes, nesting_max))?;
        self.root(bytes).ok_or(Error { kind: ErrorKind::Eof, offset: bytes.len() })
    }

    /// The value of the last successful [`Self::parse`]; `bytes` must be the same again (of other bytes the
    /// answers mean nothing). `None` if there was none.
    #[must_use]
    pub fn root<'t, 'a>(&'t self, bytes: &'a [u8]) -> Option<Node<'t, 'a>> {
        Node::at(self.words.get(..self.count)?, bytes, 0)
    }
}

/// What is wrong with a text that is not JSON.
#[cold]
fn first_error(bytes: &[u8], nesting_max: u32) -> Error {
    let mut reader = Reader::new(bytes, nesting_max);
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Error::syntax(reader.value_start()),
            Err(error) => return error,
        }
    }
}

impl<'t, 'a> Node<'t, 'a> {
    #[inline]
    fn at(words: &'t [Word], bytes: &'a [u8], number: usize) -> Option<Self> {
        let word = *words.get(number)?;
        let kind = match *bytes.get(start(word))? {
            b'"' => NodeKind::String,
            b'{' => NodeKind::Object,
            b'[' => NodeKind::Array,
            b't' => NodeKind::True,
            b'f' => NodeKind::False,
            b'n' => NodeKind::Null,
            _ => NodeKind::Number,
        };
        Some(Self { words, bytes, kind, word, number })
    }

    /// What the value is.
    #[must_use]
    pub const fn kind(&self) -> NodeKind {
        self.kind
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
        let [_, end] = self.word;
        match self.kind {
            NodeKind::String => start(self.word)..(end & !ESCAPED) as usize + 1,
            _ => start(self.word)..end as usize,
        }
    }

    /// The text of a string, else `None`.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        match self.kind {
            NodeKind::String => Some(text(self.word, self.bytes)),
            _ => None,
        }
    }

    /// A number as printed, else `None`.
    #[must_use]
    pub fn number(&self) -> Option<&'a [u8]> {
        match self.kind {
            NodeKind::Number => Some(self.raw()),
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
        let first = self.number + 2;
        let behind = if self.kind == kind { behind(self.words, self.number) } else { first };
        Elements { words: self.words, bytes: self.bytes, number: first, behind }
    }
}

#[inline]
const fn start([start, _]: Word) -> usize {
    (start & !CONTAINER) as usize
}

/// The number of the word behind a value and all that is in it.
#[inline]
fn behind(words: &[Word], number: usize) -> usize {
    match words.get(number..) {
        Some([[start, _], [behind, _], ..]) if start & CONTAINER != 0 => *behind as usize,
        _ => number + 1,
    }
}

/// The text of a string's word.
#[inline]
fn text<'a>(word: Word, bytes: &'a [u8]) -> Text<'a> {
    let ([_, end], offset) = (word, start(word) + 1);
    let raw = bytes.get(offset..(end & !ESCAPED) as usize).unwrap_or_default();
    Text::new(raw, offset, end & ESCAPED != 0)
}

/// Iterates over the elements of an array.
#[derive(Debug, Clone)]
pub struct Elements<'t, 'a> {
    words: &'t [Word],
    bytes: &'a [u8],
    number: usize,
    behind: usize,
}

impl<'t, 'a> Iterator for Elements<'t, 'a> {
    type Item = Node<'t, 'a>;

    #[inline]
    fn next(&mut self) -> Option<Node<'t, 'a>> {
        if self.number >= self.behind {
            return None;
        }
        let node = Node::at(self.words, self.bytes, self.number)?;
        self.number = behind(self.words, self.number);
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

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let values = &mut self.values;
        if values.number >= values.behind {
            return None;
        }
        let key = text(*values.words.get(values.number)?, values.bytes);
        values.number += 1;
        Some((key, values.next()?))
    }
}
