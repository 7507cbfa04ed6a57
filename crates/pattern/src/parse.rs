//! The parser: pattern text → [`Pattern`], or every mistake with its place and what to write instead.
//!
//! Written by hand, one pass, linear. After a mistake it goes on behind it, so that all are reported at
//! once. What the service refuses is refused with the service's words where they are known; what the
//! service's documents leave open is decided in `PATTERNS.md`.
//!
//! Limits: [`Limits`]; at most 64 problems are reported.

mod conditions;
mod json;
mod level;
mod operand;
mod path;
mod source;
mod space;
mod terms;

#[cfg(test)]
mod tests;

use crate::ast::{Body, Pattern};
use crate::diagnostic::Diagnostic;
use crate::limits::{Limit, Limits};
use crate::lint;
pub(crate) use operand::quote;
use source::{Source, is_blank};

/// Reads a pattern.
///
/// # Errors
/// All mistakes, in the order of their places; never an empty list.
pub fn parse(text: &str, limits: &Limits) -> Result<Pattern, Vec<Diagnostic>> {
    let chars = text.chars().take(limits.chars_max.saturating_add(1)).count();
    if chars > limits.chars_max {
        let cut = text.char_indices().nth(limits.chars_max).map_or(text.len(), |(index, _)| index);
        let message = format!("a pattern of more than {} characters", limits.chars_max);
        let mut mistake = Diagnostic::new(cut..text.len(), message);
        mistake.limited(Limit::Characters).suggest("split the pattern");
        return Err(vec![mistake]);
    }
    let start = text.len() - text.trim_start_matches(is_blank).len();
    let end = text.trim_end_matches(is_blank).len().max(start);
    let mut source = Source::new(text, start..end, limits);
    let mut selectors = Vec::new();
    let body = match source.peek() {
        Some('{') => {
            let (expr, used) = json::read(&mut source);
            selectors = used;
            expr.map(Body::Json)
        }
        Some('[') => Some(Body::Space(space::read(&mut source))),
        _ => Some(Body::Terms(terms::read(&mut source))),
    };
    let (problems, warnings) = source.finish();
    match body {
        Some(body) if problems.is_empty() => {
            let mut pattern = Pattern { text: text.into(), body, selectors, warnings };
            lint::check(&mut pattern);
            Ok(pattern)
        }
        // A body can only be missing with a problem; the message is for a mistake of ours.
        _ if problems.is_empty() => Err(vec![Diagnostic::new(0..text.len(), "no pattern")]),
        _ => Err(problems),
    }
}

/// The pattern with everything mended that has a replacement, again and again while there is something to
/// mend; `None` unless that is accepted in the end.
#[must_use]
pub fn mended(text: &str, limits: &Limits) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MENDED_MAX {
        let Err(mistakes) = parse(&text, limits) else { return Some(text) };
        // From behind, so that the places before stay right.
        for mistake in mistakes.into_iter().rev() {
            let replacement = mistake.replacement?;
            text.get(mistake.span.clone())?;
            text.replace_range(mistake.span, &replacement);
        }
    }
    None
}

/// Rounds of mending: one mistake may hide another.
const MENDED_MAX: usize = 5;
