//! How a transport is made.

use slack_transport::{Error, ErrorKind, Limits};

use crate::CurlTransport;
use crate::setup::{Config, Proxy};

/// Makes a [`CurlTransport`] that differs from the default.
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
}

impl Builder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { config: Config { limits, proxy: Proxy::None, only_ca: None } }
    }

    /// Uses the proxies that the environment names (`https_proxy`, `all_proxy`, `no_proxy`).
    ///
    /// Without this call no proxy is used, whatever the environment says.
    pub fn proxy_from_environment(self) -> Self {
        Self { config: Config { proxy: Proxy::Environment, ..self.config } }
    }

    /// Trusts the CA certificates in `pem` and no others.
    pub fn only_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { config: Config { only_ca: Some(pem.into().into()), ..self.config } }
    }

    /// Makes the transport and starts its agent thread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the libcurl found has no TLS, is older than 8.7, does not know an option that the
    /// promises need, if the PEM is empty, or if the thread cannot start.
    pub fn build(self) -> Result<CurlTransport, Error> {
        if !curl::Version::get().feature_ssl() {
            return Err(refused("this libcurl has no TLS: turn on the feature rustls or openssl"));
        }
        if curl::Version::get().version_num() < OLDEST {
            return Err(refused(
                "this libcurl is older than 8.7 and may repeat requests: turn on the feature vendored",
            ));
        }
        let pem = self.config.only_ca.as_deref();
        if pem.is_some_and(|pem| !pem.windows(MARK.len()).any(|window| window == MARK)) {
            return Err(refused(
                "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
            ));
        }
        self.config.easy().map_err(|error| {
            refused("this libcurl lacks an option that the transport needs").with_source(error)
        })?;
        CurlTransport::start(self.config)
    }
}

fn refused(reason: &'static str) -> Error {
    Error::unsent(ErrorKind::Refused, reason)
}

/// Before 8.7 the headers were sent before the body was asked for, and what was sent could not be told.
const OLDEST: u32 = 0x08_07_00;
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
