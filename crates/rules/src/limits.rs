//! Every limit of the rule loader, with its default.
//!
//! A rule file is untrusted like any other input: a limit is reached with a diagnostic that names it,
//! never with a panic, a long wait or a large allocation.

/// Limits of loading; [`Default`] is what the binary uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one rule file.
    pub file_bytes_max: usize,
    /// YAML documents of one file.
    pub documents_max: usize,
    /// YAML nodes (scalars, sequences, mappings) of one file.
    pub nodes_max: usize,
    /// Keys of one mapping.
    pub mapping_keys_max: usize,
    /// Nesting of sequences and mappings.
    pub depth_max: usize,
    /// Diagnostics kept per file; the number of the others is told in one more.
    pub diagnostics_max: usize,
    /// Rules of one set.
    pub rules_max: usize,
    /// Bytes of a rule id.
    pub id_bytes_max: usize,
    /// Fields of a group key or of a distinct tuple.
    pub key_fields_max: usize,
    /// Measures of a rollup.
    pub measures_max: usize,
    /// Windows that one event may belong to (hopping: size / every).
    pub panes_max: u64,
    /// Largest duration in a rule, in µs.
    pub duration_usecs_max: u64,
    /// Largest `count`, and largest `reaches` of `distinct`: the operator keeps that many events per key,
    /// so a larger one would never be reached.
    pub events_max: u64,
    /// Largest `reaches` of `sum`.
    pub sum_max: u64,
    /// Largest `evidence` (contributing events kept per alert).
    pub evidence_max: u32,
    /// `evidence` of a rule that names none.
    pub evidence_default: u32,
    /// Records of one rule test, after expansion of `repeat`.
    pub test_records_max: usize,
    /// Bytes of the records of one rule test, after expansion.
    pub test_bytes_max: usize,
    /// Limits of the patterns themselves.
    pub pattern: hsmstream_pattern::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        let window = hsmstream_window::Limits::default();
        Self {
            file_bytes_max: 4 << 20,
            documents_max: 10_000,
            nodes_max: 500_000,
            mapping_keys_max: 256,
            depth_max: 24,
            diagnostics_max: 200,
            rules_max: 20_000,
            id_bytes_max: 100,
            key_fields_max: 8,
            measures_max: 32,
            panes_max: window.panes_max,
            duration_usecs_max: 400 * 86_400 * 1_000_000,
            events_max: window.events_per_key_max as u64,
            sum_max: 1 << 53,
            evidence_max: 100,
            evidence_default: 10,
            test_records_max: 10_000,
            test_bytes_max: 4 << 20,
            pattern: hsmstream_pattern::Limits::default(),
        }
    }
}
