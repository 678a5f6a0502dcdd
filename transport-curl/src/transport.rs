//! The transport itself.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use futures_channel::oneshot;
use http::{Request, Response};
use slack_transport::{
    BlockingTransport, Body, Error, ErrorKind, Limits, Transport, check_request,
};

use crate::Builder;
use crate::agent;
use crate::inbox::{Command, Inbox};
use crate::setup::{Config, Handles};

/// Sends requests by libcurl: asynchronous ones on one agent thread, blocking ones on the caller's.
///
/// Share one among all tasks and threads, in an `Arc`: connections are reused only within it.
/// Dropping it ends the agent.
pub struct CurlTransport {
    config: Config,
    inbox: Arc<Inbox>,
    agent: Mutex<Option<JoinHandle<()>>>,
    /// For the agent, which gives them back.
    handles: Arc<Handles>,
    /// For blocking calls: libcurl keeps such a handle's connections with the handle.
    blocking: Handles,
}

impl CurlTransport {
    /// Creates a transport with `limits`, without proxy, that trusts what the platform trusts.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::builder(limits).build()
    }

    /// Returns a builder for a transport that differs in proxy or certificates.
    pub fn builder(limits: Limits) -> Builder {
        Builder::new(limits)
    }

    pub(crate) fn start(config: Config) -> Result<Self, Error> {
        let inbox = Arc::new(Inbox::default());
        let handles = Arc::new(Handles::new()?);
        let agent = agent::start(&inbox, &handles)?;
        Ok(Self {
            config,
            inbox,
            agent: Mutex::new(Some(agent)),
            handles,
            blocking: Handles::new()?,
        })
    }

    /// Ends the agent and waits until its thread is gone.
    ///
    /// Requests under way end with [`ErrorKind::Closed`] and may have been sent; later ones are
    /// refused with the same kind and nothing sent. A blocking call under way runs to its end.
    pub fn shutdown(&self) {
        self.inbox.close();
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(agent) = agent {
            // An agent that panicked has told its callers already.
            drop(agent.join());
        }
    }
}

#[async_trait]
impl Transport for CurlTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        let easy = self.handles.ready(&self.config, request)?;
        let (answer, waiting) = oneshot::channel();
        let id = self.inbox.start(easy, answer)?;
        let mut cancel = CancelOnDrop { inbox: &self.inbox, id, armed: true };
        let answer = waiting.await;
        cancel.armed = false;
        answer.unwrap_or_else(|_| {
            Err(Error::maybe_sent(
                ErrorKind::Closed,
                "the transport was shut down while the request was under way",
            ))
        })
    }
}

impl BlockingTransport for CurlTransport {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        if self.inbox.is_closed() {
            return Err(Error::unsent(ErrorKind::Closed, "the transport has been shut down"));
        }
        // The agent is left out: handing a request over and back costs a fifth of the exchange.
        let mut easy = self.blocking.ready(&self.config, request)?;
        self.blocking.choose_connection(&mut easy)?;
        let result = easy.perform();
        easy.get_mut().note_protocol();
        let answer = easy.get_mut().finish(result);
        if answer.is_ok() {
            // After a failure the handle may hold a dead connection, or worse.
            self.blocking.rest(easy);
        }
        answer
    }
}

impl Drop for CurlTransport {
    /// Ends the agent without waiting for it: it may be in the middle of resolving a name.
    fn drop(&mut self) {
        self.inbox.close();
    }
}

impl fmt::Debug for CurlTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurlTransport").field("limits", &self.config.limits).finish_non_exhaustive()
    }
}

/// Cancels the request when the future that waits for it is dropped.
struct CancelOnDrop<'a> {
    inbox: &'a Inbox,
    id: u64,
    armed: bool,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.inbox.leave(Command::Cancel { id: self.id });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    fn request(listener: &TcpListener) -> Request<Body> {
        let address = listener.local_addr().unwrap();
        Request::post(format!("http://{address}/")).body(Body::from("code=c0de")).unwrap()
    }

    /// Sends a request that nobody answers, does `harm` to the transport, and tells what came of it.
    fn while_under_way(harm: impl FnOnce(&CurlTransport)) -> (Error, Error) {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let transport = CurlTransport::new(Limits::new()).unwrap();
        let under_way = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pollster::block_on(transport.send(request(&silent))));
            let _socket = silent.accept().unwrap();
            std::thread::sleep(Duration::from_millis(20));
            harm(&transport);
            waiting.join().unwrap().unwrap_err()
        });
        let later = loop {
            let error = pollster::block_on(transport.send(request(&silent))).unwrap_err();
            if error.nothing_was_sent() {
                break error;
            }
        };
        (under_way, later)
    }

    #[test]
    fn a_dead_agent_is_an_error_and_no_hang() {
        let (under_way, later) = while_under_way(|transport| transport.inbox.leave(Command::Panic));
        assert_eq!((under_way.kind(), under_way.nothing_was_sent()), (ErrorKind::Closed, false));
        assert_eq!((later.kind(), later.nothing_was_sent()), (ErrorKind::Closed, true));
    }

    #[test]
    fn a_shutdown_ends_what_is_under_way() {
        let (under_way, later) = while_under_way(CurlTransport::shutdown);
        assert_eq!((under_way.kind(), under_way.nothing_was_sent()), (ErrorKind::Closed, false));
        assert_eq!(later.kind(), ErrorKind::Closed);
    }
}
