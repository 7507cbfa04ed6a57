//! What holds for any bytes: pieces give what the whole gives, items are disjoint and in order, nothing
//! panics; and what an envelope's messages are, `simd-json` says too.

use crate::support::{Owned, compact, gzip, next_file, split, stream, unlimited, vectors};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Counts, Format, StreamFramer, is_text, last_beginning};
use hsmstream_record::{Kind, Limits, escape, trim_end};
use proptest::prelude::*;
use simd_json::prelude::*;

/// Bytes that are shown as text.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl core::fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One change of some bytes.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static [u8]),
    Repeat,
}

const PIECES: [&[u8]; 20] = [
    b"\n",
    b" ",
    b"\r\n",
    b"\t",
    b"{",
    b"}",
    b"]",
    b",",
    b"\"",
    b"\\",
    b"\\ud800",
    b"\nTime: 01/24/18 17:44",
    b"\n2018-01-24T17:44:25.013Z ",
    b"\n1516815865013 ",
    b"\t1516815865013\nEVENTS\t1\t2\ts\tx",
    b"{\"message\":\"x\"}",
    b"\"logEvents\":[{}],",
    b"\x1f\x8b",
    b"H4sI",
    b"Permission Check Successful",
];

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (index(), 1_usize..40).prop_map(|(at, length)| Edit::Cut(at, length)),
        (index(), prop::sample::select(&PIECES[..])).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        Just(Edit::Repeat),
    ]
}

impl Edit {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Set(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes.splice(at..=at, [*byte]);
            }
            Self::Cut(at, length) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Insert(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Repeat if bytes.len() < 10_000 => bytes.extend_from_within(..),
            _ => {}
        }
    }
}

/// A vector's input, changed a little, perhaps compressed and changed again.
pub(crate) fn message() -> impl Strategy<Value = (Format, Bytes)> {
    let mut inputs: Vec<_> = vectors().into_iter().map(|vector| (vector.format, vector.input)).collect();
    let objects: Vec<_> = inputs.iter().filter(|(_, input)| input.starts_with(b"{")).cloned().collect();
    inputs.extend(objects.into_iter().map(|(format, input)| (format, compact(&input))));
    let format = prop_oneof![3 => Just(None), 1 => prop::sample::select(&Format::ALL[..]).prop_map(Some)];
    let edits = || prop::collection::vec(edit(), 0..4);
    (prop::sample::select(inputs), format, edits(), 0..6, edits()).prop_map(
        |((own, mut bytes), format, before, coat, after)| {
            before.iter().for_each(|edit| edit.apply(&mut bytes));
            bytes = match coat {
                0 => gzip(&bytes),
                1 => [gzip(&bytes), gzip(&bytes)].concat(),
                2 => STANDARD.encode(gzip(&bytes)).into_bytes(),
                _ => return (format.unwrap_or(own), Bytes(bytes)),
            };
            after.iter().for_each(|edit| edit.apply(&mut bytes));
            (format.unwrap_or(own), Bytes(bytes))
        },
    )
}

