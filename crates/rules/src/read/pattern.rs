//! The pattern of a rule: syntax with the caret inside the pattern, and selectors against the view.
//!
//! A JSON pattern over audit records sees the canonical view, whose names are a closed list: a selector
//! that names nothing in it would make the rule silent for ever, so it is an error here.

use std::ops::Range;
use std::sync::Arc;

use hsmstream_pattern::ast::{Body, Comparison, Condition, Expr, Test};
use hsmstream_pattern::{Pattern, Selector, Step};
use hsmstream_record::Kind;

use super::{fields, paths};
use crate::limits::Limits;
use crate::names::did_you_mean;
use crate::report::Report;
use crate::source::{ByteSpan, Source};
use crate::yaml::{Node, Scalar, Value, locate};

/// Objects of the audit view.
const OBJECTS: [&str; 5] = ["response", "user", "target_user", "key", "extra"];

/// Reads the value of `pattern:`.
pub(crate) fn read(
    node: &Node,
    kind: Kind,
    limits: &Limits,
    report: &mut Report<'_>,
) -> Option<Arc<Pattern>> {
    let text = fields::text(node, "a pattern", report)?;
    let Value::Scalar(scalar) = &node.value else { return None };
    let place = Inside { file: report.source(), span: node.span, scalar };
    let pattern = match hsmstream_pattern::parse(text, &limits.pattern) {
        Ok(pattern) => pattern,
        Err(mistakes) => {
            for mistake in mistakes {
                let message = format!("pattern: {}", mistake.message);
                report.error(place.of(&mistake.span), message, mistake.suggestion);
            }
            return None;
        }
    };
    for warning in pattern.warnings() {
        let message = format!("pattern: {}", warning.message);
        report.warning(place.of(&warning.span), message, warning.suggestion.clone());
    }
    let before = report.errors();
    if kind == Kind::Audit
        && let Body::Json(expression) = pattern.body()
    {
        let mut conditions = Vec::new();
        leaves(expression, &mut conditions);
        for condition in conditions {
            check(condition, &pattern, &place, report);
        }
    }
    (report.errors() == before).then(|| Arc::new(pattern))
}

/// Where the pattern stands in its file.
struct Inside<'s> {
    file: &'s Source,
    span: ByteSpan,
    scalar: &'s Scalar,
}

impl Inside<'_> {
    /// The file's bytes for a range of the pattern's text.
    fn of(&self, range: &Range<usize>) -> ByteSpan {
        let at = |offset| locate(&self.file.text, self.span, self.scalar.style, &self.scalar.text, offset);
        ByteSpan::new(at(range.start), at(range.end.max(range.start)))
    }
}

/// The conditions of an expression, in order; the parser limits the depth.
fn leaves<'p>(expression: &'p Expr<Condition>, found: &mut Vec<&'p Condition>) {
    match expression {
        Expr::Leaf(condition) => found.push(condition),
        Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| leaves(part, found)),
    }
}

/// Reports a condition whose selector reaches nothing of the audit view, or that can never hold there.
fn check(condition: &Condition, pattern: &Pattern, place: &Inside<'_>, report: &mut Report<'_>) {
    let Some(selector) = pattern.selectors().get(condition.selector) else { return };
    let span = place.of(&condition.span);
    match mistake(selector.steps()) {
        Some(Mistake::Later) => report.error(span, format!("`{selector}` is not supported yet"), None),
        Some(Mistake::Unknown(help)) => {
            report.error(span, format!("`{selector}` is no field of an audit record"), help);
        }
        None => {
            if let Some(reason) = never(selector, &condition.test) {
                report.warning(span, format!("this never holds: {reason}"), None);
            }
        }
    }
}

/// Why the test holds for no record, as far as the view's types tell.
fn never(selector: &Selector, test: &Test) -> Option<String> {
    match test {
        Test::IsNull | Test::IsTrue | Test::IsFalse => {
            Some("the view of an audit record has no null and no truth values".to_owned())
        }
        Test::Compare(Comparison::Ordered(..)) => {
            let path = selector.to_string();
            let name = path.strip_prefix("$.").unwrap_or("");
            let is_text = is_name(name) && !paths::may_be_number(name);
            is_text.then(|| format!("`{selector}` is text, and only numbers have an order"))
        }
        Test::Compare(_) | Test::NotExists => None,
    }
}

/// What is wrong with a selector.
enum Mistake {
    /// Named by the design, not there yet.
    Later,
    /// Not in the view; with help.
    Unknown(Option<String>),
}

/// Follows the steps through the view.
fn mistake(steps: &[Step]) -> Option<Mistake> {
    let Some(Step::Name(first)) = steps.first() else {
        return match steps.first() {
            Some(Step::Index(_)) => {
                Some(Mistake::Unknown(Some("the record is an object, not a list".into())))
            }
            _ => None,
        };
    };
    let first = String::from_utf8_lossy(first);
    if paths::LATER.contains(&&*first) {
        return Some(Mistake::Later);
    }
    let rest = steps.get(1..).unwrap_or(&[]);
    let fits = match (&*first, rest) {
        (_, []) => first == "anomalies" || OBJECTS.contains(&&*first) || is_name(&first),
        ("anomalies", [Step::Index(_) | Step::AnyElement]) | ("extra", [Step::Name(_)]) => true,
        (object, [Step::AnyElement | Step::AnyMember]) => OBJECTS.contains(&object),
        (_, [Step::Name(second)]) => is_name(&format!("{first}.{}", String::from_utf8_lossy(second))),
        _ => false,
    };
    if fits {
        return None;
    }
    let mut path = first.into_owned();
    for step in rest {
        match step {
            Step::Name(name) => {
                path.push('.');
                path.push_str(&String::from_utf8_lossy(name));
            }
            _ => return Some(Mistake::Unknown(None)),
        }
    }
    let known = paths::names().chain(OBJECTS).chain(["anomalies"]);
    let help = did_you_mean(&path, known).map(|help| help.replacen("mean `", "mean `$.", 1));
    Some(Mistake::Unknown(help))
}

fn is_name(path: &str) -> bool {
    paths::names().any(|name| name == path)
}
