//! The quick reader against the other one, on events in the common form and nearly so.

use super::{Before, before_message, message};
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
    let Before { event_id, timestamp_ms, start } = before_message(bytes)?;
    let message = message(&bytes[start..], slab)?;
    seen(|out| {
        let named =
            Named { event_id: Some(event_id), event_timestamp_ms: Some(timestamp_ms), ..Named::default() };
        let piece = Piece { bytes: message.text, offset: start as u64 };
        out.message(piece, message.bad_escape, named);
        Some(start + message.length + 1)
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
        let before = before_message(&text).expect("it is in the common form");
        let read = super::message(&text[before.start..], &mut slab).expect("it is in the common form");
        prop_assert_eq!(read.text, message.as_bytes());
        prop_assert_eq!((before.start + read.length + 1, before.timestamp_ms), (text.len(), time));
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
