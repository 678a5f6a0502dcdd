//! What is done in the folder, while the thread waits.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, Item, LeaseHolder, LeaseOutcome, Page, Precondition, Query,
    StoreError, StoreErrorKind, StoredVersion, Unreadable, Write,
};
use zeroize::Zeroizing;

use crate::{
    disk::{self, Flush, flush_folder, read_whole},
    entry::{self, Head},
    layout::{self, ENTRIES, LEASES, LOCKS, unavailable},
    lease::Lease,
    name,
};

#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    entries: PathBuf,
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
        let failed = |error| unavailable("the entry could not be written", error);
        let _lock = self.lock(key)?;
        // It is read whole: what cannot be understood is not replaced.
        let found = self.read(key)?.map(|(head, _)| head.version);
        if !precondition.is_met_by(found) {
            return Err(StoreError::conflict());
        }
        let bytes = entry::write(key, &Head::new(write, now()), write.value.as_ref());
        if bytes.len() as u64 > LONGEST {
            return Err(StoreError::new(
                StoreErrorKind::Refused,
                "the entry is larger than two mebibytes, and was not written",
            ));
        }
        let (file, new) = (self.file_of(key), self.entries.join(name::of(key) + ".new"));
        let written =
            disk::write(&new, &bytes, Flush::Yes).and_then(|()| disk::rename(&new, &file));
        if let Err(error) = written {
            // The disk may be full; the old file is as it was.
            let _ = disk::remove(&new);
            return Err(failed(error));
        }
        flush_folder(&self.entries)
            .map_err(|error| StoreError::unknown("the entry may not be on the disk", error))
    }

    pub(crate) fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let _lock = self.lock(key)?;
        if self.read(key)?.map(|(head, _)| head.version) != Some(version) {
            return Err(StoreError::conflict());
        }
        disk::remove(&self.file_of(key))
            .map_err(|error| unavailable("the entry could not be removed", error))?;
        flush_folder(&self.entries)
            .map_err(|error| StoreError::unknown("the entry may still be on the disk", error))
    }

    pub(crate) fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let now = now();
        let (mut found, unreadable) = self.heads(query)?;
        match query {
            Query::Keys { prefix } => {
                found.retain(|(key, _)| key.as_str().starts_with(prefix));
            }
            Query::Attention => {
                found.retain(|(_, head)| head.as_ref().is_some_and(|it| it.attention));
            }
            Query::DueWithin(length) => {
                let end = now.saturating_add(millis(*length));
                found.retain(|(_, head)| due_at(head.as_ref()).is_some_and(|due_at| due_at <= end));
            }
        }
        let by_due = matches!(query, Query::DueWithin(_));
        let position =
            |head: Option<&Head>| if by_due { due_at(head).unwrap_or_default() } else { 0 };
        found.sort_by(|a, b| (position(a.1.as_ref()), &a.0).cmp(&(position(b.1.as_ref()), &b.0)));
        if let Some(after) = after {
            found.retain(|(key, head)| {
                (position(head.as_ref()), key) > (after.position, &after.key)
            });
        }
        let next = (found.len() > limit).then(|| {
            let (key, head) = &found[limit - 1];
            Cursor::new(key.clone(), position(head.as_ref()))
        });
        found.truncate(limit);
        let items = found.into_iter().map(|(key, head)| {
            let due_in = due_at(head.as_ref()).map(|due_at| due_at.saturating_sub(now));
            Item::new(key, due_in.map(Duration::from_millis))
        });
        let mut page = Page::new(items.collect(), next);
        if after.is_none() {
            page.unreadable = unreadable;
        }
        Ok(page)
    }

    /// Lists the keys of all files, and reads what the query needs beside.
    #[expect(clippy::type_complexity, reason = "it is taken apart at once")]
    fn heads(
        &self,
        query: &Query,
    ) -> Result<(Vec<(EntryKey, Option<Head>)>, Vec<Unreadable>), StoreError> {
        let failed = |error| unavailable("the folder cannot be read", error);
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.entries).map_err(failed)? {
            let file_name = entry.map_err(failed)?.file_name();
            let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(ENDING)) else {
                if !file_name.to_string_lossy().ends_with(".new") {
                    unreadable.push(Unreadable::new(&file_name.to_string_lossy(), stray()));
                }
                continue;
            };
            match self.head(name, query) {
                Ok(Some(head)) => found.push(head),
                Ok(None) => {}
                Err(error) => unreadable.push(Unreadable::new(&file_name.to_string_lossy(), error)),
            }
        }
        Ok((found, unreadable))
    }

    fn head(
        &self,
        name: &str,
        query: &Query,
    ) -> Result<Option<(EntryKey, Option<Head>)>, StoreError> {
        let key = if name::is_hashed(name) {
            let Some(bytes) = read_entry(&self.entries.join(name.to_owned() + ENDING))? else {
                return Ok(None);
            };
            entry::key_of(&bytes)?
        } else {
            name::key(name).ok_or_else(stray)?
        };
        if matches!(query, Query::Keys { .. }) {
            return Ok(Some((key, None)));
        }
        Ok(self.read(&key)?.map(|(head, _)| (key, Some(head))))
    }

    pub(crate) fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let failed = |error| unavailable("the lease could not be taken", error);
        let _lock = self.lock(key)?;
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
        let failed = |error| unavailable("the lease could not be given up", error);
        let _lock = self.lock(key)?;
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
        let lease = read_lease(&self.lease_of(key, part))
            .map_err(|error| unavailable("the lease cannot be read", error))?;
        Ok(lease.and_then(|lease| Some(HeldLease::new(lease.holder, lease.remaining(now())?))))
    }

    /// Reserves the room that a write needs, as the file that it will be written into.
    pub(crate) fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        let _lock = self.lock(key)?;
        // The line before the value, with room to spare.
        let length = length + key.as_str().len() + 256;
        let new = self.entries.join(name::of(key) + ".new");
        disk::write(&new, &vec![0; length], Flush::Yes).map_err(|error| {
            let _ = fs::remove_file(&new);
            unavailable("there is no room for the entry", error)
        })
    }

    fn read(&self, key: &EntryKey) -> Result<Option<(Head, Entry)>, StoreError> {
        // Without a lock: a file is the old one or the new one.
        let Some(bytes) = read_entry(&self.file_of(key))? else { return Ok(None) };
        entry::read(&bytes, key).map(Some)
    }

    /// Locks out all who change this key, and, since there are few locks, some others.
    fn lock(&self, key: &EntryKey) -> Result<File, StoreError> {
        let stripe = Sha256::digest(key.as_str())[0] % 64;
        disk::lock(&self.locks.join(format!("{stripe:02x}")), self.lock_timeout)
            .map_err(|error| unavailable("the store could not be locked", error))
    }

    fn file_of(&self, key: &EntryKey) -> PathBuf {
        self.entries.join(name::of(key) + ENDING)
    }

    fn lease_of(&self, key: &EntryKey, part: &str) -> PathBuf {
        self.leases.join(format!("{}.{part}", name::of(key)))
    }
}

