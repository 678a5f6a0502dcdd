//! The folder itself: made for its owner alone, known by a mark, and flushed to the disk.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::Path,
};

use fs4::FileExt;
use zeroize::Zeroizing;

use slack_store::{StoreError, StoreErrorKind};

pub(crate) const ENTRIES: &str = "installations";
pub(crate) const LEASES: &str = "leases";
pub(crate) const LOCKS: &str = "locks";

/// Turns `folder` into a store, unless it is one.
pub(crate) fn prepare(folder: &Path) -> Result<(), StoreError> {
    make_folder(folder).map_err(|error| unavailable("the folder cannot be made", error))?;
    refuse_access_of_others(folder)?;
    let read = read_whole(&folder.join(MARK), LONGEST_MARK);
    match read.map_err(|error| unavailable("the folder cannot be read", error))? {
        Some(mark) => check_mark(&mark),
        None => make(folder),
    }
}

fn make(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| unavailable("the store cannot be made in the folder", error);
    // Of several processes that make the store one does it, and the others find it made.
    make_folder(&folder.join(LOCKS)).map_err(failed)?;
    let _lock = lock(&folder.join(LOCKS).join("00")).map_err(failed)?;
    let mark = folder.join(MARK);
    if let Some(found) = read_whole(&mark, LONGEST_MARK).map_err(failed)? {
        return check_mark(&found);
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        // What a process that was killed here has left.
        if ![ENTRIES, LEASES, LOCKS, NEW_MARK].iter().any(|ours| name == *ours) {
            return Err(StoreError::new(
                StoreErrorKind::Foreign,
                "the folder holds something else than a store; choose an empty or a new one",
            ));
        }
    }
    for name in [ENTRIES, LEASES] {
        make_folder(&folder.join(name)).map_err(failed)?;
    }
    write_new(&folder.join(NEW_MARK), CURRENT_MARK, Flush::Yes).map_err(failed)?;
    fs::rename(folder.join(NEW_MARK), mark).map_err(failed)?;
    flush_folder(folder).map_err(failed)
}

fn check_mark(mark: &[u8]) -> Result<(), StoreError> {
    if mark == CURRENT_MARK {
        return Ok(());
    }
    let what = if mark.starts_with(ANY_MARK) {
        "the store was made by a newer release; upgrade"
    } else {
        "the folder holds something else than a store; choose an empty or a new one"
    };
    Err(StoreError::new(StoreErrorKind::Foreign, what))
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Refuses a folder that others can change, and one for the owner alone that others can look into.
#[cfg(unix)]
fn refuse_access_of_others(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let owners = [ENTRIES, LEASES, LOCKS].map(|name| (folder.join(name), 0o077));
    for (path, others) in [(folder.to_owned(), 0o022)].into_iter().chain(owners) {
        let mode = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            found => found.map_err(|error| unavailable("the folder cannot be read", error))?,
        };
        if mode.permissions().mode() & others != 0 {
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

/// Locks others out, also other threads of this process, until the file is dropped or the process ends.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = owners_alone().read(true).write(true).create(true).truncate(false).open(path)?;
    loop {
        // By its full name: newer releases of std have a method like it.
        match FileExt::lock(&file) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done.map(|()| file),
        }
    }
}

/// Whether a file must be on the disk before the next step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    Yes,
    No,
}

/// Writes a file that only its owner can read; one that stands there is what a killed process has left.
pub(crate) fn write_new(path: &Path, bytes: &[u8], flush: Flush) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = owners_alone().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    if flush == Flush::Yes { file.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn owners_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Elsewhere a file is as protected as its folder.
#[cfg(not(unix))]
fn owners_alone() -> OpenOptions {
    OpenOptions::new()
}

/// Flushes a folder, so that a created or removed name is durable.
pub(crate) fn flush_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and the system does it by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Reads a file, or as much as tells that it is too long; `None` if there is none.
pub(crate) fn read_whole(path: &Path, longest: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !found.is_file() {
        // A pipe would never end, and a link leads elsewhere.
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = usize::try_from(found.len().min(longest)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(64)));
    file.take(longest + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

pub(crate) fn unavailable(what: &'static str, error: io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, what).because(error)
}

const MARK: &str = "store";
const NEW_MARK: &str = "store.new";
const ANY_MARK: &[u8] = b"slack-auth store ";
const CURRENT_MARK: &[u8] = b"slack-auth store 1\n";
const LONGEST_MARK: u64 = 64;
