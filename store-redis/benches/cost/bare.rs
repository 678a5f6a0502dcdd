//! The crate `redis` alone: the store's scripts, sent the same way over one connection.

use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};
use slack_store::{LeaseHolder, StoredVersion};

use crate::{LEASE, PREFIX, TIMEOUT, VALUE, WEEK, scripts};

type Found = (Option<String>, Option<Vec<u8>>);

#[derive(Clone)]
pub(crate) struct Bare {
    connection: MultiplexedConnection,
}

impl Bare {
    pub(crate) async fn connect(server: &str) -> Self {
        let client = Client::open(server).unwrap();
        // The crate has such a limit by default as well, a shorter one.
        let settings = AsyncConnectionConfig::new().set_response_timeout(Some(TIMEOUT));
        let connection = client.get_multiplexed_async_connection_with_config(&settings).await;
        Self { connection: connection.unwrap() }
    }

    pub(crate) async fn remove_all(&self) {
        let mut connection = self.connection.clone();
        let mut keys = redis::cmd("KEYS");
        keys.arg(format!("{PREFIX}:*"));
        let keys: Vec<String> = keys.query_async(&mut connection).await.unwrap();
        for key in keys {
            redis::cmd("DEL").arg(key).exec_async(&mut connection).await.unwrap();
        }
    }

    pub(crate) async fn load(&self, key: &str) {
        let load = scripts::LOAD.plain.on([&*entry(key)]);
        let (version, value): Found = load.query_async(&mut self.connection.clone()).await.unwrap();
        assert!(version.unwrap().parse::<i64>().is_ok());
        assert_eq!(value.unwrap().len(), VALUE);
    }

    pub(crate) async fn cycle(&self, key: &str) {
        let mut connection = self.connection.clone();
        let holder = LeaseHolder::random().unwrap();
        let (entry, lease) = (entry(key), format!("{PREFIX}:lease:{{{key}}}:bot"));
        let mut acquire = scripts::ACQUIRE_AND_LOAD.on([&*lease, &*entry]);
        acquire.arg(holder.as_bytes().as_slice()).arg(millis(LEASE));
        let (held, found): (i64, Option<Found>) =
            acquire.query_async(&mut connection).await.unwrap();
        assert_eq!(held, -1);
        let old = found.unwrap().0;

        let new = StoredVersion::random().unwrap().as_i64().to_string();
        let mut add = scripts::ADD.on(indexes().iter().map(String::as_str));
        add.arg(member(key, &new)).arg(millis(WEEK)).arg(0);
        let mut put = scripts::PUT.on([&*entry]);
        put.arg(old.as_deref().unwrap_or_default()).arg(&new).arg(vec![7_u8; VALUE]);
        let mut both = redis::pipe();
        both.add_command(add).add_command(put);
        let done: (i64, i64) = both.query_async(&mut connection).await.unwrap();
        assert_eq!(done, (1, 1));
        if let Some(old) = old {
            let mut drop = scripts::DROP.on(indexes().iter().map(String::as_str));
            drop.arg(member(key, &old));
            let mut connection = connection.clone();
            // Nobody waits for it.
            tokio::spawn(async move { drop.query_async::<i64>(&mut connection).await.unwrap() });
        }

        let mut release = scripts::RELEASE.on([&*lease]);
        release.arg(holder.as_bytes().as_slice());
        assert_eq!(release.query_async::<i64>(&mut connection).await.unwrap(), 1);
    }

    /// Runs so many cycles at once, each on a key of its own.
    pub(crate) async fn cycles(&self, count: usize) {
        crate::at_once(count, |number| {
            let bare = self.clone();
            async move { bare.cycle(&format!("bare/{number}")).await }
        })
        .await;
    }
}

fn entry(key: &str) -> String {
    format!("{PREFIX}:entry:{{{key}}}")
}

fn member(key: &str, version: &str) -> String {
    format!("{key}\0{version}")
}

/// They are apart from the store's: neither side's indexes grow by what the other one does.
fn indexes() -> [String; 4] {
    ["all", "due", "attention", "stale"].map(|index| format!("{PREFIX}:bare:{{{PREFIX}}}:{index}"))
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap()
}
