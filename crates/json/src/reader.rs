//! The pull parser: one token after the other, the whole grammar checked on the way.
//!
//! State is a position, what may come next, and one bit a level (object or array): small and `Copy`, so a
//! caller who reads from a stream can take a [`Checkpoint`] between two tokens and go on with other bytes.
//! Pseudo-code of [`Reader::next`]:
//!
//! ```text
//! expect value       → a value; its start of container pushes a bit
//! first in container → its end, or as behind a comma
//! behind a value     → "," then key (object) or value (array); or the container's end, which pops a bit
//! depth back at 0    → done
//! ```

use crate::error::Error;
use crate::scan;
use crate::text::Text;

/// The deepest nesting a reader can follow, whatever limit it is given.
pub const NESTING_MAX: u32 = 128;

/// A piece of JSON. Commas and colons are checked and not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// A member's name; its colon has been read, its value comes next.
    Key(Text<'a>),
    /// A string value.
    String(Text<'a>),
    /// A number, as printed.
    Number(&'a [u8]),
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// Reads one JSON value from bytes that may go on behind it.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    state: Checkpoint,
    nesting_max: u32,
    strict: bool,
    more: bool,
}

/// Where a reader stands in the grammar, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Bit 0 is the innermost container: 1 an object, 0 an array.
    objects: u128,
    depth: u32,
    expect: Expect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    First,
    BehindValue,
    Done,
}

impl<'a> Reader<'a> {
    /// Begins at the start of `bytes`. Nesting beyond `nesting_max`, or [`NESTING_MAX`], is an error.
    #[must_use]
    pub const fn new(bytes: &'a [u8], nesting_max: u32) -> Self {
        Self::resume(bytes, Checkpoint::START, nesting_max)
    }

    /// Goes on where `checkpoint` was taken; `bytes` begin there.
    #[must_use]
    pub const fn resume(bytes: &'a [u8], checkpoint: Checkpoint, nesting_max: u32) -> Self {
        let nesting_max = if nesting_max < NESTING_MAX { nesting_max } else { NESTING_MAX };
        Self { bytes, position: 0, state: checkpoint, nesting_max, strict: true, more: false }
    }

    /// Accepts raw control characters inside strings.
    #[must_use]
    pub const fn lenient(mut self) -> Self {
        self.strict = false;
        self
    }

    /// Says that more bytes may follow the given ones: a number that touches their end is then not
    /// complete, and reported as [`Eof`](crate::ErrorKind::Eof).
    #[must_use]
    pub const fn partial(mut self) -> Self {
        self.more = true;
        self
    }

    /// The position behind the last token.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// How many containers are open.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.state.depth
    }

    /// The place in the grammar behind the last token.
    #[must_use]
    pub const fn checkpoint(&self) -> Checkpoint {
        self.state
    }

    /// Reads the next token; `None` behind the top-level value. After an error the reader stays where it is.
    ///
    /// # Errors
    /// `Syntax`, `Eof` or `TooDeep`, with the offset.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results would hide that errors repeat")]
    pub fn next(&mut self) -> Result<Option<Token<'a>>, Error> {
        let at = scan::white_space(self.bytes, self.position);
        match self.state.expect {
            Expect::Done => Ok(None),
            Expect::Value => self.value(at),
            Expect::First if self.closes(at) => Ok(Some(self.close(at))),
            Expect::First => self.member(at),
            Expect::BehindValue if self.closes(at) => Ok(Some(self.close(at))),
            Expect::BehindValue => match self.bytes.get(at) {
                Some(b',') => self.member(scan::white_space(self.bytes, at + 1)),
                Some(_) => Err(Error::syntax(at)),
                None => Err(Error::eof(at)),
            },
        }
    }

    /// Skips the value that comes next: behind a key, or at the start. Where an array ends instead, or a
    /// key comes, that token alone is skipped.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn skip_value(&mut self) -> Result<(), Error> {
        let depth = self.depth();
        loop {
            let token = self.next()?;
            if token.is_none() || self.depth() <= depth {
                return Ok(());
            }
        }
    }

    /// Skips the value that comes next, as [`Self::skip_value`], and returns its bytes.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn raw_value(&mut self) -> Result<&'a [u8], Error> {
        let start = self.value_start();
        self.skip_value()?;
        Ok(self.bytes.get(start..self.position).unwrap_or_default())
    }

    /// Where the next value begins, if one comes next: white space and a comma are behind it.
    #[must_use]
    pub fn value_start(&self) -> usize {
        let at = scan::white_space(self.bytes, self.position);
        match (self.state.expect, self.bytes.get(at)) {
            (Expect::BehindValue, Some(b',')) => scan::white_space(self.bytes, at + 1),
            _ => at,
        }
    }

    fn in_object(&self) -> bool {
        self.state.objects & 1 == 1
    }

    fn closes(&self, at: usize) -> bool {
        let end = if self.in_object() { b'}' } else { b']' };
        self.bytes.get(at) == Some(&end)
    }

    fn close(&mut self, at: usize) -> Token<'a> {
        let token = if self.in_object() { Token::ObjectEnd } else { Token::ArrayEnd };
        self.state.objects >>= 1;
        self.state.depth = self.state.depth.saturating_sub(1);
        self.complete(at + 1);
        token
    }

    // What follows returns what `next` does: to put a token into another wrapping is to wait for it to be written.

    /// Reads a key with its colon, or, in an array, an element.
    fn member(&mut self, at: usize) -> Result<Option<Token<'a>>, Error> {
        if !self.in_object() {
            return self.value(at);
        }
        match self.bytes.get(at) {
            Some(b'"') => {}
            Some(_) => return Err(Error::syntax(at)),
            None => return Err(Error::eof(at)),
        }
        let (key, end) = self.string(at)?;
        let colon = scan::white_space(self.bytes, end);
        match self.bytes.get(colon) {
            Some(b':') => {}
            Some(_) => return Err(Error::syntax(colon)),
            None => return Err(Error::eof(colon)),
        }
        self.position = colon + 1;
        self.state.expect = Expect::Value;
        Ok(Some(Token::Key(key)))
    }

    fn value(&mut self, at: usize) -> Result<Option<Token<'a>>, Error> {
        let (token, end) = match self.bytes.get(at) {
            Some(b'"') => {
                let (text, end) = self.string(at)?;
                self.complete(end);
                return Ok(Some(Token::String(text)));
            }
            Some(b'{') => return self.open(at, Token::ObjectStart, 1),
            Some(b'[') => return self.open(at, Token::ArrayStart, 0),
            Some(b't') => (Token::True, scan::literal(self.bytes, at, b"true")?),
            Some(b'f') => (Token::False, scan::literal(self.bytes, at, b"false")?),
            Some(b'n') => (Token::Null, scan::literal(self.bytes, at, b"null")?),
            Some(b'-' | b'0'..=b'9') => self.number(at)?,
            Some(_) => return Err(Error::syntax(at)),
            None => return Err(Error::eof(at)),
        };
        self.complete(end);
        Ok(Some(token))
    }

    fn open(&mut self, at: usize, token: Token<'a>, bit: u128) -> Result<Option<Token<'a>>, Error> {
        if self.state.depth >= self.nesting_max {
            return Err(Error::too_deep(at));
        }
        self.state.objects = self.state.objects << 1 | bit;
        self.state.depth += 1;
        self.state.expect = Expect::First;
        self.position = at + 1;
        Ok(Some(token))
    }

    /// A value ends at `end`.
    fn complete(&mut self, end: usize) {
        self.position = end;
        self.state.expect = if self.state.depth == 0 { Expect::Done } else { Expect::BehindValue };
    }

    /// The string whose opening quote stands at `at`, and the position behind its closing quote.
    #[inline(always)]
    fn string(&self, at: usize) -> Result<(Text<'a>, usize), Error> {
        let start = at + 1;
        let end = scan::string(self.bytes, start, self.strict)?;
        let raw = self.bytes.get(start..end.quote).unwrap_or_default();
        Ok((Text::new(raw, start, end.escaped), end.quote + 1))
    }

    fn number(&self, at: usize) -> Result<(Token<'a>, usize), Error> {
        let end = scan::number(self.bytes, at)?;
        if self.more && end == self.bytes.len() {
            return Err(Error::eof(end));
        }
        Ok((Token::Number(self.bytes.get(at..end).unwrap_or_default()), end))
    }
}

impl Checkpoint {
    /// Before a value.
    pub const START: Self = Self { objects: 0, depth: 0, expect: Expect::Value };

    /// Whether the next token is the first inside a container: no comma comes before it.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        matches!(self.expect, Expect::First)
    }

    /// The place behind one more element of the array that is open here: for a caller who read it himself.
    #[must_use]
    pub const fn behind_element(self) -> Self {
        Self { expect: Expect::BehindValue, ..self }
    }
}
