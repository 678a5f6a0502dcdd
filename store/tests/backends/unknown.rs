//! Unknown outcomes, and who settles them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
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

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// The request was carried out, and the answer lost.
    After,
    /// The request never arrived.
    Before,
    /// A driver repeated it by itself, and met its own first one.
    Repeated,
    /// Nothing is lost: the store refuses the request.
    Refused,
}

/// A store behind a link that loses what it is told to.
#[derive(Clone, Default)]
struct Link {
    inner: MemoryStore,
    script: Arc<Mutex<Vec<Lost>>>,
    calls: Arc<AtomicUsize>,
    load_fails: Arc<Mutex<bool>>,
}

impl Link {
    fn next(&self) -> Option<Lost> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.script.lock().unwrap().pop()
    }
}

fn refused<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreErrorKind::Refused, "the store takes no such request"))
}

fn lost<T>() -> Result<T, StoreError> {
    Err(StoreError::unknown("the connection broke", "connection closed"))
}

#[async_trait]
impl StoreBackend for Link {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        if *self.load_fails.lock().unwrap() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is away"));
        }
        self.inner.load(key).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        match self.next() {
            Some(Lost::Before) => lost(),
            Some(Lost::Refused) => refused(),
            Some(Lost::After) => {
                self.inner.put(key, write, precondition).await?;
                lost()
            }
            Some(Lost::Repeated) => {
                self.inner.put(key, write, precondition).await?;
                self.inner.put(key, write, precondition).await
            }
            None => self.inner.put(key, write, precondition).await,
        }
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        match self.next() {
            Some(Lost::Before) => lost(),
            Some(Lost::Refused) => refused(),
            Some(_) => {
                self.inner.remove(key, version).await?;
                lost()
            }
            None => self.inner.remove(key, version).await,
        }
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
        match self.next() {
            Some(Lost::Before) => lost(),
            Some(Lost::Refused) => refused(),
            Some(_) => {
                let _ = self.inner.acquire(key, part, holder, length).await?;
                lost()
            }
            None => self.inner.acquire(key, part, holder, length).await,
        }
    }

    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let outcome = self.acquire(key, part, holder, length).await?;
        Ok((outcome, self.load(key).await.map_or(Loaded::NotRead, Loaded::from)))
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
}

struct Stage {
    link: Link,
    store: InstallationStore,
    version: StoredVersion,
}

fn place() -> InstallationKey {
    InstallationKey::Workspace("T1".into())
}

impl Stage {
    /// An installation is stored, and from then on the link loses this, the last first.
    fn new(script: &[Lost]) -> Self {
        let link = Link::default();
        let store = InstallationStore::new(link.clone(), ClientId::new("1.2").unwrap());
        let installation = Installation::new(place());
        let key = place().into();
        let version = block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
        link.calls.store(0, Ordering::SeqCst);
        *link.script.lock().unwrap() = script.to_vec();
        Self { link, store, version }
    }

    fn put(&self) -> Result<StoredVersion, StoreError> {
        let expected = Precondition::Version(self.version);
        block_on(self.store.put(&place().into(), &Installation::new(place()), expected))
    }

    fn stored(&self) -> Option<StoredVersion> {
        block_on(self.store.load(&place().into())).unwrap().map(|stored| stored.version)
    }

    fn calls(&self) -> usize {
        self.link.calls.load(Ordering::SeqCst)
    }
}

#[test]
fn a_put_whose_answer_was_lost_is_found_by_its_version() {
    for lost in [Lost::After, Lost::Repeated] {
        let stage = Stage::new(&[lost]);
        assert_eq!(Some(stage.put().unwrap()), stage.stored(), "{lost:?}");
        assert_eq!(stage.calls(), 1, "it is not sent again");
    }
}

#[test]
fn a_put_that_never_arrived_is_sent_once_more() {
    let stage = Stage::new(&[Lost::Before]);
    assert_eq!(Some(stage.put().unwrap()), stage.stored());
    assert_eq!(stage.calls(), 2);
    let stage = Stage::new(&[Lost::Before, Lost::Before]);
    assert!(stage.put().unwrap_err().is_unknown());
    assert_eq!((stage.calls(), stage.stored()), (2, Some(stage.version)));
}

#[test]
fn a_put_of_which_nobody_can_be_asked_stays_unknown() {
    let stage = Stage::new(&[Lost::After]);
    *stage.link.load_fails.lock().unwrap() = true;
    assert!(stage.put().unwrap_err().is_unknown());
    assert_eq!(stage.calls(), 1);
}

