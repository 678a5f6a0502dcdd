//! A signal that ends what runs in the background.

use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;

/// Set once, and never cleared.
#[derive(Debug, Default)]
pub(super) struct Signal {
    set: AtomicBool,
    changed: Event,
}

impl Signal {
    pub(super) fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.changed.notify(usize::MAX);
    }

    pub(super) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Waits until it is set.
    pub(super) async fn wait(&self) {
        loop {
            let changed = self.changed.listen();
            if self.is_set() {
                return;
            }
            changed.await;
        }
    }
}
