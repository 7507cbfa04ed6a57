//! What a new owner restores.

use std::thread;
use std::time::Duration;

use hsmstream_engine::ports::{Channel, RestoreProgress, TaskId, Transport};
use hsmstream_tests::broker::Cluster;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::driver::{DEADLINE, Worker, instance, publish, topics};

const TASK: TaskId = TaskId { topic: 0, partition: 0 };

fn restore(worker: &mut Worker) -> (Vec<String>, Vec<RestoreProgress>) {
    let (mut entries, mut reports) = (Vec::new(), Vec::new());
    worker
        .transport
        .restore(
            TASK,
            &mut |entry| entries.push(String::from_utf8(entry.key.to_vec()).unwrap()),
            &mut |progress| reports.push(progress),
        )
        .unwrap();
    (entries, reports)
}

fn foreign(kafka: &Cluster, id: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .set("transactional.id", id)
        .create()
        .unwrap();
    producer.init_transactions(DEADLINE).unwrap();
    producer.begin_transaction().unwrap();
    producer
}

#[test]
fn committed_entries_and_no_others() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "restored", 1);
    let mut worker = Worker::new(&config, 0);
    let (entries, reports) = restore(&mut worker);
    assert_eq!((entries.len(), reports.last().unwrap().total), (0, 0));

    for number in 0..3_000 {
        publish(&mut worker.transport, Channel::Changelog(TASK), &format!("kept {number}"), "v").unwrap();
    }
    worker.commit().unwrap();
    for number in 0..10 {
        publish(&mut worker.transport, Channel::Changelog(TASK), &format!("aborted {number}"), "v").unwrap();
    }
    worker.transport.abort().unwrap();

    // The last offsets of the partition are aborted entries and a marker: nothing of them is delivered.
    let mut next = Worker::new(&instance(&config, "next"), 0);
    let (entries, reports) = restore(&mut next);
    assert_eq!(entries.len(), 3_000);
    assert_eq!(entries.last().unwrap(), "kept 2999");
    let last = reports.last().unwrap();
    assert_eq!((last.entries, last.done), (3_000, last.total));
    // Once more, with the same reader.
    assert_eq!(restore(&mut next).0.len(), 3_000);
    worker.transport.close(DEADLINE);
    next.transport.close(DEADLINE);
}

#[test]
fn it_waits_for_a_transaction_that_is_about_to_commit() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "about-to-commit", 1);
    let changelog = config.changelog(&config.input_topics[0]);
    kafka.produce(&changelog, 0, Some(b"before"), b"v");
    let owner = foreign(&kafka, "about-to-commit-owner");
    owner.send(BaseRecord::to(&changelog).partition(0).key("pending").payload("v")).unwrap();
    owner.flush(DEADLINE).unwrap();
    let committing = thread::spawn(move || {
        thread::park_timeout(Duration::from_secs(2));
        owner.commit_transaction(DEADLINE).unwrap();
    });
    let mut next = Worker::new(&config, 0);
    assert_eq!(restore(&mut next).0, ["before", "pending"]);
    committing.join().unwrap();
    next.transport.close(DEADLINE);
}

#[test]
fn committed_offsets_are_stable_ones() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "stable", 1);
    crate::driver::feed(&kafka, &config.input_topics[0], 1, 0, 10);
    let mut first = Worker::new(&config, 0);
    first.read(10);
    first.publish_and_commit().unwrap();
    let mut next = Worker::new(&instance(&config, "next"), 0);
    assert_eq!(next.transport.committed(&[TASK]).unwrap(), [Some(10)]);
    assert_eq!(restore(&mut next).0.len(), 10);
    first.transport.close(DEADLINE);
    next.transport.close(DEADLINE);
}
