//! Tasks, ports and the commit rule.

pub mod clock;
pub mod commit;
pub mod metrics;
pub mod ports;
