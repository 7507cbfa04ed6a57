//! Conditions joined by `&&`, `||` and parentheses; the same for JSON and space-delimited patterns.
//!
//! `&&` binds tighter than `||`. Recursion only at parentheses, within the nesting limit.

use core::ops::Range;

use crate::ast::Expr;
use crate::diagnostic::INVALID;
use crate::limits::{Limit, NESTING_MAX};
use crate::parse::source::Source;

/// What differs between the forms.
pub(super) trait Language<'t> {
    /// One condition.
    type Leaf;
    fn source(&mut self) -> &mut Source<'t>;
    /// Reads one condition; `None` if it was bad and is reported.
    fn leaf(&mut self) -> Option<Self::Leaf>;
    /// Whether the source stands where this form's conditions end.
    fn ends(source: &Source<'_>) -> bool;
    /// The condition that holds where `leaf` does not, as text; `None` if there is none.
    fn negated(&self, leaf: &Self::Leaf) -> Option<String>;
    /// Called for an opening parenthesis.
    fn parenthesis(&mut self, _span: Range<usize>) {}
}

enum Connector {
    And,
    Or,
}

/// Reads conditions up to a closing parenthesis (if `depth` > 0) or the end.
pub(super) fn read<'t, L: Language<'t>>(language: &mut L, depth: usize) -> Option<Expr<L::Leaf>> {
    let mut alternatives = Vec::new();
    let mut all = Vec::new();
    loop {
        all.extend(primary(language, depth));
        match connector::<L>(language.source(), depth) {
            Some(Connector::And) => {}
            Some(Connector::Or) => alternatives.extend(Expr::all(core::mem::take(&mut all))),
            None => break,
        }
    }
    alternatives.extend(Expr::all(all));
    Expr::any(alternatives)
}

/// A condition, or conditions in parentheses.
fn primary<'t, L: Language<'t>>(language: &mut L, depth: usize) -> Option<Expr<L::Leaf>> {
    let source = language.source();
    source.skip_blanks();
    let start = source.position();
    match source.peek() {
        Some('(') => {
            source.bump();
            language.parenthesis(start..start + 1);
            group(language, start, depth)
        }
        Some('!') if source.starts_with("!(") || source.starts_with("! (") => {
            source.bump();
            source.skip_blanks();
            source.bump();
            let inner = group(language, start, depth);
            let instead = inner.and_then(|inner| negation(language, &inner));
            let source = language.source();
            let span = start..source.position();
            let problem = source.problem(span, "`!(…)` is not in the language").bad_character("!(");
            match instead {
                Some(text) => problem.replace(text),
                None => problem.suggest("write the opposite condition, such as `!=` or `NOT EXISTS`"),
            };
            None
        }
        Some(')') => {
            source.problem(start..start, "a condition is missing here").reason(INVALID);
            None
        }
        None => {
            source.problem(start..start, "a condition is missing here").reason(INVALID);
            None
        }
        _ if L::ends(source) || source.starts_with("&&") || source.starts_with("||") => {
            source.problem(start..start, "a condition is missing here").reason(INVALID);
            None
        }
        _ => {
            let leaf = language.leaf();
            if leaf.is_none() {
                recover::<L>(language.source());
            }
            leaf.map(Expr::Leaf)
        }
    }
}

/// What is inside parentheses; the opening one, at `start`, has been read.
fn group<'t, L: Language<'t>>(language: &mut L, start: usize, depth: usize) -> Option<Expr<L::Leaf>> {
    let most = language.source().limits.nesting_max.min(NESTING_MAX);
    if depth >= most {
        let source = language.source();
        source
            .problem(start..source.position(), format!("parentheses nested deeper than {most}"))
            .limited(Limit::Nesting);
        source.give_up();
        return None;
    }
    let inner = read(language, depth + 1);
    let source = language.source();
    if !source.eat(")") {
        source
            .problem(start..start + 1, "this parenthesis is never closed")
            .reason(INVALID)
            .suggest("close it with `)`");
    }
    inner
}

/// Reads what joins two conditions; `None` at the end of the level.
fn connector<'t, L: Language<'t>>(source: &mut Source<'t>, depth: usize) -> Option<Connector> {
    loop {
        source.skip_blanks();
        let start = source.position();
        if source.is_done() || L::ends(source) {
            return None;
        }
        if source.eat("&&") {
            return Some(Connector::And);
        }
        if source.eat("||") {
            return Some(Connector::Or);
        }
        let word = source.peek_word();
        let (length, connector, mend) = match source.peek() {
            Some('&') => (1, Connector::And, "&&"),
            Some('|') => (1, Connector::Or, "||"),
            Some(')') if depth > 0 => return None,
            _ if word.eq_ignore_ascii_case("and") => (3, Connector::And, "&&"),
            _ if word.eq_ignore_ascii_case("or") => (2, Connector::Or, "||"),
            Some(')') => {
                source.bump();
                source
                    .problem(start..start + 1, "this parenthesis was never opened")
                    .reason(INVALID)
                    .suggest("leave it out");
                continue;
            }
            _ => {
                stray::<L>(source, start);
                continue;
            }
        };
        source.advance(length);
        let written = source.since(start);
        source
            .problem(start..start + length, format!("conditions are not joined by `{written}`"))
            .reason(INVALID)
            .replace(mend);
        return Some(connector);
    }
}

fn stray<'t, L: Language<'t>>(source: &mut Source<'t>, start: usize) {
    recover::<L>(source);
    if source.position() == start {
        source.bump();
    }
    let text = source.since(start).trim_end();
    source
        .problem(start..start + text.len(), format!("`{text}` is left over behind the condition"))
        .reason(INVALID)
        .suggest("join conditions by `&&` or `||`; a value with blanks needs double quotes");
}

/// Skips to where another condition may begin: a connector, a closing parenthesis, the end.
fn recover<'t, L: Language<'t>>(source: &mut Source<'t>) {
    let mut open = 0_usize;
    while let Some(letter) = source.peek() {
        if open == 0 && (matches!(letter, '&' | '|' | ')') || L::ends(source)) {
            return;
        }
        match letter {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        source.bump();
        if letter == '"' {
            source.take_while(|letter| letter != '"');
            source.bump();
        }
    }
}

/// What holds where `expr` does not, by De Morgan's laws.
fn negation<'t, L: Language<'t>>(language: &L, expr: &Expr<L::Leaf>) -> Option<String> {
    let parts = |parts: &[Expr<L::Leaf>], joint: &str| {
        let texts: Option<Vec<String>> = parts.iter().map(|part| negation(language, part)).collect();
        texts.map(|texts| format!("({})", texts.join(joint)))
    };
    match expr {
        Expr::Leaf(leaf) => language.negated(leaf),
        Expr::All(all) => parts(all, " || "),
        Expr::Any(any) => parts(any, " && "),
    }
}
