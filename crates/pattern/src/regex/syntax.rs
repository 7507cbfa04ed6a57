//! Reads the text between two `%` into branches of pieces.
//!
//! Invariant: a [`Piece::Repeat`] has `min <= max`; the sum of all counts is within the limits.

use core::ops::Range;

use super::Regex;
use super::class::{Class, Classes};
use crate::limits::{Limit, Limits, REGEX_SIZE_MAX};

/// A part of a branch. Complete by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// `^`: the start of the text.
    Start,
    /// `$`: the end of the text.
    End,
    /// A character of a set, so many times.
    Repeat {
        /// The set.
        class: Class,
        /// Least count.
        min: u32,
        /// Most, if there is a most.
        max: Option<u32>,
    },
}

/// Why a text is no regular expression.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Bytes of the text between the `%`.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    /// What to write in place of the span.
    pub(crate) replacement: Option<String>,
    /// The limit it is about.
    pub(crate) limit: Option<Limit>,
}

/// A regular expression and what in it the service's documentation does not mention.
pub(crate) type Parsed = (Regex, Vec<(Range<usize>, String)>);

/// Whether the alphabet of regular expressions holds a character.
pub(crate) const fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(
            letter,
            ':' | '_'
                | '#'
                | '='
                | '@'
                | '/'
                | ';'
                | ','
                | '-'
                | ' '
                | '^'
                | '$'
                | '?'
                | '['
                | ']'
                | '{'
                | '}'
                | '|'
                | '\\'
                | '*'
                | '+'
                | '.'
        )
}

/// Reads a regular expression whose characters are all allowed.
///
/// # Errors
/// The first mistake.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Parsed, Mistake> {
    let mut parser = Parser {
        bytes: text.as_bytes(),
        position: 0,
        branches: vec![Vec::new()],
        last: Last::Nothing,
        notes: Vec::new(),
        size: 0,
        limits,
    };
    if text.is_empty() {
        return Err(mistake(0..0, "an empty regular expression"));
    }
    while parser.position < parser.bytes.len() {
        parser.piece()?;
    }
    Ok((Regex { text: text.into(), branches: parser.branches }, parser.notes))
}

struct Parser<'t> {
    bytes: &'t [u8],
    position: usize,
    branches: Vec<Vec<Piece>>,
    last: Last,
    notes: Vec<(Range<usize>, String)>,
    size: usize,
    limits: &'t Limits,
}

/// What a quantifier would apply to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Anchor,
    Atom,
    Quantified,
}

