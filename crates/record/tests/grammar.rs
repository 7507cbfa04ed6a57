//! The edges of the grammar that the vectors leave open: a case is lines behind a header, and what the view
//! then says. Each states the sentence of the record contract it rests on.

use hsmstream_record::{Body, Limits, Origin, Reason, Record, is_boundary, parse};
use serde_json::{Value as Json, json};

const HEADER: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n";
/// What the header alone makes of the view.
const HEADER_FIELDS: [&str; 4] = ["kind", "time", "usecs", "sequence"];

fn view(frame: &[u8]) -> Json {
    let audit = parse(frame, &Limits::default()).expect("a record");
    let mut view = Vec::new();
    Record { origin: Origin::default(), body: Body::Audit(audit) }.write_view(&mut view);
    serde_json::from_slice(&view).expect("a view is JSON")
}

/// Checks the fields that `lines` add to a record.
fn check(lines: &str, expected: &Json) {
    let mut view = view(format!("{HEADER}{lines}").as_bytes());
    view.as_object_mut().expect("an object").retain(|name, _| !HEADER_FIELDS.contains(&name.as_str()));
    assert_eq!(view, *expected, "{lines}");
}

fn check_reject(frame: &str, reason: Reason, offset: usize) {
    let malformed = parse(frame.as_bytes(), &Limits::default()).expect_err(frame);
    assert_eq!((malformed.reason, malformed.offset as usize), (reason, offset), "{frame}");
}

#[test]
fn a_value_keeps_the_first_line_of_its_label() {
    check(
        "Opcode : A (1)\nOpcode : B (zz)",
        &json!({"opcode": "A", "opcode_code": 1, "anomalies": ["repeated_label"]}),
    );
    // An empty first line is the first line: what follows is a repetition.
    check(
        "Command Type(hex) : X\nOpcode :\nOpcode : B",
        &json!({"command_type": "X", "anomalies": ["repeated_label"]}),
    );
}

#[test]
fn behind_a_user_name_the_last_line_counts() {
    check(
        "Opcode : A\nUser Name : x\nUser Type : FORGED (2)\nUser Type : GENUINE (1)",
        &json!({"opcode": "A", "user": {"name": "x", "type": "GENUINE", "type_code": 1}, "anomalies": ["repeated_label"]}),
    );
    // The forged line's value is dropped before it could be odd.
    check(
        "Opcode : A\nUser Name : x\nUser Type : FORGED (z)\nUser Type : GENUINE (1)",
        &json!({"opcode": "A", "user": {"name": "x", "type": "GENUINE", "type_code": 1}, "anomalies": ["repeated_label"]}),
    );
    check(
        "Version No : 2\nOpcode : A\nUser Name : x\nTarget User Name : forged\nUser Name : y\nTarget User Name : t\nTarget User id : 1",
        &json!({"version": "2", "opcode": "A", "user": {"name": "x"}, "target_user": {"name": "t", "id": "1"}, "anomalies": ["repeated_label"]}),
    );
}

#[test]
fn what_stood_before_the_user_name_cannot_be_forged_behind_it() {
    check(
        "Opcode : A\nUser Type : HEADER (1)\nUser Name : x\nUser Type : FORGED (2)",
        &json!({"opcode": "A", "user": {"name": "x", "type": "HEADER", "type_code": 1}, "anomalies": ["repeated_label"]}),
    );
}

#[test]
fn labels_not_believed_are_kept_aside() {
    check(
        "Opcode : A\nUser Name : x\nVersion No : 2\nMechanism : 1\nKey Handle : x\nUser Type : T",
        &json!({
            "opcode": "A", "user": {"name": "x", "type": "T"},
            "extra": {"Version No": "2", "Mechanism": "1", "Key Handle": "x"}, "anomalies": ["label_after_user"],
        }),
    );
    check(
        "Opcode : A\nUser Name : x\nResponse :",
        &json!({"opcode": "A", "user": {"name": "x"}, "anomalies": ["label_after_user"]}),
    );
}

#[test]
fn labels_compare_exactly() {
    check(
        "Opcode : A\nopcode : b\n Response : 0:HSM Return: SUCCESS\nSession  Handle : 0x1",
        &json!({"opcode": "A", "extra": {"opcode": "b", " Response": "0:HSM Return: SUCCESS", "Session  Handle": "0x1"}}),
    );
}

