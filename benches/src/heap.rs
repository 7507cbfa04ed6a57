//! An allocator that counts live bytes: what a data structure really holds.
//!
//! Counted is what was asked for. What the allocator adds (headers, size classes) is in
//! [`crate::process::resident_bytes`] only.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator with a counter. Install it with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting {
    live_bytes: AtomicUsize,
    live_blocks: AtomicUsize,
    calls: AtomicUsize,
}

/// What is allocated at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Bytes asked for and not given back.
    pub bytes: usize,
    /// Blocks.
    pub blocks: usize,
    /// Calls so far that took memory, also those that grew a block.
    pub calls: usize,
}

impl Counting {
    /// A counter at zero.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const constructor")]
    pub const fn new() -> Self {
        Self { live_bytes: AtomicUsize::new(0), live_blocks: AtomicUsize::new(0), calls: AtomicUsize::new(0) }
    }

    /// What is allocated now.
    pub fn live(&self) -> Live {
        Live {
            bytes: self.live_bytes.load(Ordering::Relaxed),
            blocks: self.live_blocks.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
        }
    }

    fn took(&self, bytes: usize) {
        self.live_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.live_blocks.fetch_add(1, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn gave_back(&self, bytes: usize) {
        self.live_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.live_blocks.fetch_sub(1, Ordering::Relaxed);
    }
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]
// SAFETY: every call goes unchanged to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.took(layout.size());
        // SAFETY: the caller's duties are those of `System::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.took(layout.size());
        // SAFETY: the caller's duties are those of `System::alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.gave_back(layout.size());
        // SAFETY: the caller's duties are those of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.gave_back(layout.size());
        self.took(size);
        // SAFETY: the caller's duties are those of `System::realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
