//! The independent reader: Kafka's own console consumer, run from the same jars, its output parsed.
//!
//! It knows no end of a topic and stops when nothing has come for a while. That alone would make a slow machine lose
//! messages, so the proof that it has read everything is another: it commits where it stopped, and it is run again from
//! there until the committed offsets are the ends that the broker reports.

use std::sync::atomic::{AtomicU32, Ordering};

use super::client::{self, Isolation, Message};
use super::install::Install;

/// Separates fields; no test writes it into a message.
const FIELD: &str = "<:field:>";
const HEADER: &str = "<:header:>";
const LINE: &str = "<:line:>";
const NULL: &str = "<:null:>";
/// How long the console consumer waits for more.
const IDLE_MS: &str = "2000";
/// How often it is run on before its reader gives up.
const RUNS_MAX: u32 = 10;

static READS: AtomicU32 = AtomicU32::new(0);

/// Reads all of `topic` from its beginning to the end that `isolation` sees when called.
pub(super) fn read(install: &Install, bootstrap: &str, topic: &str, isolation: Isolation) -> Vec<Message> {
    let ends = client::ends(bootstrap, topic, isolation);
    let partitions: Vec<i32> = ends.iter().map(|(partition, _)| *partition).collect();
    let group = format!("console-{}-{}", std::process::id(), READS.fetch_add(1, Ordering::Relaxed));
    let mut messages = Vec::new();
    for _ in 0..RUNS_MAX {
        messages.extend(parse(&run(install, bootstrap, topic, isolation, &group)));
        let committed = client::committed(bootstrap, &group, topic, &partitions);
        let done = ends.iter().all(|(partition, end)| {
            *end == 0
                || committed.iter().any(|(p, offset)| p == partition && offset.is_some_and(|o| o >= *end))
        });
        if done {
            messages.sort();
            return messages;
        }
    }
    panic!("the console consumer did not reach the end of \"{topic}\" in {RUNS_MAX} runs");
}

fn run(install: &Install, bootstrap: &str, topic: &str, isolation: Isolation, group: &str) -> Vec<u8> {
    let output = install
        .java("128m", "org.apache.kafka.tools.consumer.ConsoleConsumer")
        .args(["--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning"])
        .args(["--isolation-level", isolation.as_str(), "--timeout-ms", IDLE_MS, "--group", group])
        .args(
            ["timestamp", "partition", "offset", "headers", "key", "value"]
                .iter()
                .flat_map(|field| ["--formatter-property".to_owned(), format!("print.{field}=true")]),
        )
        .args(["--formatter-property", &format!("key.separator={FIELD}")])
        .args(["--formatter-property", &format!("headers.separator={HEADER}")])
        .args(["--formatter-property", &format!("line.separator={LINE}")])
        .args(["--formatter-property", &format!("null.literal={NULL}")])
        .output()
        .expect("java starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || said.contains("TimeoutException"),
        "the console consumer failed with {}: {said}",
        output.status
    );
    output.stdout
}

/// Parses the printed messages.
fn parse(printed: &[u8]) -> Vec<Message> {
    split(printed, LINE).into_iter().filter(|line| !line.is_empty()).map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Message {
    let fields = split(line, FIELD);
    let [timestamp, partition, offset, headers, key, value] = fields.as_slice() else {
        panic!("six fields expected in {:?}", String::from_utf8_lossy(line));
    };
    let number = |field: &[u8], label: &str| -> Option<i64> {
        let text = String::from_utf8_lossy(field);
        text.strip_prefix(label)?.parse().ok()
    };
    Message {
        partition: number(partition, "Partition:").and_then(|n| i32::try_from(n).ok()).expect("a partition"),
        offset: number(offset, "Offset:").expect("an offset"),
        timestamp_ms: number(timestamp, "CreateTime:").or_else(|| number(timestamp, "LogAppendTime:")),
        key: present(key),
        value: present(value),
        headers: parse_headers(headers),
    }
}

fn parse_headers(field: &[u8]) -> Vec<(String, Option<Vec<u8>>)> {
    if field == b"NO_HEADERS" {
        return Vec::new();
    }
    let header = |text: &[u8]| {
        let colon = text.iter().position(|byte| *byte == b':').expect("a header has a name");
        (String::from_utf8_lossy(&text[..colon]).into_owned(), present(&text[colon + 1..]))
    };
    split(field, HEADER).into_iter().map(header).collect()
}

fn present(field: &[u8]) -> Option<Vec<u8>> {
    (field != NULL.as_bytes()).then(|| field.to_vec())
}

/// Splits bytes at every occurrence of `separator`.
fn split<'a>(mut bytes: &'a [u8], separator: &str) -> Vec<&'a [u8]> {
    let separator = separator.as_bytes();
    let mut parts = Vec::new();
    while let Some(at) = bytes.windows(separator.len()).position(|window| window == separator) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + separator.len()..];
    }
    parts.push(bytes);
    parts
}
