//! Tests of the topic checks that need no broker; the rest runs against Apache Kafka.

use super::*;

#[test]
fn nobody_there_is_said_once_with_what_to_do() {
    // Port 1 of loopback: refused at once.
    let config = KafkaConfig::new(vec!["127.0.0.1:1".to_owned()], "x", vec!["a".to_owned(), "b".to_owned()]);
    let settings = TopicSettings { deadline: Duration::from_secs(1), ..TopicSettings::default() };
    let problems = check_topics(&config, false, &settings).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let text = problems[0].to_string();
    for part in ["127.0.0.1:1", "refused", "check kafka.brokers", "topic \"a\""] {
        assert!(text.contains(part), "{part} not in: {text}");
    }
}

#[test]
fn mistakes_of_the_configuration_come_first() {
    let config = KafkaConfig::new(Vec::new(), "x", Vec::new());
    let problems = check_topics(&config, false, &TopicSettings::default()).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn waiting_ends() {
    assert_eq!(wait_for(std::future::ready(7), Duration::ZERO), Some(7));
    assert_eq!(wait_for(std::future::pending::<()>(), Duration::from_millis(5)), None);
}

#[test]
fn words_in_common() {
    assert!(shares_word("cloudhsm-audit", "prod.audit"));
    assert!(!shares_word("a-b", "b-a"));
}
