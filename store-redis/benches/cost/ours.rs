//! The store: a refresh cycle as the rotator has it, without Slack.

use slack_store::{
    EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, SecretBytes, StoreBackend as _,
    StoredVersion, Write,
};
use slack_store_redis::RedisStore;

use crate::{LEASE, PREFIX, TIMEOUT, VALUE, WEEK};

#[derive(Clone)]
pub(crate) struct Ours {
    store: RedisStore,
}

impl Ours {
    pub(crate) async fn open(server: &str) -> Self {
        let store = RedisStore::builder(server).prefix(PREFIX).timeout(TIMEOUT);
        Self { store: store.open().await.unwrap() }
    }

    /// Acquires the lease and loads, writes another version, and releases.
    pub(crate) async fn cycle(&self, key: &str) {
        let key = EntryKey::from_text(key).unwrap();
        let holder = LeaseHolder::random().unwrap();
        let (outcome, loaded) =
            self.store.acquire_and_load(&key, "bot", holder, LEASE).await.unwrap();
        assert_eq!(outcome, LeaseOutcome::Granted);
        let precondition = match loaded {
            Loaded::NotRead => panic!("the store reads with the lease"),
            Loaded::Absent => Precondition::Absent,
            Loaded::Found(entry) => Precondition::Version(entry.version),
        };
        let value = SecretBytes::new(vec![7; VALUE]);
        let mut write = Write::new(StoredVersion::random().unwrap(), value);
        write.due_in = Some(WEEK);
        self.store.put(&key, &write, precondition).await.unwrap();
        self.store.release(&key, "bot", holder).await.unwrap();
    }

    /// Runs so many cycles at once, each on a key of its own.
    pub(crate) async fn cycles(&self, count: usize) {
        crate::at_once(count, |number| {
            let ours = self.clone();
            async move { ours.cycle(&format!("ours/{number}")).await }
        })
        .await;
    }

    pub(crate) async fn load(&self, key: &str) {
        let entry = self.store.load(&EntryKey::from_text(key).unwrap()).await.unwrap();
        assert_eq!(entry.unwrap().value.as_ref().len(), VALUE);
    }
}