#[test]
fn extra_keeps_the_first_of_a_label_and_nothing_empty() {
    check("Opcode : A\nN : 1\nN : 2\nE :\nE : 3", &json!({"opcode": "A", "extra": {"N": "1", "E": "3"}}));
    check(
        "Opcode : A\n\t: x\nsecond",
        &json!({"opcode": "A", "extra": {"": ": x"}, "anomalies": ["stray_line"]}),
    );
    check(
        "Opcode : A\nKey Handle : -1\nKey Handle : 1",
        &json!({"opcode": "A", "extra": {"Key Handle": "-1"}, "anomalies": ["repeated_label", "bad_value"]}),
    );
}

#[test]
fn exactly_thirty_two_extra_labels_are_not_too_many() {
    let lines = |count: usize| (0..count).map(|n| format!("\nL{n} : {n}\nL0 : again")).collect::<String>();
    // Twice as many lines as labels, and a limit of 64 lines: 29 labels fit.
    let frame = format!("{HEADER}Opcode : A{}", lines(29));
    assert_eq!(view(frame.as_bytes()).get("anomalies"), None);
    let limits = Limits { frame_lines_max: 1000, ..Limits::default() };
    for (count, truncated) in [(32, false), (33, true)] {
        let frame = format!("{HEADER}Opcode : A{}", lines(count));
        let audit = parse(frame.as_bytes(), &limits).expect("a record");
        assert_eq!(audit.anomalies.contains(hsmstream_record::Anomaly::ExtraTruncated), truncated);
        assert_eq!(audit.extra().count(), 32);
    }
}

#[test]
fn responses() {
    let response = |value: &str, expected: Json| {
        let mut whole = json!({"opcode": "A"});
        whole.as_object_mut().expect("an object").extend(expected.as_object().expect("an object").clone());
        check(&format!("Opcode : A\nResponse : {value}"), &whole);
    };
    let conflict = json!(["response_conflict"]);
    response(
        "5:HSM Return: OK",
        json!({"outcome": "success", "response": {"code": 5, "text": "OK"}, "anomalies": conflict}),
    );
    response(
        "0:HSM Error: X",
        json!({"outcome": "failure", "response": {"code": 0, "text": "X"}, "anomalies": conflict}),
    );
    // One blank is allowed behind the code; with two it is other wording.
    response(
        "5:  HSM Return: OK",
        json!({"outcome": "failure", "response": {"code": 5, "text": "HSM Return: OK"}}),
    );
    response("0:", json!({"outcome": "success", "response": {"code": 0, "text": ""}}));
    response(
        "18446744073709551616:HSM Error: X",
        json!({"extra": {"Response": "18446744073709551616:HSM Error: X"}, "anomalies": ["bad_value"]}),
    );
}

#[test]
fn names_and_codes() {
    check("Opcode : A  (0XD)", &json!({"opcode": "A  (0XD)", "anomalies": ["bad_value"]}));
    check("Opcode : A   (D)", &json!({"opcode": "A", "opcode_code": 13}));
    check("Opcode : A (1) b", &json!({"opcode": "A (1) b", "anomalies": ["bad_value"]}));
    check("Opcode : (0x1)", &json!({"opcode": "(0x1)"}));
    check(
        "Opcode : A\nLog type : L (0x1)",
        &json!({"opcode": "A", "log_type": "L (0x1)", "anomalies": ["bad_value"]}),
    );
    check("Opcode : A\nOperation : S (7)", &json!({"opcode": "A", "operation": "S", "operation_code": 7}));
}

#[test]
fn handles_and_counters() {
    check(
        "Opcode : A\nSession Handle : 0xABCDEF",
        &json!({"opcode": "A", "session": "0xabcdef", "connection": "0xabc"}),
    );
    check(
        "Opcode : A\nReboot counter : 0x100000000",
        &json!({"opcode": "A", "extra": {"Reboot counter": "0x100000000"}, "anomalies": ["bad_value"]}),
    );
    check("Opcode : A\nKey Handle : 007", &json!({"opcode": "A", "key": {"handle": 7, "object_handle": 7}}));
}

