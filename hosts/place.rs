//! The store that the processes share, and what keeps it.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use slack_auth::store::{PostgresStore, StoreBackend, StoreError};

use crate::worker::{PATIENCE, Pace};

/// What keeps the store, on a host of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// One server, with a pooler before it.
    Postgres,
    /// A server with a replica, and an address that leads to either.
    Redis,
}

impl Server {
    pub(crate) fn at(place: &str) -> Self {
        if place.starts_with("redis://") { Self::Redis } else { Self::Postgres }
    }
}

/// Opens the store in a server, which may be away just now.
pub(crate) fn open(place: &str) -> Arc<dyn StoreBackend> {
    let begin = Instant::now();
    loop {
        let opened = match Server::at(place) {
            Server::Postgres => in_postgres(place),
            Server::Redis => in_redis(place),
        };
        match opened {
            Ok(store) => return store,
            Err(error) if begin.elapsed() > PATIENCE => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn in_postgres(place: &str) -> Result<Arc<dyn StoreBackend>, StoreError> {
    let store = PostgresStore::builder(place).max_connections(4).timeout(TIMEOUT);
    Ok(Arc::new(block_on(store.open())?))
}

#[cfg(feature = "redis")]
fn in_redis(place: &str) -> Result<Arc<dyn StoreBackend>, StoreError> {
    let store = slack_store_redis::RedisStore::builder(place).unencrypted(true).timeout(TIMEOUT);
    // What counts is on the replica, so that a failover loses nothing that counts, however far the replica lags: nothing
    // that is sent twice is explained by a lag. Without this a failover loses what a server has acknowledged while its
    // replica lagged, as it may, and the test would have to take that for a reason.
    Ok(Arc::new(block_on(store.wait_for_replicas(1).open())?))
}

#[cfg(not(feature = "redis"))]
fn in_redis(_: &str) -> Result<Arc<dyn StoreBackend>, StoreError> {
    panic!("built without the feature `redis`")
}

const TIMEOUT: Duration = Duration::from_millis(Pace::STORE_TIMEOUT * 1_000 / 2);
