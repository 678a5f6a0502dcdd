//! The suite for stores, over SQLite.

use std::{fs, sync::Arc};

use pollster::block_on;
use slack_auth::{
    Installation, InstallationStore, StoreKey,
    store::{Precondition, StoreErrorKind, conformance::Suite},
    tokens::InstallationKey,
};
use sqlite_store_example::SqliteInstallationStore;

#[test]
fn the_whole_suite() {
    let folder = tempfile::tempdir().unwrap();
    let suite = Suite::new(move |place| {
        Ok(Arc::new(SqliteInstallationStore::open(folder.path().join(place))?))
    });
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slack.db");
    let place = InstallationKey::Workspace("T0FAKE00001".into());
    let key = StoreKey::from(place.clone());
    let installation = Installation::new(place);
    let store = SqliteInstallationStore::open(&path).unwrap();
    let version = block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
    drop(store);
    let store = SqliteInstallationStore::open(&path).unwrap();
    assert_eq!(block_on(store.load(&key)).unwrap().unwrap().version, version);
}

#[test]
fn a_file_of_another_kind_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.txt");
    let text = "It was a dark and stormy night. ".repeat(100);
    fs::write(&path, &text).unwrap();
    let refused = SqliteInstallationStore::open(&path).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Foreign);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let store = SqliteInstallationStore::open(folder.path().join("slack.db")).unwrap();
    let place = InstallationKey::Workspace("T0FAKE00001".into());
    let key = StoreKey::from(place.clone());
    block_on(store.put(&key, &Installation::new(place), Precondition::Absent)).unwrap();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "the database, its log, and the log's index");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}
