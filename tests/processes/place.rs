//! Where the processes keep what they share: a folder.

use std::sync::Arc;

use slack_auth::store::{FileStore, StoreBackend};

/// Opens the store in a folder.
pub(crate) fn open(place: &str) -> Arc<dyn StoreBackend> {
    Arc::new(FileStore::open(place).unwrap())
}
