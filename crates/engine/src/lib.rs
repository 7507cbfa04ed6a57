//! Tasks, ports and the commit rule.
