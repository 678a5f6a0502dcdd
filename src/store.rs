//! Stores of installations: the contract, the stores that are built in, and look-up.
//!
//! [`InstallationStore`](crate::InstallationStore) is what a program uses. It encodes, seals and writes by compare-and-swap
//! over a [`StoreBackend`], which keeps bytes: [`MemoryStore`], `FileStore` (feature `file-store`), `PostgresStore` (feature
//! `postgres-store`), or one that you implement and try with `conformance` (feature `store-conformance`).

#[cfg(feature = "store-conformance")]
pub use slack_store::conformance;
pub use slack_store::{
    Cursor, Entry, EntryKey, FoundKey, HeldLease, InstallationMatch, Item, KeyPage, LeaseHolder,
    LeaseOutcome, Loaded, MemoryStore, Page, Precondition, Query, SecretBytes, StoreBackend,
    StoreError, StoreErrorKind, Stored, StoredVersion, Unreadable, Write, find_credential,
    find_installation,
};
#[cfg(feature = "sealing")]
pub use slack_store::{SealingKey, SealingKeys};
#[cfg(feature = "file-store")]
pub use slack_store_file::FileStore;
#[cfg(feature = "postgres-store")]
pub use slack_store_postgres::{PostgresStore, PostgresStoreBuilder};
