//! The store, as a rotator calls it: each call within its time, and without its panics.

use std::time::Duration;

#[cfg(feature = "events")]
use slack_proto::tokens::InstallationKey;
use slack_proto::{Installation, Slot, StoreKey};

use super::{
    guard::{self, Cut},
    shared::Shared,
};
use crate::store::{
    Cursor, HeldLease, KeyPage, LeaseHolder, LeaseOutcome, Loaded, Precondition, StoreError,
    StoreErrorKind, Stored, StoredVersion,
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

    /// Writes a row in place of the one that was read, or of none.
    pub(super) async fn write(
        &self,
        key: &StoreKey,
        installation: &Installation,
        read: Option<StoredVersion>,
    ) -> Result<(), StoreError> {
        let expected = read.map_or(Precondition::Absent, Precondition::Version);
        self.within(self.shared.store.put(key, installation, expected)).await.map(drop)
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

    pub(super) async fn acquire_and_load(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Stored>), StoreError> {
        self.within(self.shared.store.acquire_and_load(key, slot, holder, length)).await
    }

    pub(super) async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.within(self.shared.store.release(key, slot, holder)).await
    }

    pub(super) async fn acquire_sweep(
        &self,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        self.within(self.shared.store.acquire_sweep(holder, length)).await
    }

    pub(super) async fn release_sweep(&self, holder: LeaseHolder) -> Result<(), StoreError> {
        self.within(self.shared.store.release_sweep(holder)).await
    }

    pub(super) async fn lease(
        &self,
        key: &StoreKey,
        slot: Slot,
    ) -> Result<Option<HeldLease>, StoreError> {
        self.within(self.shared.store.lease(key, slot)).await
    }

    pub(super) async fn keys(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        self.within(self.shared.store.keys(after, limit)).await
    }

    pub(super) async fn needing_attention(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        self.within(self.shared.store.needing_attention(after, limit)).await
    }

    pub(super) async fn due_within(
        &self,
        length: Duration,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        self.within(self.shared.store.due_within(length, after, limit)).await
    }

    /// Lists the keys of people's own rows at a place.
    #[cfg(feature = "events")]
    pub(super) async fn people_at(
        &self,
        place: &InstallationKey,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let (mut people, mut after) = (Vec::new(), None);
        loop {
            let page = self.shared.store.keys_at(place, after.as_ref(), PAGE);
            let page = self.within(page).await?;
            let keys = page.keys.into_iter().map(|found| found.key);
            people.extend(keys.filter(|key| key.user().is_some()));
            after = page.next;
            if after.is_none() {
                return Ok(people);
            }
        }
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let limit = self.shared.settings.store_timeout;
        let result = match guard::within(&*self.shared.runtime, limit, call).await {
            Ok(result) => result,
            Err(Cut::TimedOut) => {
                Err(StoreError::new(StoreErrorKind::Unknown, "the store did not answer in time"))
            }
            Err(Cut::Panicked) => {
                Err(StoreError::new(StoreErrorKind::Unknown, "the store panicked"))
            }
        };
        #[cfg(feature = "metrics")]
        if let Err(error) = &result {
            super::record::store_error(error.kind());
        }
        result
    }
}

/// How many keys are read at once.
#[cfg(feature = "events")]
const PAGE: usize = 100;
