//! What every case works with: a store whose errors are told, and entries to put into it.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::{Place, Suite, report::Outcome};
use crate::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, SecretBytes, StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write,
};

/// A store at a place.
pub(super) struct Bench<'s> {
    pub(super) suite: &'s Suite,
    pub(super) store: Arc<dyn StoreBackend>,
    place: String,
}

impl<'s> Bench<'s> {
    pub(super) async fn new(suite: &'s Suite, place: &str) -> Result<Self, String> {
        Self::ahead(suite, place, Duration::ZERO).await
    }

    async fn ahead(suite: &'s Suite, place: &str, ahead: Duration) -> Result<Self, String> {
        let opening = (suite.open)(Place { name: place.to_owned(), clock_ahead: ahead });
        let store = opening.await.map_err(|error| told("open", &error))?;
        Ok(Self { suite, store, place: place.to_owned() })
    }

    /// Opens the same place once more.
    pub(super) async fn again(&self) -> Result<Self, String> {
        Self::new(self.suite, &self.place).await
    }

    /// Opens the same place once more, for a process whose clock is ahead by this duration.
    pub(super) async fn again_ahead(&self, ahead: Duration) -> Result<Self, String> {
        Self::ahead(self.suite, &self.place, ahead).await
    }

    pub(super) async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, String> {
        self.store.load(key).await.map_err(|error| told("load", &error))
    }

    /// Loads what must be there.
    pub(super) async fn found(&self, key: &EntryKey) -> Result<Entry, String> {
        self.load(key).await?.ok_or_else(|| "what was put is not there".to_owned())
    }

    /// Puts a value that must be taken, and returns its version.
    pub(super) async fn put(
        &self,
        key: &EntryKey,
        value: &str,
        precondition: Precondition,
    ) -> Result<StoredVersion, String> {
        let write = write(value)?;
        self.must_put(key, &write, precondition).await?;
        Ok(write.version)
    }

    /// Puts what must be taken.
    pub(super) async fn must_put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Outcome {
        let done = self.try_put(key, write, precondition).await?;
        ensure(done, "a put whose precondition holds is refused as a conflict")
    }

    /// Puts; false is a conflict.
    pub(super) async fn try_put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<bool, String> {
        or_conflict("put", self.store.put(key, write, precondition).await)
    }

    /// Removes; false is a conflict.
    pub(super) async fn try_remove(
        &self,
        key: &EntryKey,
        version: StoredVersion,
    ) -> Result<bool, String> {
        or_conflict("remove", self.store.remove(key, version).await)
    }

    pub(super) async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, String> {
        self.store.find(query, after, limit).await.map_err(|error| told("find", &error))
    }

    /// Finds all, by pages of this size.
    pub(super) async fn find_all(
        &self,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<EntryKey>, String> {
        let (mut keys, mut after) = (Vec::new(), None);
        loop {
            let page = self.find(query, after.as_ref(), limit).await?;
            ensure(page.items.len() <= limit, "a page is longer than was asked for")?;
            ensure(page.unreadable.is_empty(), "what was put is reported as unreadable")?;
            keys.extend(page.items.into_iter().map(|item| item.key));
            ensure(after != page.next || after.is_none(), "a page ends where it began")?;
            after = page.next;
            if after.is_none() {
                return Ok(keys);
            }
        }
    }

    pub(super) async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, String> {
        let outcome = self.store.acquire(key, part, holder, length).await;
        outcome.map_err(|error| told("acquire", &error))
    }

    pub(super) async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), String> {
        let answer = self.store.acquire_and_load(key, part, holder, length).await;
        answer.map_err(|error| told("acquire_and_load", &error))
    }

    pub(super) async fn release(&self, key: &EntryKey, part: &str, holder: LeaseHolder) -> Outcome {
        self.store.release(key, part, holder).await.map_err(|error| told("release", &error))
    }

    pub(super) async fn lease(
        &self,
        key: &EntryKey,
        part: &str,
    ) -> Result<Option<HeldLease>, String> {
        self.store.lease(key, part).await.map_err(|error| told("lease", &error))
    }
}

fn or_conflict(what: &str, result: Result<(), StoreError>) -> Result<bool, String> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(false),
        Err(error) => Err(told(what, &error)),
    }
}

pub(super) fn told(what: impl fmt::Display, error: &StoreError) -> String {
    let mut text = format!("{what} failed: {error} ({})", error.kind().as_str());
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(super) fn key(text: &str) -> EntryKey {
    EntryKey::from_text(text).expect("the suite's own keys are keys")
}

pub(super) fn write(value: impl Into<Vec<u8>>) -> Result<Write, String> {
    let version = StoredVersion::random().map_err(|error| error.to_string())?;
    Ok(Write::new(version, SecretBytes::new(value.into())))
}

pub(super) fn same(found: &Entry, put: &[u8]) -> Outcome {
    ensure(found.value.as_ref() == put, "what is loaded is not what was put")
}

pub(super) fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
