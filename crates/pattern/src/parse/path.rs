//! Selectors: `$.user.name`, `$.items[0].id`, `$.items[*]`, `$.*`, `$.extra.['Number of Users']`.

use crate::diagnostic::INVALID;
use crate::limits::Limit;
use crate::parse::source::Source;
use crate::selector::{Selector, Step, is_name_char};

/// Reads a selector; its `$` comes next. `None` if it is bad and reported.
pub(super) fn read(source: &mut Source<'_>) -> Option<Selector> {
    let start = source.position();
    source.bump();
    let mut steps = Vec::new();
    let mut is_good = true;
    loop {
        let step = match source.peek() {
            Some('.') => after_dot(source),
            Some('[') => bracket(source),
            _ => break,
        };
        match step {
            Some(step) => steps.push(step),
            None => is_good = false,
        }
    }
    if is_good && steps.is_empty() {
        let span = start..source.position();
        source.problem(span, "`$` alone selects nothing").reason(INVALID).suggest("name a value: `$.name`");
        return None;
    }
    let selector = Selector::new(steps);
    let most = source.limits.wildcards_per_selector_max;
    if selector.steps().iter().filter(|step| step.is_wildcard()).count() > most {
        let reason = format!(
            "Your filter pattern has a JSON path selector that exceeds the maximum of {most} wildcard \
             allowed per json selector."
        );
        source
            .problem(start..source.position(), format!("more than {most} wildcard in one selector"))
            .reason(reason)
            .limited(Limit::WildcardsPerSelector)
            .suggest("write the index or the name in place of all but one `*`");
    }
    is_good.then_some(selector)
}

fn after_dot(source: &mut Source<'_>) -> Option<Step> {
    let start = source.position();
    source.bump();
    if source.eat("*") {
        return Some(Step::AnyMember);
    }
    if source.starts_with("['") {
        return quoted_name(source, start, '\'');
    }
    if source.starts_with("[\"") {
        return quoted_name(source, start, '"');
    }
    let inner = source.position();
    let name = source.take_while(is_name_char);
    let is_odd = |letter: char| !letter.is_whitespace() && !".[]()=!<>&|,\"'%".contains(letter);
    if source.peek().is_some_and(is_odd) {
        source.take_while(|letter| is_odd(letter) || is_name_char(letter));
        let whole = source.since(inner);
        source
            .problem(start..source.position(), format!("the name `{whole}` needs quotes"))
            .replace(format!(".['{whole}']"));
        return None;
    }
    if !name.is_empty() {
        return Some(Step::Name(name.as_bytes().into()));
    }
    if source.eat(".") {
        source.take_while(|letter| is_name_char(letter) || letter == '*');
        source
            .problem(start..inner + 1, "`..` is not in the language")
            .reason(INVALID)
            .suggest("write the whole path; `[*]` and `.*` stand for one step");
    } else {
        source.problem(start..inner, "a name is missing behind the dot").reason(INVALID);
    }
    None
}

/// `['name']`; what stands before it, a dot or nothing, is in `start`'s span.
fn quoted_name(source: &mut Source<'_>, start: usize, quote: char) -> Option<Step> {
    source.advance(2);
    let close = if quote == '"' { "\"]" } else { "']" };
    let rest = source.rest();
    let Some(length) = rest.find(close) else {
        let end = source.end();
        source.problem(start..end, "this quoted name is never closed").suggest("close it with `']`");
        source.advance(rest.len());
        return None;
    };
    let name = rest.get(..length).unwrap_or_default();
    source.advance(length + 2);
    let has_dot = source.slice(start..start + 1) == ".";
    if quote == '\'' && has_dot {
        return Some(Step::Name(name.as_bytes().into()));
    }
    source
        .problem(start..source.position(), "a quoted name is written `.['…']`")
        .replace(format!(".['{name}']"));
    None
}

/// `[0]`, `[*]`; the bracket comes next.
fn bracket(source: &mut Source<'_>) -> Option<Step> {
    let start = source.position();
    if source.starts_with("['") {
        return quoted_name(source, start, '\'');
    }
    if source.starts_with("[\"") {
        return quoted_name(source, start, '"');
    }
    source.bump();
    if source.eat("*]") {
        return Some(Step::AnyElement);
    }
    let digits = source.take_while(|letter| letter.is_ascii_digit());
    if !digits.is_empty() && source.eat("]") {
        if let Ok(index) = digits.parse() {
            return Some(Step::Index(index));
        }
        source.problem(start..source.position(), format!("the index {digits} is too large"));
        return None;
    }
    let lexeme = source.peek().map(|letter| format!("{}{letter}", source.since(start)));
    source.take_while(|letter| letter != ']' && letter != ' ');
    source.eat("]");
    let written = source.since(start);
    let problem = source.problem(start..source.position(), format!("`{written}` is no index"));
    if let Some(lexeme) = lexeme {
        problem.bad_character(&lexeme);
    }
    problem.suggest("write `[0]` for the first element, `[*]` for any, `.['name']` for a name");
    None
}
