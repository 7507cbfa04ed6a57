//! The pattern of a rule: syntax with the caret inside the pattern, and selectors against the view.
//!
//! A JSON pattern over audit records sees the canonical view, whose names are a closed list: a selector
//! that names nothing in it would make the rule silent for ever, so it is an error here.

use std::sync::Arc;

use hsmstream_pattern::{Pattern, Selector, Step};
use hsmstream_record::Kind;

use super::{fields, paths};
use crate::limits::Limits;
use crate::names::did_you_mean;
use crate::report::Report;
use crate::source::ByteSpan;
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
    let pattern = match hsmstream_pattern::parse(text, &limits.pattern) {
        Ok(pattern) => pattern,
        Err(mistakes) => {
            for mistake in mistakes {
                let span = inside(node.span, scalar, &mistake.span, report);
                let help = mistake.suggestion.as_deref().map(str::to_owned);
                report.error(span, format!("pattern: {}", mistake.message), help);
            }
            return None;
        }
    };
    for warning in pattern.warnings() {
        let span = inside(node.span, scalar, &warning.span, report);
        report.warning(
            span,
            format!("pattern: {}", warning.message),
            warning.suggestion.as_deref().map(str::to_owned),
        );
    }
    let before = report.errors();
    if kind == Kind::Audit {
        for selector in pattern.selectors() {
            check(selector, node.span, scalar, report);
        }
    }
    (report.errors() == before).then(|| Arc::new(pattern))
}

/// The file's bytes for a range of the pattern's text.
fn inside(span: ByteSpan, scalar: &Scalar, range: &std::ops::Range<usize>, report: &Report<'_>) -> ByteSpan {
    let file = report.source().text.as_str();
    let start = locate(file, span, scalar.style, &scalar.text, range.start);
    let end = locate(file, span, scalar.style, &scalar.text, range.end.max(range.start));
    ByteSpan::new(start, end)
}

/// Reports a selector that reaches nothing of the audit view.
fn check(selector: &Selector, span: ByteSpan, scalar: &Scalar, report: &mut Report<'_>) {
    let Some(help) = mistake(selector.steps()) else { return };
    let written = selector.to_string();
    let place = match scalar.text.find(&written) {
        Some(at) => inside(span, scalar, &(at..at + written.len()), report),
        None => span,
    };
    match help {
        Mistake::Later => report.error(place, format!("`{written}` is not supported yet"), None),
        Mistake::Unknown(help) => {
            report.error(place, format!("`{written}` is no field of an audit record"), help);
        }
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
