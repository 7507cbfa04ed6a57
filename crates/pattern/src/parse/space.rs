//! Space-delimited patterns: `[ip, user, ..., request = *.html*, status = 4* && status != 404, bytes]`.
//!
//! ```text
//! pattern := '[' ']' | '[' field (',' field)* ']'
//! field   := '...' | '' | name | name op value (('&&'|'||') name op value)*
//! bare    := [A-Za-z0-9_.*/-]+, or a number
//! ```

use core::ops::Range;
use std::collections::BTreeSet;

use crate::ast::{Check, Comparison, Field, Slot};
use crate::diagnostic::INVALID;
use crate::parse::conditions;
use crate::parse::level::{self, Language};
use crate::parse::source::{Source, is_blank};
use crate::print;

struct Conditions<'s, 't> {
    source: &'s mut Source<'t>,
    /// The name of the slot.
    name: &'t str,
}

/// Reads the whole pattern, whose first character is `[`.
pub(super) fn read(source: &mut Source<'_>) -> Vec<Field> {
    let start = source.position();
    source.bump();
    if source.rest().ends_with(']') {
        source.narrow(source.end() - 1);
    } else {
        source
            .problem(start..source.end(), "a pattern that begins with `[` must end with `]`")
            .reason(INVALID)
            .suggest("to find text that begins with `[`, put it into quotes");
    }
    source.skip_blanks();
    let mut fields = Vec::new();
    if source.is_done() {
        return fields;
    }
    let mut names = BTreeSet::new();
    loop {
        if let Some(field) = field(source) {
            check_name(source, &field, &mut names);
            fields.push(field);
        }
        if !source.eat(",") {
            return fields;
        }
    }
}

fn check_name(source: &mut Source<'_>, field: &Field, names: &mut BTreeSet<Box<str>>) {
    let (span, name) = match field {
        Field::Rest(span) => (span.clone(), "..."),
        Field::Slot(Slot { name: Some(name), span, .. }) => (span.start..span.start + name.len(), &**name),
        Field::Slot(_) => return,
    };
    if !names.insert(name.into()) {
        source.problem(span, format!("`{name}` occurs twice")).reason(format!("Duplicate field '{name}'"));
    }
}

/// Reads one field up to its comma or the end.
fn field(source: &mut Source<'_>) -> Option<Field> {
    source.skip_blanks();
    let start = source.position();
    if source.eat("...") {
        let span = start..source.position();
        source.skip_blanks();
        if !at_end(source) {
            skip(source);
            source.problem(span.clone(), "nothing can be asked of `...`").reason(INVALID);
        }
        return Some(Field::Rest(span));
    }
    if at_end(source) {
        return Some(Field::Slot(Slot { span: start..start, name: None, condition: None }));
    }
    let name = source.slice(start + usize::from(source.starts_with("("))..source.end());
    let name =
        name.get(..name.find(|letter| !is_name_char(letter)).unwrap_or(name.len())).unwrap_or_default();
    if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        skip(source);
        bad_name(source, start..source.position());
        return None;
    }
    if !source.starts_with("(") {
        source.advance(name.len());
        source.skip_blanks();
        if at_end(source) {
            return Some(Field::Slot(Slot {
                span: start..start + name.len(),
                name: Some(name.into()),
                condition: None,
            }));
        }
        if !conditions::at_operator(source) {
            skip(source);
            bad_name(source, start..source.position());
            return None;
        }
    }
    source.rewind(start);
    let condition = level::read(&mut Conditions { source, name }, 0);
    let end = start + source.since(start).trim_end_matches(is_blank).len();
    condition.map(|condition| {
        Field::Slot(Slot { span: start..end, name: Some(name.into()), condition: Some(condition) })
    })
}

fn bad_name(source: &mut Source<'_>, span: Range<usize>) {
    let text = source.slice(span.clone()).trim_end_matches(is_blank).to_owned();
    let span = span.start..span.start + text.len();
    let problem = source.problem(span, format!("`{text}` is no field"));
    problem.reason(INVALID);
    problem.suggest(
        "a field is a name of letters, digits, `_` and `-` (not digits alone), `name = value`, `...`, \
         or nothing",
    );
}

fn at_end(source: &Source<'_>) -> bool {
    source.is_done() || source.starts_with(",")
}

fn skip(source: &mut Source<'_>) {
    source.take_while(|letter| letter != ',');
}

const fn is_name_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

const fn is_bare(letter: char) -> bool {
    is_name_char(letter) || matches!(letter, '.' | '*' | '/' | '+')
}

fn ends_value(source: &Source<'_>) -> bool {
    matches!(source.peek(), Some(')' | '&' | '|' | ','))
}

impl<'t> Language<'t> for Conditions<'_, 't> {
    type Leaf = Check;

    fn source(&mut self) -> &mut Source<'t> {
        self.source
    }

    fn ends(source: &Source<'_>) -> bool {
        source.starts_with(",")
    }

    fn leaf(&mut self) -> Option<Check> {
        let source = &mut *self.source;
        let start = source.position();
        let name = source.take_while(is_name_char);
        let span = start..source.position();
        if name.is_empty() {
            bad_name(source, start..start + source.peek().map_or(0, char::len_utf8));
            return None;
        }
        if name != self.name {
            let own = self.name;
            source
                .problem(
                    span,
                    format!("`{name}` is another field: the conditions of a slot are on its own, `{own}`"),
                )
                .reason(INVALID)
                .suggest("write the condition in the slot of that field; all slots must hold");
        }
        source.skip_blanks();
        if !conditions::at_operator(source) {
            let at = source.position();
            source.problem(at..at, format!("nothing is asked of `{name}`")).reason(INVALID);
            return None;
        }
        let operator = conditions::operator(source)?;
        let comparison = conditions::comparison(source, operator, is_bare, ends_value)?;
        Some(Check { span: start..source.position(), comparison })
    }

    fn negated(&self, leaf: &Check) -> Option<String> {
        let name = self.name;
        Some(match &leaf.comparison {
            Comparison::Equal(operand) => format!("{name} != {}", print::operand(operand)),
            Comparison::NotEqual(operand) => format!("{name} = {}", print::operand(operand)),
            Comparison::Ordered(order, number) => {
                format!("{name} {} {}", print::opposite(*order).as_str(), number.text())
            }
        })
    }

    fn parenthesis(&mut self, span: Range<usize>) {
        self.source.warning(span, "the service does not document parentheses here, and may refuse them");
    }
}
