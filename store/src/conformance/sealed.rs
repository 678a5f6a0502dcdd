//! A backend whose values are sealed, as the store above it seals them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, SealingKeys, StoreBackend, StoreError, StoredVersion, Write, sealing,
};

/// `inner`, which sees no value but sealed ones.
pub(super) struct Sealed {
    pub(super) inner: Arc<dyn StoreBackend>,
    pub(super) keys: SealingKeys,
}

impl Sealed {
    fn open(&self, key: &EntryKey, entry: Entry) -> Result<Entry, StoreError> {
        let version = entry.version;
        let value = sealing::open(Some(&self.keys), key, entry)?;
        Ok(Entry { version, value })
    }
}

#[async_trait]
impl StoreBackend for Sealed {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let Some(entry) = self.inner.load(key).await? else { return Ok(None) };
        self.open(key, entry).map(Some)
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let mut write = write.clone();
        write.value = self.keys.seal(key, write.version, write.value.as_ref())?;
        self.inner.put(key, &write, precondition).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        self.inner.remove(key, version).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.inner.find(query, after, limit).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        self.inner.acquire(key, part, holder, length).await
    }

    /// What cannot be opened is an error here: the suite is to see it.
    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let (outcome, loaded) = self.inner.acquire_and_load(key, part, holder, length).await?;
        Ok(match loaded {
            Loaded::Found(entry) => (outcome, Loaded::Found(self.open(key, entry)?)),
            loaded => (outcome, loaded),
        })
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.inner.release(key, part, holder).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        self.inner.lease(key, part).await
    }
}
