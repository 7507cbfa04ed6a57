//! The typed configuration: what the rest of the binary reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::layers::{Layers, Setting};
use super::value::Value;

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) application: String,
    pub(crate) topics: Vec<String>,
    pub(crate) format: String,
    pub(crate) partitioned_by: Vec<String>,
    pub(crate) origin: Vec<String>,
    pub(crate) start_latest: bool,
    pub(crate) rule_paths: Vec<PathBuf>,
    pub(crate) watch_rules: bool,
    pub(crate) out_of_orderness: Duration,
    pub(crate) allowed_lateness: Duration,
    pub(crate) max_skew: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) in_event_order: bool,
    pub(crate) exactly_once: bool,
    pub(crate) commit_interval: Duration,
    pub(crate) transaction_timeout: Duration,
    pub(crate) shutdown_deadline: Duration,
    pub(crate) alerts: String,
    pub(crate) staging: String,
    pub(crate) rollups: String,
    pub(crate) rejects: String,
    pub(crate) output_format: String,
    pub(crate) ocsf_version: String,
    pub(crate) evidence_max: usize,
    pub(crate) brokers: Vec<String>,
    pub(crate) group: String,
    pub(crate) instance: String,
    pub(crate) start_deadline: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) prefetch: usize,
    pub(crate) partitions: u32,
    pub(crate) replication: u32,
    pub(crate) properties: Vec<String>,
    pub(crate) tls: Tls,
    pub(crate) sasl: Sasl,
    pub(crate) workers: usize,
    pub(crate) limits: Limits,
    pub(crate) admin_listen: String,
    pub(crate) log_json: bool,
    pub(crate) log_level: String,
}

/// `kafka.tls`.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) enabled: bool,
    pub(crate) ca_file: String,
    pub(crate) certificate_file: String,
    pub(crate) key_file: String,
    pub(crate) key_password: String,
}

/// `kafka.sasl`.
#[derive(Clone, Debug)]
pub(crate) struct Sasl {
    pub(crate) mechanism: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// `limits`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) message: usize,
    pub(crate) inflated: usize,
    pub(crate) frame: usize,
    pub(crate) lines_per_frame: usize,
    pub(crate) events_per_message: usize,
    pub(crate) json_nesting: usize,
    pub(crate) state: usize,
    pub(crate) evidence: usize,
    pub(crate) order: usize,
    pub(crate) output: usize,
}

/// Reads all layers. The file may be absent unless it was named.
///
/// # Errors
/// Every mistake of every layer.
pub(crate) fn load(file: Option<&Path>, sets: &[String]) -> Result<Config, Vec<String>> {
    settings(file, sets).map(|settings| Config::from_settings(&settings))
}

/// The effective configuration as text, each key with its origin.
///
/// # Errors
/// Every mistake of every layer.
pub(crate) fn show(
    file: Option<&Path>,
    sets: &[String],
) -> Result<Vec<(String, String, String)>, Vec<String>> {
    let settings = settings(file, sets)?;
    let rows = super::keys::KEYS.iter().filter_map(|key| {
        let setting = settings.get(key.path)?;
        let shown = match (&setting.value, key.path) {
            (Value::List(properties), "kafka.properties") => Value::List(without_secrets(properties)).show(),
            (value, _) => value.show(),
        };
        Some((key.path.to_owned(), shown, setting.source.to_string()))
    });
    Ok(rows.collect())
}

/// Properties whose names tell of a secret, without their values.
fn without_secrets(properties: &[String]) -> Vec<String> {
    let hidden = |property: &String| {
        let name = property.split_once('=').map_or("", |(name, _)| name);
        let lower = name.to_ascii_lowercase();
        let secret = ["password", "secret", "token", "pem", "jaas", "credential"];
        let is_secret = name.is_empty() || secret.iter().any(|word| lower.contains(word));
        if is_secret { format!("{name}=(not shown)") } else { property.clone() }
    };
    properties.iter().map(hidden).collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn settings(file: Option<&Path>, sets: &[String]) -> Result<BTreeMap<&'static str, Setting>, Vec<String>> {
    let mut layers = Layers::with_defaults();
    if let Some(path) = file {
        match std::fs::read_to_string(path) {
            Ok(text) => layers.add_file(&path.display().to_string(), &text),
            Err(error) => return Err(vec![format!("{}: {error}", path.display())]),
        }
    }
    layers.add_environment(std::env::vars());
    for set in sets {
        layers.add_flag(set);
    }
    layers.finish()
}

