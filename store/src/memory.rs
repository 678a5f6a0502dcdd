//! A store that ends with the process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{
    Cursor, Entry, EntryKey, HeldLease, Item, LeaseHolder, LeaseOutcome, Loaded, Page,
    Precondition, Query, StoreBackend, StoreError, StoredVersion, Write,
};

/// Keeps entries in memory: for tests, and for programs whose users sign in anew each time. Clones share everything.
///
/// "Durable" means here: as long as the process lives.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<EntryKey, Stored>,
    /// What is due, the soonest first.
    due: BTreeSet<(Duration, EntryKey)>,
    attention: BTreeSet<EntryKey>,
    leases: HashMap<(EntryKey, String), (LeaseHolder, Duration)>,
    /// How many entries were looked at to find others.
    #[cfg(test)]
    visits: usize,
}

struct Stored {
    entry: Entry,
    due_at: Option<Duration>,
}

impl MemoryStore {
    /// Creates an empty store with the system's monotonic clock.
    #[must_use]
    pub fn new() -> Self {
        let start = Instant::now();
        Self::with_clock(move || start.elapsed())
    }

    /// Creates an empty store with a clock of your own, which returns the time since any fixed moment: for tests whose
    /// time passes when they say so.
    #[must_use]
    pub fn with_clock(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { state: Arc::default(), clock: Arc::new(clock) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn version(&self, key: &EntryKey) -> Option<StoredVersion> {
        self.entries.get(key).map(|stored| stored.entry.version)
    }

    fn load(&self, key: &EntryKey) -> Option<Entry> {
        self.entries.get(key).map(|stored| stored.entry.clone())
    }

    fn acquire(
        &mut self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
        now: Duration,
    ) -> LeaseOutcome {
        let lease = (key.clone(), part.to_owned());
        if let Some((held_by, until)) = self.leases.get(&lease) {
            if *held_by != holder && now < *until {
                return LeaseOutcome::HeldFor(until.saturating_sub(now));
            }
        }
        self.leases.insert(lease, (holder, now.saturating_add(length)));
        LeaseOutcome::Granted
    }

    fn remove(&mut self, key: &EntryKey) {
        if let Some(Stored { due_at: Some(due_at), .. }) = self.entries.remove(key) {
            self.due.remove(&(due_at, key.clone()));
        }
        self.attention.remove(key);
    }

    /// Collects a page: the first `limit` of these, and where the next one begins if there are more.
    fn page<T>(
        found: impl Iterator<Item = T>,
        limit: usize,
        item: impl Fn(T) -> (Item, u64),
    ) -> (Page, usize) {
        let mut items = Vec::new();
        let mut next = None;
        let mut visits = 0;
        for found in found {
            visits += 1;
            if items.len() == limit {
                break;
            }
            let (found, position) = item(found);
            next = Some(Cursor::new(found.key.clone(), position));
            items.push(found);
        }
        let is_last = visits <= limit;
        (Page::new(items, next.filter(|_| !is_last)), visits)
    }

    fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
        now: Duration,
    ) -> (Page, usize) {
        let after_key = || after.map(|cursor| Bound::Excluded(cursor.key.clone()));
        let by_key = |key: &EntryKey| (Item::new(key.clone(), None), 0);
        match query {
            Query::Keys { prefix } => {
                let first = || match EntryKey::from_text(prefix) {
                    Some(prefix) => Bound::Included(prefix),
                    None => Bound::Unbounded,
                };
                // A cursor before the range begins where the range does.
                let start = after_key()
                    .filter(|_| after.is_some_and(|it| it.key.as_str() >= prefix.as_str()));
                let range = (start.unwrap_or_else(first), Bound::Unbounded);
                let found = self.entries.range(range).map(|(key, _)| key);
                let found = found.take_while(|key| key.as_str().starts_with(prefix.as_str()));
                Self::page(found, limit, by_key)
            }
            Query::Attention => {
                let range = (after_key().unwrap_or(Bound::Unbounded), Bound::Unbounded);
                Self::page(self.attention.range(range), limit, by_key)
            }
            Query::DueWithin(length) => {
                let start = after.map(|it| (Duration::from_millis(it.position), it.key.clone()));
                let range = (start.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
                let end = now.saturating_add(*length);
                let found = self.due.range(range).take_while(|(due_at, _)| *due_at <= end);
                Self::page(found, limit, |(due_at, key)| {
                    let item = Item::new(key.clone(), Some(due_at.saturating_sub(now)));
                    (item, u64::try_from(due_at.as_millis()).unwrap_or(u64::MAX))
                })
            }
        }
    }
}

#[async_trait]
impl StoreBackend for MemoryStore {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        Ok(self.state().load(key))
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let now = (self.clock)();
        let mut state = self.state();
        if !precondition.is_met_by(state.version(key)) {
            return Err(StoreError::conflict());
        }
        state.remove(key);
        // In whole milliseconds, as a cursor has it.
        let due_at = write.due_in.map(|due_in| {
            let millis = now.saturating_add(due_in).as_millis();
            Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
        });
        state.due.extend(due_at.map(|due_at| (due_at, key.clone())));
        if write.attention {
            state.attention.insert(key.clone());
        }
        let entry = Entry { version: write.version, value: write.value.clone() };
        state.entries.insert(key.clone(), Stored { entry, due_at });
        Ok(())
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.version(key) != Some(version) {
            return Err(StoreError::conflict());
        }
        state.remove(key);
        Ok(())
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let now = (self.clock)();
        let (page, _visits) = self.state().find(query, after, limit, now);
        #[cfg(test)]
        {
            self.state().visits += _visits;
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
        let now = (self.clock)();
        Ok(self.state().acquire(key, part, holder, length, now))
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let now = (self.clock)();
        let mut state = self.state();
        let outcome = state.acquire(key, part, holder, length, now);
        let loaded = match outcome {
            LeaseOutcome::Granted => state.load(key).into(),
            LeaseOutcome::HeldFor(_) => Loaded::NotRead,
        };
        Ok((outcome, loaded))
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let lease = (key.clone(), part.to_owned());
        if state.leases.get(&lease).is_some_and(|(held_by, _)| *held_by == holder) {
            state.leases.remove(&lease);
        }
        Ok(())
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let now = (self.clock)();
        let state = self.state();
        let lease = state.leases.get(&(key.clone(), part.to_owned()));
        Ok(lease
            .filter(|(_, until)| now < *until)
            .map(|(holder, until)| HeldLease::new(*holder, until.saturating_sub(now))))
    }
}

/// Shows how much is stored, and nothing of it.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.state().entries.len();
        f.debug_struct("MemoryStore").field("entries", &count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::SecretBytes;

    /// 100,000 entries of which one a second is due.
    fn full() -> MemoryStore {
        let store = MemoryStore::with_clock(|| Duration::from_secs(1_000));
        for number in 0..100_000_u64 {
            let key = EntryKey::from_text(&format!("team/T{number}")).unwrap();
            let mut write = Write::new(StoredVersion::new(number), SecretBytes::new(vec![]));
            write.due_in = Some(Duration::from_secs(number * 7919 % 100_000));
            write.attention = number % 10_000 == 1;
            block_on(store.put(&key, &write, Precondition::Absent)).unwrap();
        }
        store
    }

    #[test]
    fn finding_looks_at_no_more_than_it_finds() {
        let store = full();
        let find = |query: &Query, after: Option<&Cursor>| {
            store.state().visits = 0;
            let page = block_on(store.find(query, after, 100)).unwrap();
            (store.state().visits, page)
        };
        let due = Query::DueWithin(Duration::from_secs(99_999));
        let (visits, page) = find(&due, None);
        assert_eq!((visits, page.items.len()), (101, 100));
        let (visits, page) = find(&due, page.next.as_ref());
        assert_eq!((visits, page.items.len()), (101, 100));
        assert_eq!(page.items[0].due_in, Some(Duration::from_secs(100)));
        let (visits, page) = find(&Query::Attention, None);
        assert_eq!((visits, page.items.len(), page.next), (10, 10, None));
        let keys = Query::Keys { prefix: "team/T9999".to_owned() };
        let (visits, page) = find(&keys, None);
        assert_eq!((visits, page.items.len(), page.next), (11, 11, None));
    }
}
