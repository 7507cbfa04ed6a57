//! Transports of audit records: messages to frames with their origin.
