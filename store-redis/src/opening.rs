//! What is looked at before a server is trusted with tokens.

use std::{collections::HashMap, sync::Arc, time::Duration};

use redis::{Cmd, FromRedisValue, Value};
use slack_store::{StoreError, StoreErrorKind};
use tokio::time::Instant;

use crate::{
    access::Access,
    builder::refused,
    cluster::Cluster,
    error::{Cause, Failure, altered},
    node::{Answers, Node},
    scripts,
    server::{Route, Server},
};

/// The release of what this crate stores.
const RELEASE: u32 = 1;

/// The oldest server that refuses to run a script on a replica.
const OLDEST: u32 = 7;

/// What a store is opened with.
pub(crate) struct Opening {
    pub(crate) access: Access,
    /// The server that the program has named, and startup nodes.
    pub(crate) seeds: Vec<Arc<Node>>,
    pub(crate) timeout: Duration,
    pub(crate) may_lose_writes: bool,
}

impl Opening {
    /// Finds out what is there, one server or a cluster, and checks each server that is written to.
    pub(crate) async fn route(self) -> Result<Route, StoreError> {
        let (seed, is_cluster) = self.reach().await.map_err(Failure::of_read)?;
        let route = if is_cluster {
            let cluster = Cluster::open(self.access, self.seeds, &seed, self.timeout);
            Route::Cluster(cluster.await.map_err(Failure::of_read)?)
        } else if self.seeds.len() > 1 {
            return Err(refused(
                "the server is no node of a cluster: name no startup nodes, or another address",
            ));
        } else {
            Route::One(seed)
        };
        for primary in route.primaries() {
            check(&primary, self.timeout, self.may_lose_writes).await?;
        }
        Ok(route)
    }

    /// Returns the first server that answers, and whether it is a node of a cluster.
    async fn reach(&self) -> Result<(Arc<Node>, bool), Failure> {
        let mut failed = Failure::Unsent(Cause::new("no server is named"));
        for seed in &self.seeds {
            match info(seed, "cluster", self.timeout).await {
                Ok(info) => return Ok((seed.clone(), has(&info, "cluster_enabled:1"))),
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }
}

/// Looks at a server's version and settings.
async fn check(node: &Node, timeout: Duration, may_lose_writes: bool) -> Result<(), StoreError> {
    let info = info(node, "server", timeout).await.map_err(Failure::of_read)?;
    let cause = |text: &str| Cause::new(text).at(node.address.as_ref());
    if let Some(version) = version(&info)
        && major(version).is_some_and(|major| major < OLDEST)
    {
        let old = refused("the server is older than Redis 7: renew it");
        return Err(old.because(cause(&format!("it is {version}"))));
    }
    if may_lose_writes {
        return Ok(());
    }
    let mut config = redis::cmd("CONFIG");
    config.arg("GET").arg("append*").arg("maxmemory-policy");
    match ask(node, config, timeout).await {
        Ok(settings) => {
            keeps(&settings).map_err(|(what, setting)| refused(what).because(cause(&setting)))
        }
        // Some who offer Redis as a service let nobody look.
        Err(Failure::Refused { cause, .. }) => Err(refused(
            "the server does not show its settings: allow `CONFIG GET`, or set `may_lose_writes` if you know that it has \
             `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`",
        )
        .because(cause)),
        Err(failure) => Err(failure.of_read()),
    }
}

/// Looks whether the store is of a release that is known here.
pub(crate) async fn check_release(server: &Arc<Server>) -> Result<(), StoreError> {
    let mut release = scripts::RELEASE_NUMBER.on([&*server.names.release_number()]);
    release.arg(RELEASE);
    let release: String = server.send(vec![release]).await.map_err(Failure::of_write)?;
    match release.parse::<u32>() {
        Ok(RELEASE) => Ok(()),
        Ok(newer) if newer > RELEASE => Err(StoreError::new(
            StoreErrorKind::Foreign,
            "the store was written by a newer release: update this program",
        )),
        _ => {
            Err(altered(Cause::new("the release of the store is not a number that was ever used")))
        }
    }
}

async fn info(node: &Node, section: &str, timeout: Duration) -> Result<String, Failure> {
    let mut info = redis::cmd("INFO");
    info.arg(section);
    ask(node, info, timeout).await
}

/// Sends one command to one server.
async fn ask<T: FromRedisValue>(
    node: &Node,
    command: Cmd,
    timeout: Duration,
) -> Result<T, Failure> {
    let answers = node.exchange(vec![command], 0, Instant::now() + timeout).await;
    let last = |mut answers: Answers| answers.pop().unwrap_or(Ok(Value::Nil));
    let read = |answer| {
        let altered = |_| Failure::Altered(Cause::new("an answer is not of the type it should be"));
        redis::from_redis_value(answer).map_err(altered)
    };
    answers.and_then(last).and_then(read).map_err(|failure| failure.at(node.address.as_ref()))
}

/// Refuses settings with which a server may lose what it has acknowledged: with what to do, and what was found.
fn keeps(settings: &HashMap<String, String>) -> Result<(), (&'static str, String)> {
    let needed = [
        (
            ("appendonly", "yes"),
            "the server may lose acknowledged writes in a crash: set `appendonly yes` and `appendfsync always` there, or allow \
             it by `may_lose_writes`",
        ),
        (
            ("appendfsync", "always"),
            "the server may lose the writes of the last second in a crash: set `appendfsync always` there, or allow it by \
             `may_lose_writes`",
        ),
        (
            ("maxmemory-policy", "noeviction"),
            "the server may remove keys when its memory is full: set `maxmemory-policy noeviction` there, or allow it by \
             `may_lose_writes`",
        ),
    ];
    for ((name, value), what) in needed {
        match settings.get(name) {
            Some(setting) if setting == value => {}
            Some(setting) => return Err((what, format!("{name} is {setting}"))),
            None => return Err((what, format!("{name} is not told"))),
        }
    }
    Ok(())
}

fn has(info: &str, line: &str) -> bool {
    info.lines().any(|known| known == line)
}

/// Returns the version of Redis that the server is, or is compatible with.
fn version(info: &str) -> Option<&str> {
    info.lines().find_map(|line| line.strip_prefix("redis_version:"))
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lose_writes_are_refused_by_name() {
        let settings = |appendonly, appendfsync, policy| {
            let pairs = [
                ("appendonly", appendonly),
                ("appendfsync", appendfsync),
                ("maxmemory-policy", policy),
            ];
            pairs.map(|(name, value): (&str, &str)| (name.to_owned(), value.to_owned())).into()
        };
        assert!(keeps(&settings("yes", "always", "noeviction")).is_ok());
        for (bad, word) in [
            (settings("no", "always", "noeviction"), "appendonly yes"),
            (settings("yes", "everysec", "noeviction"), "appendfsync always"),
            (settings("yes", "no", "noeviction"), "appendfsync always"),
            (settings("yes", "always", "volatile-lru"), "maxmemory-policy noeviction"),
            (HashMap::new(), "appendonly yes"),
        ] {
            let (what, setting) = keeps(&bad).unwrap_err();
            assert!(what.contains(word), "{what}");
            assert!(setting.starts_with(word.split(' ').next().unwrap()), "{setting}");
        }
    }

    #[test]
    fn the_version_is_read() {
        let info = "# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n";
        assert_eq!(version(info).and_then(major), Some(7));
        assert_eq!(version("# Server\r\n"), None);
        assert!(has(info, "redis_git_sha1:0") && !has(info, "redis_git_sha1:00"));
    }
}
