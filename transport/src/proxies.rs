//! The proxies that the environment names.

use std::env;
use std::ffi::OsString;

use http::Uri;

use crate::{Error, ErrorKind};

/// Checks that every proxy which the environment names is an address with one of the `schemes`.
///
/// A client that is told to use the environment's proxies may ignore one it cannot read, and then connects
/// directly. A transport calls this before it is built.
///
/// # Errors
///
/// [`ErrorKind::Refused`] for the first of `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`, in either case, that is neither
/// empty nor an address.
pub fn check_environment_proxies(schemes: &[&str]) -> Result<(), Error> {
    for (name, reason) in VARIABLES {
        match env::var_os(name).map(OsString::into_string) {
            None => {}
            Some(Ok(text)) if text.is_empty() || is_proxy(&text, schemes) => {}
            Some(_) => return Err(Error::unsent(ErrorKind::Refused, reason)),
        }
    }
    Ok(())
}

/// Checks that `proxy` is an address with one of the `schemes`, such as `http://user:password@host:3128`.
///
/// # Errors
///
/// [`ErrorKind::Refused`] otherwise; the address is not shown, since there may be a password in it.
pub fn check_proxy(proxy: &str, schemes: &[&str]) -> Result<(), Error> {
    if is_proxy(proxy, schemes) {
        Ok(())
    } else {
        Err(Error::unsent(
            ErrorKind::Refused,
            "the proxy is not an address that this transport can use: give one such as http://host:3128",
        ))
    }
}

/// Returns whether `text` is a host and port, with or without a scheme and user info.
fn is_proxy(text: &str, schemes: &[&str]) -> bool {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let Ok(uri) = format!("http://{host}").parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let whole = uri.path() == "/" && uri.query().is_none();
    // `http` parses a port above 65535 and an empty one, and then has none.
    let port = authority.port_u16().is_some() || authority.as_str() == authority.host();
    whole
        && port
        && !authority.host().is_empty()
        && schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

const VARIABLES: [(&str, &str); 6] = [
    ("HTTPS_PROXY", "HTTPS_PROXY names no proxy that this transport can use: correct or unset it"),
    ("https_proxy", "https_proxy names no proxy that this transport can use: correct or unset it"),
    ("HTTP_PROXY", "HTTP_PROXY names no proxy that this transport can use: correct or unset it"),
    ("http_proxy", "http_proxy names no proxy that this transport can use: correct or unset it"),
    ("ALL_PROXY", "ALL_PROXY names no proxy that this transport can use: correct or unset it"),
    ("all_proxy", "all_proxy names no proxy that this transport can use: correct or unset it"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_other_text() {
        for text in [
            "127.0.0.1:3128",
            "http://proxy.example:3128",
            "http://proxy.example:3128/",
            "HTTP://user:pass%40word@proxy.example",
            "https://[::1]:8080",
            "[::1]",
            "proxy",
        ] {
            assert!(check_proxy(text, &["http", "https"]).is_ok(), "{text}");
        }
        for text in [
            "not an address",
            "",
            "http://",
            "http://:3128",
            "http://host:99999",
            "http://host:",
            "http://host:port",
            "http://host/path",
            "socks5://host:1080",
            "://host",
        ] {
            let error = check_proxy(text, &["http", "https"]).unwrap_err();
            assert_eq!(
                (error.kind(), error.nothing_was_sent()),
                (ErrorKind::Refused, true),
                "{text}"
            );
        }
        assert!(check_proxy("socks5://host:1080", &["socks5"]).is_ok());
    }
}