/// Cuts bytes into pieces of the given sizes, over and over.
fn cut<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn items_in_order(items: &[Owned]) -> bool {
    let ends = items.iter().map(|item| item.offset + item.bytes.len() as u64);
    ends.zip(items.iter().skip(1)).all(|(end, next)| end <= next.offset)
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(
        (format, Bytes(bytes)) in message(),
        sizes in prop::collection::vec(prop_oneof![1_usize..8, 1_usize..3000], 1..6),
    ) {
        let whole = split(format, unlimited(), &bytes);
        let pieces = stream(format, unlimited(), cut(&bytes, &sizes));
        prop_assert_eq!(&whole.0, &pieces.0, "{} {}", format, bytes.escape_ascii());
        prop_assert_eq!(whole.1, pieces.1);
    }

    #[test]
    fn a_file_leaves_nothing_for_the_next(
        files in prop::collection::vec(message(), 2..5),
        size in prop_oneof![1_usize..8, 1_usize..3000],
        small in any::<bool>(),
    ) {
        // Small limits: files end early, with something held.
        let limits = if small { Limits { inflated_bytes_max: 300, ..unlimited() } } else { unlimited() };
        let mut framers = Format::ALL.map(|format| StreamFramer::new(format, limits));
        for (format, Bytes(bytes)) in files {
            let pieces = cut(&bytes, &[size]);
            let framer = framers.iter_mut().find(|framer| framer.format() == format).expect("all are there");
            let reused = next_file(framer, pieces.iter().copied());
            prop_assert_eq!(reused, stream(format, limits, pieces), "{} {}", format, bytes.escape_ascii());
            prop_assert_eq!(framer.counts(), Counts::default());
        }
    }

    #[test]
    fn items_are_counted_disjoint_and_in_order((format, Bytes(bytes)) in message()) {
        let (items, counts) = split(format, Limits::default(), &bytes);
        let frames = items.iter().filter(|item| item.what == "frame").count() as u64;
        prop_assert_eq!((counts.frames, counts.rejects), (frames, items.len() as u64 - frames));
        let plain = !bytes.starts_with(&[0x1f, 0x8b]) && !bytes.windows(4).any(|four| four == b"H4sI" || four == b"data");
        prop_assert!(!plain || items_in_order(&items), "{:?}", items);
    }

    #[test]
    fn a_text_is_frames_and_white_space(edits in prop::collection::vec(edit(), 0..8), garbage in "[ -~\\n]{0,40}") {
        let mut bytes = garbage.into_bytes();
        bytes.extend_from_slice(b"\nTime: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n");
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        let (items, _) = split(Format::Raw, Limits::default(), &bytes);
        let all_frames = items.iter().all(|item| item.kind == Some(Kind::Audit));
        prop_assume!(all_frames);
        let mut uncovered = bytes.clone();
        for item in &items {
            let start = usize::try_from(item.offset).expect("in memory");
            prop_assert_eq!(&bytes[start..start + item.bytes.len()], &item.bytes[..]);
            uncovered[start..start + item.bytes.len()].fill(b' ');
        }
        prop_assert!(items_in_order(&items));
        prop_assert!(uncovered.iter().all(u8::is_ascii_whitespace));
    }

    #[test]
    fn a_text_cut_where_records_begin_gives_what_the_whole_gives(
        edits in prop::collection::vec(edit(), 0..12),
        cuts in prop::collection::vec(1_usize..200, 1..6),
    ) {
        let mut bytes = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n".repeat(3);
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        prop_assume!(is_text(Format::Auto, &bytes));
        let whole = split(Format::Auto, unlimited(), &bytes);
        let mut parts: (Vec<Owned>, Counts) = Default::default();
        let mut take = |part: &[u8], start: usize| {
            let (items, counts) = split(Format::Raw, unlimited(), part);
            parts.0.extend(items.into_iter().map(|item| Owned { offset: item.offset + start as u64, ..item }));
            parts.1.frames += counts.frames;
            parts.1.rejects += counts.rejects;
        };
        let (mut start, mut end) = (0, 0);
        for cut in cuts.into_iter().cycle() {
            end = (end + cut).min(bytes.len());
            if end == bytes.len() {
                break;
            }
            if let Some(length) = last_beginning(&bytes[start..end]) {
                take(&bytes[start..start + length], start);
                start += length;
            }
        }
        take(&bytes[start..], start);
        prop_assert_eq!(&whole.0, &parts.0, "{}", bytes.escape_ascii());
        prop_assert_eq!((whole.1.frames, whole.1.rejects), (parts.1.frames, parts.1.rejects));
    }

    #[test]
    fn any_bytes_are_split_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL {
            let whole = split(format, unlimited(), &bytes);
            let pieces = stream(format, unlimited(), bytes.chunks(3));
            prop_assert_eq!(whole, pieces);
        }
    }

    #[test]
    fn compressed_pieces_give_what_the_whole_gives(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        text in "(Time: 01/24/18 17|\n|a|\\{\"message\":\"){0,20}",
        repeat in 1_usize..4000,
        flip in prop::option::of((any::<prop::sample::Index>(), 0..8_u8)),
        size in 1_usize..5000,
        base64 in any::<bool>(),
    ) {
        let inside = [noise, text.repeat(repeat).into_bytes()].concat();
        let mut bytes = [gzip(&inside), gzip(b"\nTime: 01/24/18")].concat();
        if let Some((at, bit)) = flip {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if base64 {
            bytes = STANDARD.encode(bytes).into_bytes();
        }
        let whole = split(Format::Raw, unlimited(), &bytes);
        let pieces = stream(Format::Raw, unlimited(), bytes.chunks(size));
        prop_assert!(whole == pieces);
    }

    #[test]
    fn messages_of_an_envelope_are_those_that_simd_json_reads(
        messages in prop::collection::vec(any::<String>(), 0..6),
        escape_all in any::<bool>(),
    ) {
        let mut text = br#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":["#.to_vec();
        for (index, message) in messages.iter().enumerate() {
            text.extend_from_slice(if index == 0 { b"" } else { b"," });
            text.extend_from_slice(format!(r#"{{"id":"{index}","timestamp":{index},"message":"#).as_bytes());
            write_string(message, escape_all, &mut text);
            text.extend_from_slice(b"}");
        }
        text.extend_from_slice(b"]}");
        let (items, counts) = split(Format::Envelope, Limits::default(), &text);
        let oracle = simd_json::to_owned_value(&mut text).expect("valid JSON");
        let events = oracle["logEvents"].as_array().expect("an array");
        let trimmed = events.iter().map(|event| trim_end(event["message"].as_str().expect("a string").as_bytes()));
        let expected: Vec<_> = trimmed.filter(|message| !message.is_empty()).collect();
        let frames: Vec<_> = items.iter().map(|item| item.bytes.as_slice()).collect();
        prop_assert_eq!(frames, expected);
        prop_assert_eq!(counts.frames + counts.empty, messages.len() as u64);
    }
}

fn write_string(message: &str, escape_all: bool, out: &mut Vec<u8>) {
    if escape_all {
        out.push(b'"');
        for unit in message.encode_utf16() {
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
        out.push(b'"');
    } else {
        let _shown = escape::json_string(message.as_bytes(), out);
    }
}
