//! Another process writes between two steps of ours; and room is reserved in the backend itself.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use pollster::block_on;
use slack_proto::{ClientId, Installation, Slot, tokens::InstallationKey};
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, InstallationStore, LeaseHolder, LeaseOutcome, Loaded,
    MemoryStore, Page, Precondition, Query, StoreBackend, StoreError, StoreErrorKind,
    StoredVersion, Write,
};

/// What happens in place of the next write, once.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    /// Another app writes the mark.
    OtherApp,
    /// Another process of the same app writes what was to be written.
    Same,
    /// Another process removes the entry.
    Removed,
    /// The store cannot write.
    Full,
}

#[derive(Clone, Default)]
struct Busy {
    inner: MemoryStore,
    meanwhile: Arc<Mutex<VecDeque<Meanwhile>>>,
    reserved: Arc<Mutex<Vec<(String, usize)>>>,
}

impl Busy {
    fn store(&self) -> InstallationStore {
        InstallationStore::new(self.clone(), ClientId::new("1.2").unwrap())
    }

    fn then(&self, meanwhile: Meanwhile) {
        self.meanwhile.lock().unwrap().push_back(meanwhile);
    }
}

#[async_trait]
impl StoreBackend for Busy {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        self.inner.load(key).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let meanwhile = self.meanwhile.lock().unwrap().pop_front();
        let mut other = write.clone();
        other.version = StoredVersion::random().unwrap();
        match meanwhile {
            None => {}
            Some(Meanwhile::OtherApp) => {
                let theirs = InstallationStore::new(self.inner.clone(), app("3.4"));
                assert!(theirs.keys(None, 1).await.is_ok());
            }
            Some(Meanwhile::Same) => self.inner.put(key, &other, precondition).await?,
            Some(Meanwhile::Removed) => {
                let found = self.inner.load(key).await?.unwrap().version;
                self.inner.remove(key, found).await?;
            }
            Some(Meanwhile::Full) => {
                return Err(StoreError::new(StoreErrorKind::Refused, "the store is full"));
            }
        }
        self.inner.put(key, write, precondition).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        self.inner.remove(key, version).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.inner.find(query, after, limit).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        self.inner.acquire(key, part, holder, length).await
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        self.inner.release(key, part, holder).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        self.inner.lease(key, part).await
    }

    async fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        self.reserved.lock().unwrap().push((key.as_str().to_owned(), length));
        Err(StoreError::new(StoreErrorKind::Unavailable, "the disk is full"))
    }
}

fn app(client_id: &str) -> ClientId {
    ClientId::new(client_id).unwrap()
}

fn place() -> InstallationKey {
    InstallationKey::Workspace("T1".into())
}

fn create(store: &InstallationStore) -> Result<StoredVersion, StoreError> {
    block_on(store.put(&place().into(), &Installation::new(place()), Precondition::Absent))
}

#[test]
fn of_two_processes_that_use_a_new_store_first_the_second_compares_the_app() {
    let backend = Busy::default();
    backend.then(Meanwhile::Same);
    create(&backend.store()).unwrap();
    let backend = Busy::default();
    backend.then(Meanwhile::OtherApp);
    assert_eq!(create(&backend.store()).unwrap_err().kind(), StoreErrorKind::OtherApp);
    // What else keeps the mark from being written is reported as it is.
    let backend = Busy::default();
    backend.then(Meanwhile::Full);
    let error = create(&backend.store()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (StoreErrorKind::Refused, "the store is full")
    );
}

#[test]
fn an_installation_that_changes_while_it_is_rewritten_is_read_once_more() {
    let backend = Busy::default();
    let store = backend.store();
    create(&store).unwrap();
    backend.then(Meanwhile::Same);
    let page = block_on(store.rewrite(None, 10)).unwrap();
    assert_eq!((page.keys.len(), page.unreadable.len()), (1, 0));
    // One that was removed meanwhile stays so.
    backend.then(Meanwhile::Removed);
    let page = block_on(store.rewrite(None, 10)).unwrap();
    assert_eq!((page.keys.len(), page.unreadable.len()), (0, 0));
    assert!(block_on(store.load(&place().into())).unwrap().is_none());
    // One that cannot be written is reported.
    create(&store).unwrap();
    backend.then(Meanwhile::Full);
    let page = block_on(store.rewrite(None, 10)).unwrap();
    assert_eq!((page.keys.len(), page.unreadable.len()), (0, 1));
    assert_eq!(page.unreadable[0].error.kind(), StoreErrorKind::Refused);
}

#[test]
fn room_for_another_pair_is_reserved_in_the_backend() {
    let backend = Busy::default();
    let installation = Installation::new(place());
    let length = installation.encode_exposing_secrets().as_ref().len();
    let shared: Arc<dyn StoreBackend> = Arc::new(backend.clone());
    let error = block_on(
        InstallationStore::new(shared, app("1.2")).reserve(&place().into(), &installation),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    assert_eq!(*backend.reserved.lock().unwrap(), [("team/T1".to_owned(), length + 2048)]);
    // A store that cannot run out of room has nothing to do.
    let store = InstallationStore::new(MemoryStore::new(), app("1.2"));
    block_on(store.reserve(&place().into(), &installation)).unwrap();
}

/// This backend has no reading of its own with a lease, as one that was written before.
#[test]
fn a_backend_that_reads_nothing_with_a_lease_says_so() {
    let backend = Busy::default();
    let store = backend.store();
    create(&store).unwrap();
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let (key, minute) = (place().into(), Duration::from_secs(60));
    let ask = |holder| block_on(store.acquire_and_load(&key, Slot::Bot, holder, minute)).unwrap();
    assert!(matches!(ask(ours), (LeaseOutcome::Granted, Loaded::NotRead)));
    assert!(matches!(ask(theirs), (LeaseOutcome::HeldFor(_), Loaded::NotRead)));
    // A shared one passes on what the one inside reads.
    let shared: Arc<dyn StoreBackend> = Arc::new(backend.inner.clone());
    let key = EntryKey::try_from(&key).unwrap();
    let answer = block_on(shared.acquire_and_load(&key, "user", ours, minute)).unwrap();
    assert!(matches!(answer, (LeaseOutcome::Granted, Loaded::Found(_))));
    let answer = block_on(Arc::new(shared).acquire_and_load(&key, "user", ours, minute)).unwrap();
    assert!(matches!(answer, (LeaseOutcome::Granted, Loaded::Found(_))));
}
