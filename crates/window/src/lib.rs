//! Event time, windows and keyed operators with bounded state.
