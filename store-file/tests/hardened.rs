//! What the folder stands: another owner, links, stopped processes, a full disk, stray files, and its own older formats.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use pollster::block_on;
use slack_proto::{ClientId, Slot, StoreKey, tokens::InstallationKey};
use slack_store::{
    EntryKey, InstallationStore, Precondition, SealingKey, SealingKeys, SecretBytes, StoreBackend,
    StoreErrorKind, StoredVersion, Write,
};
use slack_store_file::FileStore;

fn key(text: &str) -> EntryKey {
    EntryKey::from_text(text).unwrap()
}

fn write(value: impl Into<Vec<u8>>) -> Write {
    Write::new(StoredVersion::random().unwrap(), SecretBytes::new(value.into()))
}

fn refused(folder: impl AsRef<Path>) -> StoreErrorKind {
    FileStore::open(folder).map(drop).unwrap_err().kind()
}

/// A copy with the access rights that the store had given: git keeps none.
fn copy(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let to = folder.path().join("store");
    // The store itself makes the folders, and knows its mark.
    FileStore::open(&to).unwrap();
    for part in ["installations", "leases"] {
        for file in fs::read_dir(from.join(part)).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), to.join(part).join(file.file_name())).unwrap();
        }
    }
    fs::copy(from.join("store"), to.join("store")).unwrap();
    (folder, to)
}

/// Folders that the round's first release wrote, plain and sealed.
#[test]
fn a_folder_of_the_first_format_opens_and_is_written_anew() {
    let sealing = || SealingKeys::new(SealingKey::new([7; 32]));
    for (name, keys) in [("folder-1", None), ("folder-1-sealed", Some(sealing()))] {
        let (_folder, path) = copy(name);
        let store =
            InstallationStore::new(FileStore::open(&path).unwrap(), ClientId::new("1.2").unwrap());
        let store = match keys {
            Some(keys) => store.sealed(keys),
            None => store,
        };
        let read = || {
            let page = block_on(store.keys(None, 100)).unwrap();
            assert!(page.unreadable.is_empty(), "{:?}", page.unreadable);
            let load = |key: StoreKey| {
                let stored = block_on(store.load(&key)).unwrap().unwrap();
                let bot = stored.installation.bot.unwrap();
                (key.to_text(), stored.version, bot.access_token.expose().to_owned())
            };
            page.keys.into_iter().map(|found| load(found.key)).collect::<Vec<_>>()
        };
        let before = read();
        assert_eq!(before.len(), 6);
        let tokens: Vec<_> = before.iter().map(|it| it.2.as_str()).collect();
        for number in ["FAKE", "FAKE1", "FAKE2", "FAKE3", "FAKE4", "FAKE5"] {
            assert!(tokens.contains(&format!("xoxe.xoxb-1-{number}").as_str()), "{tokens:?}");
        }
        let person = InstallationKey::Workspace("T0FAKE00001".into());
        let person = StoreKey::person(person, "U0FAKE00001".into());
        // An older release refuses the folder. Nothing says when its files are due: whoever looks for that finds all.
        assert_eq!(fs::read_to_string(path.join("store")).unwrap(), "slack-auth store 2\n");
        let due = block_on(store.due_within(Duration::ZERO, None, 100)).unwrap();
        assert_eq!((due.keys.len(), due.unreadable.len()), (6, 0));
        assert!(due.keys.iter().all(|found| found.due_in == Some(Duration::ZERO)));
        // A lease of the first format is over: its clock was another.
        assert!(block_on(store.lease(&person, Slot::User)).unwrap().is_none());

        assert_eq!(block_on(store.rewrite(None, 100)).unwrap().keys.len(), 6);
        let after = read();
        assert_eq!(after.len(), 6);
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((&old.0, &old.2), (&new.0, &new.2));
            assert_ne!(old.1, new.1);
        }
        // Now it is known when they are due: the bots' in 2026, and the whole one's never.
        let due = block_on(store.due_within(Duration::from_secs(1 << 40), None, 100)).unwrap();
        assert_eq!(due.keys.len(), 6);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_of_another_owner_is_refused() {
    use std::os::unix::fs::{MetadataExt, chown};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    FileStore::open(&path).unwrap();
    for part in ["", "index", "installations", "leases", "locks"] {
        let part = path.join(part);
        let owner = fs::metadata(&part).unwrap().uid();
        if let Err(error) = chown(&part, Some(65_534), None) {
            println!("only root can give a folder away: {error}");
            return;
        }
        assert_eq!(refused(&path), StoreErrorKind::Unprotected, "{}", part.display());
        chown(&part, Some(owner), None).unwrap();
    }
    FileStore::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn no_link_leads_elsewhere() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = FileStore::open(&path).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    for part in ["index", "installations", "leases", "locks"] {
        fs::rename(path.join(part), &elsewhere).unwrap();
        symlink(&elsewhere, path.join(part)).unwrap();
        assert_eq!(refused(&path), StoreErrorKind::Unprotected, "{part}");
        fs::remove_file(path.join(part)).unwrap();
        fs::rename(&elsewhere, path.join(part)).unwrap();
    }
    // Nor does one in the place of what is written first, or of a lock.
    let put = || block_on(store.put(&key("team/T1"), &write("x"), Precondition::Absent));
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, path.join("installations/team-T1.new")).unwrap();
    assert!(put().is_err());
    for lock in 0..64 {
        let lock = path.join(format!("locks/{lock:02x}"));
        let _ = fs::remove_file(&lock);
        symlink(&victim, lock).unwrap();
    }
    assert!(put().is_err());
    assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
}

