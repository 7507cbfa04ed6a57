//! Switches of what only makes matching faster.

/// How to compile. Every answer is the same with either setting; tests run both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Look for required texts first, and look only at patterns whose required items were met.
    pub prefilters: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { prefilters: true }
    }
}
