//! `tests:` → expanded records and expectations.

use hsmstream_record::{Field, Kind};

use super::detect;
use super::fields::{self, Fields};
use super::paths;
use crate::case::{Expectation, ExpectedRow, Named, Test};
use crate::expand::{Compact, Given, TEST_START_USECS, Timeline, VALUES, json_text, known_response, origin};
use crate::limits::Limits;
use crate::names::did_you_mean;
use crate::report::Report;
use crate::rule::Operator;
use crate::yaml::{Node, Resolved, Value};

/// What the reader of a rule's tests knows of the rule.
struct Context<'r> {
    /// The operator and the group key, unless they have a mistake themselves.
    rule: Option<&'r detect::Read>,
    kind: Kind,
    limits: &'r Limits,
}

/// Reads `tests:`; absent is empty.
pub(crate) fn read(
    fields: &Fields<'_>,
    rule: Option<&detect::Read>,
    kind: Kind,
    limits: &Limits,
    report: &mut Report<'_>,
) -> Vec<Test> {
    let Some(node) = fields.value("tests") else { return Vec::new() };
    let context = Context { rule, kind, limits };
    let items = fields::list(node, "`tests`", TESTS_MAX, report).unwrap_or(&[]);
    items.iter().filter_map(|item| test(item, &context, report)).collect()
}

fn test(node: &Node, context: &Context<'_>, report: &mut Report<'_>) -> Option<Test> {
    let fields = Fields::open(node, "a test", &["name", "records", "expect", "rollups"], &[], report)?;
    let name = match fields.value("name") {
        Some(node) => fields::text(node, "`name`", report).unwrap_or("").to_owned(),
        None => {
            report.error(node.span, "a test needs a `name`".into(), None);
            String::new()
        }
    };
    let mut timeline = Timeline::default();
    match fields.value("records") {
        Some(node) => records(node, context, &mut timeline, report),
        None => report.error(node.span, "a test needs `records`".into(), None),
    }
    let is_rollup = context.rule.map(|(operator, _)| matches!(operator, Operator::Rollup(_)));
    let (wanted, other, why) = match is_rollup {
        Some(true) => ("rollups", "expect", "a rollup gives rows: write `rollups`"),
        _ => ("expect", "rollups", "this rule gives alerts: write `expect`"),
    };
    if is_rollup.is_some() {
        if let Some(entry) = fields.entry(other) {
            report.error(entry.span, format!("`{other}` does not go with this rule"), Some(why.into()));
        } else if fields.entry(wanted).is_none() {
            report.error(
                node.span,
                format!("a test needs `{wanted}`"),
                Some("`[]` says that nothing comes".into()),
            );
        }
    }
    let place = report.source().place(node.span);
    let expect = items(&fields, "expect", report)
        .iter()
        .filter_map(|item| expectation(item, context, &timeline, report))
        .collect();
    let rollups =
        items(&fields, "rollups", report).iter().filter_map(|item| row(item, context, report)).collect();
    Some(Test { name, place, records: timeline.records, expect, rollups })
}

fn items<'n>(fields: &Fields<'n>, key: &str, report: &mut Report<'_>) -> &'n [Node] {
    let Some(node) = fields.value(key) else { return &[] };
    fields::list(node, &format!("`{key}`"), EXPECTATIONS_MAX, report).unwrap_or(&[])
}

fn records(node: &Node, context: &Context<'_>, timeline: &mut Timeline, report: &mut Report<'_>) {
    let limits = context.limits;
    for item in fields::list(node, "`records`", limits.test_records_max, report).unwrap_or(&[]) {
        let compact = match item.scalar() {
            Some(Resolved::Text(text)) => {
                raw(item, text, &Compact::default(), context.kind, timeline, report);
                continue;
            }
            _ => compact(item, context, report),
        };
        let Some(compact) = compact else { continue };
        if let Some(Given::Text(text)) = compact.values.get("raw") {
            raw(item, text, &compact, context.kind, timeline, report);
            continue;
        }
        for n in 0..compact.repeat {
            if timeline.records.len() >= limits.test_records_max || timeline.bytes >= limits.test_bytes_max {
                let (records, bytes) = (limits.test_records_max, limits.test_bytes_max);
                report.error(
                    item.span,
                    format!("a test has at most {records} records and {bytes} bytes"),
                    None,
                );
                return;
            }
            timeline.push_compact(&compact, n);
        }
    }
}

