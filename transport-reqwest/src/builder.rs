//! How a transport is made.

use reqwest::{ClientBuilder, redirect, retry};
use slack_transport::{Error, ErrorKind, Limits};
use tokio::runtime::Handle;

use crate::ReqwestTransport;
use crate::exchange::Exchanger;
use crate::failure;
use crate::worker::Elsewhere;

/// Makes a [`ReqwestTransport`] that differs from the default.
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
    handle: Option<Handle>,
}

#[derive(Clone, Copy, Debug)]
enum Proxy {
    None,
    Environment,
}

impl Builder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, proxy: Proxy::None, only_ca: None, handle: None }
    }

    /// Uses the proxies that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// Without this call no proxy is used, whatever the environment says.
    pub fn proxy_from_environment(self) -> Self {
        Self { proxy: Proxy::Environment, ..self }
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

    /// Makes the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if this build has no TLS, if the platform has no CA certificates, or
    /// if the PEM holds none or a broken one.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let in_place = Exchanger::new(self.client()?, self.limits);
        let elsewhere = in_place.with_client(self.client()?);
        Ok(ReqwestTransport::from_parts(in_place, Elsewhere::new(elsewhere, self.handle)))
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
            .connect_timeout(self.limits.connect_timeout());
        if let Proxy::None = self.proxy {
            client = client.no_proxy();
        }
        if let Some(pem) = &self.only_ca {
            client = only_ca(client, pem)?;
        }
        client.build().map_err(failure::of_building)
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn only_ca(client: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder, Error> {
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(client.tls_certs_only(certificates)),
        _ => Err(Error::unsent(
            ErrorKind::Refused,
            "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
        )),
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn only_ca(_: ClientBuilder, _: &[u8]) -> Result<ClientBuilder, Error> {
    Err(Error::unsent(
        ErrorKind::Refused,
        "this build has no TLS: turn on the feature rustls or native-tls",
    ))
}
