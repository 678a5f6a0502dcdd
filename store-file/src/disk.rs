//! Every step that must reach the disk, or look at what is on it. No symbolic link is followed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fs4::{FileExt, TryLockError};
use zeroize::Zeroizing;

/// Locks others out, also other threads of this process, until the file is dropped or the process ends; gives up after
/// this time.
pub(crate) fn lock(path: &Path, patience: Duration) -> io::Result<File> {
    let file = owners_alone().read(true).write(true).create(true).truncate(false).open(path)?;
    let (end, mut pause) = (Instant::now() + patience, Duration::from_micros(200));
    loop {
        // By its full name: newer releases of std have a method like it.
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "another process holds the lock; is it stopped?",
                ));
            }
            Err(TryLockError::WouldBlock) => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
        }
    }
}

/// Whether a file must be on the disk before the next step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    Yes,
    No,
}

/// Writes a file that only its owner can read, over what a killed process, or a reservation, has left there: the room
/// that it takes is not given back first.
pub(crate) fn write(path: &Path, bytes: &[u8], flush: Flush) -> io::Result<()> {
    let mut file = owners_alone().write(true).create(true).truncate(false).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(not_a_file());
    }
    record(|| Step::Written(path.to_owned(), TORN.to_vec()));
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    record(|| Step::Written(path.to_owned(), bytes.to_vec()));
    if flush == Flush::Yes { flush_file(&file, path) } else { Ok(()) }
}

fn flush_file(file: &File, path: &Path) -> io::Result<()> {
    record(|| Step::FileFlushed(path.to_owned()));
    file.sync_all()
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    record(|| Step::Renamed(from.to_owned(), to.to_owned()));
    Ok(())
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    record(|| Step::Removed(path.to_owned()));
    Ok(())
}

/// Creates a folder for its owner alone, and those above it; returns once their names are on the disk.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|it| !it.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    for made in missing {
        record(|| Step::FolderMade(made.to_owned()));
        match made.parent() {
            Some(parent) if parent.as_os_str().is_empty() => flush_folder(Path::new("."))?,
            Some(parent) => flush_folder(parent)?,
            None => {}
        }
    }
    Ok(())
}

/// Creates a folder for its owner alone in one that is there, unless it exists. Its name need not be on the disk.
pub(crate) fn make_one_folder(path: &Path) -> io::Result<()> {
    match owners_own().create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.inspect(|()| record(|| Step::FolderMade(path.to_owned()))),
    }
}

/// Returns what creates a folder for its owner alone.
#[cfg(unix)]
fn owners_own() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Returns what creates a folder; who may look into it is up to the folder above.
#[cfg(not(unix))]
fn owners_own() -> DirBuilder {
    DirBuilder::new()
}

/// Lists what is in a folder.
pub(crate) fn list(folder: &Path) -> io::Result<fs::ReadDir> {
    record(|| Step::Listed);
    fs::read_dir(folder)
}

/// Flushes a folder, so that names that came or went do so on the disk as well.
pub(crate) fn flush_folder(folder: &Path) -> io::Result<()> {
    record(|| Step::FolderFlushed(folder.to_owned()));
    // Elsewhere a folder cannot be opened as a file, and the system does it by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Reads a file, or as much as tells that it is too long; `None` if there is none.
pub(crate) fn read_whole(path: &Path, longest: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match owners_alone().read(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // A link, which is not followed, opens with an error of its own on each system.
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            return Err(not_a_file());
        }
        file => file?,
    };
    record(|| Step::Read);
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(not_a_file());
    }
    let length = usize::try_from(found.len().min(longest)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(64)));
    file.take(longest + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The path leads to something other than a file: reported as [`ErrorKind::InvalidInput`].
fn not_a_file() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "not a regular file")
}

