//! Stores of installations: the contract, the stores that are built in, look-up, and removal.

#[cfg(feature = "store-conformance")]
pub use slack_store::conformance;
pub use slack_store::{
    Cursor, Entry, EntryKey, FoundKey, HeldLease, InstallationMatch, Item, KeyPage, LeaseHolder,
    LeaseOutcome, MemoryStore, Page, Precondition, Query, SecretBytes, StoreBackend, StoreError,
    StoreErrorKind, Stored, StoredVersion, Unreadable, Write, find_credential, find_installation,
    remove_bot, remove_installation, remove_place, remove_user,
};
#[cfg(feature = "sealing")]
pub use slack_store::{SealingKey, SealingKeys};
#[cfg(feature = "file-store")]
pub use slack_store_file::FileStore;
