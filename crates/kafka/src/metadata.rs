//! Requests for metadata, tried again while trouble may pass.

use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::config::KafkaConfig;
use crate::context::Consumer;
use crate::error::{Error, explained, is_passing};

/// The result of one attempt.
pub(crate) type Tried<T> = Result<T, KafkaError>;

/// Number of partitions of a topic that must exist.
pub(crate) fn describe(
    client: &Consumer,
    config: &KafkaConfig,
    topic: &str,
    deadline: Duration,
) -> Result<i32, Error> {
    let doing = format!("looking for topic \"{topic}\"");
    let found = retry(client, config, &doing, deadline, || partitions(client, topic))?;
    let missing = || Error::new(format!("the topic \"{topic}\" does not exist"));
    i32::try_from(found.ok_or_else(missing)?).map_err(|_| missing())
}

/// Number of partitions of a topic, `None` if there is no such topic.
pub(crate) fn partitions(client: &Consumer, topic: &str) -> Tried<Option<u32>> {
    let metadata = client.fetch_metadata(Some(topic), REQUEST_WAIT)?;
    let Some(found) = metadata.topics().first() else { return Ok(None) };
    match found.error().map(Code::from) {
        None => Ok(u32::try_from(found.partitions().len()).ok().filter(|count| 0 < *count)),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(None),
        Some(code) => Err(KafkaError::MetadataFetch(code)),
    }
}

/// Tries a request until it succeeds, fails for good, or the deadline is over.
pub(crate) fn retry<T>(
    client: &Consumer,
    config: &KafkaConfig,
    doing: &str,
    deadline: Duration,
    mut request: impl FnMut() -> Tried<T>,
) -> Result<T, Error> {
    let clock = SystemClock::new();
    let mut pause = Duration::from_millis(50);
    loop {
        // Serves what the client has to say; a new token for OAUTHBEARER comes this way too.
        let said = client.poll(Duration::ZERO).and_then(Result::err);
        let error = match request() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let said = client.poll(Duration::ZERO).and_then(Result::err).or(said);
        let login = said.and_then(|error| error.rdkafka_error_code()).filter(|code| is_refused_login(*code));
        let code = login.or(error.rdkafka_error_code()).unwrap_or(Code::Unknown);
        if !is_passing(code) || deadline <= clock.monotonic().saturating_add(pause) {
            let brokers = config.brokers.join(", ");
            let took = clock.monotonic().as_secs_f32();
            let latest = client.context().latest_error().unwrap_or_else(|| error.to_string());
            let text = format!("{doing} at {brokers} (tried for {took:.1} s): {latest}");
            return Err(Error::new(explained(code, &text)));
        }
        drop(client.poll(pause));
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn is_refused_login(code: Code) -> bool {
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL | Code::Resolve)
}

/// One request to a broker, before it is sent anew.
pub(crate) const REQUEST_WAIT: Duration = Duration::from_secs(3);
/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(1);
