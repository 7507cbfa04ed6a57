//! JSON documents: their views by the vectors, their fields by cases.

#[path = "common/vectors.rs"]
mod vectors;

use hsmstream_record::{Body, Document, Field, Kind, Origin, Record, Value};
use proptest::prelude::*;
use serde_json::Value as Json;
use vectors::{are_enough, vectors};

const CLOUD_TRAIL: &[u8] = include_bytes!("../../../tests/samples/09-aws-cloudtrail-CreateHsm.json");

const fn record(kind: Kind, json: &[u8]) -> Record<'_> {
    let origin = Origin {
        account: None,
        log_group: None,
        log_stream: None,
        cluster: None,
        hsm: None,
        event_id: None,
        event_timestamp_ms: None,
    };
    Record { origin, body: Body::Document(Document { kind, time_usecs: None, json }) }
}

fn document(kind: Kind, json: &[u8]) -> Record<'_> {
    Record { body: Body::Document(Document::new(kind, json)), ..record(kind, json) }
}

fn view(record: &Record<'_>) -> String {
    let mut view = Vec::new();
    record.write_view(&mut view);
    String::from_utf8(view).expect("text")
}

#[test]
fn single_documents_have_the_view_of_the_vectors() {
    let mut checked = 0;
    for (vector, input) in vectors() {
        let records = vector["expect"]["records"].as_array().expect("records");
        let Some(kind) = [Kind::Certificate, Kind::CloudTrail, Kind::Metric]
            .into_iter()
            .find(|kind| records.first().is_some_and(|view| view["kind"] == kind.as_str()))
        else {
            continue;
        };
        // The vectors' documents stand alone, or one behind the other.
        let mut documents = serde_json::Deserializer::from_slice(&input).into_iter::<Json>();
        let mut start = 0;
        for expected in records {
            let Some(Ok(own)) = documents.next() else { panic!("{}: a document", vector["id"]) };
            if own != expected["event"] {
                break; // inside a transport
            }
            let json = input.get(start..documents.byte_offset()).expect("a range").trim_ascii();
            start = documents.byte_offset();
            let view: Json = serde_json::from_str(&view(&document(kind, json))).expect("a view is JSON");
            assert_eq!(view, *expected, "{}", vector["id"]);
            checked += 1;
        }
    }
    assert!(are_enough(checked, 9), "only {checked} documents checked");
}

#[test]
fn a_view_keeps_the_texts_of_numbers_and_strings() {
    let json = b"{ \"object_handle\" : 463180677312929947 ,\n\t\"a\":[ 1.50e+1 , \"x \\u00e9 \\\" y\" ] }";
    assert_eq!(
        view(&document(Kind::Certificate, json)),
        "{\"kind\":\"certificate\",\"event\":{\"object_handle\":463180677312929947,\"a\":[1.50e+1,\"x \\u00e9 \\\" y\"]}}"
    );
    // What a JSON text may not hold does not reach the output even if a document holds it.
    assert_eq!(
        view(&document(Kind::Metric, b"{\"a\":\"\xff\n\"}")),
        "{\"kind\":\"metric\",\"event\":{\"a\":\"\u{fffd}\\n\"}}"
    );
}

#[test]
fn times() {
    for (kind, json, usecs) in [
        (Kind::Certificate, "{\"timestamp\":1}", Some(1000)),
        (Kind::Certificate, "{\"timestamp\":1,\"timestamp\":2}", Some(2000)),
        (Kind::Metric, "{\"timestamp\":-1}", None),
        (Kind::Metric, "{\"timestamp\":1.5}", None),
        (Kind::Metric, "{\"timestamp\":\"1\"}", None),
        (Kind::Metric, "{\"timestamp\":253402300799999}", Some(253_402_300_799_999_000)),
        (Kind::Metric, "{\"timestamp\":253402300800000}", None),
        (Kind::Metric, "{\"timestamp\":18446744073709551615}", None),
        (Kind::CloudTrail, "{\"eventTime\":\"1970-01-01T00:00:01\\u005a\"}", Some(1_000_000)),
        (Kind::CloudTrail, "{\"eventTime\":\"yesterday\"}", None),
        (Kind::CloudTrail, "{\"eventTime\":5,\"timestamp\":5}", None),
        (Kind::CloudTrail, "[]", None),
        (Kind::CloudTrail, "", None),
    ] {
        let record = document(kind, json.as_bytes());
        assert_eq!(record.time_usecs(), usecs, "{json}");
        assert_eq!(record.value(&Field::Time).is_some(), usecs.is_some(), "{json}");
    }
}

#[test]
fn event_fields() {
    let text = |json: &[u8], field: &str| {
        let value = record(Kind::CloudTrail, json).value(&Field::parse(field).expect(field))?;
        let (mut text, mut json) = (Vec::new(), Vec::new());
        value.write_text(&mut text);
        let _shown = value.write_json(&mut json);
        Some((String::from_utf8(text).expect("text"), String::from_utf8(json).expect("text")))
    };
    let both = |text: &str, json: &str| Some((text.to_owned(), json.to_owned()));
    let sample = |field| text(CLOUD_TRAIL, field);
    assert_eq!(sample("event.eventName"), both("CreateHsm", "\"CreateHsm\""));
    assert_eq!(sample("event.responseElements.hsm.hsmId"), both("hsm-6lz2hfmnzbx", "\"hsm-6lz2hfmnzbx\""));
    assert_eq!(sample("event.responseElements.hsm"), None);
    assert_eq!(sample("event.responseElements.hsm.hsmId.x"), None);
    assert_eq!(sample("event.nothing"), None);
    assert_eq!(sample("opcode"), None);
    let json = br#"{"a":{"b":1},"a":{"c":463180677312929947,"d.e":null,"f":[1],"g":true,"h":"\u0041\n"}}"#;
    assert_eq!(text(json, "event.a.b"), None, "the last member of a name counts");
    assert_eq!(text(json, "event.a.c"), both("463180677312929947", "463180677312929947"));
    assert_eq!(text(json, "event.a['d.e']"), None);
    assert_eq!(text(json, "event.a.f"), None);
    assert_eq!(text(json, "event.a.g"), both("true", "true"));
    assert_eq!(text(json, "event.a.h"), both("A\n", "\"\\u0041\\n\""));
    assert!(matches!(record(Kind::CloudTrail, json).value(&Field::Kind), Some(Value::Text(b"cloudtrail"))));
}

proptest! {
    #[test]
    fn nothing_panics(json in "[\\[\\]{}:,\"\\\\a ]{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let field = Field::parse("event.a.a").expect("a field");
        for json in [json.as_bytes(), &bytes] {
            for kind in [Kind::Metric, Kind::CloudTrail] {
                let record = document(kind, json);
                let _any = record.value(&field);
                let mut view = Vec::new();
                record.write_view(&mut view);
                prop_assert!(!view.contains(&b'\n'));
            }
        }
    }
}
