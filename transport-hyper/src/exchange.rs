//! One request and its answer, inside Tokio.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use slack_transport::{Body, Error, ErrorKind, Exchange, Limits, announces_empty_bodies};
use tokio::time::{self, Instant};

use crate::connect::{Connection, Connector, Failure};
use crate::pool::{Place, Pool};

/// Sends requests over connections that it keeps.
#[derive(Clone)]
pub(crate) struct Exchanger {
    inner: Arc<Inner>,
}

struct Inner {
    connector: Connector,
    limits: Limits,
    pool: Pool,
}

impl Exchanger {
    pub(crate) fn new(connector: Connector, limits: Limits) -> Self {
        Self { inner: Arc::new(Inner { connector, limits, pool: Pool::default() }) }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }
}

impl Exchange for Exchanger {
    fn exchange(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Error>> + Send {
        let url = request.uri().clone();
        let mut request = translate(request);
        async move {
            // The clock is asked once for all that a call needs of it.
            let now = Instant::now();
            let begun = AtomicBool::new(false);
            let exchange = self.inner.exchange(&url, &mut request, &begun, now.into_std());
            let end = now.checked_add(self.inner.limits.total_timeout()).unwrap_or(now + FOREVER);
            time::timeout_at(end, exchange).await.unwrap_or_else(|_| {
                Err(if begun.load(Ordering::Relaxed) {
                    Error::maybe_sent(
                        ErrorKind::Timeout,
                        "no complete answer within the time limit",
                    )
                } else {
                    Error::unsent(ErrorKind::Timeout, "no connection within the time limit")
                })
            })
        }
    }
}

/// A request that lies in one place until it is written, so that the futures that pass it on stay small.
pub(crate) type Unsent = Request<Full<Bytes>>;

impl Inner {
    /// Sets `begun` once the request may be written. The call began `now`.
    async fn exchange(
        &self,
        url: &Uri,
        request: &mut Unsent,
        begun: &AtomicBool,
        now: std::time::Instant,
    ) -> Result<Response<Vec<u8>>, Error> {
        let place = Place::of(url);
        loop {
            let (mut connection, new) = match self.pool.take(&place, now) {
                Some(kept) => (kept, false),
                // Its future is long, and needed only where there is no kept connection.
                None => (Box::pin(self.connector.connect(url)).await?, true),
            };
            begun.store(true, Ordering::Relaxed);
            match self.over(&mut connection, &place, request, now).await {
                Ok(answer) => {
                    if let Connection::Http1(_) = connection {
                        self.pool.keep(place, connection, now);
                    }
                    return Ok(answer);
                }
                // It ended after the pool's look at it, and took nothing.
                Err(Failure::NotTaken) if !new => {
                    begun.store(false, Ordering::Relaxed);
                    *request.uri_mut() = url.clone();
                }
                Err(Failure::NotTaken) => {
                    return Err(Error::unsent(
                        ErrorKind::Closed,
                        "the connection closed before the request was written",
                    ));
                }
                Err(Failure::Failed(error)) => return Err(error),
            }
        }
    }

    async fn over(
        &self,
        connection: &mut Connection,
        place: &Place,
        request: &mut Unsent,
        now: std::time::Instant,
    ) -> Result<Response<Vec<u8>>, Failure> {
        match connection {
            Connection::Http1(own) => own.exchange(request, &self.limits, now).await,
            Connection::Http2(shared) => {
                // Others may use it at once.
                self.pool.keep(place.clone(), Connection::Http2(shared.clone()), now);
                let answer = shared.exchange(request, &self.limits).await;
                if answer.is_err() {
                    // It may be about to end, and what is under way on it goes on.
                    self.pool.forget_shared(place);
                }
                answer
            }
        }
    }
}

/// Converts the request; its body is wiped once it is sent.
fn translate(request: Request<Body>) -> Unsent {
    let (mut parts, body) = request.into_parts();
    if body.is_empty() && announces_empty_bodies(&parts.method) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Request::from_parts(parts, Full::new(Bytes::from_owner(body)))
}

/// In place of a time limit that no clock reaches.
const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);
