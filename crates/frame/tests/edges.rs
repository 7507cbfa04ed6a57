//! The edges of transports, each by name; of each: what counts, what is rejected, and that no byte is lost.

use crate::support::{Owned, gzip, split, stream, unlimited};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Counts, Format, Framer};
use hsmstream_record::{Limits, Origin, escape};

const RECORD: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
    Opcode : CN_LOGIN (0xd)\nUser Name : \u{e9}\\\"\t";

/// An envelope as the service prints it, with so many events.
fn envelope(events: usize) -> String {
    let event = |number: usize| {
        let mut event = format!(r#"{{"id":"{number:056}","timestamp":1516815865013,"message":"#).into_bytes();
        let _shown = escape::json_string(format!("{RECORD}{number}\n").as_bytes(), &mut event);
        event.push(b'}');
        String::from_utf8(event).expect("UTF-8")
    };
    let events: Vec<_> = (0..events).map(event).collect();
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{}]}}"#,
        events.join(",")
    )
}

/// Items whole, and the same in pieces of several sizes.
fn items(message: &[u8]) -> (Vec<Owned>, Counts) {
    let whole = split(Format::Auto, unlimited(), message);
    for size in [1, 4096] {
        assert_eq!(stream(Format::Auto, unlimited(), message.chunks(size)), whole, "in pieces of {size}");
    }
    whole
}

fn what(items: &[Owned]) -> Vec<&str> {
    items.iter().map(|item| item.what.as_str()).collect()
}

/// Records and rejects of a message, as a consumer sees them.
fn parsed(message: &[u8]) -> (u64, u64) {
    let (mut records, mut rejects) = (0, 0);
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let counts = framer.records(message, &Origin::default(), &mut |item| match item {
        Ok(_) => records += 1,
        Err(_) => rejects += 1,
    });
    assert_eq!((counts.frames, counts.rejects), (records, rejects));
    (records, rejects)
}

#[test]
fn what_follows_an_envelope_is_rejected_once_and_whole() {
    for rest in ["x", "]", "}", ",", "{\"a\"", "\u{0}\u{0}", "[]", "\"message\"", "Time: 01/24/18"] {
        let message = format!("{}\n {rest} \n", envelope(2));
        let (items, _) = items(message.as_bytes());
        assert_eq!(what(&items), ["frame", "frame", "broken_json"], "{rest}");
        let reject = &items[2];
        assert_eq!(reject.bytes, message.as_bytes()[message.len() - rest.len() - 2..], "{rest}");
        assert_eq!(reject.offset, (message.len() - rest.len() - 2) as u64);
        assert_eq!(parsed(message.as_bytes()), (2, 1));
    }
}

#[test]
fn an_envelope_cut_at_every_byte_keeps_its_complete_events() {
    let message = envelope(3);
    let message = message.as_bytes();
    let whole = split(Format::Auto, unlimited(), message).0;
    let event_ends: Vec<_> = whole
        .iter()
        .map(|item| {
            let text = &message[usize::try_from(item.offset).expect("in memory")..];
            message.len() - text.len() + text.windows(2).position(|two| two == b"\"}").expect("it ends") + 2
        })
        .collect();
    for end in 1..message.len() {
        let (found, counts) = items(&message[..end]);
        let complete = event_ends.iter().filter(|&&event_end| event_end <= end).count();
        assert_eq!(found[..complete], whole[..complete], "cut at {end}");
        assert_eq!((counts.frames, counts.rejects), (complete as u64, 1), "cut at {end}");
        // What is rejected goes on to the end of the bytes: nothing between it and the last event but syntax.
        let reject = found.last().expect("the cut is rejected");
        assert_eq!(reject.offset + reject.length, end as u64, "cut at {end}");
        let last_end = complete.checked_sub(1).map_or(0, |last| event_ends[last]);
        let between = &message[last_end..usize::try_from(reject.offset).expect("in memory")];
        assert!(complete == 0 || between.iter().all(|byte| b",]}".contains(byte)), "cut at {end}");
    }
}

#[test]
fn a_compressed_envelope_cut_at_every_byte_keeps_what_was_inflated() {
    let plain = envelope(2);
    let whole = split(Format::Auto, unlimited(), plain.as_bytes()).0;
    let message = gzip(plain.as_bytes());
    for end in 3..message.len() {
        let (found, counts) = items(&message[..end]);
        let frames = usize::try_from(counts.frames).expect("at most two");
        assert_eq!(found[..frames], whole[..frames], "cut at {end}");
        // The event that was cut, and the compression around it.
        let rejects = what(&found[frames..]);
        assert!(
            matches!(rejects[..], ["broken_gzip"] | ["broken_json", "broken_gzip"]),
            "{end}: {rejects:?}"
        );
        let encoded = STANDARD.encode(&message[..end]);
        assert_eq!(items(encoded.as_bytes()).1, counts, "base64 of what was cut at {end}");
    }
}

