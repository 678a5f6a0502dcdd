//! What all credentials of a rotator share.

use std::{sync::Arc, time::Duration};

use slack_proto::{
    Slot, StoreKey,
    oauth::ClientCredentials,
    rotation::{Rotation, RotationEvent, RotationPolicy},
};

use super::{
    entry::Entry,
    live::{Cache, Map, number},
    observer::RotationObserver,
};
use crate::{Client, InstallationStore, runtime::Runtime, store::LeaseHolder};

pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) app: ClientCredentials,
    pub(super) store: InstallationStore,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) policy: RotationPolicy,
    pub(super) observer: Option<Arc<dyn RotationObserver>>,
    pub(super) holder: LeaseHolder,
    pub(super) min_validity: Duration,
    pub(super) wait_timeout: Duration,
    pub(super) total_timeout: Duration,
    pub(super) cache: Cache,
    /// One map for each slot, without a lock that all keys share.
    pub(super) entries: [Map<Arc<Entry>>; 4],
}

impl Shared {
    pub(super) fn entry(&self, key: &StoreKey, slot: Slot) -> Arc<Entry> {
        let map = self.entries[number(slot)].pin();
        if let Some(entry) = map.get(key) {
            return Arc::clone(entry);
        }
        let make = || {
            let rotation = Rotation::new(self.policy, self.jitter());
            Arc::new(Entry::new(key.clone(), slot, rotation))
        };
        Arc::clone(map.get_or_insert_with(key.clone(), make))
    }

    /// Takes an entry out; another one that has taken its place stays.
    pub(super) fn remove(&self, entry: &Entry) {
        let map = self.entries[number(entry.slot)].pin();
        let same = |_: &StoreKey, held: &Arc<Entry>| std::ptr::eq(Arc::as_ptr(held), entry);
        let _ = map.remove_if(&entry.key, same);
    }

    pub(super) fn notice(&self, entry: &Entry, notice: &RotationEvent) {
        #[cfg(feature = "tracing")]
        super::observer::trace(&entry.key, entry.slot, notice);
        if let Some(observer) = &self.observer {
            observer.notice(&entry.key, entry.slot, notice);
        }
    }

    /// The same for all credentials of a process: it is processes that must not come at once.
    fn jitter(&self) -> u32 {
        let [a, b, c, d, ..] = *self.holder.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}
