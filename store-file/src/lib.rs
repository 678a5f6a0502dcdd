//! Installations of `slack-auth` in a folder: one machine, many processes.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod disk;
mod entry;
mod find;
mod folder;
mod index;
mod layout;
mod lease;
mod name;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use blocking::unblock;
use slack_store::{
    Cursor, Entry, EntryKey, HeldLease, LeaseHolder, LeaseOutcome, Loaded, Page, Precondition,
    Query, StoreBackend, StoreError, StoredVersion, Write,
};

use self::folder::Folder;

/// Keeps installations in a folder that belongs to one user of one machine; any number of processes share it.
///
/// Each installation is a file of its own. A write goes to a file beside it, is flushed to the disk, and takes the old
/// one's place in one step, so that a process may be killed at any instruction and a reader finds the old state or the
/// new one. Writers of one installation lock each other out. A file that is cut off, damaged, or not the store's is
/// reported, and never overwritten or removed.
///
/// Folders and files are made with access for their owner alone. A store that others can look into is refused, and so
/// is a folder that others can write to. On a system that is not Unix access is left as the system makes it. Do not put
/// it onto a network drive: locks and the order of writes are not to be relied on there.
///
/// Durable means: the file was flushed (`fsync`), and so was the folder that holds its name. What a disk acknowledges and
/// loses at a power failure is not in the store's hands. A lease need not outlive the machine, and is not flushed.
///
/// Leases, and when an entry is due, are kept by the machine's wall clock, which all processes share. If the clock is set
/// forward, leases end early: then two processes may send the same refresh token, and what each is answered is still
/// written by its version. If it is set back, a lease may last up to twice its length; one that would last longer is over.
///
/// [`reserve`](StoreBackend::reserve) writes and flushes a file of the length that a write needs, and the write goes into
/// that file. A file whose name is not a key is reported beside what is found, and left alone.
///
/// Finding what is due, or needs a person, opens one file for each entry of the page and one more, however many are
/// stored: the names in `index` lead to them. Listing keys opens no file, but goes through the names of all.
///
/// Files are read and written on threads of their own; the calling one never waits for the disk. Under whatever
/// runtime, dropping a future leaves a write that has begun to come to its end.
///
/// # Copies
///
/// After you have put files back into `installations` by hand, remove the folder `index` and restart: [`open`](Self::open)
/// makes it anew from what is there. That reads every file once.
///
/// # Upgrading
///
/// [`open`](Self::open) turns a folder of version 1 into one of version 2. Stop the programs of older releases before:
/// once that is done, they refuse to open the folder, and ask to be upgraded. Files of version 1 are read, and written
/// anew as version 2 at the next write. Until then it is not known when they are due, so they are found as overdue. [`InstallationStore::rewrite`](slack_store::InstallationStore::rewrite) writes all at once.
///
/// # Format, version 2
///
/// | path | holds |
/// |---|---|
/// | `store` | the line `slack-auth store 2` |
/// | `installations/NAME.slack` | one entry |
/// | `installations/NAME.new` | what a killed process had not finished; the next writer replaces it |
/// | `index/due/MINUTE/MILLIS-NAME` | nothing; the entry is due then, in minutes and in milliseconds since 1970 |
/// | `index/attention/NAME` | nothing; the entry needs a person |
/// | `leases/NAME.PART` | `slack-auth lease 2 HOLDER TAKEN_AT UNTIL`: hex digits, milliseconds since 1970 |
/// | `locks/00` to `locks/3f` | nothing; locked while an entry or a lease is changed |
///
/// NAME is the key's text ([`EntryKey::as_str`]) with `-` for each slash and every byte of an id but capitals and
/// digits as `%` and two hex digits, such as `team-T0123456789`; if that is longer than 200 bytes, `sha256-` and the
/// text's SHA-256 in hex.
///
/// An entry's file is one line and the value. The line is `slack-auth entry 2 VERSION KEY DUE ATTENTION CHECK`: 16 hex
/// digits; the key's text; when the entry is due, in milliseconds since 1970, or `-`; `!` if it needs a person, or
/// `-`. CHECK is the SHA-256, in hex, of the line before it, with its last blank, and the value.
///
/// A file in `index` is there before its entry says the same, and until the entry says otherwise. A killed process may
/// leave one too many: it is compared with the entry, and removed.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use slack_proto::{ClientId, Installation, tokens::InstallationKey};
/// use slack_store::{InstallationStore, Precondition};
/// use slack_store_file::FileStore;
///
/// let folder = FileStore::open("/var/lib/example/slack")?;
/// let store = InstallationStore::new(folder, ClientId::new("1.2")?);
/// let place = InstallationKey::Workspace("T0FAKE00001".into());
/// store.put(&place.clone().into(), &Installation::new(place), Precondition::Absent).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileStore {
    folder: Arc<Folder>,
}

