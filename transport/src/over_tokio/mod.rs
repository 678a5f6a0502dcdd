//! A client that needs Tokio, behind a transport that does not.

mod surroundings;
mod worker;

use std::fmt;
use std::future::Future;

use http::{Request, Response};
use tokio::runtime::Handle;

use self::surroundings::Surroundings;
use self::worker::Elsewhere;
use crate::{Body, Error, check_request};

/// One exchange inside Tokio, by a client that keeps the promises of [`Transport`](crate::Transport).
pub trait Exchange: Clone + Send + Sync + 'static {
    /// Sends the request once and reads the whole answer.
    fn exchange(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Error>> + Send;
}

/// Runs exchanges wherever they are polled.
///
/// Inside a Tokio runtime with I/O and time they run in place, without a task for each. Elsewhere they run on a
/// runtime that was given, or on one worker thread that starts with the first of them.
pub struct OverTokio<E> {
    in_place: E,
    elsewhere: Elsewhere<E>,
    surroundings: Surroundings,
}

impl<E: Exchange> OverTokio<E> {
    /// Creates it from the client for exchanges in place and that for those elsewhere.
    ///
    /// Two clients are needed where a kept connection lives on the runtime that opened it. Without a `handle` a
    /// worker thread with the name `worker` is started when it is needed.
    pub fn new(in_place: E, elsewhere: E, handle: Option<Handle>, worker: &'static str) -> Self {
        let elsewhere = Elsewhere::new(elsewhere, handle, worker);
        Self { in_place, elsewhere, surroundings: Surroundings::default() }
    }

    /// Returns the client for exchanges in place.
    pub fn in_place(&self) -> &E {
        &self.in_place
    }

    /// Sends as [`Transport::send`](crate::Transport::send) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        if self.surroundings.carry_requests() {
            self.in_place.exchange(request).await
        } else {
            Box::pin(self.elsewhere.run(request)).await
        }
    }

    /// Sends as [`BlockingTransport::send_blocking`](crate::BlockingTransport::send_blocking) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        check_request(&request)?;
        self.elsewhere.run_blocking(request)
    }
}

impl<E> fmt::Debug for OverTokio<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverTokio").finish_non_exhaustive()
    }
}
