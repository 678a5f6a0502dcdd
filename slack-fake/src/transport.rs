//! The fake as a transport: no socket, no thread, any runtime.

use async_trait::async_trait;
use http::{Request, Response};
use slack_transport::{Error, Transport};

use crate::{Delivery, SharedFake};

/// Carries requests to a [`SharedFake`] in the same process.
///
/// The host of a request does not matter. A lost reply gives no answer at all, a delayed one comes when the clock has
/// moved far enough.
///
/// ```
/// use slack_fake::{Clock, FakeSlack, FakeTransport, SharedFake};
/// use slack_transport::Transport;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let shared = SharedFake::new(FakeSlack::new(), Clock::manual(1_795_219_200));
/// let transport = FakeTransport::new(shared);
/// let request = http::Request::post("https://slack.com/api/auth.test").body(Vec::new())?;
/// let response = transport.send(request).await.map_err(|_| "no answer")?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FakeTransport {
    shared: SharedFake,
}

impl FakeTransport {
    /// Takes the fake that answers.
    #[must_use]
    pub fn new(shared: SharedFake) -> Self {
        Self { shared }
    }

    /// Gives the fake that answers.
    #[must_use]
    pub fn shared(&self) -> &SharedFake {
        &self.shared
    }
}

#[async_trait]
impl Transport for FakeTransport {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let mut response = self.shared.handle(&request);
        match response.extensions_mut().remove::<Delivery>() {
            None => {}
            Some(Delivery::After(delay)) => self.shared.clock().after(delay).await,
            Some(Delivery::Never) => return lost().await,
        }
        Ok(response)
    }
}

/// What a client sees whose request or reply got lost.
async fn lost() -> Result<Response<Vec<u8>>, Error> {
    std::future::pending().await
}
