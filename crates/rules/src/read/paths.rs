//! Field paths in rules: resolved against the record view, checked against the rule's kind.

use hsmstream_record::{Field, Kind, Why};

use super::fields;
use crate::names::did_you_mean;
use crate::report::Report;
use crate::source::ByteSpan;
use crate::yaml::{Node, Value};

/// First parts of paths that the design names and this version does not have.
pub(crate) const LATER: [&str; 3] = ["actor", "ledger", "quorum"];

/// Fields that every kind of record has.
const COMMON: [&str; 9] =
    ["kind", "time", "account", "log_group", "log_stream", "cluster", "hsm", "event_id", "event_timestamp"];

/// Audit fields that are numbers in the view; all others are text.
const NUMBERS: [&str; 20] = [
    "usecs",
    "sequence",
    "reboot",
    "command_type_code",
    "opcode_code",
    "response.code",
    "log_type_code",
    "user.type_code",
    "target_user.type_code",
    "key.handle",
    "key.private_handle",
    "key.public_handle",
    "key.object_handle",
    "operation_code",
    "local_time_usecs",
    "host_time_usecs",
    "propagation_delay_usecs",
    "event_timestamp",
    "time_usecs",
    "event",
];

/// Whether the field's value can be a JSON number.
pub(crate) fn may_be_number(name: &str) -> bool {
    NUMBERS.contains(&name) || name.starts_with("event.")
}

/// Whether the field's value can be JSON text.
pub(crate) fn may_be_text(name: &str) -> bool {
    !NUMBERS.contains(&name) || name.starts_with("event.")
}

/// One field path.
pub(crate) fn field(node: &Node, what: &str, kind: Kind, report: &mut Report<'_>) -> Option<Field> {
    let path = fields::text(node, what, report)?;
    resolve(path, node.span, kind, report)
}

/// One field path or a list of them, no field twice.
pub(crate) fn tuple(
    node: &Node,
    what: &str,
    kind: Kind,
    most: usize,
    report: &mut Report<'_>,
) -> Option<Vec<Field>> {
    if !matches!(node.value, Value::Sequence(_)) {
        return field(node, what, kind, report).map(|field| vec![field]);
    }
    let found = list(node, what, kind, most, report)?;
    if found.is_empty() {
        report.error(node.span, format!("{what} needs at least one field"), None);
        return None;
    }
    Some(found)
}

/// A list of field paths, no field twice.
pub(crate) fn list(
    node: &Node,
    what: &str,
    kind: Kind,
    most: usize,
    report: &mut Report<'_>,
) -> Option<Vec<Field>> {
    let items = fields::list(node, what, most, report)?;
    let mut found: Vec<Field> = Vec::new();
    for item in items {
        let Some(field) = field(item, what, kind, report) else { continue };
        if found.contains(&field) {
            report.error(item.span, format!("`{}` stands twice in {what}", field.name()), None);
        } else {
            found.push(field);
        }
    }
    Some(found)
}

fn resolve(path: &str, span: ByteSpan, kind: Kind, report: &mut Report<'_>) -> Option<Field> {
    let path_bare = path.strip_prefix("$.").unwrap_or(path);
    let first = path_bare.split('.').next().unwrap_or("");
    if LATER.contains(&first) {
        report.error(span, format!("field `{path_bare}` is not supported yet"), None);
        return None;
    }
    if path != path_bare {
        report.error(
            span,
            format!("`{path}` is a selector, not a field path"),
            Some(format!("write `{path_bare}`; selectors belong into patterns")),
        );
        return None;
    }
    let field = match Field::parse(path) {
        Ok(field) => field,
        Err(unknown) => {
            let help = match unknown.why {
                Why::Object => Some("name one of its members".to_owned()),
                Why::BadPath => {
                    Some("write `event.name.name`, or `event['a.b']` for a name with a dot".to_owned())
                }
                _ => unknown
                    .nearest
                    .map(|near| format!("did you mean `{near}`?"))
                    .or_else(|| did_you_mean(path, names())),
            };
            let message = match unknown.why {
                Why::Unknown => format!("unknown field `{path}`"),
                Why::Object => format!("`{path}` is an object, not a field"),
                Why::List => format!("`{path}` is a list, not a field"),
                Why::BadPath | Why::TooLong => format!("`{path}` is no field path"),
            };
            report.error(span, message, help);
            return None;
        }
    };
    let is_event = matches!(field, Field::Event(_));
    let is_common = COMMON.contains(&&*field.name());
    let fits = if kind == Kind::Audit { !is_event } else { is_event || is_common };
    if fits {
        return Some(field);
    }
    let help = if is_event {
        "fields of `event` belong to cloudtrail, metric and certificate records".to_owned()
    } else {
        format!("fields of the record itself are named `event.…`, for example `event.{path}`")
    };
    report.error(span, format!("{} records have no field `{path}`", kind.as_str()), Some(help));
    None
}

/// All names a field path may have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Field::NAMES.iter().copied()
}
