//! JSON patterns: `{ ($.a = 1 || $.b = "x*") && $.c NOT EXISTS }`.
//!
//! ```text
//! pattern := '{' level '}'
//! leaf    := selector (op value | 'IS' ('NULL'|'TRUE'|'FALSE') | 'NOT' 'EXISTS')
//! bare    := [A-Za-z0-9_.*-]+, or a number
//! ```

use core::ops::Range;
use std::collections::BTreeMap;

use crate::ast::{Comparison, Condition, Expr, Operand, Test};
use crate::diagnostic::INVALID;
use crate::limits::Limit;
use crate::parse::conditions::{self, Operator};
use crate::parse::level::{self, Language};
use crate::parse::path;
use crate::parse::source::{Source, is_blank};
use crate::print;
use crate::selector::Selector;

struct Json<'s, 't> {
    source: &'s mut Source<'t>,
    selectors: Vec<Selector>,
    places: BTreeMap<Selector, usize>,
    wildcards: usize,
}

/// Reads the whole pattern, whose first character is `{`.
pub(super) fn read(source: &mut Source<'_>) -> (Option<Expr<Condition>>, Vec<Selector>) {
    let start = source.position();
    source.bump();
    if source.rest().ends_with('}') {
        source.narrow(source.end() - 1);
    } else {
        source
            .problem(start..source.end(), "a pattern that begins with `{` must end with `}`")
            .reason("If a filter pattern starts with '{' it must end with '}'")
            .suggest("to find text that begins with `{`, put it into quotes");
    }
    source.skip_blanks();
    if source.is_done() {
        let at = source.position();
        source
            .problem(at..at, "a condition is missing here")
            .reason(INVALID)
            .suggest("to match every event, leave the pattern empty");
        return (None, Vec::new());
    }
    let mut json = Json { source, selectors: Vec::new(), places: BTreeMap::new(), wildcards: 0 };
    let expr = level::read(&mut json, 0);
    (expr, json.selectors)
}

impl<'t> Language<'t> for Json<'_, 't> {
    type Leaf = Condition;

    fn source(&mut self) -> &mut Source<'t> {
        self.source
    }

    fn ends(_: &Source<'_>) -> bool {
        false
    }

    fn leaf(&mut self) -> Option<Condition> {
        let start = self.source.position();
        if self.source.peek() != Some('$') {
            no_selector(self.source);
            return None;
        }
        let selector = path::read(self.source);
        let written = self.source.since(start).to_owned();
        self.source.skip_blanks();
        if selector.is_none() && self.source.is_done() {
            return None;
        }
        let test = test(self.source, start, &written)?;
        let selector = self.place(selector?, start..start + written.len());
        Some(Condition { span: start..self.source.position(), selector, test })
    }

    fn negated(&self, leaf: &Condition) -> Option<String> {
        let selector = self.selectors.get(leaf.selector).filter(|selector| !selector.is_wildcard())?;
        let opposite = match &leaf.test {
            Test::Compare(Comparison::Equal(operand)) => format!("!= {}", print::operand(operand)),
            Test::Compare(Comparison::NotEqual(operand)) => format!("= {}", print::operand(operand)),
            Test::Compare(Comparison::Ordered(order, number)) => {
                format!("{} {}", print::opposite(*order).as_str(), number.text())
            }
            Test::IsTrue => "IS FALSE".into(),
            Test::IsFalse => "IS TRUE".into(),
            Test::IsNull => "= *".into(),
            Test::NotExists => return Some(format!("({selector} = * || {selector} IS NULL)")),
        };
        Some(format!("({selector} {opposite} || {selector} NOT EXISTS)"))
    }
}

impl Json<'_, '_> {
    /// The place of a selector in the list, and its share of the limit.
    fn place(&mut self, selector: Selector, span: Range<usize>) -> usize {
        if selector.is_wildcard() {
            self.wildcards += 1;
            let most = self.source.limits.wildcard_selectors_max;
            if self.wildcards == most + 1 {
                let reason = format!(
                    "Your input has exceeded the maximum of {most} JSON wildcard selectors allowed \
                     per filter pattern."
                );
                self.source
                    .problem(span, format!("more than {most} selectors with a wildcard"))
                    .reason(reason)
                    .limited(Limit::WildcardSelectors)
                    .suggest("split the pattern");
            }
        }
        let next = self.selectors.len();
        let selectors = &mut self.selectors;
        *self.places.entry(selector).or_insert_with_key(|selector| {
            selectors.push(selector.clone());
            next
        })
    }
}

/// What is asked of the selected value. `start` and `written` are the selector's.
fn test(source: &mut Source<'_>, start: usize, written: &str) -> Option<Test> {
    if conditions::at_operator(source) {
        let from = source.position();
        let operator = conditions::operator(source)?;
        source.skip_blanks();
        let word = source.peek_word();
        if word == "null" || word == "NULL" {
            return null(source, from, operator, written);
        }
        return conditions::comparison(source, operator, is_bare, ends_value).map(Test::Compare);
    }
    let from = source.position();
    let word = source.peek_word();
    source.advance(word.len());
    match word.to_ascii_uppercase().as_str() {
        "IS" => is(source, from, word),
        "NOT" => not(source, from, word),
        _ => {
            no_test(source, start, from, word);
            None
        }
    }
}

fn ends_value(source: &Source<'_>) -> bool {
    matches!(source.peek(), Some(')' | '&' | '|'))
}

const fn is_bare(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '*' | '-' | '+')
}

