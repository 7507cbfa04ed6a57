//! What the engine counts, as Prometheus metrics.
//!
//! Handles with labels are made when a task is assigned or a rule set is loaded; the hot path adds to
//! plain integers ([`Tally`]) that are moved to the handles once per batch. Labels are bounded: topics and
//! partitions of the configuration, rule ids that loaded, the closed list of reject reasons.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hsmstream_record::Reason;
use hsmstream_window::Counters;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Labels of a task's metrics.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TaskLabels {
    topic: String,
    partition: u32,
}

/// Labels of a rule's metrics.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RuleLabels {
    rule: String,
}

/// Label of a reject reason, a cap or a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabels {
    reason: &'static str,
}

/// The limits that [`Metrics::limit`] counts beside those that are reject reasons.
const LIMITS: [&str; 6] = ["state", "keys", "evidence", "order", "output_truncated", "broken_state"];

type PerTask = Family<TaskLabels, Counter>;
type PerTaskGauge = Family<TaskLabels, Gauge>;
type Seconds = Gauge<f64, AtomicU64>;

/// All metrics of one process, registered once.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    messages: PerTask,
    message_bytes: PerTask,
    records: PerTask,
    late: PerTask,
    skewed: PerTask,
    released_late: PerTask,
    control: PerTask,
    empty: PerTask,
    evicted: PerTask,
    rejects: Family<ReasonLabels, Counter>,
    limits: Family<ReasonLabels, Counter>,
    matches: Family<RuleLabels, Counter>,
    alerts: Family<RuleLabels, Counter>,
    rows: Family<RuleLabels, Counter>,
    suppressed: Family<RuleLabels, Counter>,
    without_group: Family<RuleLabels, Counter>,
    without_value: Family<RuleLabels, Counter>,
    capped: Family<RuleLabels, Counter>,
    state_bytes: PerTaskGauge,
    state_keys: PerTaskGauge,
    waiting: PerTaskGauge,
    watermark_lag: Family<TaskLabels, Seconds>,
    consumer_lag: PerTaskGauge,
    restored: PerTask,
    /// Time from draining deliveries to the end of the transaction.
    pub commit_seconds: Histogram,
    /// Transactions that were aborted.
    pub aborts: Counter,
    /// Times this process was fenced or lost partitions.
    pub losses: Counter,
    /// Rules in force.
    pub rules_loaded: Gauge,
    /// Rules left out because they did not load.
    pub rules_left_out: Gauge,
    /// Rule reloads that took effect.
    pub reloads: Counter,
    /// Rule reloads refused because the new set was invalid.
    pub reloads_refused: Counter,
}

