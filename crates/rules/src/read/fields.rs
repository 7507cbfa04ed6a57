//! Typed access to the keys of a mapping, with a diagnostic for everything that does not fit.
//!
//! Invariant: a reader that returns `None` for a node that is there has reported why.

use hsmstream_window::Span;

use crate::duration;
use crate::limits::Limits;
use crate::names::{did_you_mean, joined};
use crate::report::Report;
use crate::source::ByteSpan;
use crate::yaml::{Entry, Node, Resolved, Value};

/// A mapping whose keys have been checked.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    /// The mapping's place.
    pub(crate) span: ByteSpan,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// Opens `node`, reports what is no mapping and keys that are neither `known` nor `later`; the
    /// latter are refused by name as not supported yet.
    pub(crate) fn open(
        node: &'n Node,
        what: &str,
        known: &[&str],
        later: &[&str],
        report: &mut Report<'_>,
    ) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            report.error(node.span, format!("{what} has to be a mapping, not {}", node.what()), None);
            return None;
        };
        for entry in entries {
            let key = entry.key.as_str();
            if later.contains(&key) {
                report.error(entry.span, format!("`{key}` is not supported yet"), None);
            } else if !known.contains(&key) {
                let help = did_you_mean(key, known.iter().copied())
                    .or_else(|| Some(format!("{what} takes {}", joined(known))));
                report.error(entry.span, format!("unknown key `{key}`"), help);
            }
        }
        Some(Self { span: node.span, entries })
    }

    /// The value of `key`.
    pub(crate) fn value(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All keys in file order.
    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.entries
    }
}

/// Text; numbers and truth values have to be quoted to be text.
pub(crate) fn text<'n>(node: &'n Node, what: &str, report: &mut Report<'_>) -> Option<&'n str> {
    if let Some(Resolved::Text(text)) = node.scalar() {
        return Some(text);
    }
    let help = match &node.value {
        Value::Scalar(scalar) if !scalar.text.is_empty() && scalar.text.len() < 80 => {
            Some(format!("quote it: \"{}\"", scalar.text))
        }
        _ => None,
    };
    report.error(node.span, format!("{what} has to be text, not {}", node.what()), help);
    None
}

/// A whole number within `low..=high`.
pub(crate) fn integer(
    node: &Node,
    what: &str,
    (low, high): (u64, u64),
    report: &mut Report<'_>,
) -> Option<u64> {
    let Some(Resolved::Integer(value)) = node.scalar() else {
        report.error(node.span, format!("{what} has to be a whole number, not {}", node.what()), None);
        return None;
    };
    let value =
        value.and_then(|value| u64::try_from(value).ok()).filter(|value| low <= *value && *value <= high);
    if value.is_none() {
        report.error(node.span, format!("{what} has to be between {low} and {high}"), None);
    }
    value
}

/// `true` or `false`.
pub(crate) fn truth(node: &Node, what: &str, report: &mut Report<'_>) -> Option<bool> {
    if let Some(Resolved::Bool(value)) = node.scalar() {
        return Some(value);
    }
    report.error(node.span, format!("{what} has to be true or false, not {}", node.what()), None);
    None
}

/// A duration in µs, up to the limit.
pub(crate) fn duration(node: &Node, what: &str, limits: &Limits, report: &mut Report<'_>) -> Option<u64> {
    let written = match (&node.value, node.scalar()) {
        (Value::Scalar(scalar), Some(Resolved::Text(_) | Resolved::Integer(_) | Resolved::Float)) => {
            &scalar.text
        }
        _ => {
            report.error(node.span, format!("{what} has to be a duration, not {}", node.what()), None);
            return None;
        }
    };
    match duration::parse(written) {
        Ok(usecs) if usecs <= limits.duration_usecs_max => Some(usecs),
        Ok(_) => {
            let most = duration::print(limits.duration_usecs_max);
            report.error(node.span, format!("{what} is longer than {most}"), None);
            None
        }
        Err(bad) => {
            let (message, help) = bad.explain(written);
            report.error(node.span, message, Some(help));
            None
        }
    }
}

/// A duration above zero.
pub(crate) fn length(node: &Node, what: &str, limits: &Limits, report: &mut Report<'_>) -> Option<Span> {
    let usecs = duration(node, what, limits, report)?;
    if usecs == 0 {
        report.error(node.span, format!("{what} has to be longer than nothing"), None);
        return None;
    }
    Some(Span(usecs))
}

/// One of `names`, as its index.
pub(crate) fn one_of(node: &Node, what: &str, names: &[&str], report: &mut Report<'_>) -> Option<usize> {
    let written = text(node, what, report)?;
    let found = names.iter().position(|name| *name == written);
    if found.is_none() {
        let help = did_you_mean(written, names.iter().copied())
            .or_else(|| Some(format!("{what} is one of {}", joined(names))));
        report.error(node.span, format!("`{written}` is no {what}"), help);
    }
    found
}

/// The items of a list of at most `most`.
pub(crate) fn list<'n>(
    node: &'n Node,
    what: &str,
    most: usize,
    report: &mut Report<'_>,
) -> Option<&'n [Node]> {
    let Value::Sequence(items) = &node.value else {
        report.error(
            node.span,
            format!("{what} has to be a list, not {}", node.what()),
            Some("write it in brackets: […]".to_owned()),
        );
        return None;
    };
    if items.len() > most {
        report.error(
            node.span,
            format!("{what} has {} items, at most {most} are possible", items.len()),
            None,
        );
        return None;
    }
    Some(items)
}

/// A list of texts.
pub(crate) fn texts(node: &Node, what: &str, most: usize, report: &mut Report<'_>) -> Vec<String> {
    let items = list(node, what, most, report).unwrap_or(&[]);
    items.iter().filter_map(|item| text(item, what, report)).map(str::to_owned).collect()
}
