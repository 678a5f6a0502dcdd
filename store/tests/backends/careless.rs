//! A store that can be careless in many ways, as stores of real programs were.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, Item, LeaseHolder, LeaseOutcome, Loaded, MemoryStore, Page,
    Precondition, Query, StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write,
};

use crate::fault::Fault;

/// What all handles on a place share.
#[derive(Default)]
pub(crate) struct Shared {
    store: MemoryStore,
    stale: Mutex<HashMap<EntryKey, Option<Entry>>>,
    due: Mutex<Vec<EntryKey>>,
    attention: Mutex<Vec<EntryKey>>,
    leases: AtomicUsize,
    writes: AtomicU64,
    reads: AtomicU64,
    by_clock: Mutex<HashMap<(EntryKey, String), (LeaseHolder, Duration)>>,
}

/// One handle.
pub(crate) struct Careless {
    shared: Arc<Shared>,
    fault: Fault,
    ahead: Duration,
    own: MemoryStore,
    cache: Mutex<HashMap<EntryKey, Option<Entry>>>,
    holder: Mutex<Option<LeaseHolder>>,
}

impl Careless {
    pub(crate) fn new(shared: Arc<Shared>, fault: Fault, ahead: Duration) -> Self {
        let (own, cache, holder) = (MemoryStore::new(), Mutex::default(), Mutex::default());
        Self { shared, fault, ahead, own, cache, holder }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn store(&self) -> &MemoryStore {
        if self.is(Fault::SeparateHandles) { &self.own } else { &self.shared.store }
    }

    fn leases(&self) -> &MemoryStore {
        if self.is(Fault::LeaseInProcess) { &self.own } else { &self.shared.store }
    }

    fn key(&self, key: &EntryKey) -> EntryKey {
        if self.is(Fault::NoCase) {
            EntryKey::from_text(&key.as_str().to_lowercase()).unwrap()
        } else {
            key.clone()
        }
    }

    fn part<'p>(&self, part: &'p str) -> &'p str {
        if self.is(Fault::OneLeaseAKey) { "" } else { part }
    }

    fn version(&self, version: StoredVersion) -> StoredVersion {
        let number = version.as_u64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "that is the fault"
        )]
        StoredVersion::new(match self.fault {
            Fault::Signed32 => u64::from(number as u32),
            Fault::Float => number as f64 as u64,
            _ => number,
        })
    }

    /// The clock of the process that has this handle.
    fn clock(&self) -> Duration {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        START.elapsed() + self.ahead
    }
}

