//! The transport itself.

use std::fmt;

use async_trait::async_trait;
use http::{Request, Response};
use slack_transport::{BlockingTransport, Body, Error, Limits, OverTokio, Transport};
use tokio::runtime::Handle;

use crate::Builder;
use crate::exchange::Exchanger;

/// Sends requests by hyper.
///
/// Share one among all tasks and threads, in an `Arc`: connections are reused only within it.
pub struct HyperTransport {
    inner: OverTokio<Exchanger>,
}

impl HyperTransport {
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

    pub(crate) fn from_parts(exchanger: Exchanger, handle: Option<Handle>) -> Self {
        // One pool serves both: it knows on which runtime a connection lives.
        Self { inner: OverTokio::new(exchanger.clone(), exchanger, handle, "slack-hyper") }
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.inner.send(request).await
    }
}

impl BlockingTransport for HyperTransport {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.inner.send_blocking(request)
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
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
        let shown = format!("{:?}", HyperTransport::new(limits).unwrap());
        assert_eq!(shown, format!("HyperTransport {{ limits: {limits:?}, .. }}"));
    }
}
