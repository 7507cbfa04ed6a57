//! What readers see of commits and aborts.

use hsmstream_engine::ports::{Channel, Start, Transport, TransportError};
use hsmstream_kafka::Delivery;
use hsmstream_tests::broker::{Cluster, Isolation};

use crate::driver::{DEADLINE, Worker, feed, instance, publish, topics};

#[test]
fn outputs_and_offsets_take_effect_together() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "together", 2);
    let input = &config.input_topics[0];
    feed(&kafka, input, 2, 0, 500);
    let mut worker = Worker::new(&config, 0);
    worker.read(1_000);
    worker.publish().unwrap();
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts), []);

    let figures = worker.commit().unwrap();
    assert!(figures.offsets + figures.end <= figures.took, "{figures:?}");
    let alerts = kafka.read_committed_all(&config.outputs.alerts);
    assert_eq!(alerts.len(), 1_000);
    assert_eq!(alerts[0].headers[0].0, "ce_id");
    assert_eq!(alerts[0].timestamp_ms, Some(1_700_000_000_000));
    assert_eq!(kafka.committed(&config.group, input), [(0, Some(500)), (1, Some(500))]);
    let changelog = kafka.read_committed_all(&config.changelog(input));
    for message in &changelog {
        let key = String::from_utf8(message.key.clone().unwrap()).unwrap();
        assert!(key.starts_with(&format!("{}:", message.partition)), "{message:?}");
    }
    assert_eq!(changelog.len(), 1_000);
    for (task, _) in worker.next.clone() {
        assert_eq!(worker.transport.end_offset(task), Some(500));
    }
    worker.transport.close(DEADLINE);
}

#[test]
fn an_aborted_transaction_is_invisible_and_read_again() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "aborted", 2);
    feed(&kafka, &config.input_topics[0], 2, 0, 100);
    let mut worker = Worker::new(&config, 0);
    worker.read(200);
    let first = worker.forget();
    for seen in &first {
        publish(&mut worker.transport, Channel::Alerts, "aborted", &seen.text).unwrap();
    }
    // More is fetched already when the transaction fails: nothing of it may be skipped.
    feed(&kafka, &config.input_topics[0], 2, 100, 50);
    worker.transport.abort().unwrap();
    let starts: Vec<_> = worker.next.keys().map(|task| (*task, Start::Committed)).collect();
    worker.transport.rewind(&starts).unwrap();
    for next in worker.next.values_mut() {
        *next = 0;
    }
    worker.read(300);
    worker.publish_and_commit().unwrap();
    let mut again: Vec<_> = worker.seen.iter().filter(|seen| seen.offset < 100).cloned().collect();
    again.sort();
    let mut first = first;
    first.sort();
    assert_eq!(again, first);
    let alerts = kafka.read_committed_all(&config.outputs.alerts);
    assert_eq!(alerts.len(), 300);
    assert!(alerts.iter().all(|alert| alert.key.as_deref() != Some(b"aborted")));
    let all = kafka.read_all(&config.outputs.alerts, Isolation::ReadUncommitted);
    assert!(300 < all.len(), "the aborted messages had been sent");

    // One task alone: the others go on where they were.
    let (task, _) = worker.next.pop_first().unwrap();
    worker.next.insert(task, 120);
    worker.transport.rewind(&[(task, Start::At(120))]).unwrap();
    feed(&kafka, &config.input_topics[0], 2, 150, 10);
    worker.read(30 + 10 + 10);
    worker.transport.close(DEADLINE);
}

#[test]
fn an_instance_with_the_same_id_fences_its_predecessor() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "fenced", 1);
    feed(&kafka, &config.input_topics[0], 1, 0, 10);
    let mut old = Worker::new(&config, 0);
    old.read(10);
    old.publish().unwrap();
    let mut new = Worker::new(&config, 0);
    let error = old.commit().unwrap_err();
    assert!(matches!(error, TransportError::Fenced(_)), "{error:?}");
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts), []);
    old.transport.close(DEADLINE);
    new.read(10);
    new.publish_and_commit().unwrap();
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts).len(), 10);
    new.transport.close(DEADLINE);
}

#[test]
fn at_least_once_commits_what_was_acknowledged() {
    let kafka = Cluster::shared();
    let mut config = topics(&kafka, "at-least", 1);
    config.delivery = Delivery::AtLeastOnce;
    feed(&kafka, &config.input_topics[0], 1, 0, 10);
    let mut worker = Worker::new(&config, 0);
    worker.read(10);
    worker.publish_and_commit().unwrap();
    assert_eq!(kafka.committed(&config.group, &config.input_topics[0]), [(0, Some(10))]);
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts).len(), 10);
    // A topic that does not exist: the delivery fails, and the commit with it.
    let mut broken = instance(&config, "broken");
    broken.outputs.alerts = "at-least-missing".to_owned();
    broken.properties.push(("topic.metadata.propagation.max.ms".to_owned(), "100".to_owned()));
    worker.transport.close(DEADLINE);
    feed(&kafka, &config.input_topics[0], 1, 10, 1);
    let mut worker = Worker::new(&broken, 0);
    worker.read(1);
    worker.publish().unwrap();
    let failed = worker.commit().unwrap_err();
    assert!(matches!(failed, TransportError::Abortable(_) | TransportError::Fatal(_)), "{failed:?}");
    assert_eq!(kafka.committed(&config.group, &config.input_topics[0]), [(0, Some(10))]);
}

#[test]
fn commit_time() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "timing", 1);
    feed(&kafka, &config.input_topics[0], 1, 0, 1);
    let mut worker = Worker::new(&config, 0);
    worker.read(1);
    let mut figures = Vec::new();
    for round in 0..60 {
        // As the engine does: a while of reading between two commits.
        worker.step().unwrap();
        worker.step().unwrap();
        for number in 0..100 {
            publish(&mut worker.transport, Channel::Alerts, &format!("{round}-{number}"), "value").unwrap();
        }
        figures.push(worker.commit().unwrap());
    }
    figures.sort_by_key(|figures| figures.took);
    println!("commit of 100 outputs: median {:?}, slowest {:?}", figures[30], figures[59]);
    worker.transport.close(DEADLINE);
}