impl FileStore {
    /// Opens the store in `folder`, or creates it there. Anyone who can read the folder can read what is not sealed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read, is open to others, or is not empty and holds no store.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        Folder::open(folder.as_ref()).map(|folder| Self { folder: Arc::new(folder) })
    }

    /// Sets how long an operation waits for another process that holds the lock of the same entry. Default: 5 s. After
    /// that it fails, and nothing was done: a process that is stopped or frozen holds nobody up for ever.
    #[must_use]
    pub fn lock_timeout(self, timeout: Duration) -> Self {
        let mut folder = (*self.folder).clone();
        folder.lock_timeout = timeout;
        Self { folder: Arc::new(folder) }
    }

    /// Runs something on a thread that may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.folder);
        unblock(move || run(&folder)).await
    }
}

#[async_trait]
impl StoreBackend for FileStore {
    async fn load(&self, key: &EntryKey) -> Result<Option<Entry>, StoreError> {
        let key = key.clone();
        self.run(move |folder| folder.load(&key)).await
    }

    async fn put(
        &self,
        key: &EntryKey,
        write: &Write,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let (key, write) = (key.clone(), write.clone());
        self.run(move |folder| folder.put(&key, &write, precondition)).await
    }

    async fn remove(&self, key: &EntryKey, version: StoredVersion) -> Result<(), StoreError> {
        let key = key.clone();
        self.run(move |folder| folder.remove(&key, version)).await
    }

    async fn find(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (query, after) = (query.clone(), after.cloned());
        self.run(move |folder| folder.find(&query, after.as_ref(), limit)).await
    }

    async fn acquire(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        let (key, part) = (key.clone(), part.to_owned());
        self.run(move |folder| folder.acquire(&key, &part, holder, length)).await
    }

    /// One thread does both, one after the other.
    async fn acquire_and_load(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
        length: Duration,
    ) -> Result<(LeaseOutcome, Loaded<Entry>), StoreError> {
        let (key, part) = (key.clone(), part.to_owned());
        self.run(move |folder| {
            let outcome = folder.acquire(&key, &part, holder, length)?;
            let loaded = match outcome {
                LeaseOutcome::Granted => folder.load(&key).map_or(Loaded::NotRead, Loaded::from),
                LeaseOutcome::HeldFor(_) => Loaded::NotRead,
            };
            Ok((outcome, loaded))
        })
        .await
    }

    async fn release(
        &self,
        key: &EntryKey,
        part: &str,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let (key, part) = (key.clone(), part.to_owned());
        self.run(move |folder| folder.release(&key, &part, holder)).await
    }

    async fn lease(&self, key: &EntryKey, part: &str) -> Result<Option<HeldLease>, StoreError> {
        let (key, part) = (key.clone(), part.to_owned());
        self.run(move |folder| folder.lease(&key, &part)).await
    }

    async fn reserve(&self, key: &EntryKey, length: usize) -> Result<(), StoreError> {
        let key = key.clone();
        self.run(move |folder| folder.reserve(&key, length)).await
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("folder", &self.folder.path()).finish()
    }
}
