//! How a transport is built.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use slack_transport::{Error, Limits, check_environment_proxies, check_proxy};
use tokio::runtime::Handle;

use crate::HyperTransport;
use crate::connect::Connector;
use crate::exchange::Exchanger;
use crate::tls::{self, Trust};

/// Builds a [`HyperTransport`] that differs from the default.
///
/// ```
/// use slack_transport::Limits;
/// use slack_transport_hyper::HyperTransport;
///
/// let transport = HyperTransport::builder(Limits::new()).proxy_from_environment().build()?;
/// # Ok::<(), slack_transport::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    limits: Limits,
    proxy: Proxy,
    trust: Trust,
    handle: Option<Handle>,
}

#[derive(Clone)]
enum Proxy {
    None,
    Environment,
    At(String),
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
        Self { limits, proxy: Proxy::None, trust: Trust::Platform, handle: None }
    }

    /// Uses the proxies that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// Without this call no proxy is used, whatever the environment says. A variable that names no address with the
    /// scheme `http` is an error of [`build`](Self::build), and not a direct connection.
    pub fn proxy_from_environment(self) -> Self {
        Self { proxy: Proxy::Environment, ..self }
    }

    /// Uses the proxy at `address` for every request, such as `http://user:password@proxy.example:3128`.
    pub fn proxy(self, address: &str) -> Self {
        Self { proxy: Proxy::At(address.to_owned()), ..self }
    }

    /// Trusts the CA certificates in `pem` beside those of the platform.
    pub fn extra_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { trust: Trust::Also(pem.into()), ..self }
    }

    /// Trusts the CA certificates in `pem` and no others.
    pub fn only_ca_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { trust: Trust::Only(pem.into()), ..self }
    }

    /// Runs requests that are polled outside Tokio, and blocking ones, on `handle`'s runtime.
    ///
    /// Without this call they run on a worker thread that starts with the first of them. The runtime must have I/O and
    /// time enabled, and must be running.
    pub fn handle(self, handle: Handle) -> Self {
        Self { handle: Some(handle), ..self }
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`](slack_transport::ErrorKind::Refused) if the platform has no CA certificates, if the PEM
    /// holds none or a broken one, or if a proxy is not an address.
    pub fn build(self) -> Result<HyperTransport, Error> {
        let proxies = match &self.proxy {
            Proxy::None => None,
            Proxy::Environment => {
                check_environment_proxies(SCHEMES)?;
                Some(Matcher::from_env())
            }
            Proxy::At(address) => {
                check_proxy(address, SCHEMES)?;
                Some(Matcher::builder().all(address.clone()).build())
            }
        };
        let connector = Connector::new(self.limits, tls::config(&self.trust)?, proxies);
        Ok(HyperTransport::from_parts(Exchanger::new(connector, self.limits), self.handle))
    }
}

const SCHEMES: &[&str] = &["http"];
