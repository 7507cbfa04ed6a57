//! From the configuration to the Kafka edge's; the place where secrets are read.

use std::path::PathBuf;

use hsmstream_kafka::{Delivery, KafkaConfig, OutputTopics, Sasl, Secret, StartAt, Tls, TokenSource};

use crate::config::Config;

/// Builds and checks the Kafka edge's configuration.
///
/// # Errors
/// Every mistake that shows without a broker; secrets are never part of a message.
pub(crate) fn kafka_config(config: &Config) -> Result<KafkaConfig, Vec<String>> {
    let mut mistakes = Vec::new();
    let mut kafka = KafkaConfig::new(config.brokers.clone(), &config.application, config.topics.clone());
    if !config.group.is_empty() {
        kafka.group.clone_from(&config.group);
    }
    kafka.instance = if config.instance.is_empty() { instance_name() } else { config.instance.clone() };
    kafka.outputs = OutputTopics {
        alerts: config.alerts.clone(),
        staging: config.staging.clone(),
        rollups: config.rollups.clone(),
        rejects: config.rejects.clone(),
    };
    kafka.delivery = if config.exactly_once { Delivery::ExactlyOnce } else { Delivery::AtLeastOnce };
    kafka.start = if config.start_latest { StartAt::Latest } else { StartAt::Earliest };
    kafka.transaction_timeout = config.transaction_timeout;
    kafka.session_timeout = config.session_timeout;
    kafka.prefetch_kib = u32::try_from(config.prefetch >> 10).unwrap_or(u32::MAX);
    if config.tls.enabled {
        let path = |text: &str| Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty());
        kafka.tls = Some(Tls {
            ca_file: path(&config.tls.ca_file),
            certificate_file: path(&config.tls.certificate_file),
            key_file: path(&config.tls.key_file),
            key_password: secret("kafka.tls.key_password", &config.tls.key_password, &mut mistakes),
        });
    }
    kafka.sasl = sasl(config, &mut mistakes);
    for property in &config.properties {
        match property.split_once('=') {
            Some((name, value)) => kafka.properties.push((name.trim().to_owned(), value.trim().to_owned())),
            None => {
                mistakes.push(format!("kafka.properties: \"{}\" is not name=value", property.escape_debug()))
            }
        }
    }
    if let Err(more) = kafka.check() {
        mistakes.extend(more);
    }
    if mistakes.is_empty() { Ok(kafka) } else { Err(mistakes) }
}

fn sasl(config: &Config, mistakes: &mut Vec<String>) -> Option<Sasl> {
    if config.sasl.mechanism.is_empty() {
        return None;
    }
    let username = config.sasl.username.clone();
    let password = secret("kafka.sasl.password", &config.sasl.password, mistakes);
    if config.sasl.mechanism == "OAUTHBEARER" {
        return Some(Sasl::OauthBearer { tokens: token_source(config, mistakes)? });
    }
    let Some(password) = password else {
        mistakes.push("kafka.sasl.password is missing: name it as \"env:NAME\" or \"file:PATH\"".to_owned());
        return None;
    };
    Some(match config.sasl.mechanism.as_str() {
        "PLAIN" => Sasl::Plain { username, password },
        "SCRAM-SHA-256" => Sasl::ScramSha256 { username, password },
        _ => Sasl::ScramSha512 { username, password },
    })
}

/// Bearer tokens are read from a file that something else keeps fresh.
fn token_source(config: &Config, mistakes: &mut Vec<String>) -> Option<TokenSource> {
    match config.sasl.password.strip_prefix("file:") {
        Some(path) => Some(TokenSource::File(PathBuf::from(path))),
        None => {
            mistakes.push(
                "kafka.sasl.password: OAUTHBEARER needs \"file:PATH\" of a token that is kept fresh"
                    .to_owned(),
            );
            None
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "secrets are named by the configuration and read here")]
fn secret(key: &str, reference: &str, mistakes: &mut Vec<String>) -> Option<Secret> {
    if reference.is_empty() {
        return None;
    }
    let read = match reference.split_once(':') {
        Some(("env", name)) => std::env::var(name).map_err(|error| error.to_string()),
        Some((_, path)) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
        None => Err("is neither env:NAME nor file:PATH".to_owned()),
    };
    match read {
        Ok(text) => Some(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned())),
        Err(why) => {
            mistakes.push(format!("{key} = \"{reference}\": {why}"));
            None
        }
    }
}

/// A name for this process when none is configured: host, process number.
fn instance_name() -> String {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = host.trim();
    format!("{}-{}", if host.is_empty() { "host" } else { host }, std::process::id())
}
