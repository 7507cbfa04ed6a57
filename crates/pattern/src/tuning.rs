//! Switches of what only makes matching faster.

/// How to compile. Every answer is the same with either setting; tests run them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Look for required texts first, and look only at patterns whose required items were met.
    pub prefilters: bool,
    /// Find texts by samples of the event before an automaton reads all of it.
    pub samples: bool,
    /// Most shapes of records that are remembered, 0 for none; more than 256 count as 256.
    pub shapes_max: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { prefilters: true, samples: true, shapes_max: 256 }
    }
}
