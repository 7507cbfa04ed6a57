//! The vectors, and items in a form that can be compared and printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hsmstream_frame::{Counts, Format, Framer, Item, Reject, StreamFramer};
use hsmstream_json::{Node, NodeKind, Tape};
use hsmstream_record::{Kind, Limits, Origin, Record};
use std::io::Write as _;

/// One line of the conformance vectors.
#[derive(Debug, Clone)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) format: Format,
    pub(crate) input: Vec<u8>,
    /// Fixed origin: field names and values.
    pub(crate) origin: Vec<(String, Vec<u8>)>,
    pub(crate) records: Vec<Json>,
    /// Reason and offset.
    pub(crate) rejects: Vec<(String, u64)>,
    pub(crate) control: u64,
    pub(crate) empty: u64,
}

/// JSON with numbers as printed and members sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Scalar(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut tape = Tape::new();
        Self::of(tape.parse(text, 64).unwrap_or_else(|error| panic!("{error}: {}", text.escape_ascii())))
    }

    fn of(node: Node<'_, '_>) -> Self {
        match node.kind() {
            NodeKind::Object => {
                let member = |(key, value): (hsmstream_json::Text<'_>, _)| (cow_string(key), Self::of(value));
                let mut members: Vec<_> = node.members().map(member).collect();
                members.sort_by(|one, other| one.0.cmp(&other.0));
                Self::Object(members)
            }
            NodeKind::Array => Self::Array(node.elements().map(Self::of).collect()),
            NodeKind::String => Self::Text(cow_string(node.text().expect("a string"))),
            _ => Self::Scalar(String::from_utf8_lossy(node.raw()).into_owned()),
        }
    }
}

pub(crate) fn vectors() -> Vec<Vector> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/records.jsonl");
    let lines = std::fs::read(path).expect("the vectors are part of the repository");
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let vectors: Vec<_> = lines.map(vector).collect();
    assert!(vectors.len() > 200, "all vectors are read");
    vectors
}

fn vector(line: &[u8]) -> Vector {
    let mut tape = Tape::new();
    let root = tape.parse(line, 64).expect("a vector is JSON");
    let text = |node: Node<'_, '_>| node.text().expect("a string").to_cow().into_owned();
    let string = |node: Node<'_, '_>| String::from_utf8(text(node)).expect("UTF-8");
    let member = |key: &str| root.get(key.as_bytes()).expect("a complete vector");
    let expect = member("expect");
    let count = |key: &[u8]| expect.get(key).map_or(0, number);
    let reject = |node: Node<'_, '_>| {
        let reason = node.get(b"reason").map(string).expect("a reason");
        (reason, node.get(b"offset").map_or(0, number))
    };
    Vector {
        id: string(member("id")),
        format: string(member("format")).parse().expect("a format"),
        input: STANDARD.decode(text(member("input_b64"))).expect("base64"),
        origin: root.get(b"origin").map_or(Vec::new(), |origin| {
            origin.members().map(|(key, value)| (cow_string(key), text(value))).collect()
        }),
        records: expect.get(b"records").map_or(Vec::new(), |list| list.elements().map(Json::of).collect()),
        rejects: expect.get(b"rejects").map_or(Vec::new(), |list| list.elements().map(reject).collect()),
        control: count(b"control"),
        empty: count(b"empty"),
    }
}

fn cow_string(key: hsmstream_json::Text<'_>) -> String {
    String::from_utf8(key.to_cow().into_owned()).expect("UTF-8")
}

fn number(node: Node<'_, '_>) -> u64 {
    str::from_utf8(node.number().expect("a number")).expect("ASCII").parse().expect("decimal")
}

impl Vector {
    pub(crate) fn fixed(&self) -> Origin<'_> {
        let mut origin = Origin::default();
        for (key, value) in &self.origin {
            let field = match key.as_str() {
                "account" => &mut origin.account,
                "log_group" => &mut origin.log_group,
                "log_stream" => &mut origin.log_stream,
                "cluster" => &mut origin.cluster,
                "hsm" => &mut origin.hsm,
                other => panic!("unknown origin field {other}"),
            };
            *field = Some(value);
        }
        origin
    }
}

/// An item that owns what it says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    /// `frame`, or the reason of a reject.
    pub(crate) what: String,
    pub(crate) kind: Option<Kind>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: u64,
    pub(crate) offset: u64,
    pub(crate) origin: String,
    pub(crate) bad_escape: bool,
}

impl core::fmt::Debug for Owned {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { what, kind, bytes, length, offset, origin, bad_escape } = self;
        let bytes = bytes.escape_ascii();
        write!(formatter, "{what} {kind:?} at {offset}, {length} b\"{bytes}\" {bad_escape} {origin}")
    }
}

impl Owned {
    pub(crate) fn of(item: Item<'_>) -> Self {
        let origin = |origin: Origin<'_>| format!("{origin:?}");
        match item {
            Item::Frame(frame) => Self {
                what: "frame".to_owned(),
                kind: Some(frame.kind),
                bytes: frame.bytes.to_vec(),
                length: frame.bytes.len() as u64,
                offset: frame.message_offset,
                origin: origin(frame.origin),
                bad_escape: frame.bad_escape,
            },
            Item::Reject(reject) => Self {
                what: reject.reason.as_str().to_owned(),
                kind: None,
                bytes: reject.raw.to_vec(),
                length: reject.length,
                offset: reject.message_offset,
                origin: origin(reject.origin),
                bad_escape: false,
            },
        }
    }
}

/// All items of a whole message.
pub(crate) fn split(format: Format, limits: Limits, message: &[u8]) -> (Vec<Owned>, Counts) {
    let mut items = Vec::new();
    let mut framer = Framer::new(format, limits);
    let counts = framer.split(message, &Origin::default(), &mut |item| items.push(Owned::of(item)));
    (items, counts)
}

/// All items of a file cut into pieces.
pub(crate) fn stream<'p>(
    format: Format,
    limits: Limits,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Owned>, Counts) {
    next_file(&mut StreamFramer::new(format, limits), pieces)
}

/// The same by a framer that may have had other files before.
pub(crate) fn next_file<'p>(
    framer: &mut StreamFramer,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Owned>, Counts) {
    let mut items = Vec::new();
    for piece in pieces {
        framer.feed(piece, &Origin::default(), &mut |item| items.push(Owned::of(item)));
    }
    let counts = framer.finish(&Origin::default(), &mut |item| items.push(Owned::of(item)));
    (items, counts)
}

/// Records as views, rejects by reason and offset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) records: Vec<Json>,
    pub(crate) rejects: Vec<(String, u64)>,
}

impl Seen {
    pub(crate) fn see(&mut self, record: &Result<Record<'_>, Reject<'_>>) {
        match record {
            Ok(record) => {
                let mut view = Vec::new();
                record.write_view(&mut view);
                self.records.push(Json::parse(&view));
            }
            Err(reject) => self.rejects.push((reject.reason.as_str().to_owned(), u64::from(reject.offset))),
        }
    }
}

/// The default limits without those that a file does not have.
pub(crate) fn unlimited() -> Limits {
    Limits { events_max: u32::MAX, ..Limits::default() }
}

/// One gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// JSON without the white space between its tokens, which is how the service prints it.
pub(crate) fn compact(json: &[u8]) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let mut keep = |byte: u8| {
        if escaped {
            escaped = false;
        } else if inside && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            inside = !inside;
        }
        inside || !byte.is_ascii_whitespace()
    };
    json.iter().copied().filter(|&byte| keep(byte)).collect()
}
