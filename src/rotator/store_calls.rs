//! The store, as a rotator calls it: each call within its time, and without its panics.

use std::time::Duration;

use slack_proto::{Installation, Slot, StoreKey};

use super::{
    guard::{self, Cut},
    shared::Shared,
};
use crate::store::{
    LeaseHolder, LeaseOutcome, Precondition, StoreError, StoreErrorKind, Stored, StoredVersion,
};

/// Calls of one store.
#[derive(Clone, Copy)]
pub(super) struct Calls<'a> {
    pub(super) shared: &'a Shared,
}

impl Calls<'_> {
    pub(super) async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.within(self.shared.store.load(key)).await
    }

    pub(super) async fn replace(
        &self,
        key: &StoreKey,
        installation: &Installation,
        version: StoredVersion,
    ) -> Result<StoredVersion, StoreError> {
        self.within(self.shared.store.put(key, installation, Precondition::Version(version))).await
    }

    pub(super) async fn remove(
        &self,
        key: &StoreKey,
        version: StoredVersion,
    ) -> Result<(), StoreError> {
        self.within(self.shared.store.remove(key, version)).await
    }

    pub(super) async fn reserve(
        &self,
        key: &StoreKey,
        installation: &Installation,
    ) -> Result<(), StoreError> {
        self.within(self.shared.store.reserve(key, installation)).await
    }

    pub(super) async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        self.within(self.shared.store.acquire(key, slot, holder, length)).await
    }

    pub(super) async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.within(self.shared.store.release(key, slot, holder)).await
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let limit = self.shared.settings.store_timeout;
        match guard::within(&*self.shared.runtime, limit, call).await {
            Ok(result) => result,
            Err(Cut::TimedOut) => {
                Err(StoreError::new(StoreErrorKind::Unknown, "the store did not answer in time"))
            }
            Err(Cut::Panicked) => {
                Err(StoreError::new(StoreErrorKind::Unknown, "the store panicked"))
            }
        }
    }
}
