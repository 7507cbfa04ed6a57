//! An allocator that counts live bytes: what a data structure really holds.
//!
//! Counted is what was asked for, while [`Counting::switch`] is on. What the allocator adds (headers, size classes)
//! is in [`crate::process::resident_bytes`] only. Switched off it costs one load per call.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// The service's allocator with a counter. Install it with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting {
    is_on: AtomicBool,
    live_bytes: AtomicIsize,
    live_blocks: AtomicIsize,
    calls: AtomicUsize,
}

/// What is allocated at a moment, of what was allocated while counting was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Bytes asked for and not given back.
    pub bytes: isize,
    /// Blocks.
    pub blocks: isize,
    /// Calls so far that took memory, also those that grew a block.
    pub calls: usize,
}

impl Counting {
    /// A counter at zero, off.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const constructor")]
    pub const fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            live_bytes: AtomicIsize::new(0),
            live_blocks: AtomicIsize::new(0),
            calls: AtomicUsize::new(0),
        }
    }

    /// Counts from here on, or not. What is given back while counting is on but was taken before makes the balance
    /// negative: compare two moments.
    pub fn switch(&self, on: bool) {
        self.is_on.store(on, Ordering::Relaxed);
    }

    /// The balance now.
    pub fn live(&self) -> Live {
        Live {
            bytes: self.live_bytes.load(Ordering::Relaxed),
            blocks: self.live_blocks.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
        }
    }

    fn took(&self, bytes: usize) {
        if self.is_on.load(Ordering::Relaxed) {
            self.live_bytes.fetch_add(bytes.cast_signed(), Ordering::Relaxed);
            self.live_blocks.fetch_add(1, Ordering::Relaxed);
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn gave_back(&self, bytes: usize) {
        if self.is_on.load(Ordering::Relaxed) {
            self.live_bytes.fetch_sub(bytes.cast_signed(), Ordering::Relaxed);
            self.live_blocks.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What does the work.
static INNER: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]
// SAFETY: every call goes unchanged to the inner allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.took(layout.size());
        // SAFETY: the caller's duties are those of the inner allocator.
        unsafe { INNER.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.took(layout.size());
        // SAFETY: the caller's duties are those of the inner allocator.
        unsafe { INNER.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.gave_back(layout.size());
        // SAFETY: the caller's duties are those of the inner allocator.
        unsafe { INNER.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.gave_back(layout.size());
        self.took(size);
        // SAFETY: the caller's duties are those of the inner allocator.
        unsafe { INNER.realloc(pointer, layout, size) }
    }
}
