//! Cases of the transports that the vectors do not have.

use crate::support::{Owned, gzip, split, stream, unlimited};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Counts, Format, Framer, Item};
use hsmstream_record::{Kind, Limits, Origin};

const RECORD: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218";
const CERTIFICATE: &str = r#"{"object_handle":463180677312929947,"op_code":"CreateObject"}"#;

/// Items and counts, the same whole and byte by byte.
fn items(format: Format, message: &[u8]) -> (Vec<Owned>, Counts) {
    let whole = split(format, unlimited(), message);
    assert_eq!(stream(format, unlimited(), message.chunks(1)), whole);
    whole
}

fn what(format: Format, message: &[u8]) -> Vec<String> {
    items(format, message).0.into_iter().map(|item| item.what).collect()
}

fn origin_of(message: &str, fixed: &Origin<'_>) -> Vec<Option<String>> {
    let mut names = Vec::new();
    let mut framer = Framer::new(Format::Auto, Limits::default());
    framer.split(message.as_bytes(), fixed, &mut |item| {
        let Item::Frame(frame) = item else { panic!("{item:?}") };
        let Origin { log_stream, cluster, hsm, .. } = frame.origin;
        let name = |name: Option<&[u8]>| name.map(|name| String::from_utf8_lossy(name).into_owned());
        names.extend([log_stream, cluster, hsm].map(name));
    });
    names
}

