//! Properties: operators against naive ones that keep everything and recompute everything; independence
//! from batches, commits, restarts and, for rollups, from the order of arrival.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's own functions: a panic is a failure"
)]

mod input;
mod naive;
mod rollups;
mod snapshots;
mod thresholds;