#[test]
fn a_conflict_behind_a_lost_answer_is_told() {
    let stage = Stage::new(&[]);
    stage.put().unwrap();
    *stage.link.script.lock().unwrap() = vec![Lost::Before];
    assert!(stage.put().unwrap_err().is_conflict());
}

#[test]
fn a_removal_is_settled_as_well() {
    for (script, calls) in [(&[Lost::After][..], 1), (&[Lost::Before], 2)] {
        let stage = Stage::new(script);
        block_on(stage.store.remove(&place().into(), stage.version)).unwrap();
        assert_eq!((stage.calls(), stage.stored()), (calls, None));
    }
    let stage = Stage::new(&[Lost::Before, Lost::Before]);
    let refused = block_on(stage.store.remove(&place().into(), stage.version)).unwrap_err();
    assert!(refused.is_unknown());
    let stage = Stage::new(&[Lost::Before]);
    let refused = block_on(stage.store.remove(&place().into(), StoredVersion::new(7)));
    assert!(refused.unwrap_err().is_conflict());
    assert_eq!(stage.calls(), 1, "nobody else's version is asked for once more");
}

#[test]
fn what_the_store_refuses_for_sure_is_not_settled() {
    let stage = Stage::new(&[]);
    stage.put().unwrap();
    *stage.link.script.lock().unwrap() = vec![Lost::Refused];
    // It would be a conflict as well.
    assert_eq!(stage.put().unwrap_err().kind(), StoreErrorKind::Refused);
    let (key, ours) = (place().into(), LeaseHolder::from_bytes([1; 16]));
    let acquire = || block_on(stage.store.acquire(&key, Slot::Bot, ours, Duration::from_secs(60)));
    assert_eq!(acquire().unwrap(), LeaseOutcome::Granted);
    *stage.link.script.lock().unwrap() = vec![Lost::Refused];
    assert_eq!(acquire().unwrap_err().kind(), StoreErrorKind::Refused);
}

#[test]
fn a_lease_whose_answer_was_lost_is_found_by_its_holder() {
    const LENGTH: Duration = Duration::from_secs(60);
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let key = place().into();
    let acquire = |stage: &Stage, holder| {
        block_on(stage.store.acquire(&key, Slot::Bot, holder, LENGTH)).unwrap()
    };
    for (script, calls) in [(&[Lost::After][..], 1), (&[Lost::Before], 2)] {
        let stage = Stage::new(script);
        assert_eq!(acquire(&stage, ours), LeaseOutcome::Granted);
        assert_eq!(stage.calls(), calls);
        *stage.link.script.lock().unwrap() = vec![Lost::Before];
        assert!(matches!(acquire(&stage, theirs), LeaseOutcome::HeldFor(_)));
        let held = block_on(stage.store.lease(&key, Slot::Bot)).unwrap().unwrap();
        assert_eq!(held.holder, ours);
    }
}

/// What was read with a lease whose answer was lost is lost as well.
#[test]
fn a_lease_whose_answer_was_lost_comes_with_nothing_read() {
    const LENGTH: Duration = Duration::from_secs(60);
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let key = place().into();
    let ask = |stage: &Stage, holder| {
        block_on(stage.store.acquire_and_load(&key, Slot::Bot, holder, LENGTH))
    };
    let stage = Stage::new(&[]);
    let (outcome, loaded) = ask(&stage, ours).unwrap();
    assert_eq!(outcome, LeaseOutcome::Granted);
    assert!(matches!(loaded, Loaded::Found(stored) if stored.version == stage.version));
    for (script, calls) in [(&[Lost::After][..], 1), (&[Lost::Before], 2)] {
        let stage = Stage::new(script);
        let (outcome, loaded) = ask(&stage, ours).unwrap();
        assert_eq!((outcome, stage.calls()), (LeaseOutcome::Granted, calls));
        assert!(matches!(loaded, Loaded::NotRead));
        *stage.link.script.lock().unwrap() = vec![Lost::Before];
        let (outcome, loaded) = ask(&stage, theirs).unwrap();
        assert!(matches!(outcome, LeaseOutcome::HeldFor(_)));
        assert!(matches!(loaded, Loaded::NotRead));
    }
    *stage.link.script.lock().unwrap() = vec![Lost::Refused];
    assert_eq!(ask(&stage, ours).unwrap_err().kind(), StoreErrorKind::Refused);
}
