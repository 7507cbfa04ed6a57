//! The Kafka client alone: two loops that add up bytes, each in a process of its own.
//!
//! The process is this benchmark's executable with [`CHILD`] as first argument. Settings of the client are those of
//! the service's consumer where they matter for speed.

use std::ffi::CString;
use std::process::{Command, Stdio};
use std::ptr;
use std::time::{Duration, Instant};

use hsmstream_benches::process::{self, Usage};
use hsmstream_tests::broker::Cluster;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use rdkafka_sys as sys;

use crate::figures::{Figures, Sample};
use crate::topic::Topic;

pub(crate) const CHILD: &str = "--bare-loop";
const BATCH: usize = 1_000;
const WAIT: Duration = Duration::from_millis(100);
const NOTHING_MAX: Duration = Duration::from_secs(60);

/// Starts the loop `kind` as a process and takes its figures.
pub(crate) fn run(kind: &str, cluster: &Cluster, topic: &Topic) -> Figures {
    let output = Command::new(std::env::current_exe().expect("a path of this executable"))
        .args([CHILD, kind, &cluster.bootstrap(), &topic.name, &topic.records.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("the child starts");
    assert!(output.status.success(), "the loop {kind} failed");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    assert_eq!(numbers[0], topic.bytes, "the loop {kind} has not read the whole topic");
    let micros = |at: usize| Duration::from_micros(numbers[at]);
    Figures {
        half: Sample { wall: micros(1), cpu: micros(2) },
        end: Sample { wall: micros(3), cpu: micros(4) },
        peak_resident_bytes: numbers[5] as usize,
        commits: Vec::new(),
    }
}

/// Reads, and prints bytes, and wall and processor time at half and at the end.
pub(crate) fn child(arguments: &[String]) {
    let [kind, bootstrap, topic, records] = arguments else { panic!("KIND BOOTSTRAP TOPIC RECORDS") };
    let mut meter = Meter::new(records.parse().expect("a number of records"));
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("group.id", "bare").set("enable.auto.commit", "false");
    config.set("fetch.queue.backoff.ms", "5").set("queued.min.messages", "1000000");
    let consumer: BaseConsumer = config.create().expect("the settings are valid");
    match kind.as_str() {
        "poll" => poll(&consumer, topic, &mut meter),
        "batch" => batch(&consumer, topic, &mut meter),
        other => panic!("no loop {other}"),
    }
    let (half, end) = (meter.half.expect("half of it was read"), Sample::now(meter.start));
    let peak = process::peak_resident_bytes(std::process::id()).unwrap_or(0);
    let micros = |time: Duration| time.as_micros();
    println!("{}", meter.bytes);
    println!("{} {} {} {}", micros(half.wall), micros(half.cpu), micros(end.wall), micros(end.cpu));
    println!("{peak}");
    // What closing the client costs is no part of reading.
    std::process::exit(0);
}

/// What was read so far.
struct Meter {
    start: Instant,
    wanted: u64,
    records: u64,
    bytes: u64,
    half: Option<Sample>,
    last: Instant,
}

impl Meter {
    fn new(wanted: u64) -> Self {
        let now = Instant::now();
        Self { start: now, wanted, records: 0, bytes: 0, half: None, last: now }
    }

    fn is_done(&self) -> bool {
        self.wanted <= self.records
    }

    #[inline]
    fn add(&mut self, records: u64, bytes: u64) {
        self.records += records;
        self.bytes += bytes;
        if self.half.is_none() && self.wanted <= 2 * self.records {
            self.half = Some(Sample::now(self.start));
        }
    }

    fn nothing(&mut self) {
        assert!(self.last.elapsed() < NOTHING_MAX, "nothing more came");
    }
}

impl Sample {
    fn now(start: Instant) -> Self {
        Self { wall: start.elapsed(), cpu: Usage::own().total() }
    }
}

fn poll(consumer: &BaseConsumer, topic: &str, meter: &mut Meter) {
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, 0, Offset::Beginning).expect("a valid offset");
    consumer.assign(&assignment).expect("a partition can be assigned");
    while !meter.is_done() {
        match consumer.poll(WAIT) {
            Some(message) => {
                let message = message.expect("the broker answers");
                meter.add(1, message.payload().map_or(0, |value| value.len() as u64));
            }
            None => meter.nothing(),
        }
    }
}

#[expect(unsafe_code, reason = "the batch call exists in the C interface only")]
fn batch(consumer: &BaseConsumer, topic: &str, meter: &mut Meter) {
    let name = CString::new(topic).expect("a name without NUL");
    let client = consumer.client().native_ptr();
    // SAFETY: the client lives as long as `consumer`, which outlives this function; topic and queue are never
    // destroyed, as the process ends soon.
    let topic = unsafe { sys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut()) };
    // SAFETY: as above.
    let queue = unsafe { sys::rd_kafka_queue_new(client) };
    assert!(!topic.is_null() && !queue.is_null(), "the client has topics and queues");
    // SAFETY: topic and queue were just made.
    let started = unsafe { sys::rd_kafka_consume_start_queue(topic, 0, BEGINNING, queue) };
    assert_eq!(started, 0, "the partition can be read");
    let mut messages: Vec<*mut sys::rd_kafka_message_t> = vec![ptr::null_mut(); BATCH];
    while !meter.is_done() {
        let wait = i32::try_from(WAIT.as_millis()).expect("a short wait");
        // SAFETY: the buffer has room for `BATCH` pointers.
        let first = unsafe { sys::rd_kafka_consume_batch_queue(queue, wait, messages.as_mut_ptr(), 1) };
        // The call waits for the last message it was asked for, so the rest is asked for without a wait.
        let rest = messages[1..].as_mut_ptr();
        // SAFETY: behind the first there is room for `BATCH - 1` more.
        let more = unsafe { sys::rd_kafka_consume_batch_queue(queue, 0, rest, BATCH - 1) };
        let first = usize::try_from(first).expect("no error");
        let more = usize::try_from(more).expect("no error");
        if first + more == 0 {
            meter.nothing();
        }
        let taken = messages[..first].iter().chain(&messages[1..=more]);
        let mut bytes = 0;
        for &message in taken {
            // SAFETY: the client wrote this pointer in the calls above, and it is destroyed only below.
            let content = unsafe { &*message };
            assert_eq!(
                content.err,
                sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
                "the broker answers"
            );
            bytes += content.len as u64;
            // SAFETY: destroyed once, used no more.
            unsafe { sys::rd_kafka_message_destroy(message) };
        }
        meter.add((first + more) as u64, bytes);
    }
}

/// `RD_KAFKA_OFFSET_BEGINNING`.
const BEGINNING: i64 = -2;
