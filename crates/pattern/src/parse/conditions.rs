//! Operators and their right-hand sides, as JSON and space-delimited patterns share them.

use crate::ast::{Comparison, Operand, Order};
use crate::diagnostic::INVALID;
use crate::parse::operand::{self, Value, quote};
use crate::parse::source::Source;

/// An operator of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Ordered(Order),
}

/// Whether an operator made of symbols comes next.
pub(super) fn at_operator(source: &Source<'_>) -> bool {
    source.peek().is_some_and(is_symbol)
}

const fn is_symbol(letter: char) -> bool {
    matches!(letter, '=' | '!' | '<' | '>' | '~')
}

/// Reads an operator made of symbols. One that only looks different is reported and taken as what it means.
pub(super) fn operator(source: &mut Source<'_>) -> Option<Operator> {
    let start = source.position();
    let written = source.take_while(is_symbol);
    let (operator, mend) = match written {
        "=" => return Some(Operator::Equal),
        "!=" => return Some(Operator::NotEqual),
        "<" => return Some(Operator::Ordered(Order::Less)),
        "<=" => return Some(Operator::Ordered(Order::LessOrEqual)),
        ">" => return Some(Operator::Ordered(Order::Greater)),
        ">=" => return Some(Operator::Ordered(Order::GreaterOrEqual)),
        "==" | "===" => (Some(Operator::Equal), "="),
        "<>" | "!==" | "=!" => (Some(Operator::NotEqual), "!="),
        "=<" => (Some(Operator::Ordered(Order::LessOrEqual)), "<="),
        "=>" => (Some(Operator::Ordered(Order::GreaterOrEqual)), ">="),
        "=~" | "~" | "~=" => (Some(Operator::Equal), "="),
        "!~" => (Some(Operator::NotEqual), "!="),
        _ => (None, ""),
    };
    let problem = source.problem(start..source.position(), format!("there is no operator `{written}`"));
    problem.reason(INVALID);
    if operator.is_some() {
        problem.replace(mend);
        if written.contains('~') {
            problem.suggest(format!("write `{mend} %…%` for a regular expression"));
        }
    } else {
        problem.suggest("there are `= != < <= > >=`");
    }
    operator
}

/// Reads the right-hand side of an operator.
pub(super) fn comparison(
    source: &mut Source<'_>,
    operator: Operator,
    is_bare: fn(char) -> bool,
    ends: fn(&Source<'_>) -> bool,
) -> Option<Comparison> {
    source.skip_blanks();
    let start = source.position();
    let operand = match operand::value(source, is_bare, ends) {
        Value::Operand(operand) => operand,
        Value::Broken => return None,
        Value::Missing => {
            source
                .problem(start..start, "a value is missing here")
                .reason(INVALID)
                .suggest("the empty text is written `\"\"`, any text or number `*`");
            return None;
        }
    };
    let order = match operator {
        Operator::Equal => return Some(Comparison::Equal(operand)),
        Operator::NotEqual => return Some(Comparison::NotEqual(operand)),
        Operator::Ordered(order) => order,
    };
    let text = match operand {
        Operand::Number(number) => return Some(Comparison::Ordered(order, number)),
        Operand::Text(text) => text,
        Operand::Regex(_) => {
            source
                .problem(start..source.position(), format!("`{}` compares numbers only", order.as_str()))
                .suggest("a regular expression goes with `=` or `!=`");
            return None;
        }
    };
    let problem =
        source.problem(start..source.position(), format!("`{}` compares numbers only", order.as_str()));
    problem.bad_character(&quote(&text));
    if crate::number::Number::parse(&text).is_some() {
        problem.replace(text);
    } else {
        problem.suggest("write a number without quotes");
    }
    None
}
