//! CloudEvents headers, keys, channels.

use std::collections::BTreeSet;

use hsmstream_output::cloudevents::{EventSource, event_type, headers};
use hsmstream_output::schema::{SCHEMA_NAMES, identifier};
use hsmstream_output::*;

use crate::examples;

#[test]
fn headers_are_those_of_binary_mode() {
    let rule = examples::rule();
    let output = Output::Alert(examples::alert(&rule, &[]));
    let source = EventSource::new("soc prod");
    let headers = headers(&output, AlertFormat::Ocsf { version: OcsfVersion::V1_8_0 }, &source);
    let id = output.id().to_string();
    let expected = [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", "/hsmstream/soc%20prod"),
        ("ce_type", "io.hsmstream.alert.v1"),
        ("ce_time", "2026-03-02T10:02:00.000000Z"),
        ("ce_subject", "login-failures-per-session"),
        ("ce_dataschema", "urn:hsmstream:schema:alert:1.0.0"),
        ("content-type", "application/json"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn every_publication_has_an_id_of_its_own() {
    let rule = examples::rule();
    let mut ids = BTreeSet::new();
    let revision = |revision| Output::Rollup(Rollup { revision, ..examples::rollup(&rule) });
    let outputs = [
        Output::Alert(examples::alert(&rule, &[])),
        Output::Closing(examples::closing(&rule)),
        revision(0),
        revision(1),
        Output::Reject(examples::reject()),
        Output::Operational(examples::operational()),
    ];
    for output in &outputs {
        assert!(ids.insert(output.event_id()), "{output:?}");
        for format in examples::ALL_FORMATS {
            assert!(SCHEMA_NAMES.contains(&output.schema_name(format)));
            let headers = headers(output, format, &EventSource::new("x"));
            let dataschema = headers.iter().find(|it| it.0 == "ce_dataschema").unwrap();
            assert_eq!(dataschema.1, identifier(output.schema_name(format)));
        }
    }
    assert!(ids.contains(&format!("{}.closing", examples::closing(&rule).id)));
    assert!(ids.contains(&format!("{}.1", examples::rollup(&rule).id)));
}

#[test]
fn a_header_holds_no_control_characters() {
    let mut rule = examples::rule();
    rule.id = "a\r\nb\u{85}".to_owned() + &"x".repeat(1000);
    let output = Output::Closing(examples::closing(&rule));
    for (_, value) in headers(&output, AlertFormat::Flat, &EventSource::new("a\nb/../é")) {
        assert!(!value.chars().any(char::is_control), "{value:?}");
        assert!(value.len() <= 1024);
    }
}

#[test]
fn staging_rules_publish_to_staging_only() {
    let mut rule = examples::rule();
    assert_eq!(Output::Alert(examples::alert(&rule, &[])).channel(), Channel::Alerts);
    assert_eq!(Output::Rollup(examples::rollup(&rule)).channel(), Channel::Rollups);
    rule.stage = Stage::Staging;
    assert_eq!(Output::Alert(examples::alert(&rule, &[])).channel(), Channel::Staging);
    assert_eq!(Output::Closing(examples::closing(&rule)).channel(), Channel::Staging);
    assert_eq!(Output::Rollup(examples::rollup(&rule)).channel(), Channel::Staging);
    assert_eq!(Output::Reject(examples::reject()).channel(), Channel::Rejects);
    assert_eq!(Output::Operational(examples::operational()).channel(), Channel::Alerts);
}

#[test]
fn keys_are_readable_and_cannot_be_forged() {
    let text = |name, text| GroupField { name, value: GroupValue::Text(text) };
    assert_eq!(rule_key("r", &[]), "r");
    assert_eq!(rule_key("r", &[text("hsm", b"hsm-1"), text("user.name", b"")]), "r|hsm=hsm-1|user.name=");
    assert_eq!(rule_key("r", &[GroupField { name: "user.name", value: GroupValue::Missing }]), "r|user.name");
    let forged = rule_key("r", &[text("a", b"1|b=2")]);
    assert_eq!(forged, "r|a=1%7Cb%3D2");
    assert_ne!(forged, rule_key("r", &[text("a", b"1"), text("b", b"2")]));
    assert_eq!(rule_key("r", &[text("a", b"\xff\n%")]), "r|a=%FF%0A%25");
    assert_eq!(reject_key(&examples::position(7)), "hsm.audit-3");
}

#[test]
fn long_keys_are_cut_and_stay_apart() {
    let key = |last| {
        let mut name = vec![b'x'; 70_000];
        name.push(last);
        rule_key("r", &[GroupField { name: "user.name", value: GroupValue::Text(&name) }])
    };
    assert_eq!(key(b'a').len(), KEY_BYTES_MAX);
    assert_ne!(key(b'a'), key(b'b'));
    assert_eq!(key(b'a'), key(b'a'));
    let exact = rule_key(&"r".repeat(KEY_BYTES_MAX), &[]);
    assert_eq!(exact, "r".repeat(KEY_BYTES_MAX));
}

#[test]
fn alert_closing_and_rollup_of_a_group_share_a_key() {
    let rule = examples::rule();
    let key = Output::Alert(examples::alert(&rule, &[])).message_key();
    assert_eq!(key, "login-failures-per-session|hsm=hsm-nwbbiqbj4jk|connection=0xc008|user.name");
    assert_eq!(key, Output::Closing(examples::closing(&rule)).message_key());
    assert_eq!(key, Output::Rollup(examples::rollup(&rule)).message_key());
}

/// The AsyncAPI document names the event types that the code sends, and schemas that exist.
#[test]
fn asyncapi_names_the_types_and_schemas() {
    let deploy = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy"));
    let document = std::fs::read_to_string(deploy.join("asyncapi.yaml")).unwrap();
    let named = |start: &str, end: &[char]| -> BTreeSet<String> {
        let found = document.split(start).skip(1);
        found.map(|rest| rest.split(end).next().unwrap_or_default().to_owned()).collect()
    };
    let rule = examples::rule();
    let outputs = [
        Output::Alert(examples::alert(&rule, &[])),
        Output::Closing(examples::closing(&rule)),
        Output::Rollup(examples::rollup(&rule)),
        Output::Reject(examples::reject()),
        Output::Operational(examples::operational()),
    ];
    let types: BTreeSet<String> = outputs.iter().map(|it| event_type(it).to_owned()).collect();
    let in_document = named("const: io.", &['}', '\n']);
    assert_eq!(in_document, types.iter().map(|it| it.trim_start_matches("io.").to_owned()).collect());
    let schemas = named("../crates/output/schemas/", &['\n']);
    let formats = examples::ALL_FORMATS;
    let sent = outputs.iter().flat_map(|it| formats.map(|format| format!("{}.json", it.schema_name(format))));
    assert_eq!(schemas, sent.collect());
    for schema in schemas {
        assert!(deploy.join("../crates/output/schemas").join(&schema).exists(), "{schema}");
    }
}
