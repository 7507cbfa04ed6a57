//! What is emitted satisfies its schema, and what is changed does not.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hsmstream_output::schema::{SCHEMA_NAMES, identifier, schema};
use hsmstream_output::{Cut, Encoder};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::examples;

static VALIDATORS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
    let compile = |name| (name, jsonschema::draft7::new(&parsed(name)).unwrap());
    SCHEMA_NAMES.into_iter().map(compile).collect()
});

pub(crate) fn parsed(name: &str) -> Value {
    serde_json::from_str(schema(name).unwrap()).unwrap()
}

/// All objections of the schema of that name.
pub(crate) fn objections(name: &str, document: &Value) -> Vec<String> {
    VALIDATORS[name].iter_errors(document).map(|it| format!("{} at {}", it, it.instance_path())).collect()
}

pub(crate) fn assert_valid(name: &str, document: &Value) {
    assert_eq!(objections(name, document), Vec::<String>::new(), "{name}: {document:#}");
}

#[test]
fn schemas_are_schemas_and_say_what_they_are() {
    for name in SCHEMA_NAMES {
        let schema = parsed(name);
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{name}");
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["$id"], json!(identifier(name)));
        assert_eq!(schema["additionalProperties"], json!(false), "{name} must be closed");
        assert_described(&schema["properties"], name);
        for definition in schema["definitions"].as_object().into_iter().flatten() {
            assert_described(&definition.1["properties"], definition.0);
        }
    }
    assert_eq!(schema("nonsense"), None);
}

fn assert_described(properties: &Value, path: &str) {
    for (name, property) in properties.as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        let is_described = property["description"].is_string() || property["$ref"].is_string();
        assert!(is_described, "{path} has no description");
        assert_described(&property["properties"], &path);
        assert_described(&property["items"]["properties"], &path);
    }
}

#[test]
fn examples_are_valid() {
    examples::each(&mut |name, format, output| {
        let (cut, _, document) = examples::encoded(Encoder::new(format), &output);
        assert_eq!(cut, Cut::Nothing, "{name}");
        assert_valid(output.schema_name(format), &document);
    });
}

/// The check must be able to fail: every value of every example is replaced by one of another type, every
/// object gets an unknown attribute, every required attribute is taken away.
#[test]
fn mutants_are_invalid() {
    let mut mutants = 0;
    examples::each(&mut |name, format, output| {
        let document = examples::document(format, &output);
        let schema_name = output.schema_name(format);
        let required = parsed(schema_name)["required"].clone();
        for attribute in required.as_array().unwrap() {
            let mut mutant = document.clone();
            mutant.as_object_mut().unwrap().remove(attribute.as_str().unwrap());
            assert!(!objections(schema_name, &mutant).is_empty(), "{name} without {attribute}");
            mutants += 1;
        }
        for path in paths(&document, String::new()) {
            let mut mutant = document.clone();
            *mutant.pointer_mut(&path).unwrap() = json!({"unknown": []});
            assert!(!objections(schema_name, &mutant).is_empty(), "{name} with another type at {path}");
            mutants += 1;
            let is_open = path.ends_with("/group") || path.ends_with("/measures") || path == "/counters";
            let mut mutant = document.clone();
            if let (Some(object), false) = (mutant.pointer_mut(&path).unwrap().as_object_mut(), is_open) {
                object.insert("unknown".to_owned(), json!(1));
                assert!(!objections(schema_name, &mutant).is_empty(), "{name} with more at {path}");
                mutants += 1;
            }
        }
    });
    assert!(mutants > 400, "only {mutants}");
}

/// JSON pointers to all values.
fn paths(value: &Value, at: String) -> Vec<String> {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, it)| (escaped(key), it)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, it)| (i.to_string(), it)).collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(key, it)| paths(it, format!("{at}/{key}")));
    std::iter::once(at.clone()).chain(below).collect()
}

/// Values that are well-typed but contradict another one.
#[test]
fn contradictions_are_invalid() {
    let changes = [
        ("alert-ocsf-1.8.0", "/type_uid", json!(200_402)),
        ("alert-ocsf-1.8.0", "/severity_id", json!(5)),
        ("alert-ocsf-1.8.0", "/is_alert", json!(false)),
        ("alert-ocsf-1.8.0", "/metadata/version", json!("1.1.0")),
        ("alert-ocsf-1.1.0", "/metadata/version", json!("1.8.0")),
        ("alert-ocsf-1.8.0", "/time", json!(-1)),
        ("alert-ocsf-1.8.0", "/evidences/0/data/raw_state", json!("whole")),
        ("alert-ocsf-1.8.0", "/evidences/1/data/raw_state", json!("whole")),
        ("closing-ocsf-1.8.0", "/unmapped/hsmstream/suppressed", json!(0)),
        ("closing-ocsf-1.8.0", "/activity_id", json!(1)),
        ("alert-flat", "/id", json!("hsr-00000000000000000000000000000000")),
        ("alert-flat", "/fire_time", json!("2026-03-02T10:02:00Z")),
        ("alert-flat", "/count", json!(-1)),
        ("alert-flat", "/severity", json!("severe")),
        ("alert-flat", "/evidence/0/raw_state", json!("whole")),
        ("closing-flat", "/suppressed", json!(0)),
        ("rollup", "/measures/events", json!("4")),
        ("reject", "/reason", json!("unlucky")),
        ("reject", "/raw", json!("not base64!")),
        ("operational", "/kind", json!("coffee")),
    ];
    for (wanted, pointer, replacement) in changes {
        let mut seen = false;
        examples::each(&mut |name, format, output| {
            if name == wanted {
                let mut document = examples::document(format, &output);
                *document.pointer_mut(pointer).unwrap() = replacement.clone();
                let schema_name = output.schema_name(format);
                assert!(!objections(schema_name, &document).is_empty(), "{wanted} {pointer}");
                seen = true;
            }
        });
        assert!(seen, "{wanted}");
    }
}
