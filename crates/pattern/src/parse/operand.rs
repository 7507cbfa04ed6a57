//! Quoted texts, regular expressions and bare values, as all three forms write them.

use crate::ast::Operand;
use crate::diagnostic::INVALID;
use crate::limits::{Limit, REGEX_SIZES_MAX};
use crate::number::Number;
use crate::parse::source::{Source, is_blank};
use crate::regex::{self, Regex};

/// A text in double quotes, without them; the opening one comes next. `\"` and `\\` are escapes.
pub(super) fn quoted(source: &mut Source<'_>) -> Option<String> {
    let start = source.position();
    source.bump();
    let mut text = String::new();
    while let Some(letter) = source.bump() {
        match letter {
            '"' => return Some(text),
            '\\' => match source.peek() {
                Some(escaped @ ('"' | '\\')) => {
                    source.bump();
                    text.push(escaped);
                }
                _ => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    let lexeme = source.since(start);
    source
        .problem(start..source.end(), "this quote is never closed")
        .bad_character(lexeme)
        .suggest("close it with `\"`; a quote inside is written `\\\"`");
    None
}

/// Writes a text in double quotes.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// A regular expression; its opening `%` comes next.
pub(super) fn regex(source: &mut Source<'_>) -> Option<Regex> {
    let start = source.position();
    source.bump();
    let inner = source.position();
    let text = source.take_while(|letter| letter != '%');
    if !source.eat("%") {
        let lexeme = source.since(start);
        source
            .problem(start..source.end(), "this regular expression is never closed")
            .bad_character(lexeme)
            .suggest(
                "close it with `%`; a percent sign inside is written `\\x25`, as a term it needs quotes",
            );
        return None;
    }
    source.regexes += 1;
    if source.regexes == source.limits.regexes_max + 1 {
        let most = source.limits.regexes_max;
        let reason =
            format!("Your input has exceeded the maximum of {most} regular expressions per filter pattern.");
        source
            .problem(start..source.position(), format!("more than {most} regular expressions"))
            .reason(reason)
            .limited(Limit::Regexes)
            .suggest("join them by `|`, or split the pattern");
    }
    if !check_alphabet(source, start, text) {
        return None;
    }
    match regex::parse(text, source.limits) {
        Ok((regex, notes)) => {
            for (span, note) in notes {
                source.warning(inner + span.start..inner + span.end, note);
            }
            let before = source.regex_sizes;
            source.regex_sizes = before.saturating_add(regex.size());
            if before <= REGEX_SIZES_MAX && source.regex_sizes > REGEX_SIZES_MAX {
                let message = format!(
                    "the regular expressions of a pattern have more than {REGEX_SIZES_MAX} positions"
                );
                source.problem(start..source.position(), message).suggest("split the pattern");
            }
            Some(regex)
        }
        Err(mistake) => {
            report(source, inner, mistake);
            None
        }
    }
}

fn report(source: &mut Source<'_>, inner: usize, mistake: regex::Mistake) {
    let span = inner + mistake.span.start..inner + mistake.span.end;
    let problem = source.problem(span, mistake.message).reason("Failed to compile regular expression.");
    problem.suggestion = mistake.suggestion;
    problem.replacement = mistake.replacement;
    problem.limit = mistake.limit;
}

/// Reports the characters that no regular expression may hold; `start` is where its `%` is.
fn check_alphabet(source: &mut Source<'_>, start: usize, text: &str) -> bool {
    let mut is_good = true;
    for (index, letter) in text.char_indices().filter(|(_, letter)| !regex::is_allowed(*letter)) {
        is_good = false;
        let from = start + 1 + index;
        let end = from + letter.len_utf8();
        let lexeme = source.slice(start..end);
        let problem = source
            .problem(from..end, format!("`{}` cannot stand in a regular expression", letter.escape_debug()));
        problem.bad_character(lexeme);
        let is_escaped = text.get(..index).is_some_and(|before| before.ends_with('\\'));
        match (u8::try_from(letter), is_escaped) {
            (Ok(byte), false) if byte.is_ascii() => {
                problem.replace(format!("\\x{byte:02x}"));
                if letter == '(' {
                    problem.suggest(
                        "there are no groups: repeat the common part on both sides of `|`; \
                         for the character itself write `\\x28`",
                    );
                }
            }
            (Ok(byte), true) if byte.is_ascii() => {
                problem.suggest(format!("write `\\x{byte:02x}` in place of the escape"));
            }
            _ => {
                problem.suggest("only ASCII may be written; `.` finds any character");
            }
        }
    }
    is_good
}

/// The right-hand side of a comparison and where it stands.
#[derive(Debug)]
pub(super) enum Value {
    /// As a condition keeps it.
    Operand(Operand),
    /// Reported already.
    Broken,
    /// Nothing is there.
    Missing,
}

/// Reads a right-hand side. `is_bare` says which characters need no quotes, `ends` what ends a bare value
/// besides blanks.
pub(super) fn value(
    source: &mut Source<'_>,
    is_bare: fn(char) -> bool,
    ends: fn(&Source<'_>) -> bool,
) -> Value {
    let start = source.position();
    if let Some(length) = source.rest().strip_prefix('\'').and_then(|rest| rest.find('\'')) {
        source.advance(length + 2);
        return needs_quotes(source, start);
    }
    let value = match source.peek() {
        Some('"') => quoted(source).map(|text| Operand::Text(text.into())),
        Some('%') => regex(source).map(Operand::Regex),
        _ => {
            let text = source.take_while(is_bare);
            bare(text)
        }
    };
    let is_whole = source.is_done() || ends(source) || source.peek().is_some_and(is_blank);
    if is_whole {
        return match value {
            Some(operand) => Value::Operand(operand),
            None if source.position() == start => Value::Missing,
            None if matches!(source.slice(start..start + 1), "\"" | "%") => Value::Broken,
            None => needs_quotes(source, start),
        };
    }
    while !(source.is_done() || ends(source) || source.peek().is_some_and(is_blank)) {
        source.bump();
    }
    needs_quotes(source, start)
}

/// A bare number or text; `None` if it must be quoted.
fn bare(text: &str) -> Option<Operand> {
    if let Some(number) = Number::parse(text) {
        return Some(Operand::Number(number));
    }
    (!text.is_empty() && !text.contains('+')).then(|| Operand::Text(text.into()))
}

fn needs_quotes(source: &mut Source<'_>, start: usize) -> Value {
    let text = source.since(start);
    let span = start..source.position();
    if matches!(text.as_bytes().first(), Some(b'"' | b'%')) {
        source
            .problem(span, format!("`{text}`: something stands directly behind the closing quote"))
            .reason(INVALID);
        return Value::Broken;
    }
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text);
    source.problem(span, format!("`{text}` needs double quotes")).replace(quote(inner));
    Value::Broken
}
