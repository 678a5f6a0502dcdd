//! A backend around another one: it does as that one does, but for what its hooks say.

use std::time::Duration;

use async_trait::async_trait;
use slack_auth::store::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, StoreBackend, StoreError, StoredVersion, Write,
};

/// `inner`, with something before each call.
#[derive(Clone, Default)]
pub(crate) struct Around<S, H> {
    pub(crate) inner: S,
    pub(crate) hooks: H,
}

/// What is different.
#[async_trait]
pub(crate) trait Hooks: Send + Sync + 'static {
    /// Comes before each call; its error is the call's, and the inner store does not know of it.
    async fn before(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }

    /// Comes before an entry is read.
    fn before_load(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// Answers whoever wants a lease, in the inner store's place.
    fn lease(&self) -> Option<LeaseOutcome> {
        None
    }

    /// Returns whether an entry is read with its lease, in one call. If not, reading it is a call of its own, which can
    /// fail by itself.
    fn reads_with_lease(&self) -> bool {
        false
    }
}

/// A call, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Load,
    Put,
    Remove,
    Find,
    Acquire,
    AcquireAndLoad,
    Release,
    Lease,
    Reserve,
}

#[async_trait]
impl<S: StoreBackend, H: Hooks> StoreBackend for Around<S, H> {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        self.hooks.before(Call::Load).await?;
        self.hooks.before_load(key.as_str())?;
        self.inner.load(key).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        self.hooks.before(Call::Put).await?;
        self.inner.put(key, write, precondition).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        self.hooks.before(Call::Remove).await?;
        self.inner.remove(key, version).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.hooks.before(Call::Find).await?;
        self.inner.find(query, after, limit).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        self.hooks.before(Call::Acquire).await?;
        match self.hooks.lease() {
            Some(answer) => Ok(answer),
            None => self.inner.acquire(key, part, holder, length).await,
        }
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        if !self.hooks.reads_with_lease() {
            return Ok((self.acquire(key, part, holder, length).await?, Loaded::NotRead));
        }
        self.hooks.before(Call::AcquireAndLoad).await?;
        match self.hooks.lease() {
            Some(answer) => Ok((answer, Loaded::NotRead)),
            None => self.inner.acquire_and_load(key, part, holder, length).await,
        }
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.hooks.before(Call::Release).await?;
        self.inner.release(key, part, holder).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        self.hooks.before(Call::Lease).await?;
        self.inner.lease(key, part).await
    }

    async fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        self.hooks.before(Call::Reserve).await?;
        self.inner.reserve(key, length).await
    }
}
