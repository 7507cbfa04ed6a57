//! The test broker itself: a real Kafka keeps its promises before anything of ours is held against it.

use std::time::Duration;

use hsmstream_tests::broker::{Cluster, Isolation, Message, Outgoing};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const LIMIT: Duration = Duration::from_secs(30);

/// A transaction around `values`, committed or aborted.
fn transaction(cluster: &Cluster, topic: &str, values: &[&str], commit: bool) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap())
        .set("transactional.id", topic)
        .create()
        .unwrap();
    producer.init_transactions(LIMIT).unwrap();
    producer.begin_transaction().unwrap();
    for value in values {
        producer.send(BaseRecord::to(topic).partition(0).key("key").payload(*value)).unwrap();
    }
    producer.flush(LIMIT).unwrap();
    if commit { producer.commit_transaction(LIMIT) } else { producer.abort_transaction(LIMIT) }.unwrap();
}

fn values(messages: &[Message]) -> Vec<String> {
    messages.iter().map(Message::text).collect()
}

#[test]
fn both_readers_see_committed_messages_and_no_aborted_ones() {
    let kafka = Cluster::shared();
    let topic = "both-readers";
    kafka.create_topic(topic, 2);
    kafka.produce(topic, 1, None, b"plain");
    transaction(&kafka, topic, &["aborted 1", "aborted 2"], false);
    transaction(&kafka, topic, &["committed 1", "committed 2"], true);
    transaction(&kafka, topic, &["aborted 3"], false);

    let by_rdkafka = kafka.read_committed_all(topic);
    assert_eq!(values(&by_rdkafka), ["committed 1", "committed 2", "plain"]);
    assert_eq!(kafka.console_read(topic, Isolation::ReadCommitted), by_rdkafka);

    let all = kafka.read_all(topic, Isolation::ReadUncommitted);
    assert_eq!(values(&all), ["aborted 1", "aborted 2", "committed 1", "committed 2", "aborted 3", "plain"]);
    assert_eq!(kafka.console_read(topic, Isolation::ReadUncommitted), all);
}

#[test]
fn both_readers_agree_on_hostile_bytes_headers_tombstones_and_order() {
    let kafka = Cluster::shared();
    let topic = "hostile-bytes";
    kafka.create_topic(topic, 3);
    let messages = [
        Outgoing { key: Some(b"k"), ..Outgoing::new(b"a line\nand another\r\n\ttab") },
        Outgoing { key: Some(b""), ..Outgoing::new(b"") },
        Outgoing { partition: 2, ..Outgoing::new(b"\x00\x01\xff\xfe not UTF-8") },
        Outgoing { key: Some(b"\xff\x00"), ..Outgoing::new("ключ, 鍵, \u{1f511}".as_bytes()) },
        Outgoing { partition: 2, key: Some(b"tombstone"), ..Outgoing::default() },
        Outgoing {
            headers: &[("a", b"1"), ("b", b"x:y,z"), ("a", b"")],
            ..Outgoing::new(b"Partition:9\tOffset:9")
        },
        Outgoing { timestamp_ms: Some(1_000), ..Outgoing::new(b"null") },
    ];
    kafka.produce_all(topic, &messages);

    let read = kafka.read_committed_all(topic);
    assert_eq!(read.len(), messages.len());
    for (message, sent) in read.iter().zip([0, 1, 3, 5, 6, 2, 4].map(|index| messages[index])) {
        assert_eq!(message.partition, sent.partition);
        assert_eq!(message.key.as_deref(), sent.key);
        assert_eq!(message.value.as_deref(), sent.value);
        let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref().unwrap()));
        assert!(headers.eq(sent.headers.iter().copied()));
    }
    assert_eq!(kafka.console_read(topic, Isolation::ReadCommitted), read);
}

#[test]
fn an_open_transaction_hides_what_follows_it() {
    let kafka = Cluster::shared();
    let topic = "open-transaction";
    kafka.create_topic(topic, 1);
    kafka.produce(topic, 0, None, b"before");
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .set("transactional.id", topic)
        .create()
        .unwrap();
    producer.init_transactions(LIMIT).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<str, str>::to(topic).payload("open")).unwrap();
    producer.flush(LIMIT).unwrap();
    kafka.produce(topic, 0, None, b"after");

    assert_eq!(values(&kafka.read_committed_all(topic)), ["before"]);
    assert_eq!(kafka.ends(topic, Isolation::ReadCommitted), [(0, 1)]);
    producer.commit_transaction(LIMIT).unwrap();
    assert_eq!(values(&kafka.read_committed_all(topic)), ["before", "open", "after"]);
}

#[test]
fn committed_messages_survive_kill_9() {
    let kafka = Cluster::start(1);
    let topic = "survivors";
    kafka.create_topic(topic, 1);
    transaction(&kafka, topic, &["committed"], true);
    let before = kafka.read_committed_all(topic);
    assert_eq!(values(&before), ["committed"]);

    kafka.kill9(0);
    kafka.restart(0);
    assert_eq!(kafka.read_committed_all(topic), before);
    transaction(&kafka, topic, &["later"], true);
    assert_eq!(values(&kafka.console_read(topic, Isolation::ReadCommitted)), ["committed", "later"]);
}

#[test]
fn three_brokers_lose_nothing_when_one_dies() {
    let kafka = Cluster::start(3);
    let topic = "replicated";
    kafka.create_topic(topic, 3);
    transaction(&kafka, topic, &["one"], true);
    kafka.kill9(1);
    transaction(&kafka, topic, &["two"], true);
    kafka.restart(1);
    kafka.kill9(0);
    transaction(&kafka, topic, &["three"], true);
    assert_eq!(values(&kafka.read_committed_all(topic)), ["one", "two", "three"]);
}
