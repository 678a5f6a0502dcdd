//! What `InstallationStore` does over the store in memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pollster::block_on;
use slack_proto::{
    ClientId, Installation, Slot, StoreKey, Timestamp, ids::EnterpriseId, rotation::RotationPolicy,
    tokens::InstallationKey,
};
use slack_store::{
    EntryKey, InstallationStore, LeaseHolder, LeaseOutcome, Loaded, MemoryStore, Precondition,
    SealingKey, SealingKeys, SecretBytes, StoreBackend, StoreErrorKind, StoredVersion, Write,
};

fn over(backend: &MemoryStore) -> InstallationStore {
    InstallationStore::new(backend.clone(), ClientId::new("1.2").unwrap())
}

fn keys(byte: u8) -> SealingKeys {
    SealingKeys::new(SealingKey::new([byte; 32]))
}

fn key() -> StoreKey {
    InstallationKey::Workspace("T1".into()).into()
}

fn installation(token: &str) -> Installation {
    let text = format!(
        r#"{{"version":1,"kind":"installation","team":{{"id":"T1"}},"is_enterprise_install":false,"bot":{{"access_token":"{token}","refresh_token":"xoxe-1-FAKE","issued_at":1000,"expires_at":44200}}}}"#
    );
    Installation::decode(text.as_bytes()).unwrap()
}

#[test]
fn a_sealed_store_is_refused_without_its_key() {
    let backend = MemoryStore::new();
    let put = over(&backend).sealed(keys(1));
    block_on(put.put(&key(), &installation("x"), Precondition::Absent)).unwrap();
    for (store, remedy) in [
        (over(&backend), "give the sealing key"),
        (over(&backend).sealed(keys(2)), "a key that was not given"),
    ] {
        let error = block_on(store.load(&key())).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Sealed);
        assert!(error.to_string().contains(remedy), "{error}");
    }
    // The mark names the new key once a process had it; the old one alone is then not enough.
    let both = over(&backend).sealed(keys(2).old_key(SealingKey::new([1; 32])));
    assert!(block_on(both.load(&key())).unwrap().is_some());
    assert!(block_on(over(&backend).sealed(keys(1)).load(&key())).is_err());
    let behind = over(&backend).sealed(keys(1).old_key(SealingKey::new([2; 32])));
    assert!(block_on(behind.load(&key())).unwrap().is_some());
}

#[test]
fn an_installation_of_a_mebibyte_is_the_largest() {
    let (backend, most) = (MemoryStore::new(), InstallationStore::MAX_VALUE_LEN);
    let length =
        |token: usize| installation(&"x".repeat(token)).encode_exposing_secrets().as_ref().len();
    let largest = most - (length(1) - 1);
    assert_eq!(length(largest), most);
    let store = over(&backend);
    let put = |token| {
        block_on(store.put(&key(), &installation(&"x".repeat(token)), Precondition::Absent))
    };
    assert_eq!(put(largest + 1).unwrap_err().kind(), StoreErrorKind::Refused);
    put(largest).unwrap();
}

#[test]
fn leases_are_released() {
    let store = over(&MemoryStore::new());
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let minute = Duration::from_secs(60);
    let acquire = |holder| block_on(store.acquire(&key(), Slot::Bot, holder, minute)).unwrap();
    assert_eq!(acquire(ours), LeaseOutcome::Granted);
    assert_ne!(acquire(theirs), LeaseOutcome::Granted);
    block_on(store.release(&key(), Slot::Bot, ours)).unwrap();
    assert_eq!(acquire(theirs), LeaseOutcome::Granted);
    let sweep = |holder| block_on(store.acquire_sweep(holder, minute)).unwrap();
    assert_eq!(sweep(ours), LeaseOutcome::Granted);
    assert_ne!(sweep(theirs), LeaseOutcome::Granted);
    block_on(store.release_sweep(ours)).unwrap();
    assert_eq!(sweep(theirs), LeaseOutcome::Granted);
}

#[test]
fn what_is_read_with_a_lease_is_opened_and_decoded_as_a_load_does() {
    let backend = MemoryStore::new();
    let store = over(&backend).sealed(keys(1));
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let minute = Duration::from_secs(60);
    let ask = |holder| block_on(store.acquire_and_load(&key(), Slot::Bot, holder, minute)).unwrap();
    assert!(matches!(ask(ours), (LeaseOutcome::Granted, Loaded::Absent)));
    let version = block_on(store.put(&key(), &installation("x"), Precondition::Absent)).unwrap();
    let (outcome, loaded) = ask(ours);
    let Loaded::Found(found) = loaded else { panic!("{loaded:?}") };
    assert_eq!((outcome, found.version), (LeaseOutcome::Granted, version));
    assert_eq!(found.installation.bot.unwrap().access_token.expose(), "x");
    assert!(matches!(ask(theirs), (LeaseOutcome::HeldFor(_), Loaded::NotRead)));
    // An entry that cannot be read hides no lease that was granted; whoever loads it is told.
    let write = Write::new(StoredVersion::new(1), SecretBytes::new(b"x".to_vec()));
    let entry = EntryKey::try_from(&key()).unwrap();
    block_on(backend.put(&entry, &write, Precondition::Version(version))).unwrap();
    assert!(matches!(ask(ours), (LeaseOutcome::Granted, Loaded::NotRead)));
    assert!(block_on(store.load(&key())).is_err());
    let held = block_on(store.lease(&key(), Slot::Bot)).unwrap().unwrap();
    assert_eq!(held.holder, ours);
}

