//! CloudEvents 1.0 headers in the binary mode of the Kafka binding: the message value stays plain JSON, and
//! a router needs to read no more than headers.
//!
//! | header | value |
//! |---|---|
//! | `ce_specversion` | `1.0` |
//! | `ce_id` | [`Output::event_id`]: unique per publication together with `ce_source`, repeated by a retry |
//! | `ce_source` | `/hsmstream/<application id>` |
//! | `ce_type` | `io.hsmstream.<alert, closing, rollup, reject, operational>.v1` |
//! | `ce_time` | [`Output::time`], where there is one |
//! | `ce_subject` | rule id; of rejects topic/partition/offset; of operational alerts their kind |
//! | `ce_dataschema` | `$id` of the schema |
//! | `content-type` | `application/json` |

use crate::schema::identifier;
use crate::{AlertFormat, Output};

/// The producer as a URI reference, `/hsmstream/<application id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource(String);

impl EventSource {
    /// The source of one application; what a URI's path segment may not hold is percent-encoded.
    #[must_use]
    pub fn new(application_id: &str) -> Self {
        let mut source = String::from("/hsmstream/");
        for byte in application_id.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                source.push(char::from(byte));
            } else {
                source.push_str(&format!("%{byte:02X}"));
            }
        }
        Self(source)
    }

    /// The source as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `ce_type` of an output.
#[must_use]
pub const fn event_type(output: &Output<'_>) -> &'static str {
    match output {
        Output::Alert(_) => "io.hsmstream.alert.v1",
        Output::Closing(_) => "io.hsmstream.closing.v1",
        Output::Rollup(_) => "io.hsmstream.rollup.v1",
        Output::Reject(_) => "io.hsmstream.reject.v1",
        Output::Operational(_) => "io.hsmstream.operational.v1",
    }
}

/// The Kafka headers of an output whose value was encoded in `format`.
#[must_use]
pub fn headers(
    output: &Output<'_>,
    format: AlertFormat,
    source: &EventSource,
) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(8);
    headers.push(("ce_specversion", "1.0".to_owned()));
    headers.push(("ce_id", output.event_id()));
    headers.push(("ce_source", source.0.clone()));
    headers.push(("ce_type", event_type(output).to_owned()));
    if let Some(time) = output.time() {
        headers.push(("ce_time", time.to_string()));
    }
    headers.push(("ce_subject", subject(output)));
    headers.push(("ce_dataschema", identifier(output.schema_name(format))));
    headers.push(("content-type", "application/json".to_owned()));
    headers
}

fn subject(output: &Output<'_>) -> String {
    let text = match output {
        Output::Alert(it) => it.rule.id.clone(),
        Output::Closing(it) => it.rule.id.clone(),
        Output::Rollup(it) => it.rule.id.clone(),
        Output::Operational(it) => it.kind.as_str().to_owned(),
        Output::Reject(it) => {
            format!("{}/{}/{}", it.position.topic, it.position.partition, it.position.offset)
        }
    };
    // CloudEvents strings hold no control characters.
    let visible = text.chars().map(|it| if it.is_control() { char::REPLACEMENT_CHARACTER } else { it });
    visible.take(SUBJECT_CHARS_MAX).collect()
}

const SUBJECT_CHARS_MAX: usize = 256;
