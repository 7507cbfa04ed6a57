//! What went wrong, by what can be done about it: librdkafka's codes and flags → [`TransportError`].
//!
//! librdkafka flags the errors of its transactional calls (retriable, abortable, fatal); the flags decide.
//! Only fencing is told by code. Errors of other calls carry a code alone.

use std::fmt;

use hsmstream_engine::ports::TransportError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::batch::Failure;

/// An error of the tools and of setting up: what was tried, why it failed, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    text: String,
    refused: bool,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), refused: false }
    }

    /// An error with its code's advice.
    pub(crate) fn coded(code: Code, text: &str) -> Self {
        Self { text: explained(code, text), refused: is_refused(code) || is_missing_right(code) }
    }

    /// An error of making a client, which reads the files of `kafka.tls`.
    pub(crate) fn unmade(client: &str, error: &KafkaError) -> Self {
        let text = format!("{client}: {error}");
        let advice = TLS_FILES.iter().find(|(property, _)| text.contains(property));
        Self::new(advice.map_or(text.clone(), |(_, advice)| format!("{text}; {advice}")))
    }

    /// Whether trying again is no use until somebody grants or corrects something.
    pub(crate) fn is_refusal(&self) -> bool {
        self.refused
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl Failure {
    /// The failure inside an error of the safe binding; errors without flags have none set.
    pub(crate) fn of(error: &KafkaError) -> Self {
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        match error {
            KafkaError::Transaction(inner) => Self {
                code,
                text: inner.string(),
                fatal: inner.is_fatal(),
                retriable: inner.is_retriable(),
                abortable: inner.txn_requires_abort(),
            },
            KafkaError::MessageConsumptionFatal(_) => {
                Self { code, text: error.to_string(), fatal: true, retriable: false, abortable: false }
            }
            _ => Self { code, text: error.to_string(), fatal: false, retriable: false, abortable: false },
        }
    }

    /// The kind of error for the worker; `doing` names the operation.
    pub(crate) fn transport(&self, doing: &str) -> TransportError {
        let text = format!("{doing}: {}", self.text);
        if is_fencing(self.code) {
            TransportError::Fenced(text)
        } else if self.fatal || self.code == Code::Fatal {
            TransportError::Fatal(text)
        } else if self.abortable || is_group_change(self.code) {
            TransportError::Abortable(text)
        } else if self.retriable || is_passing(self.code) {
            TransportError::Retriable(text)
        } else {
            TransportError::Fatal(text)
        }
    }
}

/// Another producer took the transactional id over, or the broker gave this one up.
pub(crate) fn is_fencing(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::InvalidProducerEpoch | Code::ProducerFenced | Code::FencedInstanceId)
}

/// The group went on without this member, or is about to: state since the last commit is void.
pub(crate) fn is_group_change(code: Code) -> bool {
    matches!(
        code,
        Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::StaleMemberEpoch
            | Code::AssignmentLost
    )
}

/// One side does not take the other for what it claims to be; trying again will not help.
pub(crate) fn is_refused(code: Code) -> bool {
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL)
}

/// This user may not do that.
fn is_missing_right(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::ClusterAuthorizationFailed
    )
}

/// The code of a connection's error. The client takes a TLS alert, which is how a broker refuses a client's
/// certificate, for a failure of the network.
pub(crate) fn code_of(code: Code, text: &str) -> Code {
    if code == Code::BrokerTransportFailure && text.contains(TLS_ALERT) { Code::SSL } else { code }
}

/// Trouble that passes by itself.
pub(crate) fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::TimedOutQueue
            | Code::MessageTimedOut
            | Code::BrokerTransportFailure
            | Code::DestroyBroker
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::WaitingForCoordinator
            | Code::WaitCache
            | Code::InProgress
            | Code::PreviousInProgress
            | Code::Retry
            | Code::QueueFull
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::BrokerNotAvailable
            | Code::ReplicaNotAvailable
            | Code::NetworkException
            | Code::ConcurrentTransactions
            | Code::UnstableOffsetCommit
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::UnknownTopic
            | Code::OffsetNotAvailable
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
    )
}