fn event(group: Option<&str>, stream: Option<&str>) -> String {
    let member = |key: &str, value: Option<&str>| {
        value.map_or(String::new(), |value| format!(r#""{key}":"{value}","#))
    };
    format!(r#"{{{}{}"message":"{RECORD}"}}"#, member("logGroup", group), member("logStream", stream))
}

#[test]
fn cluster_and_hsm() {
    let some = |name: &str| Some(name.to_owned());
    let none = Origin::default();
    let group = Some("/aws/cloudhsm/cluster-a");
    let cases = [
        (event(group, Some("hsm-1")), none, [some("hsm-1"), some("cluster-a"), some("hsm-1")]),
        (event(group, Some("cluster-a")), none, [some("cluster-a"), some("cluster-a"), None]),
        (event(None, Some("cluster-a")), none, [some("cluster-a"), None, None]),
        (event(Some("other"), Some("hsm-1")), none, [some("hsm-1"), None, some("hsm-1")]),
        (event(Some("/aws/cloudhsm/"), None), none, [None, None, None]),
        (event(group, Some("")), none, [None, some("cluster-a"), None]),
    ];
    for (message, fixed, expect) in cases {
        assert_eq!(origin_of(&message, &fixed), expect, "{message}");
    }
    let fixed = Origin { cluster: Some(b"cluster-x"), hsm: Some(b"hsm-x"), ..none };
    assert_eq!(origin_of(&event(None, None), &fixed), [None, some("cluster-x"), some("hsm-x")]);
    assert_eq!(
        origin_of(&event(group, Some("hsm-1")), &fixed),
        [some("hsm-1"), some("cluster-a"), some("hsm-1")]
    );
    // The cluster's own stream is no HSM's, whatever is configured.
    assert_eq!(
        origin_of(&event(None, Some("cluster-x")), &fixed),
        [some("cluster-x"), some("cluster-x"), None]
    );
    let fixed = Origin { log_group: Some(b"/aws/cloudhsm/cluster-g"), log_stream: Some(b"hsm-g"), ..none };
    assert_eq!(origin_of(&event(None, None), &fixed), [some("hsm-g"), some("cluster-g"), some("hsm-g")]);
}

#[test]
fn cli_text_with_what_the_cli_prints_around() {
    let row = |id: &str, text: &str| format!("EVENTS\t{id}\t1516815901222\thsm-1\t{text}\n\t1516815865013\n");
    let pages = format!(
        "{}{}SEARCHEDLOGSTREAMS\tTrue\thsm-1\nNone\n{}SEARCHEDLOGSTREAMS\tTrue\thsm-1\n",
        row("1", RECORD),
        row("2", &format!("{RECORD}\nUser Name : x\nEVENTS\tforged\t1\tx\ty\nEVENTS\t9\t9\tx\ty")),
        row("3", CERTIFICATE),
    );
    let (items, _) = items(Format::Auto, pages.as_bytes());
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].bytes, RECORD.as_bytes());
    assert!(items[1].bytes.ends_with(b"EVENTS\t9\t9\tx\ty"));
    assert_eq!((items[2].kind, &items[2].bytes[..]), (Some(Kind::Certificate), CERTIFICATE.as_bytes()));
    assert!(items.iter().all(|item| item.origin.contains("event_timestamp_ms: Some(1516815865013)")));
}

#[test]
fn an_export_with_documents_and_forged_boundaries() {
    let text = format!(
        "2018-01-24T17:44:25.013Z {RECORD}\nUser Name : x\n{RECORD}\n1516815865014 {CERTIFICATE}\n\
         2018-01-24T17:44:25.015Z \n2018-01-24T17:44:25.016Z Permission Check Successful\n"
    );
    let (items, counts) = items(Format::Auto, text.as_bytes());
    assert_eq!(
        items.iter().map(|item| item.kind).collect::<Vec<_>>(),
        [Some(Kind::Audit), Some(Kind::Certificate)]
    );
    assert_eq!((counts.control, counts.empty), (1, 1));
    assert_eq!(what(Format::S3Export, RECORD.as_bytes()), ["wrong_format"]);
    let (_, counts) = self::items(Format::Auto, b"Permission Check Successful");
    assert_eq!(counts.control, 1);
}

#[test]
fn a_wrong_value_behind_right_ones_is_rejected_alone() {
    let text = format!(r#"{CERTIFICATE}{{"a":1}} {CERTIFICATE} {}"#, event(None, None));
    assert_eq!(what(Format::Auto, text.as_bytes()), ["frame", "unknown_format", "frame", "frame"]);
    assert_eq!(
        what(Format::Certificate, text.as_bytes()),
        ["frame", "wrong_format", "frame", "wrong_format"]
    );
    assert_eq!(what(Format::Event, text.as_bytes()), ["wrong_format"]);
    let broken = format!("{CERTIFICATE} x {CERTIFICATE}");
    assert_eq!(what(Format::Auto, broken.as_bytes()), ["frame", "broken_json"]);
}

#[test]
fn text_with_a_boundary_is_raw_whatever_it_begins_with() {
    for before in ["{", "{\"a\":1}", "{\"a\":", "garbage", "EVENTS\tx", "2018-99-99T00:00:00Z x"] {
        let text = format!("{before}\n{RECORD}");
        assert_eq!(what(Format::Auto, text.as_bytes()), ["frame", "frame"], "{before}");
    }
    assert_eq!(what(Format::Auto, b"{\"a\":1}"), ["unknown_format"]);
    assert_eq!(what(Format::Auto, b"{\"a\":"), ["broken_json"]);
    assert_eq!(what(Format::Auto, b"[1]"), ["unknown_format"]);
}

#[test]
fn events_without_a_message() {
    let text = format!(
        r#"{{"events":[{{"timestamp":1}},{{"message":null}},{{"message":{CERTIFICATE}}},{{"message":{{}}}},7,{}]}}"#,
        event(None, None)
    );
    let expect = ["wrong_format", "wrong_format", "frame", "wrong_format", "wrong_format", "frame"];
    assert_eq!(what(Format::Auto, text.as_bytes()), expect);
    let odd = r#"{"messageType":"DATA_MESSAGE","logEvents":{"message":"x"}}"#;
    assert_eq!(what(Format::Auto, odd.as_bytes()), ["wrong_format"]);
    assert_eq!(what(Format::Auto, br#"{"logEvents":null}"#), [""; 0]);
}

#[test]
fn kinesis_and_cloudtrail_share_a_key() {
    let data = STANDARD.encode(gzip(br#"{"logEvents":[{"message":"x"}]}"#));
    let kinesis = format!(r#"{{"Records":[{{"eventVersion":"1.0","kinesis":{{"data":"{data}"}}}}]}}"#);
    assert_eq!(what(Format::Auto, kinesis.as_bytes()), ["frame"]);
    assert_eq!(what(Format::Kinesis, kinesis.as_bytes()), ["frame"]);
    assert_eq!(what(Format::CloudTrail, kinesis.as_bytes()), ["wrong_format"]);
    let none = br#"{"Records":[]}"#;
    for format in [Format::Auto, Format::Kinesis, Format::CloudTrail] {
        assert_eq!(what(format, none), [""; 0]);
    }
    let escaped = kinesis.replace('/', "\\/").replace("=\"", "\\u003d\"");
    assert_eq!(what(Format::Auto, escaped.as_bytes()), ["frame"]);
}

#[test]
fn a_member_counts_only_if_its_checksum_is_right() {
    let mut second = gzip(RECORD.as_bytes());
    let crc = second.len() - 8;
    second[crc] ^= 1;
    let message = [gzip(RECORD.as_bytes()), second].concat();
    assert_eq!(what(Format::Auto, &message), ["frame", "broken_gzip"]);
    let cut = &message[..crc];
    assert_eq!(what(Format::Auto, cut), ["frame", "broken_gzip"]);
    assert_eq!(
        what(Format::Auto, &[gzip(RECORD.as_bytes()), b"tail".to_vec()].concat()),
        ["frame", "broken_gzip"]
    );
}

/// Members of a megabyte and more, whose text a framer for files holds back in blocks: right, cut off, with a wrong
/// checksum between two right ones, and inside another member.
#[test]
fn long_members_give_the_same_in_pieces() {
    let record = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n";
    let export = gzip(record.replace("Time: ", "1516815865013 Time: ").repeat(16_000).as_bytes());
    let event =
        r#"{"id":"1","timestamp":1,"message":"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218"}"#;
    let events = vec![event; 12_000].join(",");
    let envelope = gzip(
        format!(r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{events}]}}"#)
            .as_bytes(),
    );
    let mut wrong = export.clone();
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    let files = [
        (export.clone(), 16_000),
        ([export.as_slice(), export.as_slice()].concat(), 32_000),
        (export[..export.len() / 2].to_vec(), 7_000),
        ([export.as_slice(), &wrong, &export].concat(), 16_000),
        (gzip(&export), 16_000),
        (envelope, 12_000),
    ];
    for (at, (file, frames_min)) in files.iter().enumerate() {
        let whole = split(Format::Auto, unlimited(), file);
        assert!(whole.1.frames >= *frames_min, "{at}: {:?}", whole.1);
        for size in [7, 1000, 65_536, file.len()] {
            let pieces = stream(Format::Auto, unlimited(), file.chunks(size));
            assert!(whole == pieces, "{at} in pieces of {size}: {:?} {:?}", whole.1, pieces.1);
        }
    }
}

#[test]
fn gzip_headers_with_all_parts() {
    let plain = gzip(RECORD.as_bytes());
    let mut full = vec![0x1f, 0x8b, 8, 0x1f, 0, 0, 0, 0, 0, 3];
    full.extend_from_slice(b"\x04\0ABCDname\0comment\0\0\0");
    full.extend_from_slice(&plain[10..]);
    assert_eq!(what(Format::Auto, &full), ["frame"]);
    full[3] |= 0x20;
    assert_eq!(what(Format::Auto, &full), ["broken_gzip"]);
}

/// What is left of a text in the buffers is not seen again.
#[test]
fn a_framer_that_was_used_gives_what_a_new_one_gives() {
    let long = gzip(RECORD.repeat(2000).as_bytes());
    let short = gzip(RECORD.as_bytes());
    let mut wrong = short.clone();
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    let members = [&short[..], &wrong].concat();
    let messages =
        [&long[..], &short, &wrong, &short[..crc - 9], &long, &members, &long[..long.len() / 2], b"\x1f\x8b"];
    let mut used = Framer::new(Format::Auto, Limits::default());
    for message in messages {
        let mut found = Vec::new();
        let counts = used.split(message, &Origin::default(), &mut |item| found.push(Owned::of(item)));
        assert_eq!((found, counts), items(Format::Auto, message));
    }
}

#[test]
fn white_messages_are_empty() {
    for message in [&b""[..], b" ", b"\r\n\t "] {
        for format in Format::ALL {
            let (found, counts) = items(format, message);
            assert_eq!((found.len(), counts.empty), (0, 1), "{format}");
        }
    }
    let (_, counts) = items(Format::Auto, &gzip(b"\n"));
    assert_eq!(counts.empty, 1);
}

#[test]
fn names_of_formats() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse::<Format>(), Ok(format));
    }
    let unknown = "envelop".parse::<Format>().expect_err("no such format");
    assert_eq!(unknown.to_string(), "unknown format \"envelop\", did you mean \"envelope\"?");
}
