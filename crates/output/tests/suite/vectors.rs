//! The shared vectors: their outputs in the flat form, and the record views against the record schema.

use std::path::Path;

use hsmstream_output::*;
use serde_json::{Value, json};

use crate::examples;
use crate::schemas::{assert_valid, objections};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every expected output of the rule vectors comes out with the names and values that the vectors state.
#[test]
fn rule_vectors_in_flat_form() {
    let mut count = 0;
    for folder in std::fs::read_dir(Path::new(VECTORS).join("rules")).unwrap() {
        let path = folder.unwrap().path().join("expect.jsonl");
        for expected in path.exists().then(|| lines(&path)).into_iter().flatten() {
            let flat = encode_expected(&expected);
            for (name, value) in expected.as_object().unwrap() {
                let is_time =
                    matches!(name.as_str(), "fire_time" | "first" | "last") || name.starts_with("window_");
                let wanted = match value.as_u64() {
                    Some(usecs) if is_time => json!(Timestamp::from_micros(usecs).to_string()),
                    _ => value.clone(),
                };
                assert_eq!(flat[name], wanted, "{name} of {expected}");
            }
            count += 1;
        }
    }
    assert!(count > 30, "only {count} vectors were found");
}

fn encode_expected(expected: &Value) -> Value {
    let rule = RuleInfo { id: expected["rule"].as_str().unwrap().to_owned(), ..examples::rule() };
    let group: Vec<GroupField<'_>> = expected["group"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| GroupField {
            name,
            value: match value {
                Value::Null => GroupValue::Missing,
                Value::String(text) => GroupValue::Text(text.as_bytes()),
                other => GroupValue::Number(other.as_u64().unwrap()),
            },
        })
        .collect();
    let group = group.as_slice();
    let number = |name: &str| expected[name].as_u64().unwrap();
    let time = |name: &str| Timestamp::from_micros(number(name));
    let measures: Vec<Measure<'_>> = expected["measures"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| Measure { name, value: MeasureValue::Number(value.as_u64().unwrap()) })
        .collect();
    let output = match expected["type"].as_str().unwrap() {
        "alert" => Output::Alert(Alert {
            group,
            fire_time: time("fire_time"),
            count: number("count"),
            first: time("first"),
            last: time("last"),
            suppressed_before: number("suppressed_before"),
            ..examples::alert(&rule, &[])
        }),
        "closing" => Output::Closing(Closing {
            group,
            fire_time: time("fire_time"),
            suppressed: number("suppressed"),
            ..examples::closing(&rule)
        }),
        "rollup" => Output::Rollup(Rollup {
            group,
            window_start: time("window_start"),
            window_end: time("window_end"),
            measures: &measures,
            complete: expected["complete"].as_bool().unwrap(),
            ..examples::rollup(&rule)
        }),
        other => panic!("type {other}"),
    };
    let document = examples::document(AlertFormat::Flat, &output);
    assert_valid(output.schema_name(AlertFormat::Flat), &document);
    document
}

/// The record schema takes every view that the record vectors state, and refuses each of them when an
/// attribute has another type.
#[test]
fn record_vectors_satisfy_the_record_schema() {
    let mut views = 0;
    for vector in lines(&Path::new(VECTORS).join("records.jsonl")) {
        for view in vector["expect"]["records"].as_array().into_iter().flatten() {
            assert_valid("record", view);
            views += 1;
            for name in view.as_object().unwrap().keys().filter(|it| *it != "event") {
                let mut mutant = view.clone();
                mutant[name.as_str()] = json!(["x"]);
                assert!(!objections("record", &mutant).is_empty(), "{name} of {view}");
            }
        }
        for reject in vector["expect"]["rejects"].as_array().into_iter().flatten() {
            let reason = reject["reason"].as_str().unwrap();
            assert!(hsmstream_record::Reason::ALL.iter().any(|it| it.as_str() == reason), "{reason}");
        }
    }
    assert!(views > 200, "only {views} views were found");
}

/// The reject schema lists the reasons of the record crate, no more and no less.
#[test]
fn reject_schema_lists_the_reasons() {
    let listed = crate::schemas::parsed("reject")["properties"]["reason"]["enum"].clone();
    let known: Vec<&str> = hsmstream_record::Reason::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(listed, json!(known));
}

/// The enumerations of the schemas are those of the types.
#[test]
fn schemas_list_what_the_types_know() {
    let alert = crate::schemas::parsed("alert-flat");
    let operators: Vec<&str> = OperatorKind::ALL.iter().map(|it| it.as_str()).collect();
    let firing: Vec<&str> = operators.into_iter().filter(|it| *it != "rollup").collect();
    assert_eq!(alert["properties"]["operator"]["enum"], json!(firing));
    let severities: Vec<&str> = Severity::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(alert["properties"]["severity"]["enum"], json!(severities));
    let ways: Vec<&str> = Attribution::ALL.iter().map(|it| it.as_str()).collect();
    assert_eq!(alert["definitions"]["actor"]["properties"]["how"]["enum"], json!(ways));
    let kinds: Vec<&str> = OperationalKind::ALL.iter().map(|it| it.as_str()).collect();
    let operational = crate::schemas::parsed("operational");
    assert_eq!(operational["properties"]["kind"]["enum"], json!(kinds));
    let marks: Vec<Value> = Cut::ALL.iter().skip(1).map(|it| json!(it.marks())).collect();
    assert_eq!(alert["definitions"]["truncated"]["enum"], json!(marks));
}