#[async_trait]
impl StoreBackend for Careless {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let key = self.key(key);
        let mut found = self.store().load(&key).await?;
        if self.is(Fault::Cached) {
            let mut cache = self.cache.lock().unwrap();
            found.clone_from(cache.entry(key.clone()).or_insert_with(|| found.clone()));
        }
        if self.is(Fault::Lags) && self.shared.writes.load(Ordering::SeqCst) % 2 == 1 {
            if let Some(stale) = self.shared.stale.lock().unwrap().get(&key) {
                return Ok(stale.clone());
            }
        }
        if self.is(Fault::LagsAtTimes) && self.shared.reads.fetch_add(1, Ordering::SeqCst) % 5 == 4
        {
            if let Some(Some(stale)) = self.shared.stale.lock().unwrap().get(&key) {
                return Ok(Some(stale.clone()));
            }
        }
        Ok(found)
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let key = self.key(key);
        let mut write = write.clone();
        write.version = self.version(write.version);
        let found = self.store().load(&key).await?;
        let current =
            found.as_ref().map_or(Precondition::Absent, |it| Precondition::Version(it.version));
        let mut precondition = match precondition {
            Precondition::Version(version) => Precondition::Version(self.version(version)),
            Precondition::Absent => Precondition::Absent,
        };
        match (self.fault, precondition) {
            (Fault::LooksFirst, _) => {
                if precondition != current {
                    return Err(StoreError::conflict());
                }
                // Between the question and the answer.
                thread::sleep(Duration::from_millis(1));
                loop {
                    let found = self.store().load(&key).await?.map(|entry| entry.version);
                    let now = found.map_or(Precondition::Absent, Precondition::Version);
                    if self.store().put(&key, &write, now).await.is_ok() {
                        return Ok(());
                    }
                }
            }
            (Fault::IgnoresVersion, Precondition::Version(_)) if found.is_some() => {
                precondition = current;
            }
            (Fault::CreateReplaces, Precondition::Absent) => precondition = current,
            (Fault::PutCreates, Precondition::Version(_)) if found.is_none() => {
                precondition = current;
            }
            (Fault::Text, _) => {
                let text = String::from_utf8_lossy(write.value.as_ref()).into_owned();
                let value = text.replace('\0', "").into_bytes();
                write.value = slack_store::SecretBytes::new(value);
            }
            (Fault::Small, _) if write.value.as_ref().len() > 65_536 => {
                return Err(StoreError::new(StoreErrorKind::Refused, "the column is too small"));
            }
            (Fault::Torn, Precondition::Version(_)) if precondition == current => {
                // The version first, and the value when the caller comes back.
                let mut half = write.clone();
                half.value = found.clone().map(|entry| entry.value).unwrap();
                self.store().put(&key, &half, precondition).await?;
                tokio_like_yield().await;
                precondition = Precondition::Version(write.version);
            }
            (Fault::DueByCaller, _) => {
                write.due_in = write.due_in.map(|due_in| {
                    (self.clock() + due_in).saturating_sub(self.clock().saturating_sub(self.ahead))
                });
            }
            (Fault::Fenced, _) => {
                let held = self.store().lease(&key, "bot").await?;
                let own = *self.holder.lock().unwrap();
                if held.is_some_and(|held| own.is_some_and(|own| own != held.holder)) {
                    return Err(StoreError::conflict());
                }
            }
            (Fault::Loses, _) if key.as_str().contains('%') => return Ok(()),
            _ => {}
        }
        let done = self.store().put(&key, &write, precondition).await;
        if done.is_ok() {
            self.shared.writes.fetch_add(1, Ordering::SeqCst);
            self.shared.stale.lock().unwrap().insert(key.clone(), found);
            if write.due_in.is_some() {
                self.shared.due.lock().unwrap().push(key.clone());
            }
            if write.attention {
                self.shared.attention.lock().unwrap().push(key.clone());
            }
            if self.is(Fault::PutEndsLease) {
                if let Some(held) = self.store().lease(&key, "bot").await? {
                    self.store().release(&key, "bot", held.holder).await?;
                }
            }
        }
        match done {
            Err(error) if self.is(Fault::Shows) => {
                Err(error.because(String::from_utf8_lossy(write.value.as_ref()).into_owned()))
            }
            done => done,
        }
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let (key, mut version) = (self.key(key), self.version(version));
        let found = self.store().load(&key).await?;
        if self.is(Fault::LooksFirst) {
            if found.map(|entry| entry.version) != Some(version) {
                return Err(StoreError::conflict());
            }
            thread::sleep(Duration::from_millis(1));
            if let Some(entry) = self.store().load(&key).await? {
                let _ = self.store().remove(&key, entry.version).await;
            }
            return Ok(());
        }
        if let (Fault::RemovesAny, Some(entry)) = (self.fault, found) {
            version = entry.version;
        }
        self.store().remove(&key, version).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let all = |keys: Vec<EntryKey>| {
            let mut keys = keys;
            keys.sort();
            keys.dedup();
            let items = keys.into_iter().filter(|key| after.is_none_or(|after| *key > after.key));
            Ok(Page::collect(items.map(|key| (Ok(Item::new(key, None)), 0)), limit))
        };
        match (self.fault, query) {
            (Fault::AttentionStays, Query::Attention) => {
                return all(self.shared.attention.lock().unwrap().clone());
            }
            (Fault::DueStays, Query::DueWithin(_)) => {
                return all(self.shared.due.lock().unwrap().clone());
            }
            (Fault::Offsets, query) => {
                let start = after.map_or(0, |after| usize::try_from(after.position).unwrap());
                let page = self.store().find(query, None, usize::MAX).await?;
                let items = page.items.into_iter().zip(1_u64..).skip(start);
                return Ok(Page::collect(items.map(|(item, at)| (Ok(item), at)), limit));
            }
            (Fault::DueUnordered, Query::DueWithin(_)) => {
                let page = self.store().find(query, None, usize::MAX).await?;
                return all(page.items.into_iter().map(|item| item.key).collect());
            }
            (Fault::Wildcards, Query::Keys { prefix }) => {
                let start = prefix.split(['_', '%']).next().unwrap_or_default().to_owned();
                return self.store().find(&Query::Keys { prefix: start }, after, limit).await;
            }
            (Fault::ListsLate, Query::Keys { .. }) => {
                let mut page = self.store().find(query, after, limit).await?;
                page.items.retain(|item| !item.key.as_str().contains("user"));
                return Ok(page);
            }
            _ => {}
        }
        let mut page = self.store().find(query, after, limit).await?;
        if self.is(Fault::Unordered) {
            page.items.reverse();
        }
        Ok(page)
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let (key, part) = (self.key(key), self.part(part));
        *self.holder.lock().unwrap() = Some(holder);
        match self.fault {
            Fault::GrantsAll => return Ok(LeaseOutcome::Granted),
            Fault::NotAgain => {
                if let Some(held) = self.leases().lease(&key, part).await? {
                    return Ok(LeaseOutcome::HeldFor(held.remaining));
                }
            }
            Fault::PinsConnections if self.shared.leases.fetch_add(1, Ordering::SeqCst) >= 16 => {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "no connection is free"));
            }
            Fault::LeaseByCaller => {
                let mut leases = self.shared.by_clock.lock().unwrap();
                let now = self.clock();
                match leases.get(&(key.clone(), part.to_owned())) {
                    Some((held_by, until)) if *held_by != holder && now < *until => {
                        return Ok(LeaseOutcome::HeldFor(until.saturating_sub(now)));
                    }
                    _ => {}
                }
                leases.insert((key, part.to_owned()), (holder, now + length));
                return Ok(LeaseOutcome::Granted);
            }
            _ => {}
        }
        let length = if self.is(Fault::LastsForEver) { Duration::from_secs(60) } else { length };
        self.leases().acquire(&key, part, holder, length).await
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let before = self.load(key).await?;
        if self.is(Fault::ReadsAlone) {
            return Ok((LeaseOutcome::Granted, before.into()));
        }
        if self.is(Fault::ReadsFirst) {
            // The one that has the lease writes meanwhile, and releases it.
            thread::sleep(Duration::from_millis(2));
        }
        let outcome = self.acquire(key, part, holder, length).await?;
        let loaded = match self.fault {
            _ if outcome != LeaseOutcome::Granted => Loaded::NotRead,
            Fault::ReadsFirst => before.into(),
            Fault::LeaseWithNothing => Loaded::Absent,
            Fault::LeaseWithOld => {
                let stale = self.shared.stale.lock().unwrap().get(key).cloned();
                stale.flatten().map_or(Loaded::NotRead, Loaded::Found)
            }
            _ => self.load(key).await?.into(),
        };
        Ok((outcome, loaded))
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        mut holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let (key, part) = (self.key(key), self.part(part));
        match self.fault {
            Fault::ReleasesNothing => return Ok(()),
            Fault::ReleasesAny => {
                if let Some(held) = self.leases().lease(&key, part).await? {
                    holder = held.holder;
                }
            }
            Fault::LeaseByCaller => {
                self.shared.by_clock.lock().unwrap().remove(&(key, part.to_owned()));
                return Ok(());
            }
            _ => {}
        }
        self.leases().release(&key, part, holder).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        if self.is(Fault::TellsNobody) {
            return Ok(None);
        }
        self.leases().lease(&self.key(key), self.part(part)).await
    }
}

/// Comes back at once, but not at the first poll.
async fn tokio_like_yield() {
    let mut is_second = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_second, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
