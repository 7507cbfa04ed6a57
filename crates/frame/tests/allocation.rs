//! Nothing is allocated per record or message once buffers have their size: counted by a global allocator of this
//! test's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Format, Framer, RAW_BYTES_MAX, StreamFramer};
use hsmstream_record::{Limits, Origin, escape};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write as _;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // The cell is gone while a thread ends; what is allocated then is not the framer's.
    ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1)).unwrap_or_default();
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]
// SAFETY: every call goes unchanged to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's duties are those of `System::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's duties are those of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's duties are those of `System::realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work` and tells how often it allocated.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
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
