//! Where installations of `slack-auth` are kept.
//!
//! Two layers:
//!
//! * A [`StoreBackend`] keeps bytes under keys, and leases. [`MemoryStore`] is one, `slack-store-file` has one in a folder,
//!   and you can write one over any database.
//! * An [`InstallationStore`] keeps the installations of one app over a backend. It encodes them, seals them (feature
//!   `sealing`), writes by compare-and-swap, and settles the writes with an unknown outcome.
//!
//! # A store of your own
//!
//! 1. A table of entries: key (compared byte by byte), version (64 bits, see [`StoredVersion::as_i64`]), value (bytes), the
//!    time when it is due by the database's clock, and whether it needs a person. An index on (due, key), and one on
//!    the keys that need a person. `examples/sqlite-store` is a whole one to copy from.
//! 2. [`put`](StoreBackend::put) and [`remove`](StoreBackend::remove) compare the version and write in one statement, and look
//!    at how many rows it changed: none is [`StoreError::conflict`]. [`Precondition::version`] is what to compare with.
//! 3. A table of leases: key, part, holder, and the end by the database's clock. [`acquire`](StoreBackend::acquire) is one
//!    statement too: it writes if there is no lease, if the holder is the same, or if the lease has run out.
//!    [`acquire_and_load`](StoreBackend::acquire_and_load) can read the entry in the same round trip; leave it out at first.
//! 4. [`find`](StoreBackend::find) reads one row more than was asked for, and [`Page::collect`] makes the page of them.
//! 5. An error is [`StoreError::unknown`] if the write may have taken place, such as a connection that broke before the
//!    answer came; [`StoreError::unavailable`] if it has not. Do not repeat a write: that is settled above the store.
//! 6. Read from where you write: a replica that lags fails the suite, and would cost installations.
//! 7. Run the suite in a test, under the runtime of your driver, and say in your docs what "durable" means.
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
mod loaded;
mod lookup;
mod memory;
mod phase;
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
pub use loaded::Loaded;
pub use lookup::{InstallationMatch, find_credential, find_installation};
pub use memory::MemoryStore;
pub use phase::phase;
#[cfg(feature = "sealing")]
pub use sealing::{SealingKey, SealingKeys};
