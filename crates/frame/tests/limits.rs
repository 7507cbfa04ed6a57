//! Every limit at its edge: what came before counts, what follows is one reject.

use crate::support::{Owned, gzip, split, stream, unlimited};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Format, RAW_BYTES_MAX};
use hsmstream_record::Limits;

const RECORD: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218";

fn what(items: &[Owned]) -> Vec<&str> {
    items.iter().map(|item| item.what.as_str()).collect()
}

/// Splits whole and in pieces of one and of seven bytes, which must agree; gives the items' kinds.
fn check(format: Format, limits: Limits, message: &[u8], expect: &[&str]) -> Vec<Owned> {
    let (items, counts) = split(format, limits, message);
    assert_eq!(what(&items), expect);
    if limits.events_max == u32::MAX {
        for size in [1, 7] {
            assert_eq!(stream(format, limits, message.chunks(size)), (items.clone(), counts));
        }
    }
    items
}

fn envelope(messages: &[&str]) -> String {
    let events: Vec<_> = messages.iter().map(|text| format!(r#"{{"id":"1","message":"{text}"}}"#)).collect();
    format!(r#"{{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{}]}}"#, events.join(","))
}

#[test]
fn a_message_too_large() {
    let limits = Limits { message_bytes_max: 100, ..unlimited() };
    let items = split(Format::Auto, limits, &[b'x'; 101]).0;
    assert_eq!(what(&items), ["too_large"]);
    assert_eq!((items[0].bytes.len(), items[0].length), (101, 101));
    assert_eq!(what(&split(Format::Raw, limits, &[b'x'; 100]).0), ["frame"]);
    let large = vec![b'x'; RAW_BYTES_MAX + 1];
    let items = split(Format::Raw, limits, &large).0;
    assert_eq!((items[0].bytes.len(), items[0].length), (RAW_BYTES_MAX, RAW_BYTES_MAX as u64 + 1));
}

#[test]
fn a_frame_too_large() {
    let limits = Limits { frame_bytes_max: 100, ..unlimited() };
    let long = format!("{RECORD}{}", "x".repeat(100));
    let text = format!("{RECORD}\n{long}\n{RECORD}");
    let items = check(Format::Raw, limits, text.as_bytes(), &["frame", "too_large", "frame"]);
    assert_eq!(items[1].length, long.len() as u64);
    let text = envelope(&[RECORD, &long.replace('x', "\\u0078"), RECORD]);
    let items = check(Format::Auto, limits, text.as_bytes(), &["frame", "too_large", "frame"]);
    assert_eq!(items[1].length, long.len() as u64);
}

#[test]
fn too_many_events() {
    let limits = Limits { events_max: 2, ..Limits::default() };
    let two = envelope(&[RECORD, "x"]);
    check(Format::Auto, limits, two.as_bytes(), &["frame", "frame"]);
    let three = envelope(&[RECORD, "", "x"]);
    let items = check(Format::Auto, limits, three.as_bytes(), &["frame", "too_many_events"]);
    assert!(items[1].bytes.starts_with(br#"{"id":"1","message":"x"}"#));
    let three = [RECORD; 3].join("\n");
    check(Format::Auto, limits, three.as_bytes(), &["frame", "frame", "too_many_events"]);
    let lines = r#"{"metric_stream_name":"x"}"#.repeat(3);
    check(Format::Auto, limits, lines.as_bytes(), &["frame", "frame", "too_many_events"]);
    let data = STANDARD.encode(&three);
    let wrapped = format!(r#"{{"records":[{{"data":"{data}"}},{{"data":"{data}"}}]}}"#);
    let items = ["frame", "frame", "too_many_events", "too_many_events"];
    check(Format::Auto, limits, wrapped.as_bytes(), &items);
}

#[test]
fn nested_too_deep() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let event = |levels| format!(r#"{{"x":{},"message":"{RECORD}"}}"#, deep(levels));
    check(Format::Auto, unlimited(), event(31).as_bytes(), &["frame"]);
    check(Format::Auto, unlimited(), event(32).as_bytes(), &["nested_too_deep"]);
    check(Format::Event, unlimited(), event(32).as_bytes(), &["nested_too_deep"]);
    let inside = format!(r#"{{\"eventVersion\":{}}}"#, deep(32));
    check(Format::Auto, unlimited(), envelope(&[&inside, RECORD]).as_bytes(), &["nested_too_deep", "frame"]);
}

#[test]
fn compressions_and_wrappers() {
    let mut bytes = RECORD.as_bytes().to_vec();
    for expect in ["frame", "frame", "frame", "nested_too_deep", "nested_too_deep"] {
        check(Format::Auto, unlimited(), &bytes, &[expect]);
        check(
            Format::Auto,
            unlimited(),
            STANDARD.encode(gzip(&bytes)).as_bytes(),
            &[match bytes.len() {
                length if length == RECORD.len() => "frame",
                _ if split(Format::Auto, unlimited(), &gzip(&bytes)).1.frames == 1 => "frame",
                _ => "nested_too_deep",
            }],
        );
        bytes = gzip(&bytes);
    }
    let wrap = |bytes: &[u8]| format!(r#"{{"records":[{{"data":"{}"}}]}}"#, STANDARD.encode(bytes));
    let one = wrap(RECORD.as_bytes());
    let two = wrap(one.as_bytes());
    let three = wrap(two.as_bytes());
    check(Format::Auto, unlimited(), one.as_bytes(), &["frame"]);
    check(Format::Auto, unlimited(), two.as_bytes(), &["frame"]);
    check(Format::Auto, unlimited(), three.as_bytes(), &["nested_too_deep"]);
    let thrice = gzip(wrap(&gzip(&gzip(RECORD.as_bytes()))).as_bytes());
    check(Format::Auto, unlimited(), &thrice, &["nested_too_deep"]);
}

#[test]
fn inflated_too_large() {
    let text = [RECORD; 100].join("\n");
    let limits = Limits { inflated_bytes_max: RECORD.len() * 2 + 1, ..unlimited() };
    let message = gzip(text.as_bytes());
    assert_eq!(what(&split(Format::Auto, limits, &message).0), ["frame", "frame", "inflated_too_large"]);
    let limits = Limits { inflated_bytes_max: text.len(), ..unlimited() };
    assert_eq!(split(Format::Auto, limits, &message).0.len(), 100);
    // Wrapped data share the allowance of their message.
    let data = STANDARD.encode(gzip(RECORD.as_bytes()));
    let wrapped = format!(r#"{{"records":[{{"data":"{data}"}},{{"data":"{data}"}},{{"data":"{data}"}}]}}"#);
    let limits = Limits { inflated_bytes_max: RECORD.len() * 2, ..unlimited() };
    let items = split(Format::Auto, limits, wrapped.as_bytes()).0;
    assert_eq!(what(&items), ["frame", "frame", "inflated_too_large"]);
}

#[test]
fn ratio_of_inflation() {
    let text = format!("{RECORD}\n{}", " ".repeat(2 << 20));
    let items = split(Format::Auto, unlimited(), &gzip(text.as_bytes())).0;
    assert_eq!(what(&items), ["frame", "inflated_too_large"]);
    for size in [1, 100, 100_000] {
        let pieces = stream(Format::Auto, unlimited(), gzip(text.as_bytes()).chunks(size));
        assert_eq!(pieces.0, items);
    }
    let below = format!("{RECORD}\n{}", " ".repeat(1 << 20));
    let limits = Limits { inflation_free_bytes: 2 << 20, ..unlimited() };
    assert_eq!(what(&split(Format::Auto, limits, &gzip(below.as_bytes())).0), ["frame"]);
}

#[test]
fn a_file_has_no_size_but_its_events_do() {
    let limits = Limits {
        message_bytes_max: 10,
        inflated_bytes_max: 1000,
        frame_bytes_max: 100,
        events_max: 1,
        ..Limits::default()
    };
    let file = [RECORD; 1000].join("\n");
    let frames = |items: &[Owned]| items.iter().filter(|item| item.what == "frame").count();
    assert_eq!(frames(&stream(Format::Auto, limits, file.as_bytes().chunks(100)).0), 1000);
    assert_eq!(frames(&stream(Format::Auto, limits, gzip(file.as_bytes()).chunks(100)).0), 1000);
    let endless = format!("{RECORD}\n{RECORD}\n{}\n{RECORD}", "x".repeat(2000));
    let items = stream(Format::Auto, limits, endless.as_bytes().chunks(100)).0;
    assert_eq!(what(&items), ["frame", "too_large"]);
    assert_eq!(items[1].length, (endless.len() - RECORD.len() - 1) as u64);
    // Wherever it is cut.
    let limits = Limits { inflated_bytes_max: 100_000, ..limits };
    let endless = format!("{RECORD}\n{RECORD}\n{}\n{RECORD}", "x".repeat(300_000));
    for size in [7, 1000, 4096, 30_000, 70_000, 99_000, 110_000, 150_000] {
        let items = stream(Format::Auto, limits, endless.as_bytes().chunks(size)).0;
        assert_eq!(what(&items), ["frame", "too_large"], "pieces of {size}");
        assert_eq!(items[1].length, (endless.len() - RECORD.len() - 1) as u64);
    }
}
