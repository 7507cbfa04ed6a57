//! The Kafka edge: source, transactional sink, changelog, admin.
