//! What a pattern asks, item by item, in words.

use core::ops::Range;

use crate::ast::{
    Body, Check, Comparison, Condition, Expr, Field, Needle, Operand, Order, Pattern, Role, Slot, Term, Test,
};
use crate::layout::{Layout, Place};
use crate::number::Number;
use crate::parse::quote;
use crate::print;

/// One item of a pattern, or what joins the items below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Bytes of the pattern.
    pub span: Range<usize>,
    /// How far inside others it is: 0 for the outermost.
    pub depth: usize,
    /// The item, in canonical text; of a joint `all of` or `one of`.
    pub text: String,
    /// What it asks.
    pub meaning: String,
    /// Whether it has no effect.
    pub is_ignored: bool,
}

/// The items of `pattern` in their order; none for a pattern that matches everything.
#[must_use]
pub fn outline(pattern: &Pattern) -> Vec<Item> {
    let mut items = Vec::new();
    match &pattern.body {
        Body::Terms(all) => terms(all, &mut items),
        Body::Space(fields) => space(fields, &mut items),
        Body::Json(expr) => {
            let leaf = |condition: &Condition| Item {
                span: condition.span.clone(),
                depth: 0,
                text: print::condition(condition, &pattern.selectors),
                meaning: asked(condition, pattern),
                is_ignored: false,
            };
            joints(expr, 0, &leaf, &mut items);
        }
    }
    items
}

fn terms(terms: &[Term], items: &mut Vec<Item>) {
    let is_mixed = terms.iter().any(|term| term.role != Role::Optional);
    let optional = terms.iter().filter(|term| term.role == Role::Optional).count();
    for term in terms {
        let is_ignored = is_mixed && term.role == Role::Optional;
        let found = match &term.needle {
            Needle::Text(_) => "occur",
            Needle::Regex(_) => "be found",
        };
        let meaning = match term.role {
            Role::Plain => format!("has to {found}"),
            Role::Excluded => format!("may not {found}"),
            Role::Optional if is_ignored => "ignored: `?` counts only where every term has it".to_owned(),
            Role::Optional if optional == 1 => format!("has to {found}: it is the only one"),
            Role::Optional => format!("may {found}; one of the {optional} has to"),
        };
        items.push(Item { span: term.span.clone(), depth: 0, text: print::term(term), meaning, is_ignored });
    }
}

fn space(fields: &[Field], items: &mut Vec<Item>) {
    let layout = Layout::of(fields);
    let mut places = layout.slots.into_iter();
    for field in fields {
        let slot = match field {
            Field::Rest(span) => {
                items.push(Item {
                    span: span.clone(),
                    depth: 0,
                    text: "...".into(),
                    meaning: "any number of tokens, also none".into(),
                    is_ignored: false,
                });
                continue;
            }
            Field::Slot(slot) => slot,
        };
        let Some((place, _)) = places.next() else { return };
        let name = slot.name.as_deref().unwrap_or_default();
        items.push(Item {
            span: slot.span.clone(),
            depth: 0,
            text: if name.is_empty() { "(no name)".into() } else { name.into() },
            meaning: stands(place, slot),
            is_ignored: false,
        });
        if let Some(condition) = &slot.condition {
            let leaf = |check: &Check| Item {
                span: check.span.clone(),
                depth: 0,
                text: print::check(name, check),
                meaning: token(&check.comparison),
                is_ignored: false,
            };
            joints(condition, 1, &leaf, items);
        }
    }
}

fn stands(place: Place, slot: &Slot) -> String {
    let whole = if slot.condition.is_some() { "" } else { ", whatever it is" };
    match place {
        Place::FromStart(index) => format!("token {}{whole}", index + 1),
        Place::FromEnd(1) => format!("the last token{whole}"),
        Place::FromEnd(behind) => format!("token {behind} from the end{whole}"),
        Place::Remainder(0) => format!("the whole event{whole}"),
        Place::Remainder(index) => format!("all from token {} to the end{whole}", index + 1),
    }
}

fn joints<C>(expr: &Expr<C>, depth: usize, leaf: &dyn Fn(&C) -> Item, items: &mut Vec<Item>) {
    let (text, parts) = match expr {
        Expr::Leaf(one) => {
            items.push(Item { depth, ..leaf(one) });
            return;
        }
        Expr::All(parts) => ("all of", parts),
        Expr::Any(parts) => ("one of", parts),
    };
    let at = items.len();
    for part in parts {
        joints(part, depth + 1, leaf, items);
    }
    let span = |items: &[Item]| {
        let start = items.iter().map(|item| item.span.start).min().unwrap_or_default();
        start..items.iter().map(|item| item.span.end).max().unwrap_or_default()
    };
    let span = span(items.get(at..).unwrap_or_default());
    let joint = Item { span, depth, text: text.into(), meaning: String::new(), is_ignored: false };
    items.insert(at, joint);
}

/// What a JSON condition asks.
fn asked(condition: &Condition, pattern: &Pattern) -> String {
    let is_wildcard =
        pattern.selectors.get(condition.selector).is_some_and(|selector| selector.is_wildcard());
    let asked = match &condition.test {
        Test::NotExists if is_wildcard => return "it reaches nothing".into(),
        Test::NotExists => return "nothing is there, not even null".into(),
        Test::IsNull => "null, or an array that holds null".into(),
        Test::IsTrue => "JSON's true".into(),
        Test::IsFalse => "JSON's false".into(),
        Test::Compare(Comparison::Equal(operand)) => equal(operand),
        Test::Compare(Comparison::NotEqual(operand)) => {
            format!("a text or a number, but not {}", equal(operand))
        }
        Test::Compare(Comparison::Ordered(order, number)) => ordered(*order, number),
    };
    if is_wildcard { format!("one of the values is {asked}") } else { asked }
}

fn equal(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => {
            format!("a number equal to {}, or the text \"{}\"", number.text(), number.text())
        }
        Operand::Text(text) if !text.is_empty() && text.bytes().all(|byte| byte == b'*') => {
            "any text or number".into()
        }
        Operand::Text(text) if text.contains('*') => {
            format!("a text, or a number's text, like {}, `*` standing for anything", quote(text))
        }
        Operand::Text(text) if Number::parse(text).is_some() => {
            format!("the text {}, or a number written exactly so", quote(text))
        }
        Operand::Text(text) => format!("the text {}", quote(text)),
        Operand::Regex(regex) => format!("a text, or a number's text, in which %{}% is found", regex.text()),
    }
}

fn ordered(order: Order, number: &Number) -> String {
    let words = match order {
        Order::Less => "less than",
        Order::LessOrEqual => "of at most",
        Order::Greater => "greater than",
        Order::GreaterOrEqual => "of at least",
    };
    format!("a number {words} {}", number.text())
}

/// What is asked of a token.
fn token(comparison: &Comparison) -> String {
    let equal = |operand: &Operand| match operand {
        Operand::Number(number) => format!("{0}, or a number equal to {0}", number.text()),
        Operand::Text(text) if text.contains('*') => {
            format!("like {}, `*` standing for anything", quote(text))
        }
        Operand::Text(text) => quote(text),
        Operand::Regex(regex) => format!("a text in which %{}% is found", regex.text()),
    };
    match comparison {
        Comparison::Equal(operand) => format!("the token is {}", equal(operand)),
        Comparison::NotEqual(operand) => format!("the token is not {}", equal(operand)),
        Comparison::Ordered(order, number) => format!("the token is {}", ordered(*order, number)),
    }
}
