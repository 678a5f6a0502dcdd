//! How a transport is made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use slack_transport::{Error, ErrorKind, Limits, check_environment_proxies, check_proxy};

use crate::CurlTransport;
use crate::setup::{Config, Handles, Proxy};

/// Builds a [`CurlTransport`] that differs from the default.
///
/// ```
/// use slack_transport::Limits;
/// use slack_transport_curl::CurlTransport;
///
/// let transport = CurlTransport::builder(Limits::new()).proxy_from_environment().build()?;
/// # Ok::<(), slack_transport::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    config: Config,
    extra_ca: Option<Vec<u8>>,
}

impl Builder {
    pub(crate) fn new(limits: Limits) -> Self {
        let config = Config { limits, proxy: Proxy::None, only_ca: None };
        Self { config, extra_ca: None }
    }

    /// Uses the proxies that the environment names (`https_proxy`, `all_proxy`, `no_proxy`).
    ///
    /// Without this call no proxy is used, whatever the environment says. A variable that names no address with
    /// the scheme `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h` is an error of [`build`](Self::build).
    pub fn proxy_from_environment(self) -> Self {
        Self { config: Config { proxy: Proxy::Environment, ..self.config }, ..self }
    }

    /// Uses the proxy at `address` for every request, such as `http://user:password@proxy.example:3128`.
    pub fn proxy(self, address: &str) -> Self {
        Self { config: Config { proxy: Proxy::At(address.into()), ..self.config }, ..self }
    }

    /// Trusts the CA certificates in `pem` beside those of the platform.
    ///
    /// On systems whose certificates are not files, those that can be read are taken once, when the transport is built.
    pub fn extra_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { extra_ca: Some(pem.into()), ..self }
    }

    /// Trusts the CA certificates in `pem` and no others.
    pub fn only_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { config: Config { only_ca: Some(pem.into().into()), ..self.config }, ..self }
    }

    /// Builds the transport and starts its agent thread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the libcurl found has no TLS, is older than 8.7, does not know an option that the
    /// promises need, if the PEM is empty, if a proxy is not an address, or if
    /// the thread cannot start.
    pub fn build(mut self) -> Result<CurlTransport, Error> {
        if let Some(extra) = &self.extra_ca {
            self.config.only_ca = Some(with_platforms_certificates(extra)?.into());
        }
        if !curl::Version::get().feature_ssl() {
            return Err(refused("this libcurl has no TLS: turn on the feature rustls or openssl"));
        }
        if is_too_old(curl::Version::get().version_num()) {
            return Err(refused(
                "this libcurl is older than 8.7 and may repeat requests: turn on the feature vendored",
            ));
        }
        if self.config.only_ca.as_deref().is_some_and(|pem| !is_pem(pem)) {
            return Err(refused(
                "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
            ));
        }
        match &self.config.proxy {
            Proxy::None => {}
            Proxy::Environment => check_environment_proxies(SCHEMES)?,
            Proxy::At(address) => check_proxy(address, SCHEMES)?,
        }
        let sockets = Handles::new()?.sockets;
        self.config.easy(&sockets).map_err(|error| {
            refused("this libcurl lacks an option that the transport needs").with_source(error)
        })?;
        CurlTransport::start(self.config)
    }
}

/// Returns the platform's CA certificates and these as PEM: libcurl over rustls takes either, and not both.
fn with_platforms_certificates(extra: &[u8]) -> Result<Vec<u8>, Error> {
    if !is_pem(extra) {
        return Err(refused(
            "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
        ));
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(refused("the platform has no CA certificates that can be read"));
    }
    let mut pem = extra.to_vec();
    for certificate in found.certs {
        let text = STANDARD.encode(&certificate);
        pem.extend_from_slice(b"\n-----BEGIN CERTIFICATE-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.extend_from_slice(line);
            pem.push(b'\n');
        }
        pem.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    Ok(pem)
}

/// Before 8.7 libcurl sent the headers before it asked for the body, and what was sent could not be determined.
fn is_too_old(version: u32) -> bool {
    version < 0x08_07_00
}

/// Returns whether there is a certificate block. libcurl parses it when it connects.
fn is_pem(text: &[u8]) -> bool {
    text.windows(MARK.len()).any(|window| window == MARK)
}

fn refused(reason: &'static str) -> Error {
    Error::unsent(ErrorKind::Refused, reason)
}

const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libcurl_before_8_7_is_too_old() {
        for (version, old) in
            [(0x07_ff_ff, true), (0x08_06_ff, true), (0x08_07_00, false), (0x08_16_00, false)]
        {
            assert_eq!(is_too_old(version), old, "{version:x}");
        }
    }

    #[test]
    fn a_certificate_block_makes_it_pem() {
        assert!(is_pem(b"# a CA\n-----BEGIN CERTIFICATE-----\n"));
        assert!(!is_pem(b"-----BEGIN CERTIFICATE----"));
        assert!(!is_pem(b"-----BEGIN PRIVATE KEY-----\n"));
    }
}
