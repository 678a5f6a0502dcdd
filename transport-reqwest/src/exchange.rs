//! One request and its answer, inside Tokio.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, Response};
use slack_transport::{
    Body, CappedBody, Error, Exchange, Limits, announces_empty_bodies, check_response_head,
};

use crate::failure;
use crate::last_url::LastUrl;

/// A client with the limits of its exchanges.
#[derive(Clone)]
pub(crate) struct Exchanger {
    client: reqwest::Client,
    limits: Limits,
    last_url: Arc<LastUrl>,
}

impl Exchange for Exchanger {
    fn exchange(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Error>> + Send {
        self.run(request)
    }
}

impl Exchanger {
    pub(crate) fn new(client: reqwest::Client, limits: Limits) -> Self {
        Self { client, limits, last_url: Arc::default() }
    }

    /// Returns the same limits with another client.
    pub(crate) fn with_client(&self, client: reqwest::Client) -> Self {
        Self { client, ..self.clone() }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    async fn run(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
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

    fn translate(&self, request: Request<Body>) -> Result<reqwest::Request, Error> {
        let (parts, body) = request.into_parts();
        let mut request = reqwest::Request::new(parts.method, self.last_url.parse(parts.uri)?);
        *request.timeout_mut() = Some(self.limits.total_timeout());
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers;
        if body.is_empty() && announces_empty_bodies(request.method()) {
            // reqwest leaves it out, and servers then take the request for one without a body.
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.body_mut() = Some(hyper::body::Bytes::from_owner(body).into());
        Ok(request)
    }
}