/// `= null` and `!= null`, which the service refuses.
fn null(source: &mut Source<'_>, from: usize, operator: Operator, written: &str) -> Option<Test> {
    let start = source.position();
    source.take_while(is_bare);
    let text = source.since(start);
    if text.len() > 4 {
        // A longer word that only begins like it.
        let text = text.into();
        return match operator {
            Operator::Equal => Some(Test::Compare(Comparison::Equal(Operand::Text(text)))),
            Operator::NotEqual => Some(Test::Compare(Comparison::NotEqual(Operand::Text(text)))),
            Operator::Ordered(_) => {
                source
                    .problem(start..source.position(), "only numbers are ordered")
                    .suggest("write a number");
                None
            }
        };
    }
    let problem = source.problem(from..source.position(), "`null` is no value to compare with");
    problem.reason(INVALID);
    match operator {
        Operator::Equal => problem.replace("IS NULL"),
        _ => problem.suggest(format!("`{written} = *` holds for any text or number")),
    };
    None
}

/// What stands behind `NOT`, written like `keyword`.
fn not(source: &mut Source<'_>, from: usize, keyword: &str) -> Option<Test> {
    source.skip_blanks();
    let word = source.peek_word();
    source.advance(word.len());
    if (keyword, word) == ("NOT", "EXISTS") {
        return Some(Test::NotExists);
    }
    let problem =
        source.problem(from..source.position(), "behind `NOT` only `EXISTS` may stand, in capitals");
    problem.reason(INVALID);
    if matches!(word.to_ascii_uppercase().as_str(), "" | "EXISTS" | "EXIST") {
        problem.replace("NOT EXISTS");
    }
    None
}

/// What stands behind `IS`, written like `keyword`.
fn is(source: &mut Source<'_>, from: usize, keyword: &str) -> Option<Test> {
    source.skip_blanks();
    let word = source.peek_word();
    source.advance(word.len());
    match (keyword, word) {
        ("IS", "NULL") => return Some(Test::IsNull),
        ("IS", "TRUE") => return Some(Test::IsTrue),
        ("IS", "FALSE") => return Some(Test::IsFalse),
        _ => {}
    }
    if word.eq_ignore_ascii_case("not") {
        source.skip_blanks();
        let next = source.peek_word();
        source.advance(next.len());
        let problem = source.problem(from..source.position(), "`IS NOT` is not in the language");
        problem.reason(INVALID);
        match next.to_ascii_uppercase().as_str() {
            "TRUE" => problem.replace("IS FALSE"),
            "FALSE" => problem.replace("IS TRUE"),
            _ => problem.suggest("`= *` holds for any text or number"),
        };
        return None;
    }
    let message = "behind `IS` one of `NULL`, `TRUE`, `FALSE` must stand, in capitals";
    let problem = source.problem(from..source.position(), message);
    problem.reason(INVALID);
    let upper = word.to_ascii_uppercase();
    if matches!(upper.as_str(), "NULL" | "TRUE" | "FALSE") {
        problem.replace(format!("IS {upper}"));
    }
    None
}

/// Reports a selector that nothing is asked of; `word` stands behind it at `from`.
fn no_test(source: &mut Source<'_>, start: usize, from: usize, word: &str) {
    let end = source.position();
    if word.is_empty() {
        let selector = source.slice(start..from).trim_end_matches(is_blank).to_owned();
        let at_end = source.is_done() || ends_value(source);
        let problem =
            source.problem(start..start + selector.len(), format!("nothing is asked of `{selector}`"));
        problem.reason(INVALID);
        if at_end {
            problem.suggest(format!("`{selector} = *` holds for any text or number"));
        } else {
            problem.suggest("behind a selector stands `= != < <= > >=`, `IS` or `NOT EXISTS`");
        }
        return;
    }
    let problem = source.problem(from..end, format!("there is no operator `{word}`"));
    problem.reason(INVALID);
    match word.to_ascii_uppercase().as_str() {
        "EXISTS" => problem.suggest("`= *` holds for any text or number; the opposite is `NOT EXISTS`"),
        "IN" => problem.suggest("write `($.a = \"x\" || $.a = \"y\")`"),
        "LIKE" | "MATCHES" | "CONTAINS" => {
            problem.suggest("write `= \"*text*\"`, or `= %…%` for a regular expression")
        }
        _ => problem.suggest("there are `= != < <= > >=`, `IS` and `NOT EXISTS`"),
    };
}

/// Reports a condition that does not begin with a selector.
fn no_selector(source: &mut Source<'_>) {
    let start = source.position();
    if source.peek() == Some('"') {
        source.bump();
        source.take_while(|letter| letter != '"');
        source.eat("\"");
        let end = source.position();
        source.skip_blanks();
        let is_event_pattern = source.starts_with(":");
        let problem = source.problem(start..end, "a condition begins with a selector, `$.name`");
        if is_event_pattern {
            problem
                .bad_character(":")
                .suggest("this is EventBridge's language; here it is `$.name = \"value\"`");
        }
        return;
    }
    source.take_while(|letter| !is_blank(letter) && !"=!<>()&|".contains(letter));
    let text = source.since(start);
    let span = start..source.position();
    let problem = source.problem(span, "a condition begins with a selector, `$.name`");
    let name = text.strip_prefix('.').unwrap_or(text);
    let is_path = |letter: char| crate::selector::is_name_char(letter) || letter == '.';
    if !name.is_empty() && name.chars().all(is_path) {
        problem.replace(format!("$.{name}"));
    }
}