/// A record given as text: has to parse.
fn raw(
    node: &Node,
    text: &str,
    compact: &Compact,
    kind: Kind,
    timeline: &mut Timeline,
    report: &mut Report<'_>,
) {
    let mut origin = origin(compact);
    let text = hsmstream_record::trim_end(text.as_bytes());
    if kind != Kind::Audit {
        // Framing lets no other text through as a document: a pattern never sees it.
        if !hsmstream_pattern::is_object(text) {
            report.error(
                node.span,
                format!("the text is no {} record: it has to be one JSON object", kind.as_str()),
                None,
            );
            return;
        }
        timeline.push_raw(kind, origin, text.to_vec(), None);
        return;
    }
    match hsmstream_record::parse(text, &hsmstream_record::Limits::default()) {
        Ok(audit) => {
            let usecs = audit.usecs;
            origin.event_timestamp_ms = i64::try_from(usecs / 1_000).ok();
            timeline.push_raw(kind, origin, text.to_vec(), Some(usecs));
        }
        Err(malformed) => {
            let message = format!("the text is no audit record: {}", malformed.reason.as_str());
            report.error(node.span, message, Some(format!("at byte {} of the text", malformed.offset)));
        }
    }
}

/// A record in the compact form.
fn compact(node: &Node, context: &Context<'_>, report: &mut Report<'_>) -> Option<Compact> {
    const OTHERS: [&str; 10] = [
        "at",
        "repeat",
        "every",
        "account",
        "cluster",
        "hsm",
        "extra",
        "cloudtrail",
        "metric",
        "certificate",
    ];
    let known: Vec<&str> = OTHERS.iter().chain(&VALUES).copied().collect();
    let fields = Fields::open(node, "a record", &known, &[], report)?;
    let limits = context.limits;
    let before = report.errors();
    let mut found = Compact { repeat: 1, every: 1_000_000, ..Compact::default() };
    found.at = fields.value("at").and_then(|node| fields::duration(node, "`at`", limits, report));
    if let Some(node) = fields.value("repeat") {
        found.repeat =
            fields::integer(node, "`repeat`", (1, limits.test_records_max as u64), report).unwrap_or(1);
    }
    if let Some(node) = fields.value("every") {
        found.every = fields::duration(node, "`every`", limits, report).unwrap_or(0);
    }
    let mut text =
        |key: &str| fields.value(key).and_then(|node| fields::text(node, key, report)).map(str::to_owned);
    (found.account, found.cluster, found.hsm) = (text("account"), text("cluster"), text("hsm"));
    for key in VALUES {
        let Some(node) = fields.value(key) else { continue };
        if let Some(given) = given(node, key, report) {
            found.values.insert(key, given);
        }
    }
    if let Some(node) = fields.value("extra") {
        found.extra = extra(node, report);
    }
    document(&fields, context, &mut found, report);
    (report.errors() == before).then_some(found)
}

/// A value of the compact form: text or a whole number.
fn given(node: &Node, key: &str, report: &mut Report<'_>) -> Option<Given> {
    match node.scalar() {
        Some(Resolved::Integer(Some(number))) if u64::try_from(number).is_ok() => {
            u64::try_from(number).ok().map(Given::Number)
        }
        Some(Resolved::Text(text)) => {
            if key == "response" && known_response(text).is_none() {
                let help = "write a code, or all of it: `163:HSM Error: RET_USER_LOGIN_FAILURE`".to_owned();
                report.error(node.span, format!("`{text}` is no known response"), Some(help));
                return None;
            }
            Some(Given::Text(text.to_owned()))
        }
        _ => {
            report.error(
                node.span,
                format!("`{key}` has to be text or a whole number, not {}", node.what()),
                None,
            );
            None
        }
    }
}

