//! The forms of message: each holds the records it says it holds, as its transport would.

use flate2::read::GzDecoder;
use hsmstream_corpus::{Config, Corpus, Form, Generated, Messages};
use hsmstream_record::{Limits, is_boundary, parse};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io::Read as _;

/// Takes 200 messages of a form and hands each to `check` with its records, cluster and HSM.
fn check(form: Form, records: usize, check: impl Fn(&[u8], &[Generated], &str, &str)) {
    let mut messages = Messages::new(Corpus::new(Config::new(1)), form, records);
    let names = messages.corpus().clone();
    let mut out = Vec::new();
    for _ in 0..200 {
        out.clear();
        let message = messages.next_into(&mut out);
        let first = message.records.first().expect("a record");
        assert!(message.records.iter().all(|record| record.hsm == message.hsm));
        check(&out, message.records, names.cluster_name(first.cluster), names.hsm_name(message.hsm));
    }
}

/// The text is a record, and the one that was generated.
fn check_record(text: &[u8], generated: &Generated) {
    let audit = parse(text, &Limits::default()).expect("a record");
    assert_eq!((audit.usecs, audit.sequence), (generated.usecs, generated.sequence));
}

fn check_envelope(envelope: &[u8], records: &[Generated], cluster: &str, hsm: &str) {
    let envelope: Json = serde_json::from_slice(envelope).expect("JSON");
    let member = |name: &str| envelope.get(name).and_then(Json::as_str);
    assert_eq!(member("messageType"), Some("DATA_MESSAGE"));
    assert_eq!(member("logGroup"), Some(format!("/aws/cloudhsm/{cluster}").as_str()));
    assert_eq!(member("logStream"), Some(hsm));
    let events = envelope.get("logEvents").and_then(Json::as_array).expect("events");
    assert_eq!(events.len(), records.len());
    for (event, record) in events.iter().zip(records) {
        let member = |name: &str| event.get(name).and_then(Json::as_str);
        assert_eq!(member("id").map(str::len), Some(56));
        assert_eq!(event.get("timestamp").and_then(Json::as_u64), Some(record.usecs / 1000));
        check_record(member("message").expect("text").as_bytes(), record);
    }
}

#[test]
fn envelopes() {
    check(Form::Envelope, 50, check_envelope);
    check(Form::Envelope, 0, |envelope, records, cluster, hsm| {
        assert_eq!(records.len(), 1);
        check_envelope(envelope, records, cluster, hsm);
    });
}

#[test]
fn compressed_envelopes() {
    check(Form::GzipEnvelope, 50, |message, records, cluster, hsm| {
        let mut envelope = Vec::new();
        GzDecoder::new(message).read_to_end(&mut envelope).expect("gzip");
        check_envelope(&envelope, records, cluster, hsm);
    });
}

#[test]
fn events() {
    check(Form::Event, 50, |event, records, cluster, hsm| {
        let event: Json = serde_json::from_slice(event).expect("JSON");
        assert_eq!(records.len(), 1);
        assert_eq!((&event["logStream"], &event["owner"]), (&Json::from(hsm), &Json::from("111122223333")));
        assert_eq!(event["logGroup"], format!("/aws/cloudhsm/{cluster}"));
        check_record(event["message"].as_str().expect("text").as_bytes(), &records[0]);
    });
}

#[test]
fn raw_text() {
    check(Form::Raw, 7, |text, records, _, _| {
        let starts = text.split_inclusive(|&byte| byte == b'\n').filter(|line| is_boundary(line)).count();
        assert_eq!((starts, records.len()), (7, 7));
        check_record(
            text.split(|&byte| byte == b'\n').take(8).collect::<Vec<_>>().join(&b'\n').as_slice(),
            &records[0],
        );
    });
}

#[test]
fn exports() {
    check(Form::S3Export, 3, |text, records, _, _| {
        let text = str::from_utf8(text).expect("text");
        let prefixed: Vec<&str> = text.lines().filter(|line| line.contains("Z Time: ")).collect();
        assert_eq!(prefixed.len(), records.len());
        for (line, record) in prefixed.iter().zip(records) {
            let (prefix, record_line) = line.split_once(' ').expect("a prefix");
            assert_eq!(
                hsmstream_record::time::parse_rfc3339(prefix.as_bytes()),
                Some(record.usecs / 1000 * 1000)
            );
            assert_eq!(prefix.len(), "2018-01-24T17:44:25.013Z".len());
            assert!(is_boundary(record_line.as_bytes()));
        }
    });
}

#[test]
fn a_limited_generator_gives_each_record_once() {
    let mut corpus = Corpus::new(Config::new(1));
    let drawn: BTreeSet<_> = (0..1000).map(|_| identity(&corpus.next_into(&mut Vec::new()))).collect();
    for form in Form::ALL {
        let mut messages = Messages::new(Corpus::new(Config::new(1)), form, 30).take(1000);
        let mut packed = BTreeSet::new();
        let mut short = 0;
        let mut out = Vec::new();
        while let Some(message) = messages.next_into(&mut out) {
            assert!(!message.records.is_empty());
            assert!(message.records.iter().all(|record| packed.insert(identity(record))));
            short += usize::from(message.records.len() < 30);
        }
        assert_eq!(packed, drawn, "{form}");
        assert!(form == Form::Event || short <= 12, "{short} messages of {form} are not full");
        assert!(messages.next_into(&mut out).is_none());
    }
}

#[test]
fn a_stopped_generator_gives_what_it_has() {
    let mut messages = Messages::new(Corpus::new(Config::new(1)), Form::Raw, 10).take(u64::MAX);
    let mut out = Vec::new();
    let mut records = messages.next_into(&mut out).map_or(0, |message| message.records.len());
    messages.stop();
    while let Some(message) = messages.next_into(&mut out) {
        records += message.records.len();
    }
    let boundaries = out.split_inclusive(|&byte| byte == b'\n').filter(|line| is_boundary(line)).count();
    assert_eq!(boundaries, records);
    assert!((11..=120).contains(&records), "{records}");
}

fn identity(record: &Generated) -> (u32, u32, u64) {
    (record.hsm, record.reboot, record.sequence)
}
