//! The suite for stores, over SQLite.

use std::fs;

use pollster::block_on;
use slack_auth::{
    ClientId, Installation, InstallationStore, StoreKey,
    store::{Precondition, StoreErrorKind, conformance::Suite},
    tokens::InstallationKey,
};
use sqlite_store_example::SqliteStore;

#[test]
fn the_whole_suite() {
    let folder = tempfile::tempdir().unwrap();
    let suite = Suite::new(move |place| {
        let store = SqliteStore::open(folder.path().join(place.name));
        async move { store }
    });
    let report = suite.run_blocking();
    println!("{report}");
    report.assert_passed();
}

fn installations(store: SqliteStore) -> InstallationStore {
    InstallationStore::new(store, ClientId::new("1.2").unwrap())
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slack.db");
    let place = InstallationKey::Workspace("T0FAKE00001".into());
    let key = StoreKey::from(place.clone());
    let installation = Installation::new(place);
    let store = installations(SqliteStore::open(&path).unwrap());
    let version = block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
    drop(store);
    let store = installations(SqliteStore::open(&path).unwrap());
    assert_eq!(block_on(store.load(&key)).unwrap().unwrap().version, version);
}

/// What is due among many is found by an index, and needs no sorting.
#[test]
fn finding_goes_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slack.db");
    SqliteStore::open(&path).unwrap();
    let sql = rusqlite::Connection::open(&path).unwrap();
    for (filter, expected) in [
        ("due_at <= 5 AND (due_at, key) > (1, 'a') ORDER BY due_at, key", "entry_due"),
        ("attention AND key > 'a' ORDER BY key", "entry_attention"),
        ("key >= 'a' AND key < 'b' AND key > 'a' ORDER BY key", "sqlite_autoindex_entry_1"),
    ] {
        let explain =
            format!("EXPLAIN QUERY PLAN SELECT key, due_at FROM entry WHERE {filter} LIMIT 9");
        let mut explain = sql.prepare(&explain).unwrap();
        let plan = explain.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let plan = plan.map(Result::unwrap).collect::<Vec<_>>().join("; ");
        assert!(plan.contains(expected) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[test]
fn a_file_of_another_kind_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.txt");
    let text = "It was a dark and stormy night. ".repeat(100);
    fs::write(&path, &text).unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Foreign);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let store = installations(SqliteStore::open(folder.path().join("slack.db")).unwrap());
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
