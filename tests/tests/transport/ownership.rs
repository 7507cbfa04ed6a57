//! Who owns a partition, and who may commit.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hsmstream_engine::ports::{Polled, TaskId, Transport, TransportError};
use hsmstream_tests::broker::Cluster;
use hsmstream_tests::wait;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::driver::{DEADLINE, POLL, Worker, feed, instance, topics};

#[test]
fn partitions_move_between_workers_without_loss_or_repetition() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "moving", 4);
    let input = config.input_topics[0].clone();
    let mut first = Worker::new(&instance(&config, "a"), 0);
    wait::until("the first assignment", || {
        first.step().unwrap();
        (first.next.len() == 4).then_some(())
    });
    let mut fed = 0;
    let mut round = |workers: &mut [&mut Worker]| {
        feed(&kafka, &input, 4, fed, 25);
        fed += 25;
        for worker in workers {
            worker.step().unwrap();
            worker.publish_and_commit().unwrap();
        }
    };
    for _ in 0..3 {
        round(&mut [&mut first]);
    }
    let mut second = Worker::new(&instance(&config, "b"), 0);
    wait::until("an even split", || {
        round(&mut [&mut first, &mut second]);
        (first.next.len() == 2 && second.next.len() == 2).then_some(())
    });
    assert_eq!((first.revoked, first.lost, second.revoked), (1, 0, 0));
    for _ in 0..3 {
        round(&mut [&mut first, &mut second]);
    }
    second.transport.close(DEADLINE);
    wait::until("the partitions to come back", || {
        round(&mut [&mut first]);
        (first.next.len() == 4).then_some(())
    });
    let expected = fed * 4;
    wait::until("all messages", || {
        first.step().unwrap();
        first.publish_and_commit().unwrap();
        (expected <= first.seen.len() + second.seen.len()).then_some(())
    });
    first.transport.close(DEADLINE);
    let alerts = kafka.read_committed_all(&config.outputs.alerts);
    let keys: BTreeSet<_> = alerts.iter().map(|alert| alert.key.clone()).collect();
    assert_eq!((alerts.len(), keys.len()), (expected, expected));
}

#[test]
fn a_worker_that_was_thrown_out_cannot_commit() {
    let kafka = Cluster::shared();
    let mut config = topics(&kafka, "thrown-out", 2);
    config.transaction_timeout = Duration::from_secs(20);
    config.session_timeout = Duration::from_secs(21);
    config.properties.push(("max.poll.interval.ms".to_owned(), "21000".to_owned()));
    feed(&kafka, &config.input_topics[0], 2, 0, 10);
    let mut zombie = Worker::new(&instance(&config, "zombie"), 0);
    zombie.read(20);
    zombie.publish().unwrap();

    // The group goes on: the member is removed as an administrator would, and it does not know.
    remove_members(&kafka, &config.group);
    let error = zombie.commit().unwrap_err();
    assert!(matches!(error, TransportError::Abortable(_)), "{error:?}");
    zombie.abort().unwrap();
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts), []);

    // It learns that all is lost, comes back, and does the work once.
    wait::until("the work to be done", || {
        zombie.step().unwrap();
        zombie.publish_and_commit().unwrap();
        (zombie.seen.len() == 20).then_some(())
    });
    assert_eq!(zombie.lost, 1);
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts).len(), 20);
    zombie.transport.close(DEADLINE);
}

#[test]
fn an_unanswered_assignment_does_not_hinder_closing() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "unanswered", 2);
    let mut worker = Worker::new(&config, 0);
    assert_eq!(assigned(&mut worker).len(), 2);
    let closed = wait::within(Duration::ZERO, || {
        worker.transport.close(DEADLINE);
        Some(())
    });
    assert_eq!(closed, Some(()));

    // A member that came next owns all, at once: the other has left, it did not time out.
    let mut next = Worker::new(&instance(&config, "next"), 0);
    wait::within(Duration::from_secs(5), || {
        next.step().unwrap();
        (next.next.len() == 2).then_some(())
    })
    .expect("the group is free");
    drop(next);
}

