//! One document → one rule.

use std::sync::Arc;

use hsmstream_record::Kind;
use hsmstream_window::Span;

use super::fields::{self, Fields};
use super::{case, detect, pattern};
use crate::fingerprint::{self, ContentHash, StateFingerprint};
use crate::limits::Limits;
use crate::names::did_you_mean;
use crate::report::Report;
use crate::rule::{Operator, Rule, Severity, Stage};
use crate::source::ByteSpan;
use crate::yaml::{Node, Value};

/// What a document gave.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The id, if it could be read.
    pub(crate) id: Option<String>,
    /// Where the id stands, else where the document begins.
    pub(crate) span: ByteSpan,
    /// The rule, if it has no mistake.
    pub(crate) rule: Option<Rule>,
}

const KEYS: [&str; 19] = [
    "id",
    "title",
    "description",
    "severity",
    "attack",
    "references",
    "falsepositives",
    "author",
    "license",
    "stage",
    "on",
    "pattern",
    "pattern_limits",
    "detect",
    "rollup",
    "suppress",
    "group_by",
    "evidence",
    "tests",
];

/// Options of the design that this version refuses by name, and the keys of Sigma rules.
const LATER: [&str; 15] = [
    "fold",
    "when",
    "order",
    "dedupe",
    "partitioned_by",
    "logsource",
    "detection",
    "correlation",
    "sequence",
    "absence",
    "first_seen",
    "baseline",
    "alarm",
    "correlate",
    "integrity",
];

const KINDS: [(&str, Kind); 4] = [
    ("audit", Kind::Audit),
    ("cloudtrail", Kind::CloudTrail),
    ("metric", Kind::Metric),
    ("certificate", Kind::Certificate),
];

/// Reads a document; every mistake in it is reported.
pub(crate) fn draft(node: &Node, limits: &Limits, report: &mut Report<'_>) -> Draft {
    let before = report.errors();
    report.set_rule(None);
    if let Some(draft) = sigma(node, report) {
        return draft;
    }
    let (id, span) = peek(node);
    report.set_rule(id);
    let Some(fields) = Fields::open(node, "a rule", &KEYS, &LATER, report) else {
        return Draft { id: None, span, rule: None };
    };
    let id = read_id(&fields, limits, report);
    let rule = build(&fields, id.clone().unwrap_or_default(), limits, report);
    let rule = rule.filter(|_| id.is_some() && report.errors() == before);
    report.set_rule(None);
    Draft { id, span, rule }
}

/// Sigma rules are refused as a whole, with one diagnostic.
fn sigma(node: &Node, report: &mut Report<'_>) -> Option<Draft> {
    let Value::Mapping(entries) = &node.value else { return None };
    let is_sigma = |key: &str| matches!(key, "logsource" | "detection" | "correlation");
    let entry = entries.iter().find(|entry| is_sigma(&entry.key))?;
    if entries.iter().any(|entry| matches!(entry.key.as_str(), "pattern" | "detect" | "rollup")) {
        return None;
    }
    let (id, span) = peek(node);
    report.set_rule(id);
    report.error(entry.span, "Sigma rules are not supported yet".into(), None);
    report.set_rule(None);
    Some(Draft { id: id.map(str::to_owned), span, rule: None })
}

/// The id as written, for naming the rule before it is checked.
fn peek(node: &Node) -> (Option<&str>, ByteSpan) {
    if let Value::Mapping(entries) = &node.value
        && let Some(entry) = entries.iter().find(|entry| entry.key == "id")
        && let Value::Scalar(scalar) = &entry.value.value
    {
        return (Some(&scalar.text), entry.value.span);
    }
    (None, ByteSpan::new(node.span.start, node.span.start))
}

fn read_id(fields: &Fields<'_>, limits: &Limits, report: &mut Report<'_>) -> Option<String> {
    let Some(node) = fields.value("id") else {
        let start = fields.span.start;
        report.error(ByteSpan::new(start, start), "the rule has no `id`".into(), Some("add `id: …`".into()));
        return None;
    };
    let id = fields::text(node, "`id`", report)?;
    let fits = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !fits || id.is_empty() || id.len() > limits.id_bytes_max {
        let help = format!("letters, digits, `-`, `_` and `.`, at most {}", limits.id_bytes_max);
        report.error(node.span, format!("`{id}` is no rule id"), Some(help));
        return None;
    }
    Some(id.to_owned())
}

