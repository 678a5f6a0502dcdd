//! Finding, and an index that does not fit what is stored.

use std::fs;

use slack_store::{Precondition, SecretBytes, StoredVersion, Write};

use super::*;
use crate::disk::{Step, tests::STEPS};

const HOUR: Duration = Duration::from_secs(3_600);

fn key(number: u64) -> EntryKey {
    EntryKey::from_text(&format!("team/T{number}")).unwrap()
}

fn write(due_in: Option<Duration>, attention: bool) -> Write {
    let version = StoredVersion::random().unwrap();
    let mut write = Write::new(version, SecretBytes::new(b"value".to_vec()));
    (write.due_in, write.attention) = (due_in, attention);
    write
}

fn keys(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.key.as_str()).collect()
}

fn find(folder: &Folder, query: &Query) -> Page {
    folder.find(query, None, 100).unwrap()
}

/// A folder of `count` entries, which are due one a second, and of which every hundredth needs a person.
fn full(path: &Path, count: u64) -> Folder {
    let folder = Folder::open(path).unwrap();
    for number in 0..count {
        let due_in = Duration::from_secs(number * 7919 % count);
        let write = write(Some(due_in), number % 100 == 1);
        let bytes = entry::write(&key(number), &Head::new(&write, now()), b"value");
        fs::write(folder.entries.join(format!("team-T{number}.slack")), bytes).unwrap();
    }
    // The entries are those of a release that knew no index.
    fs::write(path.join("store"), "slack-auth store 1\n").unwrap();
    Folder::open(path).unwrap()
}

/// What a page costs: entries that are read, and folders that are listed.
fn cost(folder: &Folder, query: &Query, after: Option<&Cursor>) -> (usize, usize, Page) {
    STEPS.take();
    let page = folder.find(query, after, 100).unwrap();
    let steps = STEPS.take();
    let read = steps.iter().filter(|step| matches!(step, Step::Read)).count();
    let listed = steps.iter().filter(|step| matches!(step, Step::Listed)).count();
    (read, listed, page)
}

#[test]
fn finding_reads_no_more_than_it_finds() {
    let seconds = |seconds| Query::DueWithin(Duration::from_secs(seconds));
    for count in [1_000, 20_000] {
        let directory = tempfile::tempdir().unwrap();
        let folder = full(directory.path(), count);
        let (read, listed, page) = cost(&folder, &seconds(count), None);
        println!("{count} stored: 100 found by {read} reads in {listed} folders");
        assert_eq!((page.items.len(), read), (100, 101));
        assert!(listed <= 4, "{listed}");
        let (read, listed, page) = cost(&folder, &seconds(count), page.next.as_ref());
        assert_eq!((page.items.len(), read), (100, 101));
        assert!(listed <= 4, "{listed}");
        let (read, _, page) = cost(&folder, &Query::Attention, None);
        assert_eq!(page.items.len() as u64, (count / 100).min(100));
        assert!(read <= 101, "{read}");
        let (read, listed, page) = cost(&folder, &Query::Keys { prefix: String::new() }, None);
        assert_eq!((page.items.len(), read, listed), (100, 0, 1));
    }
}

