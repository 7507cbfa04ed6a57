//! The JSON Schemas (draft-07) of all documents, embedded.
//!
//! A schema is closed: it names every attribute that this version emits. Within a major version attributes
//! are only added, so consumers that validate should let unknown ones pass.

/// The names that [`schema`] knows.
pub const SCHEMA_NAMES: [&str; 7] =
    ["alert", "alert-flat", "closing-flat", "rollup", "reject", "operational", "record"];

/// Version of the schemas, part of each `$id`.
pub const VERSION: &str = "1.0.0";

/// The schema of that name: `alert` (OCSF; closing updates too), `alert-flat`, `closing-flat`, `rollup`,
/// `reject`, `operational`, or `record` (the JSON view of a record).
#[must_use]
pub fn schema(name: &str) -> Option<&'static str> {
    Some(match name {
        "alert" => include_str!("../schemas/alert.json"),
        "alert-flat" => include_str!("../schemas/alert-flat.json"),
        "closing-flat" => include_str!("../schemas/closing-flat.json"),
        "rollup" => include_str!("../schemas/rollup.json"),
        "reject" => include_str!("../schemas/reject.json"),
        "operational" => include_str!("../schemas/operational.json"),
        "record" => include_str!("../schemas/record.json"),
        _ => return None,
    })
}

/// The `$id` of the schema of that name.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("urn:hsmstream:schema:{name}:{VERSION}")
}