fn stray() -> StoreError {
    StoreError::new(
        StoreErrorKind::Foreign,
        "the folder holds a file whose name is no key; move it away",
    )
}

fn read_entry(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let foreign = |what| StoreError::new(StoreErrorKind::Foreign, what);
    match read_whole(path, LONGEST) {
        Ok(Some(bytes)) if bytes.len() as u64 > LONGEST => {
            Err(foreign("the file is larger than two mebibytes, and so not one of this store's"))
        }
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(foreign("a folder, a link or a pipe stands where a file should"))
        }
        read => read.map_err(|error| unavailable("the entry cannot be read", error)),
    }
}

/// Reads a lease; one that cannot be understood is none, since no process that is alive has left it.
fn read_lease(path: &Path) -> io::Result<Option<Lease>> {
    Ok(read_whole(path, LONGEST_LEASE)?
        .and_then(|bytes| Lease::from_line(std::str::from_utf8(&bytes).ok()?)))
}

fn due_at(head: Option<&Head>) -> Option<u64> {
    head.and_then(|head| head.due_at)
}

/// The machine's clock, which all processes share, in milliseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

const ENDING: &str = ".slack";
const LONGEST_LEASE: u64 = 256;
/// An entry is some kilobytes: what is larger is not ours.
const LONGEST: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use slack_store::SecretBytes;

    use super::*;
    use crate::disk::tests::AfterPowerLoss;

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
        assert_eq!(disk.read(&mark), Some(&b"slack-auth store 1\n"[..]));

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
}
