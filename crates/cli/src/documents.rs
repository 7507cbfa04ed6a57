//! Published documents, read back: one line for people from the JSON of an alert, rollup or reject.
//!
//! Takes the flat and the OCSF form; anything else is shown as it is. All text is escaped.

use serde_json::Value;

use crate::terminal::{Paint, escape};

/// One line for a document.
pub(crate) fn line(document: &[u8], paint: Paint) -> String {
    let Ok(json) = serde_json::from_slice::<Value>(document) else { return escape(document) };
    match json.get("type").and_then(Value::as_str) {
        Some("alert") => alert(&json, paint),
        Some("closing") => closing(&json, paint),
        Some("rollup") => rollup(&json, paint),
        Some("reject") => reject(&json, paint),
        _ if json.get("class_uid").is_some() => finding(&json, paint),
        _ => escape(document),
    }
}

fn alert(json: &Value, paint: Paint) -> String {
    let observed = match json.get("threshold").and_then(Value::as_u64) {
        Some(threshold) => format!("  {} (threshold {threshold})", text(json, "count")),
        None => String::new(),
    };
    let suppressed = json.get("suppressed_before").and_then(Value::as_u64).unwrap_or(0);
    let suppressed =
        if suppressed > 0 { format!("  (+{suppressed} suppressed before)") } else { String::new() };
    format!(
        "{}  {}  {}{observed}  {}{suppressed}",
        time(&text(json, "fire_time")),
        paint.severity(&text(json, "severity")),
        paint.bold(&text(json, "title")),
        group(json.get("group")),
    )
}

fn closing(json: &Value, paint: Paint) -> String {
    let (rule, count) = (text(json, "rule"), text(json, "suppressed"));
    let group = group(json.get("group"));
    paint.dim(&format!(
        "{}  update    {rule}  {count} more suppressed  {group}",
        time(&text(json, "fire_time"))
    ))
}

fn rollup(json: &Value, paint: Paint) -> String {
    let end = time(&text(json, "window_end"));
    let measures = pairs(json.get("measures"));
    let open = if json.get("complete") == Some(&Value::Bool(false)) { "  (open)" } else { "" };
    paint.dim(&format!(
        "{}–{}  {}  {measures}  {}{open}",
        time(&text(json, "window_start")),
        end.get(11..).unwrap_or(&end),
        text(json, "rule"),
        group(json.get("group"))
    ))
}

fn reject(json: &Value, paint: Paint) -> String {
    let place = ["topic", "partition", "offset"].map(|name| {
        json.get("position").and_then(|position| position.get(name)).map_or_else(String::new, shown)
    });
    format!(
        "{}  reject    {} at {}",
        paint.dim(&time(&text(json, "first_seen"))),
        text(json, "reason"),
        place.join("/")
    )
}

fn finding(json: &Value, paint: Paint) -> String {
    let ms = json.get("time").and_then(Value::as_i64).unwrap_or(0);
    let stamp =
        jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |stamp| stamp.to_string());
    let severity = text(json, "severity").to_lowercase();
    let title = json.get("finding_info").map_or_else(String::new, |info| text(info, "title"));
    let update = if text(json, "activity_name") == "Update" { "  (update)" } else { "" };
    format!(
        "{}  {}  {}  {}{update}",
        time(&stamp),
        paint.severity(&severity),
        paint.bold(&title),
        text(json, "message")
    )
}

fn group(group: Option<&Value>) -> String {
    pairs(group)
}

fn pairs(object: Option<&Value>) -> String {
    let Some(Value::Object(fields)) = object else { return String::new() };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escape(name.as_bytes()), shown(value)));
    pairs.collect::<Vec<_>>().join(", ")
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).map_or_else(String::new, shown)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => escape(text.as_bytes()),
        Value::Null => "(none)".to_owned(),
        other => other.to_string(),
    }
}

fn time(text: &str) -> String {
    text.get(..19).unwrap_or(text).replace('T', " ")
}
