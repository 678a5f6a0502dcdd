//! Unknown outcomes are settled by reading.
//!
//! The version of a write was drawn for it alone, so whoever finds it stored knows that the write took place, whatever
//! the backend said. A compare-and-swap that is still possible may be sent a second time: if the first one arrives late
//! after all, one of the two does nothing.

use std::time::Duration;

use crate::{
    Entry, EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, StoreBackend, StoreError,
    StoreErrorKind, StoredVersion, Write,
};

pub(crate) async fn put(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    write: &Write,
    precondition: Precondition,
) -> Result<(), StoreError> {
    let mut is_repeated = false;
    loop {
        let Err(error) = backend.put(key, write, precondition).await else { return Ok(()) };
        if is_certain(&error) {
            return Err(error);
        }
        let Ok(found) = version(backend, key).await else { return Err(error) };
        if found == Some(write.version) {
            return Ok(());
        }
        if !precondition.is_met_by(found) {
            return Err(StoreError::conflict());
        }
        if !error.is_unknown() || is_repeated {
            return Err(error);
        }
        is_repeated = true;
    }
}

pub(crate) async fn remove(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    expected: StoredVersion,
) -> Result<(), StoreError> {
    let mut is_repeated = false;
    loop {
        let Err(error) = backend.remove(key, expected).await else { return Ok(()) };
        if !error.is_unknown() {
            return Err(error);
        }
        match version(backend, key).await {
            Err(_) => return Err(error),
            Ok(None) => return Ok(()),
            Ok(Some(found)) if found != expected => return Err(StoreError::conflict()),
            Ok(Some(_)) if is_repeated => return Err(error),
            Ok(Some(_)) => is_repeated = true,
        }
    }
}

pub(crate) async fn acquire(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    part: &str,
    holder: LeaseHolder,
    length: Duration,
) -> Result<LeaseOutcome, StoreError> {
    match backend.acquire(key, part, holder, length).await {
        Err(error) if error.is_unknown() => {
            settled(backend, key, part, holder, length, error).await
        }
        answer => answer,
    }
}

/// After an unknown outcome nothing has been read.
pub(crate) async fn acquire_and_load(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    part: &str,
    holder: LeaseHolder,
    length: Duration,
) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
    match backend.acquire_and_load(key, part, holder, length).await {
        Err(error) if error.is_unknown() => {
            let outcome = settled(backend, key, part, holder, length, error).await?;
            Ok((outcome, Loaded::NotRead))
        }
        answer => answer,
    }
}

/// Returns what came of a request for a lease whose outcome is unknown.
async fn settled(
    backend: &dyn StoreBackend,
    key: &EntryKey,
    part: &str,
    holder: LeaseHolder,
    length: Duration,
    error: StoreError,
) -> Result<LeaseOutcome, StoreError> {
    match backend.lease(key, part).await {
        Ok(Some(held)) if held.holder == holder => Ok(LeaseOutcome::Granted),
        Ok(Some(held)) => Ok(LeaseOutcome::HeldFor(held.remaining)),
        // Whoever holds a lease may take it again, so that a first request that arrives late does no harm.
        Ok(None) => backend.acquire(key, part, holder, length).await,
        Err(_) => Err(error),
    }
}

async fn version(
    backend: &dyn StoreBackend,
    key: &EntryKey,
) -> Result<Option<StoredVersion>, StoreError> {
    Ok(backend.load(key).await?.map(|entry| entry.version))
}

/// Whether nothing was written for sure. A conflict is none: a driver that repeats a statement by itself meets its own
/// first one.
fn is_certain(error: &StoreError) -> bool {
    !matches!(
        error.kind(),
        StoreErrorKind::Conflict | StoreErrorKind::Unavailable | StoreErrorKind::Unknown
    )
}
