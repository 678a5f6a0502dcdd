//! The server: Slack's side and the control API on one port.

use std::fmt;
use std::io::{self, Cursor, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use slack_fake::Delivery;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::control::{Control, PREFIX};
use super::timers::{sleep, within};

/// Serves until a signal asks to stop; prints `ready` before the first connection is accepted.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    control: Arc<Control>,
    ready: &Value,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let stop = stop_signal()?;
    tokio::pin!(stop);
    // Whoever started the fake may have closed its output: the fake goes on.
    let _ = writeln!(io::stdout(), "{ready}");
    let _ = io::stdout().flush();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return Ok(()),
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, or the peer is gone already: go on with the next connection.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (tls, served) = (tls.clone(), Served::new(&control));
        let used = Arc::clone(&served);
        let mut connection = tokio::spawn(async move {
            match tls {
                None => connection(stream, served).await,
                Some(acceptor) => {
                    if let Some(Ok(stream)) = within(HANDSHAKE, acceptor.accept(stream)).await {
                        connection(stream, served).await;
                    }
                }
            }
        });
        // In a task of its own, which no request wakes.
        tokio::spawn(async move {
            tokio::select! {
                _ = &mut connection => {}
                () = idle(&used) => connection.abort(),
            }
        });
    }
}

/// What a connection is served with.
struct Served {
    control: Arc<Control>,
    /// How many requests have begun, and how many have ended.
    steps: AtomicU64,
}

impl Served {
    fn new(control: &Arc<Control>) -> Arc<Self> {
        Arc::new(Self { control: Arc::clone(control), steps: AtomicU64::new(0) })
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, served: Arc<Served>) {
    let service = service_fn(move |request| {
        let served = Arc::clone(&served);
        async move {
            served.steps.fetch_add(1, Relaxed);
            let answered = answer(&served.control, request).await;
            served.steps.fetch_add(1, Relaxed);
            answered
        }
    });
    // An error is the peer's doing, or a reply that was scripted to get lost. A timer for each head, as hyper has it, would
    // cost more than the answer.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Returns when no request has begun or ended for a while, and none is being answered.
async fn idle(served: &Served) {
    let mut seen = None;
    loop {
        let now = served.steps.load(Relaxed);
        if seen == Some(now) && now % 2 == 0 {
            return;
        }
        seen = Some(now);
        sleep(IDLE).await;
    }
}

/// Answers one request; an error closes the connection.
async fn answer(control: &Control, request: Request<Incoming>) -> Result<Response<Answer>, Lost> {
    let (parts, body) = request.into_parts();
    let is_control = parts.uri.path().starts_with(PREFIX);
    let limit = if is_control { MOST_CONTROL } else { MOST_BODY };
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        match within(BODY_WAIT, Limited::new(body, limit).collect()).await {
            Some(Ok(body)) => body.to_bytes(),
            Some(Err(_)) => return Ok(status(StatusCode::PAYLOAD_TOO_LARGE)),
            None => return Ok(status(StatusCode::REQUEST_TIMEOUT)),
        }
    };
    let request = Request::from_parts(parts, body);
    if is_control {
        return Ok(control.answer(&request).await.map(of_bytes));
    }
    let mut response = control.shared().handle(&request);
    match response.extensions_mut().remove::<Delivery>() {
        None => {}
        Some(Delivery::After(delay)) => control.shared().clock().sleep(delay).await,
        Some(_) => return Err(Lost),
    }
    Ok(response.map(of_bytes))
}

/// The body of an answer, as it was written: to share it would take one more allocation.
type Answer = Full<Cursor<Vec<u8>>>;

fn of_bytes(body: Vec<u8>) -> Answer {
    Full::new(Cursor::new(body))
}

fn status(status: StatusCode) -> Response<Answer> {
    let mut response = Response::new(of_bytes(Vec::new()));
    *response.status_mut() = status;
    response
}

/// Ends when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// The reply was scripted to get lost.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply was scripted to get lost")
    }
}

impl std::error::Error for Lost {}

const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection stays open at least without a request.
const IDLE: Duration = Duration::from_secs(30);
const BODY_WAIT: Duration = Duration::from_secs(30);
/// The longest body of a request to Slack's side.
const MOST_BODY: usize = 1 << 20;
/// The longest body of a request to the control API, which may be a saved state.
const MOST_CONTROL: usize = 1 << 30;
