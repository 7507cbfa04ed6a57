//! Requests for metadata, tried again while trouble may pass.

use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::config::KafkaConfig;
use crate::context::{Consumer, Context};
use crate::error::{Error, is_passing, is_refused};

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
        // Serves what the client has to say, the reasons of failures among it.
        let serve = |wait: Duration| drop(Context::serve(client, wait));
        serve(Duration::ZERO);
        let error = match request() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        (0..EVENTS_PER_ROUND).for_each(|_| serve(Duration::ZERO));
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let latest = client.context().latest_error();
        let refused = latest.as_ref().is_some_and(|(code, _)| is_refused(*code));
        let over = deadline <= clock.monotonic().saturating_add(pause);
        if refused || over || !is_passing(code) {
            let brokers = config.brokers.join(", ");
            let took = clock.monotonic().as_secs_f32();
            // A request that timed out says little; what the connection said says why.
            let (code, why) = latest.filter(|_| is_passing(code)).unwrap_or((code, error.to_string()));
            let text = format!("{doing} at {brokers} (tried for {took:.1} s): {why}");
            return Err(Error::coded(code, &text));
        }
        serve(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One request to a broker, before it is sent anew.
pub(crate) const REQUEST_WAIT: Duration = Duration::from_secs(3);
/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Events served after an attempt; logs are events too, and with `debug` there are hundreds before the reason.
const EVENTS_PER_ROUND: usize = 1_024;
