//! A store around another one: it does as that one does, but for what its hooks say.

use async_trait::async_trait;
use slack_auth::{
    Installation, InstallationStore, Slot, StoreKey,
    store::{Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, Stored, StoredVersion},
};

/// `inner`, with something before each call.
#[derive(Default)]
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

    /// Answers whoever wants a lease, in the inner store's place.
    fn lease(&self) -> Option<LeaseOutcome> {
        None
    }
}

/// A call, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Load,
    Put,
    Remove,
    Keys,
    Acquire,
    Release,
}

#[async_trait]
impl<S: InstallationStore, H: Hooks> InstallationStore for Around<S, H> {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.hooks.before(Call::Load).await?;
        self.inner.load(key).await
    }

    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        self.hooks.before(Call::Put).await?;
        self.inner.put(key, installation, expected).await
    }

    async fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError> {
        self.hooks.before(Call::Remove).await?;
        self.inner.remove(key, expected).await
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        self.hooks.before(Call::Keys).await?;
        self.inner.keys().await
    }

    async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        self.hooks.before(Call::Acquire).await?;
        match self.hooks.lease() {
            Some(answer) => Ok(answer),
            None => self.inner.acquire(key, slot, wanted).await,
        }
    }

    async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.hooks.before(Call::Release).await?;
        self.inner.release(key, slot, holder).await
    }
}
