//! What all credentials of a rotator share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use event_listener::Event;
use slack_proto::{
    Slot, StoreKey, Timestamp,
    oauth::ClientCredentials,
    rotation::{Problem, Rotation, RotationEvent, RotationPolicy},
};

use super::{
    SLOTS,
    cache::{Cache, CredentialKey},
    entries::Entries,
    entry::Entry,
    guard,
    observer::RotationObserver,
    pacer::{HeldBack, Pacer, TurnName},
    stop::Signal,
    store_calls::Calls,
};
use crate::{Client, InstallationStore, pace, runtime::Runtime};

pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) app: Mutex<Arc<ClientCredentials>>,
    pub(super) store: InstallationStore,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) policy: RotationPolicy,
    pub(super) observer: Option<Arc<dyn RotationObserver>>,
    pub(super) settings: Settings,
    pub(super) cache: Cache,
    pub(super) entries: Entries,
    pub(super) pacer: Arc<Pacer>,
    /// How many runs there are, and whether new ones may begin.
    pub(super) runs: AtomicUsize,
    pub(super) draining: AtomicBool,
    pub(super) run_ended: Event,
    /// Whether anybody waits for long because Slack has not answered.
    pub(super) silent: AtomicBool,
    /// How many sweeps there are, and the signal that ends them.
    pub(super) sweeps: AtomicUsize,
    pub(super) closing: Signal,
}

/// The settings of a rotator beside its policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) min_validity: Duration,
    pub(super) wait_timeout: Duration,
    pub(super) total_timeout: Duration,
    pub(super) store_timeout: Duration,
    pub(super) window: usize,
    pub(super) capacity: usize,
    pub(super) idle_time: Duration,
}

impl Shared {
    pub(super) fn entry(&self, key: &StoreKey, slot: Slot) -> Arc<Entry> {
        self.entries.get_or_insert(key, slot, self.runtime.now(), |name| {
            let rotation = Rotation::new(self.policy, pace::phase(&name.key, name.slot));
            Entry::new(name, rotation)
        })
    }

    pub(super) fn calls(&self) -> Calls<'_> {
        Calls { shared: self }
    }

    /// Returns the app's client as it is now.
    pub(super) fn app(&self) -> Arc<ClientCredentials> {
        Arc::clone(&self.app.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn observe(&self, name: &CredentialKey, event: &RotationEvent) {
        #[cfg(feature = "tracing")]
        guard::contained(|| super::observer::trace(&name.key, name.slot, event));
        #[cfg(feature = "metrics")]
        super::record::event(name.slot, event);
        if let Some(observer) = &self.observer {
            guard::contained(|| observer.notice(&name.key, name.slot, event));
        }
    }

    /// Returns until when those who wait for a turn wait in vain, and why.
    pub(super) fn held_back(&self, turn: TurnName, now: Timestamp) -> Option<(Timestamp, Problem)> {
        self.method_held_back(turn.method(), now)
    }

    /// Returns until when no request of a method is sent, and why.
    pub(super) fn method_held_back(
        &self,
        method: &'static str,
        now: Timestamp,
    ) -> Option<(Timestamp, Problem)> {
        let elapsed = self.runtime.elapsed();
        let (until, problem) = match self.pacer.held_back(elapsed, method)? {
            HeldBack::RateLimited(until) => (until, Problem::RateLimited),
            HeldBack::ClientRefused(until) => (until, Problem::ClientRefused),
        };
        Some((now + until.saturating_sub(elapsed), problem))
    }

    /// Drops what is cached of an installation.
    pub(super) fn invalidate(&self, key: &StoreKey) {
        for slot in SLOTS {
            if let Some(entry) = self.entries.get(key, slot) {
                if entry.invalidate(self) {
                    self.entries.remove(&entry);
                }
            }
            self.cache.remove(key, slot);
        }
    }

    /// Slack answers: those who have waited for long, because it did not, try again at once.
    pub(super) fn end_silence(&self) {
        if !self.silent.swap(false, Ordering::AcqRel) {
            return;
        }
        let now = self.runtime.now();
        for entry in self.entries.all() {
            match entry.tries_again(now) {
                Some(true) => entry.wake(),
                Some(false) => self.silent.store(true, Ordering::Release),
                None => {}
            }
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(super) fn began(&self) {
        self.runs.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn ended(&self) {
        self.runs.fetch_sub(1, Ordering::AcqRel);
        self.run_ended.notify(usize::MAX);
    }
}