/// Opens for the owner alone, follows no link, and does not wait for the other end of a pipe.
#[cfg(unix)]
fn owners_alone() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    let mut options = OpenOptions::new();
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    options.mode(0o600).custom_flags(i32::from_ne_bytes(flags.to_ne_bytes()));
    options
}

/// Elsewhere a file is as protected as its folder.
#[cfg(not(unix))]
fn owners_alone() -> OpenOptions {
    OpenOptions::new()
}

/// What a file holds for the tests while it is being written: a process may be killed there.
const TORN: &[u8] = b"a part";

/// A step as the tests see it.
#[cfg_attr(not(test), expect(dead_code, reason = "only tests look at it"))]
pub(crate) enum Step {
    Read,
    Listed,
    Written(PathBuf, Vec<u8>),
    FileFlushed(PathBuf),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
    FolderMade(PathBuf),
    FolderFlushed(PathBuf),
}

#[cfg(not(test))]
fn record(_: impl FnOnce() -> Step) {}

#[cfg(test)]
fn record(step: impl FnOnce() -> Step) {
    tests::STEPS.with_borrow_mut(|steps| steps.push(step()));
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        cell::RefCell,
        collections::{BTreeMap, BTreeSet},
    };

    use super::*;

    thread_local! {
        pub(crate) static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
    }

    /// A disk after the power has failed: what was not flushed is gone. A name is there if its folder was flushed since,
    /// and then with what was flushed into the file.
    #[derive(Default)]
    pub(crate) struct AfterPowerLoss {
        /// What each name leads to now, and on the disk.
        names: BTreeMap<PathBuf, usize>,
        durable_names: BTreeMap<PathBuf, usize>,
        /// What each file holds now, and on the disk.
        files: Vec<(Vec<u8>, Vec<u8>)>,
        folders: BTreeSet<PathBuf>,
        durable_folders: BTreeSet<PathBuf>,
    }

    impl AfterPowerLoss {
        /// Returns what was done on this thread since the last time.
        pub(crate) fn take(mut self) -> Self {
            for step in STEPS.take() {
                self.apply(step);
            }
            self
        }

        pub(crate) fn apply(&mut self, step: Step) {
            match step {
                Step::Read | Step::Listed => {}
                Step::Written(path, bytes) => {
                    let next = self.files.len();
                    let file = *self.names.entry(path).or_insert(next);
                    if file == next {
                        self.files.push(Default::default());
                    }
                    self.files[file].0 = bytes;
                }
                Step::FileFlushed(path) => {
                    let file = &mut self.files[self.names[&path]];
                    file.1.clone_from(&file.0);
                }
                Step::Renamed(from, to) => {
                    let file = self.names.remove(&from).unwrap();
                    self.names.insert(to, file);
                }
                Step::Removed(path) => drop(self.names.remove(&path)),
                Step::FolderMade(path) => drop(self.folders.insert(path)),
                Step::FolderFlushed(folder) => {
                    let is_in = |path: &Path| path.parent() == Some(&folder);
                    self.durable_names.retain(|path, _| !is_in(path));
                    let names = self.names.iter().filter(|it| is_in(it.0));
                    self.durable_names.extend(names.map(|(path, file)| (path.clone(), *file)));
                    let folders = self.folders.iter().filter(|it| is_in(it));
                    self.durable_folders.extend(folders.cloned());
                }
            }
        }

        /// Returns what the file holds as long as there is power.
        pub(crate) fn now(&self, path: &Path) -> Option<&[u8]> {
            Some(&self.files[*self.names.get(path)?].0)
        }

        /// Returns what the file holds; `None` if it, or a folder above it that was made, is not there.
        pub(crate) fn read(&self, path: &Path) -> Option<&[u8]> {
            let made = |it: &&Path| self.folders.contains(*it);
            if !path.ancestors().filter(made).all(|it| self.durable_folders.contains(it)) {
                return None;
            }
            Some(&self.files[*self.durable_names.get(path)?].1)
        }
    }
}
