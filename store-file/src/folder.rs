//! What is done in the folder, while the thread waits.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};
use slack_store::{
    Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Precondition, StoreError,
    StoreErrorKind, StoredVersion, Write,
};

use crate::{
    disk::{self, Flush, flush_folder, read_whole},
    entry::{self, Head},
    find::{LONGEST, read_entry},
    index::Index,
    layout::{self, ENTRIES, LEASES, LOCKS, unavailable},
    lease::Lease,
    name::{self, ENDING},
};

#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    pub(crate) entries: PathBuf,
    pub(crate) index: Index,
    leases: PathBuf,
    locks: PathBuf,
    pub(crate) lock_timeout: Duration,
}

impl Folder {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        layout::prepare(path)?;
        Ok(Self {
            path: path.to_owned(),
            entries: path.join(ENTRIES),
            index: Index::at(path),
            leases: path.join(LEASES),
            locks: path.join(LOCKS),
            lock_timeout: Duration::from_secs(5),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        Ok(self.read(key)?.map(|(_, entry)| entry))
    }

    pub(crate) fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let failed = |error| {
            unavailable("the entry could not be written; check permissions and free space", error)
        };
        let _lock = self.lock(key, self.lock_timeout)?;
        // It is read whole: what cannot be understood is not replaced.
        let found = self.read(key)?.map(|(head, _)| head);
        if !precondition.is_met_by(found.as_ref().map(|head| head.version)) {
            return Err(StoreError::conflict());
        }
        let head = Head::new(write, now());
        let bytes = entry::write(key, &head, write.value.as_ref());
        if bytes.len() as u64 > LONGEST {
            return Err(StoreError::new(
                StoreErrorKind::Refused,
                "the entry is larger than two mebibytes, and was not written; store less",
            ));
        }
        let name = name::of(key);
        let marks = self.index.marks(&name, &head);
        let old = found.map(|head| self.index.marks(&name, &head)).unwrap_or_default();
        let (file, new) = (self.file_of(key), self.entries.join(name + ".new"));
        let is_marked = match Index::add(&marks) {
            // The disk may be full. An old mark leads to the entry still, and is put right when it is found.
            Err(_) if !old.is_empty() => false,
            added => added.map(|()| true).map_err(failed)?,
        };
        let written =
            disk::write(&new, &bytes, Flush::Yes).and_then(|()| disk::rename(&new, &file));
        if let Err(error) = written {
            // The disk may be full; the old file is as it was.
            let _ = disk::remove(&new);
            return Err(failed(error));
        }
        flush_folder(&self.entries).map_err(|error| {
            StoreError::unknown("the entry may not be on the disk; load it again", error)
        })?;
        if is_marked {
            for mark in old.iter().filter(|mark| !marks.contains(mark)) {
                self.index.remove(mark);
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let _lock = self.lock(key, self.lock_timeout)?;
        let found = self.read(key)?.map(|(head, _)| head);
        let Some(head) = found.filter(|head| head.version == version) else {
            return Err(StoreError::conflict());
        };
        disk::remove(&self.file_of(key)).map_err(|error| {
            unavailable(
                "the entry could not be removed; check the permissions of the folder",
                error,
            )
        })?;
        flush_folder(&self.entries).map_err(|error| {
            StoreError::unknown("the entry may still be on the disk; load it again", error)
        })?;
        let marks = self.index.marks(&name::of(key), &head);
        for mark in &marks {
            self.index.remove(mark);
        }
        Ok(())
    }

    pub(crate) fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let failed = |error| {
            unavailable("the lease could not be acquired; check permissions and free space", error)
        };
        let _lock = self.lock(key, self.lock_timeout)?;
        let file = self.lease_of(key, part);
        let now = now();
        if let Some(held) = read_lease(&file).map_err(failed)? {
            match held.remaining(now) {
                Some(remaining) if held.holder != holder => {
                    return Ok(LeaseOutcome::HeldFor(remaining));
                }
                _ => {}
            }
        }
        let lease = Lease { holder, taken_at: now, until: now.saturating_add(millis(length)) };
        let new = file.with_extension("new");
        // A lease need not outlive the machine: all who could hold one are gone then.
        disk::write(&new, lease.to_line().as_bytes(), Flush::No).map_err(failed)?;
        disk::rename(&new, &file).map_err(failed)?;
        Ok(LeaseOutcome::Granted)
    }

    pub(crate) fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let failed = |error| {
            unavailable(
                "the lease could not be released; check the permissions of the folder",
                error,
            )
        };
        let _lock = self.lock(key, self.lock_timeout)?;
        let file = self.lease_of(key, part);
        match read_lease(&file).map_err(failed)? {
            Some(lease) if lease.holder == holder => disk::remove(&file).map_err(failed),
            _ => Ok(()),
        }
    }

    pub(crate) fn lease(
        &self,
        key: &EntryKey,
        part: &str,
    ) -> Result<Option<HeldLease>, StoreError> {
        let lease = read_lease(&self.lease_of(key, part)).map_err(|error| {
            unavailable("the lease cannot be read; check the permissions of the folder", error)
        })?;
        Ok(lease.and_then(|lease| Some(HeldLease::new(lease.holder, lease.remaining(now())?))))
    }

