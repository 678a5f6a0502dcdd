//! Installations of `slack-auth` in a folder: one machine, many processes.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod entry;
mod folder;
mod layout;
mod name;
mod seal;

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use blocking::unblock;
use slack_proto::{Installation, Slot, StoreKey};

use self::folder::Folder;
pub use self::seal::{SealingKey, SealingKeys};
use slack_store::{
    InstallationStore, Lease, LeaseHolder, LeaseOutcome, Precondition, StoreError, Stored,
    StoredVersion,
};

/// Keeps installations in a folder that belongs to one user of one machine; any number of processes share it.
///
/// Each installation is a file of its own. A write goes to a file beside it, is flushed to the disk, and takes the old
/// one's place in one step, so that a process may be killed at any instruction and a reader finds the old state or the
/// new one. Writers of one installation lock each other out. A file that is cut off, damaged, or not the store's is
/// reported, and never overwritten or removed.
///
/// Folders and files are made with access for their owner alone. A store that others can look into is refused, and so
/// is a folder that others can write to. On a system that is not Unix access is left as the system makes it. Do not put it onto a network drive: locks and the order of writes are
/// not to be relied on there.
///
/// Files are read and written on threads of their own; the calling one never waits for the disk. Under whatever
/// runtime, dropping a future leaves a write that has begun to come to its end.
///
/// # Format, version 1
///
/// | path | holds |
/// |---|---|
/// | `store` | the line `slack-auth store 1` |
/// | `installations/NAME.slack` | one installation |
/// | `installations/NAME.new` | what a killed process had not finished; the next writer replaces it |
/// | `leases/NAME.SLOT` | `slack-auth lease 1 HOLDER TAKEN_AT UNTIL`: hex digits, Unix seconds |
/// | `locks/00` to `locks/3f` | nothing; locked while an installation or a lease is changed |
///
/// NAME is the key's text ([`StoreKey::to_text`]) with `-` for each slash and every byte of an id but capitals and
/// digits as `%` and two hex digits, such as `team-T0123456789`; if that is longer than 200 bytes, `sha256-` and the
/// text's SHA-256 in hex.
///
/// An installation's file is one line and the value. The line is `slack-auth installation 1 FORM VERSION KEY CHECK`,
/// where VERSION is 16 hex digits that are drawn for each write, and KEY the key's text.
///
/// * FORM `plain`: the value is what [`Installation::encode_exposing_secrets`] gives. CHECK is the SHA-256, in hex, of
///   the line before it, with its last blank, and the value.
/// * FORM `sealed`: the value is a nonce of 24 random bytes and what XChaCha20-Poly1305 makes of the encoded
///   installation. The line up to CHECK, with its last blank, is the associated data: a file that is put in the place
///   of another does not open. CHECK names the sealing key: the first 16 hex digits of the SHA-256 of
///   `slack-auth sealing key` and the key.
///
/// ```no_run
/// # async fn example() -> Result<(), slack_store::StoreError> {
/// use slack_proto::{Installation, tokens::InstallationKey};
/// use slack_store::{Precondition, InstallationStore};
/// use slack_store_file::FileInstallationStore;
///
/// let store = FileInstallationStore::open("/var/lib/example/slack")?;
/// let installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
/// let key = InstallationKey::Workspace("T0FAKE00001".into()).into();
/// store.put(&key, &installation, Precondition::Absent).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileInstallationStore {
    folder: Arc<Folder>,
}

impl FileInstallationStore {
    /// Opens the store in `folder`, or makes it there. Whoever can read the folder can read the tokens.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or read, is open to others as [`FileInstallationStore`] says, or holds something else than a store.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        Folder::open(folder.as_ref(), None).map(|folder| Self { folder: Arc::new(folder) })
    }

    /// Opens the store in `folder`, or makes it there, and seals what it writes: without the key nobody can read the
    /// tokens, nor change them unnoticed. Keep the key elsewhere than beside the folder.
    ///
    /// Keys of places and people, versions, and leases are not hidden. Who can write the folder can remove a file, or
    /// put an older state of the same file back.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_sealed(folder: impl AsRef<Path>, keys: SealingKeys) -> Result<Self, StoreError> {
        Folder::open(folder.as_ref(), Some(keys)).map(|folder| Self { folder: Arc::new(folder) })
    }
}

#[async_trait]
impl InstallationStore for FileInstallationStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let (folder, key) = (Arc::clone(&self.folder), key.clone());
        unblock(move || folder.load(&key)).await
    }

    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError> {
        let (folder, key) = (Arc::clone(&self.folder), key.clone());
        let value = installation.encode_exposing_secrets();
        unblock(move || folder.put(&key, value.as_ref(), expected)).await
    }

    async fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError> {
        let (folder, key) = (Arc::clone(&self.folder), key.clone());
        unblock(move || folder.remove(&key, expected)).await
    }

    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError> {
        let folder = Arc::clone(&self.folder);
        unblock(move || folder.keys()).await
    }

    async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError> {
        let (folder, key, wanted) = (Arc::clone(&self.folder), key.clone(), *wanted);
        unblock(move || folder.acquire(&key, slot, &wanted)).await
    }

    async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError> {
        let (folder, key) = (Arc::clone(&self.folder), key.clone());
        unblock(move || folder.release(&key, slot, holder)).await
    }
}

impl fmt::Debug for FileInstallationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileInstallationStore").field("folder", &self.folder.path()).finish()
    }
}
