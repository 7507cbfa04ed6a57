//! Topic checks, and the simple reader and writer.

use std::time::Duration;

use hsmstream_kafka::{KafkaConfig, Outgoing, Publish, ReadFrom, Role, Tail, TopicSettings, check_topics};
use hsmstream_tests::broker::Cluster;

use crate::driver::{DEADLINE, POLL};

fn config(kafka: &Cluster, name: &str) -> KafkaConfig {
    let mut config = KafkaConfig::new(vec![kafka.bootstrap()], name, vec![format!("{name}-audit")]);
    config.outputs.alerts = format!("{name}-alerts");
    config.outputs.staging = format!("{name}-staging");
    config.outputs.rollups = format!("{name}-rollups");
    config.outputs.rejects = format!("{name}-rejects");
    config
}

#[test]
fn missing_topics_are_named_then_created_then_found() {
    let kafka = Cluster::shared();
    let config = config(&kafka, "admin-create");
    let settings = TopicSettings { retention: Some(Duration::from_secs(3_600)), ..TopicSettings::default() };
    kafka.create_topic("admin-create-audits", 1);
    let problems = check_topics(&config, true, &settings).unwrap_err();
    assert_eq!(problems.len(), 1);
    let text = problems[0].to_string();
    assert!(text.contains("\"admin-create-audit\" does not exist"), "{text}");
    assert!(text.contains("admin-create-audits"), "{text}");

    kafka.create_topic(&config.input_topics[0], 5);
    let problems = check_topics(&config, false, &settings).unwrap_err();
    let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 5, "{text:#?}");
    assert!(text[0].contains("admin-create-changelog-admin-create-audit"), "{text:#?}");
    assert!(text.iter().all(|text| text.contains("--create-topics")), "{text:#?}");

    let report = check_topics(&config, true, &settings).unwrap();
    let created: Vec<_> =
        report.topics.iter().map(|topic| (topic.role, topic.partitions, topic.created)).collect();
    let output = (Role::Output, 6, true);
    assert_eq!(
        created,
        [(Role::Input, 5, false), (Role::Changelog, 5, true), output, output, output, output]
    );
    let again = check_topics(&config, false, &settings).unwrap();
    assert_eq!(again.topics.len(), 6);
    assert!(again.topics.iter().all(|topic| !topic.created) && again.unchecked.is_empty(), "{again:?}");
}

#[test]
fn wrong_settings_say_what_to_change() {
    let kafka = Cluster::shared();
    let config = config(&kafka, "admin-wrong");
    kafka.create_topic(&config.input_topics[0], 4);
    kafka.create_topic(&config.changelog(&config.input_topics[0]), 2);
    kafka.create_topic_with(&config.outputs.alerts, 1, &[("cleanup.policy", "compact")]);
    kafka.create_topic_with(&config.outputs.staging, 1, &[("max.message.bytes", "1000")]);
    kafka.create_topic_with(&config.outputs.rollups, 1, &[("message.timestamp.before.max.ms", "1000")]);
    kafka.create_topic(&config.outputs.rejects, 1);
    let problems = check_topics(&config, false, &TopicSettings::default()).unwrap_err();
    let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
    for part in [
        "has 2 partitions, its input topic 4",
        "state would be deleted by age; run: kafka-configs.sh",
        "older alerts of a key would go",
        "takes messages of at most 1000 bytes",
        "refuses messages older than 1000 ms",
    ] {
        assert!(text.iter().any(|text| text.contains(part)), "{part} not in {text:#?}");
    }
    assert_eq!(text.len(), 5, "{text:#?}");

    let mut replicated = config.clone();
    replicated.outputs.rejects = "admin-wrong-new".to_owned();
    let settings = TopicSettings { replication: 3, ..TopicSettings::default() };
    let problems = check_topics(&replicated, true, &settings).unwrap_err();
    let text = problems.iter().map(ToString::to_string).find(|text| text.contains("kafka.replication"));
    assert!(text.is_some(), "{problems:?}");
}

#[test]
fn what_is_published_is_tailed() {
    let kafka = Cluster::shared();
    let config = config(&kafka, "tailed");
    kafka.create_topic("tailed-a", 2);
    kafka.create_topic("tailed-b", 1);
    let mut publish = Publish::open(&config).unwrap();
    for number in 0..1_000_u32 {
        let value = number.to_string();
        let topic = if number < 990 { "tailed-a" } else { "tailed-b" };
        let message = Outgoing {
            topic,
            key: Some(value.as_bytes()),
            value: Some(value.as_bytes()),
            ..Outgoing::default()
        };
        publish.send(&message).unwrap();
    }
    publish.flush(DEADLINE).unwrap();

    let read = |from: ReadFrom| {
        let mut tail = Tail::open(&config, &["tailed-a", "tailed-b"], from, DEADLINE).unwrap();
        let mut values = Vec::new();
        while !tail.is_at_end() {
            tail.next(POLL, &mut |tailed| values.push((tailed.topic.to_owned(), tailed.offset))).unwrap();
        }
        values.len()
    };
    assert_eq!(read(ReadFrom::Start), 1_000);
    assert_eq!(read(ReadFrom::Last(3)), 9);
    assert_eq!(read(ReadFrom::End), 0);

    let mut tail = Tail::open(&config, &["tailed-b"], ReadFrom::End, DEADLINE).unwrap();
    kafka.produce("tailed-b", 0, None, b"news");
    let mut news = Vec::new();
    while news.is_empty() {
        tail.next(POLL, &mut |tailed| news.push(tailed.value.unwrap().to_vec())).unwrap();
    }
    assert_eq!(news, [b"news"]);

    let error = Tail::open(&config, &["tailed-c"], ReadFrom::End, DEADLINE).unwrap_err();
    assert!(error.to_string().contains("\"tailed-c\" does not exist"), "{error}");
}
