//! The transport on the mock cluster: what the mock can do, which is nothing about exactly-once.

use std::collections::BTreeMap;

use hsmstream_engine::ports::{Channel, Output, Polled, Start, TaskId, Transport, TransportError};

use super::*;
use crate::config::Delivery;
use crate::{KafkaTransport, Outgoing, Publish, ReadFrom, Tail};

const WAIT: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(20);

fn start(partitions: u32) -> (MockKafka, KafkaConfig) {
    let mock = MockKafka::start(1, &[]).unwrap();
    let config = KafkaConfig::new(mock.brokers(), "app", vec!["in".to_owned()]);
    mock.create_topics_of(&config, partitions).unwrap();
    (mock, config)
}

fn feed(config: &KafkaConfig, partitions: u32, count: u32) {
    let mut publish = Publish::open(config).unwrap();
    for number in 0..count {
        for partition in 0..partitions {
            let value = number.to_string();
            publish
                .send(&Outgoing {
                    topic: "in",
                    partition: Some(partition),
                    key: Some(b"key"),
                    value: Some(value.as_bytes()),
                    headers: &[("name", b"first"), ("name", b"last")],
                    timestamp_ms: Some(1_700_000_000_000),
                })
                .unwrap();
        }
    }
    publish.flush(LIMIT).unwrap();
}

/// Takes over everything that is assigned, from the committed offsets or the start.
fn take_over(transport: &mut KafkaTransport, count: usize) -> Vec<TaskId> {
    for _ in 0..1_000 {
        if let Polled::Assign(tasks) = transport.poll(WAIT, &mut |_| panic!("not started")).unwrap() {
            assert_eq!(tasks.len(), count);
            let committed = transport.committed(&tasks).unwrap();
            let start = |offset: Option<i64>| offset.map_or(Start::Committed, Start::At);
            let starts: Vec<_> = tasks.iter().copied().zip(committed.into_iter().map(start)).collect();
            transport.start(&starts).unwrap();
            return tasks;
        }
    }
    panic!("no assignment");
}

/// Reads until `count` messages came; next offset per task.
fn read(transport: &mut KafkaTransport, count: usize) -> BTreeMap<TaskId, i64> {
    let (mut next, mut seen) = (BTreeMap::new(), 0);
    for _ in 0..1_000 {
        transport
            .poll(WAIT, &mut |message| {
                assert_eq!(message.headers.header("name"), Some(b"last".as_slice()));
                assert_eq!(message.headers.header("other"), None);
                assert_eq!(message.headers.header(&"n".repeat(300)), None);
                assert_eq!(message.key, Some(b"key".as_slice()));
                assert_eq!(message.timestamp_ms, Some(1_700_000_000_000));
                let value = message.offset.to_string();
                assert_eq!(message.value, Some(value.as_bytes()));
                let before = next.insert(message.task, message.offset + 1);
                assert!(before.is_none_or(|before| before == message.offset));
                seen += 1;
            })
            .unwrap();
        if count <= seen {
            break;
        }
    }
    assert_eq!(seen, count);
    next
}

fn alert(transport: &mut KafkaTransport) -> Result<(), TransportError> {
    transport.publish(Output {
        channel: Channel::Alerts,
        key: b"k",
        value: Some(b"v"),
        headers: &[("ce_id", b"1")],
        timestamp_ms: None,
    })
}

