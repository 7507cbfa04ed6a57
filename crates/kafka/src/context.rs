//! Callbacks of the clients: they only record, the worker's loop acts.
//!
//! In: librdkafka's events, served on the thread that polls. Out: [`Events`], a closed set of facts the
//! owner takes when it wants them. Rebalances are recorded here and answered later (`start`, `release`),
//! which librdkafka allows: it waits for the call. Only while the client closes are they answered at once,
//! for then nobody is left to answer and the client would wait for ever.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hsmstream_engine::clock::{Clock, SystemClock};
use rdkafka::TopicPartitionList;
use rdkafka::client::{Client, ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaRespErr;

use crate::batch::set_token;
use crate::config::{KafkaConfig, Sasl};
use crate::error::{Error, code_of, is_refused};
use crate::oauth::TokenSource;

/// The consumer of this crate.
pub(crate) type Consumer = BaseConsumer<Context>;
/// The producer of this crate.
pub(crate) type Producer = BaseProducer<Context>;

/// A partition by name.
pub(crate) type Place = (String, i32);

/// A change of assignment that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rebalance {
    /// The group gives these.
    Assign(Vec<Place>),
    /// The group takes these.
    Revoke { places: Vec<Place>, lost: bool },
}

/// What the callbacks recorded.
#[derive(Debug, Default)]
struct Events {
    rebalances: VecDeque<Rebalance>,
    /// First failed delivery since it was last asked for.
    undelivered: Option<(RDKafkaErrorCode, String)>,
    /// Latest error of the client as a whole.
    latest: Option<(RDKafkaErrorCode, String)>,
    /// When it was last told as a warning.
    warned: Option<Duration>,
}

/// Context of one client.
#[derive(Debug)]
pub(crate) struct Context {
    events: Mutex<Events>,
    closing: AtomicBool,
    escaped: AtomicBool,
    tokens: Option<TokenSource>,
    clock: SystemClock,
}

impl Context {
    /// A context for a client with this configuration.
    pub(crate) fn new(config: &KafkaConfig) -> Self {
        let tokens = match &config.sasl {
            Some(Sasl::OauthBearer { tokens }) => Some(tokens.clone()),
            _ => None,
        };
        Self {
            events: Mutex::default(),
            closing: AtomicBool::new(false),
            escaped: AtomicBool::new(false),
            tokens,
            clock: SystemClock::new(),
        }
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        // Nothing panics while holding the lock, and the facts stay true if something did.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the oldest unanswered change of assignment.
    pub(crate) fn next_rebalance(&self) -> Option<Rebalance> {
        self.events().rebalances.pop_front()
    }

    /// Whether a waiting change says that ownership is gone already.
    pub(crate) fn has_lost(&self) -> bool {
        let lost = |rebalance: &Rebalance| matches!(rebalance, Rebalance::Revoke { lost: true, .. });
        self.events().rebalances.iter().any(lost)
    }

    /// Takes the first failed delivery.
    pub(crate) fn take_undelivered(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.events().undelivered.take()
    }

    /// The latest error of the client as a whole: the reason behind a request that timed out.
    pub(crate) fn latest_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.events().latest.clone()
    }

    /// Serves a client's events for up to `wait`; returns its error, if it reports one. The client's own queue
    /// carries events only: a message there escaped its forwarding, which is remembered.
    pub(crate) fn serve(consumer: &Consumer, wait: Duration) -> Option<KafkaError> {
        match consumer.poll(wait) {
            None => None,
            Some(Err(error)) => Some(error),
            Some(Ok(_)) => {
                consumer.context().escaped.store(true, Ordering::Release);
                None
            }
        }
    }

    /// Whether a message escaped its forwarding since this was last asked.
    pub(crate) fn take_escaped(&self) -> bool {
        self.escaped.swap(false, Ordering::AcqRel)
    }

