//! The operators: `detect:` and `rollup:`.

use hsmstream_record::{Field, Kind};
use hsmstream_window::WindowKind;

use super::fields::{self, Fields};
use super::paths;
use crate::limits::Limits;
use crate::names::joined;
use crate::report::Report;
use crate::rule::{Measure, MeasureKind, Operator, Rollup, Threshold, What};
use crate::yaml::{Node, Resolved, Value};

/// An operator with its group key.
pub(crate) type Read = (Operator, Vec<Field>);

/// Operators of the design that this version refuses by name.
pub(crate) const OPERATORS_LATER: [&str; 7] =
    ["sequence", "absence", "first_seen", "baseline", "alarm", "correlate", "integrity"];

/// Reads `detect:`.
pub(crate) fn detect(node: &Node, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<Read> {
    let fields = Fields::open(node, "`detect`", &["threshold"], &OPERATORS_LATER, report)?;
    let is_operator = |key: &str| key == "threshold" || OPERATORS_LATER.contains(&key);
    let mut operators = fields.entries().iter().filter(|entry| is_operator(&entry.key));
    if operators.next().is_none() {
        if fields.entries().is_empty() {
            report.error(
                node.span,
                "`detect` names no operator".into(),
                Some("for example `threshold`".into()),
            );
        }
        return None;
    }
    if let Some(second) = operators.next() {
        report.error(second.span, "a rule has one operator".into(), Some("write a second rule".into()));
    }
    threshold(fields.value("threshold")?, kind, limits, report)
}

/// Reads `threshold:`.
fn threshold(node: &Node, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<Read> {
    const KEYS: [&str; 7] = ["count", "distinct", "sum", "reaches", "within", "window", "group_by"];
    let fields = Fields::open(node, "`threshold`", &KEYS, &[], report)?;
    let what = what(&fields, kind, limits, report);
    let window = match (fields.entry("within"), fields.entry("window")) {
        (Some(_), Some(window)) => {
            report.error(window.span, "`within` and `window` exclude each other".into(), None);
            None
        }
        (Some(within), None) => fields::length(&within.value, "`within`", limits, report)
            .map(|within| WindowKind::Sliding { within }),
        (None, Some(entry)) => window(&entry.value, limits, report),
        (None, None) => {
            let help = "write `within: 2m`, or `window: { tumbling: 1m }`".to_owned();
            report.error(fields.span, "`threshold` needs `within` or `window`".into(), Some(help));
            None
        }
    };
    let group_by = group_by(&fields, kind, limits, report);
    Some((Operator::Threshold(Threshold { what: what?, window: window? }), group_by))
}

/// Reads `count`, or `distinct` or `sum` with `reaches`.
fn what(fields: &Fields<'_>, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<What> {
    let mut given = ["count", "distinct", "sum"].into_iter().filter_map(|key| fields.entry(key));
    let first = given.next();
    if let Some(second) = given.next() {
        report.error(second.span, "`count`, `distinct` and `sum` exclude each other".into(), None);
        return None;
    }
    let Some(first) = first else {
        report.error(fields.span, "`threshold` needs `count`, `distinct` or `sum`".into(), None);
        return None;
    };
    let is_sum = fields.entry("sum").is_some();
    let range = (1, if is_sum { limits.sum_max } else { limits.events_max });
    let reaches = fields.entry("reaches");
    if first.key == "count" {
        if let Some(reaches) = reaches {
            let help = "`count: 5` alone says it; `reaches` belongs to `distinct` and `sum`".to_owned();
            report.error(reaches.span, "`reaches` does not go with `count`".into(), Some(help));
        }
        let reaches = fields::integer(&first.value, "`count`", range, report)?;
        return Some(What::Count { reaches });
    }
    let reaches = match reaches {
        Some(entry) => fields::integer(&entry.value, "`reaches`", range, report),
        None => {
            report.error(first.span, format!("`{}` needs `reaches`", first.key), None);
            None
        }
    };
    if first.key == "sum" {
        let field = number_field(&first.value, "`sum`", kind, report);
        return Some(What::Sum { field: field?, reaches: reaches? });
    }
    let fields = paths::tuple(&first.value, "`distinct`", kind, limits.key_fields_max, report);
    Some(What::Distinct { fields: fields?, reaches: reaches? })
}

/// A field that can hold a number.
fn number_field(node: &Node, what: &str, kind: Kind, report: &mut Report<'_>) -> Option<Field> {
    let field = paths::field(node, what, kind, report)?;
    if paths::may_be_number(&field.name()) {
        return Some(field);
    }
    report.error(node.span, format!("{what} needs a number, `{}` is text", field.name()), None);
    None
}

/// Reads a group key; absent is empty.
pub(crate) fn group_by(
    fields: &Fields<'_>,
    kind: Kind,
    limits: &Limits,
    report: &mut Report<'_>,
) -> Vec<Field> {
    fields
        .value("group_by")
        .and_then(|node| paths::list(node, "`group_by`", kind, limits.key_fields_max, report))
        .unwrap_or_default()
}

/// Reads `window:`.
fn window(node: &Node, limits: &Limits, report: &mut Report<'_>) -> Option<WindowKind> {
    const KEYS: [&str; 3] = ["tumbling", "hopping", "session"];
    let fields = Fields::open(node, "`window`", &KEYS, &[], report)?;
    let mut given = fields.entries().iter().filter(|entry| KEYS.contains(&entry.key.as_str()));
    let Some(first) = given.next() else {
        if fields.entries().is_empty() {
            report.error(node.span, format!("`window` needs {}", joined(&KEYS)), None);
        }
        return None;
    };
    if let Some(second) = given.next() {
        report.error(second.span, "a window has one form".into(), None);
        return None;
    }
    match first.key.as_str() {
        "tumbling" => {
            let size = fields::length(&first.value, "`tumbling`", limits, report)?;
            Some(WindowKind::Tumbling { size })
        }
        "hopping" => hopping(&first.value, limits, report),
        _ => {
            let fields = Fields::open(&first.value, "`session`", &["gap"], &[], report)?;
            let gap = required(&fields, "gap", "`session`", report)?;
            Some(WindowKind::Session { gap: fields::length(gap, "`gap`", limits, report)? })
        }
    }
}

/// Reads `hopping: { size, every }`.
fn hopping(node: &Node, limits: &Limits, report: &mut Report<'_>) -> Option<WindowKind> {
    let fields = Fields::open(node, "`hopping`", &["size", "every"], &[], report)?;
    let size = required(&fields, "size", "`hopping`", report)
        .and_then(|node| fields::length(node, "`size`", limits, report));
    let every_node = required(&fields, "every", "`hopping`", report)?;
    let every = fields::length(every_node, "`every`", limits, report)?;
    let size = size?;
    if every > size {
        report.error(
            every_node.span,
            "`every` is longer than `size`: events between windows would be lost".into(),
            None,
        );
        return None;
    }
    let panes = size.0.div_ceil(every.0);
    if panes > limits.panes_max {
        let message =
            format!("every event would be in {panes} windows, at most {} are possible", limits.panes_max);
        report.error(every_node.span, message, Some("make `every` longer".into()));
        return None;
    }
    Some(WindowKind::Hopping { size, every })
}

/// The value of a key that has to be there.
fn required<'n>(fields: &Fields<'n>, key: &str, what: &str, report: &mut Report<'_>) -> Option<&'n Node> {
    let value = fields.value(key);
    if value.is_none() {
        report.error(fields.span, format!("{what} needs `{key}`"), None);
    }
    value
}

/// Reads `rollup:`.
pub(crate) fn rollup(node: &Node, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<Read> {
    let fields = Fields::open(node, "`rollup`", &["window", "group_by", "measures"], &[], report)?;
    let window =
        required(&fields, "window", "`rollup`", report).and_then(|node| window(node, limits, report));
    let group_by = group_by(&fields, kind, limits, report);
    let measures = required(&fields, "measures", "`rollup`", report)
        .and_then(|node| measures(node, kind, limits, report));
    Some((Operator::Rollup(Rollup { window: window?, measures: measures? }), group_by))
}

/// Reads `measures:`.
fn measures(node: &Node, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<Vec<Measure>> {
    let Value::Mapping(entries) = &node.value else {
        let help = "for example `measures: { events: count }`".to_owned();
        report.error(node.span, format!("`measures` has to be a mapping, not {}", node.what()), Some(help));
        return None;
    };
    if entries.is_empty() || entries.len() > limits.measures_max {
        report.error(node.span, format!("a rollup has 1 to {} measures", limits.measures_max), None);
        return None;
    }
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.key.as_str();
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || name.len() > 64 || !is_plain {
            let help = "letters, digits and `_`, at most 64".to_owned();
            report.error(entry.span, format!("`{name}` is no name of a measure"), Some(help));
        }
        if let Some(kind) = measure(&entry.value, kind, limits, report) {
            found.push(Measure { name: name.to_owned(), kind });
        }
    }
    Some(found)
}

/// Reads `count`, or `{ distinct | sum | min | max: FIELD }`.
fn measure(node: &Node, kind: Kind, limits: &Limits, report: &mut Report<'_>) -> Option<MeasureKind> {
    const KEYS: [&str; 4] = ["distinct", "sum", "min", "max"];
    if let Some(scalar) = node.scalar() {
        if scalar == Resolved::Text("count") {
            return Some(MeasureKind::Count);
        }
        let help = "write `count`, or for example `{ distinct: user.name }`".to_owned();
        report.error(node.span, "not a measure".into(), Some(help));
        return None;
    }
    let fields = Fields::open(node, "a measure", &KEYS, &[], report)?;
    let mut given = fields.entries().iter().filter(|entry| KEYS.contains(&entry.key.as_str()));
    let (Some(first), None) = (given.next(), given.next()) else {
        report.error(node.span, format!("a measure is `count` or one of {}", joined(&KEYS)), None);
        return None;
    };
    match first.key.as_str() {
        "distinct" => paths::tuple(&first.value, "`distinct`", kind, limits.key_fields_max, report)
            .map(MeasureKind::Distinct),
        "sum" => number_field(&first.value, "`sum`", kind, report).map(MeasureKind::Sum),
        "min" => number_field(&first.value, "`min`", kind, report).map(MeasureKind::Min),
        _ => number_field(&first.value, "`max`", kind, report).map(MeasureKind::Max),
    }
}
