//! The fake as a transport: no socket, no thread, any runtime.

use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use slack_transport::{BlockingTransport, Body, Error, ErrorKind, Transport, check_request};

use crate::{Delivery, SharedFake};

/// Carries requests to a [`SharedFake`] in the same process.
///
/// Which host a request names does not matter, as long as a real transport would send it there. A
/// lost request or reply is reported as an error after which the request may have been sent. A
/// delayed reply arrives when the clock has moved far enough.
///
/// ```
/// use slack_fake::{Clock, FakeSlack, FakeTransport, SharedFake};
/// use slack_transport::{Body, Transport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shared = SharedFake::new(FakeSlack::new(), Clock::manual(1_795_219_200));
/// let transport = FakeTransport::new(shared);
/// let request = http::Request::post("https://slack.com/api/auth.test").body(Body::empty())?;
/// let response = pollster::block_on(transport.send(request))?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FakeTransport {
    shared: SharedFake,
}

impl FakeTransport {
    /// Creates a transport to a shared fake.
    #[must_use]
    pub fn new(shared: SharedFake) -> Self {
        Self { shared }
    }

    /// Returns the shared fake.
    #[must_use]
    pub fn shared(&self) -> &SharedFake {
        &self.shared
    }

    fn exchange(
        &self,
        request: Request<Body>,
    ) -> Result<(Response<Vec<u8>>, Option<Duration>), Error> {
        check_request(&request)?;
        let mut response = self.shared.handle(&request.map(Body::into_vec));
        match response.extensions_mut().remove::<Delivery>() {
            None => Ok((response, None)),
            Some(Delivery::After(delay)) => Ok((response, Some(delay))),
            Some(Delivery::Never) => Err(lost()),
        }
    }
}

#[async_trait]
impl Transport for FakeTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        let (response, delay) = self.exchange(request)?;
        if let Some(delay) = delay {
            self.shared.clock().after(delay).await;
        }
        Ok(response)
    }
}

impl BlockingTransport for FakeTransport {
    /// Blocks the thread while a reply is delayed: with a manual clock, until another thread has
    /// moved it.
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        let (response, delay) = self.exchange(request)?;
        if let Some(delay) = delay {
            self.shared.clock().wait(delay);
        }
        Ok(response)
    }
}

/// The error of a client whose request or reply was lost: it cannot know which of them.
fn lost() -> Error {
    Error::maybe_sent(ErrorKind::Closed, "the connection was closed before an answer came")
}
