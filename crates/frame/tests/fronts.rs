//! Short ways and the long one give the same: records as the framer finds them, and as they come out of frames
//! that are split off and parsed carefully, one by one.

use crate::properties::{Bytes, Edit, edit, message};
use hsmstream_frame::{Counts, Format, Frame, Framer, Item, RAW_BYTES_MAX, Reject};
use hsmstream_record::{
    Body, Document, Kind, Limits, Malformed, Origin, Record, escape, is_boundary, parse_carefully, parse_fast,
};
use proptest::prelude::*;

const LOGIN: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
    Reboot counter : 0x107\nCommand Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\n\
    Session Handle : 0xc008002\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\n\
    Log type : MGMT_USER_DETAILS_LOG (2)\nUser Name : testuser\nUser Type : CN_CRYPTO_USER (1)\n";

/// What can be seen of records and rejects, in order, and the counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    items: Vec<String>,
    counts: Counts,
}

impl Seen {
    fn see(&mut self, item: &Result<Record<'_>, Reject<'_>>) {
        self.items.push(match item {
            Ok(record) => {
                let mut view = Vec::new();
                record.write_view(&mut view);
                format!("{:?} {} {}", record.origin, view.escape_ascii(), record.raw().escape_ascii())
            }
            Err(reject) => format!("{reject:?}"),
        });
    }

    /// Parses a frame carefully; returns whether it is a record.
    fn see_frame(&mut self, frame: Frame<'_>, limits: &Limits) -> bool {
        let Frame { bytes, origin, kind, message_offset, bad_escape } = frame;
        let body = match kind {
            Kind::Audit => match parse_carefully(bytes, limits) {
                Ok(audit) => Body::Audit(audit.with_bad_escape(bad_escape)),
                Err(Malformed { reason, offset }) => {
                    let raw = bytes.get(..RAW_BYTES_MAX).unwrap_or(bytes);
                    let length = bytes.len() as u64;
                    self.see(&Err(Reject { reason, offset, message_offset, raw, length, origin }));
                    return false;
                }
            },
            kind => Body::Document(Document::new(kind, bytes)),
        };
        self.see(&Ok(Record { origin, body }));
        true
    }
}

fn records(format: Format, limits: Limits, message: &[u8], fixed: &Origin<'_>) -> Seen {
    let mut seen = Seen::default();
    let counts = Framer::new(format, limits).records(message, fixed, &mut |item| seen.see(item));
    Seen { counts, ..seen }
}

fn carefully(format: Format, limits: Limits, message: &[u8], fixed: &Origin<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut malformed = 0;
    let mut counts = Framer::new(format, limits).split(message, fixed, &mut |item| match item {
        Item::Reject(reject) => seen.see(&Err(reject)),
        Item::Frame(frame) => malformed += u64::from(!seen.see_frame(frame, &limits)),
    });
    counts.frames -= malformed;
    counts.rejects += malformed;
    Seen { counts, ..seen }
}

fn check(format: Format, limits: Limits, message: &[u8]) {
    for fixed in [
        Origin::default(),
        Origin { log_group: Some(b"/aws/cloudhsm/c"), hsm: Some(b"h"), ..Origin::default() },
    ] {
        let (short, long) =
            (records(format, limits, message, &fixed), carefully(format, limits, message, &fixed));
        assert_eq!(short, long, "{format} {}", message.escape_ascii());
    }
}

#[test]
fn a_single_record_and_what_may_stand_around_it() {
    let before = ["", "\n", " ", "x", "\u{feff}", "Time: 01/24/18 x\n"];
    let behind =
        ["", "\n", "\r\n \t", "\0", "Time: 01/24/18", "Time : 01/24/18 x", " x", "Vendor : 1\n", LOGIN];
    for format in Format::ALL {
        for (before, behind) in before.iter().flat_map(|before| behind.map(|behind| (before, behind))) {
            check(format, Limits::default(), format!("{before}{LOGIN}{behind}").as_bytes());
        }
    }
}

#[test]
fn a_single_record_at_the_limits() {
    let size = LOGIN.len();
    for around in [size - 1, size, size + 1] {
        check(Format::Auto, Limits { message_bytes_max: around, ..Limits::default() }, LOGIN.as_bytes());
        check(Format::Auto, Limits { frame_bytes_max: around - 1, ..Limits::default() }, LOGIN.as_bytes());
    }
    for lines in 0..12 {
        check(Format::Raw, Limits { frame_lines_max: lines, ..Limits::default() }, LOGIN.as_bytes());
    }
    check(Format::Raw, Limits { events_max: 0, ..Limits::default() }, LOGIN.as_bytes());
}

#[test]
fn a_single_record_cut_at_every_byte() {
    for end in 0..LOGIN.len() {
        check(Format::Auto, Limits::default(), &LOGIN.as_bytes()[..end]);
        check(Format::Auto, Limits::default(), &LOGIN.as_bytes()[end..]);
    }
}

/// Lines of a record, some repeated, and edits: many are nearly right.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec(edit(), 0..4);
    let line = prop::sample::select(LOGIN.split_inclusive('\n').collect::<Vec<_>>());
    let lines = prop::collection::vec(line, 0..4);
    (edits, lines, 0..10_usize).prop_map(|(edits, lines, at): (Vec<Edit>, Vec<&str>, usize)| {
        let mut all: Vec<_> = LOGIN.split_inclusive('\n').collect();
        all.splice(at..at, lines);
        let mut text = all.concat().into_bytes();
        edits.iter().for_each(|edit| edit.apply(&mut text));
        text
    })
}