fn extra(node: &Node, report: &mut Report<'_>) -> Vec<(String, String)> {
    let Value::Mapping(entries) = &node.value else {
        report.error(node.span, format!("`extra` has to be a mapping, not {}", node.what()), None);
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        match &entry.value.value {
            Value::Scalar(scalar) => found.push((entry.key.clone(), scalar.text.clone())),
            _ => report.error(entry.value.span, format!("`{}` has to be text", entry.key), None),
        }
    }
    found
}

/// Reads `cloudtrail`, `metric` or `certificate`, which has to be what the rule looks at.
fn document(fields: &Fields<'_>, context: &Context<'_>, found: &mut Compact, report: &mut Report<'_>) {
    for kind in [Kind::CloudTrail, Kind::Metric, Kind::Certificate] {
        let Some(entry) = fields.entry(kind.as_str()) else { continue };
        if kind != context.kind {
            let message = format!("the rule looks at {} records", context.kind.as_str());
            report.error(entry.span, message, Some("see the rule's `on`".into()));
            return;
        }
        let Value::Mapping(members) = &entry.value.value else {
            let message = format!("`{}` has to be a mapping, not {}", entry.key, entry.value.what());
            report.error(entry.value.span, message, None);
            return;
        };
        let member = |entry: &crate::yaml::Entry, report: &mut Report<'_>| {
            let mut json = String::new();
            write_json(&entry.value, &mut json, report);
            (entry.key.clone(), json)
        };
        found.document = Some((kind, members.iter().map(|entry| member(entry, report)).collect()));
        return;
    }
    if context.kind != Kind::Audit && !found.values.contains_key("raw") {
        let message = format!("the rule looks at {} records", context.kind.as_str());
        let help = format!("write `{{ {}: {{ … }} }}`", context.kind.as_str());
        report.error(fields.span, message, Some(help));
    }
}

/// A YAML value as JSON; the depth of the tree is limited by the loader.
fn write_json(node: &Node, out: &mut String, report: &mut Report<'_>) {
    match &node.value {
        Value::Scalar(scalar) => out.push_str(&scalar_json(node, &scalar.text, report)),
        Value::Sequence(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out, report);
            }
            out.push(']');
        }
        Value::Mapping(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&json_text(&entry.key));
                out.push(':');
                write_json(&entry.value, out, report);
            }
            out.push('}');
        }
    }
}

fn scalar_json(node: &Node, written: &str, report: &mut Report<'_>) -> String {
    match node.scalar() {
        Some(Resolved::Bool(truth)) => truth.to_string(),
        Some(Resolved::Integer(Some(number))) => number.to_string(),
        Some(Resolved::Text(text)) => json_text(text),
        Some(Resolved::Float)
            if written.starts_with(|c: char| c.is_ascii_digit()) && !written.ends_with('.') =>
        {
            written.to_owned()
        }
        Some(Resolved::Float | Resolved::Integer(None)) => {
            report.error(node.span, format!("`{written}` is no JSON number"), None);
            String::new()
        }
        Some(Resolved::Null) | None => "null".to_owned(),
    }
}

fn expectation(
    node: &Node,
    context: &Context<'_>,
    timeline: &Timeline,
    report: &mut Report<'_>,
) -> Option<Expectation> {
    const KEYS: [&str; 7] = ["alerts", "at", "group", "count", "first", "last", "suppressed"];
    let fields = Fields::open(node, "an expectation", &KEYS, &[], report)?;
    let mut number = |key: &str| {
        let node = fields.value(key)?;
        fields::integer(node, &format!("`{key}`"), (0, context.limits.sum_max), report)
    };
    let (alerts, count, suppressed) = (number("alerts"), number("count"), number("suppressed"));
    let mut moment = |key: &str| moment(fields.value(key)?, key, context, timeline, report);
    let (at, first, last) = (moment("at"), moment("first"), moment("last"));
    let group = group(&fields, context, report);
    let place = report.source().place(node.span);
    Some(Expectation { place, alerts: alerts.unwrap_or(1), at, group, count, first, last, suppressed })
}

