//! What the scenarios use of the library, under names that `baseline.rs` has as well.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{Request, Response};
pub(crate) use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation, Slot,
    StoreKey, Timestamp, TokenRotator,
    rotation::{RotationEvent, TokenRotatorBuilder},
    runtime::{ManualRuntime, Runtime, TokioRuntime},
    tokens::{Credential, InstallationKey, RefreshToken},
};
use slack_auth::{
    InstallationStore, Recovery,
    methods::AuthTest,
    store::{
        Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, MemoryStore, Page,
        Precondition, Query, StoreBackend, StoreError, StoredVersion, Write,
    },
    transport::{self, Transport},
};

use crate::{
    fleet,
    slack::{Clock, Slack},
    time::Time,
};

/// The store of an app.
#[derive(Clone)]
pub(crate) struct Store(InstallationStore);

impl Store {
    /// Creates a store in memory, whose clock is that of the scenario.
    pub(crate) fn memory(time: &Time) -> Self {
        let clock = time.clone();
        Self::over(MemoryStore::with_clock(move || clock.elapsed()), time)
    }

    /// Creates a store that keeps nothing: it makes each installation when it is read.
    pub(crate) fn synthetic(time: &Time) -> Self {
        Self::over(Synthetic { time: time.clone() }, time)
    }

    fn over(backend: impl StoreBackend, time: &Time) -> Self {
        let clock = time.clone();
        let store = InstallationStore::new(backend, fleet::client_id());
        Self(store.clock(move || clock.now()))
    }

    pub(crate) async fn put(&self, key: &StoreKey, installation: &Installation) {
        let put = self.0.put(key, installation, Precondition::Absent).await;
        put.expect("the store is empty");
    }

    pub(crate) async fn load(&self, key: &StoreKey) -> Installation {
        let stored = self.0.load(key).await.expect("memory does not fail");
        stored.expect("it was put there").installation
    }

    /// Returns a builder of a rotator over this store.
    pub(crate) fn rotator(&self, slack: &Arc<Slack>, window: Option<usize>) -> TokenRotatorBuilder {
        let client = Client::new(Endpoint::slack(), Arc::new(Wire(Arc::clone(slack))));
        let builder = TokenRotator::builder(client, fleet::app(), self.0.clone());
        match window {
            Some(window) => builder.refreshes_in_flight(window),
            None => builder,
        }
    }
}

/// Sets how many tokens are kept at hand.
pub(crate) fn capacity(builder: TokenRotatorBuilder, capacity: usize) -> TokenRotatorBuilder {
    builder.cache_capacity(capacity)
}

/// Refreshes a credential in the background if it is due.
pub(crate) fn refresh_if_due(rotator: &TokenRotator, key: &StoreKey) {
    rotator.refresh_if_due(key, Slot::Bot);
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

pub(crate) fn elapsed(runtime: &ManualRuntime) -> Duration {
    runtime.elapsed()
}

/// The way to the fake.
struct Wire(Arc<Slack>);

#[async_trait]
impl Transport for Wire {
    async fn send(
        &self,
        request: Request<transport::Body>,
    ) -> Result<Response<Vec<u8>>, transport::Error> {
        let path = request.uri().path().to_owned();
        Ok(fleet::response(self.0.answer(&path).await))
    }
}

/// A store of as many installations as there are keys.
struct Synthetic {
    time: Time,
}

#[async_trait]
impl StoreBackend for Synthetic {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let Some(key) = key.store_key() else { return Ok(None) };
        let installation = fleet::installation(&key, self.time.now(), fleet::LIFE);
        let value = installation.encode_exposing_secrets().into_vec();
        Ok(Some(Entry::new(StoredVersion::new(1), value)))
    }

    async fn put(&self, _: &EntryKey, _: &Write, _: Precondition) -> Result<(), StoreError> {
        Ok(())
    }

    async fn remove(&self, _: &EntryKey, _: StoredVersion) -> Result<(), StoreError> {
        Ok(())
    }

    async fn find(&self, _: &Query, _: Option<&Cursor>, _: usize) -> Result<Page, StoreError> {
        Ok(Page::new(Vec::new(), None))
    }

    async fn acquire(
        &self,
        _: &EntryKey,
        _: &str,
        _: LeaseHolder,
        _: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        Ok(LeaseOutcome::Granted)
    }

    async fn release(&self, _: &EntryKey, _: &str, _: LeaseHolder) -> Result<(), StoreError> {
        Ok(())
    }

    async fn lease(&self, _: &EntryKey, _: &str) -> Result<Option<HeldLease>, StoreError> {
        Ok(None)
    }
}
