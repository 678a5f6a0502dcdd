//! The folder itself: made for its owner alone, known by a mark, and flushed to the disk.

use std::{fs, io, path::Path, time::Duration};

use slack_store::{StoreError, StoreErrorKind};

use crate::{
    disk::{self, Flush, flush_folder, make_folder, read_whole},
    index,
};

pub(crate) const ENTRIES: &str = "installations";
pub(crate) const INDEX: &str = "index";
pub(crate) const LEASES: &str = "leases";
pub(crate) const LOCKS: &str = "locks";

/// Turns `folder` into a store of this release, unless it is one.
pub(crate) fn prepare(folder: &Path) -> Result<(), StoreError> {
    make_folder(folder).map_err(|error| {
        unavailable(
            "the folder cannot be created; check the permissions of the folder above it",
            error,
        )
    })?;
    refuse_access_of_others(folder)?;
    if mark(folder)? == Some(Mark::Current) && folder.join(INDEX).exists() {
        return Ok(());
    }
    // Of several processes that make the store one does it, and the others find it made.
    let failed = |error| {
        unavailable("the store cannot be created in the folder; check its permissions", error)
    };
    make_folder(&folder.join(LOCKS)).map_err(failed)?;
    let _lock = disk::lock(&folder.join(LOCKS).join("00"), PATIENCE).map_err(failed)?;
    match mark(folder)? {
        Some(Mark::Current) => {}
        Some(Mark::First) => {
            // An existing index lacks what an older release has written since.
            if folder.join(INDEX).exists() {
                fs::remove_dir_all(folder.join(INDEX)).map_err(failed)?;
            }
            // From here on an older release refuses the folder.
            write_mark(folder).map_err(failed)?;
        }
        None => make(folder)?,
    }
    index::build(folder)
}

fn make(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| {
        unavailable("the store cannot be created in the folder; check its permissions", error)
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        // What a process that was killed here has left.
        if ![ENTRIES, LEASES, LOCKS, NEW_MARK].iter().any(|ours| name == *ours) {
            return Err(StoreError::new(
                StoreErrorKind::Foreign,
                "the folder is not empty and holds no store; choose an empty or a new one",
            ));
        }
    }
    for name in [ENTRIES, LEASES] {
        make_folder(&folder.join(name)).map_err(failed)?;
    }
    write_mark(folder).map_err(failed)
}

fn write_mark(folder: &Path) -> io::Result<()> {
    disk::write(&folder.join(NEW_MARK), CURRENT_MARK, Flush::Yes)?;
    disk::rename(&folder.join(NEW_MARK), &folder.join(MARK))?;
    flush_folder(folder)
}

#[derive(PartialEq, Eq)]
enum Mark {
    Current,
    First,
}

/// Returns which release the folder is for; `None` if it is not a store yet.
fn mark(folder: &Path) -> Result<Option<Mark>, StoreError> {
    let read = read_whole(&folder.join(MARK), LONGEST_MARK);
    let read = read
        .map_err(|error| unavailable("the folder cannot be read; check its permissions", error))?;
    let what = match read.as_ref().map(|mark| &mark[..]) {
        None => return Ok(None),
        Some(CURRENT_MARK) => return Ok(Some(Mark::Current)),
        Some(FIRST_MARK) => return Ok(Some(Mark::First)),
        Some(mark) if mark.starts_with(ANY_MARK) => {
            "the store was made by a newer release; upgrade"
        }
        Some(_) => "the folder is not empty and holds no store; choose an empty or a new one",
    };
    Err(StoreError::new(StoreErrorKind::Foreign, what))
}

/// Refuses a folder that others can change, or that belongs to somebody else, and one for the owner alone that others can
/// look into. Nothing in the folder may be a link to elsewhere.
#[cfg(unix)]
fn refuse_access_of_others(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let owner = rustix::process::geteuid().as_raw();
    let within = [ENTRIES, INDEX, LEASES, LOCKS].map(|name| (folder.join(name), 0o077));
    for (path, others) in [(folder.to_owned(), 0o022)].into_iter().chain(within) {
        // The operator may name the store by a link; nothing in it is one.
        let found = if path == folder { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        let found = match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found.map_err(|error| {
                unavailable("the folder cannot be read; check its permissions", error)
            })?,
        };
        if !found.is_dir() {
            return Err(StoreError::new(
                StoreErrorKind::Unprotected,
                "a link or a file is where a folder of the store should be; choose a new folder",
            ));
        }
        if ![0, owner].contains(&found.uid()) {
            return Err(StoreError::new(
                StoreErrorKind::Unprotected,
                "the store belongs to another user, who could change it; give it to this one with `chown -R`",
            ));
        }
        if found.permissions().mode() & others != 0 {
            return Err(StoreError::new(
                StoreErrorKind::Unprotected,
                "others have access to the store; take it away with `chmod -R go=`, or choose a new folder",
            ));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn refuse_access_of_others(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

pub(crate) fn unavailable(what: &'static str, error: io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, what).because(error)
}

/// How long the first process may take to make the store, and its index.
const PATIENCE: Duration = Duration::from_secs(60);
const MARK: &str = "store";
const NEW_MARK: &str = "store.new";
const ANY_MARK: &[u8] = b"slack-auth store ";
const CURRENT_MARK: &[u8] = b"slack-auth store 2\n";
/// The first format, which has no index.
const FIRST_MARK: &[u8] = b"slack-auth store 1\n";
const LONGEST_MARK: u64 = 64;
