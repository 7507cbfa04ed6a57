//! Tasks, ports and the commit rule.

pub mod ports;
