//! Nothing is allocated per record or message once buffers have their size: counted by the allocator of
//! `allocation-counter`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Format, Framer, RAW_BYTES_MAX, Reject, StreamFramer};
use hsmstream_record::{Limits, Origin, Record, escape};
use std::io::Write as _;

/// Runs `work` and tells how often it allocated.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

const RECORD: &str = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
    Reboot counter : 0x107\nCommand Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\n\
    Session Handle : 0xc008002\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\n\
    Log type : MGMT_USER_DETAILS_LOG (2)\nUser Name : testuser\nUser Type : CN_CRYPTO_USER (1)\n";
const RECORDS: usize = 50;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// The record in a form, [`RECORDS`] times; odd ones are escaped in their own way and named by their stream.
fn envelope(odd: bool) -> String {
    let mut text = Vec::new();
    let _shown = escape::json_content(RECORD.as_bytes(), &mut text);
    let text = String::from_utf8(text).expect("UTF-8");
    let (text, space) = if odd { (text.replace('o', "\\u006f"), " ") } else { (text, "") };
    let event = format!(r#"{{{space}"id":"{:056}","timestamp":1516815865013,"message":"{text}"}}"#, 7);
    let events = vec![event; RECORDS].join(",");
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/cloudhsm/c","logStream":"s","logEvents":[{events}]}}"#
    )
}

fn messages() -> Vec<(&'static str, Vec<u8>, usize)> {
    let wrapped = |data: &[u8]| {
        let data = STANDARD.encode(data);
        format!(r#"{{"records":[{{"data":"{data}"}},{{"data":"{data}"}}]}}"#).into_bytes()
    };
    let plain = envelope(false).into_bytes();
    vec![
        ("record", RECORD.into(), 1),
        ("records", RECORD.repeat(RECORDS).into(), RECORDS),
        ("export", RECORD.replace("Time: ", "1516815865013 Time: ").repeat(RECORDS).into(), RECORDS),
        ("odd envelope", envelope(true).into(), RECORDS),
        ("gzip", gzip(&plain), RECORDS),
        ("long member", gzip(RECORD.repeat(100 * RECORDS).as_bytes()), 100 * RECORDS),
        ("base64", STANDARD.encode(gzip(&plain)).into(), RECORDS),
        ("firehose", wrapped(&gzip(&plain)), 2 * RECORDS),
        ("envelope", plain, RECORDS),
    ]
}

#[test]
fn a_message_allocates_nothing_after_the_first() {
    for (name, message, records) in messages() {
        let mut framer = Framer::new(Format::Auto, Limits::default());
        let mut run = || {
            let mut bytes = 0;
            let counts = framer.records(&message, &Origin::default(), &mut |item| {
                bytes += item.expect("a record").raw().len();
            });
            assert_eq!((counts.frames, counts.rejects), (records as u64, 0), "{name}");
            assert_eq!(bytes, records * (RECORD.len() - 1), "{name}");
        };
        run();
        assert_eq!(allocations(run), 0, "{name}");
    }
}

#[test]
fn a_file_allocates_nothing_per_piece() {
    for (name, message, records) in messages() {
        let mut framer = StreamFramer::new(Format::Auto, Limits::default());
        let mut found = 0;
        let mut feed = || {
            for piece in message.chunks(1000) {
                framer.feed_records(piece, &Origin::default(), &mut |item| {
                    found += usize::from(item.expect("a record").raw().len() == RECORD.len() - 1);
                });
            }
        };
        // Until the file's head, which a reject would show, is complete as well.
        for _ in 0..RAW_BYTES_MAX / message.len() + 2 {
            feed();
        }
        let again = allocations(feed);
        // Base64 of one text ends with it: what comes behind is its fault, not a piece.
        if name != "base64" {
            assert_eq!(again, 0, "{name}");
            assert!(found >= 2 * records - 1, "{name}: {found}");
        }
    }
}

#[test]
fn the_next_file_allocates_nothing() {
    for (name, message, records) in messages() {
        let mut framer = StreamFramer::new(Format::Auto, Limits::default());
        let mut found = 0;
        let mut read = || {
            let mut take = |item: &Result<Record<'_>, Reject<'_>>| found += usize::from(item.is_ok());
            for piece in message.chunks(1000) {
                framer.feed_records(piece, &Origin::default(), &mut take);
            }
            framer.finish_records(&Origin::default(), &mut take);
        };
        read();
        read();
        assert_eq!(allocations(read), 0, "{name}");
        assert_eq!(found, 3 * records, "{name}");
    }
}