/// What a person can do about an error code, if there is a known answer.
pub(crate) fn advice(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::BrokerTransportFailure | Code::AllBrokersDown | Code::OperationTimedOut => {
            "check kafka.brokers, the network, and whether the listener expects TLS or SASL (kafka.tls, kafka.sasl)"
        }
        Code::Resolve => "the host name in kafka.brokers does not resolve",
        Code::Authentication | Code::SaslAuthenticationFailed => {
            "check kafka.sasl: mechanism, username and password, and whether this listener takes SASL"
        }
        Code::SSL => {
            "check kafka.tls: ca_file must hold the authority that signed the broker's certificate, and the \
             certificate must name the host as kafka.brokers does; `openssl s_client -connect HOST:PORT -CAfile \
             FILE -verify_hostname HOST` shows which of the two is wrong"
        }
        Code::TopicAuthorizationFailed => {
            "grant this user READ and DESCRIBE on input and changelog topics, WRITE on output and changelog topics"
        }
        Code::GroupAuthorizationFailed => "grant this user READ on the consumer group (kafka.group)",
        Code::TransactionalIdAuthorizationFailed => {
            "grant this user WRITE and DESCRIBE on transactional ids with the prefix `application`"
        }
        Code::ClusterAuthorizationFailed => {
            "grant this user IDEMPOTENT_WRITE (and CREATE, for --create-topics) on the cluster"
        }
        Code::InconsistentGroupProtocol => {
            "another client uses this consumer group with another assignment strategy: choose another kafka.group"
        }
        Code::InvalidTransactionTimeout => {
            "the broker allows less (transaction.max.timeout.ms): lower delivery.transaction_timeout"
        }
        Code::UnsupportedCompressionType | Code::NotImplemented => {
            "build with `--features zstd` to read topics compressed with zstd"
        }
        _ => return None,
    })
}

/// An error text with its advice.
pub(crate) fn explained(code: Code, text: &str) -> String {
    let advice = if text.contains(TLS_ALERT) { Some(ALERT_ADVICE) } else { advice(code) };
    advice.map_or_else(|| text.to_owned(), |advice| format!("{text}; {advice}"))
}

/// Stands in OpenSSL's text for an alert that the broker sent.
const TLS_ALERT: &str = "SSL alert number";
const ALERT_ADVICE: &str = "the broker refuses this client: it wants a certificate, or does not trust the one it was \
                            shown (kafka.tls.certificate_file, kafka.tls.key_file)";

/// What must be in the files of `kafka.tls`, by the property in whose name the client complains.
const TLS_FILES: &[(&str, &str)] = &[
    ("ssl.ca.location", "kafka.tls.ca_file must hold certificates in PEM"),
    ("ssl.certificate.location", "kafka.tls.certificate_file must hold the client's certificate in PEM"),
    (
        "ssl.key.location",
        "kafka.tls.key_file must hold the key of certificate_file in PEM, and kafka.tls.key_password must open it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: Code, fatal: bool, retriable: bool, abortable: bool) -> Failure {
        Failure { code, text: "x".to_owned(), fatal, retriable, abortable }
    }

    #[test]
    fn flags_and_codes_decide() {
        let text = || "commit: x".to_owned();
        let cases = [
            (failure(Code::Fenced, true, false, false), TransportError::Fenced(text())),
            (failure(Code::InvalidProducerEpoch, false, false, true), TransportError::Fenced(text())),
            (failure(Code::Fatal, true, false, false), TransportError::Fatal(text())),
            (failure(Code::IllegalGeneration, false, false, true), TransportError::Abortable(text())),
            (failure(Code::UnknownMemberId, false, false, false), TransportError::Abortable(text())),
            (failure(Code::OperationTimedOut, false, true, false), TransportError::Retriable(text())),
            (failure(Code::NotCoordinator, false, false, false), TransportError::Retriable(text())),
            (failure(Code::InvalidArgument, false, false, false), TransportError::Fatal(text())),
        ];
        for (failure, expected) in cases {
            assert_eq!(failure.transport("commit"), expected);
        }
    }

    #[test]
    fn an_alert_of_tls_is_a_refusal() {
        // As librdkafka 2.12.1 with OpenSSL 3.0 reports it.
        let text = "ssl://b:9094/1: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: \
                    SSL alert number 42 (after 0ms in state APIVERSION_QUERY)";
        let code = code_of(Code::BrokerTransportFailure, text);
        assert!(is_refused(code));
        assert!(Error::coded(code, text).to_string().contains("kafka.tls.certificate_file"));
        let gone = "Disconnected: connection closed by peer";
        assert_eq!(code_of(Code::BrokerTransportFailure, gone), Code::BrokerTransportFailure);
    }
}
