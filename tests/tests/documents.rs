//! JSON documents in every form, cut and spoilt at every byte: no pattern ever sees what is not one JSON object.

use hsmstream_frame::{Format, StreamFramer};
use hsmstream_json::{NESTING_MAX, NodeKind, Tape};
use hsmstream_record::{Kind, Limits, Origin};

/// A whole document of each form, and the kind of record in it.
const DOCUMENTS: [(Format, Kind, &str); 7] = [
    (
        Format::Auto,
        Kind::CloudTrail,
        r#"{"eventVersion":"1.08","eventTime":"2020-01-01T00:00:00Z","x":[1,{"y":"\u00e9"}]}"#,
    ),
    (
        Format::CloudTrail,
        Kind::CloudTrail,
        r#"{"Records":[{"eventVersion":"1.08","eventName":"DeleteHsm"},{"eventVersion":"1.08"}]}"#,
    ),
    (
        Format::Event,
        Kind::CloudTrail,
        r#"{"message":"{\"eventVersion\":\"1.08\",\"a\":{\"b\":null}}","timestamp":1}"#,
    ),
    (
        Format::Event,
        Kind::Certificate,
        r#"{"message":"{\"object_handle\":7,\"op_code\":\"Create\"}","timestamp":1}"#,
    ),
    (
        Format::Certificate,
        Kind::Certificate,
        r#"{"object_handle":463180677312929947,"op_code":"Create","timestamp":1}"#,
    ),
    (
        Format::MetricStream,
        Kind::Metric,
        "{\"metric_stream_name\":\"m\",\"value\":{\"max\":1}}\n{\"metric_stream_name\":\"m\"}",
    ),
    (
        Format::Envelope,
        Kind::CloudTrail,
        r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{"id":"1","timestamp":1,"message":"{\"eventVersion\":\"1\"}"}]}"#,
    ),
];

/// Documents that came out of `bytes`, and how many rejects; fails if a document is not one JSON object.
fn framed(format: Format, bytes: &[u8]) -> (usize, usize) {
    let mut framer = StreamFramer::new(format, Limits::default());
    let (mut documents, mut rejects) = (0, 0);
    let mut tape = Tape::new();
    let mut take = |item: &Result<hsmstream_record::Record<'_>, hsmstream_frame::Reject<'_>>| match item {
        Err(_) => rejects += 1,
        Ok(record) if record.kind() == Kind::Audit => panic!("no audit record is in there"),
        Ok(record) => {
            let root = tape.parse(record.raw(), NESTING_MAX);
            let shown = record.raw().escape_ascii();
            assert!(root.is_ok_and(|root| root.kind() == NodeKind::Object), "a pattern would see {shown}");
            documents += 1;
        }
    };
    framer.feed_records(bytes, &Origin::default(), &mut take);
    framer.finish_records(&Origin::default(), &mut take);
    (documents, rejects)
}

/// JSON patterns never see broken JSON: what is no JSON object becomes a reject, and rejects are counted by
/// reason in `hsmstream_rejects_total`.
#[test]
fn broken_json_is_rejected_before_any_pattern() {
    for (format, _, whole) in DOCUMENTS {
        let (all, rejects) = framed(format, whole.as_bytes());
        assert!(all > 0 && rejects == 0, "{format:?}: {all} documents, {rejects} rejects of {whole}");
        for end in 1..whole.len() {
            let (documents, rejects) = framed(format, &whole.as_bytes()[..end]);
            let is_between =
                whole.as_bytes()[..end].trim_ascii_end().ends_with(b"}") && format == Format::MetricStream;
            assert!(rejects > 0 || is_between, "{format:?}: cut at {end}: {documents} documents");
            assert!(documents < all || is_between || rejects > 0, "{format:?}: cut at {end}");
        }
        // Any byte spoilt: whatever still comes out as a document is one JSON object.
        for at in 0..whole.len() {
            for byte in [b'"', b'{', b'}', b']', b',', b'\\', 0x01, 0xff, b' '] {
                let mut spoilt = whole.as_bytes().to_vec();
                spoilt[at] = byte;
                framed(format, &spoilt);
            }
        }
    }
}
