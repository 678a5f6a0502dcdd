//! One request and its answer, inside Tokio.

use http::{Request, Response};
use slack_transport::{CappedBody, Error, Limits, check_response_head};

use crate::failure;

/// A client with the limits of its exchanges.
#[derive(Clone)]
pub(crate) struct Exchanger {
    client: reqwest::Client,
    limits: Limits,
}

impl Exchanger {
    pub(crate) fn new(client: reqwest::Client, limits: Limits) -> Self {
        Self { client, limits }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends the request once and reads the answer up to the cap.
    pub(crate) async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let mut request = reqwest::Request::try_from(request).map_err(failure::of_building)?;
        *request.timeout_mut() = Some(self.limits.total_timeout());
        let mut response = self.client.execute(request).await.map_err(failure::of_sending)?;
        check_response_head(response.status(), response.headers(), &self.limits)?;
        let mut body = CappedBody::new(&self.limits, response.content_length())?;
        while let Some(chunk) = response.chunk().await.map_err(failure::of_reading)? {
            body.push(&chunk)?;
        }
        let mut answer = Response::new(body.into_vec());
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}
