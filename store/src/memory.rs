//! A store that ends with the process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use slack_proto::{Installation, Slot, StoreKey};

use super::{
    InstallationStore, Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, Stored,
    StoredVersion,
};

/// Keeps installations in memory: for tests, and for programs whose users sign in anew each time.
#[derive(Default)]
pub struct MemoryInstallationStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stored: HashMap<StoreKey, Stored>,
    leases: HashMap<(StoreKey, Slot), Lease>,
    /// Counts the writes of all keys, so that no version comes twice.
    writes: u64,
}

impl MemoryInstallationStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl InstallationStore for MemoryInstallationStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        Ok(self.state().stored.get(key).cloned())
    }

    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let mut state = self.state();
        if !expected.is_met_by(state.stored.get(key).map(|stored| stored.version)) {
            return Err(StoreError::conflict());
        }
        state.writes += 1;
        let version = StoredVersion::new(state.writes);
        state.stored.insert(key.clone(), Stored::new(installation.clone(), version));
        Ok(version)
    }

    async fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.stored.get(key).map(|stored| stored.version) != Some(expected) {
            return Err(StoreError::conflict());
        }
        state.stored.remove(key);
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.state().stored.keys().cloned().collect())
    }

    async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        let mut state = self.state();
        let place = (key.clone(), slot);
        let acquired = Lease::take(state.leases.get(&place).copied(), wanted);
        if acquired == LeaseOutcome::Granted {
            state.leases.insert(place, *wanted);
        }
        Ok(acquired)
    }

    async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let place = (key.clone(), slot);
        if state.leases.get(&place).is_some_and(|lease| lease.holder == holder) {
            state.leases.remove(&place);
        }
        Ok(())
    }
}

/// Shows how much is stored, and nothing of it.
impl fmt::Debug for MemoryInstallationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.state().stored.len();
        f.debug_struct("MemoryInstallationStore").field("stored", &count).finish_non_exhaustive()
    }
}
