//! The store of one process: the one that all share, behind a network that fails.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use slack_auth::{
    runtime::Runtime as _,
    store::{
        Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, MemoryStore, Page,
        Precondition, Query, StoreBackend, StoreError, StoreErrorKind, StoredVersion, Write,
    },
};

use crate::{
    chance::Chance,
    ledger::{Name, Time},
    plan::Weather,
    process::Life,
    world::{NAMES, World},
};

/// What each entry has been, with the time when it came to be so.
pub(crate) type History = Arc<Mutex<HashMap<EntryKey, Vec<(Time, Option<Entry>)>>>>;

pub(crate) struct Shelf {
    pub(crate) world: World,
    pub(crate) life: Life,
    pub(crate) history: History,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    Slow,
    Fails,
    /// It is done, and said to have an unknown outcome.
    FailsDone,
    Hangs {
        done: bool,
    },
    Panics {
        done: bool,
    },
    /// The runtime of the process is shut down.
    LosesRuntime {
        done: bool,
    },
    /// A read gives what was there so long ago.
    Stale(Duration),
}

impl Shelf {
    fn inner(&self) -> &MemoryStore {
        &self.world.memory
    }

    fn place(&self, key: &EntryKey) -> Option<usize> {
        key.store_key().and_then(|key| self.world.place_of(&key))
    }

    /// Decides what becomes of a call, and lets it travel to the store.
    async fn go(&self, call: &str, key: &EntryKey) -> Result<(Fate, Chance), StoreError> {
        let what = format!("{call} {}", key.as_str());
        let mut chance = self.world.chance(self.life, &what);
        let fate = self.fate(call, key, &mut chance);
        if fate != Fate::Fine {
            self.world.note(self.life, format!("  {what} ({fate:?})"));
        }
        let way = if fate == Fate::Slow { chance.seconds(1, 8) } else { chance.millis(0, 60) };
        self.world.runtime.sleep(way).await;
        match fate {
            Fate::Fails => Err(StoreError::new(StoreErrorKind::Unavailable, "the test's failure")),
            Fate::Hangs { done: false } => std::future::pending().await,
            Fate::Panics { done: false } => panic!("a store of the test's"),
            Fate::LosesRuntime { done: false } => Err(self.lose_runtime().await),
            _ => Ok((fate, chance)),
        }
    }

    /// Lets the answer travel back.
    async fn back<T>(
        &self,
        (fate, mut chance): (Fate, Chance),
        result: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.world.runtime.sleep(chance.millis(0, 60)).await;
        match fate {
            Fate::FailsDone => Err(StoreError::new(StoreErrorKind::Unknown, "the test's failure")),
            Fate::Hangs { .. } => std::future::pending().await,
            Fate::Panics { .. } => panic!("a store of the test's"),
            Fate::LosesRuntime { .. } => Err(self.lose_runtime().await),
            _ => result,
        }
    }

    fn fate(&self, call: &str, key: &EntryKey, chance: &mut Chance) -> Fate {
        let Some(place) = self.place(key) else { return Fate::Fine };
        let names: Vec<Name> = NAMES.into_iter().filter(|name| name.place == place).collect();
        if !self.world.may_fail(chance, &names) {
            return Fate::Fine;
        }
        for name in names {
            self.world.fault(self.life, Some(name), "of the store");
        }
        let done = chance.once_in(2);
        let mut fates = vec![
            Fate::Slow,
            Fate::Fails,
            Fate::FailsDone,
            Fate::Hangs { done },
            Fate::Panics { done },
        ];
        if matches!(call, "load" | "acquire and load") {
            let longest = if self.world.plan.weather == Weather::Mild { 800 } else { 8_000 };
            fates.extend([Fate::Stale(chance.millis(10, longest)); 3]);
        }
        if chance.once_in(4) && self.world.may_shut_down() {
            return Fate::LosesRuntime { done };
        }
        chance.pick(&fates)
    }

