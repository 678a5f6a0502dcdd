//! Where installations of `slack-auth` are kept: the contract [`InstallationStore`], a store in memory, look-up and
//! removal over any store, and the suite that every store must pass (feature `conformance`).
//!
//! The store in a folder is the crate `slack-store-file`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod lease;
mod lookup;
mod memory;
mod removal;

use async_trait::async_trait;
use slack_proto::{Installation, Slot, StoreKey};

pub use error::{StoreError, StoreErrorKind};
pub use lease::{Lease, LeaseHolder, LeaseOutcome};
pub use lookup::{InstallationMatch, find_credential, find_installation};
pub use memory::MemoryInstallationStore;
pub use removal::{remove_bot, remove_installation, remove_place, remove_user, rewrite_all};

/// Keeps installations, so that many processes can refresh their tokens and none is lost.
///
/// [`MemoryInstallationStore`] is for tests, `FileInstallationStore` (crate `slack-store-file`) for programs on one
/// machine. For a database of your own implement the four methods over a table with the columns key
/// ([`StoreKey::to_text`]), version and value ([`Installation::encode_exposing_secrets`]), and two over a table of
/// leases; `examples/sqlite-store` is one, and the conformance suite (feature `conformance`) tries any.
///
/// One store belongs to one app: keys name places and people, not apps.
#[async_trait]
pub trait InstallationStore: Send + Sync + 'static {
    /// Reads what is stored under `key`; `None` if nothing is.
    ///
    /// # Errors
    ///
    /// When what is stored cannot be read or understood. That is never `None`: it would be overwritten.
    async fn load(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError>;

    /// Writes `installation` under `key` if there stands what is expected; returns once it is durable. Gives the new
    /// version, which no state of this key has had before: also none before a removal.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Conflict`] when there stands something else, and nothing was written. After any other error
    /// nobody knows whether it was: load, and see. A reader finds the old state or the new one, never a part.
    async fn put(
        &self,
        key: &StoreKey,
        installation: &Installation,
        expected: Precondition,
    ) -> Result<StoredVersion, StoreError>;

    /// Removes what stands under `key` if it still has this version; leases stay.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Conflict`] when there stands something else, or nothing.
    async fn remove(&self, key: &StoreKey, expected: StoredVersion) -> Result<(), StoreError>;

    /// Lists the keys under which something is stored, in any order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or holds an entry whose key cannot be told.
    async fn keys(&self) -> Result<Vec<StoreKey>, StoreError>;

    /// Takes the lease of one credential, or says who else has it until when; never waits for it. [`Lease::take`] is
    /// the rule. Nothing need be stored under `key`.
    ///
    /// The lease is what keeps processes from refreshing one token at the same time. It need not outlive a crash of
    /// the machine, but must outlive that of a process until it runs out.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    async fn acquire(
        &self,
        key: &StoreKey,
        slot: Slot,
        wanted: &Lease,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Gives a lease up before it runs out; without effect if another holder has it, or nobody.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    async fn release(
        &self,
        key: &StoreKey,
        slot: Slot,
        holder: LeaseHolder,
    ) -> Result<(), StoreError>;
}

/// An installation as it was read, and the version that it had.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// The installation.
    pub installation: Installation,
    /// Its version, for the next write.
    pub version: StoredVersion,
}

impl Stored {
    /// Joins the two; for those who implement a store.
    #[must_use]
    pub fn new(installation: Installation, version: StoredVersion) -> Self {
        Self { installation, version }
    }
}

/// The version of a stored installation: any number that the key has not had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredVersion(u64);

impl StoredVersion {
    /// Takes a number; for those who implement a store.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Gives the number; for those who implement a store.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// What must stand under a key for a write to take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precondition {
    /// Nothing.
    Absent,
    /// An installation of this version.
    Version(StoredVersion),
}

impl Precondition {
    /// Tells whether `found` is what is expected.
    #[must_use]
    pub fn is_met_by(self, found: Option<StoredVersion>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
        }
    }
}
