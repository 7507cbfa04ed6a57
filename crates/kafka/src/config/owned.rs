//! librdkafka properties that hsmstream owns: refused when the user sets them, with what to use instead.

/// Why a librdkafka property cannot be set by the user, or `None` if it can.
pub(super) fn owned_because(name: &str) -> Option<&'static str> {
    let (_, why) = OWNED.iter().find(|(owned, _)| *owned == name)?;
    Some(why)
}

const DELIVERY: &str = "hsmstream sets it, its delivery guarantee rests on it";

/// Properties that are refused, with the reason or the key to use instead.
pub(super) const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "use kafka.brokers"),
    ("metadata.broker.list", "use kafka.brokers"),
    ("client.id", "it is made of application and kafka.instance"),
    ("group.id", "use kafka.group"),
    ("group.instance.id", "static membership is not supported: one id would be shared by all workers"),
    ("group.protocol", "the classic protocol is used; the new one stalls in this client version"),
    ("transactional.id", "it is made of application and kafka.instance"),
    ("session.timeout.ms", "it follows delivery.transaction_timeout"),
    ("heartbeat.interval.ms", "it follows the session timeout"),
    ("transaction.timeout.ms", "use delivery.transaction_timeout"),
    ("enable.idempotence", DELIVERY),
    ("acks", DELIVERY),
    ("request.required.acks", DELIVERY),
    ("delivery.report.only.error", DELIVERY),
    ("dr_cb", DELIVERY),
    ("dr_msg_cb", DELIVERY),
    ("partitioner", "keys must go where other Kafka clients would put them"),
    ("enable.auto.commit", DELIVERY),
    ("auto.commit.enable", DELIVERY),
    ("enable.auto.offset.store", DELIVERY),
    ("auto.commit.interval.ms", DELIVERY),
    ("auto.offset.reset", "use input.start"),
    ("isolation.level", DELIVERY),
    ("partition.assignment.strategy", DELIVERY),
    ("enable.partition.eof", DELIVERY),
    ("allow.auto.create.topics", "topics are created by --create-topics only"),
    ("security.protocol", "use kafka.tls and kafka.sasl"),
    ("sasl.mechanism", "use kafka.sasl.mechanism"),
    ("sasl.mechanisms", "use kafka.sasl.mechanism"),
    ("sasl.username", "use kafka.sasl.username"),
    ("sasl.password", "use kafka.sasl.password, which is never printed"),
    ("ssl.ca.location", "use kafka.tls.ca_file"),
    ("ssl.certificate.location", "use kafka.tls.certificate_file"),
    ("ssl.key.location", "use kafka.tls.key_file"),
    ("ssl.key.password", "use kafka.tls.key_password, which is never printed"),
    ("log.queue", "hsmstream reads the client's log"),
    ("plugin.library.paths", "loading code through configuration is refused"),
    ("test.mock.num.brokers", "it would replace the brokers by a mock"),
];