    /// Ends the task that waits for the answer, unless a caller does.
    async fn lose_runtime(&self) -> StoreError {
        self.world.shut_down(self.life);
        self.world.runtime.sleep(Duration::from_secs(1)).await;
        StoreError::new(StoreErrorKind::Unknown, "the test's failure")
    }

    /// Records what an entry is now.
    fn changed(&self, key: &EntryKey) {
        record(&self.world, &self.history, key);
        if let Some(place) = self.place(key) {
            self.world.look(place);
        }
    }

    /// Returns what was found, or what was there before.
    fn perhaps_late(&self, key: &EntryKey, found: Option<Entry>, fate: Fate) -> Option<Entry> {
        let late = self.world.lag(self.life);
        let late = if let Fate::Stale(ago) = fate { Some(ago) } else { late };
        if let (Some(ago), Some(place)) = (late, self.place(key)) {
            let old = self.was(key, ago);
            if old.as_ref().map(|it| it.version) != found.as_ref().map(|it| it.version) {
                let now = self.world.now();
                self.world.state().stale_reads.insert((self.life, place), now);
                return old;
            }
        }
        found
    }

    fn was(&self, key: &EntryKey, ago: Duration) -> Option<Entry> {
        let then = self.world.now().saturating_sub(ago);
        let history = self.history.lock().unwrap();
        let before = history.get(key)?.iter().rev().find(|(at, _)| *at <= then);
        before.and_then(|(_, entry)| entry.clone())
    }
}

/// Records what an entry is now.
pub(crate) fn record(world: &World, history: &History, key: &EntryKey) {
    let entry = pollster::block_on(world.memory.load(key)).unwrap();
    history.lock().unwrap().entry(key.clone()).or_default().push((world.now(), entry));
}

#[async_trait]
impl StoreBackend for Shelf {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let going = self.go("load", key).await?;
        let found = self.inner().load(key).await?;
        let found = self.perhaps_late(key, found, going.0);
        self.back(going, Ok(found)).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let going = self.go("put", key).await?;
        let result = self.inner().put(key, write, precondition).await;
        self.changed(key);
        self.back(going, result).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let going = self.go("remove", key).await?;
        let place = self.place(key);
        let is_meant =
            place.is_some_and(|it| self.world.state().removals.contains(&(self.life, it)));
        if !is_meant {
            self.world.break_rule("deleted", format!("{} by p{}", key.as_str(), self.life));
        }
        let result = self.inner().remove(key, version).await;
        if let (Some(place), Ok(())) = (place, &result) {
            let by = (self.world.now(), self.life);
            self.world.state().removed_by.insert(place, by);
        }
        self.changed(key);
        self.back(going, result).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.inner().find(query, after, limit).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let going = self.go("acquire", key).await?;
        let result = self.inner().acquire(key, part, holder, length).await;
        self.back(going, result).await
    }

    /// Every second time nothing is read with the lease, as by a store that cannot.
    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let what = format!("read with the lease {}", key.as_str());
        if self.world.chance(self.life, &what).once_in(2) {
            return Ok((self.acquire(key, part, holder, length).await?, Loaded::NotRead));
        }
        let going = self.go("acquire and load", key).await?;
        let result = match self.inner().acquire_and_load(key, part, holder, length).await {
            Ok((outcome, Loaded::Found(found))) => {
                let found = self.perhaps_late(key, Some(found), going.0);
                Ok((outcome, found.into()))
            }
            result => result,
        };
        self.back(going, result).await
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let going = self.go("release", key).await?;
        let result = self.inner().release(key, part, holder).await;
        self.back(going, result).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let going = self.go("lease", key).await?;
        let result = self.inner().lease(key, part).await;
        self.back(going, result).await
    }

    async fn reserve(&self, key: &EntryKey, _: usize) -> Result<(), StoreError> {
        let going = self.go("reserve", key).await?;
        self.back(going, Ok(())).await
    }
}
