//! How a transport is built.

use std::fmt;
use std::sync::Arc;

use reqwest::{ClientBuilder, redirect, retry};
use slack_transport::{Error, ErrorKind, Limits, check_environment_proxies, check_proxy};
use tokio::runtime::Handle;

use crate::ReqwestTransport;
use crate::exchange::Exchanger;
use crate::failure;

/// Builds a [`ReqwestTransport`] that differs from the default.
///
/// ```
/// use slack_transport::Limits;
/// use slack_transport_reqwest::ReqwestTransport;
///
/// let transport = ReqwestTransport::builder(Limits::new()).proxy_from_environment().build()?;
/// # Ok::<(), slack_transport::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    limits: Limits,
    proxy: Proxy,
    only_ca: Option<Vec<u8>>,
    extra_ca: Option<Vec<u8>>,
    handle: Option<Handle>,
}

#[derive(Clone)]
enum Proxy {
    None,
    Environment,
    At(Arc<str>),
}

/// Shows no address, which may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Environment => "Environment",
            Self::At(_) => "At([redacted])",
        })
    }
}

impl Builder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, proxy: Proxy::None, only_ca: None, extra_ca: None, handle: None }
    }

    /// Uses the proxies that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// Without this call no proxy is used, whatever the environment says. A variable that names no address with
    /// the scheme `http` or `https` is an error of [`build`](Self::build), and not a direct connection.
    pub fn proxy_from_environment(self) -> Self {
        Self { proxy: Proxy::Environment, ..self }
    }

    /// Uses the proxy at `address` for every request, such as `http://user:password@proxy.example:3128`.
    pub fn proxy(self, address: &str) -> Self {
        Self { proxy: Proxy::At(address.into()), ..self }
    }

    /// Trusts the CA certificates in `pem` beside those of the platform.
    pub fn extra_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { extra_ca: Some(pem.into()), ..self }
    }

    /// Trusts the CA certificates in `pem` and no others.
    pub fn only_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { only_ca: Some(pem.into()), ..self }
    }

    /// Runs requests that are polled outside Tokio, and blocking ones, on `handle`'s runtime.
    ///
    /// Without this call they run on a worker thread that starts with the first of them. The
    /// runtime must have I/O and time enabled, and must be running.
    pub fn handle(self, handle: Handle) -> Self {
        Self { handle: Some(handle), ..self }
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if this build has no TLS, if the platform has no CA certificates, if the PEM holds none
    /// or a broken one, or if a proxy is not an address.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let in_place = Exchanger::new(self.client()?, self.limits);
        let elsewhere = in_place.with_client(self.client()?);
        Ok(ReqwestTransport::from_parts(in_place, elsewhere, self.handle))
    }

    /// Builds one client; two are needed, since a pooled connection lives on the runtime that opened it.
    fn client(&self) -> Result<reqwest::Client, Error> {
        let mut client = ClientBuilder::new()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(MOST_HEADER_LINES)
            .connect_timeout(self.limits.connect_timeout());
        #[cfg(feature = "rustls")]
        {
            client = client.http2_max_header_list_size(header_list_size(self.limits));
        }
        match &self.proxy {
            Proxy::None => client = client.no_proxy(),
            Proxy::Environment => check_environment_proxies(SCHEMES)?,
            Proxy::At(address) => {
                check_proxy(address, SCHEMES)?;
                let proxy = reqwest::Proxy::all(&**address).map_err(failure::of_building)?;
                client = client.proxy(proxy);
            }
        }
        if let Some(pem) = &self.only_ca {
            client = client_trusting_only(client, pem)?;
        }
        if let Some(pem) = &self.extra_ca {
            client = client_trusting_also(client, pem)?;
        }
        client.build().map_err(failure::of_building)
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn client_trusting_only(client: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, Error> {
    Ok(client.tls_certs_only(certificates(pem)?))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn client_trusting_also(client: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, Error> {
    Ok(client.tls_certs_merge(certificates(pem)?))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, Error> {
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Error::unsent(
            ErrorKind::Refused,
            "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
        )),
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn client_trusting_only(_: ClientBuilder, _: &[u8]) -> Result<ClientBuilder, Error> {
    Err(Error::unsent(
        ErrorKind::Refused,
        "this build has no TLS: turn on the feature rustls or native-tls",
    ))
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
use client_trusting_only as client_trusting_also;

/// Returns the most that h2 may count for a header list that the contract's cap allows.
///
/// HTTP/2 counts 32 bytes for each line where the contract counts four; the shortest line then has 33 instead
/// of five. The contract's own count decides afterwards.
#[cfg(feature = "rustls")]
fn header_list_size(limits: Limits) -> u32 {
    u32::try_from(limits.header_cap().saturating_mul(7)).unwrap_or(u32::MAX)
}

/// hyper allocates for as many with each answer, so it is not the cap's number of shortest lines.
const MOST_HEADER_LINES: usize = 128;
/// What reqwest knows without its feature `socks`; it ignores others and connects directly.
const SCHEMES: &[&str] = &["http", "https"];
