//! The input topic, and what the job owes for it.
//!
//! Records come in order of time over all HSMs, so the naive computation is exact and short.

use std::collections::BTreeMap;
use std::time::Duration;

use hsmstream_benches::logins::{Naive, OUT_OF_ORDERNESS};
use hsmstream_corpus::{Config, Corpus, Share};
use hsmstream_record::{Limits, parse};
use hsmstream_tests::broker::Cluster;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

/// The filled topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) owed: Owed,
}

/// What the job must publish when it has read all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) alerts: u64,
    /// Rows of minutes that are over.
    pub(crate) rows: u64,
    /// Their events.
    pub(crate) events: u64,
}

impl Topic {
    pub(crate) fn mean_bytes(&self) -> f64 {
        self.bytes as f64 / self.records as f64
    }
}

const MINUTE: u64 = 60_000_000;

/// Event time of the whole topic in seconds.
const SPAN_SECONDS: u64 = 4_000;

/// Fills a topic of one partition.
pub(crate) fn fill(cluster: &Cluster, name: &str, records: u64) -> Topic {
    cluster.create_topic(name, 1);
    let producer = producer(cluster);
    let rate_per_second = u32::try_from(records / SPAN_SECONDS).expect("a moderate rate");
    let config = Config { disordered: Share::NONE, rate_per_second, ..Config::new(1) };
    let mut corpus = Corpus::new(config);
    let mut naive = NaiveJob::new(corpus.hsm_count());
    let (mut text, mut bytes) = (Vec::new(), 0);
    for _ in 0..records {
        text.clear();
        let record = corpus.next_into(&mut text);
        naive.take(record.hsm, &text);
        bytes += text.len() as u64;
        let timestamp = i64::try_from(record.usecs / 1_000).expect("a time of this century");
        let key = corpus.hsm_name(record.hsm);
        let mut message = BaseRecord::to(name).partition(0).key(key).payload(&text).timestamp(timestamp);
        while let Err((error, back)) = producer.send(message) {
            let is_full = error.rdkafka_error_code() == Some(rdkafka::types::RDKafkaErrorCode::QueueFull);
            assert!(is_full, "producing to {name}: {error}");
            message = back;
            producer.poll(Duration::from_millis(10));
        }
    }
    producer.flush(Duration::from_secs(120)).expect("the broker acknowledges");
    let owed = naive.owed();
    assert!(owed.alerts > 0 && owed.rows > 0, "a job without result shows nothing: {owed:?}");
    println!("{records} records in {name}; owed: {owed:?}");
    Topic { name: name.to_owned(), records, bytes, owed }
}

fn producer(cluster: &Cluster) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap()).set("enable.idempotence", "true");
    config.set("compression.type", "lz4").set("linger.ms", "100");
    config.set("batch.size", "1000000").set("queue.buffering.max.kbytes", "262144");
    config.create().expect("the settings are valid")
}

/// Minute, opcode, response code.
type Row = (u64, Option<Vec<u8>>, Option<u64>);

/// The job in the simplest way.
struct NaiveJob {
    logins: Naive,
    /// Latest time per HSM.
    highest: Vec<u64>,
    /// Events.
    rows: BTreeMap<Row, u64>,
}

impl NaiveJob {
    fn new(hsms: u32) -> Self {
        Self { logins: Naive::new(), highest: vec![0; hsms as usize], rows: BTreeMap::new() }
    }

    fn take(&mut self, hsm: u32, text: &[u8]) {
        let audit = parse(text, &Limits::default()).expect("the corpus has no rejects");
        self.highest[hsm as usize] = self.highest[hsm as usize].max(audit.usecs);
        let code = audit.response.map(|response| response.code);
        let row = (audit.usecs / MINUTE, audit.opcode.map(<[u8]>::to_vec), code);
        *self.rows.entry(row).or_default() += 1;
        if let (Some(b"CN_LOGIN"), Some(163), Some(session)) = (audit.opcode, code, audit.session) {
            let mut key = hsm.to_be_bytes().to_vec();
            key.extend_from_slice(&session.connection().to_be_bytes());
            self.logins.apply(&key, audit.usecs);
        }
    }

    fn owed(&self) -> Owed {
        let lowest = self.highest.iter().copied().min().unwrap_or(0);
        let watermark = lowest.saturating_sub(OUT_OF_ORDERNESS.0);
        let over = self.rows.iter().filter(|((minute, ..), _)| (minute + 1) * MINUTE <= watermark);
        let (rows, events) = over.fold((0, 0), |(rows, events), (_, count)| (rows + 1, events + count));
        Owed { alerts: self.logins.firings, rows, events }
    }
}