/// Another process holds every lock, and does not run.
#[test]
fn a_stopped_process_holds_nobody_up_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap().lock_timeout(Duration::from_millis(100));
    let mut held = Vec::new();
    for lock in 0..64 {
        let path = folder.path().join(format!("locks/{lock:02x}"));
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.unwrap();
        fs4::FileExt::lock(&file).unwrap();
        held.push(file);
    }
    let begin = Instant::now();
    let put = || block_on(store.put(&key("team/T1"), &write("x"), Precondition::Absent));
    assert_eq!(put().unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(block_on(store.load(&key("team/T1"))).unwrap().is_none(), "reading takes no lock");
    drop(held);
    put().unwrap();
}

#[test]
fn room_is_taken_before_it_is_needed_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let key = key("team/T1");
    block_on(store.reserve(&key, 5_000)).unwrap();
    let reserved = folder.path().join("installations/team-T1.new");
    // The value, the key, and what else stands in the line before the value.
    assert_eq!(fs::metadata(&reserved).unwrap().len(), 5_000 + 7 + 256);
    assert!(block_on(store.load(&key)).unwrap().is_none(), "it is not an entry");
    let value = vec![b'x'; 5_000];
    block_on(store.put(&key, &write(value.clone()), Precondition::Absent)).unwrap();
    assert!(!reserved.exists());
    assert_eq!(block_on(store.load(&key)).unwrap().unwrap().value.as_ref(), value);
}

#[test]
fn a_stray_file_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = InstallationStore::new(
        FileStore::open(folder.path()).unwrap(),
        ClientId::new("1.2").unwrap(),
    );
    let place = InstallationKey::Workspace("T1".into());
    let installation = slack_proto::Installation::new(place.clone());
    block_on(store.put(&place.into(), &installation, Precondition::Absent)).unwrap();
    let strays = ["team-T1 (copy).slack", "notes.slack", "notes.txt", ".team-T1.slack.swp"];
    for stray in strays {
        fs::write(folder.path().join("installations").join(stray), "").unwrap();
    }
    for page in [block_on(store.keys(None, 10)), block_on(store.rewrite(None, 10))] {
        let page = page.unwrap();
        assert_eq!(page.keys.len(), 1);
        let mut names: Vec<_> = page.unreadable.iter().map(|it| it.name.as_str()).collect();
        let mut expected = strays;
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }
}
