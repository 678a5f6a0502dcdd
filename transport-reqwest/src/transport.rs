//! The transport itself.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use slack_transport::{BlockingTransport, Body, Error, ErrorKind, Limits, OverTokio, Transport};

use tokio::runtime::Handle;

use crate::Builder;
use crate::exchange::Exchanger;

/// Sends requests by a [`reqwest::Client`].
///
/// Share one among all tasks and threads, in an `Arc`: connections are reused only within it.
pub struct ReqwestTransport {
    inner: OverTokio<Exchanger>,
}

impl ReqwestTransport {
    /// Creates a transport with `limits`, without proxy, that trusts what the platform trusts.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::builder(limits).build()
    }

    /// Returns a builder for a transport that differs in proxy, certificates or runtime.
    pub fn builder(limits: Limits) -> Builder {
        Builder::new(limits)
    }

    /// Creates a transport over a client that somebody else configured.
    ///
    /// Body cap, header cap and total timeout stay the transport's. These guarantees are then the
    /// caller's, by [`reqwest::ClientBuilder`]:
    ///
    /// - no redirects: `redirect(Policy::none())`. A client that follows them sends the body of a
    ///   307, secrets included, to another host. This one is checked.
    /// - no hidden retries: `retry(reqwest::retry::never())`;
    /// - a connect timeout: `connect_timeout(..)`;
    /// - no proxy unless meant: `no_proxy()`;
    /// - no `Referer` and no decompression: `referer(false)`, `no_gzip()` and its siblings;
    /// - folded headers are taken: `http1_allow_obsolete_multiline_headers_in_responses(true)`;
    /// - certificates are verified.
    ///
    /// Inside and outside Tokio the one client is used, so a connection opened on one runtime may
    /// be used from another: keep the runtimes running while the transport lives.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the client may follow redirects.
    ///
    /// ```
    /// use slack_transport::Limits;
    /// use slack_transport_reqwest::ReqwestTransport;
    ///
    /// let careless = reqwest::Client::builder().no_proxy().build()?;
    /// assert!(ReqwestTransport::from_client(careless, Limits::new()).is_err());
    ///
    /// let careful = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .no_proxy();
    /// let transport = ReqwestTransport::from_client(careful.build()?, Limits::new())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_client(client: reqwest::Client, limits: Limits) -> Result<Self, Error> {
        // reqwest shows its redirect policy nowhere else. Should the text change, clients are refused, not let through.
        if !format!("{client:?}").contains("Policy(None)") {
            return Err(Error::unsent(
                ErrorKind::Refused,
                "the client may follow redirects: build it with redirect(Policy::none())",
            ));
        }
        let exchanger = Exchanger::new(client, limits);
        Ok(Self::from_parts(exchanger.clone(), exchanger, None))
    }

    pub(crate) fn from_parts(
        in_place: Exchanger,
        elsewhere: Exchanger,
        handle: Option<Handle>,
    ) -> Self {
        Self { inner: OverTokio::new(in_place, elsewhere, handle, "slack-reqwest") }
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.inner.send(request).await
    }
}

impl BlockingTransport for ReqwestTransport {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.inner.send_blocking(request)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport")
            .field("limits", &self.inner.in_place().limits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_its_limits() {
        let limits = Limits::new().with_body_cap(7);
        let shown = format!("{:?}", ReqwestTransport::new(limits).unwrap());
        assert_eq!(shown, format!("ReqwestTransport {{ limits: {limits:?}, .. }}"));
    }
}
