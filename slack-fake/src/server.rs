//! The fake as an HTTP server on loopback.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::{Delivery, SharedFake};

/// Serves a [`SharedFake`] on a port of 127.0.0.1 from a thread of its own, until it is dropped.
///
/// Several servers may run at once, each with a fake of its own or all with the same one. A lost
/// reply closes the connection without an answer; a delayed one comes when the clock has moved far
/// enough.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// use slack_fake::{Clock, FakeServer, FakeSlack, SharedFake};
///
/// let shared = SharedFake::new(FakeSlack::new(), Clock::real());
/// let server = FakeServer::start(shared)?;
/// let mut stream = TcpStream::connect(server.origin().trim_start_matches("http://"))?;
/// let head = "GET /api/auth.test HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
/// stream.write_all(head.as_bytes())?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK"));
/// assert!(answer.ends_with(r#"{"error":"not_authed","ok":false}"#));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the server stops when it is dropped"]
pub struct FakeServer {
    shared: SharedFake,
    origin: String,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeServer {
    /// Binds a free port of 127.0.0.1 and starts to serve.
    ///
    /// # Errors
    ///
    /// If no port can be bound or no thread started.
    pub fn start(shared: SharedFake) -> io::Result<Self> {
        Self::bind(shared, (Ipv4Addr::LOCALHOST, 0))
    }

    /// Binds an address, for instance one with a port that is written elsewhere, and starts to
    /// serve.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound or no thread started.
    pub fn bind(shared: SharedFake, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = shared.clone();
        let thread = thread::Builder::new().name("slack-fake".into()).spawn(move || {
            runtime.block_on(serve(listener, served, stopped));
        })?;
        Ok(Self { shared, origin, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the server's address as an origin, for instance `http://127.0.0.1:40123`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the shared fake.
    #[must_use]
    pub fn shared(&self) -> &SharedFake {
        &self.shared
    }
}

impl Drop for FakeServer {
    /// Stops taking connections, gives the open ones a moment to finish, and waits for the thread
    /// to end.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts connections until the other end of `stopped` is dropped.
async fn serve(
    listener: TcpListener,
    shared: SharedFake,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, or the peer has gone already: go on with the next one.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        let service = service_fn(move |request| answer(shared.clone(), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        // An error here is the peer's doing, or a reply that was to get lost.
        tokio::spawn(graceful.watch(connection));
    }
    drop(listener);
    let _ = tokio::time::timeout(PATIENCE, graceful.shutdown()).await;
}

/// Answers one request; an error closes the connection.
async fn answer(
    shared: SharedFake,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MOST_BODY).collect().await else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let mut response = shared.handle(&Request::from_parts(parts, body.to_bytes()));
    match response.extensions_mut().remove::<Delivery>() {
        None => {}
        Some(Delivery::After(delay)) => shared.clock().after(delay).await,
        Some(Delivery::Never) => return Err(Lost),
    }
    Ok(response.map(|body| Full::new(body.into())))
}

/// The reply was to get lost.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reply was made to get lost")
    }
}

impl std::error::Error for Lost {}

/// How long open connections may take to finish.
const PATIENCE: Duration = Duration::from_millis(500);

/// The longest request body that is read.
const MOST_BODY: usize = 1 << 20;