    /// Reserves the room that a write needs, as the file that it will be written into.
    pub(crate) fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        let _lock = self.lock(key, self.lock_timeout)?;
        // The line before the value, with room to spare.
        let length = length + key.as_str().len() + 256;
        let new = self.entries.join(name::of(key) + ".new");
        disk::write(&new, &vec![0; length], Flush::Yes).map_err(|error| {
            let _ = fs::remove_file(&new);
            unavailable("there is no room for the entry; free some space on the disk", error)
        })
    }

    pub(crate) fn read(&self, key: &EntryKey) -> Result<Option<(Head, Entry)>, StoreError> {
        // Without a lock: a file is the old one or the new one.
        let Some(bytes) = read_entry(&self.file_of(key))? else { return Ok(None) };
        entry::read(&bytes, key).map(Some)
    }

    /// Locks out all who change this key, and, since there are few locks, some others.
    pub(crate) fn lock(&self, key: &EntryKey, patience: Duration) -> Result<File, StoreError> {
        self.lock_stripe(Sha256::digest(key.as_str())[0], patience)
    }

    /// Locks as [`lock`](Self::lock) does for a key whose hash begins with this byte.
    pub(crate) fn lock_stripe(&self, hash: u8, patience: Duration) -> Result<File, StoreError> {
        disk::lock(&self.locks.join(format!("{:02x}", hash % 64)), patience).map_err(|error| {
            unavailable("the store could not be locked; look for a stopped process", error)
        })
    }

    fn file_of(&self, key: &EntryKey) -> PathBuf {
        self.entries.join(name::of(key) + ENDING)
    }

    fn lease_of(&self, key: &EntryKey, part: &str) -> PathBuf {
        self.leases.join(format!("{}.{part}", name::of(key)))
    }
}

/// Reads a lease; one that cannot be understood is none, since no process that is alive has left it.
fn read_lease(path: &Path) -> io::Result<Option<Lease>> {
    Ok(read_whole(path, LONGEST_LEASE)?
        .and_then(|bytes| Lease::from_line(std::str::from_utf8(&bytes).ok()?)))
}

/// The machine's clock, which all processes share, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

pub(crate) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

const LONGEST_LEASE: u64 = 256;

#[cfg(test)]
mod tests {
    use slack_store::SecretBytes;

    use super::*;
    use crate::disk::tests::{AfterPowerLoss, STEPS};

    fn write(value: &str) -> Write {
        Write::new(StoredVersion::random().unwrap(), SecretBytes::new(value.into()))
    }

    /// After each `Ok` the power fails: what was told to be stored is there.
    #[test]
    fn what_was_written_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/store");
        let store = Folder::open(&path).unwrap();
        let mark = path.join("store");
        let mut disk = AfterPowerLoss::default().take();
        assert_eq!(disk.read(&mark), Some(&b"slack-auth store 2\n"[..]));

        let key = EntryKey::from_text("team/T1").unwrap();
        let file = store.file_of(&key);
        let (first, second) = (write("first"), write("second"));
        store.put(&key, &first, Precondition::Absent).unwrap();
        disk = disk.take();
        assert!(disk.read(&file).unwrap().ends_with(b"first"));
        store.reserve(&key, 4_000).unwrap();
        store.put(&key, &second, Precondition::Version(first.version)).unwrap();
        disk = disk.take();
        assert!(disk.read(&file).unwrap().ends_with(b"second"));
        store.remove(&key, second.version).unwrap();
        assert_eq!(disk.take().read(&file), None);
    }

    /// Wherever a process is killed, or the power fails: what is due, or needs a person, has its mark.
    #[test]
    fn no_entry_is_there_without_its_marks() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::open(folder.path()).unwrap();
        let mut disk = AfterPowerLoss::default().take();
        let key = EntryKey::from_text("team/T1").unwrap();
        let mut precondition = Precondition::Absent;
        let mut seen = 0;
        for (due_in, attention) in [(0, true), (600, false), (60, true), (60, false)] {
            let mut write = write("value");
            write.due_in = Some(Duration::from_secs(due_in));
            write.attention = attention;
            store.put(&key, &write, precondition).unwrap();
            precondition = Precondition::Version(write.version);
            for step in STEPS.take() {
                disk.apply(step);
                for bytes in [disk.read(&store.file_of(&key)), disk.now(&store.file_of(&key))] {
                    let Some(head) = bytes.and_then(|it| entry::head_of(it).ok()) else { continue };
                    for mark in store.index.marks("team-T1", &head) {
                        assert!(disk.now(&mark).is_some(), "{}", mark.display());
                    }
                }
                let durable = disk.read(&store.file_of(&key)).map(entry::head_of);
                if let Some(Ok(head)) = durable {
                    for mark in store.index.marks("team-T1", &head) {
                        assert!(disk.read(&mark).is_some(), "{}", mark.display());
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 20, "{seen}");
        let Precondition::Version(version) = precondition else { unreachable!() };
        store.remove(&key, version).unwrap();
        assert!(store.index.minutes(0, u64::MAX).unwrap().is_empty());
    }

    /// Killed at any step, the holder leaves its lease, the old one or the new one, and never a part: that would be nobody's.
    #[test]
    fn a_lease_is_replaced_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::open(folder.path()).unwrap();
        let key = EntryKey::from_text("team/T1").unwrap();
        let holder = LeaseHolder::from_bytes([1; 16]);
        let acquire = |seconds| {
            let length = Duration::from_secs(seconds);
            let outcome = store.acquire(&key, "bot", holder, length).unwrap();
            assert_eq!(outcome, LeaseOutcome::Granted);
        };
        acquire(60);
        let (mut disk, file) = (AfterPowerLoss::default().take(), store.lease_of(&key, "bot"));
        let held = |disk: &AfterPowerLoss| {
            let line = std::str::from_utf8(disk.now(&file)?).ok()?;
            Lease::from_line(line).filter(|lease| lease.holder == holder)
        };
        let mut last = held(&disk).unwrap();
        for seconds in [600, 3, 6_000] {
            acquire(seconds);
            for step in STEPS.take() {
                disk.apply(step);
                last = held(&disk).expect("nobody would hold the lease");
            }
            assert_eq!(last.until - last.taken_at, seconds * 1_000);
        }
    }
}
