//! The suite for stores: ours pass, and a careless one is caught.

#[path = "common/around.rs"]
mod around;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use slack_auth::{
    AccessToken, Installation, InstallationStore, Slot, StoreKey,
    store::{
        FileInstallationStore, Lease, LeaseHolder, LeaseOutcome, MemoryInstallationStore,
        Precondition, SealingKey, SealingKeys, StoreError, StoreErrorKind, Stored, StoredVersion,
        conformance::Suite,
    },
};

use crate::around::{Around, Call, Hooks};

/// A suite for a store that lives in the process: its places are kept here.
fn in_process<S: InstallationStore + Default>() -> Suite {
    let places = Mutex::new(HashMap::<String, Arc<S>>::new());
    Suite::new(move |place| {
        let mut places = places.lock().unwrap();
        Ok(Arc::clone(places.entry(place.to_owned()).or_default()) as Arc<dyn InstallationStore>)
    })
}

#[test]
fn the_store_in_memory_passes() {
    let report = in_process::<MemoryInstallationStore>().run();
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.cases(), 26);
}

#[test]
fn the_store_in_a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    let suite = Suite::new(move |place| {
        Ok(Arc::new(FileInstallationStore::open(folder.path().join(place))?))
    });
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn the_sealed_store_in_a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    let keys = SealingKeys::new(SealingKey::draw().unwrap());
    let suite = Suite::new(move |place| {
        let folder = folder.path().join(place);
        Ok(Arc::new(FileInstallationStore::open_sealed(folder, keys.clone())?))
    });
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn a_store_under_a_runtime_is_waited_for_by_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let suite = in_process::<Around<MemoryInstallationStore, Slow>>()
        .block_on(move |future| runtime.block_on(future));
    suite.run_only(&["whole-installation", "threads-create"]).assert_passed();
}

/// Needs Tokio's clock.
#[derive(Default)]
struct Slow;

#[async_trait]
impl Hooks for Slow {
    async fn before(&self, _: Call) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_micros(10)).await;
        Ok(())
    }
}

/// As many write one: a row for each key as it is shown, a version that counts, a check and then a write, tokens that
/// are made anew, a lease without an end, and errors that tell all.
#[derive(Default)]
struct Careless {
    rows: Mutex<HashMap<String, (StoreKey, Installation, u64)>>,
    leases: Mutex<HashMap<String, LeaseHolder>>,
}

impl Careless {
    fn version(&self, key: &StoreKey) -> Option<StoredVersion> {
        let version = self.rows.lock().unwrap().get(&key.to_string())?.2;
        Some(StoredVersion::new(version))
    }
}

#[async_trait]
impl InstallationStore for Careless {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let rows = self.rows.lock().unwrap();
        let Some((_, installation, version)) = rows.get(&key.to_string()) else { return Ok(None) };
        Ok(Some(Stored::new(installation.clone(), StoredVersion::new(*version))))
    }

    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let mut installation = installation.clone();
        if let Some(bot) = &mut installation.bot {
            bot.access_token = AccessToken::new(bot.access_token.expose()).map_err(|error| {
                StoreError::new(StoreErrorKind::Unavailable, "no token").because(error)
            })?;
        }
        installation.configuration = None;
        let found = self.version(key);
        if !expected.is_met_by(found) {
            let shown = installation.bot.map(|bot| bot.access_token.expose().to_owned());
            return Err(StoreError::conflict().because(shown.unwrap_or_default()));
        }
        // Between the question and the answer.
        std::thread::sleep(Duration::from_millis(1));
        let version = found.map_or(1, |version| version.as_u64() + 1);
        let row = (key.clone(), installation, version);
        self.rows.lock().unwrap().insert(key.to_string(), row);
        Ok(StoredVersion::new(version))
    }

    async fn remove(&self, key: &StoreKey, _: StoredVersion) -> Result<(), StoreError> {
        self.rows.lock().unwrap().remove(&key.to_string());
        self.leases.lock().unwrap().remove(&key.to_string());
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        Ok(self.rows.lock().unwrap().values().map(|row| row.0.clone()).collect())
    }

    async fn acquire(
        &self,
        key: &StoreKey,
        _: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        let found = self.leases.lock().unwrap().get(&key.to_string()).copied();
        std::thread::sleep(Duration::from_millis(1));
        if found.is_some_and(|holder| holder != wanted.holder) {
            return Ok(LeaseOutcome::HeldUntil(wanted.until));
        }
        self.leases.lock().unwrap().insert(key.to_string(), wanted.holder);
        Ok(LeaseOutcome::Granted)
    }

    async fn release(&self, key: &StoreKey, _: Slot, _: LeaseHolder) -> Result<(), StoreError> {
        self.leases.lock().unwrap().remove(&key.to_string());
        Ok(())
    }
}

#[test]
fn a_careless_store_is_caught() {
    let report = in_process::<Careless>().run();
    println!("{report}");
    let failures = report.failures();
    let names = failures.iter().map(|failure| failure.split(':').next().unwrap());
    // Whether an older state is seen after a newer one is chance.
    let caught: Vec<_> = names.filter(|name| *name != "threads-read").collect();
    assert_eq!(
        caught,
        [
            "nothing-there",
            "whole-installation",
            "odd-tokens",
            "large-installation",
            "stale-remove",
            "versions-never-return",
            "keys-apart",
            "keys-listed",
            "nothing-shown",
            "lease-excludes",
            "lease-runs-out",
            "lease-taken-again",
            "lease-of-another",
            "leases-apart",
            "lease-clock-back",
            "lease-second-handle",
            "lease-stays",
            "threads-add",
            "threads-create",
            "threads-remove",
            "threads-lease",
        ]
    );
}
