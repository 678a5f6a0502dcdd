//! A connection over HTTP/1.1, driven by the request that it carries.

use std::future::{Future as _, poll_fn};
use std::io;
use std::mem::{self, MaybeUninit};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::PathAndQuery;
use http::{Response, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body as _, Bytes};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use slack_transport::{
    CappedBody, Error, ErrorKind, Limits, check_response_head, failure_of_reading,
};
use socket2::Socket;

use crate::connect::{Failure, Stream, Through};
use crate::exchange::Unsent;
use crate::polite::Polite;

/// A connection over HTTP/1.1.
pub(crate) struct Http1 {
    sender: http1::SendRequest<Full<Bytes>>,
    /// None once it has ended.
    connection: Option<Pin<Box<Driven>>>,
    /// A second handle, to look at what has come.
    socket: Socket,
    through: Through,
}

type Driven = http1::Connection<TokioIo<Polite<Box<dyn Stream>>>, Full<Bytes>>;

impl Http1 {
    pub(crate) async fn start(
        stream: Box<dyn Stream>,
        socket: Socket,
        through: Through,
        limits: Limits,
    ) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .allow_obsolete_multiline_headers_in_responses(true)
            .max_headers(MOST_HEADER_LINES)
            .max_buf_size(limits.header_cap().saturating_mul(2).max(LEAST_BUFFER))
            .handshake(TokioIo::new(Polite::new(stream)))
            .await?;
        Ok(Self { sender, connection: Some(Box::pin(connection)), socket, through })
    }

    /// Returns whether nothing has come since the last answer, neither an end nor anything else.
    pub(crate) fn is_quiet(&self) -> bool {
        let come = self.socket.peek(&mut [MaybeUninit::uninit()]);
        self.connection.is_some()
            && come.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Returns whether the connection can take another request.
    pub(crate) fn can_be_kept(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Sends the request and reads the answer. Dropping the future and this closes the connection.
    pub(crate) async fn exchange(
        &mut self,
        request: &mut Unsent,
        limits: &Limits,
        began: Instant,
    ) -> Result<Response<Vec<u8>>, Failure> {
        self.prepare(request);
        let Self { sender, connection, .. } = self;
        let mut deadline = Deadline { began, total: limits.total_timeout(), waits: 0 };
        let answer = {
            let mut sending = pin!(sender.try_send_request(mem::take(request)));
            let answered = poll_fn(|context| {
                drive(connection, context);
                deadline.or_ready(sending.as_mut().poll(context))
            });
            answered.await?
        };
        let answer = answer.map_err(|error| Failure::of(error, request))?;
        let (head, mut incoming) = answer.into_parts();
        check_response_head(head.status, &head.headers, limits)?;
        let mut body = CappedBody::new(limits, incoming.size_hint().exact())?;
        loop {
            let frame = poll_fn(|context| {
                drive(connection, context);
                deadline.or_ready(Pin::new(&mut incoming).poll_frame(context))
            });
            let frame = frame.await?;
            match frame {
                None => break,
                // A frame without data is a trailer.
                Some(Ok(frame)) => frame.into_data().map_or(Ok(()), |data| body.push(&data))?,
                Some(Err(error)) => {
                    return Err(failure_of_reading(&error).with_source(error).into());
                }
            }
        }
        // The connection comes to rest.
        poll_fn(|context| {
            drive(connection, context);
            Poll::Ready(())
        })
        .await;
        Ok(Response::from_parts(head, body.into_vec()))
    }

    /// Writes the request as HTTP/1.1 has it: the host in a header, and the URL whole for a proxy alone.
    fn prepare(&self, request: &mut Unsent) {
        *request.version_mut() = Version::HTTP_11;
        if let Some(host) = request.uri().authority().and_then(|host| {
            // The authority has no user info: requests with one are refused.
            HeaderValue::from_str(host.as_str()).ok()
        }) {
            request.headers_mut().insert(HOST, host);
        }
        match &self.through {
            Through::Direct => {
                let path = request.uri().path_and_query().cloned();
                let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
                *request.uri_mut() = Uri::from(path);
            }
            Through::Proxy(Some(credentials)) => {
                request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
            }
            Through::Proxy(None) => {}
        }
    }
}

/// When a call must end. A runtime that is kept busy looks at its timers late.
struct Deadline {
    began: Instant,
    total: Duration,
    /// How often nothing was ready: most calls wait once for their answer, and then the runtime's timer is enough.
    waits: u32,
}

impl Deadline {
    /// Returns what is ready, or an error once the time is over.
    fn or_ready<T>(&mut self, poll: Poll<T>) -> Poll<Result<T, Error>> {
        match poll {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending if self.waits >= 2 && self.began.elapsed() > self.total => {
                let too_late = "no complete answer within the time limit";
                Poll::Ready(Err(Error::maybe_sent(ErrorKind::Timeout, too_late)))
            }
            Poll::Pending => {
                self.waits = self.waits.saturating_add(1);
                Poll::Pending
            }
        }
    }
}

/// Lets the connection read and write what it can. One that ends is dropped, which ends its request.
fn drive(connection: &mut Option<Pin<Box<Driven>>>, context: &mut Context<'_>) {
    let ended = connection.as_mut().is_some_and(|it| it.as_mut().poll(context).is_ready());
    if ended {
        *connection = None;
    }
}

/// hyper allocates for as many with each answer.
const MOST_HEADER_LINES: usize = 128;
/// hyper's own.
const LEAST_BUFFER: usize = 400 * 1024;