fn mistake(span: Range<usize>, message: impl Into<String>) -> Mistake {
    Mistake { span, message: message.into(), suggestion: None, replacement: None, limit: None }
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.position += usize::from(is_there);
        is_there
    }

    fn piece(&mut self) -> Result<(), Mistake> {
        let start = self.position;
        let Some(byte) = self.peek() else { return Ok(()) };
        self.position += 1;
        match byte {
            b'|' => {
                self.branches.push(Vec::new());
                self.last = Last::Nothing;
            }
            b'^' => self.anchor(Piece::Start),
            b'$' => self.anchor(Piece::End),
            b'*' => self.quantify(start, 0, None)?,
            b'+' => self.quantify(start, 1, None)?,
            b'?' if self.last == Last::Quantified => self.notes.push((
                start..self.position,
                "the `?` behind a count changes nothing here, and the service may refuse it".into(),
            )),
            b'?' => self.quantify(start, 0, Some(1))?,
            b'{' => {
                let (min, max) = self.counts(start)?;
                self.quantify(start, min, max)?;
            }
            b'[' => {
                let class = self.class(start)?;
                self.atom(class, start)?;
            }
            b'.' => self.atom(Classes::dot(), start)?,
            b'\\' => {
                let class = self.escape(start)?;
                self.atom(class, start)?;
            }
            _ => self.atom(Class::EMPTY.with(byte), start)?,
        }
        Ok(())
    }

    fn push(&mut self, piece: Piece) {
        if let Some(branch) = self.branches.last_mut() {
            branch.push(piece);
        }
    }

    fn anchor(&mut self, piece: Piece) {
        self.push(piece);
        self.last = Last::Anchor;
    }

    fn atom(&mut self, class: Class, start: usize) -> Result<(), Mistake> {
        self.push(Piece::Repeat { class, min: 1, max: Some(1) });
        self.last = Last::Atom;
        self.grow(1, start)
    }

    fn grow(&mut self, by: u32, start: usize) -> Result<(), Mistake> {
        self.size = self.size.saturating_add(usize::try_from(by).unwrap_or(usize::MAX));
        let most = self.limits.regex_size_max.min(REGEX_SIZE_MAX);
        if self.size <= most {
            return Ok(());
        }
        let message = format!("a regular expression of more than {most} positions");
        Err(Mistake { limit: Some(Limit::RegexSize), ..mistake(start..self.position, message) })
    }

    fn quantify(&mut self, start: usize, least: u32, most: Option<u32>) -> Result<(), Mistake> {
        let span = start..self.position;
        match self.last {
            Last::Atom => {}
            Last::Quantified => return Err(mistake(span, "a count behind a count")),
            Last::Nothing | Last::Anchor => {
                let written =
                    String::from_utf8_lossy(self.bytes.get(span.clone()).unwrap_or_default()).into_owned();
                let mut mistake = mistake(span, "there is nothing to repeat");
                mistake.suggestion = Some(format!("to find the character itself, write `\\{written}`"));
                mistake.replacement = (written.len() == 1).then(|| format!("\\{written}"));
                return Err(mistake);
            }
        }
        if let Some(Piece::Repeat { min, max, .. }) =
            self.branches.last_mut().and_then(|branch| branch.last_mut())
        {
            (*min, *max) = (least, most);
        }
        self.last = Last::Quantified;
        self.grow(most.unwrap_or(least).saturating_sub(1), start)
    }

    /// `{n}`, `{n,}`, `{,m}`, `{n,m}`; the brace has been read.
    fn counts(&mut self, start: usize) -> Result<(u32, Option<u32>), Mistake> {
        let least = self.count(start)?;
        let counts = if self.eat(b',') {
            let most = self.count(start)?;
            (least.is_some() || most.is_some()).then_some((least.unwrap_or(0), most))
        } else {
            least.map(|count| (count, Some(count)))
        };
        match counts {
            Some((least, Some(most))) if least > most => {
                Err(mistake(start..self.position, format!("`{{{least},{most}}}` counts down")))
            }
            Some(counts) if self.eat(b'}') => Ok(counts),
            _ => {
                let mut mistake = mistake(start..start + 1, "`{` begins no count");
                mistake.suggestion = Some("to find the brace itself, write `\\{`".into());
                mistake.replacement = Some("\\{".into());
                Err(mistake)
            }
        }
    }

    fn count(&mut self, start: usize) -> Result<Option<u32>, Mistake> {
        let mut count: Option<u32> = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.position += 1;
            let next = count.unwrap_or(0).saturating_mul(10).saturating_add(u32::from(digit - b'0'));
            if next > self.limits.regex_repeat_max {
                return Err(mistake(
                    start..self.position,
                    format!("a count above {}", self.limits.regex_repeat_max),
                ));
            }
            count = Some(next);
        }
        Ok(count)
    }

    /// What stands behind a backslash, which has been read.
    fn escape(&mut self, start: usize) -> Result<Class, Mistake> {
        let Some(letter) = self.peek() else {
            return Err(mistake(start..start + 1, "nothing is behind the `\\`"));
        };
        self.position += 1;
        let control = match letter {
            b't' => Some(b'\t'),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b'f' => Some(b'\x0c'),
            _ => None,
        };
        let span = start..self.position;
        if let Some(byte) = control {
            let hint =
                format!("`\\{}` is not documented by the service; `\\x{byte:02x}` is", char::from(letter));
            self.notes.push((span, hint));
            return Ok(Class::EMPTY.with(byte));
        }
        match letter {
            b'x' => self.hexadecimal(start).map(|byte| Class::EMPTY.with(byte)),
            b'd' | b's' | b'w' | b'D' | b'S' | b'W' => Ok(Classes::named(letter).unwrap_or(Class::EMPTY)),
            _ if letter.is_ascii_alphanumeric() => {
                let message = format!("`\\{}` means nothing here", char::from(letter));
                let mut mistake = mistake(span, message);
                mistake.suggestion =
                    Some("there are `\\d \\D \\s \\S \\w \\W \\xhh` and `\\` before a symbol".into());
                Err(mistake)
            }
            _ => Ok(Class::EMPTY.with(letter)),
        }
    }

    fn hexadecimal(&mut self, start: usize) -> Result<u8, Mistake> {
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        let high = digit(self.bytes.get(self.position));
        let low = digit(self.bytes.get(self.position + 1));
        match (high, low) {
            (Some(high), Some(low)) => {
                self.position += 2;
                Ok(u8::try_from(high * 16 + low).unwrap_or(u8::MAX))
            }
            _ => Err(mistake(start..self.position, "`\\x` needs two hexadecimal digits")),
        }
    }

    /// A set in brackets; the opening one has been read.
    fn class(&mut self, start: usize) -> Result<Class, Mistake> {
        let is_negated = self.eat(b'^');
        let mut class = Class::EMPTY;
        let mut is_first = true;
        loop {
            let from = self.position;
            match self.peek() {
                None => {
                    let mut mistake = mistake(start..start + 1, "this `[` is never closed");
                    mistake.suggestion = Some("to find the bracket itself, write `\\[`".into());
                    mistake.replacement = Some("\\[".into());
                    return Err(mistake);
                }
                Some(b']') if !is_first => break,
                _ => {}
            }
            is_first = false;
            let (low, set) = self.member()?;
            class = match low {
                None => class.union(set),
                Some(first) => match self.range_end(from)? {
                    None => class.with(first),
                    Some(last) if first <= last => class.with_range(first, last),
                    Some(_) => return Err(mistake(from..self.position, "this range runs backwards")),
                },
            };
        }
        self.position += 1;
        Ok(if is_negated { class.complement() } else { class })
    }

    /// The end of a range, if a range goes on here.
    fn range_end(&mut self, from: usize) -> Result<Option<u8>, Mistake> {
        let is_range =
            self.peek() == Some(b'-') && !matches!(self.bytes.get(self.position + 1), None | Some(b']'));
        if !is_range {
            return Ok(None);
        }
        self.position += 1;
        match self.member()? {
            (Some(last), _) => Ok(Some(last)),
            (None, _) => Err(mistake(from..self.position, "a range cannot end with a set")),
        }
    }

    /// One member of a set: a character, or another set.
    fn member(&mut self) -> Result<(Option<u8>, Class), Mistake> {
        let start = self.position;
        let Some(byte) = self.peek() else { return Ok((None, Class::EMPTY)) };
        self.position += 1;
        if byte == b'[' && matches!(self.peek(), Some(b':' | b'=' | b'.')) && self.named_class_ends() {
            let mut mistake = mistake(
                start..self.position,
                "sets with a name, such as `[:alpha:]`, are not in the language",
            );
            mistake.suggestion =
                Some("write the characters, as in `[A-Za-z]`; for the bracket itself, `\\[`".into());
            return Err(mistake);
        }
        if byte != b'\\' {
            return Ok((Some(byte), Class::EMPTY));
        }
        let is_set = self.peek().is_some_and(|letter| Classes::named(letter).is_some());
        let class = self.escape(start)?;
        let single = (0..=u8::MAX).find(|byte| class.has_byte(*byte)).filter(|_| !is_set);
        Ok((single, class))
    }

    /// Whether `:]` (or `=]`, `.]`) follows, as behind the name of a POSIX set.
    fn named_class_ends(&self) -> bool {
        let Some(mark) = self.peek() else { return false };
        let rest = self.bytes.get(self.position + 1..).unwrap_or_default();
        let name = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        rest.get(name..name + 2).is_some_and(|end| end == [mark, b']'])
    }
}
