//! A store in Redis, with the options that its URL names.

use slack_store_redis::{RedisStore, RedisStoreBuilder};

use crate::problem::Problem;

/// Opens the store that a URL names. What stands behind `?` is for [`RedisStoreBuilder`] by the names of its methods, but for
/// `protocol`, which is the client's.
pub(super) async fn open(url: &str) -> Result<RedisStore, Problem> {
    builder(url).map_err(Problem::misuse)?.open().await.map_err(Problem::refused)
}

fn builder(url: &str) -> Result<RedisStoreBuilder, String> {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let options = || options.split('&').filter(|option| !option.is_empty());
    let protocol = options().find(|option| option.starts_with("protocol="));
    let address = match protocol {
        Some(protocol) => format!("{address}?{protocol}"),
        None => address.to_owned(),
    };
    options()
        .filter(|option| Some(*option) != protocol)
        .try_fold(RedisStore::builder(&address), with_option)
}

/// No value is shown: a password may have ended up behind `?`.
fn with_option(builder: RedisStoreBuilder, option: &str) -> Result<RedisStoreBuilder, String> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let yes = |name: &str| match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{name}` of redis:// is `true` or `false`")),
    };
    match name {
        "prefix" if !value.is_empty() => Ok(builder.prefix(value)),
        "wait_for_replicas" => match value.parse() {
            Ok(replicas) => Ok(builder.wait_for_replicas(replicas)),
            Err(_) => Err("`wait_for_replicas` of redis:// is a number".to_owned()),
        },
        "startup_nodes" if !value.is_empty() => Ok(builder.startup_nodes(value.split(','))),
        "ca_certificates" => match std::fs::read(value) {
            Ok(pem) => Ok(builder.ca_certificates(pem)),
            Err(error) => Err(format!("the file of `ca_certificates` of redis:// cannot be read: {error}")),
        },
        "may_lose_writes" => Ok(builder.may_lose_writes(yes(name)?)),
        "unencrypted" => Ok(builder.unencrypted(yes(name)?)),
        _ => Err("the options of redis:// are `prefix`, `startup_nodes`, `ca_certificates`, `wait_for_replicas`, \
                  `may_lose_writes`, `unencrypted` and `protocol`, each as `name=value` behind `?`, with `&` between"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_sets_the_builder() {
        let set = |url| builder(url).map(|builder| format!("{builder:?}"));
        let built =
            set("redis://localhost/0?wait_for_replicas=2&prefix=other&protocol=resp3").unwrap();
        assert!(built.contains("replicas: 2") && built.contains("\"other\""), "{built}");
        let plain = set("redis://localhost").unwrap();
        assert!(plain.contains("replicas: 0") && plain.contains("\"slack-auth\""), "{plain}");
    }

    #[test]
    fn an_option_that_does_nothing_is_refused() {
        for option in [
            "wait_for_replica=1",
            "wait_for_replicas=",
            "wait_for_replicas=-1",
            "may_lose_writes",
            "may_lose_writes=1",
            "unencrypted=yes",
            "prefix=",
            "startup_nodes=",
            "ca_certificates=/no/such/file",
            "password=hush",
        ] {
            let words = builder(&format!("redis://localhost/0?{option}")).unwrap_err();
            assert!(words.contains("redis://") && !words.contains("hush"), "{option}: {words}");
        }
    }
}
