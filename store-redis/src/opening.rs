//! What is looked at before a server is trusted with tokens.

use std::{collections::HashMap, sync::Arc};

use slack_store::{StoreError, StoreErrorKind};

use crate::{
    builder::refused,
    error::{Cause, Failure, altered},
    scripts,
    server::Server,
};

/// The release of what this crate stores.
const RELEASE: u32 = 1;

/// The oldest server that refuses to run a script on a replica.
const OLDEST: u32 = 7;

pub(crate) async fn check(server: &Arc<Server>, may_lose_writes: bool) -> Result<(), StoreError> {
    let mut info = redis::cmd("INFO");
    info.arg("server");
    let info: String = server.send(vec![info]).await.map_err(Failure::of_read)?;
    if major(&info).is_some_and(|major| major < OLDEST) {
        return Err(refused("the server is older than Redis 7: renew it"));
    }
    if !may_lose_writes {
        let mut config = redis::cmd("CONFIG");
        config.arg("GET").arg("append*").arg("maxmemory-policy");
        let settings = server.send(vec![config]).await;
        match settings {
            Ok(settings) => keeps(&settings)?,
            // Some who offer Redis as a service let nobody look.
            Err(Failure::Refused { cause, .. }) => {
                return Err(refused(
                    "the server does not show its settings: allow `CONFIG GET`, or set `may_lose_writes` if you know that it \
                     has `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`",
                )
                .because(cause));
            }
            Err(failure) => return Err(failure.of_read()),
        }
    }
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

/// Refuses settings with which the server may lose what it has acknowledged.
fn keeps(settings: &HashMap<String, String>) -> Result<(), StoreError> {
    let is = |name: &str, value| settings.get(name).is_some_and(|setting| setting == value);
    if !is("appendonly", "yes") {
        return Err(refused(
            "the server may lose acknowledged writes in a crash: set `appendonly yes` and `appendfsync always` there, or \
             allow it by `may_lose_writes`",
        ));
    }
    if !is("appendfsync", "always") {
        return Err(refused(
            "the server may lose the writes of the last second in a crash: set `appendfsync always` there, or allow it by \
             `may_lose_writes`",
        ));
    }
    if !is("maxmemory-policy", "noeviction") {
        return Err(refused(
            "the server may remove keys when its memory is full: set `maxmemory-policy noeviction` there, or allow it by \
             `may_lose_writes`",
        ));
    }
    Ok(())
}

/// Returns the major version of Redis that the server is, or is compatible with.
fn major(info: &str) -> Option<u32> {
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
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
            let error = keeps(&bad).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn the_version_is_read() {
        assert_eq!(major("# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n"), Some(7));
        assert_eq!(major("# Server\r\n"), None);
    }
}
