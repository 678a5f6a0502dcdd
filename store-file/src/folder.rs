//! What is done in the folder, while the thread waits.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use slack_proto::{Slot, StoreKey, Timestamp};
use zeroize::Zeroizing;

use crate::{
    entry,
    layout::{
        self, Flush, INSTALLATIONS, LEASES, LOCKS, flush_folder, read_whole, unavailable, write_new,
    },
    name,
    seal::SealingKeys,
};
use slack_store::{
    Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, StoreErrorKind, Stored,
    StoredVersion,
};

pub(crate) struct Folder {
    path: PathBuf,
    installations: PathBuf,
    leases: PathBuf,
    locks: PathBuf,
    keys: Option<SealingKeys>,
}

impl Folder {
    pub(crate) fn open(path: &Path, keys: Option<SealingKeys>) -> Result<Self, StoreError> {
        layout::prepare(path)?;
        Ok(Self {
            path: path.to_owned(),
            installations: path.join(INSTALLATIONS),
            leases: path.join(LEASES),
            locks: path.join(LOCKS),
            keys,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        // Without a lock: a file is the old one or the new one.
        let Some(bytes) = read_installation(&self.file_of(key))? else { return Ok(None) };
        entry::read(&bytes, key, self.keys.as_ref()).map(Some)
    }

    pub(crate) fn put(
        &self,
        key: &StoreKey,
        value: &[u8],
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let failed = |error| unavailable("the installation could not be written", error);
        let _lock = self.lock(key)?;
        // It is read whole: what cannot be understood is not replaced.
        let found = self.load(key)?.map(|stored| stored.version);
        if !expected.is_met_by(found) {
            return Err(StoreError::conflict());
        }
        let version = draw_version(found).map_err(failed)?;
        let bytes = entry::write(key, version, value, self.keys.as_ref())?;
        if bytes.len() as u64 > LONGEST {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the installation is larger than a mebibyte, and was not written",
            ));
        }
        let (file, new) = (self.file_of(key), self.installations.join(name::of(key) + ".new"));
        let written = write_new(&new, &bytes, Flush::Yes).and_then(|()| fs::rename(&new, &file));
        if let Err(error) = written {
            // The disk may be full; the old file is as it was.
            let _ = fs::remove_file(&new);
            return Err(failed(error));
        }
        flush_folder(&self.installations).map_err(failed)?;
        Ok(version)
    }

    pub(crate) fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError> {
        let failed = |error| unavailable("the installation could not be removed", error);
        let _lock = self.lock(key)?;
        if self.load(key)?.map(|stored| stored.version) != Some(expected) {
            return Err(StoreError::conflict());
        }
        fs::remove_file(self.file_of(key)).map_err(failed)?;
        flush_folder(&self.installations).map_err(failed)
    }

    pub(crate) fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        let failed = |error| unavailable("the folder cannot be read", error);
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.installations).map_err(failed)? {
            let file_name = entry.map_err(failed)?.file_name();
            let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(ENDING)) else {
                continue;
            };
            if name::is_hashed(name) {
                // It may have been removed since.
                if let Some(bytes) = read_installation(&self.installations.join(&file_name))? {
                    keys.push(entry::key_of(&bytes)?);
                }
            } else {
                keys.push(name::key(name).ok_or_else(|| {
                    StoreError::new(
                        StoreErrorKind::Foreign,
                        "the folder holds a file whose name is no key; move it away",
                    )
                })?);
            }
        }
        Ok(keys)
    }

    pub(crate) fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        let failed = |error| unavailable("the lease could not be taken", error);
        let _lock = self.lock(key)?;
        let file = self.lease_of(key, slot);
        let acquired = Lease::take(read_lease(&file).map_err(failed)?, wanted);
        if acquired == LeaseOutcome::Granted {
            let new = file.with_extension("new");
            // A lease need not outlive the machine: all who could hold one are gone then.
            write_new(&new, lease_line(wanted).as_bytes(), Flush::No).map_err(failed)?;
            fs::rename(new, file).map_err(failed)?;
        }
        Ok(acquired)
    }

    pub(crate) fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let failed = |error| unavailable("the lease could not be given up", error);
        let _lock = self.lock(key)?;
        let file = self.lease_of(key, slot);
        match read_lease(&file).map_err(failed)? {
            Some(lease) if lease.holder == holder => fs::remove_file(file).map_err(failed),
            _ => Ok(()),
        }
    }

    /// Locks out all who change this key, and, since there are few locks, some others.
    fn lock(&self, key: &StoreKey) -> Result<File, StoreError> {
        let stripe = Sha256::digest(key.to_text())[0] % 64;
        layout::lock(&self.locks.join(format!("{stripe:02x}")))
            .map_err(|error| unavailable("the store could not be locked", error))
    }

    fn file_of(&self, key: &StoreKey) -> PathBuf {
        self.installations.join(name::of(key) + ENDING)
    }

    fn lease_of(&self, key: &StoreKey, slot: Slot) -> PathBuf {
        self.leases.join(format!("{}.{}", name::of(key), slot.as_str()))
    }
}

fn read_installation(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let foreign = |what| StoreError::new(StoreErrorKind::Foreign, what);
    match read_whole(path, LONGEST) {
        Ok(Some(bytes)) if bytes.len() as u64 > LONGEST => {
            Err(foreign("the file is larger than a mebibyte, and so not one of this store's"))
        }
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(foreign("a folder, a link or a pipe stands where a file should"))
        }
        read => read.map_err(|error| unavailable("the installation cannot be read", error)),
    }
}

/// Draws a version that is not the one before; none that ever was, to all probability.
fn draw_version(found: Option<StoredVersion>) -> io::Result<StoredVersion> {
    loop {
        let version = StoredVersion::new(getrandom::u64()?);
        if Some(version) != found {
            return Ok(version);
        }
    }
}

/// Reads a lease; one that cannot be understood is none, since no process that is alive has left it.
fn read_lease(path: &Path) -> io::Result<Option<Lease>> {
    Ok(read_whole(path, LONGEST_LEASE)?
        .and_then(|bytes| parse_lease(std::str::from_utf8(&bytes).ok()?)))
}

fn lease_line(lease: &Lease) -> String {
    let (taken_at, until) = (lease.taken_at.as_unix(), lease.until.as_unix());
    format!("{LEASE}{} {taken_at} {until}\n", lease.holder)
}

fn parse_lease(line: &str) -> Option<Lease> {
    let parts: Vec<_> = line.strip_prefix(LEASE)?.strip_suffix('\n')?.split(' ').collect();
    let [holder, taken_at, until] = parts[..] else { return None };
    let holder = u128::from_str_radix(holder, 16).ok()?;
    let time = |text: &str| text.parse().ok().map(Timestamp::from_unix);
    let holder = LeaseHolder::from_bytes(holder.to_be_bytes());
    Some(Lease::stored(holder, time(taken_at)?, time(until)?))
}

const ENDING: &str = ".slack";
const LEASE: &str = "slack-auth lease 1 ";
const LONGEST_LEASE: u64 = 256;
/// An installation is some kilobytes: what is larger is not ours.
const LONGEST: u64 = 1 << 20;
