//! The store's rows, read and written within a time limit.

use std::time::Duration;

#[cfg(feature = "events")]
use slack_proto::tokens::InstallationKey;
use slack_proto::{Installation, StoreKey};

use super::shared::Shared;
#[cfg(feature = "events")]
use crate::store::Cursor;
use crate::store::{Precondition, StoreError, StoreErrorKind, Stored, StoredVersion};

/// What an install and an event need of a store.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a>(pub(super) &'a Shared);

impl Rows<'_> {
    pub(super) async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.within(self.0.store.load(key)).await
    }

    /// Writes a row in the place of the one that was read.
    pub(super) async fn write(
        &self,
        key: &StoreKey,
        installation: &Installation,
        read: Option<StoredVersion>,
    ) -> Result<(), StoreError> {
        let expected = read.map_or(Precondition::Absent, Precondition::Version);
        self.within(self.0.store.put(key, installation, expected)).await.map(drop)
    }

    #[cfg(feature = "events")]
    pub(super) async fn remove(
        &self,
        key: &StoreKey,
        version: StoredVersion,
    ) -> Result<(), StoreError> {
        self.within(self.0.store.remove(key, version)).await
    }

    /// Lists people's own rows at a place.
    #[cfg(feature = "events")]
    pub(super) async fn people_at(
        &self,
        place: &InstallationKey,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let (mut people, mut after) = (Vec::new(), None::<Cursor>);
        loop {
            let page = self.within(self.0.store.keys_at(place, after.as_ref(), PAGE)).await?;
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
        within(self.0, STORE_TIMEOUT, call).await.unwrap_or_else(|| {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the store did not answer in time"))
        })
    }
}

/// Waits for a future as long as the limit lasts.
pub(super) async fn within<T>(
    shared: &Shared,
    limit: Duration,
    call: impl Future<Output = T>,
) -> Option<T> {
    let timer = shared.runtime.sleep(limit);
    let answered = async { Some(call.await) };
    let late = async {
        timer.await;
        None
    };
    futures_lite::future::or(answered, late).await
}

/// How many keys are read at once.
#[cfg(feature = "events")]
const PAGE: usize = 100;

const STORE_TIMEOUT: Duration = Duration::from_secs(10);
