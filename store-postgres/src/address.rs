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
/// `sslmode=disable`. One on this machine is reached without, unless the string asks for TLS: Debian's packages, for one,
/// give the server a certificate that nobody has signed. libpq's `verify-full` and `verify-ca` are taken as `require`,
/// which checks the same here.
pub(crate) fn parse(text: &str) -> Result<Config, StoreError> {
    // Its words may quote the string, and the string holds the password.
    let mut config = Config::from_str(&required(text)).map_err(|_| {
        StoreError::new(
            StoreErrorKind::Refused,
            "this is not a connection string: give postgres://USER:PASSWORD@HOST/DATABASE",
        )
    })?;
    if config.get_ssl_mode() == SslMode::Prefer {
        let mode = if is_local(&config) { SslMode::Disable } else { SslMode::Require };
        config.ssl_mode(mode);
    }
    Ok(config)
}

/// Returns the string with those modes of libpq as `require` that the driver does not know. Elsewhere than where a setting
/// begins the words are left alone: they may be part of a password.
fn required(text: &str) -> String {
    ["verify-full", "verify-ca"].iter().fold(text.to_owned(), |text, mode| {
        ["?", "&", " "].iter().fold(text, |text, before| {
            text.replace(&format!("{before}sslmode={mode}"), &format!("{before}sslmode=require"))
        })
    })
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
            ("postgres://app@127.0.0.1:6432/app", SslMode::Disable),
            ("postgres://app@[::1]/app", SslMode::Disable),
            ("host=/run/postgresql user=app", SslMode::Disable),
            // A password is no setting.
            ("postgres://app:sslmode=disable@db.example.com/app", SslMode::Require),
            ("host=db.example.com user=app password=sslmode=disable", SslMode::Require),
            ("postgres://app@localhost/app?sslmode=verify-ca", SslMode::Require),
            ("postgres://app@localhost/app?sslmode=require", SslMode::Require),
        ] {
            assert_eq!(parse(text).unwrap().get_ssl_mode(), mode, "{text}");
        }
    }

    #[test]
    fn a_password_stays_as_it_is() {
        let config = parse("postgres://app:sslmode=verify-full@localhost/app").unwrap();
        assert_eq!(config.get_password(), Some(&b"sslmode=verify-full"[..]));
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
