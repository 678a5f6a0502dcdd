//! What `adapter.rs` has, over the library as it was at the commit 69314ce.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{Request, Response};
pub(crate) use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Credential, Endpoint,
    Installation, InstallationKey, ManualRuntime, RefreshToken, Runtime, Slot, StoreKey, Timestamp,
    TokenRotator, TokenRotatorBuilder, TokioRuntime, rotation::Notice as RotationEvent,
};
use slack_auth::{
    Acquired, AuthTest, Expected, InstallationStore, Lease, LeaseHolder, MemoryInstallationStore,
    Recovery, StoreError, Stored, Transport, Version, transport,
};

use crate::{fleet, slack::Slack, time::Time};

/// The store of an app.
#[derive(Clone)]
pub(crate) struct Store(Arc<dyn InstallationStore>);

impl Store {
    /// Creates a store in memory. Its leases go by the system's clock.
    pub(crate) fn memory(_: &Time) -> Self {
        Self(Arc::new(MemoryInstallationStore::new()))
    }

    /// Creates a store that keeps nothing: it makes each installation when it is read.
    pub(crate) fn synthetic(time: &Time) -> Self {
        Self(Arc::new(Synthetic { time: time.clone() }))
    }

    pub(crate) async fn put(&self, key: &StoreKey, installation: &Installation) {
        let put = self.0.put(key, installation, Expected::Absent).await;
        put.expect("the store is empty");
    }

    pub(crate) async fn load(&self, key: &StoreKey) -> Installation {
        let stored = self.0.load(key).await.expect("memory does not fail");
        stored.expect("it was put there").installation
    }

    /// Returns a builder of a rotator over this store. There was no window.
    pub(crate) fn rotator(&self, slack: &Arc<Slack>, _: Option<usize>) -> TokenRotatorBuilder {
        let client = Client::new(Endpoint::slack(), Arc::new(Wire(Arc::clone(slack))));
        TokenRotator::builder(client, fleet::app(), self.0.clone())
    }
}

/// There was no limit to what is kept at hand.
pub(crate) fn capacity(builder: TokenRotatorBuilder, _: usize) -> TokenRotatorBuilder {
    builder
}

/// Refreshes a credential in the background if it is due.
pub(crate) fn refresh_if_due(rotator: &TokenRotator, key: &StoreKey) {
    rotator.look_after(key, Slot::Bot);
}

/// Calls a method; returns whether the error says that another try may help later.
pub(crate) async fn call_fails_with_retry_later(rotator: &TokenRotator, key: &StoreKey) -> bool {
    let called = rotator.call(&AuthTest, key, Slot::Bot).await;
    matches!(called.map_err(|error| error.recovery()), Err(Recovery::RetryLater { .. }))
}

/// Returns whether a token was replaced, and the new one is stored.
pub(crate) fn is_refreshed(event: &RotationEvent) -> bool {
    matches!(event, RotationEvent::Refreshed { .. })
}

/// This clock told whole seconds only.
pub(crate) fn elapsed(runtime: &ManualRuntime) -> Duration {
    Duration::from_secs(runtime.now().as_unix())
}

/// The way to the fake.
struct Wire(Arc<Slack>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, transport::Error> {
        let path = request.uri().path().to_owned();
        Ok(fleet::response(self.0.answer(&path).await))
    }
}

/// A store of as many installations as there are keys.
struct Synthetic {
    time: Time,
}

#[async_trait]
impl InstallationStore for Synthetic {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let installation = fleet::installation(key, self.time.now(), fleet::LIFE);
        Ok(Some(Stored::new(installation, Version::new(1))))
    }

    async fn put(
        &self,
        _: &StoreKey,
        _: &Installation,
        _: Expected,
    ) -> Result<Version, StoreError> {
        Ok(Version::new(2))
    }

    async fn remove(&self, _: &StoreKey, _: Version) -> Result<(), StoreError> {
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        Ok(Vec::new())
    }

    async fn acquire(&self, _: &StoreKey, _: Slot, _: &Lease) -> Result<Acquired, StoreError> {
        Ok(Acquired::Granted)
    }

    async fn release(&self, _: &StoreKey, _: Slot, _: LeaseHolder) -> Result<(), StoreError> {
        Ok(())
    }
}
