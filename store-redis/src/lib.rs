//! Installations of `slack-auth` in Redis or Valkey.

mod access;
mod builder;
mod cluster;
mod error;
mod index;
mod map;
mod names;
mod node;
mod opening;
mod scripts;
mod server;
mod slots;
mod worker;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use redis::Cmd;
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, StoreBackend, StoreError, StoredVersion, Write,
};

pub use self::builder::RedisStoreBuilder;
use self::{
    error::{Cause, Failure, altered},
    names::member,
    server::Server,
};

#[doc = include_str!("store.md")]
#[derive(Clone)]
pub struct RedisStore {
    server: Arc<Server>,
}

impl RedisStore {
    /// Opens a store with the defaults of the [builder](Self::builder).
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::open`].
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::builder(address).open().await
    }

    /// Creates a builder from an address, for example `rediss://app:PASSWORD@redis.example.com/0`.
    ///
    /// `rediss` is TLS, by which a server elsewhere than on this machine must be reached: its certificate and its name are
    /// checked.
    pub fn builder(address: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::at(address)
    }

    /// Creates the command that takes members out of the indexes.
    fn dropping(&self, key: &EntryKey, version: StoredVersion) -> Cmd {
        let mut command = scripts::DROP.on(self.server.names.all_indexes());
        command.arg(member(key.as_str(), version));
        command
    }
}

#[async_trait]
impl StoreBackend for RedisStore {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let name = self.server.names.entry(key.as_str());
        entry(self.server.send_read(&name, scripts::LOAD).await.map_err(Failure::of_read)?)
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        // The indexes first: an entry that no index has would be found by nobody. One that an index has and that is not
        // there, or has another version, is passed over.
        let mut add = scripts::ADD.on(self.server.names.all_indexes());
        add.arg(member(key.as_str(), write.version));
        add.arg(write.due_in.map_or(String::new(), |due_in| millis(due_in).to_string()));
        add.arg(i32::from(write.attention));
        let name = self.server.names.entry(key.as_str());
        let mut put = scripts::PUT.on([&*name]);
        let old = precondition.version();
        put.arg(old.map_or(String::new(), |version| version.as_i64().to_string()));
        put.arg(write.version.as_i64().to_string()).arg(write.value.as_ref());
        match self.server.send_write(&name, vec![add, put]).await.map_err(Failure::of_write)? {
            1 => {
                self.server
                    .send_later(old.map(|old| self.dropping(key, old)).into_iter().collect());
                Ok(())
            }
            2 => Err(StoreError::conflict()),
            _ => {
                self.server.send_later(vec![self.dropping(key, write.version)]);
                Err(StoreError::conflict())
            }
        }
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let name = self.server.names.entry(key.as_str());
        let mut remove = scripts::REMOVE.on([&*name]);
        remove.arg(version.as_i64().to_string());
        match self.server.send_write(&name, vec![remove]).await.map_err(Failure::of_write)? {
            1 => {
                self.server.send_later(vec![self.dropping(key, version)]);
                Ok(())
            }
            _ => Err(StoreError::conflict()),
        }
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        index::find(&self.server, query, after, limit).await.map_err(Failure::of_read)
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let name = self.server.names.lease(key, part);
        let mut acquire = scripts::ACQUIRE.on([&*name]);
        acquire.arg(holder.as_bytes().as_slice()).arg(millis(length).max(1));
        let held = self.server.send_write(&name, vec![acquire]).await.map_err(Failure::of_write)?;
        Ok(outcome(held))
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let names = &self.server.names;
        let (name, entry_name) = (names.lease(key, part), names.entry(key.as_str()));
        let mut acquire = scripts::ACQUIRE_AND_LOAD.on([&*name, &*entry_name]);
        acquire.arg(holder.as_bytes().as_slice()).arg(millis(length).max(1));
        let (held, found): (i64, Option<Found>) =
            self.server.send_write(&name, vec![acquire]).await.map_err(Failure::of_write)?;
        // Replicas that have the lease have all that was written before it, and so the entry as it was read.
        //
        // What is damaged is reported by whoever loads it: the lease is granted all the same.
        let loaded =
            found.and_then(|found| entry(found).ok()).map_or(Loaded::NotRead, Loaded::from);
        Ok((outcome(held), loaded))
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let mut release = scripts::RELEASE.on([&*self.server.names.lease(key, part)]);
        release.arg(holder.as_bytes().as_slice());
        self.server.send::<i64>(vec![release]).await.map(drop).map_err(Failure::of_write)
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let name = self.server.names.lease(key, part);
        let (holder, remaining): (Option<Vec<u8>>, u64) =
            self.server.send_read(&name, scripts::LEASE).await.map_err(Failure::of_read)?;
        let Some(holder) = holder else { return Ok(None) };
        let holder = holder
            .try_into()
            .map_err(|_| altered(Cause::new("the holder of a lease does not have 16 bytes")))?;
        let remaining = Duration::from_millis(remaining);
        Ok(Some(HeldLease::new(LeaseHolder::from_bytes(holder), remaining)))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisStore").field(&self.server).finish()
    }
}

/// The version and the value of an entry, as the server has them.
type Found = (Option<Vec<u8>>, Option<Vec<u8>>);

fn entry(found: Found) -> Result<Option<Entry>, StoreError> {
    match found {
        (None, None) => Ok(None),
        (Some(version), Some(value)) => {
            let version = str::from_utf8(&version).ok().and_then(|it| it.parse().ok());
            let Some(version) = version.map(StoredVersion::from_i64) else {
                return Err(altered(Cause::new("the version of an entry is not a number")));
            };
            Ok(Some(Entry::new(version, value)))
        }
        _ => Err(altered(Cause::new("an entry lacks its version or its value"))),
    }
}

/// Returns what a script says of a lease.
fn outcome(held: i64) -> LeaseOutcome {
    match u64::try_from(held) {
        Ok(held) => LeaseOutcome::HeldFor(Duration::from_millis(held)),
        Err(_) => LeaseOutcome::Granted,
    }
}

/// Returns milliseconds that a sum with the time of today keeps exact in Lua, whose whole numbers end at 2^53.
fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX).min(1 << 52)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
