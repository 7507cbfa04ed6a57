//! A deterministic simulator that drives the engine.
