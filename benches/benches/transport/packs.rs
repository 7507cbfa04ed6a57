//! The same records in each transport's form, in one piece of memory.
//!
//! Shapes after the AWS documentation of CloudWatch Logs subscriptions, filter output and export tasks; JSON without
//! white space, as the services print it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use hsmstream_bench::buffer::Buffer;
use hsmstream_record::{escape, time};

/// Events of an envelope.
const EVENTS: usize = 100;
/// Envelopes of a Kinesis or Firehose batch.
const ENVELOPES: usize = 4;

/// Messages one behind the other.
#[derive(Default)]
pub(crate) struct Pack {
    pub(crate) bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Pack {
    /// The messages in order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    fn push(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
        self.ends.push(self.bytes.len());
    }

    /// Each message changed by itself.
    fn map(&self, change: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let mut pack = Self::default();
        self.messages().for_each(|message| pack.push(&change(message)));
        pack
    }

    /// Some messages inside each message.
    fn wrap(&self, head: &str, before: &str, behind: &str, tail: &str) -> Self {
        let messages: Vec<_> = self.messages().collect();
        let mut pack = Self::default();
        for some in messages.chunks(ENVELOPES) {
            let inside: Vec<_> =
                some.iter().map(|data| format!("{before}{}{behind}", STANDARD.encode(data))).collect();
            pack.push(format!("{head}{}{tail}", inside.join(",")).as_bytes());
        }
        pack
    }
}

/// Subscription envelopes.
pub(crate) fn envelopes(buffer: &Buffer) -> Pack {
    const HEAD: &[u8] = b"{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"111122223333\",\
        \"logGroup\":\"/aws/cloudhsm/cluster-likphkxygsn\",\"logStream\":\"hsm-nwbbiqbj4jk\",\
        \"subscriptionFilters\":[\"to-kafka\"],\"logEvents\":[";
    let mut pack = Pack::default();
    let mut envelope = Vec::new();
    for (number, frame) in buffer.frames().enumerate() {
        if number % EVENTS == 0 {
            envelope.extend_from_slice(HEAD);
        } else {
            envelope.push(b',');
        }
        let (id, at) = (event_id(number), timestamp_ms(frame));
        envelope.extend_from_slice(format!("{{\"id\":\"{id}\",\"timestamp\":{at},\"message\":").as_bytes());
        let _shown = escape::json_string(frame, &mut envelope);
        envelope.push(b'}');
        if number % EVENTS == EVENTS - 1 || number + 1 == buffer.len() {
            envelope.extend_from_slice(b"]}");
            pack.push(&envelope);
            envelope.clear();
        }
    }
    pack
}

/// Each message as one gzip member.
pub(crate) fn gzip(pack: &Pack) -> Pack {
    pack.map(|message| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(message).expect("memory");
        encoder.finish().expect("memory")
    })
}

/// Each message as base64.
pub(crate) fn base64(pack: &Pack) -> Pack {
    pack.map(|message| STANDARD.encode(message).into_bytes())
}

/// What a Lambda function that reads Kinesis is called with.
pub(crate) fn kinesis(pack: &Pack) -> Pack {
    let before =
        "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"hsm-nwbbiqbj4jk\",\"data\":\"";
    let behind = "\",\"approximateArrivalTimestamp\":1516815866.123},\"eventSource\":\"aws:kinesis\",\
        \"eventVersion\":\"1.0\",\"awsRegion\":\"eu-central-1\"}";
    pack.wrap("{\"Records\":[", before, behind, "]}")
}

/// Requests of Firehose to an HTTP endpoint.
pub(crate) fn firehose(pack: &Pack) -> Pack {
    let head =
        "{\"requestId\":\"ed4acda5-034f-9f42-bba1-f29aea6d7d8f\",\"timestamp\":1516815866123,\"records\":[";
    pack.wrap(head, "{\"data\":\"", "\"}", "]}")
}

/// The object of an export task: a record's first line carries the event's time.
pub(crate) fn export(buffer: &Buffer) -> Vec<u8> {
    let mut file = Vec::new();
    for frame in buffer.frames() {
        time::rfc3339_micros(timestamp_ms(frame) * 1000, &mut file);
        file.truncate(file.len() - "000Z".len());
        file.extend_from_slice(b"Z ");
        file.extend_from_slice(frame);
    }
    file
}

/// Output of `aws logs filter-log-events`, as JSON.
pub(crate) fn cli_json(buffer: &Buffer) -> Vec<u8> {
    let mut file = b"{\n    \"events\": [".to_vec();
    for (number, frame) in buffer.frames().enumerate() {
        let (comma, at) = (if number == 0 { "" } else { "," }, timestamp_ms(frame));
        file.extend_from_slice(
            format!(
                "{comma}\n        {{\n            \"logStreamName\": \"hsm-nwbbiqbj4jk\",\n            \
                 \"timestamp\": {at},\n            \"message\": "
            )
            .as_bytes(),
        );
        let _shown = escape::json_string(frame, &mut file);
        let (ingested, id) = (at + 1500, event_id(number));
        file.extend_from_slice(
            format!(
                ",\n            \"ingestionTime\": {ingested},\n            \"eventId\": \"{id}\"\n        }}"
            )
            .as_bytes(),
        );
    }
    file.extend_from_slice(b"\n    ],\n    \"searchedLogStreams\": []\n}\n");
    file
}

/// The same as text.
pub(crate) fn cli_text(buffer: &Buffer) -> Vec<u8> {
    let mut file = Vec::new();
    for (number, frame) in buffer.frames().enumerate() {
        let (id, at) = (event_id(number), timestamp_ms(frame));
        file.extend_from_slice(format!("EVENTS\t{id}\t{}\thsm-nwbbiqbj4jk\t", at + 1500).as_bytes());
        file.extend_from_slice(frame);
        file.extend_from_slice(format!("\t{at}\n").as_bytes());
    }
    file
}

/// 56 digits, as the service's ids have.
fn event_id(number: usize) -> String {
    format!("3{:055}", number)
}

fn timestamp_ms(frame: &[u8]) -> u64 {
    let usecs = hsmstream_record::parse(frame, &hsmstream_record::Limits::default()).map(|audit| audit.usecs);
    usecs.expect("the generator makes records") / 1000
}
