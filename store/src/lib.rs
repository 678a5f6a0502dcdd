//! Where installations of `slack-auth` are kept.
//!
//! Two layers:
//!
//! * A [`StoreBackend`] keeps bytes under keys, and leases. [`MemoryStore`] is one, `slack-store-file` has one in a folder,
//!   and you can write one over any database.
//! * An [`InstallationStore`] keeps the installations of one app over a backend. It encodes them, seals them (feature
//!   `sealing`), writes by compare-and-swap, and settles the writes of which nobody knows whether they took place.
//!
//! It knows neither a runtime nor a transport. The suite that every backend must pass is the module `conformance` (feature
//! `conformance`).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod backend;
#[cfg(feature = "conformance")]
pub mod conformance;
mod entry;
mod error;
mod find;
mod installations;
mod key;
mod lease;
mod listing;
mod lookup;
mod memory;
mod removal;
#[cfg(feature = "sealing")]
mod sealing;
mod settle;

pub use backend::StoreBackend;
pub use entry::{Entry, Precondition, SecretBytes, StoredVersion, Write};
pub use error::{StoreError, StoreErrorKind};
pub use find::{Cursor, Item, Page, Query, Unreadable};
pub use installations::{InstallationStore, Stored};
pub use key::EntryKey;
pub use lease::{HeldLease, LeaseHolder, LeaseOutcome};
pub use listing::{FoundKey, KeyPage};
pub use lookup::{InstallationMatch, find_credential, find_installation};
pub use memory::MemoryStore;
pub use removal::{remove_bot, remove_installation, remove_place, remove_user};
#[cfg(feature = "sealing")]
pub use sealing::{SealingKey, SealingKeys};