/// Reads everything but the id. `None`: a part without which there is no rule is missing or wrong.
fn build(fields: &Fields<'_>, id: String, limits: &Limits, report: &mut Report<'_>) -> Option<Rule> {
    let kind = read_kind(fields, report);
    let pattern_limits = pattern::limits(fields, limits.pattern, report);
    let pattern = fields.value("pattern").map(|node| pattern::read(node, kind, &pattern_limits, report));
    let operator = read_operator(fields, kind, limits, report);
    let is_rollup = fields.value("rollup").is_some();
    if pattern.is_none() && !is_rollup {
        let at = fields.value("id").map_or(fields.span.start, |node| node.span.start);
        let help = "add `pattern: …`; the empty pattern '' matches every record".to_owned();
        report.error(ByteSpan::new(at, at), "the rule has no `pattern`".into(), Some(help));
    }
    let suppress = read_suppress(fields, limits, report);
    let texts = read_texts(fields, report);
    let stage = fields
        .value("stage")
        .and_then(|node| fields::one_of(node, "stage", &["production", "staging"], report));
    let evidence = fields
        .value("evidence")
        .and_then(|node| fields::integer(node, "`evidence`", (0, limits.evidence_max.into()), report))
        .and_then(|count| u32::try_from(count).ok());
    let tests = case::read(fields, operator.as_ref(), kind, limits, report);
    let (operator, group_by) = operator?;
    let default = match &operator {
        Operator::Threshold(threshold) => threshold.window.length(),
        Operator::Plain | Operator::Rollup(_) => Span::ZERO,
    };
    let source = report.source();
    let mut rule = Rule {
        title: texts.title.unwrap_or_else(|| id.clone()),
        id,
        description: texts.description,
        severity: texts.severity,
        attack: texts.attack,
        references: texts.references,
        falsepositives: texts.falsepositives,
        author: texts.author,
        license: texts.license,
        stage: if stage == Some(1) { Stage::Staging } else { Stage::Production },
        kind,
        pattern: pattern.flatten(),
        operator,
        group_by,
        suppress: suppress.unwrap_or(default),
        evidence: evidence.unwrap_or(limits.evidence_default),
        content_hash: ContentHash::NONE,
        state_fingerprint: StateFingerprint::NONE,
        tests,
        file: Arc::clone(&source.name),
        line: source.place(fields.span).line,
    };
    rule.content_hash = fingerprint::content(&rule);
    rule.state_fingerprint = fingerprint::state(&rule);
    Some(rule)
}

/// Reads `on:`; audit if absent or wrong.
fn read_kind(fields: &Fields<'_>, report: &mut Report<'_>) -> Kind {
    let names = KINDS.map(|(name, _)| name);
    fields
        .value("on")
        .and_then(|node| fields::one_of(node, "kind of record", &names, report))
        .and_then(|index| KINDS.get(index))
        .map_or(Kind::Audit, |(_, kind)| *kind)
}

