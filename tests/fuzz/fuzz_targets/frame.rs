//! Framing: the same items for a message as a whole, again with used buffers, and as a file in pieces; the same
//! records by the short ways as from frames parsed carefully; counts add up.
//!
//! The first byte chooses the format and the size of the pieces; the rest is the message.

#![no_main]

use hsmstream_frame::{Counts, Format, Frame, Framer, Item, StreamFramer};
use hsmstream_json::Tape;
use hsmstream_record::{Body, Document, Kind, Limits, Origin, Record, parse_carefully};
use libfuzzer_sys::fuzz_target;

const FIXED: Origin<'static> = Origin {
    account: None,
    log_group: None,
    log_stream: Some(b"fixed"),
    cluster: None,
    hsm: Some(b"fixed"),
    event_id: None,
    event_timestamp_ms: None,
};

fuzz_target!(|data: &[u8]| {
    let [choice, message @ ..] = data else { return };
    let format = Format::ALL[usize::from(*choice) % Format::ALL.len()];
    let mut framer = Framer::new(format, Limits::default());
    let whole = split(&mut framer, message);
    assert_eq!(split(&mut framer, message), whole, "used buffers change what is found");
    parse(&mut framer, message);
    // The size of what a message holds is limited, that of a file is not.
    if whole.0.iter().any(|item| item.contains("InflatedTooLarge")) {
        return;
    }

    let sizes = [1, 7, 64, 4096, 1 << 20];
    let choice = usize::from(*choice) / Format::ALL.len();
    let mut stream = StreamFramer::new(format, Limits::default());
    // Twice, since a framer goes on with the next file.
    for piece in [sizes[choice % sizes.len()], sizes[choice / sizes.len() % sizes.len()]] {
        let mut items = Vec::new();
        for piece in message.chunks(piece) {
            stream.feed(piece, &FIXED, &mut |item| items.push(show(&item)));
        }
        let counts = stream.finish(&FIXED, &mut |item| items.push(show(&item)));
        assert_eq!((items, counts), whole, "{format} in pieces of {piece} is not {format} as a whole");
    }
});

fn split(framer: &mut Framer, message: &[u8]) -> (Vec<String>, Counts) {
    let mut items = Vec::new();
    let mut frames = 0;
    let mut tape = Tape::new();
    let counts = framer.split(message, &FIXED, &mut |item| {
        if let Item::Frame(frame) = &item {
            frames += 1;
            if frame.kind != Kind::Audit {
                tape.parse(frame.bytes, Limits::default().json_nesting_max).expect("a document is JSON");
            }
        }
        items.push(show(&item));
    });
    assert_eq!(counts.frames, frames, "frames are miscounted");
    assert_eq!(counts.rejects, items.len() as u64 - frames, "rejects are miscounted");
    (items, counts)
}

/// Every frame becomes one record or one reject, the one that the careful parser gives; each view is JSON.
fn parse(framer: &mut Framer, message: &[u8]) {
    let limits = Limits::default();
    let mut carefully = Vec::new();
    framer.split(message, &FIXED, &mut |item| {
        carefully.push(match item {
            Item::Frame(Frame { bytes, origin, kind: Kind::Audit, bad_escape, .. }) => {
                match parse_carefully(bytes, &limits) {
                    Ok(audit) => {
                        let body = Body::Audit(audit.with_bad_escape(bad_escape));
                        view(&Record { origin, body })
                    }
                    Err(malformed) => format!("{:?} at {}", malformed.reason, malformed.offset),
                }
            }
            Item::Frame(Frame { bytes, origin, kind, .. }) => {
                view(&Record { origin, body: Body::Document(Document::new(kind, bytes)) })
            }
            Item::Reject(reject) => format!("{:?} at {}", reject.reason, reject.offset),
        });
    });
    let mut found = Vec::new();
    let mut tape = Tape::new();
    let counts = framer.records(message, &FIXED, &mut |parsed| {
        found.push(match parsed {
            Ok(record) => {
                let shown = view(record);
                tape.parse(shown.as_bytes(), 128).expect("a view is JSON");
                shown
            }
            Err(reject) => format!("{:?} at {}", reject.reason, reject.offset),
        });
    });
    assert_eq!(found, carefully, "a short way gives something else");
    assert_eq!(counts.frames + counts.rejects, found.len() as u64, "records are miscounted");
}

fn view(record: &Record<'_>) -> String {
    let mut view = Vec::new();
    record.write_view(&mut view);
    String::from_utf8(view).expect("a view is UTF-8")
}

fn show(item: &Item<'_>) -> String {
    format!("{item:?}")
}
