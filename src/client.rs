//! The client: sends methods over a transport.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderValue, Request, Response, header::USER_AGENT};
use slack_proto::{
    ApiMethod, Endpoint,
    methods::{Reply, RequestBody},
};
use slack_transport::{BlockingTransport, Body, Error, ErrorKind, Transport};
use zeroize::Zeroizing;

use crate::{call_error::TransportError, error::CallError};

/// Calls methods of the Slack at one [`Endpoint`], over one transport.
///
/// Create one and clone it: clones share the transport, and connections are reused only within it. It retries nothing;
/// [`CallError::recovery`] says what to do.
///
/// Each built-in transport is behind a feature of this crate: `Client::with_reqwest` needs the feature `reqwest`,
/// `Client::with_hyper` needs `hyper`, `Client::with_curl` needs `curl`, and `Client::builder` needs any of them. A call of
/// one whose feature is off fails to compile with "no function or associated item named".
#[derive(Clone)]
pub struct Client {
    endpoint: Endpoint,
    /// At least one of the two is there.
    transport: Option<Arc<dyn Transport>>,
    blocking: Option<Arc<dyn BlockingTransport>>,
    total_timeout: Option<Duration>,
    user_agent: HeaderValue,
}

impl Client {
    /// Creates a client for the Slack at `endpoint` over any transport.
    #[must_use]
    pub fn new(endpoint: Endpoint, transport: Arc<dyn Transport>) -> Self {
        Self { transport: Some(transport), ..Self::without_transport(endpoint) }
    }

    /// Creates a client over any blocking transport, for [`call_blocking`](Self::call_blocking) alone.
    #[must_use]
    pub fn new_blocking(endpoint: Endpoint, transport: Arc<dyn BlockingTransport>) -> Self {
        Self { blocking: Some(transport), ..Self::without_transport(endpoint) }
    }

    fn without_transport(endpoint: Endpoint) -> Self {
        let user_agent = HeaderValue::from_static(AGENT);
        Self { endpoint, transport: None, blocking: None, total_timeout: None, user_agent }
    }

    /// Returns a builder for a client over one of the transports of this package, with its settings.
    #[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
    pub fn builder() -> crate::transport::ClientBuilder {
        crate::transport::ClientBuilder::new()
    }

    #[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
    pub(crate) fn with_user_agent(self, user_agent: HeaderValue) -> Self {
        Self { user_agent, ..self }
    }

    /// Adds the transport for [`call_blocking`](Self::call_blocking), which a client made by [`new`](Self::new) lacks.
    #[must_use]
    pub fn and_blocking(self, transport: Arc<dyn BlockingTransport>) -> Self {
        Self { blocking: Some(transport), ..self }
    }

    /// Creates a client over hyper; it works under Tokio, under any other runtime, and under none.
    ///
    /// It needs the feature `hyper`.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up, for instance where the system trusts no certificate at all.
    #[cfg(feature = "hyper")]
    pub fn with_hyper(endpoint: Endpoint, limits: slack_transport::Limits) -> Result<Self, Error> {
        slack_transport_hyper::HyperTransport::new(limits)
            .map(|transport| Self::over_both(endpoint, transport, limits))
    }

    /// Creates a client over reqwest; it works under Tokio, under any other runtime, and under none.
    ///
    /// It needs the feature `reqwest`.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up, for instance where the system trusts no certificate at all.
    #[cfg(feature = "reqwest")]
    pub fn with_reqwest(
        endpoint: Endpoint,
        limits: slack_transport::Limits,
    ) -> Result<Self, Error> {
        slack_transport_reqwest::ReqwestTransport::new(limits)
            .map(|transport| Self::over_both(endpoint, transport, limits))
    }