#[test]
fn a_lease_is_over_at_its_end() {
    let now = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&now);
    let backend =
        MemoryStore::with_clock(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
    let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
    let (key, minute) = (EntryKey::from_text("team/T1").unwrap(), Duration::from_secs(60));
    let outcome = block_on(backend.acquire(&key, "bot", ours, minute)).unwrap();
    assert_eq!(outcome, LeaseOutcome::Granted);
    now.store(59, Ordering::SeqCst);
    assert!(block_on(backend.lease(&key, "bot")).unwrap().is_some());
    now.store(60, Ordering::SeqCst);
    assert!(block_on(backend.lease(&key, "bot")).unwrap().is_none());
    let outcome = block_on(backend.acquire(&key, "bot", theirs, minute)).unwrap();
    assert_eq!(outcome, LeaseOutcome::Granted);
}

/// When an installation is due depends on the policy; writing it once more changes that, and nothing else.
#[test]
fn a_page_that_is_written_anew_is_due_by_the_policy() {
    let backend = MemoryStore::new();
    let at = |margin| {
        let policy = RotationPolicy::new().margin(Duration::from_secs(margin));
        over(&backend).policy(policy).clock(|| Timestamp::from_unix(1000))
    };
    let (late, early) = (at(60), at(20_000));
    let first = block_on(late.put(&key(), &installation("x"), Precondition::Absent)).unwrap();
    let due_in = || {
        let page = block_on(late.due_within(Duration::from_secs(50_000), None, 10)).unwrap();
        page.keys[0].due_in.unwrap().as_secs()
    };
    let before = due_in();
    let page = block_on(early.rewrite(None, 10)).unwrap();
    assert_eq!((page.keys.len(), page.unreadable.len()), (1, 0));
    assert!(due_in().abs_diff(before) > 60, "{before} {}", due_in());
    let stored = block_on(late.load(&key())).unwrap().unwrap();
    assert_ne!(stored.version, first);
    assert_eq!(
        stored.installation.encode_exposing_secrets().as_ref(),
        installation("x").encode_exposing_secrets().as_ref()
    );
}

/// An entry under an organization's keys that is no installation's counts towards a page, and ends no listing.
#[test]
fn every_page_of_an_organization_leads_on() {
    let backend = MemoryStore::new();
    let store = over(&backend);
    let [org, stray] = ["org/E1", "grid/E1/T1/odd"].map(|it| EntryKey::from_text(it).unwrap());
    let enterprise: EnterpriseId = "E1".into();
    let organization = InstallationKey::Organization(enterprise.clone());
    let person = |user: &str| StoreKey::person(organization.clone(), user.into());
    let grid = InstallationKey::grid_workspace("E1".into(), "T1".into());
    for key in [grid.into(), organization.clone().into(), person("U1"), person("U2")] {
        block_on(store.put(&key, &installation("x"), Precondition::Absent)).unwrap();
    }
    let write = Write::new(StoredVersion::new(1), SecretBytes::new(b"x".to_vec()));
    block_on(backend.put(&stray, &write, Precondition::Absent)).unwrap();
    for limit in 0..7 {
        let (mut keys, mut unreadable, mut after) = (Vec::new(), 0, None);
        let mut pages = 0;
        loop {
            pages += 1;
            let page = block_on(store.keys_of_organization(&enterprise, after.as_ref(), limit));
            let page = page.unwrap();
            assert!(page.keys.len() + page.unreadable.len() <= limit.max(1), "{limit}");
            keys.extend(page.keys.into_iter().map(|found| found.key.to_text()));
            unreadable += page.unreadable.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(limit < 6 || pages == 1, "{limit}");
        let expected = ["grid/E1/T1", org.as_str(), "org/E1/user/U1", "org/E1/user/U2"];
        assert_eq!((keys, unreadable), (expected.map(str::to_owned).to_vec(), 1), "{limit}");
    }
}

#[test]
fn debug_shows_what_may_be_shown() {
    let store = over(&MemoryStore::new());
    assert!(format!("{store:?}").contains("1.2"), "{store:?}");
    assert!(format!("{:?}", MemoryStore::new()).starts_with("MemoryStore"));
    let shown = |text| format!("{:?}", EntryKey::from_text(text).unwrap());
    assert_eq!(shown("team/T0FAKE00001"), "EntryKey(T0FAKE00001)");
    assert_eq!(shown("@app"), "EntryKey(@app)");
    assert_eq!(shown("xoxb-secret"), "EntryKey([11 bytes not shown])");
}