    /// From now on rebalances are answered at once, by giving everything back.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.events().rebalances.clear();
    }

    /// Remembers why a connection was closed, unless it is known that this client is refused: brokers close the
    /// connections of those, too.
    fn closed(&self, why: &str) {
        let why = why.split_once("]: ").map_or(why, |(_thread, why)| why);
        let mut events = self.events();
        if !events.latest.as_ref().is_some_and(|(code, _)| is_refused(*code)) {
            events.latest = Some((RDKafkaErrorCode::BrokerTransportFailure, why.to_owned()));
        }
    }

    /// Tells an error: as a warning if none was told lately, for connection trouble comes again with every
    /// attempt.
    fn tell(&self, text: &str) {
        let now = self.clock.monotonic();
        let mut events = self.events();
        let due = events.warned.is_none_or(|warned| warned.saturating_add(WARNING_INTERVAL) <= now);
        if due {
            events.warned = Some(now);
        }
        drop(events);
        if due {
            tracing::warn!(reason = text, "kafka client");
        } else {
            tracing::debug!(reason = text, "kafka client");
        }
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            self.closed(message);
        }
        match level {
            // A property of consumers given to a producer, or the reverse: all clients get the user's.
            _ if facility == "CONFWARN" => tracing::debug!(facility, message, "kafka client"),
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => self.tell(message),
            RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "kafka client"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(facility, message, "kafka client");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(facility, message, "kafka client"),
        }
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let text = if reason.is_empty() { error.to_string() } else { reason.to_owned() };
        self.tell(&text);
        let code = code_of(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown), &text);
        let mut events = self.events();
        // That all brokers are down follows the errors that say why.
        if code != RDKafkaErrorCode::AllBrokersDown || events.latest.is_none() {
            events.latest = Some((code, text));
        }
    }

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn StdError>> {
        let source = self.tokens.as_ref().ok_or("no source of tokens is configured")?;
        let token = source.token(self.clock.wall_ms())?;
        Ok(OAuthToken {
            token: token.text.expose().to_owned(),
            principal_name: token.principal,
            lifetime_ms: token.expires_ms,
        })
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &Consumer, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::Acquire) {
            give_back(consumer, kind, list);
            return;
        }
        let places = places(list);
        let rebalance = if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Rebalance::Assign(places)
        } else {
            Rebalance::Revoke { places, lost: consumer.assignment_lost() }
        };
        tracing::debug!(?rebalance, "rebalance");
        self.events().rebalances.push_back(rebalance);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            let topic = rdkafka::Message::topic(message);
            let text = format!("message for topic \"{topic}\" was not delivered: {error}");
            self.events().undelivered.get_or_insert((code, text));
        }
    }
}

/// Gives a new client its first bearer token, if it needs one: some requests block until it has one, and
/// nobody serves its events meanwhile.
pub(crate) fn authorize<C: ClientContext>(client: &Client<C>, config: &KafkaConfig) -> Result<(), Error> {
    let Some(Sasl::OauthBearer { tokens }) = &config.sasl else { return Ok(()) };
    let token = tokens.token(SystemClock::new().wall_ms()).map_err(Error::new)?;
    set_token(client, &token).map_err(|why| Error::new(format!("bearer token: {why}")))
}

/// Makes a consumer.
pub(crate) fn consumer(properties: &ClientConfig, config: &KafkaConfig) -> Result<Consumer, Error> {
    let made = Consumer::from_config_and_context(properties, Context::new(config));
    let client = made.map_err(|error| Error::unmade("consumer", &error))?;
    authorize(client.client(), config)?;
    Ok(client)
}

/// Makes a producer.
pub(crate) fn producer(properties: &ClientConfig, config: &KafkaConfig) -> Result<Producer, Error> {
    let made = Producer::from_config_and_context(properties, Context::new(config));
    let client = made.map_err(|error| Error::unmade("producer", &error))?;
    authorize(client.client(), config)?;
    Ok(client)
}

/// Answers a rebalance of a closing client.
fn give_back(consumer: &Consumer, kind: RDKafkaRespErr, list: &TopicPartitionList) {
    let answer = if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
        consumer.incremental_assign(&TopicPartitionList::new())
    } else {
        // Refused if some of these were never taken over; then everything goes.
        consumer.incremental_unassign(list).or_else(|_| consumer.unassign())
    };
    if let Err(error) = answer {
        tracing::warn!(%error, "giving partitions back");
    }
}

/// The partitions of a list.
pub(crate) fn places(list: &TopicPartitionList) -> Vec<Place> {
    list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

/// At most one warning about connections in this time; the rest is told at level debug.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);