#[test]
fn rejects() {
    let time = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\n";
    check_reject(&format!("{time}Sequence No :  \nOpcode : A"), Reason::BadSequence, time.len() + 15);
    check_reject(&format!("{time}Sequence No : 5\n"), Reason::BadSequence, time.len() + 14);
    check_reject("Time: 01/24/18 17:44:25.013218xusecs:1\nSequence No : 0x5\nOpcode : A", Reason::BadTime, 6);
    check_reject("Time: \nSequence No : 0x5", Reason::BadTime, 6);
    check_reject("Opcode : A\nTime: usecs:1", Reason::NotARecord, 0);
    check_reject("", Reason::NotARecord, 0);
    check_reject(&format!("{}{}", "x\n".repeat(64), "x"), Reason::TooManyLines, 0);
    check_reject(&"x".repeat(65537), Reason::TooLarge, 0);
}

#[test]
fn a_record_may_have_an_odd_printed_time() {
    for (printed, anomalies) in [
        ("01/24/18 17:44:26.013218", json!(null)),
        ("01/24/18 17:44:26.013219", json!(["time_mismatch"])),
        ("01/24/18 17:44:25", json!(null)),
        ("01/24/18 24:00:00.000000", json!(["bad_printed_time"])),
        ("02/29/18 17:44:25.013218", json!(["bad_printed_time"])),
        ("", json!(["bad_printed_time"])),
    ] {
        let frame = format!("Time: {printed}, usec: 1516815865013218\nSequence No : 0x5\nOpcode : A");
        assert_eq!(
            view(frame.as_bytes()).get("anomalies").cloned().unwrap_or_default(),
            anomalies,
            "{printed}"
        );
    }
}

#[test]
fn folded_records() {
    let frame = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218 Sequence No: 0x5\tOpcode : A User Name : x \
        Target User Type : T (1) User Type : U (2) Target User Type : V (3)";
    let view = view(frame.as_bytes());
    // `Target User Type` is the longer label, so the `User Type` in it does not split.
    assert_eq!(
        view["user"],
        json!({"name": "x Target User Type : T (1)", "type": "U (2) Target User Type : V", "type_code": 3})
    );
    assert_eq!(view["opcode"], "A");
    // Without a second known label it is no folded record, but one whose time does not end.
    check_reject("Time: 01/24/18 17:44:25.013218, usecs:15 Sequence No: 0x5", Reason::BadTime, 6);
}

#[test]
fn the_view_has_the_order_of_the_contract() {
    let frame = format!(
        "{HEADER}Reboot counter : 0x1\nOpcode : A (1)\nCommand Type(hex) : C (2)\nVersion No : 2\nNote : n\nKey Handle : 0\n\
        Session Handle : 0x1\nResponse : 0:fine\nUser id : 9\nUser Name : \"\nMfa enabled : no"
    );
    let audit = parse(frame.as_bytes(), &Limits::default()).expect("a record").with_bad_escape(true);
    let origin = Origin {
        cluster: Some(b"c"),
        hsm: Some(b"h\xff"),
        event_timestamp_ms: Some(-1),
        ..Origin::default()
    };
    let mut view = Vec::new();
    Record { origin, body: Body::Audit(audit) }.write_view(&mut view);
    assert_eq!(
        String::from_utf8(view).expect("text"),
        "{\"kind\":\"audit\",\"time\":\"2018-01-24T17:44:25.013218Z\",\"usecs\":1516815865013218,\"version\":\"2\",\"sequence\":5,\
        \"reboot\":1,\"command_type\":\"C\",\"command_type_code\":2,\"opcode\":\"A\",\"opcode_code\":1,\"session\":\"0x1\",\
        \"connection\":\"0x0\",\"outcome\":\"success\",\"response\":{\"code\":0,\"text\":\"fine\"},\"user\":{\"name\":\"\\\"\",\"id\":\"9\"},\
        \"key\":{\"object_handle\":0},\"mfa_enabled\":\"no\",\"cluster\":\"c\",\"hsm\":\"h\u{fffd}\",\"event_timestamp\":-1,\
        \"extra\":{\"Note\":\"n\"},\"anomalies\":[\"bad_escape\",\"invalid_utf8\"]}"
    );
}

#[test]
fn boundaries() {
    for line in ["Time: 01/24/18 17:44", "Time:01/24/18", "Time\t :\t 99/99/99\n"] {
        assert!(is_boundary(line.as_bytes()), "{line}");
    }
    for line in
        ["", "Time", "Time: 1/24/18", " Time: 01/24/18", "time: 01/24/18", "Time: 01/24/1", "Timer: 01/24/18"]
    {
        assert!(!is_boundary(line.as_bytes()), "{line}");
    }
}
