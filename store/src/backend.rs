//! The contract of a store, which a custom store implements.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, StoreError, StoredVersion, Write,
};

/// Keeps bytes under keys, and leases beside them: what to implement over a database of your own.
///
/// [`InstallationStore`](crate::InstallationStore) does the rest over any backend: it encodes and seals, draws versions,
/// and settles what is unknown. A backend looks into no value.
///
/// # What a backend promises
///
/// * **Reads are linearizable**: once a write was answered, by whatever handle in whatever process, every read that
///   begins later sees it or a newer one. A replica that lags, or an "eventually consistent" read, is not enough: a token
///   that was refreshed a moment ago would look spent.
/// * **A write takes place as a whole or not at all**, and after `Ok` it is durable: it outlives a crash of whatever the
///   store's documentation names. A store says what that is.
/// * **Comparing and writing is one step.** Of several writers that name one version one writes.
/// * **Its clock is the only clock.** Callers pass durations, never times, and their own clocks may be minutes apart.
/// * **Three outcomes**: done (`Ok`); not done (any error but the next); [`Unknown`](crate::StoreErrorKind::Unknown), if a
///   write may have taken place, for instance because the connection broke before the answer came. It repeats nothing
///   by itself after that.
/// * **Each future may be dropped** at any time. What was begun then takes place or not, as a whole, and holds nothing
///   up.
/// * Errors show neither keys nor values.
///
/// The suite (feature `conformance`) tries all of it that can be tried.
#[async_trait]
pub trait StoreBackend: Send + Sync + 'static {
    /// Reads an entry; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When what is stored cannot be read. That is never `None`: it would be overwritten.
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError>;

    /// Writes an entry if the precondition holds; returns once the entry is durable.
    ///
    /// The time when it is due is [`Write::due_in`] from now by the store's clock.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::StoreErrorKind::Conflict) when another version is stored, or none: then nothing was written.
    /// [`Unknown`](crate::StoreErrorKind::Unknown) when the write may have taken place.
    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError>;

    /// Removes an entry if it has this version; leases stay.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError>;

    /// Finds entries: at most `limit`, those behind `after`.
    ///
    /// It reads as much as the page needs, and not all that is stored. Entries that are written meanwhile may be missed
    /// or found. What cannot be read is listed beside the rest.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError>;

    /// Acquires a lease for `length` from now, or returns for how long another holder has it; never waits for it.
    ///
    /// `part` is a word of lowercase letters: a key has as many leases as there are parts. Nothing need be stored under
    /// the key. The holder may acquire the lease again: it then lasts `length` from now. One that has run out is
    /// anybody's. It need not outlive a crash of the store, but must outlive its holder's until it runs out.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Acquires a lease as [`acquire`](Self::acquire) does, and reads the entry if the lease is granted: a refresh then
    /// waits for the store once less. Without an implementation of its own a backend acquires the lease, and reads nothing.
    ///
    /// What it returns is what is stored at the moment of the grant, or later. One statement of a database may read before
    /// it waits for the row of the lease: that is too early. If another holder has the lease nothing need be read. An entry
    /// that cannot be read must not hide that the lease was granted: the answer is then [`Loaded::NotRead`], and
    /// [`load`](Self::load), which comes next, returns the error.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        Ok((self.acquire(key, part, holder, length).await?, Loaded::NotRead))
    }

    /// Releases a lease before it expires; without effect if another holder has it, or nobody.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError>;

    /// Returns who holds a lease, and for how long still; `None` if nobody does.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError>;

    /// Reserves room for a write of `length` bytes under this key: called before a refresh token is spent, since what
    /// comes back must then be stored. A store that cannot run out of room unnoticed has nothing to do.
    ///
    /// # Errors
    ///
    /// When there is no room.
    async fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        let _ = (key, length);
        Ok(())
    }
}

#[async_trait]
impl<B: StoreBackend + ?Sized> StoreBackend for Arc<B> {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        (**self).load(key).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        (**self).put(key, write, precondition).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        (**self).remove(key, version).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        (**self).find(query, after, limit).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        (**self).acquire(key, part, holder, length).await
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        (**self).acquire_and_load(key, part, holder, length).await
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        (**self).release(key, part, holder).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        (**self).lease(key, part).await
    }

    async fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        (**self).reserve(key, length).await
    }
}
