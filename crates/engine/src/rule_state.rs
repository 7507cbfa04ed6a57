//! One rule inside one task: its operator, what its outputs need to be told, and what it asks of a record.

use hsmstream_output::{OperatorKind, RuleInfo, Severity, Stage};
use hsmstream_record::{Field, Record};
use hsmstream_rules::key::{encode, encode_present, whole_number};
use hsmstream_rules::{self as rules, MeasureKind, Rule, What};
use hsmstream_window::{
    ConfigError, Event, Limits, Measure, MeasureInput, Operator, Plain, Rollup, RollupSpec, Span, Threshold,
    ThresholdSpec, WindowKind,
};

use crate::metrics::{RuleMetrics, RuleTally};

/// What describes a rule's outputs; does not change while the rule is loaded.
#[derive(Debug)]
pub(crate) struct RuleSide {
    pub(crate) info: RuleInfo,
    pub(crate) fingerprint: [u8; 16],
    pub(crate) group_by: Vec<Field>,
    pub(crate) group_names: Vec<String>,
    pub(crate) measure_names: Vec<String>,
    pub(crate) rollup_window: hsmstream_output::Window,
    pub(crate) kind: hsmstream_record::Kind,
    pub(crate) has_threshold: bool,
    /// How long after an event a window may still reach it.
    pub(crate) reach: Span,
    pub(crate) needs: Needs,
    pub(crate) metrics: RuleMetrics,
    pub(crate) tally: RuleTally,
}

/// What the operator wants to know of a record beside the group key.
#[derive(Debug)]
pub(crate) enum Needs {
    Nothing,
    Tuple(Vec<Field>),
    Number(Field),
    Measures(Vec<MeasureKind>),
}

/// Measures of a rollup at most; the loader allows no more.
pub(crate) const MEASURES_MAX: usize = 32;
/// Up to so many, which is nearly always, the rest of the room for them is not even cleared.
const MEASURES_FEW: usize = 4;

/// Reused buffers for one event.
#[derive(Debug, Default)]
pub(crate) struct EventBuffers {
    pub(crate) key: Vec<u8>,
    value: Vec<u8>,
    bytes: Vec<u8>,
    measures: Vec<Measured>,
}

#[derive(Debug, Clone)]
enum Measured {
    Missing,
    Bytes(std::ops::Range<usize>),
    Number(u64),
}

/// Builds the operator of a rule.
///
/// # Errors
/// What the window crate refuses; the loader refuses the same, so an error here is a bug.
pub(crate) fn operator(rule: &Rule, allowed_lateness: Span, limits: Limits) -> Result<Operator, ConfigError> {
    let suppress = rule.suppress;
    Ok(match &rule.operator {
        rules::Operator::Plain => Operator::Plain(Plain::new(suppress, allowed_lateness, limits)),
        rules::Operator::Threshold(threshold) => {
            let spec = ThresholdSpec {
                what: threshold.what.kind(),
                window: threshold.window,
                suppress,
                allowed_lateness,
            };
            Operator::Threshold(Threshold::new(spec, limits)?)
        }
        rules::Operator::Rollup(rollup) => {
            let measures = rollup.measures.iter().map(|measure| match measure.kind {
                MeasureKind::Count => Measure::Count,
                MeasureKind::Distinct(_) => Measure::Distinct,
                MeasureKind::Sum(_) => Measure::Sum,
                MeasureKind::Min(_) => Measure::Min,
                MeasureKind::Max(_) => Measure::Max,
            });
            let spec = RollupSpec { window: rollup.window, measures: measures.collect(), allowed_lateness };
            Operator::Rollup(Rollup::new(spec, limits)?)
        }
    })
}

impl RuleSide {
    pub(crate) fn new(rule: &Rule, metrics: RuleMetrics) -> Self {
        let (needs, window, measure_names) = match &rule.operator {
            rules::Operator::Plain => (Needs::Nothing, None, Vec::new()),
            rules::Operator::Threshold(threshold) => {
                let needs = match &threshold.what {
                    What::Count { .. } => Needs::Nothing,
                    What::Distinct { fields, .. } => Needs::Tuple(fields.clone()),
                    What::Sum { field, .. } => Needs::Number(field.clone()),
                };
                (needs, Some(threshold.window), Vec::new())
            }
            rules::Operator::Rollup(rollup) => {
                let kinds = rollup.measures.iter().map(|measure| measure.kind.clone()).collect();
                let names = rollup.measures.iter().map(|measure| measure.name.clone()).collect();
                (Needs::Measures(kinds), Some(rollup.window), names)
            }
        };
        Self {
            info: info(rule),
            fingerprint: *rule.state_fingerprint.bytes(),
            group_by: rule.group_by.clone(),
            group_names: rule.group_by.iter().map(|field| field.name()).collect(),
            measure_names,
            rollup_window: rollup_window(window),
            kind: rule.kind,
            has_threshold: matches!(rule.operator, rules::Operator::Threshold(_)),
            reach: window.map_or(Span::ZERO, WindowKind::length),
            needs,
            metrics,
            tally: RuleTally::default(),
        }
    }
}

