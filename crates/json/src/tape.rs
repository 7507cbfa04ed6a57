//! A whole JSON value laid flat: the positions of every value and key, in document order, each container knowing where
//! it ends. Storage is reused from one parse to the next.
//!
//! A tape holds positions, no bytes; a [`Node`] brings tape and bytes together. It is made in two passes: one over
//! all bytes for what concerns strings (`quotes`), one from value to value that steps over strings (`flatten`).
//! What they accept is what [`Reader`] accepts; it is asked what is wrong with what they do not.

use crate::error::{Error, ErrorKind};
use crate::flatten::{self, CONTAINER, Word, narrow};
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
    /// Its word, and the number of that.
    word: Word,
    number: usize,
}

/// The place of a value on its tape: a [`Node`] without what it borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u32);

/// A member of an object, its name as far as a look-up needs it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The first eight bytes of the name as it stands in the text, the first the lowest; zeros behind its end.
    pub head: u64,
    /// How many bytes the name has, as it stands in the text.
    pub length: u32,
    /// Whether there are escapes in the name.
    pub is_escaped: bool,
    /// The value.
    pub value: Mark,
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
        Node::numbered(self.words.get(..self.count)?, bytes, 0)
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
    fn numbered(words: &'t [Word], bytes: &'a [u8], number: usize) -> Option<Self> {
        Some(Self { words, bytes, word: *words.get(number)?, number })
    }

    /// What the value is.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> NodeKind {
        match self.bytes.get(start(self.word)) {
            Some(b'"') => NodeKind::String,
            Some(b'{') => NodeKind::Object,
            Some(b'[') => NodeKind::Array,
            Some(b't') => NodeKind::True,
            Some(b'f') => NodeKind::False,
            Some(b'n') => NodeKind::Null,
            _ => NodeKind::Number,
        }
    }

    /// The place of the value, to come back to by [`Self::at`].
    #[must_use]
    #[inline]
    pub const fn mark(&self) -> Mark {
        Mark(narrow(self.number))
    }

    /// The value at a mark that a node of the same parse gave (of another parse it is any value or none).
    #[must_use]
    #[inline]
    pub fn at(&self, mark: Mark) -> Option<Self> {
        Self::numbered(self.words, self.bytes, mark.0 as usize)
    }

    /// The value's own text: of a string with its quotes.
    #[must_use]
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        let span = self.span();
        self.bytes.get(span).unwrap_or_default()
    }

    /// Where [`Self::raw`] stands in the parsed bytes.
    #[must_use]
    #[inline]
    pub fn span(&self) -> core::ops::Range<usize> {
        let [_, end] = self.word;
        match self.kind() {
            NodeKind::String => start(self.word)..(end & !ESCAPED) as usize + 1,
            _ => start(self.word)..end as usize,
        }
    }

    /// The text of a string, else `None`.
    #[must_use]
    #[inline]
    pub fn text(&self) -> Option<Text<'a>> {
        match self.kind() {
            NodeKind::String => Some(text(self.word, self.bytes)),
            _ => None,
        }
    }

    /// A number as printed, else `None`.
    #[must_use]
    #[inline]
    pub fn number(&self) -> Option<&'a [u8]> {
        match self.kind() {
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
    #[inline]
    pub fn members(&self) -> Members<'t, 'a> {
        Members { values: self.inside_of(NodeKind::Object) }
    }

    /// The members as [`Self::members`], for a caller who looks at most names only to pass over them.
    #[must_use]
    #[inline]
    pub fn glance(&self) -> Glances<'t, 'a> {
        Glances { values: self.inside_of(NodeKind::Object) }
    }

    /// The name of a member that [`Self::glance`] of a node of the same parse gave (of another parse it is any text).
    #[must_use]
    #[inline]
    pub fn name(&self, member: &Member) -> Text<'a> {
        let word = self.words.get((member.value.0 as usize).wrapping_sub(1));
        text(word.copied().unwrap_or_default(), self.bytes)
    }

    /// The elements of an array in order; of other values none.
    #[must_use]
    #[inline]
    pub fn elements(&self) -> Elements<'t, 'a> {
        self.inside_of(NodeKind::Array)
    }

    #[inline]
    fn inside_of(&self, kind: NodeKind) -> Elements<'t, 'a> {
        let first = self.number + 2;
        let behind = if self.kind() == kind { behind(self.words, self.number) } else { first };
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
        let node = Node::numbered(self.words, self.bytes, self.number)?;
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
        let Elements { words, bytes, number, behind } = &mut self.values;
        let &[key, word, ..] = words.get(*number..*behind)? else { return None };
        let value = Node { words, bytes, word, number: *number + 1 };
        *number = self::behind(words, value.number);
        Some((text(key, bytes), value))
    }
}

/// Iterates over the members of an object, names unread but for what a look-up needs.
#[derive(Debug, Clone)]
pub struct Glances<'t, 'a> {
    /// Keys and values in turn.
    values: Elements<'t, 'a>,
}

impl Iterator for Glances<'_, '_> {
    type Item = Member;

    #[inline]
    fn next(&mut self) -> Option<Member> {
        let Elements { words, bytes, number, behind } = &mut self.values;
        let &[[quote, end], ..] = words.get(*number..*behind)? else { return None };
        let value = *number + 1;
        *number = self::behind(words, value);
        let start = quote as usize + 1;
        let length = (end & !ESCAPED).wrapping_sub(quote).wrapping_sub(1);
        let head = match bytes.get(start..start + 8).and_then(<[u8]>::first_chunk) {
            Some(head) => u64::from_le_bytes(*head) & lowest(length),
            None => {
                let name = bytes.get(start..start + length as usize).unwrap_or_default();
                name.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte))
            }
        };
        Some(Member { head, length, is_escaped: end & ESCAPED != 0, value: Mark(narrow(value)) })
    }
}

/// The bits of so many bytes, eight at most.
#[inline]
const fn lowest(bytes: u32) -> u64 {
    match bytes {
        0..8 => !(u64::MAX << (8 * bytes)),
        _ => u64::MAX,
    }
}