#[test]
fn a_mark_that_does_not_fit_its_entry_is_put_right() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    for number in 1..=3 {
        folder.put(&key(number), &write(None, false), Precondition::Absent).unwrap();
    }
    let (first, second) = (write(Some(HOUR), false), write(Some(HOUR * 3), true));
    folder.put(&key(4), &first, Precondition::Absent).unwrap();
    // Killed before the entry was written, or after it was removed.
    let stale = [
        folder.index.due_mark("team-T1", 0),
        folder.index.due_mark("team-T9", 0),
        folder.index.attention_mark("team-T2"),
        folder.index.attention_mark("team-T9"),
        folder.index.due_mark("team-T4", 60_000),
    ];
    Index::add(&stale).unwrap();
    // A writer that has made its mark has the lock: nobody removes the mark.
    let lock = folder.lock(&key(1), Duration::ZERO).unwrap();
    let due = Query::DueWithin(HOUR * 2);
    assert_eq!(keys(&find(&folder, &due)), ["team/T4"]);
    assert!(stale[0].exists());
    drop(lock);
    assert_eq!(keys(&find(&folder, &due)), ["team/T4"]);
    assert!(find(&folder, &Query::Attention).items.is_empty());
    for mark in stale {
        assert!(!mark.exists(), "{}", mark.display());
    }
    // An older release that runs still writes an entry, and no marks.
    let bytes = entry::write(&key(4), &Head::new(&second, now()), b"value");
    fs::write(folder.entries.join("team-T4.slack"), bytes).unwrap();
    assert!(find(&folder, &due).items.is_empty());
    assert_eq!(keys(&find(&folder, &Query::DueWithin(HOUR * 4))), ["team/T4"]);
    assert_eq!(keys(&find(&folder, &Query::Attention)), ["team/T4"]);
    // What has changed has no mark of old.
    folder.put(&key(4), &write(None, false), Precondition::Version(second.version)).unwrap();
    assert!(folder.index.attention().unwrap().is_empty());
    assert!(folder.index.minutes(0, u64::MAX).unwrap().is_empty());
}

/// The name of its entry's file is a hash, so that nobody knows the key any more.
#[test]
fn a_mark_of_a_long_key_is_removed_once_its_entry_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    let long = EntryKey::from_text(&format!("team/{}", "T".repeat(600))).unwrap();
    let name = name::of(&long);
    assert!(name::is_hashed(&name));
    let written = write(Some(HOUR), true);
    folder.put(&long, &written, Precondition::Absent).unwrap();
    let (due, later) = (Query::DueWithin(HOUR * 2), HOUR * 3);
    assert_eq!(find(&folder, &due).items.len(), 1);
    // Killed after the entry was removed.
    let stale = [folder.index.due_mark(&name, 60_000), folder.index.attention_mark(&name)];
    Index::add(&stale[..1]).unwrap();
    fs::remove_file(folder.entries.join(name.clone() + ENDING)).unwrap();
    // A writer that has made its mark has the lock: nobody removes the mark.
    let lock = folder.lock(&long, Duration::ZERO).unwrap();
    for query in [&due, &Query::Attention] {
        let page = find(&folder, query);
        assert!(page.items.is_empty() && page.unreadable.is_empty());
    }
    assert!(stale.iter().all(|mark| mark.exists()));
    drop(lock);
    find(&folder, &Query::DueWithin(later));
    find(&folder, &Query::Attention);
    assert!(stale.iter().all(|mark| !mark.exists()));
    assert!(folder.index.minutes(0, u64::MAX).unwrap().is_empty());
}

/// A refresh token has been spent, and the disk takes no new name.
#[test]
fn an_entry_that_was_due_is_written_where_no_mark_can_be_made() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    let old = write(Some(Duration::ZERO), false);
    folder.put(&key(1), &old, Precondition::Absent).unwrap();
    let minute = (now() + millis(HOUR)) / 60_000;
    let blocked = [minute, minute + 1].map(|it| directory.path().join(format!("index/due/{it}")));
    for minute in &blocked {
        fs::write(minute, "").unwrap();
    }
    let new = write(Some(HOUR), false);
    assert!(folder.put(&key(2), &new, Precondition::Absent).is_err());
    assert!(folder.load(&key(2)).unwrap().is_none(), "nobody would find it");
    folder.put(&key(1), &new, Precondition::Version(old.version)).unwrap();
    let due = Query::DueWithin(HOUR * 2);
    assert!(find(&folder, &due).items.is_empty());
    for minute in &blocked {
        fs::remove_file(minute).unwrap();
    }
    find(&folder, &due);
    assert_eq!(keys(&find(&folder, &due)), ["team/T1"]);
}

