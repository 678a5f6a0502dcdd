//! The store in a folder: what it leaves alone, what it seals, and who may look.

mod sealed;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use pollster::block_on;
use slack_proto::{
    AccessToken, ClientId, Installation, Slot, StoreKey, Timestamp,
    tokens::{Credential, InstallationKey},
};
use slack_store::{
    InstallationStore, LeaseHolder, LeaseOutcome, Precondition, SealingKey, SealingKeys,
    StoreError, StoreErrorKind, Stored, StoredVersion,
};
use slack_store_file::FileStore;
use tempfile::TempDir;

const CANARY: &str = "xoxb-C4n4ry";

fn key() -> StoreKey {
    InstallationKey::Workspace("T1".into()).into()
}

fn installation(token: &str) -> Installation {
    let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
    let token = AccessToken::new(token).unwrap();
    installation.bot = Some(Credential::new(token, Timestamp::from_unix(1)));
    installation
}

fn keys(byte: u8) -> SealingKeys {
    SealingKeys::new(SealingKey::new([byte; 32]))
}

/// A folder with one installation in it, and the path of its file.
fn stored(keys: Option<SealingKeys>) -> (TempDir, InstallationStore, PathBuf, StoredVersion) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), keys).unwrap();
    let version = put(&store, CANARY, Precondition::Absent).unwrap();
    let file = folder.path().join("installations/team-T1.slack");
    (folder, store, file, version)
}

fn open(folder: &Path, keys: Option<SealingKeys>) -> Result<InstallationStore, StoreError> {
    let store = InstallationStore::new(FileStore::open(folder)?, ClientId::new("1.2").unwrap());
    Ok(match keys {
        Some(keys) => store.sealed(keys),
        None => store,
    })
}

/// All that is listed, and how much could not be read.
fn listed(store: &InstallationStore) -> (Vec<StoreKey>, usize) {
    let page = block_on(store.keys(None, 100)).unwrap();
    (page.keys.into_iter().map(|found| found.key).collect(), page.unreadable.len())
}

fn put(
    store: &InstallationStore,
    token: &str,
    expected: Precondition,
) -> Result<StoredVersion, StoreError> {
    block_on(store.put(&key(), &installation(token), expected))
}

fn load(store: &InstallationStore) -> Result<Option<Stored>, StoreError> {
    block_on(store.load(&key()))
}

fn token(stored: Stored) -> String {
    stored.installation.bot.unwrap().access_token.expose().to_owned()
}

fn kind<T>(result: Result<T, StoreError>) -> StoreErrorKind {
    let error = result.err().expect("this must be refused");
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        shown = format!("{shown} {error} {error:?}");
        cause = error.source();
    }
    assert!(!shown.contains("C4n4ry"), "{shown}");
    error.kind()
}

/// Loading tells, and neither a put nor a removal changes a byte, whatever it expects.
fn assert_left_alone(
    store: &InstallationStore,
    file: &Path,
    version: StoredVersion,
    expected: StoreErrorKind,
) {
    let before = fs::read(file).unwrap();
    assert_eq!(kind(load(store)), expected);
    for expects in [Precondition::Absent, Precondition::Version(version)] {
        assert_eq!(kind(put(store, "xoxb-new", expects)), expected);
    }
    assert_eq!(kind(block_on(store.remove(&key(), version))), expected);
    assert_eq!(fs::read(file).unwrap(), before);
}

/// Loading tells, and whoever has not seen the entry cannot write: its version is known to nobody else.
fn assert_not_opened(store: &InstallationStore, file: &Path, expected: StoreErrorKind) {
    let before = fs::read(file).unwrap();
    assert_eq!(kind(load(store)), expected);
    assert_eq!(kind(put(store, "xoxb-new", Precondition::Absent)), StoreErrorKind::Conflict);
    assert_eq!(fs::read(file).unwrap(), before);
}

