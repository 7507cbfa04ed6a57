//! Tests of the configuration.

use super::owned::OWNED;
use super::security::HAS_TLS;
use super::*;

fn config() -> KafkaConfig {
    KafkaConfig::new(vec!["127.0.0.1:9092".to_owned()], "hsmstream", vec!["audit".to_owned()])
}

fn mistakes(config: &KafkaConfig) -> String {
    config.check().unwrap_err().join("\n")
}

#[test]
fn the_defaults_are_right() {
    config().check().unwrap();
    let mut config = config();
    config.delivery = Delivery::AtLeastOnce;
    config.check().unwrap();
}

#[test]
fn owned_properties_are_refused_by_name() {
    for (name, _) in OWNED {
        let mut config = config();
        config.properties.push(((*name).to_owned(), "x".to_owned()));
        assert!(mistakes(&config).contains(&format!("\"{name}\" cannot be set")), "{name}");
    }
}

#[test]
fn further_properties_pass_through_and_are_checked() {
    let mut config = config();
    config.properties.push(("socket.keepalive.enable".to_owned(), "true".to_owned()));
    config.properties.push(("linger.ms".to_owned(), "7".to_owned()));
    config.check().unwrap();
    assert_eq!(config.producer_properties(0).get("linger.ms"), Some("7"));
    assert_eq!(config.consumer_properties("c").get("socket.keepalive.enable"), Some("true"));
    config.properties.push(("no.such.property".to_owned(), "1".to_owned()));
    assert!(mistakes(&config).contains("no.such.property"));
}

#[test]
fn secrets_are_never_shown() {
    let mut config = config();
    let password = || Secret::new("correct horse".to_owned());
    config.sasl = Some(Sasl::Plain { username: "u".to_owned(), password: password() });
    config.tls = Some(Tls { key_password: Some(password()), ..Tls::default() });
    let shown = format!("{config:?} {} {:?}", password(), password());
    assert!(!shown.contains("horse"), "{shown}");
    let properties = config.client_properties("x");
    assert_eq!(properties.get("sasl.password"), Some("correct horse"));
    assert_eq!(properties.get("security.protocol"), Some("sasl_ssl"));
}

#[test]
fn security_without_the_feature_is_a_clear_error() {
    let mut config = config();
    config.sasl = Some(Sasl::ScramSha256 { username: "u".to_owned(), password: Secret::new("p".to_owned()) });
    let checked = config.check();
    assert_eq!(checked.is_ok(), HAS_TLS);
    for mistake in checked.err().into_iter().flatten() {
        assert!(mistake.contains("--features ssl"), "{mistake}");
    }
    config.sasl = Some(Sasl::Plain { username: String::new(), password: Secret::new("p".to_owned()) });
    assert!(mistakes(&config).contains("username and password"));
}

#[test]
fn files_that_are_not_there_are_named() {
    let mut config = config();
    config.tls = Some(Tls { ca_file: Some("/no/such/ca.pem".into()), ..Tls::default() });
    assert!(mistakes(&config).contains("kafka.tls.ca_file = \"/no/such/ca.pem\": No such file"));
}

#[test]
fn an_own_openssl_looks_for_the_authorities_of_the_system() {
    let mut config = config();
    config.tls = Some(Tls::default());
    let expected = cfg!(feature = "ssl").then_some("probe");
    assert_eq!(config.client_properties("x").get("ssl.ca.location"), expected);
    config.tls = Some(Tls { ca_file: Some("ca.pem".into()), ..Tls::default() });
    assert_eq!(config.client_properties("x").get("ssl.ca.location"), Some("ca.pem"));
}

#[test]
fn names_and_loops_are_checked() {
    let mut config = config();
    config.input_topics = vec!["audit".to_owned(), "audit".to_owned(), "a b".to_owned()];
    config.outputs.alerts = "audit".to_owned();
    config.outputs.rollups = "hsmstream-changelog-audit".to_owned();
    config.brokers.clear();
    config.session_timeout = Duration::from_secs(10);
    let shown = mistakes(&config);
    for part in [
        "names \"audit\" twice",
        "\"a b\" is no topic name",
        "output.alerts is the input topic",
        "output.rollups is the changelog topic",
        "kafka.brokers is empty",
        "session timeout",
    ] {
        assert!(shown.contains(part), "{part} not in\n{shown}");
    }
}

#[test]
fn names_derived() {
    let config = config();
    let task = TaskId { topic: 0, partition: 3 };
    assert_eq!(config.topic_of(Channel::Changelog(task)).unwrap(), "hsmstream-changelog-audit");
    assert_eq!(config.topic_of(Channel::Changelog(TaskId { topic: 1, partition: 0 })), None);
    assert_eq!(config.transactional_id(2), "hsmstream-0-2");
}
