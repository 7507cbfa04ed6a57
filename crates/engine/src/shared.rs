//! What all tasks and workers of a process share: settings, metrics, latencies.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hsmstream_frame::Format;
use hsmstream_output::Encoder;
use hsmstream_output::cloudevents::EventSource;
use hsmstream_record::Limits;

use crate::emit::Latencies;
use crate::metrics::Metrics;
use crate::origin::OriginTemplates;
use crate::ports::{RestoreProgress, TaskId};
use crate::task::Task;

/// Settings of the engine, from the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of the input topics (or files), by [`TaskId::topic`].
    pub topics: Vec<String>,
    /// Transport of the input.
    pub format: Format,
    /// Limits of frames and messages.
    pub limits: Limits,
    /// Origin of records whose transport does not tell it.
    pub origin: OriginTemplates,
    /// Event-time settings.
    pub time: hsmstream_window::Settings,
    /// In which order records are processed.
    pub order: Order,
    /// Records that wait for their turn in event-time order, per task, in bytes.
    pub order_bytes_max: usize,
    /// Keyed state of one task in bytes.
    pub state_bytes_max: usize,
    /// Evidence log of one task in bytes.
    pub evidence_bytes_max: usize,
    /// Contributing records in an alert at most.
    pub evidence_max: usize,
    /// Form of what is published.
    pub encoder: Encoder,
    /// Source in the CloudEvents headers.
    pub source: EventSource,
    /// Time between commits.
    pub commit_interval: Duration,
    /// Offsets, outputs and state in one transaction, or at least once.
    pub exactly_once: bool,
    /// After this long the coordinator aborts an open transaction and fences its producer.
    pub transaction_timeout: Duration,
    /// Time to leave in.
    pub shutdown_deadline: Duration,
}

/// In which order a task processes its records. Complete by nature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they arrive: at once. Streams that overtake one another may change which record fires.
    #[default]
    Arrival,
    /// In the order of their event times, each once it is older than the watermark minus the allowed lateness:
    /// the same outputs for any interleaving of the streams within it.
    EventTime,
}

/// Shared between workers.
#[derive(Debug)]
pub struct Shared {
    /// Settings.
    pub settings: Settings,
    /// Metrics.
    pub metrics: Metrics,
    /// Latencies.
    pub latencies: Mutex<Latencies>,
    /// Workers that have joined their group and restored their first assignment.
    pub joined: AtomicUsize,
}

impl Shared {
    /// Puts them together.
    #[must_use]
    pub fn new(settings: Settings, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { settings, metrics, latencies: Latencies::new(), joined: AtomicUsize::new(0) })
    }

    /// Name of a task's topic.
    #[must_use]
    pub fn topic(&self, task: TaskId) -> &str {
        self.settings.topics.get(usize::from(task.topic)).map_or("", String::as_str)
    }

    pub(crate) fn metrics_batch<'t>(&self, tasks: impl Iterator<Item = &'t mut Task>) {
        for task in tasks {
            task.flush_tally();
        }
    }

    pub(crate) fn show_restore(&self, task: TaskId, progress: RestoreProgress) {
        tracing::info!(
            topic = self.topic(task),
            partition = task.partition,
            entries = progress.entries,
            done = progress.done,
            total = progress.total,
            "restoring state"
        );
    }
}
