//! Splits an event into the tokens of space-delimited patterns.
//!
//! Tokens stand between runs of blanks and TABs. One that begins with `"` or `[` goes on to the next `"` or
//! `]` that a blank or the end follows, and is shown without them; a `"` behind a backslash does not close.
//! Without such an end it is an ordinary token. Linear: a delimiter that was not found once is not looked
//! for again.

/// A token's place in the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where it begins, with its delimiter.
    pub(crate) start: usize,
    /// Where it ends, with its delimiter.
    pub(crate) end: usize,
    /// Whether it stands in delimiters.
    pub(crate) is_wrapped: bool,
}

impl Token {
    /// Its text, without delimiters.
    pub(crate) fn text<'a>(&self, event: &'a [u8]) -> &'a [u8] {
        let margin = usize::from(self.is_wrapped);
        event.get(self.start + margin..self.end - margin).unwrap_or_default()
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Replaces `tokens` by those of `event`.
pub(crate) fn split(event: &[u8], tokens: &mut Vec<Token>) {
    tokens.clear();
    let (mut has_quote, mut has_bracket) = (true, true);
    let mut position = 0;
    while let Some(start) = find(event, position, |byte| !is_blank(byte)) {
        let closing = match event.get(start) {
            Some(b'"') if has_quote => Some(b'"'),
            Some(b'[') if has_bracket => Some(b']'),
            _ => None,
        };
        let close = closing.and_then(|closing| close(event, start + 1, closing));
        has_quote &= close.is_some() || closing != Some(b'"');
        has_bracket &= close.is_some() || closing != Some(b']');
        let end = match close {
            Some(close) => close + 1,
            None => find(event, start, is_blank).unwrap_or(event.len()),
        };
        tokens.push(Token { start, end, is_wrapped: close.is_some() });
        position = end;
    }
}

fn find(event: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = event.get(from..)?;
    rest.iter().position(|byte| accept(*byte)).map(|index| from + index)
}

/// The first closing delimiter from `from` on.
fn close(event: &[u8], from: usize, closing: u8) -> Option<usize> {
    let rest = event.get(from..)?;
    memchr::memchr_iter(closing, rest).map(|index| from + index).find(|index| {
        let is_last = event.get(index + 1).is_none_or(|next| is_blank(*next));
        is_last && !(closing == b'"' && is_escaped(event, *index))
    })
}

/// Whether an odd number of backslashes stands before `index`.
fn is_escaped(event: &[u8], index: usize) -> bool {
    let before = event.get(..index).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// What the last field of a pattern without `...` takes: the event from token `first` on, blanks at the end
/// left off, and out of its delimiters if it is one token.
pub(crate) fn remainder<'a>(event: &'a [u8], tokens: &[Token], first: usize) -> &'a [u8] {
    match tokens.get(first..) {
        None | Some([]) => b"",
        Some([only]) => only.text(event),
        Some([first, .., last]) => event.get(first.start..last.end).unwrap_or_default(),
    }
}
