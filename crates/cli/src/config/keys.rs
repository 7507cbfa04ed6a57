//! The table of keys: what each takes. `default.toml` holds the defaults and the prose; a test keeps the
//! two in step.

use super::value::Kind;

/// One configuration key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
}

const FORMATS: &[&str] = &[
    "auto",
    "raw",
    "event",
    "envelope",
    "lambda",
    "kinesis",
    "firehose",
    "cli-json",
    "cli-text",
    "s3-export",
    "cloudtrail",
    "metric-stream",
    "certificate",
];

const MECHANISMS: &[&str] = &["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind }
}

/// All keys, in the order of `default.toml`.
pub(crate) const KEYS: &[Key] = &[
    key("application", Kind::Text),
    key("input.topics", Kind::List),
    key("input.format", Kind::Choice(FORMATS)),
    key("input.partitioned_by", Kind::List),
    key("input.origin", Kind::List),
    key("input.start", Kind::Choice(&["earliest", "latest"])),
    key("rules.paths", Kind::List),
    key("rules.watch", Kind::Bool),
    key("time.out_of_orderness", Kind::Duration(0)),
    key("time.allowed_lateness", Kind::Duration(0)),
    key("time.max_skew", Kind::Duration(0)),
    key("time.idle_timeout", Kind::Duration(100)),
    key("time.order", Kind::Choice(&["arrival", "event-time"])),
    key("delivery.mode", Kind::Choice(&["exactly-once", "at-least-once"])),
    key("delivery.commit_interval", Kind::Duration(1)),
    key("delivery.transaction_timeout", Kind::Duration(100)),
    key("delivery.shutdown_deadline", Kind::Duration(100)),
    key("output.alerts", Kind::Text),
    key("output.staging", Kind::Text),
    key("output.rollups", Kind::Text),
    key("output.rejects", Kind::Text),
    key("output.format", Kind::Choice(&["ocsf", "flat"])),
    key("output.ocsf_version", Kind::Choice(&["1.8.0", "1.1.0"])),
    key("output.evidence_max", Kind::Whole(1, 1_000)),
    key("kafka.brokers", Kind::List),
    key("kafka.group", Kind::Text),
    key("kafka.instance", Kind::Text),
    key("kafka.start_deadline", Kind::Duration(1_000)),
    key("kafka.session_timeout", Kind::Duration(500)),
    key("kafka.prefetch", Kind::Size(1 << 20)),
    key("kafka.partitions", Kind::Whole(1, 100_000)),
    key("kafka.replication", Kind::Whole(1, 100)),
    key("kafka.properties", Kind::List),
    key("kafka.tls.enabled", Kind::Bool),
    key("kafka.tls.ca_file", Kind::Text),
    key("kafka.tls.certificate_file", Kind::Text),
    key("kafka.tls.key_file", Kind::Text),
    key("kafka.tls.key_password", Kind::SecretRef),
    key("kafka.sasl.mechanism", Kind::Choice(MECHANISMS)),
    key("kafka.sasl.username", Kind::Text),
    key("kafka.sasl.password", Kind::SecretRef),
    key("engine.workers", Kind::Whole(1, 256)),
    key("limits.message", Kind::Size(1_024)),
    key("limits.inflated", Kind::Size(1_024)),
    key("limits.frame", Kind::Size(256)),
    key("limits.lines_per_frame", Kind::Whole(4, 100_000)),
    key("limits.events_per_message", Kind::Whole(1, 100_000_000)),
    key("limits.json_nesting", Kind::Whole(4, 512)),
    key("limits.state", Kind::Size(65_536)),
    key("limits.evidence", Kind::Size(0)),
    key("limits.order", Kind::Size(0)),
    key("limits.output", Kind::Size(262_144)),
    key("admin.listen", Kind::Text),
    key("log.format", Kind::Choice(&["text", "json"])),
    key("log.level", Kind::Text),
];