/// Removes every member from a group behind its back: a LeaveGroup request (Kafka protocol, API 13, version 0) each.
fn remove_members(kafka: &Cluster, group: &str) {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create().unwrap();
    let groups = client.fetch_group_list(Some(group), DEADLINE).unwrap();
    let members: Vec<String> = groups.groups()[0].members().iter().map(|m| m.id().to_owned()).collect();
    assert!(!members.is_empty());
    let mut connection = TcpStream::connect(kafka.address(0)).unwrap();
    for member in members {
        let mut request = vec![0, 13, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
        for text in [group, &member] {
            request.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            request.extend(text.as_bytes());
        }
        connection.write_all(&u32::try_from(request.len()).unwrap().to_be_bytes()).unwrap();
        connection.write_all(&request).unwrap();
        // Length, correlation id, error code.
        let mut answer = [0; 10];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(answer[8..], [0, 0], "LeaveGroup failed");
    }
}

/// Polls until the group assigns; the assignment is not answered.
fn assigned(worker: &mut Worker) -> Vec<TaskId> {
    wait::until("an assignment", || match worker.transport.poll(POLL, &mut |_| ()).unwrap() {
        Polled::Assign(tasks) => Some(tasks),
        _ => None,
    })
}

#[test]
fn a_rebalance_during_a_long_restore_waits_for_it() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "long-restore", 4);
    feed(&kafka, &config.input_topics[0], 4, 0, 10);
    let mut slow = Worker::new(&instance(&config, "slow"), 0);
    let tasks = assigned(&mut slow);
    assert_eq!(tasks.len(), 4);

    // Another joins; the first is still restoring, for longer than a heartbeat.
    let mut other = Worker::new(&instance(&config, "other"), 0);
    assert!(
        wait::within(Duration::from_secs(4), || {
            other.step().unwrap();
            (other.assigned > 0).then_some(())
        })
        .is_none()
    );
    slow.take_over(&tasks).unwrap();
    wait::until("both to have read their share", || {
        for worker in [&mut slow, &mut other] {
            worker.step().unwrap();
            worker.publish_and_commit().unwrap();
        }
        (slow.next.len() == 2 && other.next.len() == 2 && slow.seen.len() + other.seen.len() == 40)
            .then_some(())
    });
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts).len(), 40);
    slow.transport.close(DEADLINE);
    other.transport.close(DEADLINE);
}

#[test]
fn an_assignment_lost_before_it_was_answered_comes_again() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "lost-early", 2);
    feed(&kafka, &config.input_topics[0], 2, 0, 10);
    let mut worker = Worker::new(&config, 0);
    let tasks = assigned(&mut worker);
    remove_members(&kafka, &config.group);
    // Several heartbeats later it knows, though nobody polls.
    assert!(wait::within(Duration::from_secs(4), || None::<()>).is_none());
    worker.take_over(&tasks).unwrap();
    wait::until("the work to be done", || {
        worker.step().unwrap();
        worker.publish_and_commit().unwrap();
        (worker.seen.len() == 20).then_some(())
    });
    assert_eq!(kafka.read_committed_all(&config.outputs.alerts).len(), 20);
    worker.transport.close(DEADLINE);
}

#[test]
fn an_unanswered_revocation_does_not_hinder_closing() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "unanswered-revocation", 2);
    let mut first = Worker::new(&instance(&config, "first"), 0);
    let tasks = assigned(&mut first);
    first.take_over(&tasks).unwrap();
    let mut second = Worker::new(&instance(&config, "second"), 0);
    wait::until("a revocation", || {
        second.step().unwrap();
        matches!(first.transport.poll(POLL, &mut |_| ()).unwrap(), Polled::Revoke { .. }).then_some(())
    });
    first.transport.close(DEADLINE);
    wait::within(Duration::from_secs(5), || {
        second.step().unwrap();
        (second.next.len() == 2).then_some(())
    })
    .expect("the group is free");
    second.transport.close(DEADLINE);
}

#[test]
fn messages_deleted_before_they_were_read_are_passed_over() {
    let kafka = Cluster::shared();
    let config = topics(&kafka, "deleted", 1);
    let input = config.input_topics[0].clone();
    feed(&kafka, &input, 1, 0, 10);
    let mut worker = Worker::new(&config, 0);
    worker.read(5 + 5);
    worker.publish_and_commit().unwrap();
    worker.transport.close(DEADLINE);
    feed(&kafka, &input, 1, 10, 10);
    delete_before(&kafka, &input, 15);

    let mut next = Worker::new(&config, 0);
    next.read(5);
    next.publish_and_commit().unwrap();
    assert_eq!(next.seen[0].offset, 15);
    next.transport.close(DEADLINE);
}

/// Deletes the messages of partition 0 below an offset, as retention does: a DeleteRecords request (API 21, version 0).
fn delete_before(kafka: &Cluster, topic: &str, offset: i64) {
    let mut request = vec![0, 21, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
    request.extend([0, 0, 0, 1]);
    request.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    request.extend(topic.as_bytes());
    request.extend([0, 0, 0, 1, 0, 0, 0, 0]);
    request.extend(offset.to_be_bytes());
    request.extend(10_000_i32.to_be_bytes());
    let mut connection = TcpStream::connect(kafka.address(0)).unwrap();
    connection.write_all(&u32::try_from(request.len()).unwrap().to_be_bytes()).unwrap();
    connection.write_all(&request).unwrap();
    // The answer ends with the new oldest offset and the error code.
    let mut length = [0; 4];
    connection.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(answer[answer.len() - 10..], [&offset.to_be_bytes()[..], &[0, 0]].concat());
}
