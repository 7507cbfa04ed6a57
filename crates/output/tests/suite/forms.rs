//! The exact documents, as golden files. `UPDATE=1 cargo test` rewrites them.

use std::path::PathBuf;

use hsmstream_output::*;
use serde_json::Value;

use crate::examples;

#[test]
fn examples_are_as_recorded() {
    let update = std::env::var_os("UPDATE").is_some();
    examples::each(&mut |name, format, output| {
        let value = examples::encoded(Encoder::new(format), &output).1;
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).join(name);
        let path = path.with_file_name(format!("{name}.json"));
        let text = String::from_utf8(value).unwrap() + "\n";
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name}");
    });
}

#[test]
fn encoding_appends_and_repeats_itself() {
    examples::each(&mut |name, format, output| {
        let encoder = Encoder::new(format);
        let once = examples::encoded(encoder, &output).1;
        let mut twice = b"before".to_vec();
        assert_eq!(encoder.output(&output, &mut twice), Cut::Nothing);
        assert_eq!(encoder.output(&output, &mut twice), Cut::Nothing);
        assert_eq!(twice, [b"before", once.as_slice(), once.as_slice()].concat(), "{name}");
        assert!(!once.contains(&b'\n'), "{name}: one document, one line");
    });
}

fn group_document(value: GroupValue<'_>) -> Value {
    let rule = examples::rule();
    let group = [GroupField { name: "event.x", value }];
    let closing = Closing { group: &group, ..examples::closing(&rule) };
    examples::document(AlertFormat::Flat, &Output::Closing(closing))["group"]["event.x"].clone()
}

#[test]
fn group_values_keep_their_type_and_number_text() {
    assert_eq!(group_document(GroupValue::Missing).to_string(), "null");
    assert_eq!(group_document(GroupValue::Number(u64::MAX)).to_string(), "18446744073709551615");
    assert_eq!(group_document(GroupValue::Text(b"7")).to_string(), "\"7\"");
    assert_eq!(group_document(GroupValue::Text(b"\xff\x00\"")).to_string(), "\"\u{fffd}\\u0000\\\"\"");
    for lexeme in ["463180677312929947", "-1.5", "true", "false", "0"] {
        assert_eq!(group_document(GroupValue::Lexeme(lexeme.as_bytes())).to_string(), lexeme);
    }
    // What is no JSON scalar, or one that common readers refuse, is text.
    for lexeme in ["1e999", "01", "+1", "1 ", " 1", "NaN", "inf", "1,\"x\":2", "{}", "", "-", "\"a\"", "null"]
    {
        let shown = group_document(GroupValue::Lexeme(lexeme.as_bytes()));
        assert_eq!(shown, Value::String(lexeme.to_owned()));
    }
}

#[test]
fn of_group_fields_with_one_name_the_first_is_shown() {
    let rule = examples::rule();
    let field = |text| GroupField { name: "user.name", value: GroupValue::Text(text) };
    let group = [field(b"first"), field(b"second")];
    let closing = Closing { group: &group, ..examples::closing(&rule) };
    let bytes = examples::encoded(Encoder::new(AlertFormat::Flat), &Output::Closing(closing)).1;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(r#""group":{"user.name":"first"}"#), "{text}");
}

#[test]
fn times_beyond_the_calendar_are_held_at_its_end() {
    assert_eq!(Timestamp::from_micros(u64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
    assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(Timestamp::from_kafka_millis(-1), None);
    assert_eq!(Timestamp::from_kafka_millis(i64::MAX), Some(Timestamp::from_micros(u64::MAX)));
    assert_eq!(Timestamp::from_micros(1_999).millis(), 1);
}

#[test]
fn summaries_tell_the_case_in_a_line() {
    let rule = examples::rule();
    let alert = examples::alert(&rule, &[]);
    assert_eq!(
        alert.summary(),
        "Repeated failed logins in one session: observed 5, threshold 5 for hsm=hsm-nwbbiqbj4jk, \
         connection=0xc008, user.name=(none); 2 more were suppressed before"
    );
    assert_eq!(
        examples::rollup(&rule).summary(),
        "login-failures-per-session 2026-03-02T10:00:00.000000Z to 2026-03-02T10:01:00.000000Z: events=4 \
         codes=532 for hsm=hsm-nwbbiqbj4jk, connection=0xc008, user.name=(none)"
    );
}

#[test]
fn rejects_hold_64_kib_and_the_true_length() {
    let raw = vec![0; REJECT_RAW_BYTES_MAX + 1];
    let encoded = |length| {
        let reject = Reject { raw: &raw[..length], length: length as u64, ..examples::reject() };
        examples::document(AlertFormat::Flat, &Output::Reject(reject))
    };
    let whole = encoded(REJECT_RAW_BYTES_MAX);
    assert_eq!(whole["raw_truncated"], false);
    let cut = encoded(REJECT_RAW_BYTES_MAX + 1);
    assert_eq!((&cut["raw_truncated"], &cut["length"]), (&Value::Bool(true), &Value::from(65_537)));
    assert_eq!(whole["raw"], cut["raw"]);
}
