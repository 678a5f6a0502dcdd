//! Where the server is, and whether the way to it must be encrypted.

use std::{net::IpAddr, str::FromStr};

use slack_store::{StoreError, StoreErrorKind};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// Parses a connection string: a URL, or pairs such as `host=localhost user=app`.
///
/// TLS with a checked certificate is what a server elsewhere than on this machine is reached by, unless the string says
/// `sslmode=disable`. libpq's `verify-full` and `verify-ca` are taken as `require`, which checks the same here.
pub(crate) fn parse(text: &str) -> Result<Config, StoreError> {
    let says_disable = text.contains("sslmode=disable");
    let text = ["verify-full", "verify-ca"].iter().fold(text.to_owned(), |text, mode| {
        text.replace(&format!("sslmode={mode}"), "sslmode=require")
    });
    // Its words may quote the string, and the string holds the password.
    let mut config = Config::from_str(&text).map_err(|_| {
        StoreError::new(
            StoreErrorKind::Refused,
            "this is not a connection string: give postgres://USER:PASSWORD@HOST/DATABASE",
        )
    })?;
    if !says_disable && !is_local(&config) {
        config.ssl_mode(SslMode::Require);
    }
    Ok(config)
}

fn is_local(config: &Config) -> bool {
    let by_name = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    by_name && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_reached_by_tls_unless_the_string_says_otherwise() {
        for (text, mode) in [
            ("postgres://app@db.example.com/app", SslMode::Require),
            ("postgres://app@db.example.com/app?sslmode=prefer", SslMode::Require),
            ("postgres://app@db.example.com/app?sslmode=verify-full", SslMode::Require),
            ("host=db.example.com user=app sslmode=verify-ca", SslMode::Require),
            ("host=localhost hostaddr=192.0.2.1 user=app", SslMode::Require),
            ("postgres://app@localhost,db.example.com/app", SslMode::Require),
            ("postgres://app@db.example.com/app?sslmode=disable", SslMode::Disable),
            ("postgres://app@127.0.0.1:6432/app", SslMode::Prefer),
            ("postgres://app@[::1]/app", SslMode::Prefer),
            ("host=/run/postgresql user=app", SslMode::Prefer),
            ("postgres://app@localhost/app?sslmode=require", SslMode::Require),
        ] {
            assert_eq!(parse(text).unwrap().get_ssl_mode(), mode, "{text}");
        }
    }

    #[test]
    fn a_refused_string_is_not_shown() {
        for text in
            ["postgres://app:hush@host:port/x", "hush", "host=a port=hush", "postgres://a?x=hush"]
        {
            let error = parse(text).unwrap_err();
            let shown = format!("{error:?} {error}");
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
