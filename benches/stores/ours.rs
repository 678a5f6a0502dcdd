//! The store: a refresh cycle as the rotator has it, without Slack.

use std::time::Duration;

use slack_store::{
    EntryKey, LeaseHolder, LeaseOutcome, Precondition, Query, SecretBytes, StoreBackend,
    StoredVersion, Write,
};
use slack_store_postgres::PostgresStore;

use crate::{
    PAGE,
    bare::{LEASE, SCHEMA, STORE_NAME, VALUE},
};

#[derive(Clone)]
pub(crate) struct Ours {
    store: PostgresStore,
}

impl Ours {
    pub(crate) async fn open(server: &str, connections: usize) -> Self {
        let named = format!("{server}?application_name={STORE_NAME}{connections}");
        let store = PostgresStore::builder(&named).schema(SCHEMA).max_connections(connections);
        Self { store: store.timeout(Duration::from_secs(30)).open().await.unwrap() }
    }

    /// Acquires the lease, loads, writes another version, and releases.
    pub(crate) async fn cycle(&self, key: &str) {
        let key = EntryKey::from_text(key).unwrap();
        let holder = LeaseHolder::random().unwrap();
        let taken = self.store.acquire(&key, "bot", holder, LEASE).await.unwrap();
        assert_eq!(taken, LeaseOutcome::Granted);
        let stored = self.store.load(&key).await.unwrap();
        let precondition =
            stored.map_or(Precondition::Absent, |entry| Precondition::Version(entry.version));
        let value = SecretBytes::new(vec![7; VALUE]);
        let mut write = Write::new(StoredVersion::random().unwrap(), value);
        write.due_in = Some(Duration::from_secs(7 * 86_400));
        self.store.put(&key, &write, precondition).await.unwrap();
        self.store.release(&key, "bot", holder).await.unwrap();
    }

    /// Runs so many cycles at once, each on a key of its own.
    pub(crate) async fn cycles(&self, at_once: usize) {
        let cycles: Vec<_> = (0..at_once)
            .map(|number| {
                let ours = self.clone();
                tokio::spawn(async move { ours.cycle(&format!("ours/{number}")).await })
            })
            .collect();
        for cycle in cycles {
            cycle.await.unwrap();
        }
    }

    pub(crate) async fn load(&self, key: &str) {
        let entry = self.store.load(&EntryKey::from_text(key).unwrap()).await.unwrap();
        assert_eq!(entry.unwrap().value.as_ref().len(), VALUE);
    }

    pub(crate) async fn due(&self) {
        let hour = Query::DueWithin(Duration::from_secs(3_600));
        let page = self.store.find(&hour, None, PAGE).await.unwrap();
        assert!(page.items.len() == PAGE && page.next.is_some(), "{}", page.items.len());
    }
}