/// Reads `detect`, `rollup` or neither, and the group key that goes with it.
fn read_operator(
    fields: &Fields<'_>,
    kind: Kind,
    limits: &Limits,
    report: &mut Report<'_>,
) -> Option<detect::Read> {
    let (detect, rollup) = (fields.entry("detect"), fields.entry("rollup"));
    if let (Some(_), Some(rollup)) = (detect, rollup) {
        let help = Some("write a second rule".to_owned());
        report.error(rollup.span, "`rollup` and `detect` exclude each other".into(), help);
    }
    let suppress = fields.entry("suppress");
    for key in ["suppress", "evidence"] {
        if let (Some(_), Some(entry)) = (rollup, fields.entry(key)) {
            let message = format!("`{key}` does not go with `rollup`: a rollup does not alert");
            report.error(entry.span, message, None);
        }
    }
    if detect.is_none() && rollup.is_none() {
        let group_by = detect::group_by(fields, kind, limits, report);
        let is_keyed = fields
            .value("group_by")
            .is_some_and(|node| !matches!(&node.value, Value::Sequence(items) if items.is_empty()));
        if let Some(suppress) = suppress.filter(|_| !is_keyed) {
            let help =
                "add for example `group_by: [cluster]`; one firing would hide all other clusters".to_owned();
            report.error(suppress.span, "`suppress` on a plain rule needs `group_by`".into(), Some(help));
        }
        return Some((Operator::Plain, group_by));
    }
    if let Some(group_by) = fields.entry("group_by") {
        let place = if detect.is_some() { "the operator under `detect`" } else { "`rollup`" };
        report.error(group_by.span, format!("`group_by` belongs into {place}"), None);
    }
    let detected = detect.map(|entry| detect::detect(&entry.value, kind, limits, report));
    let rolled = rollup.map(|entry| detect::rollup(&entry.value, kind, limits, report));
    detected.or(rolled).flatten()
}

fn read_suppress(fields: &Fields<'_>, limits: &Limits, report: &mut Report<'_>) -> Option<Span> {
    fields.value("suppress").and_then(|node| fields::duration(node, "`suppress`", limits, report)).map(Span)
}

/// What a rule says to people.
struct Texts {
    title: Option<String>,
    description: Option<String>,
    severity: Severity,
    attack: Vec<String>,
    references: Vec<String>,
    falsepositives: Vec<String>,
    author: Option<String>,
    license: Option<String>,
}

fn read_texts(fields: &Fields<'_>, report: &mut Report<'_>) -> Texts {
    const SEVERITIES: [Severity; 5] =
        [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let mut text = |key: &str| {
        let node = fields.value(key)?;
        fields::text(node, &format!("`{key}`"), report).map(str::to_owned)
    };
    let (title, description) = (text("title"), text("description"));
    let (author, license) = (text("author"), text("license"));
    let severity = fields
        .value("severity")
        .and_then(|node| fields::one_of(node, "severity", &Severity::NAMES, report))
        .and_then(|index| SEVERITIES.get(index).copied())
        .unwrap_or(Severity::Medium);
    let attack = fields.value("attack").map(|node| read_attack(node, report)).unwrap_or_default();
    let mut several = |key: &str| {
        let Some(node) = fields.value(key) else { return Vec::new() };
        if let Value::Scalar(_) = node.value {
            return fields::text(node, &format!("`{key}`"), report).map(str::to_owned).into_iter().collect();
        }
        fields::texts(node, &format!("`{key}`"), LIST_MAX, report)
    };
    let (references, falsepositives) = (several("references"), several("falsepositives"));
    Texts { title, description, severity, attack, references, falsepositives, author, license }
}

/// Techniques `T1110`, sub-techniques `T1110.001`, tactics `TA0006`.
fn read_attack(node: &Node, report: &mut Report<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in fields::list(node, "`attack`", LIST_MAX, report).unwrap_or(&[]) {
        let Some(id) = fields::text(item, "an ATT&CK id", report) else { continue };
        if is_attack(id) {
            found.push(id.to_owned());
            continue;
        }
        let upper = id.trim().trim_start_matches("attack.").to_ascii_uppercase();
        let help = if is_attack(&upper) {
            did_you_mean(id, [upper.as_str()]).or(Some(format!("did you mean `{upper}`?")))
        } else {
            Some("for example `T1110.001` or `TA0006`".to_owned())
        };
        report.error(item.span, format!("`{id}` is no ATT&CK id"), help);
    }
    found
}

fn is_attack(id: &str) -> bool {
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(tactic) = id.strip_prefix("TA") {
        return digits(tactic, 4);
    }
    let Some(technique) = id.strip_prefix('T') else { return false };
    match technique.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(technique, 4),
    }
}

/// Items of `attack`, `references` and `falsepositives`.
const LIST_MAX: usize = 64;
