//! One request and its answer, inside Tokio.

use std::sync::Arc;

use http::{Request, Response};
use slack_transport::{CappedBody, Error, Limits, check_response_head};

use crate::failure;
use crate::last_url::LastUrl;

/// A client with the limits of its exchanges.
#[derive(Clone)]
pub(crate) struct Exchanger {
    client: reqwest::Client,
    limits: Limits,
    last_url: Arc<LastUrl>,
}

impl Exchanger {
    pub(crate) fn new(client: reqwest::Client, limits: Limits) -> Self {
        Self { client, limits, last_url: Arc::default() }
    }

    /// Joins another client to what this one has.
    pub(crate) fn with_client(&self, client: reqwest::Client) -> Self {
        Self { client, ..self.clone() }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends the request once and reads the answer up to the cap.
    pub(crate) async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, Error> {
        let request = self.translate(request)?;
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

    fn translate(&self, request: Request<Vec<u8>>) -> Result<reqwest::Request, Error> {
        let (parts, body) = request.into_parts();
        let mut request = reqwest::Request::new(parts.method, self.last_url.parse(parts.uri)?);
        *request.timeout_mut() = Some(self.limits.total_timeout());
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(body.into());
        Ok(request)
    }
}
