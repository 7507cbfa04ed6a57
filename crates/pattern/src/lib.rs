//! CloudWatch Logs filter patterns: parse, check, compile, match.
