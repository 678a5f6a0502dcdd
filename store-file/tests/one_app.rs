//! A store belongs to one app: whoever has another client id is refused by name, whatever is tried.

use std::{sync::Arc, time::Duration};

use pollster::block_on;
use slack_proto::{ClientId, Installation, Slot, StoreKey, tokens::InstallationKey};
use slack_store::{
    InstallationStore, LeaseHolder, MemoryStore, Precondition, StoreBackend, StoreError,
    StoreErrorKind,
};
use slack_store_file::FileStore;

fn app(backend: &Arc<dyn StoreBackend>, client_id: &str) -> InstallationStore {
    InstallationStore::new(Arc::clone(backend), ClientId::new(client_id).unwrap())
}

fn is_refused<T>(what: &str, result: Result<T, StoreError>) {
    let error = result.err().unwrap_or_else(|| panic!("another app may {what}"));
    assert_eq!(error.kind(), StoreErrorKind::OtherApp, "{what}");
    for client_id in ["1.2", "3.4"] {
        assert!(error.to_string().contains(client_id), "{what}: {error}");
    }
}

#[test]
fn another_app_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = FileStore::open(folder.path()).unwrap();
    let backends: [Arc<dyn StoreBackend>; 2] = [Arc::new(MemoryStore::new()), Arc::new(in_folder)];
    for backend in backends {
        let place = InstallationKey::Workspace("T1".into());
        let (key, installation) = (StoreKey::from(place.clone()), Installation::new(place.clone()));
        let ours = app(&backend, "1.2");
        let version = block_on(ours.put(&key, &installation, Precondition::Absent)).unwrap();

        let (holder, length) = (LeaseHolder::from_bytes([1; 16]), Duration::from_secs(1));
        let all = || app(&backend, "3.4");
        let other = StoreKey::from(InstallationKey::Workspace("T2".into()));
        is_refused("load", block_on(all().load(&key)));
        is_refused("create", block_on(all().put(&other, &installation, Precondition::Absent)));
        let seen = Precondition::Version(version);
        is_refused("replace", block_on(all().put(&key, &installation, seen)));
        is_refused("remove", block_on(all().remove(&key, version)));
        is_refused("list", block_on(all().keys(None, 10)));
        is_refused("list a place", block_on(all().keys_at(&place, None, 10)));
        is_refused("find what is due", block_on(all().due_within(length, None, 10)));
        is_refused("find who is needed", block_on(all().needing_attention(None, 10)));
        is_refused("rewrite", block_on(all().rewrite(None, 10)));
        is_refused("acquire", block_on(all().acquire(&key, Slot::Bot, holder, length)));
        is_refused("release", block_on(all().release(&key, Slot::Bot, holder)));
        is_refused("see a lease", block_on(all().lease(&key, Slot::Bot)));

        // A second program of the same app is not.
        let stored = block_on(app(&backend, "1.2").load(&key)).unwrap().unwrap();
        assert_eq!(stored.version, version);
        assert!(block_on(ours.load(&other)).unwrap().is_none());
    }
}
