//! The memory that matching needs, kept from record to record.

use hsmstream_json::Tape;

use crate::paths::PathScratch;
use crate::regex::Caches;
use crate::set::{Shapes, State};
use crate::shape::Outline;
use crate::tokens::Token;

/// Storage of a thread that matches. Once it has grown to what the records need, matching allocates nothing
/// more. It may serve any number of programs and sets, best one, as each has its own regular expressions
/// and shapes.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) tokens: Vec<Token>,
    pub(crate) tape: Tape,
    pub(crate) paths: PathScratch,
    pub(crate) caches: Caches,
    pub(crate) state: State,
    pub(crate) shapes: Shapes,
    pub(crate) outline: Outline,
}

impl Scratch {
    /// Makes empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
