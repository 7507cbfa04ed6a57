//! From Kafka to alerts, exactly once, beside what the Kafka client costs alone.
//!
//! * Topic: one partition of one Apache Kafka broker on this machine, one record of ~310 bytes per message, lz4,
//!   1 % failed logins, keyed by HSM ([`topic`]).
//! * Job: five failed logins within two minutes per HSM and connection, then silence for a quarter of an hour; a
//!   rollup per minute by opcode and response code; both published in transactions every 100 ms.
//! * Measured, each in a process of its own, in turns, medians of the rounds: (a) a loop of `BaseConsumer::poll`
//!   that adds up bytes; (b) the same with batches from a private queue; (c) the `hsmstream` binary. Wall time
//!   and processor time (user and system, all threads), over the whole life of the process and over the second
//!   half of the topic, which leaves out connecting and joining. Of (c) also the duration of commits.
//! * Expected: bytes and messages of (a) and (b); of (c) the alerts and rollup rows of a naive computation, the
//!   committed offset, and no reject.
//!
//! Bias: broker and clients share the processors, so whoever uses more of them slows the broker, too: processor
//! time is steadier than wall time. (a) and (b) do not join a group, (c) does. Figures of (c) are read by its
//! metrics endpoint twenty times a second, which is part of its processor time.

mod bare;
mod figures;
mod service;
mod topic;

use figures::{Figures, print_commits, print_table};
use hsmstream_benches::mode::Mode;
use hsmstream_tests::broker::Cluster;

const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == bare::CHILD) {
        return bare::child(&arguments[1..]);
    }
    let mode = Mode::of_arguments();
    let records = mode.pick(4_000_000, 30_000);
    let cluster = Cluster::start(1);
    let binary = service::binary();
    let topic = topic::fill(&cluster, "bench-in", records);
    let mut poll: Vec<Figures> = Vec::new();
    let mut batch: Vec<Figures> = Vec::new();
    let mut service: Vec<Figures> = Vec::new();
    for round in 0..mode.pick(ROUNDS, 1) {
        poll.push(bare::run("poll", &cluster, &topic));
        batch.push(bare::run("batch", &cluster, &topic));
        let figures = service::run(&binary, &cluster, &topic, round);
        print_commits(round, &figures);
        service.push(figures);
    }
    let rows =
        [("BaseConsumer::poll", &poll), ("batch calls", &batch), ("hsmstream, exactly once", &service)];
    if mode == Mode::Measure {
        print_table(&topic, &rows);
    }
}
