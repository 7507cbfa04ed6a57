//! What a processor has, asked once.

use core::sync::atomic::{AtomicU8, Ordering};

/// Whether the processor has some features.
#[derive(Debug)]
pub(super) struct Found(AtomicU8);

const HAS_ALL: u8 = 1;
const LACKS_SOME: u8 = 2;

impl Found {
    /// Nobody has looked.
    pub(super) const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// Looks once; from then on this is a load and a comparison.
    #[inline(always)]
    pub(super) fn or_look(&self, look: fn() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            HAS_ALL => true,
            LACKS_SOME => false,
            _ => self.look(look),
        }
    }

    #[cold]
    fn look(&self, look: fn() -> bool) -> bool {
        let has_all = look();
        self.0.store(if has_all { HAS_ALL } else { LACKS_SOME }, Ordering::Relaxed);
        has_all
    }
}