impl Metrics {
    /// Registers all metrics under the prefix `hsmstream`.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("hsmstream");
        let mut metrics = Self::unregistered();
        metrics.register_flow(&mut registry);
        metrics.register_state(&mut registry);
        // A family without a series is not scraped: an alarm on it would see no data instead of 0.
        for reason in Reason::ALL {
            drop(metrics.rejects.get_or_create(&ReasonLabels { reason: reason.as_str() }));
        }
        for reason in LIMITS {
            drop(metrics.limits.get_or_create(&ReasonLabels { reason }));
        }
        metrics.registry = Arc::new(registry);
        metrics
    }

    /// The registry, to encode for a scrape.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Handles of one task.
    #[must_use]
    pub fn task(&self, topic: &str, partition: u32) -> TaskMetrics {
        let labels = TaskLabels { topic: topic.to_owned(), partition };
        TaskMetrics {
            messages: self.messages.get_or_create_owned(&labels),
            message_bytes: self.message_bytes.get_or_create_owned(&labels),
            records: self.records.get_or_create_owned(&labels),
            late: self.late.get_or_create_owned(&labels),
            skewed: self.skewed.get_or_create_owned(&labels),
            released_late: self.released_late.get_or_create_owned(&labels),
            control: self.control.get_or_create_owned(&labels),
            empty: self.empty.get_or_create_owned(&labels),
            evicted: self.evicted.get_or_create_owned(&labels),
            restored: self.restored.get_or_create_owned(&labels),
            state_bytes: self.state_bytes.get_or_create_owned(&labels),
            state_keys: self.state_keys.get_or_create_owned(&labels),
            waiting: self.waiting.get_or_create_owned(&labels),
            watermark_lag: self.watermark_lag.get_or_create_owned(&labels),
            consumer_lag: self.consumer_lag.get_or_create_owned(&labels),
        }
    }

    /// Forgets the gauges of a task that this process no longer owns; counters stay.
    pub fn release_task(&self, topic: &str, partition: u32) {
        let labels = TaskLabels { topic: topic.to_owned(), partition };
        self.state_bytes.remove(&labels);
        self.state_keys.remove(&labels);
        self.waiting.remove(&labels);
        self.watermark_lag.remove(&labels);
        self.consumer_lag.remove(&labels);
    }

    /// Handles of one rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> RuleMetrics {
        let labels = RuleLabels { rule: id.to_owned() };
        RuleMetrics {
            matches: self.matches.get_or_create_owned(&labels),
            alerts: self.alerts.get_or_create_owned(&labels),
            rows: self.rows.get_or_create_owned(&labels),
            suppressed: self.suppressed.get_or_create_owned(&labels),
            without_group: self.without_group.get_or_create_owned(&labels),
            without_value: self.without_value.get_or_create_owned(&labels),
            capped: self.capped.get_or_create_owned(&labels),
        }
    }

    /// Counts a reject.
    pub fn reject(&self, reason: &'static str) {
        self.rejects.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts a limit that bit.
    pub fn limit(&self, reason: &'static str) {
        self.limits.get_or_create(&ReasonLabels { reason }).inc();
    }

    fn unregistered() -> Self {
        Self {
            registry: Arc::new(Registry::default()),
            messages: Family::default(),
            message_bytes: Family::default(),
            records: Family::default(),
            late: Family::default(),
            skewed: Family::default(),
            released_late: Family::default(),
            control: Family::default(),
            empty: Family::default(),
            evicted: Family::default(),
            rejects: Family::default(),
            limits: Family::default(),
            matches: Family::default(),
            alerts: Family::default(),
            rows: Family::default(),
            suppressed: Family::default(),
            without_group: Family::default(),
            without_value: Family::default(),
            capped: Family::default(),
            state_bytes: Family::default(),
            state_keys: Family::default(),
            waiting: Family::default(),
            watermark_lag: Family::default(),
            consumer_lag: Family::default(),
            restored: Family::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.001, 1.6, 20)),
            aborts: Counter::default(),
            losses: Counter::default(),
            rules_loaded: Gauge::default(),
            rules_left_out: Gauge::default(),
            reloads: Counter::default(),
            reloads_refused: Counter::default(),
        }
    }

    fn register_flow(&self, to: &mut Registry) {
        to.register("messages", "Kafka messages processed", self.messages.clone());
        to.register("message_bytes", "Bytes of message values processed", self.message_bytes.clone());
        to.register("records", "Records parsed", self.records.clone());
        to.register(
            "late_records",
            "Records later than the allowed lateness, skipped by operators",
            self.late.clone(),
        );
        to.register(
            "skewed_records",
            "Records from the future, which move no watermark",
            self.skewed.clone(),
        );
        to.register(
            "released_late_records",
            "Records older than what event-time order had released, processed at once",
            self.released_late.clone(),
        );
        to.register("control_messages", "CloudWatch control messages dropped", self.control.clone());
        to.register("empty_messages", "Empty messages", self.empty.clone());
        to.register("rejects", "Frames that did not parse, by reason", self.rejects.clone());
        to.register("limits_reached", "Times a limit bit, by limit", self.limits.clone());
        self.register_rules(to);
    }

    fn register_rules(&self, to: &mut Registry) {
        to.register("matches", "Records that matched a rule", self.matches.clone());
        to.register("alerts", "Alerts published, by rule", self.alerts.clone());
        to.register("rollup_rows", "Rollup rows published, revisions included, by rule", self.rows.clone());
        to.register("suppressed_alerts", "Alerts hidden by a silence, by rule", self.suppressed.clone());
        to.register(
            "matches_without_group",
            "Matched records that lack a group_by field, which is a group of its own, by rule",
            self.without_group.clone(),
        );
        to.register(
            "matches_without_value",
            "Matched records that lack the value of a distinct or sum threshold and do not count, by rule",
            self.without_value.clone(),
        );
        to.register(
            "capped_events",
            "Events or values that a limit per key kept out of a window, by rule",
            self.capped.clone(),
        );
    }

    fn register_state(&self, to: &mut Registry) {
        to.register("state_bytes", "Estimated bytes of keyed state", self.state_bytes.clone());
        to.register("state_keys", "Live keys of all rules", self.state_keys.clone());
        to.register(
            "order_waiting_records",
            "Matched records that wait for their turn in event-time order",
            self.waiting.clone(),
        );
        to.register("state_evicted_keys", "Keys dropped by the state limit", self.evicted.clone());
        to.register("state_restored_entries", "Changelog entries read on assignment", self.restored.clone());
        to.register("watermark_lag_seconds", "Wall time minus watermark", self.watermark_lag.clone());
        to.register(
            "consumer_lag_messages",
            "End offset minus next offset to read",
            self.consumer_lag.clone(),
        );
        to.register(
            "commit_duration_seconds",
            "Drain, send offsets, end transaction",
            self.commit_seconds.clone(),
        );
        to.register("aborted_transactions", "Transactions aborted", self.aborts.clone());
        to.register("ownership_losses", "Times fenced, or partitions lost", self.losses.clone());
        to.register("rules_loaded", "Rules in force", self.rules_loaded.clone());
        to.register("rules_left_out", "Rules that did not load", self.rules_left_out.clone());
        to.register("rule_reloads", "Rule reloads that took effect", self.reloads.clone());
        to.register("rule_reloads_refused", "Rule reloads refused", self.reloads_refused.clone());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Handles of one task's metrics.
#[derive(Debug, Clone)]
pub struct TaskMetrics {
    messages: Counter,
    message_bytes: Counter,
    records: Counter,
    late: Counter,
    skewed: Counter,
    released_late: Counter,
    control: Counter,
    empty: Counter,
    evicted: Counter,
    restored: Counter,
    state_bytes: Gauge,
    state_keys: Gauge,
    waiting: Gauge,
    watermark_lag: Seconds,
    consumer_lag: Gauge,
}

impl TaskMetrics {
    /// Adds a batch's tally and clears it.
    pub fn add(&self, tally: &mut Tally) {
        self.messages.inc_by(tally.messages);
        self.message_bytes.inc_by(tally.message_bytes);
        self.records.inc_by(tally.records);
        self.late.inc_by(tally.late);
        self.skewed.inc_by(tally.skewed);
        self.released_late.inc_by(tally.released_late);
        self.control.inc_by(tally.control);
        self.empty.inc_by(tally.empty);
        self.evicted.inc_by(tally.evicted);
        *tally = Tally::default();
    }

    /// Sets the state gauges.
    pub fn state(&self, bytes: u64, keys: u64, waiting: u64) {
        self.state_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.state_keys.set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Sets the lag gauges: of the watermark in seconds, of the consumer in offsets.
    pub fn lag(&self, watermark_seconds: Option<f64>, messages: Option<i64>) {
        if let Some(seconds) = watermark_seconds {
            self.watermark_lag.set(seconds);
        }
        if let Some(messages) = messages {
            self.consumer_lag.set(messages);
        }
    }

    /// Counts restored changelog entries.
    pub fn restored(&self, entries: u64) {
        self.restored.inc_by(entries);
    }
}

/// Handles of one rule's metrics.
#[derive(Debug, Clone)]
pub struct RuleMetrics {
    /// Records that matched.
    pub matches: Counter,
    /// Alerts published.
    pub alerts: Counter,
    /// Rollup rows published.
    pub rows: Counter,
    suppressed: Counter,
    without_group: Counter,
    without_value: Counter,
    capped: Counter,
}

/// What one rule counted, in plain integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleTally {
    /// Records that matched, since the last flush.
    pub(crate) matches: u64,
    /// Of these, those that lack a field of the group key.
    pub(crate) without_group: u64,
    /// The operator's counters at the last flush.
    counters: Counters,
}

impl RuleMetrics {
    /// Adds what was counted since the last call.
    pub(crate) fn add(&self, tally: &mut RuleTally, counters: Counters) {
        let before = std::mem::replace(&mut tally.counters, counters);
        let since = |now: u64, before: u64| now.saturating_sub(before);
        self.matches.inc_by(std::mem::take(&mut tally.matches));
        self.without_group.inc_by(std::mem::take(&mut tally.without_group));
        self.without_value.inc_by(since(counters.missing, before.missing));
        self.suppressed.inc_by(since(counters.suppressed, before.suppressed));
        let capped = |counters: Counters| counters.capped_events + counters.capped_values;
        self.capped.inc_by(since(capped(counters), capped(before)));
    }
}

/// What one batch counted, in plain integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages.
    pub messages: u64,
    /// Bytes of their values.
    pub message_bytes: u64,
    /// Records parsed.
    pub records: u64,
    /// Rejects.
    pub rejects: u64,
    /// Late records.
    pub late: u64,
    /// Records from the future.
    pub skewed: u64,
    /// Records older than what event-time order had released.
    pub released_late: u64,
    /// Control messages.
    pub control: u64,
    /// Empty messages.
    pub empty: u64,
    /// Keys evicted by a limit.
    pub evicted: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_counted_is_added_once() {
        let metrics = Metrics::new().rule("r");
        let mut tally = RuleTally { matches: 5, without_group: 2, ..RuleTally::default() };
        let mut counters = Counters { missing: 1, suppressed: 3, capped_events: 2, ..Counters::default() };
        metrics.add(&mut tally, counters);
        tally.matches = 1;
        counters.suppressed = 4;
        counters.capped_values = 6;
        metrics.add(&mut tally, counters);
        let found = [
            &metrics.matches,
            &metrics.without_group,
            &metrics.without_value,
            &metrics.suppressed,
            &metrics.capped,
        ]
        .map(Counter::get);
        assert_eq!(found, [6, 2, 1, 4, 8]);
        // An operator that was built anew counts from 0.
        metrics.add(&mut tally, Counters::default());
        assert_eq!(metrics.suppressed.get(), 4);
    }
}