/// Events of an envelope that are taken one after the other, with one in between that is not.
#[test]
fn events_and_an_odd_one() {
    let message = LOGIN.replace('\n', "\\n");
    let event = |id: &str, message: &str| {
        format!(r#"{{"id":"{id}","timestamp":1516815865013,"message":"{message}"}}"#)
    };
    let usual = event(&"7".repeat(56), &message);
    let odd = [
        event(&"7".repeat(55), &message),
        event("", &message),
        event(&"7".repeat(56), &message.replace("\\n", "\\r\\n")),
        event(&"7".repeat(56), "no record"),
        event(&"7".repeat(56), ""),
        event(&"7".repeat(56), &message[..40]),
        usual.replace("\"}", "\" }"),
        usual.replace("\"}", "\",\"logStream\":\"other\"}"),
        usual.replace("1516815865013", "151681586501"),
        "null".to_owned(),
        "{}".to_owned(),
    ];
    for odd in &odd {
        for at in 0..4 {
            let mut events = vec![usual.as_str(); 3];
            events.insert(at, odd);
            let head =
                r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":["#;
            let envelope = format!("{head}{}]}}", events.join(","));
            for events_max in 0..6 {
                check(Format::Auto, Limits { events_max, ..Limits::default() }, envelope.as_bytes());
            }
        }
    }
}

/// Messages that are parsed where they stand, and those that have to be unescaped, on their own and in other lists.
#[test]
fn messages_of_other_forms() {
    let message = LOGIN.replace('\n', "\\n");
    let messages = [
        message.clone(),
        message.trim_end_matches("\\n").to_owned(),
        message.replace("\\n", "\\r\\n"),
        message.replace("Time", "\\u0054ime"),
        message.replace("testuser", "a\\\"b\\ud800"),
        message[..40].to_owned(),
        format!(" {message}"),
        format!("{message}\\n"),
        format!("{message}{message}"),
        "\\n\\n".to_owned(),
        String::new(),
        r#"{\"object_handle\":1,\"op_code\":\"CreateObject\"}\n"#.to_owned(),
    ];
    for message in &messages {
        for (id, time) in [("1", "1516815865013"), ("", "-1"), ("\\u0031", "null")] {
            let event = format!(
                r#"{{"eventId":"{id}","message":"{message}","timestamp":{time},"logStreamName":"h"}}"#
            );
            let texts = [
                event.clone(),
                format!("{event}\n {event}"),
                format!(r#"{{"events":[{event}, {event}]}}"#),
                format!(r#"{{"logEvents":[ {event},null,{event} ],"logGroup":"/aws/cloudhsm/c"}}"#),
            ];
            for text in &texts {
                check(Format::Auto, Limits::default(), text.as_bytes());
                for around in [LOGIN.len() - 1, LOGIN.len(), LOGIN.len() + 12] {
                    check(
                        Format::Auto,
                        Limits { frame_bytes_max: around, ..Limits::default() },
                        text.as_bytes(),
                    );
                }
                check(
                    Format::Auto,
                    Limits { frame_lines_max: 3, events_max: 1, ..Limits::default() },
                    text.as_bytes(),
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_parsed_fast_and_is_not_odd_holds_no_second_beginning(text in record()) {
        if parse_fast(&text, &Limits::default()).is_some_and(|audit| audit.anomalies.is_empty()) {
            prop_assert!(is_boundary(&text));
            let mut lines = text.split(|&byte| byte == b'\n').skip(1);
            prop_assert!(!lines.any(is_boundary), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn records_of_texts(text in record(), format in prop::sample::select(vec![Format::Auto, Format::Raw, Format::Envelope])) {
        check(format, Limits::default(), &text);
    }

    #[test]
    fn records_of_envelopes(
        texts in prop::collection::vec(record(), 1..5),
        escapes in prop::sample::select(vec![("", ""), ("\\n", "\\u000a"), ("u", "\\u0075"), (": ", ":\t"), ("\\n", "\\r\\n")]),
        edits in prop::collection::vec(edit(), 0..3),
        width in prop::sample::select(vec![1, 55, 56, 57]),
        odd in prop::option::of((0..4_usize, r#""id":"[0-9]{55}[:/\\"]","|"timestamp":[0-9]{12,14},|[ ,}\\n]"#)),
    ) {
        let event = |(number, text): (usize, &Vec<u8>)| {
            let time = 1_516_815_865_013 + number;
            let mut event = format!(r#"{{"id":"{number:0width$}","timestamp":{time},"message":"#).into_bytes();
            if let Some((_, odd)) = odd.as_ref().filter(|(at, _)| *at == number) {
                event.splice(1..1, odd.bytes());
            }
            let _shown = escape::json_string(text, &mut event);
            event.push(b'}');
            String::from_utf8(event).expect("escaped text is UTF-8").replacen(escapes.0, escapes.1, 1 + number)
        };
        let events: Vec<_> = texts.iter().enumerate().map(event).collect();
        let head = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":["#;
        let mut envelope = format!("{head}{}]}}", events.join(",")).into_bytes();
        check(Format::Auto, Limits::default(), &envelope);
        edits.iter().for_each(|edit| edit.apply(&mut envelope));
        check(Format::Envelope, Limits::default(), &envelope);
    }

    #[test]
    fn records_of_messages((format, Bytes(bytes)) in message()) {
        check(format, Limits::default(), &bytes);
    }
}