    /// Creates a client over libcurl; it works under any runtime, and under none.
    ///
    /// It needs the feature `curl`.
    ///
    /// # Errors
    ///
    /// When libcurl cannot be set up.
    #[cfg(feature = "curl")]
    pub fn with_curl(endpoint: Endpoint, limits: slack_transport::Limits) -> Result<Self, Error> {
        slack_transport_curl::CurlTransport::new(limits)
            .map(|transport| Self::over_both(endpoint, transport, limits))
    }

    #[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
    pub(crate) fn over_both(
        endpoint: Endpoint,
        transport: impl Transport + BlockingTransport,
        limits: slack_transport::Limits,
    ) -> Self {
        let transport = Arc::new(transport);
        let client = Self::new(endpoint, Arc::clone(&transport) as Arc<dyn Transport>);
        Self { total_timeout: Some(limits.total_timeout()), ..client.and_blocking(transport) }
    }

    /// Returns the endpoint, for instance to begin an authorization there.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends `method` once, with `auth` to prove who calls, and reads the answer.
    ///
    /// Dropping the future gives the request up; it may have been sent.
    ///
    /// # Errors
    ///
    /// When no complete answer came, or the answer is not a success; and if the client has a blocking transport only.
    pub async fn call<M: ApiMethod>(
        &self,
        method: &M,
        auth: &M::Auth,
    ) -> Result<Reply<M::Response>, CallError<M::Error>> {
        read::<M>(self.send(method.to_request(&self.endpoint, auth)).await)
    }

    /// Sends `method` once while the thread waits; otherwise as [`call`](Self::call).
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and if the client has no blocking transport.
    pub fn call_blocking<M: ApiMethod>(
        &self,
        method: &M,
        auth: &M::Auth,
    ) -> Result<Reply<M::Response>, CallError<M::Error>> {
        read::<M>(self.send_blocking(method.to_request(&self.endpoint, auth)))
    }

    /// Turns a request of the core into one for a transport.
    fn ready(&self, request: Request<RequestBody>) -> Request<Body> {
        let mut request = request.map(|body| Body::from(body.into_vec()));
        request.headers_mut().insert(USER_AGENT, self.user_agent.clone());
        request
    }

    /// Sends any request once.
    pub(crate) async fn send(
        &self,
        request: Request<RequestBody>,
    ) -> Result<Response<Vec<u8>>, Error> {
        const NONE: &str = "the client has a blocking transport only: create it by `Client::new`, or use `call_blocking`";
        match &self.transport {
            // Without `as_ref` it would be the `Arc`'s own `send`, with a box around the box.
            Some(transport) => transport.as_ref().send(self.ready(request)).await,
            None => Err(Error::unsent(ErrorKind::Refused, NONE)),
        }
    }

    /// Sends any request once while the thread waits.
    pub(crate) fn send_blocking(
        &self,
        request: Request<RequestBody>,
    ) -> Result<Response<Vec<u8>>, Error> {
        const NONE: &str =
            "the client has no blocking transport: add one by `Client::and_blocking`";
        match &self.blocking {
            Some(transport) => transport.as_ref().send_blocking(self.ready(request)),
            None => Err(Error::unsent(ErrorKind::Refused, NONE)),
        }
    }

    /// Returns whether there is a blocking transport only.
    pub(crate) fn is_blocking(&self) -> bool {
        self.transport.is_none()
    }

    /// Returns the longest time that a call takes, if the transport was made here.
    pub(crate) fn total_timeout(&self) -> Option<Duration> {
        self.total_timeout
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Reads an answer, and wipes its bytes.
pub(crate) fn read<M: ApiMethod>(
    answer: Result<Response<Vec<u8>>, Error>,
) -> Result<Reply<M::Response>, CallError<M::Error>> {
    match answer {
        Ok(response) => {
            M::parse_response(&response.map(Zeroizing::new)).map_err(CallError::Response)
        }
        Err(error) => Err(CallError::Transport(TransportError { error, purpose: M::PURPOSE })),
    }
}

const AGENT: &str = concat!("slack-auth/", env!("CARGO_PKG_VERSION"));