#[test]
fn reads_publishes_commits_and_reads_again_after_a_rewind() {
    let (_mock, mut config) = start(4);
    config.delivery = Delivery::AtLeastOnce;
    feed(&config, 4, 2_500);
    let mut transport = KafkaTransport::open(&config, 0, LIMIT).unwrap();
    let tasks = take_over(&mut transport, 4);
    let next = read(&mut transport, 10_000);
    assert!(next.values().all(|next| *next == 2_500));
    alert(&mut transport).unwrap();
    let offsets: Vec<_> = next.into_iter().collect();
    transport.commit(&offsets).unwrap();
    let committed = transport.committed(&tasks).unwrap();
    assert_eq!(committed, vec![Some(2_500); 4]);
    assert_eq!(transport.end_offset(tasks[0]), Some(2_500));

    transport.rewind(&[(tasks[0], Start::At(2_000)), (tasks[1], Start::At(0))]).unwrap();
    read(&mut transport, 500 + 2_500);
    transport.close(LIMIT);
    assert!(matches!(transport.poll(WAIT, &mut |_| ()), Err(TransportError::Fatal(_))));

    let mut tail = Tail::open(&config, &[&config.outputs.alerts], ReadFrom::Start, LIMIT).unwrap();
    let mut alerts = 0;
    while !tail.is_at_end() {
        tail.next(WAIT, &mut |tailed| {
            assert_eq!(tailed.headers.header("ce_id"), Some(b"1".as_slice()));
            alerts += 1;
        })
        .unwrap();
    }
    assert_eq!(alerts, 1);
}

#[test]
fn a_beginning_at_the_end_skips_what_was_there() {
    let (_mock, mut config) = start(1);
    config.delivery = Delivery::AtLeastOnce;
    config.start = crate::StartAt::Latest;
    feed(&config, 1, 10);
    let mut transport = KafkaTransport::open(&config, 0, LIMIT).unwrap();
    let tasks = take_over(&mut transport, 1);
    // Nothing was read, but the beginning is recorded: a successor begins at the same place.
    transport.commit(&[(tasks[0], 10)]).unwrap();
    assert_eq!(transport.committed(&tasks).unwrap(), [Some(10)]);
    transport.close(LIMIT);
}

#[test]
fn an_offset_beyond_the_end_is_refused() {
    // The check asks for 30 s before it gives up, so only the bounds below are looked at here.
    let (_mock, mut config) = start(1);
    config.delivery = Delivery::AtLeastOnce;
    feed(&config, 1, 3);
    let mut transport = KafkaTransport::open(&config, 0, LIMIT).unwrap();
    let tasks = take_over(&mut transport, 1);
    transport.rewind(&[(tasks[0], Start::At(-5))]).unwrap();
    read(&mut transport, 3);
    transport.close(LIMIT);
}

#[test]
fn errors_of_a_commit_tell_what_can_be_done() {
    use RDKafkaApiKey::{EndTxn, TxnOffsetCommit};
    use RDKafkaRespErr as E;
    let (mock, config) = start(1);
    feed(&config, 1, 1);
    let mut transport = KafkaTransport::open(&config, 0, LIMIT).unwrap();
    let tasks = take_over(&mut transport, 1);
    let offsets = [(tasks[0], 1)];

    alert(&mut transport).unwrap();
    let figures = transport.commit(&offsets).unwrap();
    assert!(Duration::ZERO < figures.took);

    mock.fail(TxnOffsetCommit, &[E::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION]);
    alert(&mut transport).unwrap();
    let error = transport.commit(&offsets).unwrap_err();
    assert!(matches!(error, TransportError::Abortable(_)), "{error:?}");
    transport.abort().unwrap();

    // Trouble that passes is waited out.
    mock.fail(EndTxn, &[E::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, E::RD_KAFKA_RESP_ERR__TRANSPORT]);
    alert(&mut transport).unwrap();
    transport.commit(&offsets).unwrap();

    mock.fail(EndTxn, &[E::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH]);
    alert(&mut transport).unwrap();
    let error = transport.commit(&offsets).unwrap_err();
    assert!(matches!(error, TransportError::Fenced(_)), "{error:?}");
    transport.close(LIMIT);
}

#[test]
fn closing_without_brokers_keeps_its_deadline() {
    let (mock, config) = start(1);
    feed(&config, 1, 1);
    let mut transport = KafkaTransport::open(&config, 0, LIMIT).unwrap();
    take_over(&mut transport, 1);
    alert(&mut transport).unwrap();
    drop(mock);
    let clock = hsmstream_engine::clock::SystemClock::new();
    transport.close(Duration::from_secs(1));
    let took = hsmstream_engine::clock::Clock::monotonic(&clock);
    assert!(took < Duration::from_secs(3), "{took:?}");
}
