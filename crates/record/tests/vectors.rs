//! The conformance vectors whose message is one record's own text, without a transport around it.

mod common;
#[path = "common/vectors.rs"]
mod vectors;

use common::split;
use hsmstream_record::{Body, Limits, Origin, Record, is_boundary, parse};
use serde_json::{Value as Json, json};
use vectors::{are_enough, vectors};

/// Prints what becomes of one frame as the vectors do: a view, or a reject.
fn print(frame: &[u8]) -> (Vec<Json>, Vec<Json>) {
    match parse(frame, &Limits::default()) {
        Ok(audit) => {
            let mut view = Vec::new();
            Record { origin: Origin::default(), body: Body::Audit(audit) }.write_view(&mut view);
            (vec![serde_json::from_slice(&view).expect("a view is JSON")], vec![])
        }
        Err(malformed) => {
            (vec![], vec![json!({"reason": malformed.reason.as_str(), "offset": malformed.offset})])
        }
    }
}

#[test]
fn text_becomes_the_expected_records_and_rejects() {
    let mut checked = 0;
    for (vector, input) in vectors() {
        if !input.split(|&byte| byte == b'\n').any(is_boundary) || vector["origin"].is_object() {
            continue;
        }
        if !matches!(vector["format"].as_str(), Some("auto" | "raw")) {
            continue;
        }
        if input.starts_with(b"EVENTS\t") || input.starts_with(b"20") || input.starts_with(b"15") {
            continue;
        }
        let (mut records, mut rejects) = (vec![], vec![]);
        for frame in split(&input) {
            let (record, reject) = print(frame);
            records.extend(record);
            rejects.extend(reject);
        }
        let expect = &vector["expect"];
        assert_eq!(Json::from(records), expect["records"], "{}", vector["id"]);
        assert_eq!(Json::from(rejects), expect["rejects"], "{}", vector["id"]);
        checked += 1;
    }
    assert!(are_enough(checked, 180), "only {checked} vectors are text");
}