/// A record's number or a duration since the start, as event time in µs.
fn moment(
    node: &Node,
    key: &str,
    context: &Context<'_>,
    timeline: &Timeline,
    report: &mut Report<'_>,
) -> Option<u64> {
    let Some(Resolved::Integer(number)) = node.scalar() else {
        let since = fields::duration(node, &format!("`{key}`"), context.limits, report)?;
        return TEST_START_USECS.checked_add(since);
    };
    let index = number.and_then(|number| usize::try_from(number.checked_sub(1)?).ok());
    let time = index.and_then(|index| timeline.times.get(index)).copied();
    if time.is_none() {
        let count = timeline.times.len();
        let help = "a time is written with a unit: `90s`".to_owned();
        report.error(node.span, format!("`{key}` names a record, and the test has {count}"), Some(help));
    }
    time.flatten()
}

fn row(node: &Node, context: &Context<'_>, report: &mut Report<'_>) -> Option<ExpectedRow> {
    const KEYS: [&str; 5] = ["start", "end", "group", "measures", "complete"];
    let fields = Fields::open(node, "a row", &KEYS, &[], report)?;
    let mut bound = |key: &str| {
        let since = fields::duration(fields.value(key)?, &format!("`{key}`"), context.limits, report)?;
        TEST_START_USECS.checked_add(since)
    };
    let (start, end) = (bound("start"), bound("end"));
    let complete = fields.value("complete").and_then(|node| fields::truth(node, "`complete`", report));
    let group = group(&fields, context, report);
    let mut measures = Vec::new();
    if let Some(node) = fields.value("measures") {
        let names: Option<Vec<&str>> = context.rule.and_then(|(operator, _)| match operator {
            Operator::Rollup(rollup) => {
                Some(rollup.measures.iter().map(|measure| measure.name.as_str()).collect())
            }
            _ => None,
        });
        measures = named(node, "measures", names.as_deref(), report);
    }
    let place = report.source().place(node.span);
    Some(ExpectedRow { place, start, end, group, measures, complete })
}

/// Expected values of the group key; names have to be in it, kinds have to fit the view.
fn group(fields: &Fields<'_>, context: &Context<'_>, report: &mut Report<'_>) -> Named {
    let Some(node) = fields.value("group") else { return Vec::new() };
    let names: Option<Vec<String>> =
        context.rule.map(|(_, group_by)| group_by.iter().map(Field::name).collect());
    let names: Option<Vec<&str>> = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
    let found = named(node, "group", names.as_deref(), report);
    if let Value::Mapping(entries) = &node.value {
        for entry in entries {
            let is_number = matches!(entry.value.scalar(), Some(Resolved::Integer(_) | Resolved::Float));
            let is_text = matches!(entry.value.scalar(), Some(Resolved::Text(_)));
            if is_number && !paths::may_be_number(&entry.key) {
                let message = format!("`{}` is text in the record view", entry.key);
                report.error(entry.value.span, message, Some("quote the value".into()));
            } else if is_text && !paths::may_be_text(&entry.key) {
                let message = format!("`{}` is a number in the record view", entry.key);
                report.error(entry.value.span, message, Some("take the quotes off".into()));
            }
        }
    }
    found
}

/// A mapping of names to JSON values.
fn named(node: &Node, what: &str, names: Option<&[&str]>, report: &mut Report<'_>) -> Named {
    let Value::Mapping(entries) = &node.value else {
        report.error(node.span, format!("`{what}` has to be a mapping, not {}", node.what()), None);
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        if let Some(names) = names
            && !names.contains(&entry.key.as_str())
        {
            let help = did_you_mean(&entry.key, names.iter().copied());
            report.error(entry.span, format!("`{}` is not in the rule's {what}", entry.key), help);
        }
        let mut json = String::new();
        write_json(&entry.value, &mut json, report);
        found.push((entry.key.clone(), json));
    }
    found
}

/// Tests of one rule.
const TESTS_MAX: usize = 200;
/// Expectations of one test.
const EXPECTATIONS_MAX: usize = 1_000;