#[test]
fn the_format_is_what_the_documentation_says() {
    let (folder, _, file, version) = stored(None);
    let text = fs::read_to_string(&file).unwrap();
    let (line, value) = text.split_once('\n').unwrap();
    let (start, check) = line.rsplit_once(' ').unwrap();
    let version = version.as_u64();
    assert_eq!(start, format!("slack-auth entry 2 {version:016x} team/T1 - -"));
    assert_eq!(value.as_bytes(), installation(CANARY).encode_exposing_secrets().as_ref());
    assert_eq!(check.len(), 64);
    assert_eq!(fs::read_to_string(folder.path().join("store")).unwrap(), "slack-auth store 2\n");
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["index", "installations", "leases", "locks", "store"]);
}

#[test]
fn an_old_file_can_be_read() {
    // Written by the first release; the sum is that of `sha256sum`.
    const OLD: &str = concat!(
        "slack-auth installation 1 plain 00000000000000ff team/T1 ",
        "c7ed8f20f265886a2106285eb122396c67c9d2698471c27738b6743215f4a8a4\n",
        r#"{"version":1,"kind":"installation","team":{"id":"T1"},"is_enterprise_install":false,"#,
        r#""bot":{"access_token":"xoxb-old","issued_at":1}}"#
    );
    let (_folder, store, file, _) = stored(None);
    fs::write(file, OLD).unwrap();
    let stored = load(&store).unwrap().unwrap();
    assert_eq!(stored.version, StoredVersion::new(255));
    assert_eq!(token(stored), "xoxb-old");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_left_alone() {
    for sealing in [None, Some(keys(1))] {
        let (_folder, store, file, version) = stored(sealing);
        let whole = fs::read(&file).unwrap();
        for length in 0..whole.len() {
            fs::write(&file, &whole[..length]).unwrap();
            assert_eq!(kind(load(&store)), StoreErrorKind::Damaged, "{length}");
        }
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert_left_alone(&store, &file, version, StoreErrorKind::Damaged);
        // The name was flushed, and the content was not.
        fs::write(&file, vec![0; whole.len()]).unwrap();
        assert_left_alone(&store, &file, version, StoreErrorKind::Damaged);
        fs::write(&file, [&whole[..], b"\n"].concat()).unwrap();
        assert_left_alone(&store, &file, version, StoreErrorKind::Damaged);
        fs::write(&file, &whole).unwrap();
        assert_eq!(token(load(&store).unwrap().unwrap()), CANARY);
        // A restart sees the same; the key is listed all the same.
        assert_eq!(listed(&store), (vec![key()], 0));
    }
}

#[test]
fn a_file_with_one_changed_bit_is_refused() {
    for sealing in [None, Some(keys(1))] {
        let (_folder, store, file, _) = stored(sealing);
        let whole = fs::read(&file).unwrap();
        for index in 0..whole.len() {
            for bit in [1, 0x20, 0x80] {
                let mut other = whole.clone();
                other[index] ^= bit;
                fs::write(&file, other).unwrap();
                let kind = kind(load(&store));
                assert!(
                    matches!(
                        kind,
                        StoreErrorKind::Damaged | StoreErrorKind::Foreign | StoreErrorKind::Sealed
                    ),
                    "{index}: {kind:?}"
                );
            }
        }
    }
}

#[test]
fn a_foreign_file_is_left_alone() {
    let (_folder, store, file, version) = stored(None);
    let whole = fs::read_to_string(&file).unwrap();
    let later = whole.replace("entry 2", "entry 3");
    let other_form = "slack-auth installation 1 packed 00000000000000ff team/T1 0\n";
    for foreign in [&b"#!/bin/sh\nrm -rf /\n"[..], b"{}", later.as_bytes(), other_form.as_bytes()] {
        fs::write(&file, foreign).unwrap();
        assert_left_alone(&store, &file, version, StoreErrorKind::Foreign);
    }
    fs::write(&file, vec![b'x'; 3 << 20]).unwrap();
    assert_left_alone(&store, &file, version, StoreErrorKind::Foreign);
    // Another installation's file in its place.
    fs::write(&file, whole.replace("team/T1", "team/T2")).unwrap();
    assert_left_alone(&store, &file, version, StoreErrorKind::Foreign);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(kind(load(&store)), StoreErrorKind::Foreign);
    assert_eq!(kind(put(&store, "xoxb-new", Precondition::Absent)), StoreErrorKind::Foreign);
    fs::remove_dir(&file).unwrap();
    assert_eq!(listed(&store), (vec![], 0));
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let (folder, store, file, version) = stored(None);
    let new = file.with_extension("new");
    fs::write(&new, "half a fi").unwrap();
    assert_eq!(token(load(&store).unwrap().unwrap()), CANARY);
    assert_eq!(listed(&store), (vec![key()], 0));
    put(&store, "xoxb-new", Precondition::Version(version)).unwrap();
    assert!(!new.exists());
    assert_eq!(token(load(&store).unwrap().unwrap()), "xoxb-new");
    // A lease that was not written whole is none.
    let acquire = |byte| {
        let (holder, length) = (LeaseHolder::from_bytes([byte; 16]), Duration::from_secs(60));
        block_on(store.acquire(&key(), Slot::Bot, holder, length)).unwrap()
    };
    assert_eq!(acquire(1), LeaseOutcome::Granted);
    assert_ne!(acquire(2), LeaseOutcome::Granted);
    let lease = folder.path().join("leases/team-T1.bot");
    let line = fs::read_to_string(&lease).unwrap();
    assert!(line.starts_with(&format!("slack-auth lease 2 {} ", "01".repeat(16))), "{line}");
    fs::write(lease, "slack-auth lease 2 0101").unwrap();
    assert_eq!(acquire(2), LeaseOutcome::Granted);
}

#[test]
fn a_folder_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "").unwrap();
    assert_eq!(kind(open(folder.path(), None)), StoreErrorKind::Foreign);
    assert!(!folder.path().join("store").exists());
    fs::remove_file(folder.path().join("thesis.txt")).unwrap();
    // Killed while it was made.
    fs::write(folder.path().join("store.new"), "slack-auth st").unwrap();
    open(folder.path(), None).unwrap();
    assert!(!folder.path().join("store.new").exists());
    let other = "holds no store";
    for (mark, words) in
        [("slack-auth store 3\n", "newer release"), ("something else", other), ("", other)]
    {
        fs::write(folder.path().join("store"), mark).unwrap();
        let error = open(folder.path(), None).unwrap_err();
        assert!(error.to_string().contains(words), "{mark}: {error}");
        assert_eq!(kind::<()>(Err(error)), StoreErrorKind::Foreign, "{mark}");
    }
    let file = folder.path().join("store");
    assert_eq!(kind(open(&file, None)), StoreErrorKind::Unavailable);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/store");
    let store = open(&path, None).unwrap();
    put(&store, CANARY, Precondition::Absent).unwrap();
    let mut seen = 0;
    let mut folders = vec![folder.path().join("new")];
    while let Some(path) = folders.pop() {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{}", entry.path().display());
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen}");
    for (name, mode, is_taken) in [
        ("", 0o755, true),
        ("", 0o775, false),
        ("", 0o702, false),
        ("", 0o1777, false),
        ("installations", 0o750, false),
        ("installations", 0o701, false),
        ("index", 0o750, false),
        ("leases", 0o720, false),
        ("locks", 0o704, false),
    ] {
        let changed = path.join(name);
        fs::set_permissions(&changed, fs::Permissions::from_mode(mode)).unwrap();
        match open(&path, None) {
            Ok(_) => assert!(is_taken, "{name} {mode:o}"),
            error => assert_eq!((kind(error), is_taken), (StoreErrorKind::Unprotected, false)),
        }
        fs::set_permissions(changed, fs::Permissions::from_mode(0o700)).unwrap();
    }
    open(&path, None).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_and_a_pipe_not_waited_for() {
    let (folder, store, file, _) = stored(None);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert_eq!(kind(load(&store)), StoreErrorKind::Foreign);
    assert_eq!(kind(put(&store, "xoxb-new", Precondition::Absent)), StoreErrorKind::Foreign);
    fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    assert_eq!(kind(load(&store)), StoreErrorKind::Foreign);
}

#[test]
fn debug_shows_the_folder_alone() {
    let (folder, store, ..) = stored(Some(keys(67)));
    assert!(!format!("{store:?}").contains("67"), "{store:?}");
    let shown = format!("{:?}", FileStore::open(folder.path()).unwrap());
    assert!(shown.contains(&folder.path().display().to_string()), "{shown}");
    assert_eq!(format!("{:?}", SealingKey::new([67; 32])), "SealingKey([redacted])");
}