impl Config {
    fn from_settings(settings: &BTreeMap<&'static str, Setting>) -> Self {
        let read = Read { settings };
        Self {
            application: read.text("application"),
            topics: read.list("input.topics"),
            format: read.text("input.format"),
            partitioned_by: read.list("input.partitioned_by"),
            origin: read.list("input.origin"),
            start_latest: read.text("input.start") == "latest",
            rule_paths: read.list("rules.paths").into_iter().map(PathBuf::from).collect(),
            watch_rules: read.bool("rules.watch"),
            out_of_orderness: read.duration("time.out_of_orderness"),
            allowed_lateness: read.duration("time.allowed_lateness"),
            max_skew: read.duration("time.max_skew"),
            idle_timeout: read.duration("time.idle_timeout"),
            in_event_order: read.text("time.order") == "event-time",
            exactly_once: read.text("delivery.mode") == "exactly-once",
            commit_interval: read.duration("delivery.commit_interval"),
            transaction_timeout: read.duration("delivery.transaction_timeout"),
            shutdown_deadline: read.duration("delivery.shutdown_deadline"),
            alerts: read.text("output.alerts"),
            staging: read.text("output.staging"),
            rollups: read.text("output.rollups"),
            rejects: read.text("output.rejects"),
            output_format: read.text("output.format"),
            ocsf_version: read.text("output.ocsf_version"),
            evidence_max: read.size("output.evidence_max"),
            brokers: read.list("kafka.brokers"),
            group: read.text("kafka.group"),
            instance: read.text("kafka.instance"),
            start_deadline: read.duration("kafka.start_deadline"),
            session_timeout: read.duration("kafka.session_timeout"),
            prefetch: read.size("kafka.prefetch"),
            partitions: read.whole("kafka.partitions"),
            replication: read.whole("kafka.replication"),
            properties: read.list("kafka.properties"),
            tls: Tls::read(&read),
            sasl: Sasl::read(&read),
            workers: read.size("engine.workers"),
            limits: Limits::read(&read),
            admin_listen: read.text("admin.listen"),
            log_json: read.text("log.format") == "json",
            log_level: read.text("log.level"),
        }
    }
}

impl Tls {
    fn read(read: &Read<'_>) -> Self {
        Self {
            enabled: read.bool("kafka.tls.enabled"),
            ca_file: read.text("kafka.tls.ca_file"),
            certificate_file: read.text("kafka.tls.certificate_file"),
            key_file: read.text("kafka.tls.key_file"),
            key_password: read.text("kafka.tls.key_password"),
        }
    }
}

impl Sasl {
    fn read(read: &Read<'_>) -> Self {
        Self {
            mechanism: read.text("kafka.sasl.mechanism"),
            username: read.text("kafka.sasl.username"),
            password: read.text("kafka.sasl.password"),
        }
    }
}

impl Limits {
    fn read(read: &Read<'_>) -> Self {
        Self {
            message: read.size("limits.message"),
            inflated: read.size("limits.inflated"),
            frame: read.size("limits.frame"),
            lines_per_frame: read.size("limits.lines_per_frame"),
            events_per_message: read.size("limits.events_per_message"),
            json_nesting: read.size("limits.json_nesting"),
            state: read.size("limits.state"),
            evidence: read.size("limits.evidence"),
            order: read.size("limits.order"),
            output: read.size("limits.output"),
        }
    }
}

/// Reads settings whose kinds the key table has checked.
struct Read<'s> {
    settings: &'s BTreeMap<&'static str, Setting>,
}

impl Read<'_> {
    fn value(&self, path: &str) -> &Value {
        &self.settings.get(path).expect("default.toml holds every key; a test keeps it so").value
    }

    fn text(&self, path: &str) -> String {
        match self.value(path) {
            Value::Text(text) => text.clone(),
            other => unreachable!("{path} is no text: {other:?}"),
        }
    }

    fn list(&self, path: &str) -> Vec<String> {
        match self.value(path) {
            Value::List(items) => items.clone(),
            other => unreachable!("{path} is no list: {other:?}"),
        }
    }

    fn bool(&self, path: &str) -> bool {
        matches!(self.value(path), Value::Bool(true))
    }

    fn duration(&self, path: &str) -> Duration {
        match self.value(path) {
            Value::Duration(duration) => *duration,
            other => unreachable!("{path} is no duration: {other:?}"),
        }
    }

    fn size(&self, path: &str) -> usize {
        match self.value(path) {
            Value::Whole(number) | Value::Size(number) => usize::try_from(*number).unwrap_or(usize::MAX),
            other => unreachable!("{path} is no number: {other:?}"),
        }
    }

    fn whole(&self, path: &str) -> u32 {
        u32::try_from(self.size(path)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_as_its_type() {
        let settings = Layers::with_defaults().finish().unwrap();
        let config = Config::from_settings(&settings);
        assert_eq!(config.commit_interval, Duration::from_millis(100));
        assert!(config.exactly_once);
        assert_eq!(config.limits.frame, 65_536);
    }
}
