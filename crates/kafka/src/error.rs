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
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
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

/// The broker does not let this user in; trying again will not help.
pub(crate) fn is_refused_login(code: Code) -> bool {
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed)
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
            "check kafka.sasl: mechanism, username and password"
        }
        Code::SSL => "check kafka.tls: ca_file must hold the authority that signed the broker's certificate",
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
        Code::UnsupportedCompressionType => {
            "build with `--features zstd` to read topics compressed with zstd"
        }
        _ => return None,
    })
}

/// An error text with its advice.
pub(crate) fn explained(code: Code, text: &str) -> String {
    advice(code).map_or_else(|| text.to_owned(), |advice| format!("{text}; {advice}"))
}

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
}
