//! A global allocator that searches each block for secrets before it is freed: for tests alone.
//!
//! This is the only package of the repository with `unsafe` in it. There is no other way to see what is in memory when it
//! is freed, nothing depends on this package, and it is never published.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Secrets to look for, long enough to stand nowhere by chance.
pub const SECRETS: [&[u8]; 3] = [IN_HEADER, IN_BODY, IN_REPLY];
/// For the `Authorization` header.
pub const IN_HEADER: &[u8] = b"canary-in-a-header-5f2c";
/// For the request's body.
pub const IN_BODY: &[u8] = b"canary-in-a-body-91ab";
/// For the answer's body.
pub const IN_REPLY: &[u8] = b"canary-in-a-reply-77d0";

static FOUND: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

/// Returns how many blocks were freed since the last call while a secret was in them, for each of [`SECRETS`].
#[must_use]
pub fn freed_with_secrets() -> [usize; 3] {
    [0, 1, 2].map(|index| FOUND[index].swap(0, Ordering::SeqCst))
}

/// Searches what is freed, and moves every block that grows, so that it is searched as well.
#[derive(Debug)]
pub struct Searching;

// SAFETY: every method hands its arguments to `System` unchanged, or to another method of this allocator.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that reading a block that was never written is not undefined behaviour.
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's, as long as the layout says, and initialised since it was allocated.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        search(bytes);
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Allocates nothing.
fn search(bytes: &[u8]) {
    for (secret, found) in SECRETS.iter().zip(&FOUND) {
        if bytes.windows(secret.len()).any(|window| window == *secret) {
            found.fetch_add(1, Ordering::SeqCst);
        }
    }
}
