//! What is wrong or odd about a pattern, for people (the pattern with a caret) and for scripts (JSON).

use hsmstream_pattern::{Diagnostic, Limit, Limits, Pattern, mended, parse};
use serde_json::{Value, json};

use crate::args::When;
use crate::complain;
use crate::terminal::{Paint, escape};

/// Characters of the pattern shown before the place.
const LEAD_MAX: usize = 50;
/// Characters of the pattern shown in all.
const EXCERPT_MAX: usize = 100;

/// Reads a pattern; prints every mistake, and the pattern as it would be accepted.
pub(crate) fn compile(text: &str, limits: &Limits, color: When) -> Option<Pattern> {
    match parse(text, limits) {
        Ok(pattern) => Some(pattern),
        Err(mistakes) => {
            refuse(text, &mistakes, limits, color);
            None
        }
    }
}

/// Prints the mistakes of a pattern.
pub(super) fn refuse(text: &str, mistakes: &[Diagnostic], limits: &Limits, color: When) {
    let paint = Paint::stderr(color);
    for mistake in mistakes {
        complain(&shown("error in the pattern", text, mistake, paint));
    }
    if let Some(mended) = mended(text, limits) {
        complain(&format!("accepted is: {}", escape(mended.as_bytes())));
    }
}

/// Prints findings.
pub(crate) fn warn<'d>(text: &str, findings: impl IntoIterator<Item = &'d Diagnostic>, color: When) {
    let paint = Paint::stderr(color);
    for finding in findings {
        complain(&shown(if is_note(finding) { "note" } else { "warning" }, text, finding, paint));
    }
}

/// Whether a finding is only good to know.
pub(super) fn is_note(finding: &Diagnostic) -> bool {
    finding.lint.is_some_and(hsmstream_pattern::Lint::is_note)
}

/// One finding: its words, the pattern, the caret with what to do, and what the service says.
fn shown(level: &str, text: &str, finding: &Diagnostic, paint: Paint) -> String {
    let (excerpt, indent, width) = excerpt(text, finding);
    let mut help = finding.suggestion.clone().unwrap_or_default();
    if let Some(limit) = finding.limit {
        let most = Limits::lifted().of(limit);
        let unit = if limit == Limit::Characters { " characters" } else { "" };
        let or = if help.is_empty() { "" } else { ", or " };
        help.push_str(&format!("{or}lift the limit by --lift-limits, up to {most}{unit}"));
    }
    let help = if help.is_empty() { help } else { format!(" {}", escape(help.as_bytes())) };
    let carets = paint.bold(&"^".repeat(width));
    let head = format!("{}: {}", paint.bold(level), escape(finding.message.as_bytes()));
    let mut shown = format!("{head}\n  {excerpt}\n  {:indent$}{carets}{help}", "");
    if let Some(reason) = &finding.service_reason {
        shown.push_str(&format!("\n  the service says: {}", escape(reason.as_bytes())));
    }
    shown
}

/// The part of the pattern around the finding, the column of the caret in it, and how many carets.
fn excerpt(text: &str, finding: &Diagnostic) -> (String, usize, usize) {
    let before = text.get(..finding.span.start).unwrap_or(text);
    let rest = text.get(finding.span.start..).unwrap_or_default();
    let marked = text.get(finding.span.clone()).unwrap_or_default();
    let columns = |part: &str| escape(part.as_bytes()).chars().count();
    let skipped = before.chars().count().saturating_sub(LEAD_MAX);
    let lead: String = before.chars().skip(skipped).collect();
    let room = EXCERPT_MAX.saturating_sub(lead.chars().count());
    let tail: String = rest.chars().take(room).collect();
    let dots = |is_cut: bool| if is_cut { "…" } else { "" };
    let is_cut = rest.chars().nth(room).is_some();
    let excerpt = format!(
        "{}{}{}{}",
        dots(skipped > 0),
        escape(lead.as_bytes()),
        escape(tail.as_bytes()),
        dots(is_cut)
    );
    let marked: String = marked.chars().take(room).collect();
    (excerpt, columns(&lead) + usize::from(skipped > 0), columns(&marked).max(1))
}

/// Findings as JSON.
pub(super) fn as_json(findings: &[Diagnostic]) -> Value {
    let one = |finding: &Diagnostic| {
        let mut object = serde_json::Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), value);
            }
        };
        put("lint", finding.lint.map(|lint| json!(lint.as_str())));
        put("note", finding.lint.map(|lint| json!(lint.is_note())));
        put("start", Some(json!(finding.span.start)));
        put("end", Some(json!(finding.span.end)));
        put("message", Some(json!(finding.message)));
        put("suggestion", finding.suggestion.as_ref().map(|text| json!(text)));
        put("replacement", finding.replacement.as_ref().map(|text| json!(text)));
        put("service_reason", finding.service_reason.as_ref().map(|text| json!(text)));
        put("limit", finding.limit.map(|limit| json!(limit.as_str())));
        Value::Object(object)
    };
    Value::Array(findings.iter().map(one).collect())
}
