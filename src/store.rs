//! Stores of installations: the contract, the stores that are built in, look-up, and removal.

#[cfg(feature = "store-conformance")]
pub use slack_store::conformance;
pub use slack_store::{
    InstallationMatch, InstallationStore, Lease, LeaseHolder, LeaseOutcome,
    MemoryInstallationStore, Precondition, StoreError, StoreErrorKind, Stored, StoredVersion,
    find_credential, find_installation, remove_bot, remove_installation, remove_place, remove_user,
    rewrite_all,
};
#[cfg(feature = "file-store")]
pub use slack_store_file::{FileInstallationStore, SealingKey, SealingKeys};
