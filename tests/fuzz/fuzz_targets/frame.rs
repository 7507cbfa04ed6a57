//! Framing: the same items for a message as a whole, again with used buffers, and as a file in pieces; counts add up.
//!
//! The first byte chooses the format and the size of the pieces; the rest is the message.

#![no_main]

use hsmstream_frame::{Counts, Format, Framer, Item, StreamFramer};
use hsmstream_json::Tape;
use hsmstream_record::{Kind, Limits, Origin};
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
    parse(&mut framer, message, whole.1);
    // The size of what a message holds is limited, that of a file is not.
    if whole.0.iter().any(|item| item.contains("InflatedTooLarge")) {
        return;
    }

    let piece = [1, 7, 64, 4096, 1 << 20][usize::from(*choice) / Format::ALL.len() % 5];
    let mut items = Vec::new();
    let mut stream = StreamFramer::new(format, Limits::default());
    for piece in message.chunks(piece) {
        stream.feed(piece, &FIXED, &mut |item| items.push(show(&item)));
    }
    let counts = stream.finish(&FIXED, &mut |item| items.push(show(&item)));
    assert_eq!((items, counts), whole, "{format} in pieces of {piece} is not {format} as a whole");
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

/// Every frame becomes one record or one reject, and each record has a view that is JSON.
fn parse(framer: &mut Framer, message: &[u8], split: Counts) {
    let (mut records, mut rejects) = (0, 0);
    let mut view = Vec::new();
    let mut tape = Tape::new();
    framer.records(message, &FIXED, &mut |parsed| match parsed {
        Ok(record) => {
            records += 1;
            view.clear();
            record.write_view(&mut view);
            tape.parse(&view, 128).expect("a view is JSON");
        }
        Err(_) => rejects += 1,
    });
    assert_eq!(records + rejects, split.frames + split.rejects, "a frame is neither record nor reject");
}

fn show(item: &Item<'_>) -> String {
    format!("{item:?}")
}
