//! The quick reader against the other one, on events in the common form and nearly so.

use super::{Before, Row, before_message, usual};
use crate::event::{Event, Scratch};
use crate::item::Item;
use crate::origin::Named;
use crate::out::{Out, Tally};
use crate::sink::Items;
use crate::text::{End, Piece, Window};
use hsmstream_json::{Reader, Slab};
use hsmstream_record::{Limits, Origin};
use proptest::prelude::*;

/// What either reader gives: frames or rejects with id, time, place and text, and the event's length.
type Seen = (String, usize);

fn seen(run: impl FnOnce(&mut Out<'_>) -> Option<usize>) -> Option<Seen> {
    let mut text = String::new();
    let mut tally = Tally::default();
    let (limits, fixed) = (Limits::default(), Origin::default());
    let mut push = |item: Item<'_>| text.push_str(&format!("{item:?}"));
    let mut sink = Items(&mut push);
    let mut out = Out { limits: &limits, fixed: &fixed, tally: &mut tally, sink: &mut sink };
    let length = run(&mut out)?;
    text.push_str(&format!("{:?}", tally.counts));
    Some((text, length))
}

fn quick(bytes: &[u8], slab: &mut Slab) -> Option<Seen> {
    let before @ Before { event_id, timestamp_ms, string } = Row::new(bytes, true).before_message()?;
    let message = slab.unpack(string)?;
    let behind = Row::behind(before, message.length)?;
    seen(|out| {
        let named =
            Named { event_id: Some(event_id), event_timestamp_ms: Some(timestamp_ms), ..Named::default() };
        let piece = Piece { bytes: message.text, offset: (bytes.len() - string.len()) as u64 };
        out.message(piece, message.bad_escape, named);
        Some(bytes.len() - behind.rest().len())
    })
}

fn careful(bytes: &[u8]) -> Option<Seen> {
    let mut reader = Reader::new(bytes, 32);
    reader.next().ok()?;
    let event = Event::read(&mut reader, bytes).ok()?;
    let length = reader.position();
    let window = Window { bytes, base: 0, end: End::Whole };
    let mut scratch = Scratch::default();
    let whole = Piece { bytes, offset: 0 };
    seen(|out| {
        event.emit(window, whole, Named::default(), &mut scratch, out);
        Some(length)
    })
}

proptest! {
    #[test]
    fn both_say_the_same(
        id in "[0-9]{56}|[0-9é/:;\"]{56}|[0-9]{0,3}|[a\\\\\"é\u{1}]{0,9}",
        time in "[0-9]{12,14}|[0-9]{0,20}|-1|1\\.5|1e3|[0-9.e/:-]{13}",
        message in r#"([a-zé]{0,9}|\\[nrtbf/"\\ux]|\\u[d0][89dc]3d|\\ud83d\\ude00| |"|.){0,12}"#,
        tail in r#""\}|"\} x|"\},\{"id"|" \}|","a":1\}|"#,
    ) {
        let text = format!(r#"{{"id":"{id}","timestamp":{time},"message":"{message}{tail}"#);
        let bytes = text.as_bytes();
        let mut slab = Slab::new();
        for _ in 0..2 {
            if let Some(quick) = quick(bytes, &mut slab) {
                prop_assert_eq!(Some(quick), careful(bytes), "{}", text);
            }
        }
    }

    #[test]
    fn the_common_form_is_quick(id in "[0-9]{0,60}", time in 1_000_000_000_000_i64..10_000_000_000_000, message in any::<String>()) {
        let mut text = format!(r#"{{"id":"{id}","timestamp":{time},"message":"#).into_bytes();
        let _shown = hsmstream_record::escape::json_string(message.as_bytes(), &mut text);
        text.push(b'}');
        let mut slab = Slab::new();
        let before = Row::new(&text, true).before_message().expect("it is in the common form");
        let read = slab.unpack(before.string).expect("it is in the common form");
        let behind = Row::behind(before, read.length).expect("it is in the common form");
        prop_assert_eq!(read.text, message.as_bytes());
        prop_assert_eq!((before.event_id, before.timestamp_ms), (id.as_bytes(), time));
        prop_assert_eq!(behind.rest(), b"");
    }
}

/// Found by `both_say_the_same`: the number was computed before its length was looked at.
#[test]
fn a_timestamp_beyond_64_bits_is_left_to_the_other() {
    for time in ["9223372036854775807", "9223372040000000000", "99999999999999999999999"] {
        let text = format!(r#"{{"id":"","timestamp":{time},"message":""}}"#);
        assert_eq!(before_message(text.as_bytes()), None);
        assert!(careful(text.as_bytes()).is_some());
    }
}

/// Every byte of what stands before a message, replaced by every other.
#[test]
fn what_is_compared_at_once_is_what_is_read_in_order() {
    let text = format!(
        r#"{{"id":"{}","timestamp":1516815865013,"message":"x"}}"#,
        "0123456789".repeat(6).split_off(4)
    );
    let (text, mut same) = (text.into_bytes(), 0);
    for at in 0..text.len() - 2 {
        for byte in 0..=u8::MAX {
            let mut edited = text.clone();
            edited[at] = byte;
            let (at_once, in_order) = (usual(&edited), before_message(&edited));
            if let Some(before) = at_once {
                assert_eq!(Some(before), in_order, "{}", edited.escape_ascii());
                let (id, time) = (&edited[7..63], &edited[77..90]);
                assert_eq!((before.event_id, before.timestamp_ms.to_string().as_bytes()), (id, time));
                same += 1;
            } else {
                let has_digits =
                    in_order.is_some_and(|before| before.event_id.iter().all(u8::is_ascii_digit));
                assert!(!has_digits, "{}", edited.escape_ascii());
            }
        }
    }
    // Of 56 digits any, of 13 any but that the first is not 0, and of the message's only byte any.
    assert_eq!(same, (56 + 13) * 10 - 1 + (text.len() - 2 - 69 - 1) + 256);
    for end in 0..text.len() - 3 {
        assert_eq!((usual(&text[..end]), before_message(&text[..end])), (None, None));
    }
}

/// The next element is only read behind a comma.
#[test]
fn elements_are_separated() {
    let event = br#"{"id":"1","timestamp":1516815865013,"message":""}"#;
    let with_comma = [b",", &event[..]].concat();
    assert!(Row::new(event, true).before_message().is_some());
    assert!(Row::new(&with_comma, false).before_message().is_some());
    assert_eq!(Row::new(event, false).before_message(), None);
    assert_eq!(Row::new(&with_comma, true).before_message(), None);
}