#[test]
fn two_objects_without_a_separator() {
    let certificate = r#"{"object_handle":463180677312929947,"op_code":"CreateObject"}"#;
    let event = format!(r#"{{"message":{}}}"#, r#""Time: 01/24/18 x""#);
    for (message, frames) in [
        (envelope(2) + &envelope(3), 5),
        (envelope(1) + certificate + &event, 3),
        (certificate.repeat(2) + &envelope(1), 3),
        (event.repeat(4), 4),
    ] {
        let (found, counts) = items(message.as_bytes());
        assert_eq!((counts.frames, counts.rejects), (frames, 0), "{found:?}");
        let lines = message.replace("}{", "}\n{");
        let of_lines = items(lines.as_bytes()).0;
        assert!(found.iter().map(|item| &item.bytes).eq(of_lines.iter().map(|item| &item.bytes)));
    }
}

#[test]
fn ten_thousand_events_in_one_envelope() {
    let message = envelope(10_000);
    let (found, counts) = split(Format::Auto, Limits::default(), message.as_bytes());
    assert_eq!((counts.frames, counts.rejects), (10_000, 0));
    for (number, item) in found.iter().enumerate() {
        assert!(item.bytes.ends_with(format!("\t{number}").as_bytes()));
    }
    assert_eq!(stream(Format::Auto, Limits::default(), message.as_bytes().chunks(65_536)), (found, counts));
    assert_eq!(parsed(message.as_bytes()), (10_000, 0));
    assert_eq!(parsed(&gzip(message.as_bytes())), (10_000, 0));
}

#[test]
fn a_bomb_ends_at_its_cap() {
    // A record, then blanks: as much as is allowed, then a byte more; the ratio set aside.
    let inflated = 1 << 20;
    let fits = [RECORD.as_bytes(), &vec![b' '; inflated - RECORD.len()]].concat();
    let limits = Limits { inflated_bytes_max: inflated, inflation_ratio_max: u32::MAX, ..unlimited() };
    assert_eq!(what(&split(Format::Auto, limits, &gzip(&fits)).0), ["frame"]);
    let beyond = [&fits[..], b" "].concat();
    assert_eq!(what(&split(Format::Auto, limits, &gzip(&beyond)).0), ["frame", "inflated_too_large"]);
    // The same in two members, and inside each other: the cap is the message's.
    let members = [gzip(&fits), gzip(b" ")].concat();
    assert_eq!(what(&split(Format::Auto, limits, &members).0), ["frame", "inflated_too_large"]);
    let nested = gzip(&gzip(&fits));
    assert_eq!(what(&split(Format::Auto, limits, &nested).0), ["frame", "inflated_too_large"]);
    // The ratio counts only behind the bytes that are free.
    let limits = Limits { inflation_ratio_max: 2, inflation_free_bytes: inflated, ..unlimited() };
    assert_eq!(what(&split(Format::Auto, limits, &gzip(&fits)).0), ["frame"]);
    let far = [&fits[..], &vec![b' '; 1 << 20]].concat();
    for bomb in [gzip(&far), STANDARD.encode(gzip(&far)).into_bytes()] {
        assert_eq!(what(&split(Format::Auto, limits, &bomb).0), ["frame", "inflated_too_large"]);
        assert_eq!(what(&stream(Format::Auto, limits, bomb.chunks(1000)).0), ["frame", "inflated_too_large"]);
    }
}

#[test]
fn members_one_behind_the_other_are_one_text() {
    let message = envelope(5);
    for cut in (0..message.len()).step_by(97) {
        let (front, back) = message.as_bytes().split_at(cut);
        let members = [gzip(front), gzip(b""), gzip(back)].concat();
        let (found, counts) = items(&members);
        assert_eq!((found.len(), counts.frames), (5, 5), "cut at {cut}");
        let (zeros, _) = split(Format::Auto, unlimited(), &[&members[..], &[0; 3]].concat());
        assert_eq!(what(&zeros[5..]), ["broken_gzip"], "zeros behind are no member");
    }
}

#[test]
fn base64_with_line_breaks() {
    let encoded = STANDARD.encode(gzip(envelope(20).as_bytes()));
    for (width, line_end) in [(76, "\r\n"), (64, "\n"), (1, " "), (4, "\t\n")] {
        let lines: Vec<_> = encoded.as_bytes().chunks(width).collect();
        let broken = lines.join(line_end.as_bytes());
        let (found, counts) = items(&broken);
        if width >= 4 {
            assert_eq!((found.len(), counts.frames), (20, 20), "lines of {width}");
        }
        let escaped = String::from_utf8(broken).expect("ASCII").replace('\r', "\\r").replace('\n', "\\n");
        let request = format!(r#"{{"records":[{{"data":"{}"}}]}}"#, escaped.replace('\t', "\\t"));
        let (_, counts) = items(request.as_bytes());
        assert_eq!((counts.frames, counts.rejects), (20, 0), "lines of {width} in a request");
    }
}

/// Of a piece only what completes an event is copied: events of many sizes, cut at many places.
#[test]
fn large_pieces_give_what_the_whole_gives() {
    let lengths = [1, 4_095, 4_096, 4_097, 9_000, 40_000, 0, 20, 100_000, 3];
    let records: Vec<String> = lengths
        .iter()
        .map(|length| {
            format!("Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\n{}\n", "x".repeat(*length))
        })
        .collect();
    let event = |text: &String| {
        format!(r#"{{"id":"1","timestamp":1516815865013,"message":"{}"}}"#, text.replace('\n', "\\n"))
    };
    let events: Vec<String> = records.iter().map(event).collect();
    let texts = [
        records.concat(),
        records.iter().map(|text| format!("2018-01-24T17:44:25.013Z {text}")).collect(),
        format!(r#"{{"logEvents":[{}]}}"#, events.join(",")),
        format!(r#"{{"events":[{}]}}"#, events.join(" , ")),
        events.concat(),
    ];
    for text in texts.iter().map(String::as_bytes) {
        let whole = split(Format::Auto, unlimited(), text);
        assert_eq!(whole.0.len(), lengths.len());
        for size in [5, 1_000, 4_096, 4_100, 5_000, 10_000, 33_000, 64_000, 150_000] {
            assert_eq!(stream(Format::Auto, unlimited(), text.chunks(size)), whole, "pieces of {size}");
            let (front, back) = text.split_at(size);
            assert_eq!(stream(Format::Auto, unlimited(), [front, back].into_iter()), whole, "cut at {size}");
        }
    }
}
