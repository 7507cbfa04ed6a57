//! The pattern of a rule: syntax with the caret inside the pattern, and selectors against the view.
//!
//! A JSON pattern over audit records sees the canonical view, whose names are a closed list: a selector
//! that names nothing in it would make the rule silent for ever, so it is an error here.

use std::ops::Range;
use std::sync::Arc;

use hsmstream_pattern::{Limit, Limits, Lint, Pattern};
use hsmstream_record::Kind;

use super::fields::{self, Fields};
use crate::report::Report;
use crate::source::{ByteSpan, Source};
use crate::vocabulary;
use crate::yaml::{Node, Scalar, Value, locate};

/// Reads `pattern_limits:`, which lifts (or lowers) `limits` for one rule.
pub(crate) fn limits(fields: &Fields<'_>, limits: Limits, report: &mut Report<'_>) -> Limits {
    let mut limits = limits;
    let Some(node) = fields.value("pattern_limits") else { return limits };
    let known = Limit::ALL.map(Limit::as_str);
    let Some(fields) = Fields::open(node, "`pattern_limits`", &known, &[], report) else { return limits };
    for limit in Limit::ALL {
        let Some(node) = fields.value(limit.as_str()) else { continue };
        let most = u64::try_from(Limits::lifted().of(limit)).unwrap_or(u64::MAX);
        let value = fields::integer(node, &format!("`{}`", limit.as_str()), (1, most), report);
        if let Some(value) = value.and_then(|value| usize::try_from(value).ok()) {
            limits.set(limit, value);
        }
    }
    limits
}

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
    let pattern = match hsmstream_pattern::parse(text, limits) {
        Ok(pattern) => pattern,
        Err(mistakes) => {
            for mistake in mistakes {
                let message = format!("pattern: {}", mistake.message);
                let help = match mistake.limit {
                    Some(limit) => Some(lift(limit, mistake.suggestion)),
                    None => mistake.suggestion,
                };
                report.error(place.of(&mistake.span), message, help);
            }
            return None;
        }
    };
    for warning in pattern.warnings() {
        let message = format!("pattern: {}", warning.message);
        report.warning(place.of(&warning.span), message, warning.suggestion.clone());
    }
    let before = report.errors();
    for finding in vocabulary::lint(&pattern, kind) {
        let span = place.of(&finding.span);
        // A rule that looks at nothing would be silent for ever.
        if matches!(finding.lint, Some(Lint::UnknownField | Lint::LaterField)) {
            report.error(span, finding.message, finding.suggestion);
        } else {
            report.warning(span, finding.message, finding.suggestion);
        }
    }
    (report.errors() == before).then(|| Arc::new(pattern))
}

/// What to do about a limit.
fn lift(limit: Limit, suggestion: Option<String>) -> String {
    let (name, most) = (limit.as_str(), Limits::lifted().of(limit));
    let lift = format!("lift it for this rule by `pattern_limits: {{ {name}: … }}`, at most {most}");
    suggestion.map_or_else(|| lift.clone(), |suggestion| format!("{suggestion}, or {lift}"))
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
