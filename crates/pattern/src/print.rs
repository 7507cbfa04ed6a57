//! The canonical text of a pattern: what it means, written one way.
//!
//! Invariant: the canonical text parses to a pattern that prints the same and matches the same (unless
//! quoting makes it longer than the limit allows; tests lift it).

use core::fmt::{self, Display, Write};

use crate::ast::{
    Body, Check, Comparison, Condition, Expr, Field, Needle, Operand, Order, Pattern, Role, Slot, Term, Test,
};
use crate::parse::quote;
use crate::selector::Selector;

impl Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&match &self.body {
            Body::Terms(terms) => terms.iter().map(term).collect::<Vec<_>>().join(" "),
            Body::Space(fields) => format!("[{}]", fields.iter().map(field).collect::<Vec<_>>().join(", ")),
            Body::Json(expression) => {
                format!("{{ {} }}", expr(expression, &|leaf| condition(leaf, &self.selectors)))
            }
        })
    }
}

/// One item of a term pattern.
pub(crate) fn term(term: &Term) -> String {
    let sign = match term.role {
        Role::Plain => "",
        Role::Optional => "?",
        Role::Excluded => "-",
    };
    match &term.needle {
        Needle::Text(text) if is_bare(text) => format!("{sign}{text}"),
        Needle::Text(text) => format!("{sign}{}", quote(text)),
        Needle::Regex(regex) => format!("{sign}%{}%", regex.text()),
    }
}

fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn field(field: &Field) -> String {
    match field {
        Field::Rest(_) => "...".into(),
        Field::Slot(Slot { name: Some(name), condition: Some(condition), .. }) => {
            expr(condition, &|leaf| check(name, leaf))
        }
        Field::Slot(Slot { name, .. }) => name.as_deref().unwrap_or_default().into(),
    }
}

/// A condition of a space-delimited pattern.
pub(crate) fn check(name: &str, check: &Check) -> String {
    format!("{name} {}", comparison(&check.comparison))
}

/// A condition of a JSON pattern.
pub(crate) fn condition(condition: &Condition, selectors: &[Selector]) -> String {
    let mut text = String::new();
    if let Some(selector) = selectors.get(condition.selector) {
        let _never_fails = write!(text, "{selector} ");
    }
    text.push_str(&test(&condition.test));
    text
}

/// What a JSON condition asks.
pub(crate) fn test(test: &Test) -> String {
    match test {
        Test::Compare(test) => comparison(test),
        Test::IsNull => "IS NULL".into(),
        Test::IsTrue => "IS TRUE".into(),
        Test::IsFalse => "IS FALSE".into(),
        Test::NotExists => "NOT EXISTS".into(),
    }
}

/// An operator and its right-hand side.
pub(crate) fn comparison(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Equal(right) => format!("= {}", operand(right)),
        Comparison::NotEqual(right) => format!("!= {}", operand(right)),
        Comparison::Ordered(order, number) => format!("{} {}", order.as_str(), number.text()),
    }
}

/// A right-hand side.
pub(crate) fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => number.text().into(),
        Operand::Text(text) => quote(text),
        Operand::Regex(regex) => format!("%{}%", regex.text()),
    }
}

/// The operator that holds for the numbers that `order` does not hold for.
pub(crate) const fn opposite(order: Order) -> Order {
    match order {
        Order::Less => Order::GreaterOrEqual,
        Order::LessOrEqual => Order::Greater,
        Order::Greater => Order::LessOrEqual,
        Order::GreaterOrEqual => Order::Less,
    }
}

fn expr<C>(expression: &Expr<C>, leaf: &dyn Fn(&C) -> String) -> String {
    let part = |part: &Expr<C>| match (expression, part) {
        (Expr::All(_), Expr::Any(_)) => format!("({})", expr(part, leaf)),
        _ => expr(part, leaf),
    };
    match expression {
        Expr::Leaf(one) => leaf(one),
        Expr::All(parts) => parts.iter().map(part).collect::<Vec<_>>().join(" && "),
        Expr::Any(parts) => parts.iter().map(part).collect::<Vec<_>>().join(" || "),
    }
}