fn rollup_window(window: Option<WindowKind>) -> hsmstream_output::Window {
    match window {
        Some(WindowKind::Hopping { size, every }) => {
            hsmstream_output::Window::Hopping { size_usecs: size.0, every_usecs: every.0 }
        }
        Some(WindowKind::Session { gap }) => hsmstream_output::Window::Session { gap_usecs: gap.0 },
        Some(WindowKind::Tumbling { size } | WindowKind::Sliding { within: size }) => {
            hsmstream_output::Window::Tumbling { size_usecs: size.0 }
        }
        None => hsmstream_output::Window::Tumbling { size_usecs: 0 },
    }
}

fn info(rule: &Rule) -> RuleInfo {
    RuleInfo {
        id: rule.id.clone(),
        title: rule.title.clone(),
        description: rule.description.clone(),
        severity: match rule.severity {
            rules::Severity::Informational => Severity::Informational,
            rules::Severity::Low => Severity::Low,
            rules::Severity::Medium => Severity::Medium,
            rules::Severity::High => Severity::High,
            rules::Severity::Critical => Severity::Critical,
        },
        stage: match rule.stage {
            rules::Stage::Production => Stage::Production,
            rules::Stage::Staging => Stage::Staging,
        },
        attack: rule.attack.clone(),
        references: rule.references.clone(),
        author: rule.author.clone(),
        license: rule.license.clone(),
        content_hash: *rule.content_hash.bytes(),
        kind: match rule.operator {
            rules::Operator::Plain => OperatorKind::Plain,
            rules::Operator::Threshold(_) => OperatorKind::Threshold,
            rules::Operator::Rollup(_) => OperatorKind::Rollup,
        },
    }
}

impl EventBuffers {
    /// Encodes what `side` needs of `record`; [`with_event`](Self::with_event) lends it to the operator.
    pub(crate) fn fill(&mut self, side: &mut RuleSide, record: &Record<'_>) -> (bool, Option<u64>) {
        self.key.clear();
        let is_whole = encode(record, &side.group_by, &mut self.key);
        side.tally.without_group += u64::from(!is_whole);
        self.value.clear();
        self.bytes.clear();
        self.measures.clear();
        match &side.needs {
            Needs::Nothing => (false, None),
            Needs::Tuple(fields) => (encode_present(record, fields, &mut self.value), None),
            Needs::Number(field) => (false, record.value(field).as_ref().and_then(whole_number)),
            Needs::Measures(kinds) => {
                for kind in kinds {
                    let measured = self.measure(kind, record);
                    self.measures.push(measured);
                }
                (false, None)
            }
        }
    }

    fn measure(&mut self, kind: &MeasureKind, record: &Record<'_>) -> Measured {
        match kind {
            MeasureKind::Count => Measured::Missing,
            MeasureKind::Distinct(fields) => {
                let start = self.bytes.len();
                if encode_present(record, fields, &mut self.bytes) {
                    Measured::Bytes(start..self.bytes.len())
                } else {
                    Measured::Missing
                }
            }
            MeasureKind::Sum(field) | MeasureKind::Min(field) | MeasureKind::Max(field) => {
                let number = record.value(field).as_ref().and_then(whole_number);
                number.map_or(Measured::Missing, Measured::Number)
            }
        }
    }

    /// Applies the filled event to the operator.
    pub(crate) fn with_event(
        &self,
        contribution: hsmstream_window::Contribution,
        (has_value, number): (bool, Option<u64>),
        apply: &mut dyn FnMut(&Event<'_>),
    ) {
        let mut few = [MeasureInput::Missing; MEASURES_FEW];
        let mut many;
        let measures = if self.measures.len() <= MEASURES_FEW {
            &mut few[..]
        } else {
            many = [MeasureInput::Missing; MEASURES_MAX];
            &mut many[..]
        };
        for (input, measured) in measures.iter_mut().zip(&self.measures) {
            *input = match measured {
                Measured::Missing => MeasureInput::Missing,
                Measured::Bytes(range) => {
                    MeasureInput::Bytes(self.bytes.get(range.clone()).unwrap_or_default())
                }
                Measured::Number(number) => MeasureInput::Number(*number),
            };
        }
        apply(&Event {
            key: &self.key,
            contribution,
            value: has_value.then_some(self.value.as_slice()),
            number,
            measures: measures.get(..self.measures.len()).unwrap_or(measures),
        });
    }
}
