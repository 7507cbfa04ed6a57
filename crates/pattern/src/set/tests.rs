//! What sharing atoms and waiting for rare ones must not change.
