//! Term patterns: `ERROR -"not found" ?a %5[0-9]{2}%`.
//!
//! ```text
//! pattern := blank? (item (blank item)*)? blank?
//! item    := ('?' | '-')? (bare | quoted | regex)
//! bare    := [A-Za-z0-9_]+
//! ```

use crate::ast::{Needle, Role, Term};
use crate::parse::operand::{self, quote};
use crate::parse::source::{Source, is_blank};

/// Reads the whole pattern.
pub(super) fn read(source: &mut Source<'_>) -> Vec<Term> {
    let mut terms = Vec::new();
    loop {
        source.skip_blanks();
        if source.is_done() {
            return terms;
        }
        terms.extend(item(source));
    }
}

fn item(source: &mut Source<'_>) -> Option<Term> {
    let start = source.position();
    let role = match source.peek() {
        Some('?') => Role::Optional,
        Some('-') => Role::Excluded,
        _ => Role::Plain,
    };
    if role != Role::Plain {
        source.bump();
    }
    let inner = source.position();
    let needle = match source.peek() {
        Some('"') => operand::quoted(source).map(|text| Needle::Text(text.into())),
        Some('%') => operand::regex(source).map(Needle::Regex),
        _ => {
            let word = source.take_while(is_bare);
            (!word.is_empty()).then(|| Needle::Text(word.into()))
        }
    };
    let is_whole = source.is_done() || source.peek().is_some_and(is_blank);
    if is_whole && source.position() > inner {
        return needle.map(|needle| Term { span: start..source.position(), role, needle });
    }
    let bad = source.position();
    source.take_while(|letter| !is_blank(letter));
    bad_word(source, start, inner, bad);
    None
}

fn is_bare(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Reports the word from `start` (its text from `inner`) that goes wrong at `bad`.
fn bad_word(source: &mut Source<'_>, start: usize, inner: usize, bad: usize) {
    let word = source.since(start);
    let text = source.since(inner);
    let sign = source.slice(start..inner);
    let letter = source.slice(bad..source.position()).chars().next();
    let span = start..source.position();
    let problem = match word {
        "&&" | "&" => source
            .problem(span, "`&&` is not for terms")
            .suggest("write the terms side by side: all must occur"),
        "||" | "|" => source
            .problem(span, "`||` is not for terms")
            .suggest("put `?` before each term: one of them must occur"),
        "-" | "?" => source
            .problem(span, format!("`{word}` stands alone"))
            .suggest(format!("write it directly before a term; to find it, write `\"{word}\"`")),
        _ if matches!(text.as_bytes().first(), Some(b'"' | b'%')) => source
            .problem(span, format!("`{word}`: something stands directly behind the closing quote"))
            .suggest("put a blank between two terms, or all of it into the quotes"),
        _ if text.starts_with('!') && text.len() > 1 => {
            let rest = text.trim_start_matches('!');
            let negated = if rest.chars().all(is_bare) { rest.to_owned() } else { quote(rest) };
            source.problem(span, "`!` is not for terms").replace(format!("-{negated}"))
        }
        _ => {
            let problem = source.problem(span, format!("`{word}` needs quotes"));
            problem.replace(format!("{sign}{}", quote(text)));
            if text.contains('*') {
                problem.suggest(
                    "there are no wildcards in terms: a term is found anywhere, also inside a word; \
                     quote it to find the `*` itself",
                );
            }
            problem
        }
    };
    if let Some(letter) = letter.filter(|letter| !matches!(letter, '-' | '?' | '"' | '%')) {
        problem.bad_character(letter.encode_utf8(&mut [0; 4]));
    }
}