#[test]
fn what_cannot_be_read_is_reported_until_it_can() {
    let directory = tempfile::tempdir().unwrap();
    let folder = full(directory.path(), 3);
    let file = folder.entries.join("team-T1.slack");
    let whole = fs::read(&file).unwrap();
    let due = Query::DueWithin(HOUR);
    // With its first line, and without: also an index that is made anew leads to it.
    for damaged in [&whole[..whole.len() - 1], b"slack-auth ent"] {
        fs::write(&file, damaged).unwrap();
        for _ in 0..2 {
            let page = folder.find(&due, None, 1).unwrap();
            let next = folder.find(&due, page.next.as_ref(), 3).unwrap();
            assert_eq!(page.items.len() + next.items.len(), 2);
            assert_eq!(page.unreadable.len() + next.unreadable.len(), 1);
            fs::remove_dir_all(directory.path().join("index")).unwrap();
            Folder::open(directory.path()).unwrap();
        }
    }
    fs::write(&file, whole).unwrap();
    find(&folder, &due);
    assert_eq!(find(&folder, &due).items.len(), 3);
}

#[test]
fn an_index_that_was_not_finished_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    full(path, 10);
    fs::rename(path.join("index"), path.join("index.new")).unwrap();
    fs::remove_dir_all(path.join("index.new/attention")).unwrap();
    let minute = fs::read_dir(path.join("index.new/due")).unwrap().next().unwrap().unwrap();
    fs::remove_dir_all(minute.path()).unwrap();
    let folder = Folder::open(path).unwrap();
    assert_eq!(find(&folder, &Query::DueWithin(HOUR)).items.len(), 10);
    assert_eq!(keys(&find(&folder, &Query::Attention)), ["team/T1"]);
    assert!(!path.join("index.new").exists());
}

/// A file in the index whose name leads to no key is reported by the first page that comes as far, and not by the one that
/// begins at the same time.
#[test]
fn a_stray_mark_is_reported_once() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    for number in 1..=2 {
        let write = write(Some(HOUR * u32::try_from(number).unwrap()), false);
        folder.put(&key(number), &write, Precondition::Absent).unwrap();
    }
    let due = Query::DueWithin(HOUR * 3);
    let first = folder.find(&due, None, 1).unwrap();
    let cursor = first.next.unwrap();
    Index::add(&[folder.index.due_mark("notes", cursor.position)]).unwrap();
    let first = folder.find(&due, None, 1).unwrap();
    assert_eq!((keys(&first), first.unreadable.len()), (vec!["team/T1"], 1));
    assert_eq!(first.unreadable[0].name.as_str(), "notes");
    let second = folder.find(&due, first.next.as_ref(), 1).unwrap();
    assert_eq!((keys(&second), second.unreadable.len()), (vec!["team/T2"], 0));
    // One that comes later is reported by a later page.
    Index::add(&[folder.index.due_mark("notes", cursor.position + 1)]).unwrap();
    let second = folder.find(&due, first.next.as_ref(), 1).unwrap();
    assert_eq!((keys(&second), second.unreadable.len()), (vec!["team/T2"], 1));
}

#[test]
fn an_entry_has_two_mebibytes_at_most() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    let mut largest = write(None, false);
    let rest = entry::write(&key(1), &Head::new(&largest, now()), b"").len() as u64;
    let value = vec![b'x'; usize::try_from(LONGEST - rest).unwrap()];
    largest.value = SecretBytes::new(value.clone());
    folder.put(&key(1), &largest, Precondition::Absent).unwrap();
    assert_eq!(folder.load(&key(1)).unwrap().unwrap().value.as_ref(), value);
    // One byte more is not written, and is not read if somebody else has.
    let value = [&value[..], b"x"].concat();
    let bytes = entry::write(&key(2), &Head::new(&largest, now()), &value);
    largest.value = SecretBytes::new(value);
    let refused = folder.put(&key(2), &largest, Precondition::Absent).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Refused);
    fs::write(folder.entries.join("team-T2.slack"), bytes).unwrap();
    let foreign = folder.load(&key(2)).unwrap_err();
    assert_eq!(foreign.kind(), StoreErrorKind::Foreign);
    assert!(foreign.to_string().contains("two mebibytes"), "{foreign}");
}

#[test]
fn what_the_system_cannot_read_is_nobodys_mistake() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let error = read_entry(&directory.path().join("file/team-T1.slack")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}
